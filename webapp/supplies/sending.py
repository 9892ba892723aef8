"""Decisions of the sending side: offers and pledges, packing, shipping, taking back."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.workbench import workbench
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.door import Accepted, Author
from webapp.kernel.intake.format import Act
from webapp.supplies import entries as kinds
from webapp.supplies.allowed import (
    NOT_ALLOWED,
    open_disaster_of,
    own_offer,
    received_match,
    sent_match,
    shelter_of,
)
from webapp.supplies.entries import INDIVIDUALS
from webapp.supplies.models import Disaster, Match, Need, Offer, Sender
from webapp.supplies.needing import allergens_fault, is_safe_for, is_what_is_needed, item_fault
from webapp.supplies.parcels import Extra, fresh_labels
from webapp.supplies.rules import day_of, held_by, shared_out
from webapp.supplies.scans import good_labels
from webapp.supplies.steps import MOST, AcceptPolicy, MatchState, OfferState, ReceiveMode


class Senders:
    """Offers, and when they take effect: from the moment on at which the sender's mail address is known to work."""

    def __init__(self, verified: Callable[[Session, str], bool]) -> None:
        self._verified = verified

    def offer(self, session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
        """発送物資登録 (③, with `need`) and 提供物資登録 (④)."""
        body = kinds.Offered.model_validate(act.body)
        if not may(author.roles, Action.OFFER_MAKE):
            return NOT_ALLOWED
        disaster = open_disaster_of(session, act.log, body.disaster)
        if isinstance(disaster, Refusal):
            return disaster
        refusal = item_fault(session, act.log, body.item, body.variant) or _too_old(body, now)
        if refusal := refusal or allergens_fault(body.allergens):
            return refusal
        need = _wanted(session, act, body, author) if body.need else None
        if isinstance(need, Refusal):
            return need
        known = self._is_known(session, act, author)
        active: list[Extra] = [(kinds.OFFER_ACTIVATED, {"offer": act.id})] if known else []
        held = _held(session, act.id, body.quantity, need, disaster, verified=known) if need else []
        return Accepted(extra=[*active, *held])

    def _is_known(self, session: Session, act: Act, author: Author) -> bool:
        """Whoever was entered by an organisation is known; citizens prove that their mail address works."""
        if author.org != INDIVIDUALS:
            return True
        return self._verified(session, author.person_id)

    def take_effect(self, session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
        """The sender's address works: what waited for that is offered, and holds what is open now."""
        if not may(author.roles, Action.OFFER_MAKE):
            return NOT_ALLOWED
        if not self._is_known(session, act, author):
            return Refusal("supplies.mail_unverified", {})
        if workbench(session).get(Sender, act.log, act.actor) is not None:
            return Refusal("supplies.verified_before", {})
        o = Offer
        waiting = select(o).where(o.log == act.log, o.sender == act.actor, o.state == OfferState.UNVERIFIED)
        taken: dict[str, int] = {}
        extra: list[Extra] = []
        for offer in session.scalars(waiting.order_by(o.offered_at, o.id)):
            extra += _activate(session, offer, taken)
        return Accepted(extra=extra)


def _activate(session: Session, offer: Offer, taken: dict[str, int]) -> list[Extra]:
    """`taken`: what offers ahead of this one in the same act hold of each need."""
    active: Extra = (kinds.OFFER_ACTIVATED, {"offer": offer.id})
    disaster = workbench(session).get(Disaster, offer.disaster)
    need = workbench(session).get(Need, offer.need) if offer.need else None
    if need is None or disaster is None or disaster.closed_at is not None or offer.held:
        return [active]
    quantity = held_by(offer.avail, need.open - taken.get(need.id, 0), verified=True, allowance=0)
    taken[need.id] = taken.get(need.id, 0) + quantity
    return [active, _hold(offer.id, need, quantity)] if quantity else [active]


def _hold(offer: str, need: Need, quantity: int) -> Extra:
    match = derived_id(offer, "match")
    return kinds.HELD, {
        "match": match, "offer": offer, "need": need.id, "shelter": need.shelter, "quantity": quantity,
    }  # fmt: skip


def _held(
    session: Session, offer: str, quantity: int, need: Need, disaster: Disaster, *, verified: bool
) -> list[Extra]:
    share = need.required * disaster.unverified_percent // 100
    allowance = 0 if verified or not share else share - _held_unverified(session, need)
    holds = held_by(quantity, need.open, verified=verified, allowance=allowance)
    return [_hold(offer, need, holds)] if holds else []


def _held_unverified(session: Session, need: Need) -> int:
    m, o = Match, Offer
    unknown = select(func.sum(m.pledged)).join(o, o.id == m.offer).where(m.need == need.id)
    return int(session.scalar(unknown.where(o.state == OfferState.UNVERIFIED)) or 0)


def _too_old(body: kinds.Offered, now: int) -> Refusal | None:
    past = 0 < body.best_before < day_of(now)
    gone = body.available_until is not None and body.available_until < now
    return Refusal("supplies.expired", {}) if past else Refusal("supplies.until_past", {}) if gone else None


def _wanted(session: Session, act: Act, body: kinds.Offered, author: Author) -> Need | Refusal:
    """The need that is pledged for, if this shelter takes such goods from such a sender."""
    need = workbench(session).get(Need, body.need)
    if need is None or need.log != act.log or need.disaster != body.disaster:
        return Refusal("supplies.unknown_need", {})
    if not is_what_is_needed(session, need, body.item, body.variant):
        return Refusal("supplies.other_item", {})
    if not need.open:
        return Refusal("supplies.need_met", {})
    if not is_safe_for(session, need, body.allergens, act.at):
        return Refusal("supplies.allergens", {})
    # how small is too small would tell at which shelter a delicate need is; there the receiver decides alone
    quantity = MOST if need.delicate else body.quantity
    return policy_fault(session, need.shelter, quantity, author) or need


def policy_fault(session: Session, shelter_id: str, quantity: int, author: Author) -> Refusal | None:
    """Whether a shelter takes so many from such a sender (accept policy and receive mode)."""
    shelter = shelter_of(session, shelter_id)
    if shelter is None or not shelter.open or shelter.receive_mode == ReceiveMode.CLOSED:
        return Refusal("supplies.shelter_closed", {})
    policy = AcceptPolicy(shelter.accept_policy)
    if policy == AcceptPolicy.NONE:
        return Refusal("supplies.accepts_none", {})
    if policy == AcceptPolicy.ORGANISATIONS and author.org == INDIVIDUALS:
        return Refusal("supplies.organisations_only", {})
    few = policy == AcceptPolicy.MIN_LOT and quantity < shelter.min_lot
    return Refusal("supplies.too_few", {"least": str(shelter.min_lot)}) if few else None


def withdraw(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Goods that are not there any more; what is promised stays promised."""
    body = kinds.OfferWithdrawn.model_validate(act.body)
    offer = own_offer(session, author, act.log, body.offer)
    if isinstance(offer, Refusal):
        return offer
    most = Refusal("supplies.not_so_many", {"most": str(offer.avail)})
    return Accepted() if body.quantity <= offer.avail else most


def pack(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """In how many boxes it goes: each gets its label k/n; earlier labels are good no more."""
    body = kinds.Packed.model_validate(act.body)
    match = _unsent(session, author, act.log, body.match)
    if isinstance(match, Refusal):
        return match
    total = sum(box.quantity for box in body.parcels)
    if total > match.quantity:
        return Refusal("supplies.not_so_many", {"most": str(match.quantity)})
    if any(0 < box.best_before < day_of(now) for box in body.parcels):
        return Refusal("supplies.expired", {})
    return Accepted(
        extra=_relabelled(session, act, match, [(b.quantity, b.best_before) for b in body.parcels])
    )


def _unsent(session: Session, author: Author, log: str, match_id: str) -> Match | Refusal:
    """A shipment of this sender's that was asked for and has not left."""
    match = sent_match(session, author, log, match_id)
    if isinstance(match, Refusal):
        return match
    return match if match.state == MatchState.REQUESTED else _in_state(match)


def _in_state(match: Match) -> Refusal:
    return Refusal(f"supplies.is_{match.state}", {"state": MatchState(match.state).text})


def _relabelled(session: Session, act: Act, match: Match, boxes: Sequence[tuple[int, int]]) -> list[Extra]:
    void = [parcel.code for parcel in good_labels(workbench(session), match.id)]
    return fresh_labels(session, act, match.id, boxes, void)


def change_quantity(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Less than was pledged or asked for, by either side; the difference is open and available again."""
    body = kinds.QuantityChanged.model_validate(act.body)
    match = _of_either(session, author, act.log, body.match)
    if isinstance(match, Refusal):
        return match
    if match.state not in (MatchState.PLEDGED, MatchState.REQUESTED):
        return _in_state(match)
    if body.quantity >= match.quantity:
        return Refusal("supplies.only_less", {"most": str(match.quantity - 1)})
    if match.state == MatchState.PLEDGED:
        return Accepted()
    old = good_labels(workbench(session), match.id)
    shares = shared_out(body.quantity, [parcel.listed for parcel in old])
    boxes = [(q, p.best_before) for q, p in zip(shares, old, strict=True) if q]
    return Accepted(extra=_relabelled(session, act, match, boxes))


def _of_either(session: Session, author: Author, log: str, match_id: str) -> Match | Refusal:
    match = sent_match(session, author, log, match_id)
    return received_match(session, author, log, match_id) if isinstance(match, Refusal) else match


def cancel(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """取り消し before shipping; labels are void."""
    body = kinds.Cancelled.model_validate(act.body)
    find: Callable[..., Any] = sent_match if body.by == "sender" else received_match
    match = find(session, author, act.log, body.match)
    if isinstance(match, Refusal):
        return match
    if match.state not in (MatchState.PLEDGED, MatchState.REQUESTED):
        return _in_state(match)
    odd = body.withdraw and body.by != "sender"
    return NOT_ALLOWED if odd else Accepted()


def ship(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """「発送」: settles the number. Twice, or after cancelling, it says what is so already."""
    body = kinds.Shipped.model_validate(act.body)
    match = _unsent(session, author, act.log, body.match)
    if isinstance(match, Refusal):
        return match
    most = sum(parcel.listed for parcel in good_labels(workbench(session), match.id))
    return Accepted() if body.quantity <= most else Refusal("supplies.not_so_many", {"most": str(most)})
