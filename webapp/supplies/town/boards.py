"""The municipality's overview of a disaster: what is needed where, what arrives next, who waits, who is served worst.

Every figure is summed up by the database: a page costs the same number of queries whatever the size of the town.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import BigInteger, and_, case, cast, func, select
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import DAY, from_date, jst
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.identity.models import Organisation
from webapp.kernel.ledger.models import Head, Log
from webapp.supplies import catalogue
from webapp.supplies.known import Bar, DisasterCard, disasters_of, item_text, items_of
from webapp.supplies.models import Match, Need, Shelter, Stock
from webapp.supplies.steps import MatchState

#: As many of each list as a living page shows; the others are one tap away.
SHOWN = 12
_TODAY, _TOMORROW, _LATE = "today", "tomorrow", "late"
Items = Mapping[str, catalogue.Item]


@dataclass(frozen=True, slots=True)
class Line:
    """A bar with its name: of a category or of a shelter."""

    key: str
    name: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class Served:
    """How a shelter fares. `needs` lines, of these `open` not covered and `bare` without anything at all.

    `per_mille` of its needs is there or on the way: the mean over its needs, each at most whole.
    """

    id: str
    name: str
    bar: Bar
    needs: int
    open: int
    bare: int
    per_mille: int
    lacks: str = ""

    @property
    def percent(self) -> int:
        """For people."""
        return self.per_mille // 10


@dataclass
class Coming:
    """What arrives at a shelter, in boxes and mL, by day; and the room that it has said it has (0: it has not)."""

    id: str
    name: str
    storage_ml: int
    stock_ml: int = 0
    boxes: dict[str, int] = field(default_factory=lambda: dict.fromkeys((_LATE, _TODAY, _TOMORROW), 0))
    volume_ml: dict[str, int] = field(default_factory=lambda: dict.fromkeys((_LATE, _TODAY, _TOMORROW), 0))

    @property
    def free_ml(self) -> int:
        """What is left beside what lies there already."""
        return max(0, self.storage_ml - self.stock_ml)

    @property
    def too_much(self) -> bool:
        """It will not fit."""
        return self.storage_ml > 0 and sum(self.volume_ml.values()) > self.free_ml


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pledge that nobody has answered."""

    shelter: str
    shelter_name: str
    what: str
    quantity: str
    since: int


