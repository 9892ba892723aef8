"""What anybody may know of needs: no address, no name of a person; of delicate needs no shelter either.

A page costs the same few queries whatever the size of the town. The small-cell rule (`Need.delicate`) is kept in SQL as
well: no filter, no order and no distance tells at which shelter such a need is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, false, func, or_, select, true
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import DAY, HOUR
from webapp.kernel.base.kana import sought
from webapp.kernel.identity.models import Organisation
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import VaultRecord
from webapp.supplies import catalogue, whereabouts
from webapp.supplies.known import Bar, DisasterCard, bar_of, disasters_of, items_of
from webapp.supplies.models import Disaster, Match, Need, Offer, Parcel, Shelter
from webapp.supplies.steps import AcceptPolicy, Audience, MatchState, OfferState, ReceiveMode
from webapp.supplies.whereabouts import Where

PAGE = 20
MOST_WORDS, MOST_FOUND = 80, 200
_EARTH_KM = 6_371.0


@dataclass(frozen=True, slots=True)
class Place:
    """A shelter as far as citizens know it. `takes`: why not to send, or how: see `takes_of`."""

    id: str
    name: str
    shown: bool
    open: bool
    mode: str
    policy: str
    least: int
    position: tuple[int, int] | None
    reading: str = ""

    @property
    def receives(self) -> bool:
        """Whether goods of anybody can go there at all."""
        closed = self.mode == ReceiveMode.CLOSED or self.policy == AcceptPolicy.NONE
        return self.open and not closed


@dataclass(frozen=True, slots=True)
class PublicNeed:
    """A need as it is shown to everybody. `place` None: only the municipality is told, and of times only the day."""

    id: str
    log: str
    disaster: str
    item: str
    variant: str
    unit: str
    eaten: bool
    bar: Bar
    need_by: int | None
    priority: int
    audience: Sequence[str]
    excluded: Sequence[str]
    confirmed_at: int
    to_the_day: bool
    place: Place | None
    receives: bool
    policy: str
    least: int
    stopped: bool = False
    km: float | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for on the list. `covered`: those as well that are promised in full."""

    words: str = ""
    shelter: str = ""
    category: str = ""
    audience: str = ""
    urgent: bool = False
    covered: bool = False
    page: int = 1

    @property
    def narrowed(self) -> bool:
        """Whether anything but the page was chosen behind 「絞り込む」."""
        return bool(self.shelter or self.category or self.audience or self.urgent or self.covered)


@dataclass(frozen=True, slots=True)
class NeedPage:
    """One page of a list, and how many there are in all."""

    needs: Sequence[PublicNeed]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Town:
    """A municipality's disaster with what its pages need: names of items, and its shelters."""

    disaster: DisasterCard
    others: Sequence[DisasterCard]
    items: Mapping[str, catalogue.Item]
    places: Mapping[str, Place]

    @property
    def named(self) -> list[Place]:
        """Shelters whose names are public, open ones, by name."""
        return [place for place in self.places.values() if place.shown and place.open]


def open_needs(session: Session) -> dict[str, int]:
    """Disaster → how many needs are open: what the first page says beside each town."""
    counted = select(Need.disaster, func.count()).where(Need.open > 0).group_by(Need.disaster)
    return {disaster: count for disaster, count in session.execute(counted)}  # noqa: C416 - dict() takes a result for a mapping


def town_of(session: Session, log: str, disaster: str = "") -> Town | None:
    """The disaster asked for, else the latest one; a drill only where there is nothing real. None: nothing is open."""
    found = sorted(disasters_of(session, log), key=lambda card: card.drill)
    if not found:
        return None
    chosen = next((card for card in found if card.id == disaster), found[0])
    return Town(
        chosen, [c for c in found if c.id != chosen.id], items_of(session, log), places_of(session, log)
    )


def places_of(session: Session, log: str) -> dict[str, Place]:
    """Every shelter of a town as citizens may know it, by id; of the vault only how a public name is read."""
    s, o = Shelter, Organisation
    columns = (s.id, o.name, s.shown, s.open, s.receive_mode, s.accept_policy, s.min_lot, s.lat_e6, s.lon_e6)
    told = and_(VaultRecord.log == s.log, VaultRecord.subject == vault.of_act("") + s.details)
    query = select(*columns, VaultRecord.data["kana"].as_string().label("kana"))
    query = query.join(o, o.id == s.id).outerjoin(VaultRecord, told)
    rows = session.execute(query.where(s.log == log).order_by(o.name, s.id))
    return {
        row.id: Place(
            row.id, row.name, row.shown, row.open, row.receive_mode, row.accept_policy, row.min_lot,
            (row.lat_e6, row.lon_e6) if row.lat_e6 is not None and row.lon_e6 is not None else None,
            (row.kana or "") if row.shown else "",
        )
        for row in rows
    }  # fmt: skip


