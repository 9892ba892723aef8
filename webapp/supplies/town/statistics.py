"""The figures of a whole disaster, as its report wants them, and as CSV. They sum up to what the ledger says.

All are whole units, counted once: goods where they were counted, needs and shipments where they are meant to go.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from statistics import median
from typing import Any

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session, aliased

from webapp.kernel.base.tabular import write_csv
from webapp.kernel.notifications.entries import NoticeState
from webapp.kernel.notifications.models import Notice
from webapp.supplies import catalogue, telling
from webapp.supplies import entries as kinds
from webapp.supplies.known import DisasterCard, items_of, shelter_names
from webapp.supplies.models import Disaster, Match, Need, Offer, Parcel, PoolPart, ScanRow, Stock
from webapp.supplies.scans import was_past
from webapp.supplies.steps import MatchState, Step

_HOUR_MS = 3_600_000


@dataclass
class Sums:
    """Units of one place, one item, one category, or of everything.

    `requested`: asked for and not called off. `shipped`: has left, 発送 pressed or not. `good` to `missing`:
    as counted under our labels; `outside`: came without one and can be used, what could not is `expired`. `surplus`:
    lies there beyond what is needed.
    """

    needs: int = 0
    required: int = 0
    open: int = 0
    requested: int = 0
    shipped: int = 0
    good: int = 0
    damaged: int = 0
    expired: int = 0
    missing: int = 0
    outside: int = 0
    surplus: int = 0

    def add(self, **more: int) -> None:
        """Add these up."""
        for name, value in more.items():
            setattr(self, name, getattr(self, name) + int(value or 0))

    def plus(self, other: "Sums") -> None:
        """Add another one up."""
        mine, theirs = vars(self), vars(other)
        for name in mine:
            mine[name] += theirs[name]


#: What the columns of `Sums` are called.
TITLES = {
    "needs": "必要物資の件数", "required": "必要数", "open": "残り", "requested": "送付依頼", "shipped": "発送",
    "good": "受領（良品）", "damaged": "破損", "expired": "期限切れ", "missing": "不足", "outside": "外部からの到着",
    "surplus": "余り",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """The sums of one thing with its name."""

    key: str
    name: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Standing:
    """Needs that are neither stopped nor expired, as the overview counts them; of these `open` are not covered."""

    count: int
    units: int
    open: int


@dataclass(frozen=True, slots=True)
class Offers:
    """What was offered: how many offers, units, and units of shelters' surplus offered on."""

    count: int
    units: int
    surplus: int


@dataclass(frozen=True, slots=True)
class Mails:
    """Notices about shipments by what became of them, and how many of ① to ④ were sent."""

    sent: int
    waiting: int
    failed: int
    numbered: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Times:
    """Medians in ms, None where nothing has got so far."""

    need_to_arrival: float | None
    pledge_to_request: float | None
    request_to_shipping: float | None
    shipping_to_arrival: float | None


@dataclass
class Figures:
    """Everything on the page of figures."""

    total: Sums
    standing: Standing
    offers: Offers
    mails: Mails
    times: Times
    categories: Sequence[Row] = field(default_factory=list)
    items: Sequence[Row] = field(default_factory=list)
    shelters: Sequence[Row] = field(default_factory=list)


#: (shelter, item) → sums
_Cells = dict[tuple[str, str], Sums]


def figures(session: Session, card: DisasterCard) -> Figures:
    """Sum everything up; the same number of queries whatever there is."""
    cells = _cells(session, card.id)
    items = items_of(session, card.log)
    by_item = _grouped((item, sums) for (_, item), sums in cells.items())
    by_shelter = _grouped((shelter, sums) for (shelter, _), sums in cells.items())
    by_category = _grouped((_category(items, item), sums) for item, sums in by_item.items())
    names = shelter_names(session, by_shelter)
    return Figures(
        total=_total(by_item.values()),
        standing=_standing(session, card.id),
        offers=_offers(session, card.id),
        mails=_mails(session, card.id),
        times=_times(session, card.id),
        categories=_rows(by_category, catalogue.category_text, [*catalogue.CATEGORIES]),
        items=_rows(by_item, lambda code: _item_name(items, code), sorted(by_item)),
        shelters=_rows(
            by_shelter, lambda id: names.get(id, id), sorted(by_shelter, key=lambda id: names.get(id, id))
        ),
    )


def _total(all_sums: Iterable[Sums]) -> Sums:
    total = Sums()
    for sums in all_sums:
        total.plus(sums)
    return total


