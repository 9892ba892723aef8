"""What the receiving side's pages read: whose desk it is, a shelter's needs with their bars, what comes today.

See also desk_offers (pledges, offers, stock) and desk_arrivals (shipments, parcels, scans). Everything is a handful of
queries, however many needs a shelter has.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import DAY, HOUR, jst, show_near
from webapp.kernel.identity.models import Organisation
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import LedgerEntry, Log
from webapp.supplies import catalogue
from webapp.supplies.allergens import BY_WORD
from webapp.supplies.headcount import HEADS_TEXTS, Heads, Line, heads_of, three_days
from webapp.supplies.known import Bar, DisasterCard, ShelterCard, bar_of, item_text
from webapp.supplies.models import Match, Need, Parcel, Shelter, Stock
from webapp.supplies.steps import Audience, MatchState, ReceiveMode

#: On a shelter's home; the others are a tap away.
MOST_ON_BOARD, MOST_PLEDGES = 40, 3
PAGE = 50
#: Kind of a tag and its words.
Sign = tuple[str, str]
_LATER = 2**62


@dataclass(frozen=True, slots=True)
class Desk:
    """A shelter as the person at its desk works with it. `proxy`: somebody of the town acts for it (代行)."""

    shelter: ShelterCard
    disasters: Sequence[DisasterCard]
    disaster: DisasterCard | None
    proxy: bool
    items: Mapping[str, catalogue.Item]
    now: int

    @property
    def log(self) -> str:
        """The log of its municipality."""
        return self.shelter.log

    @property
    def id(self) -> str:
        """The shelter's."""
        return self.shelter.id

    @property
    def disaster_id(self) -> str:
        """The disaster's; where there is none, an id that is nobody's: the door says so."""
        return self.disaster.id if self.disaster else "00000000-0000-0000-0000-000000000000"

    @property
    def drill(self) -> bool:
        """Whether all that is shown is an exercise (訓練)."""
        return self.disaster is not None and self.disaster.drill

    @property
    def is_open(self) -> bool:
        """Whether needs can be registered: there is an open disaster, and the shelter is open."""
        return self.disaster is not None and self.disaster.closed_at is None and self.shelter.row.open

    @property
    def receive_text(self) -> str:
        """How goods reach the shelter."""
        return ReceiveMode(self.shelter.row.receive_mode).text

    @property
    def heads_text(self) -> str:
        """「避難者120人　乳児3・要介護9」, as much of it as is known."""
        return heads_text(self.shelter.row.heads)

    def title(self, item: str, variant: str) -> str:
        """An item's name with its variant."""
        return item_text(self.items, item, variant)

    def unit(self, item: str) -> str:
        """The word it is counted by."""
        return unit_of(self.items, item)


@dataclass(frozen=True, slots=True)
class ShelterLine:
    """A shelter in the list of a town's shelters. `waiting` pledges want an answer, `open` needs are not covered."""

    id: str
    name: str
    open: bool
    needs: int
    waiting: int
    here: int
    heads: str


@dataclass(frozen=True, slots=True)
class NeedLine:
    """A need on screen: what, how far it is covered, and how it stands."""

    row: Need
    title: str
    unit: str
    bar: Bar
    sign: Sign | None
    waiting: int = 0

    @property
    def is_over(self) -> bool:
        """Stopped or expired."""
        return self.row.stopped_at is not None or self.row.expired_at is not None

    @property
    def audience(self) -> str:
        """For whom, in words."""
        return "・".join(Audience(word).text for word in self.row.audience)

    @property
    def excluded(self) -> str:
        """What it must not hold, in words."""
        return allergens_text(self.row.excluded)


@dataclass(frozen=True, slots=True)
class Suggested:
    """A line of the three-day list: `quantity` is what is still to be asked for after what is `known` already."""

    line: Line
    title: str
    unit: str
    known: int
    quantity: int

    @property
    def key(self) -> str:
        """Its name in the form."""
        return f"{self.line.item}.{self.line.variant}"


