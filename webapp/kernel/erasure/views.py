"""Pages: what was erased here, and the two questions before something is."""

from collections.abc import Sequence

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.outcomes import NotFound, Refusal
from webapp.kernel.base.web import sentence
from webapp.kernel.erasure.entries import GROUNDS, REDACTED, WHAT
from webapp.kernel.erasure.models import Redaction
from webapp.kernel.erasure.storage import settle
from webapp.kernel.identity import queries, service
from webapp.kernel.identity.login import current_person, require
from webapp.kernel.identity.models import Person, Pseudonym
from webapp.kernel.identity.pseudonyms import people_by_pseudonym
from webapp.kernel.identity.roles import Action
from webapp.kernel.intake.api import author_of
from webapp.kernel.intake.service import Answer
from webapp.kernel.intake.submit import submit
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import Log

bp = Blueprint("erasure", __name__, template_folder="templates")
MOST = 200


def _own_log() -> str:
    log = db.session.scalar(select(Log.id).where(Log.organisation_id == current_person().organisation_id))
    if log is None:
        raise NotFound
    return log


@bp.get("/erasures")
@require(Action.LEDGER_REDACT)
def erasures() -> ResponseReturnValue:
    """What was erased in the town's log: when, on what ground, by whom. Never what it was."""
    log, r = _own_log(), Redaction
    rows = db.session.scalars(select(r).where(r.log == log).order_by(r.at.desc(), r.id).limit(MOST)).all()
    people = people_by_pseudonym(log, {row.actor for row in rows})
    total = db.session.scalar(select(func.count()).where(r.log == log)) or 0
    page = {"rows": rows, "people": people, "grounds": GROUNDS, "what": WHAT, "total": total}
    return render_template("erasure/erasures.html", **page)


@bp.get("/erasures/device/<id>")
@require(Action.LEDGER_REDACT)
def ask_device(id: str) -> ResponseReturnValue:
    """Say what erasing means, and ask for the ground."""
    return _device_page(id, "")


def _device_page(id: str, error: str) -> ResponseReturnValue:
    log = _own_log()
    known = vault.read(db.session(), log, [id]).get(id, {})
    shown = [str(known[name]) for name in ("asset", "maker", "model") if known.get(name)]
    page = {"id": id, "shown": "　".join(shown), "grounds": _grounds(), "error": error, "form_id": new_id()}
    return render_template("erasure/device.html", **page), 422 if error else 200


def _grounds() -> list[tuple[str, str]]:
    return [("", "選んでください"), *GROUNDS.items()]


@bp.post("/erasures/device/<id>")
@require(Action.LEDGER_REDACT)
def erase_device(id: str) -> ResponseReturnValue:
    """Erase what the vault knows of a device; the trail stays."""
    basis = request.form.get("basis", "")
    if basis not in GROUNDS:
        return _device_page(id, _said(Refusal("erasure.basis_needed", {})))
    body = {"what": "device", "subject": id, "basis": basis}
    answer = submit(REDACTED, _own_log(), body, act_id=request.form.get("id", ""))
    if answer.refusal:
        return _device_page(id, _said(answer.refusal))
    settle()
    flash("私的な情報を消し、台帳に消去の記録を書きました。", "ok")
    return redirect(url_for("erasure.erasures"), 303)


@bp.get("/people/<id>/erase")
@require(Action.PEOPLE_MANAGE)
def ask_person(id: str) -> ResponseReturnValue:
    """Say what erasing a leaver means, and ask for the ground."""
    return _person_page(id, "")


def _person_page(id: str, error: str) -> ResponseReturnValue:
    page = {"person": queries.person_for(current_person(), id), "grounds": _grounds(), "error": error}
    return render_template("erasure/person.html", **page), 422 if error else 200


@bp.post("/people/<id>/erase")
@require(Action.PEOPLE_MANAGE)
def erase_person(id: str) -> ResponseReturnValue:
    """Forget who has left: each log in which they stand says so, then nothing leads from there to a name."""
    queries.person_for(current_person(), id)
    basis = request.form.get("basis", "")
    if basis not in GROUNDS:
        return _person_page(id, _said(Refusal("erasure.basis_needed", {})))
    refused = [answer.refusal for answer in tell_logs(current_person(), id, basis) if answer.refusal]
    outcome = refused[0] if refused else service.erase_person(id, now=now_ms())
    if isinstance(outcome, Refusal):
        return _person_page(id, _said(outcome))
    settle()
    flash("個人情報を消しました。", "ok")
    return redirect(url_for("identity.person", id=id))


def tell_logs(asker: Person, person_id: str, basis: str) -> Sequence[Answer]:
    """One entry in every log where this person has a pseudonym and the asker's organisation works."""
    p, logs = Pseudonym, author_of(asker).pseudonyms
    named = db.session.execute(
        select(p.log, p.pseudonym).where(p.person_id == person_id).order_by(p.log)
    ).all()
    bodies = [
        (log, {"what": "person", "subject": name, "basis": basis}) for log, name in named if log in logs
    ]
    return [submit(REDACTED, log, body) for log, body in bodies]


def _said(refusal: Refusal) -> str:
    return sentence(current_app, refusal.code, refusal.params)
