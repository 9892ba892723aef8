"""Fold again what was touched: a shipment from its parcels and scans, then its need, its offer, and the pools."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from sqlalchemy import and_, delete, func, select
from sqlalchemy.orm import Session

from webapp.kernel.base.rows import Lookup
from webapp.kernel.intake.door import OK, Verdict
from webapp.supplies import catalogue
from webapp.supplies.models import Match, Need, Offer, Parcel, PoolPart, ScanRow, Stock
from webapp.supplies.rules import Box, Line, Outcome, Scan, available, fill, open_of, outcome, story
from webapp.supplies.steps import FINDINGS, Audience, MatchState, Step

#: (disaster, shelter, item, variant): what arrives beside a promise fills the needs of one such group.
Group = tuple[str, str, str, str]


@dataclass
class Touched:
    """What the entries of a batch concern: `fresh` needs are summed up, `pools` have got other parts."""

    matches: set[str] = field(default_factory=set)
    needs: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    offers: set[str] = field(default_factory=set)
    groups: set[Group] = field(default_factory=set)
    pools: set[Group] = field(default_factory=set)
    strangers: dict[str, Verdict] = field(default_factory=dict)


def refold(session: Session, log: str, touched: Touched) -> dict[str, Verdict]:
    """Work out shipments, needs, offers and stocks anew; answers what the scans of the shipments are worth now."""
    session.flush()
    verdicts = dict(touched.strangers)
    for match in _all(session, Match, touched.matches):
        verdicts.update(_match(session, match, touched))
        touched.needs.add(match.need)
        touched.offers.add(match.offer)
    if touched.fresh:
        session.flush()
    for need in _all(session, Need, touched.needs):
        if need.id in touched.fresh:
            _sum_need(session, need)
        touched.groups.add((need.disaster, need.shelter, need.item, need.variant))
    for offer in _all(session, Offer, touched.offers):
        spent = offer.withdrawn + offer.lost
        offer.avail = available(
            offer.offered, offer.held, offer.requested, offer.transit, offer.delivered, spent
        )
    for group in sorted(touched.groups | touched.pools):
        _fill(session, log, group, anew=group in touched.pools)
    session.flush()
    return verdicts


def _all(session: Session, table: Any, ids: Iterable[str]) -> Iterable[Any]:
    return (row for id in sorted(ids) if id and (row := session.get(table, id)) is not None)


def _match(session: Session, match: Match, touched: Touched) -> Mapping[str, Verdict]:
    parcels = list(
        session.scalars(select(Parcel).where(Parcel.match == match.id).order_by(Parcel.labelled_at, Parcel.k))
    )
    scans, current = _scans_of(session, match.log, parcels), _current(parcels)
    of_box: dict[str, list[Scan]] = {}
    for scan in scans:  # what was read from a label that was replaced was read from the same box
        of_box.setdefault(current[scan.code], []).append(scan)
    lines = {parcel.code: _line(parcel, match.shelter, of_box.get(parcel.code, ())) for parcel in parcels}
    for parcel in parcels:
        _tell(parcel, lines[parcel.code])
    told = [lines[parcel.code] for parcel in parcels if not parcel.replaced_by]
    found = outcome(
        MatchState(match.decided), match.quantity, match.shelter, told, closed_short=match.closed_short
    )
    before = _given(match)
    _write(match, found, told)
    _pass_on(session, match, before)
    _pool(session, match, found, touched)
    return _verdicts(match, parcels, lines, scans, current)


_SCANS = Lookup(
    ScanRow.id, ScanRow.step, ScanRow.code, ScanRow.shelter, ScanRow.at, ScanRow.body, ScanRow.target,
    by=ScanRow.code, same=[ScanRow.log],
)  # fmt: skip


def _scans_of(session: Session, log: str, parcels: Sequence[Parcel]) -> list[Scan]:
    return [Scan(*row) for row in _SCANS.rows(session, [parcel.code for parcel in parcels], log=log)]


def _line(parcel: Parcel, destination: str, scans: Iterable[Scan]) -> Line:
    box = Box(parcel.code, parcel.quantity, parcel.best_before)
    return Line(box, story(box, destination, scans), live=parcel.void_at is None)


def _current(parcels: Sequence[Parcel]) -> dict[str, str]:
    """Each label → the one that stands for its box now."""
    following = {parcel.code: parcel.replaced_by for parcel in parcels}
    return {code: _last(code, following) for code in following}


def _last(code: str, following: Mapping[str, str]) -> str:
    while (after := following[code]) in following:
        code = after
    return code


def _tell(parcel: Parcel, line: Line) -> None:
    seen = line.story
    parcel.arrived_at, parcel.arrived_shelter = seen.arrived_at, seen.arrived_shelter
    parcel.arrived_by, parcel.forwarded_to = seen.arrived_by, seen.forwarded_to
    parcel.counted_at, parcel.counted_when = seen.counted_at, seen.counted_when
    parcel.good, parcel.damaged = seen.good, seen.damaged
    parcel.expired, parcel.missing = seen.expired, seen.missing


def _write(match: Match, found: Outcome, told: Sequence[Line]) -> None:
    flow, stories = found.flow, [line.story for line in told]
    match.state = found.state.value
    match.pledged, match.requested, match.transit, match.good = flow[:4]
    match.offer_transit, match.delivered, match.lost = flow[4:]
    match.damaged = sum(seen.damaged for seen in stories)
    match.expired = sum(seen.expired for seen in stories)
    match.missing = sum(seen.missing for seen in stories)
    match.parcels = sum(line.live for line in told)
    match.arrived_at = min((seen.arrived_at for seen in stories if seen.arrived_at is not None), default=None)
    ends = [seen.counted_when for seen in stories if seen.counted_when is not None]
    match.received_at = max(ends, default=match.arrived_at) if found.state == MatchState.RECEIVED else None


_GIVEN = attrgetter("pledged", "requested", "transit", "good", "offer_transit", "delivered", "lost")


def _given(match: Match) -> tuple[int, ...]:
    return tuple(_GIVEN(match))


def _pass_on(session: Session, match: Match, before: Sequence[int]) -> None:
    """What a shipment gives more or less than before goes to its need and its offer: their numbers stay the sums."""
    pledged, requested, transit, good, offer_transit, delivered, lost = (
        new - old for new, old in zip(_given(match), before, strict=True)
    )
    if (need := session.get(Need, match.need)) is not None:
        need.pledged += pledged
        need.requested += requested
        need.transit += transit
        need.good += good
    offer = session.get_one(Offer, match.offer)
    offer.held += pledged
    offer.requested += requested
    offer.transit += offer_transit
    offer.delivered += delivered
    offer.lost += lost


def _pool(session: Session, match: Match, found: Outcome, touched: Touched) -> None:
    """What this shipment brought beside its promise, by the shelter where it was counted."""
    brought = sum(found.pool.values())
    if not brought and not match.pooled:
        return
    match.pooled = brought
    held = session.execute(
        select(PoolPart.source, PoolPart.shelter).where(PoolPart.source.like(f"{match.id}:%"))
    )
    old = {row.source: row.shelter for row in held}
    new = {f"{match.id}:{shelter}": (shelter, good) for shelter, good in found.pool.items()}
    for source in old.keys() | new.keys():
        shelter = new[source][0] if source in new else old[source]
        touched.pools.add((match.disaster, shelter, match.item, match.variant))
    if gone := sorted(old.keys() - new.keys()):
        session.execute(
            delete(PoolPart).where(PoolPart.source.in_(gone)).execution_options(synchronize_session="fetch")
        )
    for source, (shelter, good) in sorted(new.items()):
        put_pool(session, source, match.log, (match.disaster, shelter, match.item, match.variant), good)


def put_pool(session: Session, source: str, log: str, group: Group, quantity: int) -> None:
    """Enter a part of a pool, or change how much it is; nothing is no part."""
    disaster, shelter, item, variant = group
    told = {"log": log, "disaster": disaster, "shelter": shelter, "item": item, "variant": variant}
    _put(session, PoolPart, source, quantity, {"source": source, **told})


def _put(session: Session, table: Any, key: Any, quantity: int, told: Mapping[str, Any]) -> None:
    row = session.get(table, key)
    if row is not None and quantity:
        row.quantity = quantity
    elif row is not None:
        session.delete(row)
    elif quantity:
        session.add(table(**told, quantity=quantity))
    session.flush()


def _sum_need(session: Session, need: Need) -> None:
    m = Match
    sums = select(func.sum(m.pledged), func.sum(m.requested), func.sum(m.transit), func.sum(m.good))
    row = session.execute(sums.where(m.need == need.id)).one()
    need.pledged, need.requested, need.transit, need.good = (int(value or 0) for value in row)


def _fill(session: Session, log: str, group: Group, *, anew: bool) -> None:
    """Share out a group's pool, keep what is left as stock, and say what is open of each need."""
    disaster, shelter, item, variant = group
    n = Need
    same = (n.disaster == disaster, n.shelter == shelter, n.item == item, n.variant == variant)
    needs = list(session.scalars(select(n).where(*same).order_by(n.index, n.id)))
    stock = session.get(Stock, group)
    if anew:
        session.flush()
        pool = _pool_of(session, group)
    else:
        pool = sum(need.filled for need in needs) + (stock.quantity if stock else 0)
    wanting = [
        0
        if _is_closed(need)
        else open_of(need.required, need.pledged, need.requested, need.transit, need.good)
        for need in needs
    ]
    shares, left = fill(
        pool, [wanted if _takes_anything(need) else 0 for need, wanted in zip(needs, wanting, strict=True)]
    )
    for need, wanted, share in zip(needs, wanting, shares, strict=True):
        need.filled, need.open = share, wanted - share
    if left or stock is not None:
        _keep_stock(session, log, group, left)