def _grouped(named: Iterable[tuple[str, Sums]]) -> dict[str, Sums]:
    found: dict[str, Sums] = {}
    for name, sums in named:
        found.setdefault(name, Sums()).plus(sums)
    return found


def _rows(found: Mapping[str, Sums], name: Callable[[str], str], order: Sequence[str]) -> list[Row]:
    return [Row(key, name(key), found[key]) for key in order if key in found]


def _item_name(items: Mapping[str, catalogue.Item], code: str) -> str:
    known = items.get(code) or catalogue.BASE.get(code)
    return known.name_ja if known else code


def _category(items: Mapping[str, catalogue.Item], code: str) -> str:
    known = items.get(code) or catalogue.BASE.get(code)
    return known.category if known else "other"


def _cells(session: Session, disaster: str) -> _Cells:
    cells: _Cells = {}
    for query in (_needs, _matches, _counted, _outside, _surplus):
        rows = session.execute(query(disaster))
        names = list(rows.keys())[2:]
        for shelter, item, *values in rows:
            cells.setdefault((shelter, item), Sums()).add(**dict(zip(names, values, strict=True)))
    for came in session.scalars(_dated(disaster)):
        if was_past(came):
            sums = cells.setdefault((came.shelter, str(came.body["item"])), Sums())
            sums.add(expired=came.body["quantity"])
    return cells


def _needs(disaster: str) -> Any:
    n = Need
    sums = (
        func.count().label("needs"),
        func.sum(n.required).label("required"),
        func.sum(n.open).label("open"),
    )
    return select(n.shelter, n.item, *sums).where(n.disaster == disaster).group_by(n.shelter, n.item)


def _standing(session: Session, disaster: str) -> Standing:
    n = Need
    sums = (func.count(), func.sum(n.required), func.sum(case((n.open > 0, 1), else_=0)))
    live = (n.disaster == disaster, n.stopped_at.is_(None), n.expired_at.is_(None))
    row = session.execute(select(*sums).where(*live)).one()
    return Standing(*(int(value or 0) for value in row))


_OFF = [state.value for state in (MatchState.CANCELLED, MatchState.DECLINED, MatchState.LAPSED)]


def _matches(disaster: str) -> Any:
    m = Match
    asked = case((m.requested_at.is_not(None) & m.state.not_in(_OFF), m.quantity), else_=0)
    left = m.offer_transit + m.delivered + m.lost
    sums = (func.sum(asked).label("requested"), func.sum(left).label("shipped"))
    return select(m.shelter, m.item, *sums).where(m.disaster == disaster).group_by(m.shelter, m.item)


def _counted(disaster: str) -> Any:
    """Where it was counted. What was read from a replaced label is told of the label that replaced it."""
    p, m = Parcel, Match
    sums = [func.sum(getattr(p, name)).label(name) for name in ("good", "damaged", "expired", "missing")]
    query = select(p.counted_at, m.item, *sums).join(m, m.id == p.match)
    counted = query.where(m.disaster == disaster, p.counted_at != "", p.replaced_by == "")
    return counted.group_by(p.counted_at, m.item)


def _outside(disaster: str) -> Any:
    p = PoolPart
    query = select(p.shelter, p.item, func.sum(p.quantity).label("outside"))
    ours = query.where(p.disaster == disaster, p.source.like("%:outside"))
    return ours.group_by(p.shelter, p.item)


def _dated(disaster: str) -> Any:
    """Goods from outside with a date on them that were not taken back: those that were past it are in no pool."""
    s, taken_back = ScanRow, aliased(ScanRow)
    ours = (
        s.log.in_(select(Disaster.log).where(Disaster.id == disaster)),
        s.code == "",
        s.disaster == disaster,
    )
    undone = (taken_back.log == s.log, taken_back.target == s.id, taken_back.shelter == s.shelter)
    dated = s.body["best_before"].as_integer() > 0
    return select(s).where(*ours, s.step == Step.OUTSIDE.value, dated, ~exists().where(*undone))


def _surplus(disaster: str) -> Any:
    s = Stock
    query = select(s.shelter, s.item, func.sum(s.quantity).label("surplus"))
    return query.where(s.disaster == disaster).group_by(s.shelter, s.item)


def _offers(session: Session, disaster: str) -> Offers:
    o = Offer
    query = select(
        func.sum(case((o.shelter == "", 1), else_=0)),
        func.sum(case((o.shelter == "", o.offered), else_=0)),
        func.sum(case((o.shelter != "", o.offered), else_=0)),
    )
    row = session.execute(query.where(o.disaster == disaster)).one()
    return Offers(*(int(value or 0) for value in row))


