"""What a sender reads: own offers and shipments, and, once goods are asked for, where they go.

Citizens share one organisation and see nothing of each other: an offer is its author's. People of other organisations
see what any of them has offered, as they act for it together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from webapp.kernel.base.i18n import language
from webapp.kernel.base.outcomes import NotFound, Refusal
from webapp.kernel.identity.models import Person, Pseudonym
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.door import Author
from webapp.kernel.ledger import vault
from webapp.supplies import catalogue, whereabouts
from webapp.supplies.allowed import own_offer, sent_match
from webapp.supplies.entries import INDIVIDUALS
from webapp.supplies.known import (
    DisasterCard,
    ShelterCard,
    disasters_of,
    item_text,
    items_of,
    labels_of,
    shelters_of,
    shelters_where_staff,
)
from webapp.supplies.models import Match, Need, Offer, Parcel, Shelter
from webapp.supplies.public.views import unit_word
from webapp.supplies.steps import MatchState, OfferState, ReceiveMode

PAGE = 20
#: The sender knows where goods go from the request on, and as long as they may still have to ask about them.
_ADDRESSED = frozenset({MatchState.REQUESTED, MatchState.SHIPPED, MatchState.ARRIVED, MatchState.LOST})


@dataclass(frozen=True, slots=True)
class Shipment:
    """A 便 as its sender sees it. `place`: the shelter's name, or the town's where the shelter's is not told.

    `boxes`: where its boxes are, in words, if there is more to say of them than the state does.
    """

    match: Match
    name: str
    unit: str
    place: str
    disaster: DisasterCard
    boxes: str = ""

    @property
    def state(self) -> MatchState:
        """Where it stands."""
        return MatchState(self.match.state)


@dataclass(frozen=True, slots=True)
class OfferCard:
    """An offer with its shipments."""

    offer: Offer
    name: str
    unit: str
    disaster: DisasterCard
    shipments: Sequence[Shipment]

    @property
    def waits(self) -> bool:
        """Whether the sender's mail address is still to be verified."""
        return self.offer.state == OfferState.UNVERIFIED


@dataclass(frozen=True, slots=True)
class MyPage:
    """One page of one's offers, the latest first."""

    cards: Sequence[OfferCard]
    page: int
    pages: int

    @property
    def to_do(self) -> list[Shipment]:
        """What waits for this sender: goods that were asked for and have not left."""
        found = [each for card in self.cards for each in card.shipments]
        return [each for each in found if each.state == MatchState.REQUESTED]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where goods go: told to their sender from the request on. `held`: to be collected at the carrier's office."""

    name: str
    address: str
    phone: str
    via: str = ""  # the hub that takes them for the shelter
    held: bool = False


@dataclass(frozen=True, slots=True)
class ShipmentPage:
    """All of one shipment's page."""

    shipment: Shipment
    offer: Offer
    item: catalogue.Item | None
    parcels: Sequence[Parcel]
    destination: Destination | None
    places: Mapping[str, str]  # label → where its box is, in words
    private: Mapping[str, Any] = field(default_factory=dict)

    @property
    def listed(self) -> int:
        """How much the good labels say together: the most that can be shipped."""
        return sum(parcel.listed for parcel in self.parcels)

    def written(self, quantity: int) -> str:
        """「紙おむつ（乳児・小児） M 14枚」 for a box with so many: Japanese for every reader, as on the label."""
        match, items = self.shipment.match, {self.item.code: self.item} if self.item else {}
        unit = catalogue.unit_text(self.item.unit) if self.item else ""
        return f"{item_text(items, match.item, match.variant)} {quantity}{unit}"


def mine(session: Session, person: Person, page: int) -> MyPage:
    """Offers of this person, or of their organisation, over all towns."""
    o, where = Offer, _own(session, person)
    total = session.scalar(select(func.count()).select_from(o).where(where)) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    wanted = select(o).where(where).order_by(o.offered_at.desc(), o.id).limit(PAGE).offset((page - 1) * PAGE)
    return MyPage(_cards(session, list(session.scalars(wanted))), page, pages)


def _own(session: Session, person: Person) -> ColumnElement[bool]:
    o, p = Offer, Pseudonym
    names = select(p.log, p.pseudonym).where(p.person_id == person.id)
    own: list[ColumnElement[bool]] = [tuple_(o.log, o.sender).in_(names)]
    if person.organisation_id != INDIVIDUALS:
        own.append(o.org == person.organisation_id)
    if may(person.roles, Action.NEED_MANAGE):
        shelters = [row.id for row in shelters_where_staff(session, person.organisation_id)]
        own.append(and_(o.shelter != "", o.shelter.in_(shelters)))
    return or_(*own)


def _cards(session: Session, offers: Sequence[Offer]) -> list[OfferCard]:
    m = Match
    rows = session.scalars(
        select(m).where(m.offer.in_([offer.id for offer in offers])).order_by(m.offer, m.id.desc())
    )
    matches = list(rows)
    scene = _Scene.of(session, {offer.log for offer in offers}, matches)
    cards = []
    for offer in offers:
        shipments = [scene.shipment(match) for match in matches if match.offer == offer.id]
        name, unit = scene.words(offer.log, offer.item, offer.variant)
        cards.append(OfferCard(offer, name, unit, scene.disasters[offer.disaster], shipments))
    return cards


