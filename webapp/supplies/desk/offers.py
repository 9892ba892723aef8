"""What the receiving side reads about goods that somebody has: pledges that wait for an answer, offers, own surplus."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import DAY, HOUR, jst
from webapp.kernel.identity.models import Organisation
from webapp.kernel.ledger import vault
from webapp.supplies import catalogue
from webapp.supplies.catalogue import NeedTerms, OfferTerms
from webapp.supplies.desk.home import PAGE, Desk, allergens_text
from webapp.supplies.form_messages import SENTENCES
from webapp.supplies.models import Match, Need, Offer, Stock
from webapp.supplies.quantities import show_day
from webapp.supplies.steps import (
    PLEDGE_LIVES_MS,
    AcceptPolicy,
    Audience,
    MatchState,
    OfferState,
    ReceiveMode,
)

#: From then on a pledge is answered before all others, whatever its size.
LONG_WAIT = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Goods:
    """An offer as the receiver sees it: what, from whom, until when it is good. No citizen is named."""

    row: Offer
    title: str
    unit: str
    sender: str
    note: str = ""

    @property
    def dated(self) -> str:
        """「2027年3月1日」, or ""."""
        return show_day(self.row.best_before) if self.row.best_before else ""

    @property
    def allergens(self) -> str | None:
        """What it holds in words, "" for none; None: not declared."""
        declared = self.row.allergens
        return None if declared is None else allergens_text(declared)

    @property
    def is_unverified(self) -> bool:
        """The sender's mail address has not answered yet."""
        return self.row.state == OfferState.UNVERIFIED


@dataclass(frozen=True, slots=True)
class Pledge:
    """A pledge that waits for an answer. `lapses_in` ms; `besides`: so many are still open beside it (「あと」).

    `doubts`: what speaks against it, in words: too late, too near its date.
    """

    row: Match
    goods: Goods
    besides: int
    waited: int
    lapses_in: int
    share: float
    doubts: Sequence[str] = ()

    @property
    def is_late(self) -> bool:
        """It has waited for long."""
        return self.waited >= LONG_WAIT


@dataclass(frozen=True, slots=True)
class Found:
    """An offer in the search. `why_not`: sentences why it does not fit a need of this item; `need`: the one it fits."""

    goods: Goods
    need: Need | None
    why_not: Sequence[str]


@dataclass(frozen=True, slots=True)
class StockLine:
    """What a shelter has beyond its needs."""

    item: str
    variant: str
    title: str
    unit: str
    quantity: int
    dated: bool
    eaten: bool


def goods_of(session: Session, desk: Desk, offers: Iterable[Offer], *, notes: bool = False) -> list[Goods]:
    """Offers with their words, in the order given; two queries."""
    rows = list(offers)
    asked = {row.shelter or row.org for row in rows}
    query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(sorted(asked)))
    names = dict(session.execute(query).all()) if asked else {}
    subjects = {row.id: vault.of_act(row.id) for row in rows} if notes else {}
    told = vault.read(session, desk.log, subjects.values()) if subjects else {}
    return [
        Goods(
            row, desk.title(row.item, row.variant), desk.unit(row.item), _sender(row, names),
            str(told.get(subjects.get(row.id, ""), {}).get("note", "")),
        )
        for row in rows
    ]  # fmt: skip


def _sender(row: Offer, names: dict[str, str]) -> str:
    if row.shelter:
        return f"{names.get(row.shelter, '')}の余り"
    return "個人の方" if row.individual else names.get(row.org, "")


def pledges_of(session: Session, desk: Desk) -> list[Pledge]:
    """Pledges that wait: what has waited for a day first, then what covers most of its need, then the oldest."""
    m, o, n = Match, Offer, Need
    query = select(m, o, n).join(o, o.id == m.offer).join(n, n.id == m.need)
    disaster = desk.disaster.id if desk.disaster else ""
    ours = (m.log == desk.log, m.shelter == desk.id, m.disaster == disaster)
    query = query.where(*ours, m.state == MatchState.PLEDGED.value)
    rows = session.execute(query).all()
    goods = goods_of(session, desk, [offer for _, offer, _ in rows])
    found = [_pledge(desk, match, held, need) for (match, _, need), held in zip(rows, goods, strict=True)]
    return sorted(found, key=lambda p: (not p.is_late, -p.share, p.row.pledged_at or 0, p.row.id))


def _pledge(desk: Desk, match: Match, goods: Goods, need: Need) -> Pledge:
    waited = max(0, desk.now - (match.pledged_at or desk.now))
    left = max(0, PLEDGE_LIVES_MS - waited)
    share = match.pledged / max(1, need.required)
    doubts = [SENTENCES[code] for code in _reasons(desk, goods.row, need)]
    return Pledge(match, goods, need.open, waited, left, share, doubts)


def pledge_of(session: Session, desk: Desk, match: Match) -> Pledge:
    """One pledge with all that the sender has said about it."""
    offer, need = session.get_one(Offer, match.offer), session.get_one(Need, match.need)
    (goods,) = goods_of(session, desk, [offer], notes=True)
    return _pledge(desk, match, goods, need)


# Free offers


