"""Decisions of the receiving side: needs, requests, declining, losing, offering on."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from webapp.kernel.base.clock import jst
from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.workbench import workbench
from webapp.kernel.identity.roles import Action
from webapp.kernel.intake.door import Accepted, Author
from webapp.kernel.intake.format import Act
from webapp.supplies import catalogue
from webapp.supplies import entries as kinds
from webapp.supplies.allergens import ALLERGEN_WORDS
from webapp.supplies.allowed import (
    NOT_ALLOWED,
    open_disaster_of,
    own_need,
    own_shelter,
    received_match,
    town_may,
)
from webapp.supplies.models import Item, Match, Need, Offer, Stock
from webapp.supplies.parcels import Extra, fresh_labels
from webapp.supplies.running import called_off
from webapp.supplies.steps import LOST_AFTER_MS, Audience, MatchState, OfferState

ALLERGEN_SET = frozenset(ALLERGEN_WORDS)


def _own_item(session: Session, log: str, code: str) -> Item | None:
    """What the town has made of an item, to be looked at and not changed."""
    return workbench(session).get(Item, log, code)


def register(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """必要物資登録: one or many needs of a shelter."""
    body = kinds.NeedsRegistered.model_validate(act.body)
    shelter = own_shelter(session, author, act.log, body.shelter)
    if isinstance(shelter, Refusal):
        return shelter
    disaster = open_disaster_of(session, act.log, body.disaster)
    if isinstance(disaster, Refusal):
        return disaster
    if not shelter.open:
        return Refusal("supplies.shelter_closed", {})
    if len({line.id for line in body.needs}) < len(body.needs):
        return Refusal("supplies.sent_before", {})
    faults = (_line_fault(session, act.log, line, now) for line in body.needs)
    return next((fault for fault in faults if fault), None) or Accepted()


def _line_fault(session: Session, log: str, line: kinds.NeedLine, now: int) -> Refusal | None:
    if workbench(session).get(Need, line.id) is not None:
        return Refusal("supplies.sent_before", {})
    if line.need_by is not None and line.need_by < now:
        return Refusal("supplies.need_by_past", {})
    return item_fault(session, log, line.item, line.variant)


def item_fault(session: Session, log: str, item: str, variant: str) -> Refusal | None:
    """An item of the master that is switched on, in a variant that it has."""
    own = _own_item(session, log, item)
    if own is not None:
        known = variant in own.variants if own.variants else variant == ""
        return None if own.active and known else Refusal("supplies.unknown_item", {})
    base = catalogue.BASE.get(item)
    if base is None:
        return Refusal("supplies.unknown_item", {})
    return None if base.has_variant(variant) else Refusal("supplies.unknown_variant", {})


def is_what_is_needed(session: Session, need: Need, item: str, variant: str) -> bool:
    """The same item, in the variant that is needed or a closer description of it ("M-pants" for "M")."""
    if (need.item, need.variant) == (item, variant):
        return True
    base = catalogue.BASE.get(item)
    if need.item != item or base is None or _own_item(session, need.log, item) is not None:
        return False
    return base.accepts(need.variant, variant)


def is_safe_for(session: Session, need: Need, declared: Sequence[str] | None, at: int) -> bool:
    """Whether food with these allergens may go to this need; None: they were not declared. `at`: whose law counts."""
    own = _own_item(session, need.log, need.item)
    item = catalogue.BASE.get(need.item)
    if own is not None:
        item = catalogue.Item(own.code, "", "", own.category, own.unit, shelf_life=own.shelf_life)  # type: ignore[arg-type]
    allergy, today = Audience.ALLERGY in need.audience, jst(at).date()
    return item is None or catalogue.is_safe(item, need.excluded, declared, today, allergy=allergy)


def allergens_fault(declared: Sequence[str] | None) -> Refusal | None:
    """Only words of the list: what is not one would stand on no label, and be held against no allergy."""
    known = declared is None or ALLERGEN_SET.issuperset(declared)
    return None if known else Refusal("intake.malformed", {"where": "body.allergens"})


def change(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Another quantity. What is on its way already is not undone by that: below it only knowingly (`force`)."""
    body = kinds.NeedChanged.model_validate(act.body)
    need = _live_need(session, author, act.log, body.need)
    if isinstance(need, Refusal):
        return need
    coming = need.requested + need.transit + need.good
    if body.quantity < coming and not body.force:
        return Refusal("supplies.already_coming", {"coming": str(coming)})
    past = body.need_by is not None and body.need_by < now
    return Refusal("supplies.need_by_past", {}) if past else Accepted()


def _live_need(session: Session, author: Author, log: str, need_id: str) -> Need | Refusal:
    need = own_need(session, author, log, need_id)
    if isinstance(need, Refusal):
        return need
    return Refusal("supplies.need_stopped", {}) if need.stopped_at is not None else need


