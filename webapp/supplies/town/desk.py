"""What every page of this desk does: whose log, carrying out a command, saying how it went."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from webapp.kernel.identity.login import current_person
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.api import door
from webapp.kernel.intake.submit import submit
from webapp.supplies.form_messages import SENTENCES
from webapp.supplies.town import office

_LISTS = (
    ("すべて", "supplies_admin.front", Action.SHELTERS_MANAGE),
    ("災害", "supplies_admin.disasters", Action.DISASTER_MANAGE),
    ("避難所", "supplies_shelters.shelters", Action.SHELTERS_MANAGE),
    ("品目", "supplies_admin.items", Action.ITEMS_MANAGE),
)


def log() -> str:
    """The log of the asker's municipality. Raises NotFound for people of other organisations."""
    return office.own_log(current_person().organisation_id)


def said(kind: str, body: Mapping[str, Any], private: Mapping[str, Any] | None = None, act: str = "") -> str:
    """Carry out a command; why it was refused, or ""."""
    answer = submit(kind, log(), body, private, act_id=act or request.form.get("id", ""))
    return door().sentence(answer.refusal.code, answer.refusal.params) if answer.refusal else ""


def back(endpoint: str, error: str, done: str, **values: Any) -> ResponseReturnValue:
    """To another page, with what went wrong or what is done."""
    flash(error or done, "error" if error else "ok")
    return redirect(url_for(endpoint, **values), 303)


def lists() -> list[tuple[str, str, bool]]:
    """The desk's lists that are for this person, as (text, address, whether it is this page)."""
    roles = current_person().roles
    return [
        (text, url_for(endpoint), request.endpoint == endpoint)
        for text, endpoint, action in _LISTS
        if may(roles, action)
    ]


def confirmed() -> str:
    """What is missing where something cannot be undone: the tick beside the button. "" if it is there."""
    return "" if "sure" in request.form else SENTENCES["supplies.form_confirm"]