def search(session: Session, desk: Desk, words: str, category: str, offset: int) -> tuple[list[Found], int]:
    """Offers that can be asked for, a page of them: what fits a need of this shelter first, then the oldest."""
    if desk.disaster is None:
        return [], 0
    o, needs = Offer, _wanting(session, desk)
    query = select(o).where(o.disaster == desk.disaster.id, o.state == OfferState.ACTIVE, o.avail > 0)
    query = query.where(o.shelter != desk.id)
    if words or category:
        query = query.where(o.item.in_(_codes(desk, words, category)))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    wanted = sorted(
        {need.item for need in needs} | {s.item for n in needs for s in catalogue.substitutes(n.item)}
    )
    near = case((o.item.in_(wanted), 0), else_=1)
    rows = session.scalars(query.order_by(near, o.offered_at, o.id).limit(PAGE).offset(offset))
    found = [judged(desk, goods, needs) for goods in goods_of(session, desk, rows)]
    return sorted(found, key=lambda one: (one.need is None, not one.why_not)), total


def _codes(desk: Desk, words: str, category: str) -> list[str]:
    items = [item for item in desk.items.values() if category in ("", item.category)]
    return [item.code for item in catalogue.search(items, words)]


def _wanting(session: Session, desk: Desk) -> list[Need]:
    """Needs of this shelter that are open, the most urgent first."""
    if desk.disaster is None:
        return []
    n = Need
    query = select(n).where(
        n.log == desk.log, n.disaster == desk.disaster.id, n.shelter == desk.id, n.open > 0
    )
    return list(session.scalars(query.order_by(n.priority, n.need_by.is_(None), n.need_by, n.index)))


def judged(desk: Desk, goods: Goods, needs: Sequence[Need]) -> Found:
    """The need that an offer may go to; where only the rules are against it, why."""
    near = [need for need in needs if goods.row.item == need.item]
    reasons: list[str] = []
    for need in near:
        codes = _reasons(desk, goods.row, need)
        if not codes:
            return Found(goods, need, ())
        reasons = reasons or [SENTENCES[code] for code in codes]
    return Found(goods, None, reasons)


def _reasons(desk: Desk, offer: Offer, need: Need) -> list[str]:
    """Rules of `catalogue.fits`; whom the shelter takes goods from is no rule for what it asks for itself."""
    shelter = desk.shelter.row
    terms = NeedTerms(
        need.item, need.variant, tuple(need.excluded), Audience.ALLERGY in need.audience,
        jst(need.need_by).date() if need.need_by is not None else None, ReceiveMode(shelter.receive_mode),
        AcceptPolicy.ANYONE,
    )  # fmt: skip
    given = OfferTerms(
        offer.item, offer.variant, offer.avail, offer.best_before, offer.allergens, offer.eta_days,
        by_organisation=not offer.individual,
    )  # fmt: skip
    return catalogue.fits(terms, given, jst(desk.now).date(), desk.items)


def offer_of(session: Session, desk: Desk, offer_id: str) -> Goods | None:
    """An offer of this desk's disaster that the shelter could ask for."""
    row = session.get(Offer, offer_id)
    if row is None or desk.disaster is None or row.disaster != desk.disaster.id or row.shelter == desk.id:
        return None
    return goods_of(session, desk, [row], notes=True)[0]


def choices(session: Session, desk: Desk, goods: Goods) -> list[tuple[Need, Sequence[str]]]:
    """Needs of this shelter for which an offer could be asked for, and what is against each."""
    item = desk.items.get(goods.row.item)
    near = [
        need for need in _standing(session, desk, goods.row.item)
        if need.variant == goods.row.variant or (item and item.accepts(need.variant, goods.row.variant))
    ]  # fmt: skip
    return [(need, [SENTENCES[code] for code in _reasons(desk, goods.row, need)]) for need in near]


def _standing(session: Session, desk: Desk, item: str) -> list[Need]:
    n = Need
    disaster = desk.disaster.id if desk.disaster else ""
    query = select(n).where(n.log == desk.log, n.disaster == disaster, n.shelter == desk.id, n.item == item)
    query = query.where(n.stopped_at.is_(None), n.expired_at.is_(None))
    return list(session.scalars(query.order_by(n.open.desc(), n.priority, n.index)))


def arrives_on(goods: Goods, now: int) -> int:
    """When goods that are asked for now are expected, ms."""
    return now + goods.row.eta_days * DAY


# Surplus


def stock_of(session: Session, desk: Desk) -> list[StockLine]:
    """What the shelter has beyond its needs."""
    if desk.disaster is None:
        return []
    s = Stock
    query = select(s).where(s.disaster == desk.disaster.id, s.shelter == desk.id, s.quantity > 0)
    return [_stock_line(desk, row) for row in session.scalars(query.order_by(s.item, s.variant))]


def _stock_line(desk: Desk, row: Stock) -> StockLine:
    item = desk.items.get(row.item)
    dated, eaten = (item.is_dated, item.is_eaten) if item else (False, False)
    return StockLine(
        row.item, row.variant, desk.title(row.item, row.variant), desk.unit(row.item), row.quantity, dated,
        eaten,
    )  # fmt: skip
