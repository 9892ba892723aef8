"""The menu of staff pages: each line is shown to whom it is for. `wiring.MENU` is the table."""

from collections.abc import Sequence
from typing import Any

from flask import Flask, current_app, has_request_context, request, url_for

from webapp.kernel.base.i18n import gettext
from webapp.kernel.identity.login import person_or_none
from webapp.kernel.identity.models import Person
from webapp.kernel.identity.roles import Action, may

#: Words, endpoint, and the action that one must be allowed to do (None: everybody with an account).
Line = tuple[str, str, Action | None]


def init(app: Flask, lines: Sequence[Line]) -> None:
    """Give staff pages `menu`, `organisation` and `home` of base.html; residents' pages get none of them."""
    app.extensions["menu"] = tuple(lines)
    app.context_processor(_frame)


def lines_for(person: Person) -> list[tuple[str, str]]:
    """Words and endpoint of each line that is for this person."""
    lines: Sequence[Line] = current_app.extensions["menu"]
    mine = [(words, door) for words, door, action in lines if action is None or may(person.roles, action)]
    return [(gettext(words), door) for words, door in mine]


def staff_home(person: Person) -> str:
    """Where a person starts the day: who can scan in the phone app, everybody else at their first line."""
    if may(person.roles, Action.EVIDENCE_ADD):
        return "/app/"
    return next((url_for(door) for _words, door in lines_for(person)), "/")


def _frame() -> dict[str, Any]:
    person = None if _is_for_residents() else person_or_none()
    if person is None:
        return {}
    return {
        "menu": lines_for(person),
        "organisation": person.organisation.name,
        "home": staff_home(person),
    }


def _is_for_residents() -> bool:
    if not has_request_context() or request.endpoint is None:
        return True  # an unknown address: anyone may have typed it
    view = current_app.view_functions.get(request.endpoint)
    return hasattr(view, "for_residents") and not hasattr(view, "keeps_menu")