@dataclass(frozen=True, slots=True)
class _Scene:
    """Names for the shipments of one page: the same few queries whatever their number."""

    disasters: Mapping[str, DisasterCard]
    items: Mapping[str, Mapping[str, catalogue.Item]]
    shelters: Mapping[str, ShelterCard]
    delicate: frozenset[str]
    boxes: Mapping[str, whereabouts.Told]

    @staticmethod
    def of(session: Session, logs: Iterable[str], matches: Sequence[Match]) -> "_Scene":
        logs, needs = sorted(logs), [match.need for match in matches]
        cards = [card for log in logs for card in disasters_of(session, log, closed=True)]
        shelters = {id: card for log in logs for id, card in shelters_of(session, log).items()}
        hidden = session.scalars(select(Need.id).where(Need.id.in_(needs), Need.delicate.is_(True)))
        return _Scene(
            {card.id: card for card in cards},
            {log: items_of(session, log) for log in logs},
            shelters,
            frozenset(hidden),
            whereabouts.told(session, matches),
        )

    def words(self, log: str, code: str, variant: str) -> tuple[str, str]:
        item = self.items[log].get(code) or catalogue.BASE.get(code)
        name = item_text(self.items[log], code, variant, language())
        return name, unit_word(item.unit) if item else ""

    def shipment(self, match: Match) -> Shipment:
        name, unit = self.words(match.log, match.item, match.variant)
        disaster = self.disasters[match.disaster]
        boxes = self.boxes.get(match.id, whereabouts.Told()).text
        return Shipment(match, name, unit, self._place(match, disaster), disaster, boxes)

    def _place(self, match: Match, disaster: DisasterCard) -> str:
        """A delicate need's shelter is told to who sends something, not to who offers something."""
        shelter = self.shelters.get(match.shelter)
        told = match.state in _ADDRESSED
        hidden = shelter is None or ((not shelter.row.shown or match.need in self.delicate) and not told)
        return disaster.municipality if hidden or shelter is None else shelter.name


def page_of(session: Session, author: Author, match_id: str) -> ShipmentPage:
    """A shipment of this sender's. Raises NotFound for everybody else's."""
    match = session.get(Match, match_id)
    if match is None or match.log not in author.pseudonyms:
        raise NotFound
    if isinstance(sent_match(session, author, match.log, match.id), Refusal):
        raise NotFound
    scene = _Scene.of(session, {match.log}, [match])
    shelter = scene.shelters.get(match.shelter)
    told = shelter is not None and match.state in _ADDRESSED
    parcels = labels_of(session, match.id)
    return ShipmentPage(
        scene.shipment(match),
        session.get_one(Offer, match.offer),
        scene.items[match.log].get(match.item) or catalogue.BASE.get(match.item),
        parcels,
        destination(shelter, scene.shelters) if told and shelter else None,
        _places(session, match, parcels, scene.shelters),
        _opened(session, match),
    )


def _places(
    session: Session, match: Match, parcels: Sequence[Parcel], shelters: Mapping[str, ShelterCard]
) -> dict[str, str]:
    """The destination stands above; only where a box is at another shelter, that one is named."""
    found = whereabouts.places(session, parcels, {match.id: match.shelter})
    names = {id: card.name for id, card in shelters.items() if id != match.shelter}
    return {
        code: whereabouts.words(place, names.get(place.shelter, ""), closed=match.closed_short)
        for code, place in found.items()
    }


def destination(shelter: ShelterCard, shelters: Mapping[str, ShelterCard]) -> Destination:
    """Address and telephone by the way in which the shelter takes goods: its own, its hub's, or a carrier's office."""
    mode = ReceiveMode(shelter.row.receive_mode)
    hub = shelters.get(shelter.row.hub) if mode == ReceiveMode.HUB else None
    taker = hub or shelter
    return Destination(
        shelter.name,
        str(taker.private.get("address", "")),
        taker.phone or str(taker.private.get("phone", "")),
        via=hub.name if hub else "",
        held=mode == ReceiveMode.DEPOT,
    )


def _opened(session: Session, match: Match) -> Mapping[str, Any]:
    """What was said in words: why it was declined, or the number of the parcel."""
    if not match.shipping:
        return {}
    subject = vault.of_act(match.shipping)
    return vault.read(session, match.log, [subject]).get(subject, {})


def offer_of(session: Session, author: Author, offer_id: str) -> OfferCard:
    """An offer of this sender's. Raises NotFound for everybody else's."""
    offer = session.get(Offer, offer_id)
    if offer is None or offer.log not in author.pseudonyms:
        raise NotFound
    if isinstance(own_offer(session, author, offer.log, offer.id), Refusal):
        raise NotFound
    return _cards(session, [offer])[0]


def shelter_hidden(session: Session, need: Need) -> bool:
    """Whether who offers something for this need is not told at which shelter it is."""
    shelter = session.get(Shelter, need.shelter)
    return need.delicate or shelter is None or not shelter.shown