@dataclass(frozen=True)
class Board:
    """Everything on the overview."""

    disaster: DisasterCard
    rev: str
    categories: Sequence[Line]
    served: Sequence[Served]
    silent: Sequence[tuple[str, str]]
    coming: Sequence[Coming]
    waiting: Sequence[Waiting]
    waiting_total: int

    @cached_property
    def total(self) -> Bar:
        """Of all needs that are not closed."""
        bars = [line.bar for line in self.categories]
        return Bar(*(sum(getattr(bar, name) for bar in bars) for name in _BAR))

    @cached_property
    def needs(self) -> int:
        """Lines that are not closed."""
        return sum(one.needs for one in self.served)

    @cached_property
    def lacking(self) -> int:
        """Lines of these that are not covered."""
        return sum(one.open for one in self.served)

    @cached_property
    def covered(self) -> Sequence[Served]:
        """Shelters of which nothing is open."""
        return [one for one in self.served if not one.open]

    @cached_property
    def bare(self) -> Sequence[Served]:
        """Shelters to which nothing at all was promised or sent."""
        return [one for one in self.served if one.bare == one.needs]

    @cached_property
    def worst(self) -> Sequence[Served]:
        """The tenth that is served worst, at least one; the first is the worst."""
        lacking = [one for one in self.served if one.open]
        return lacking[: -(-len(self.served) // 10)]


_BAR = ("required", "open", "promised", "on_the_way", "arrived")


def log_of(session: Session, organisation_id: str) -> str:
    """The log that this organisation's boards are about: its own, or its shelter's. Raises NotFound."""
    own = select(Log.id).where(Log.organisation_id == organisation_id)
    found = session.scalar(own) or session.scalar(select(Shelter.log).where(Shelter.id == organisation_id))
    if found is None:
        raise NotFound
    return found


def is_own(session: Session, log: str, organisation_id: str) -> bool:
    """Whether this is the municipality whose log it is."""
    return session.scalar(select(Log.organisation_id).where(Log.id == log)) == organisation_id


def cards_of(session: Session, log: str, wanted: str = "") -> list[DisasterCard]:
    """Every disaster of a town; raises NotFound if `wanted` is not among them."""
    cards = disasters_of(session, log, closed=True)
    if wanted and all(card.id != wanted for card in cards):
        raise NotFound
    return cards


def choose(session: Session, log: str, wanted: str) -> tuple[DisasterCard | None, list[DisasterCard]]:
    """The disaster that is asked for, else the latest open one; and all. Raises NotFound for one of another town."""
    cards = cards_of(session, log, wanted)
    return next((card for card in cards if card.id == wanted), next(iter(cards), None)), cards


def revision(session: Session, log: str, now: int) -> str:
    """Another one whenever the log has grown, or a new day has begun."""
    return f"{session.scalar(select(Head.size).where(Head.log == log)) or 0}-{jst(now):%m%d}"


def board(session: Session, card: DisasterCard, now: int) -> Board:
    """The overview as it is now."""
    items, shelters = items_of(session, card.log), _shelters(session, card.log)
    served = _with_lacks(session, card.id, items, _served(session, card.id, shelters))
    waiting, waiting_total = _waiting(session, card.id, items, shelters)
    known = {one.id for one in served}
    return Board(
        disaster=card,
        rev=revision(session, card.log, now),
        categories=_categories(session, card.id, items),
        served=served,
        silent=[(id, name) for id, (name, _, is_open) in shelters.items() if is_open and id not in known],
        coming=_coming(session, card.id, items, shelters, now),
        waiting=waiting,
        waiting_total=waiting_total,
    )


def shelters_served(session: Session, card: DisasterCard) -> list[Served]:
    """Every shelter with needs, those who are served worst first."""
    return _served(session, card.id, _shelters(session, card.log))


_Shelters = Mapping[str, tuple[str, int, bool]]


def _shelters(session: Session, log: str) -> _Shelters:
    """Id → name, room in mL, whether it is open."""
    s, o = Shelter, Organisation
    query = select(s.id, o.name, s.storage_ml, s.open).join(o, o.id == s.id).where(s.log == log)
    return {
        id: (name, ml, is_open) for id, name, ml, is_open in session.execute(query.order_by(o.name, s.id))
    }


def _name(shelters: _Shelters, id: str) -> str:
    return shelters[id][0] if id in shelters else ""


def _live(disaster: str) -> Any:
    """Needs that are not closed."""
    return and_(Need.disaster == disaster, Need.stopped_at.is_(None), Need.expired_at.is_(None))


def _bar_sums() -> list[Any]:
    n = Need
    columns = (n.required, n.open, n.pledged + n.requested, n.transit, n.good + n.filled)
    return [cast(func.sum(column), BigInteger) for column in columns]


def _categories(session: Session, disaster: str, items: Items) -> list[Line]:
    """In the order of the catalogue. The bars add up units of different goods: they show shares, not weights."""
    rows = session.execute(select(Need.item, *_bar_sums()).where(_live(disaster)).group_by(Need.item))
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * len(_BAR))
    for item, *counts in rows:
        known = items.get(item) or catalogue.BASE.get(item)
        line = sums[known.category if known else "other"]
        line[:] = [a + b for a, b in zip(line, counts, strict=True)]
    order = {category: place for place, category in enumerate(catalogue.CATEGORIES)}
    names = sorted(sums, key=lambda name: order.get(name, len(order)))
    return [Line(name, catalogue.category_text(name), Bar(*sums[name])) for name in names]


def _served(session: Session, disaster: str, shelters: _Shelters) -> list[Served]:
    n = Need
    there = n.transit + n.good + n.filled
    share = case((there >= n.required, 1000), else_=there * 1000 / n.required)
    bare = case((n.pledged + n.requested + there == 0, 1), else_=0)
    counts = [func.count(), func.sum(case((n.open > 0, 1), else_=0)), func.sum(bare), func.avg(share)]
    query = select(n.shelter, *_bar_sums(), *counts).where(_live(disaster)).group_by(n.shelter)
    found = [
        Served(row[0], _name(shelters, row[0]), Bar(*row[1:6]), row[6], int(row[7]), int(row[8]), int(row[9]))
        for row in session.execute(query)
    ]
    return sorted(found, key=lambda one: (one.per_mille, -one.open, one.name, one.id))


def _with_lacks(session: Session, disaster: str, items: Items, served: list[Served]) -> list[Served]:
    """For those who are shown as worst: the need whose shipment would help most, the most urgent and largest."""
    n, shown = Need, [one.id for one in served[:SHOWN]]
    place = func.row_number().over(
        partition_by=n.shelter, order_by=(n.priority, n.open.desc(), n.index, n.id)
    )
    ranked = (
        select(n.shelter, n.item, n.variant, n.open, place.label("place"))
        .where(_live(disaster), n.open > 0, n.shelter.in_(shown))
        .subquery()
    )
    rows = session.execute(select(ranked).where(ranked.c.place == 1))
    lacks = {
        row.shelter: f"{item_text(items, row.item, row.variant)} {amount(items, row.item, row.open)}"
        for row in rows
    }
    return [_lacking(one, lacks.get(one.id, "")) for one in served]


def _lacking(one: Served, lacks: str) -> Served:
    return (
        Served(one.id, one.name, one.bar, one.needs, one.open, one.bare, one.per_mille, lacks)
        if lacks
        else one
    )


def amount(items: Items, item: str, quantity: int) -> str:
    """「1,200枚」."""
    known = items.get(item) or catalogue.BASE.get(item)
    return f"{quantity:,}{catalogue.unit_text(known.unit) if known else ''}"


def _coming(session: Session, disaster: str, items: Items, shelters: _Shelters, now: int) -> list[Coming]:
    """Late, today and tomorrow, in Japan's calendar; the fullest day first."""
    m, today = Match, from_date(jst(now).date().isoformat())
    day = case((m.eta < today, _LATE), (m.eta < today + DAY, _TODAY), else_=_TOMORROW)
    on_the_way = select(m.shelter, m.item, day.label("day"), m.parcels, m.offer_transit).where(
        m.disaster == disaster, m.state == MatchState.SHIPPED, m.eta < today + 2 * DAY
    )
    c = on_the_way.subquery().c
    query = select(c.shelter, c.item, c.day, func.sum(c.parcels), func.sum(c.offer_transit))
    query = query.group_by(c.shelter, c.item, c.day)
    found: dict[str, Coming] = {}
    for shelter, item, when, boxes, units in session.execute(query):
        line = found.setdefault(shelter, Coming(shelter, _name(shelters, shelter), _room(shelters, shelter)))
        line.boxes[when] += int(boxes)
        line.volume_ml[when] += _volume(items, item, int(units))
    _put_stock(session, disaster, items, found)
    return sorted(found.values(), key=lambda one: (not one.too_much, -sum(one.volume_ml.values()), one.name))


def _room(shelters: _Shelters, id: str) -> int:
    return shelters[id][1] if id in shelters else 0


def _volume(items: Items, item: str, units: int) -> int:
    known = items.get(item) or catalogue.BASE.get(item)
    return known.vol_ml * units if known else 0


def _put_stock(session: Session, disaster: str, items: Items, found: Mapping[str, Coming]) -> None:
    query = select(Stock.shelter, Stock.item, func.sum(Stock.quantity)).where(Stock.disaster == disaster)
    for shelter, item, units in session.execute(query.group_by(Stock.shelter, Stock.item)):
        if shelter in found:
            found[shelter].stock_ml += _volume(items, item, int(units))


def _waiting(session: Session, disaster: str, items: Items, shelters: _Shelters) -> tuple[list[Waiting], int]:
    m = Match
    silent = and_(m.disaster == disaster, m.state == MatchState.PLEDGED)
    total = session.scalar(select(func.count()).select_from(m).where(silent)) or 0
    query = select(m.shelter, m.item, m.variant, m.quantity, m.pledged_at).where(silent)
    rows = session.execute(query.order_by(m.pledged_at, m.id).limit(SHOWN))
    return [
        Waiting(
            shelter,
            _name(shelters, shelter),
            item_text(items, item, variant),
            amount(items, item, quantity),
            since or 0,
        )
        for shelter, item, variant, quantity, since in rows
    ], total


def cubic(ml: int) -> str:
    """「1.25 m³」; nothing is less than 0.01."""
    return f"{-(-ml // 10_000) / 100:,.2f} m³"


def volumes(lines: Iterable[Coming], day: str) -> int:
    """What arrives on a day altogether, mL."""
    return sum(line.volume_ml[day] for line in lines)
