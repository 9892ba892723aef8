"""Pages of the office: shelter cards, issued, printed and revoked; and the door at which a card's phone is let in.

Templates (templates/supplies/) and what they are given:
  cards.html   lines: [CardLine], shelters: [(id, name)], errors, form_id, now
  card.html    line: CardLine, reasons, form, errors, form_id, now
"""

from typing import Annotated

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from sqlalchemy import select

from webapp.kernel.base.clock import from_minute, now_ms, to_minute
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import is_id, new_id
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import Malformed, NotFound, Refusal
from webapp.kernel.base.web import sentence
from webapp.kernel.identity.login import begin_session, current_person, each_person, require
from webapp.kernel.identity.roles import Action
from webapp.kernel.intake.api import as_json
from webapp.kernel.intake.format import Uuid
from webapp.kernel.ledger.models import Log
from webapp.kernel.phones.api import PlaceOut
from webapp.kernel.phones.enrolment import Wish
from webapp.kernel.phones.entries import REASON_TEXTS, Key, Number, Reason
from webapp.kernel.phones.keys import key_id
from webapp.supplies.labels import card_pdf, cards
from webapp.supplies.labels.cards import CardLine

bp = Blueprint("supplies_cards", __name__, template_folder="../templates")

REASONS = [(reason.value, REASON_TEXTS[reason]) for reason in (Reason.LOST, Reason.STOLEN)]
REASONS.append((Reason.LEFT.value, "使い終わった・新しいカードに替えた"))
_FIELDS = {
    "supplies.card_reason_needed": "reason",
    "supplies.card_lost_at_needed": "lost_at",
    "supplies.card_lost_later": "lost_at",
}


class ActivateIn(BaseModel):
    """A phone with a shelter's card. `proof` signs "ashiato/enrol/v1", token, dev and key, a line each."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    token: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    dev: Uuid
    key: Key
    proof: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z+/]{86}==$")]
    next: dict[Annotated[str, StringConstraints(max_length=16)], Number] = {}


class CardPersonOut(BaseModel):
    """Whom the card stands for."""

    id: str
    name: str


class ActivateOut(BaseModel):
    """The phone is logged in and known in these logs; `actor` is its name in the card's log."""

    person: CardPersonOut
    log: str
    actor: str
    dev: str
    key_id: str
    logs: dict[str, PlaceOut]


@bp.get("/supplies/cards")
@require(Action.SHELTERS_MANAGE)
def index() -> ResponseReturnValue:
    """All cards of the municipality, and the form for a new one."""
    return _list({})


@bp.post("/supplies/cards")
@require(Action.SHELTERS_MANAGE)
@limiter.limit("60 per hour", key_func=each_person)
def issue() -> ResponseReturnValue:
    """A card for a shelter."""
    shelter, form = request.form.get("shelter", ""), request.form.get("id", "")
    log = _log()
    if shelter not in dict(cards.shelters(db.session(), log.id)):
        return _list({"shelter": _said(Refusal("supplies.card_shelter_needed", {}))})
    card_id = form if is_id(form) else new_id()
    outcome = cards.issue(current_person(), log.id, shelter, card_id, now_ms())
    if isinstance(outcome, Refusal):
        return _list({"shelter": _said(outcome)})
    flash("カードを発行しました。印刷して、避難所に渡してください。", "ok")
    return redirect(url_for("supplies_cards.card", card_id=outcome), 303)


@bp.get("/supplies/cards/<card_id>")
@require(Action.SHELTERS_MANAGE)
def card(card_id: str) -> ResponseReturnValue:
    """One card: print it, or end it."""
    return _page(_line(card_id), {})