def needs(session: Session, town: Town, wanted: Wanted, now: int) -> NeedPage:
    """The public list: what is most urgent first, then what is due first, then what is wanted most."""
    n = Need
    where = _where(town, wanted, now)
    total = session.scalar(select(func.count()).select_from(n).where(*where)) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, wanted.page), pages)
    order = (n.open == 0, n.priority, n.need_by.is_(None), n.need_by, n.open.desc(), n.id)
    rows = session.scalars(select(n).where(*where).order_by(*order).limit(PAGE).offset((page - 1) * PAGE))
    return NeedPage([public_need(row, town) for row in rows], total, page, pages)


def need_of(session: Session, town: Town, need_id: str) -> PublicNeed | None:
    """One need of this disaster, covered or not; None if there is none."""
    row = session.get(Need, need_id)
    found = row is not None and row.disaster == town.disaster.id
    return public_need(row, town) if found and row else None


def disaster_of(session: Session, need_id: str) -> str:
    """The disaster that a need belongs to, or ""."""
    return session.scalar(select(Need.disaster).where(Need.id == need_id)) or ""


def _where(town: Town, wanted: Wanted, now: int) -> list[ColumnElement[bool]]:
    n = Need
    live = [n.stopped_at.is_(None), n.expired_at.is_(None)]
    covered = and_(n.required > n.transit + n.good + n.filled, *live)
    where: list[ColumnElement[bool]] = [
        n.disaster == town.disaster.id,
        covered if wanted.covered else n.open > 0,
    ]
    if wanted.shelter:
        where.append(_at({wanted.shelter} & {place.id for place in town.named}))
    if wanted.category:
        codes = [code for code, item in town.items.items() if item.category == wanted.category]
        where.append(n.item.in_(codes))
    if wanted.audience in set(Audience):
        where.append(cast(n.audience, String).like(f'%"{wanted.audience}"%'))
    if wanted.urgent:
        where.append(or_(n.priority == 1, n.need_by < now + DAY))
    return [*where, *(_holds(town, word) for word in sought(wanted.words[:MOST_WORDS]).split()[:6])]


def _at(shelters: set[str]) -> ColumnElement[bool]:
    """At one of these shelters, and not delicate: of such a need nobody is told where it is."""
    return and_(Need.shelter.in_(sorted(shelters)), Need.delicate.is_(False)) if shelters else false()


def _holds(town: Town, word: str) -> ColumnElement[bool]:
    """An item or a shelter has this word in its name."""
    named = {place.id for place in town.named if word in sought(f"{place.name} {place.reading}")}
    codes = [item.code for item in town.items.values() if catalogue.is_meant(item, word)]
    variants = _variants_with(town, word)
    return or_(Need.item.in_(codes) if codes else false(), _at(named), *variants) if word else true()


def _variants_with(town: Town, word: str) -> list[ColumnElement[bool]]:
    """「M」, 「テープ」: sizes and kinds are searched by their words on screen."""
    named = ((item.code, catalogue.variants_named(item, word)) for item in town.items.values())
    return [and_(Need.item == code, Need.variant.in_(sorted(kinds))) for code, kinds in named if kinds]


def public_need(row: Need, town: Town) -> PublicNeed:
    """The row without what would tell where a delicate need is."""
    place = town.places.get(row.shelter)
    hidden = row.delicate or place is None or not place.shown
    item = town.items.get(row.item) or catalogue.BASE.get(row.item)
    told = None if row.delicate else place  # a policy, or a number of its own, would name the shelter
    return PublicNeed(
        id=row.id, log=row.log, disaster=row.disaster, item=row.item, variant=row.variant,
        unit=item.unit if item else "", eaten=bool(item and item.is_eaten), bar=bar_of(row),
        need_by=row.need_by, priority=row.priority, audience=row.audience, excluded=row.excluded,
        confirmed_at=_day(row.confirmed_at) if hidden else row.confirmed_at, to_the_day=hidden,
        place=None if hidden else place,
        receives=place is not None and place.receives, policy=told.policy if told else "",
        least=told.least if told else 0, stopped=row.stopped_at is not None or row.expired_at is not None,
    )  # fmt: skip


# Reverse search: "I have 40 packs of diapers M: who needs them near?"


@dataclass(frozen=True, slots=True)
class Goods:
    """What somebody has. `near`: a shelter of this town from which distances are told, "" for none."""

    item: str
    variant: str = ""
    quantity: int = 0
    near: str = ""