def _pool_of(session: Session, group: Group) -> int:
    p = PoolPart
    same = (p.disaster == group[0], p.shelter == group[1], p.item == group[2], p.variant == group[3])
    return int(session.scalar(select(func.sum(p.quantity)).where(and_(*same))) or 0)


def _takes_anything(need: Need) -> bool:
    """Food that nobody has declared never covers an allergy need, unless it is made for one (F10, I03)."""
    if not need.excluded and Audience.ALLERGY not in need.audience:
        return True
    item = catalogue.BASE.get(need.item)
    return item is not None and ("allergy" in item.tags or not item.is_eaten)


def _is_closed(need: Need) -> bool:
    return need.stopped_at is not None or need.expired_at is not None


def _keep_stock(session: Session, log: str, group: Group, left: int) -> None:
    disaster, shelter, item, variant = group
    told = {"disaster": disaster, "shelter": shelter, "item": item, "variant": variant, "log": log}
    _put(session, Stock, group, left, told)


def _verdicts(
    match: Match,
    parcels: Sequence[Parcel],
    lines: Mapping[str, Line],
    scans: Sequence[Scan],
    current: Mapping[str, str],
) -> Mapping[str, Verdict]:
    by_code = {parcel.code: parcel for parcel in parcels}
    return {
        scan.id: as_verdict(_findings(scan, by_code[scan.code], match, lines[current[scan.code]]))
        for scan in scans
    }


def as_verdict(codes: Iterable[str], **params: Any) -> Verdict:
    """Findings as a verdict."""
    found = tuple((code, FINDINGS[code], params) for code in codes)
    return Verdict("attention", found) if found else OK


def _findings(scan: Scan, parcel: Parcel, match: Match, line: Line) -> list[str]:
    seen, found = line.story, list[str]()
    if scan.step not in (Step.ARRIVED, Step.COUNTED):
        return found
    if parcel.void_at is not None:
        found.append("PARCEL_STOPPED" if match.ended_by == "stop" else "PARCEL_VOID")
    if scan.shelter != match.shelter:
        found.append("PARCEL_ELSEWHERE")
    if scan.step == Step.COUNTED and seen.counted_when == scan.at:
        found += _count_findings(line)
    return found


def _count_findings(line: Line) -> list[str]:
    seen, sent = line.story, line.box.quantity
    found = ["PARCEL_SHORT"] if seen.missing or seen.damaged else []
    found += ["PARCEL_OVER"] if seen.good + seen.damaged + seen.expired > sent else []
    return [*found, *(["PARCEL_EXPIRED"] if seen.expired else [])]