@bp.post("/supplies/cards/<card_id>")
@require(Action.SHELTERS_MANAGE)
def revoke(card_id: str) -> ResponseReturnValue:
    """End a card, the sessions of its phones and their keys."""
    line, outcome = _line(card_id), _loss()
    if isinstance(outcome, Refusal):
        return _page(line, {_FIELDS[outcome.code]: _said(outcome)})
    reason, lost_at = outcome
    refusal = cards.revoke(current_person(), _log().id, line.id, reason, lost_at, request.form.get("id", ""))
    if refusal is not None:
        return _page(line, {_FIELDS.get(refusal.code, ""): _said(refusal)})
    flash("カードを停止しました。このカードで使っていた電話は、もう記録を送れません。", "ok")
    return redirect(url_for("supplies_cards.index"), 303)


@bp.get("/supplies/cards/<card_id>.pdf")
@require(Action.SHELTERS_MANAGE)
@limiter.limit("60 per minute", key_func=each_person)
def pdf(card_id: str) -> ResponseReturnValue:
    """The card on paper. A card that is good no more has none."""
    face = cards.printed(_log().id, card_id, now_ms())
    if isinstance(face, Refusal):
        return _page(_line(card_id), {"": _said(face)}, 409)
    answer = Response(
        card_pdf.render(face, base=current_app.config["PUBLIC_BASE"]), mimetype="application/pdf"
    )
    answer.headers["Content-Disposition"] = f'inline; filename="shelter-card-{face.number}.pdf"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@bp.post("/api/supplies/cards/activate")
@limiter.limit("30 per minute;200 per day")
def activate() -> ResponseReturnValue:
    """Log a phone in by its card and enrol its key. Who holds the card needs no account; the card is one."""
    try:
        asked = ActivateIn.model_validate_json(request.get_data(cache=False))
    except ValidationError as problem:
        raise Malformed from problem
    now = now_ms()
    entered = cards.activate(Wish(asked.token, asked.dev, asked.key, asked.proof, "", asked.next), now)
    if isinstance(entered, Refusal):
        return as_json({"code": entered.code, "text": _said(entered)}, 422)
    begin_session(entered.person, remember=True, now=now)
    person = {"id": entered.person.id, "name": entered.person.name}
    told = {"person": person, "log": entered.log, "actor": entered.actor, "dev": asked.dev}
    logs = {log: {"from": place.first, "prev": place.prev} for log, place in entered.places.items()}
    return as_json({**told, "key_id": key_id(asked.key), "logs": logs}, 201)


def _log() -> Log:
    """The log of one's own municipality. Raises NotFound."""
    own = select(Log).where(Log.organisation_id == current_person().organisation_id).order_by(Log.id)
    found = db.session.scalars(own).first()
    if found is None:
        raise NotFound
    return found


def _line(card_id: str) -> CardLine:
    found = next((line for line in cards.lines(db.session(), _log().id) if line.id == card_id), None)
    if found is None:
        raise NotFound
    return found


def _loss() -> tuple[str, int] | Refusal:
    reason = request.form.get("reason", "")
    if reason not in dict(REASONS):
        return Refusal("supplies.card_reason_needed", {})
    try:
        return reason, from_minute(request.form.get("lost_at", ""))
    except ValueError:
        return Refusal("supplies.card_lost_at_needed", {})


def _list(errors: dict[str, str]) -> ResponseReturnValue:
    session, log = db.session(), _log()
    shown = {"lines": cards.lines(session, log.id), "shelters": cards.shelters(session, log.id)}
    page = render_template("supplies/cards.html", errors=errors, form_id=new_id(), now=now_ms(), **shown)
    return page, 422 if errors else 200


def _page(line: CardLine, errors: dict[str, str], status: int = 422) -> ResponseReturnValue:
    form = {"reason": "", "lost_at": to_minute(now_ms())} | request.form.to_dict()
    shown = {"line": line, "reasons": REASONS, "form": form, "errors": errors}
    page = render_template("supplies/card.html", form_id=new_id(), now=now_ms(), **shown)
    return page, status if errors else 200


def _said(refusal: Refusal) -> str:
    return sentence(current_app, refusal.code, refusal.params)