def who_needs(session: Session, town: Town, goods: Goods) -> list[PublicNeed]:
    """Open needs that these goods help, nearest first where a place was chosen, then by how many are wanted.

    Needs whose shelter is not told have no distance and come after the others. At most MOST_FOUND.
    """
    n = Need
    same = select(n).where(n.disaster == town.disaster.id, n.item == goods.item, n.open > 0)
    rows = session.scalars(same.order_by(n.open.desc(), n.id).limit(MOST_FOUND))
    item = town.items.get(goods.item)
    fitting = [
        row for row in rows if not goods.variant or (item and item.accepts(row.variant, goods.variant))
    ]
    start = _start(town, goods.near)
    found = [_with_distance(public_need(row, town), start) for row in fitting]
    return sorted(found, key=lambda need: (not need.receives, need.km is None, need.km or 0, -need.bar.open))


def _start(town: Town, near: str) -> tuple[int, int] | None:
    place = town.places.get(near)
    return place.position if place and place.shown else None


def _with_distance(need: PublicNeed, start: tuple[int, int] | None) -> PublicNeed:
    there = need.place.position if need.place else None
    if start is None or there is None:
        return need
    values: dict[str, Any] = {name: getattr(need, name) for name in PublicNeed.__slots__}
    return PublicNeed(**{**values, "km": kilometres(start, there)})


def kilometres(a: tuple[int, int], b: tuple[int, int]) -> float:
    """As the crow flies between two positions in millionths of a degree (haversine)."""
    lat_a, lon_a, lat_b, lon_b = (radians(value / 1_000_000) for value in (*a, *b))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(half))


# What is offered, and parcels


@dataclass(frozen=True, slots=True)
class PublicOffer:
    """Goods that can be asked for; nobody is told whose they are."""

    item: str
    variant: str
    unit: str
    quantity: int
    best_before: int
    individual: bool


def offers(session: Session, town: Town, page: int) -> tuple[list[PublicOffer], int]:
    """Offers with something left, the latest first; and how many pages there are."""
    o = Offer
    where = (o.disaster == town.disaster.id, o.state == OfferState.ACTIVE, o.avail > 0)
    total = session.scalar(select(func.count()).select_from(o).where(*where)) or 0
    rows = session.scalars(
        select(o).where(*where).order_by(o.offered_at.desc(), o.id).limit(PAGE).offset((page - 1) * PAGE)
    )
    return [_public_offer(row, town) for row in rows], max(1, -(-total // PAGE))


def _public_offer(row: Offer, town: Town) -> PublicOffer:
    item = town.items.get(row.item) or catalogue.BASE.get(row.item)
    return PublicOffer(
        row.item, row.variant, item.unit if item else "", row.avail, row.best_before, row.individual
    )


@dataclass(frozen=True, slots=True)
class ParcelStep:
    """依頼, 発送, 到着 or 受領. state: done | next | later."""

    key: str
    state: str
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a parcel is, for everybody. `name`: of a shelter that is not its destination, "" if it is not public."""

    where: Where
    name: str
    elsewhere: bool


def passage(session: Session, row: Parcel, match: Match, places: Mapping[str, Place]) -> Passage:
    """Of one parcel. A shelter is named only if it is public."""
    found = whereabouts.places(session, [row], {match.id: match.shelter})[row.code]
    place = places.get(found.shelter)
    elsewhere = found.shelter not in ("", match.shelter)
    return Passage(found.where, place.name if elsewhere and place and place.shown else "", elsewhere)


def parcel_steps(match: Match, row: Parcel, where: Where) -> list[ParcelStep]:
    """The trail of one parcel; one that was seen without 発送 has left all the same. Pure."""
    times = {"requested": match.requested_at, "shipped": match.shipped_at or row.arrived_at,
             "arrived": None if where.is_moving else row.arrived_at, "received": row.counted_when}  # fmt: skip
    steps: list[ParcelStep] = []
    waiting = match.state not in {MatchState.CANCELLED, MatchState.LOST}
    for key, at in times.items():
        first = waiting and at is None and all(step.state == "done" for step in steps)
        steps.append(ParcelStep(key, "done" if at is not None else "next" if first else "later", at))
    return steps


def drill_of(session: Session, disaster: str) -> bool:
    """Whether this is 訓練."""
    return bool(session.scalar(select(Disaster.drill).where(Disaster.id == disaster)))


def _day(at: int) -> int:
    """The beginning of its day in Japan: needs that were entered together do not say so to the minute."""
    return (at + 9 * HOUR) // DAY * DAY - 9 * HOUR