def fingerprint(session: Session, shelter: Shelter, disaster: str, now: int) -> str:
    """Of all that a shelter's home shows: the same while nothing of it has changed, whatever else happens in the town.

    Four short queries. The hour is part of it: 「今日」 and 「17時間で期限切れ」 are true for a while only.
    """
    n, m, s, p = Need, Match, Stock, Parcel
    numbers = (n.required, n.pledged, n.requested, n.transit, n.good, n.filled, n.open, n.need_by, n.priority)
    dates = (n.confirmed_at, n.stopped_at, n.expired_at)
    waiting = m.state.in_([MatchState.PLEDGED.value, MatchState.SHIPPED.value, MatchState.ARRIVED.value])
    needs = (
        select(n.id, *numbers, *dates).where(n.disaster == disaster, n.shelter == shelter.id).order_by(n.id)
    )
    matches = select(m.id, m.state, m.quantity, m.parcels, m.eta, m.transit).where(
        m.disaster == disaster, m.shelter == shelter.id, waiting
    )
    stock = select(s.item, s.variant, s.quantity).where(s.disaster == disaster, s.shelter == shelter.id)
    stock = stock.order_by(s.item, s.variant)
    boxes = select(p.code, p.arrived_at, p.forwarded_to, p.counted_at).join(m, m.id == p.match)
    boxes = boxes.where(m.disaster == disaster, m.shelter == shelter.id, waiting, p.arrived_at.is_not(None))
    queries = (needs, matches.order_by(m.id), stock, boxes.order_by(p.code))
    found = [list(map(tuple, session.execute(query))) for query in queries]
    return sha256(repr((shelter.changed_at, now // HOUR, found)).encode()).hexdigest()[:16]


def log_of_town(session: Session, organisation: str) -> str | None:
    """The log of the municipality that this organisation is; None for any other one."""
    return session.scalar(select(Log.id).where(Log.organisation_id == organisation))


def card_of(session: Session, row: Shelter) -> ShelterCard:
    """One shelter with its organisation's name and public telephone."""
    held = session.get_one(Organisation, row.id)
    return ShelterCard(row.id, row.log, held.name, held.phone, row)


def unit_of(items: Mapping[str, catalogue.Item], code: str) -> str:
    """「枚」「本」「個」…; of an item that is not known any more: nothing."""
    item = items.get(code) or catalogue.BASE.get(code)
    return catalogue.unit_text(item.unit) if item else ""


def volume_of(items: Mapping[str, catalogue.Item], code: str, quantity: int) -> int:
    """Of so many units, mL."""
    item = items.get(code) or catalogue.BASE.get(code)
    return item.vol_ml * quantity if item else 0


def allergens_text(words: Iterable[str]) -> str:
    """「卵・乳」."""
    return "・".join(BY_WORD[word].ja if word in BY_WORD else word for word in words)


def heads_text(heads: Mapping[str, Any]) -> str:
    """「避難者120人　乳児3・要介護9」."""
    babies = int(heads.get("infants", 0)) + int(heads.get("infants_late", 0))
    some = (
        ("乳児", babies),
        ("要介護", int(heads.get("care", 0))),
        ("高齢者", int(heads.get("elderly", 0))),
    )
    people = int(heads.get("people", 0))
    told = "・".join(f"{name}{count}" for name, count in some if count)
    return f"避難者{people}人　{told}".rstrip() if people else ""


def day_text(at: int | None, now: int) -> str:
    """今日, 明日, あさって, 「10月5日」, of another year 「2027年1月5日」."""
    if at is None:
        return ""
    days = days_until(at, now)
    near = {0: "今日", 1: "明日", 2: "あさって"}
    return near.get(days) or show_near(at, now).split(" ")[0]


def days_until(at: int, now: int) -> int:
    """Days of the calendar in Japan from now on; negative: that day is past."""
    return (jst(at).date() - jst(now).date()).days


def end_of_day(now: int, days: int = 0) -> int:
    """The last ms of today in Japan, or of a day so many days later."""
    start = jst(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(start.timestamp() * 1000) + (days + 1) * DAY - 1


# Shelters


def shelter_lines(
    session: Session, log: str, disaster: str, words: str, offset: int
) -> tuple[list[ShelterLine], int]:
    """The shelters of a town whose names hold these words, a page of them, those with waiting pledges first."""
    s, o = Shelter, Organisation
    query = select(s, o.name).join(o, o.id == s.id).where(s.log == log)
    rows = session.execute(query.order_by(s.open.desc(), o.name, s.id)).all()
    wanted = [(row, name) for row, name in rows if all(word in name for word in words.split())]
    waiting, here = (
        _matches_by_shelter(session, disaster, state) for state in (MatchState.PLEDGED, MatchState.ARRIVED)
    )
    needs = _open_needs_by_shelter(session, disaster)
    wanted.sort(key=lambda pair: (not pair[0].open, -waiting.get(pair[0].id, 0)))
    lines = [
        ShelterLine(row.id, name, row.open, needs.get(row.id, 0), waiting.get(row.id, 0), here.get(row.id, 0),
                    heads_text(row.heads))
        for row, name in wanted[offset : offset + PAGE]
    ]  # fmt: skip
    return lines, len(wanted)


def _matches_by_shelter(session: Session, disaster: str, state: MatchState) -> dict[str, int]:
    m = Match
    query = select(m.shelter, func.count()).where(m.disaster == disaster, m.state == state.value)
    return dict(session.execute(query.group_by(m.shelter)).all())


def _open_needs_by_shelter(session: Session, disaster: str) -> dict[str, int]:
    n = Need
    query = select(n.shelter, func.count()).where(n.disaster == disaster, n.open > 0)
    return dict(session.execute(query.group_by(n.shelter)).all())


# Needs


def needs_of(session: Session, desk: Desk, *, over: bool = False) -> list[NeedLine]:
    """The shelter's needs of this disaster, the most wanted first; with `over` those that are stopped or expired."""
    if desk.disaster is None:
        return []
    n = Need
    query = select(n).where(n.log == desk.log, n.disaster == desk.disaster.id, n.shelter == desk.id)
    gone = n.stopped_at.is_not(None) | n.expired_at.is_not(None)
    rows = list(session.scalars(query.where(gone if over else ~gone)))
    waiting = _waiting(session, desk.log, desk.id)
    rows.sort(key=lambda row: _rank(row, waiting))
    return [need_line(desk, row, waiting.get(row.id, 0)) for row in rows]


def _waiting(session: Session, log: str, shelter: str) -> dict[str, int]:
    m = Match
    pledged = (m.log == log, m.shelter == shelter, m.state == MatchState.PLEDGED.value)
    return dict(session.execute(select(m.need, func.count()).where(*pledged).group_by(m.need)).all())


def _rank(row: Need, waiting: Mapping[str, int]) -> tuple[Any, ...]:
    arrived = row.good + row.filled >= row.required
    return arrived, not row.open, row.priority, row.need_by or _LATER, -waiting.get(row.id, 0), row.index


def need_line(desk: Desk, row: Need, waiting: int = 0) -> NeedLine:
    """A need on screen."""
    bar, unit = bar_of(row), desk.unit(row.item)
    title = desk.title(row.item, row.variant)
    return NeedLine(row, title, unit, bar, _sign(row, bar, desk.now), waiting)


def _sign(row: Need, bar: Bar, now: int) -> Sign | None:
    """How it stands: over, met, or by when it is wanted."""
    if row.stopped_at is not None:
        return "plain", "もう要りません"
    if row.expired_at is not None:
        return "plain", "期限が過ぎました"
    if bar.arrived >= bar.required:
        return "ok", "充足"
    if not bar.open:
        return None
    return _urgency(row, now)


def _urgency(row: Need, now: int) -> Sign | None:
    days = days_until(row.need_by, now) if row.need_by is not None else 99
    if days < 0:
        return "error", "必要な日を過ぎました"
    if days <= 1:
        return "error", f"{day_text(row.need_by, now)}必要"
    if days <= 3:
        return "warn", f"{days}日以内"
    return ("warn", "急ぎ") if row.priority == 1 else None


def note_of(session: Session, need: Need) -> str:
    """What was written beside a need when it was registered; "" if nothing was, or if it was erased."""
    act = session.scalar(
        select(LedgerEntry.id).where(LedgerEntry.log == need.log, LedgerEntry.index == need.index)
    )
    subject = vault.of_act(act) if act else ""
    notes = vault.read(session, need.log, [subject]).get(subject, {}).get("notes", {})
    return str(notes.get(need.id, "")) if isinstance(notes, dict) else ""


# From heads to three days of needs


def heads_lines(heads: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Fields of the head-count as (name, Japanese, count)."""
    return [(name, text, int(heads.get(name, 0))) for name, text in HEADS_TEXTS.items()]


def suggested(session: Session, desk: Desk, heads: Heads) -> list[Suggested]:
    """The three-day list of these people, less what is registered already and not here yet, and what is in stock."""
    known = _known(session, desk)
    return [_suggested(desk, line, known) for line in three_days(heads) if line.item in desk.items]


def _suggested(desk: Desk, line: Line, known: Mapping[tuple[str, str], int]) -> Suggested:
    item = desk.items[line.item]
    covered = sum(
        quantity for (code, variant), quantity in known.items()
        if code == line.item and item.accepts(line.variant, variant)
    )  # fmt: skip
    title, unit = desk.title(line.item, line.variant), desk.unit(line.item)
    return Suggested(line, title, unit, covered, max(0, line.quantity - covered))


def _known(session: Session, desk: Desk) -> dict[tuple[str, str], int]:
    """What still comes for the needs that stand, and what lies in stock, by item and variant."""
    if desk.disaster is None:
        return {}
    n, s = Need, Stock
    live = (n.log == desk.log, n.disaster == desk.disaster.id, n.shelter == desk.id, n.stopped_at.is_(None))
    coming = n.open + n.pledged + n.requested + n.transit
    needs = select(n.item, n.variant, func.sum(coming)).where(*live, n.expired_at.is_(None))
    stock = select(s.item, s.variant, s.quantity).where(
        s.disaster == desk.disaster.id, s.shelter == desk.id, s.quantity > 0
    )
    rows = [
        *session.execute(needs.group_by(n.item, n.variant)).all(),
        *session.execute(stock).all(),
    ]
    known: dict[tuple[str, str], int] = {}
    for item, variant, quantity in rows:
        known[item, variant] = known.get((item, variant), 0) + int(quantity or 0)
    return known


def heads_in(counts: Mapping[str, int]) -> Heads:
    """Head-counts as the rules take them."""
    return heads_of(dict(counts))