def confirm(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """「まだ必要です」."""
    found = [_live_need(session, author, act.log, need) for need in act.body["needs"]]
    return next((need for need in found if isinstance(need, Refusal)), None) or Accepted()


def stop(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """「もう要りません」: pledges are freed, and what was asked for and has not left is called off."""
    need = _live_need(session, author, act.log, act.body["need"])
    return need if isinstance(need, Refusal) else Accepted(extra=called_off(session, need.id))


def request(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """送付依頼: so many of a pledge, or of a free offer. The receiver always decides."""
    body = kinds.Requested.model_validate(act.body)
    shelter = own_shelter(session, author, act.log, body.shelter)
    if isinstance(shelter, Refusal):
        return shelter
    offer = workbench(session).get(Offer, body.offer)
    if offer is None or offer.log != act.log:
        return Refusal("supplies.unknown_offer", {})
    closed = open_disaster_of(session, act.log, offer.disaster)
    if isinstance(closed, Refusal):
        return closed
    held = _pledge(session, body, offer) if body.match else 0
    if isinstance(held, Refusal):
        return held
    return _enough(body, offer, held) or _request(session, act, body, offer, held)


def _pledge(session: Session, body: kinds.Requested, offer: Offer) -> int | Refusal:
    """How much the pledge holds of its offer."""
    match = workbench(session).get(Match, body.match)
    if match is None or (match.offer, match.shelter) != (offer.id, body.shelter):
        return Refusal("supplies.unknown_match", {})
    if match.state != MatchState.PLEDGED:
        return Refusal("supplies.answered", {"state": MatchState(match.state).text})
    return match.quantity if body.need in ("", match.need) else Refusal("supplies.unknown_need", {})


def _enough(body: kinds.Requested, offer: Offer, held: int) -> Refusal | None:
    """Two who ask for the last box in the same second: the second one is told how many are left."""
    if offer.state != OfferState.ACTIVE and not held:
        return Refusal("supplies.offer_gone", {})
    most = offer.avail + held
    if body.quantity > most:
        return Refusal("supplies.not_so_many", {"most": str(most)})
    odd = offer.lot > 1 and body.quantity % offer.lot and body.quantity != most
    return Refusal("supplies.lots_only", {"lot": str(offer.lot)}) if odd else None


def _request(
    session: Session, act: Act, body: kinds.Requested, offer: Offer, held: int
) -> Accepted | Refusal:
    match_id = body.match or act.id
    needed = _needed(session, act, body, offer, held)
    if isinstance(needed, Refusal):
        return needed
    labels = fresh_labels(session, act, match_id, [(body.quantity, offer.best_before)])
    return Accepted(extra=[*needed, *labels])


def _needed(
    session: Session, act: Act, body: kinds.Requested, offer: Offer, held: int
) -> list[Extra] | Refusal:
    """The need that it is for: made where there is none, raised where more is asked for knowingly."""
    need_id = body.need or (workbench(session).get_one(Match, body.match).need if body.match else "")
    if not need_id:
        return [(kinds.NEED_MADE, _made(act, body, offer))]
    need = workbench(session).get(Need, need_id)
    if (
        need is None
        or need.shelter != body.shelter
        or not is_what_is_needed(session, need, offer.item, offer.variant)
    ):
        return Refusal("supplies.unknown_need", {})
    if not is_safe_for(session, need, offer.allergens, act.at):
        return Refusal("supplies.allergens", {})
    if need.stopped_at is not None:
        return Refusal("supplies.need_stopped", {})
    more = body.quantity - need.open - held
    if more <= 0:
        return []
    if not body.raised:
        return Refusal("supplies.more_than_needed", {"open": str(need.open + held)})
    return [(kinds.NEED_RAISED, {"need": need.id, "quantity": need.required + more})]


def _made(act: Act, body: kinds.Requested, offer: Offer) -> dict[str, Any]:
    return {
        "id": derived_id(act.id, "need"), "disaster": offer.disaster, "shelter": body.shelter,
        "item": offer.item, "variant": offer.variant, "quantity": body.quantity,
    }  # fmt: skip


def decline(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """The receiver does not want what was pledged; the reason lies in the vault."""
    match = received_match(session, author, act.log, act.body["match"])
    if isinstance(match, Refusal):
        return match
    if match.state != MatchState.PLEDGED:
        return Refusal("supplies.answered", {"state": MatchState(match.state).text})
    return Accepted()


def lose(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """不着: the municipality confirms that it will not come. If it comes all the same, it has arrived."""
    match = workbench(session).get(Match, act.body["match"])
    if match is None or match.log != act.log:
        return Refusal("supplies.unknown_match", {})
    if not town_may(session, author, act.log, Action.NEED_MANAGE):
        return NOT_ALLOWED
    if match.state != MatchState.SHIPPED or match.arrived_at is not None:
        return Refusal("supplies.not_on_the_way", {"state": MatchState(match.state).text})
    due = match.eta or match.shipped_at or now
    return Accepted() if now >= due + LOST_AFTER_MS else Refusal("supplies.too_early", {})


def close_short(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Some parcels have come, or were seen on their way, the others will not: what has not been counted is missing."""
    match = received_match(session, author, act.log, act.body["match"])
    if isinstance(match, Refusal):
        return match
    seen = match.state in (MatchState.SHIPPED, MatchState.ARRIVED) and match.arrived_at is not None
    return Accepted() if seen else Refusal("supplies.not_arrived", {"state": MatchState(match.state).text})


def offer_surplus(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """余りを提供する: what a shelter has beyond its needs is offered to the others."""
    body = kinds.SurplusOffered.model_validate(act.body)
    shelter = own_shelter(session, author, act.log, body.shelter)
    if isinstance(shelter, Refusal):
        return shelter
    closed = open_disaster_of(session, act.log, body.disaster)
    if isinstance(closed, Refusal):
        return closed
    if fault := allergens_fault(body.allergens):
        return fault
    stock = workbench(session).get(Stock, body.disaster, body.shelter, body.item, body.variant)
    left = stock.quantity if stock else 0
    return Accepted() if body.quantity <= left else Refusal("supplies.not_so_many", {"most": str(left)})
