"""What every page of the receiving side needs: whose it is, why something was refused, how a form becomes a scan."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app, flash, request, url_for

from webapp.kernel.base import web
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import NotFound, Refusal
from webapp.kernel.base.web import whole_number
from webapp.kernel.identity.login import current_person
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.service import Answer
from webapp.kernel.intake.submit import submit
from webapp.kernel.ledger.models import Log
from webapp.supplies import choosing, entries, form_messages, messages
from webapp.supplies.choosing import Choice
from webapp.supplies.desk import home as desk
from webapp.supplies.desk.arrivals import Town
from webapp.supplies.desk.home import Desk
from webapp.supplies.known import DisasterCard, disasters_of, items_of
from webapp.supplies.models import Match, Need, Shelter

#: Refusal → the field beside which its sentence stands; others stand above the form.
_FIELD = {
    "supplies.unknown_variant": "variant",
    "supplies.not_so_many": "quantity",
    "supplies.lots_only": "quantity",
    "supplies.more_than_needed": "quantity",
    "supplies.already_coming": "quantity",
    "supplies.only_less": "quantity",
    "supplies.need_by_past": "need_by",
}
_BEGINS = {"supplies.quantity_": "quantity", "supplies.date_": "best_before", "supplies.need_by_": "need_by"}
Errors = dict[str, str]


def org() -> str:
    """The organisation of who is asking."""
    return current_person().organisation_id


def desk_of(shelter_id: str, disaster_id: str = "") -> Desk:
    """The desk in the address, for this shelter's people and for its municipality's. Raises NotFound for all others."""
    session, row = db.session(), shelter_of(shelter_id)
    disasters = disasters_of(session, row.log, closed=True)
    card, about = desk.card_of(session, row), chosen(disasters, disaster_id, row.id)
    return Desk(card, disasters, about, org() != row.id, items_of(session, row.log), now_ms())


def shelter_of(shelter_id: str) -> Shelter:
    """The shelter in the address. Raises NotFound for all but its own people and its municipality's."""
    row = db.session.get(Shelter, shelter_id)
    if row is None or org() not in (row.id, _town_of(row)):
        raise NotFound
    return row


def _town_of(row: Shelter) -> str:
    return db.session.get_one(Log, row.log).organisation_id


def chosen(
    disasters: Sequence[DisasterCard], disaster_id: str = "", shelter: str = ""
) -> DisasterCard | None:
    """The disaster in the address, which is remembered; else the one remembered; else the usual one."""
    wanted = request.args.get("disaster", "")
    choosing.remember(disasters, wanted)
    return choosing.chosen(db.session(), disasters, disaster_id or wanted, shelter)


def choice_of(found: Desk) -> Choice:
    """The disasters between which this shelter's desk can be switched, and what waits there for this shelter."""
    return choosing.choice(db.session(), found.disasters, found.disaster_id, found.id)


def town_of(found: Desk) -> Town:
    """Where this desk looks for shipments."""
    return Town(found.log, found.id, found.disaster.id if found.disaster else "", found.items, found.now)


def own_town() -> tuple[Town, Sequence[DisasterCard], DisasterCard | None]:
    """All shelters of the municipality that is asking, in one disaster. Raises NotFound for everybody else."""
    log = desk.log_of_town(db.session(), org())
    if log is None:
        raise NotFound
    disasters = disasters_of(db.session(), log, closed=True)
    about = chosen(disasters)
    shelter = request.args.get("shelter", "")[:36]
    return (
        Town(log, shelter, about.id if about else "", items_of(db.session(), log), now_ms()),
        disasters,
        about,
    )


def at_need(shelter_id: str, need_id: str) -> tuple[Desk, Need]:
    """The need in the address, and the desk in its disaster. Raises NotFound if it is not this shelter's."""
    row = db.session.get(Need, need_id)
    if row is None or row.shelter != shelter_id:
        raise NotFound
    return desk_of(shelter_id, row.disaster), row


def at_match(shelter_id: str, match_id: str) -> tuple[Desk, Match]:
    """The shipment in the address, and the desk in its disaster. Raises NotFound if it does not come here."""
    row = db.session.get(Match, match_id)
    if row is None or row.shelter != shelter_id:
        raise NotFound
    return desk_of(shelter_id, row.disaster), row


def is_officer(found: Desk) -> bool:
    """Whether who is asking works for the municipality."""
    return found.proxy and may(current_person().roles, Action.SHELTERS_MANAGE)


def page_number() -> int:
    """?page=, from 1."""
    return max(1, whole_number("page", 1))


def address(endpoint: str, found: Desk, **more: Any) -> str:
    """The address of a page of this desk; where there are several disasters it says which."""
    return url_for(
        endpoint, shelter_id=found.id, **{"disaster": asked(found.disasters, found.disaster), **more}
    )


def asked(disasters: Sequence[DisasterCard], about: DisasterCard | None) -> str | None:
    """What an address has to say of the disaster; None where it goes without saying."""
    return about.id if about and len(disasters) > 1 else None


# Why not


def sentence(refusal: Refusal) -> str:
    """A refusal in words."""
    if refusal.code == "intake.id_conflict":  # "back", changed, sent again: nobody's fault
        return messages.SENTENCES["supplies.sent_before"]
    text = form_messages.SENTENCES.get(refusal.code)
    if text:
        return text.format_map(dict(refusal.params))
    return web.sentence(current_app, refusal.code, refusal.params)


def errors(refusal: Refusal | None) -> Errors:
    """Field of the form → what is wrong with it; "" stands for the whole form. Empty if all is well."""
    return {field_of(refusal.code): sentence(refusal)} if refusal else {}


def field_of(code: str) -> str:
    """The field beside which a refusal's sentence stands; "" above the form."""
    begun = (name for start, name in _BEGINS.items() if code.startswith(start))
    return _FIELD.get(code) or next(begun, "")


def told(answer: Answer, done: str) -> bool:
    """Say what came of a command on the next page; answers whether it was carried out."""
    if answer.refusal:
        flash(sentence(answer.refusal), "error")
    else:
        flash(done, "ok")
    return answer.refusal is None


# Observations


def scan(
    found: Desk,
    step: str,
    code: str,
    body: Mapping[str, Any],
    *,
    act_id: str = "",
    disaster: str = "",
    typed: bool = False,
) -> Answer:
    """Record a scan of a parcel at this shelter, as a form says it."""
    job = disaster or (found.disaster.id if found.disaster else "")
    said: dict[str, Any] = {
        "step": step,
        "code": code,
        "place": found.id,
        "job": job,
        "src": "typed" if typed else "form",
    }
    return submit(entries.SCAN, found.log, body, act_id=act_id, **said)