#: ① … ④
NUMBERED = {"①": kinds.HELD, "②": kinds.SHIPPED, "③": kinds.REQUESTED, "④": telling.ARRIVED}


def _mails(session: Session, disaster: str) -> Mails:
    """A notice that another one says already was never a mail (code 0); one in a digest was (the server's code)."""
    n, m = Notice, Match
    query = select(n.kind, n.state, n.code, func.count()).join(m, m.id == n.about)
    rows = session.execute(query.where(m.disaster == disaster).group_by(n.kind, n.state, n.code)).all()
    sent = dict.fromkeys(NUMBERED.values(), 0)
    counts = {"sent": 0, "waiting": 0, "failed": 0}
    for kind, state, code, count in rows:
        what = _became(state, heard=code > 0)
        if what:
            counts[what] += count
        if what == "sent":
            sent[kind] = sent.get(kind, 0) + count
    return Mails(**counts, numbered={sign: sent[kind] for sign, kind in NUMBERED.items()})


def _became(state: NoticeState, *, heard: bool) -> str:
    if state == NoticeState.SENT or (state == NoticeState.MERGED and heard):
        return "sent"
    known = {NoticeState.PENDING: "waiting", NoticeState.REFUSED: "failed", NoticeState.GIVEN_UP: "failed"}
    return known.get(state, "")


def _times(session: Session, disaster: str) -> Times:
    m, n = Match, Need
    come = m.state.in_([MatchState.ARRIVED.value, MatchState.RECEIVED.value])  # not only seen on its way
    arrived = case((come, m.arrived_at))
    query = select(n.registered_at, m.pledged_at, m.requested_at, m.shipped_at, arrived)
    query = query.join(n, n.id == m.need)
    rows = [
        tuple(row)
        for row in session.execute(query.where(m.disaster == disaster, m.requested_at.is_not(None)))
    ]
    return Times(_middle(rows, 0, 4), _middle(rows, 1, 2), _middle(rows, 2, 3), _middle(rows, 3, 4))


def _middle(rows: Sequence[Sequence[int | None]], start: int, end: int) -> float | None:
    spans = [
        last - first for row in rows if (first := row[start]) is not None and (last := row[end]) is not None
    ]
    return median(max(0, span) for span in spans) if spans else None


def span_text(ms: float | None) -> str:
    """「3日 4時間」, 「5時間」; a dash where there is none."""
    if ms is None:
        return "–"
    days, hours = divmod(round(ms / _HOUR_MS), 24)
    if days:
        return f"{days}日 {hours}時間" if hours else f"{days}日"
    return f"{hours}時間" if hours else "1時間未満"


def as_csv(found: Figures) -> bytes:
    """One line a thing: everything, then categories, items and shelters."""
    return write_csv(_lines(found), "utf-8-sig")


def _lines(found: Figures) -> Iterator[Sequence[object]]:
    names = [each.name for each in fields(Sums)]
    yield ("まとめ", "番号", "名前", *(TITLES[name] for name in names))
    parts = [("合計", [Row("", "合計", found.total)]), ("区分", found.categories), ("品目", found.items)]
    for part, rows in [*parts, ("避難所", found.shelters)]:
        for row in rows:
            yield (part, row.key, row.name, *(getattr(row.sums, name) for name in names))
    yield ()
    yield from _others(found)


def _others(found: Figures) -> Iterator[Sequence[object]]:
    yield ("必要物資", "", "いま必要なもの（終わったものを除く）の件数", found.standing.count)
    yield ("必要物資", "", "いま必要なものの数", found.standing.units)
    yield ("必要物資", "", "まだ足りないものの件数", found.standing.open)
    yield ("提供物資", "", "提供の件数", found.offers.count)
    yield ("提供物資", "", "提供された数", found.offers.units)
    yield ("提供物資", "", "余りから提供した数", found.offers.surplus)
    for sign, count in found.mails.numbered.items():
        yield ("メール", "", f"{sign}を送った数", count)
    yield ("メール", "", "送った数", found.mails.sent)
    yield ("メール", "", "送れなかった数", found.mails.failed)
    for name, ms in timed(found.times):
        yield ("かかった時間（中央値、時間）", "", name, "" if ms is None else round(ms / _HOUR_MS, 1))


def timed(times: Times) -> list[tuple[str, float | None]]:
    """The medians with their names."""
    return [
        ("必要物資の登録から到着まで", times.need_to_arrival),
        ("申し出から送付依頼まで", times.pledge_to_request),
        ("送付依頼から発送まで", times.request_to_shipping),
        ("発送から到着まで", times.shipping_to_arrival),
    ]
