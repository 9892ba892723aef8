"""Fold again what was touched: a shipment from its parcels and scans, then its need, its offer, and the pools."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from webapp.kernel.base.db import Base
from webapp.kernel.base.rows import Written
from webapp.kernel.base.workbench import Workbench, workbench
from webapp.kernel.intake.door import OK, Verdict
from webapp.supplies import catalogue
from webapp.supplies.models import Match, Need, Offer, Parcel, PoolPart, ScanRow, Stock
from webapp.supplies.rules import Box, Line, Outcome, Scan, Story, available, fill, open_of, outcome, story
from webapp.supplies.steps import FINDINGS, Audience, MatchState, Step

#: (disaster, shelter, item, variant): what arrives beside a promise fills the needs of one such group.
Group = tuple[str, str, str, str]
_Row = TypeVar("_Row", bound=Base)


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
    bench, verdicts = workbench(session), dict(touched.strangers)
    for match in _all(bench, Match, touched.matches):
        _group(bench, (match.disaster, match.shelter, match.item, match.variant))  # its need is one of these
        verdicts.update(_match(bench, match, touched))
        touched.needs.add(match.need)
        touched.offers.add(match.offer)
    for need in _all(bench, Need, touched.needs):
        if need.id in touched.fresh:
            _sum_need(bench, need)
        touched.groups.add((need.disaster, need.shelter, need.item, need.variant))
    for offer in _all(bench, Offer, touched.offers):
        spent = offer.withdrawn + offer.lost
        offer.avail = available(
            offer.offered, offer.held, offer.requested, offer.transit, offer.delivered, spent
        )
    for group in sorted(touched.groups | touched.pools):
        _fill(bench, log, group, anew=group in touched.pools)
    bench.flush()
    return verdicts


def _all(bench: Workbench, table: type[_Row], ids: Iterable[str]) -> Iterable[_Row]:
    wanted = sorted(id for id in ids if id)
    bench.fetch(table, wanted)
    return (row for id in wanted if (row := bench.get(table, id)) is not None)


def _match(bench: Workbench, match: Match, touched: Touched) -> Mapping[str, Verdict]:
    parcels = bench.find(Parcel, here=bench.is_new(Match, match.id), match=match.id)
    parcels.sort(key=attrgetter("labelled_at", "k"))
    scans, current = _scans_of(bench, match.log, parcels), _current(parcels)
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
    _pass_on(bench, match, before)
    _pool(bench, match, found, touched)
    return _verdicts(match, parcels, lines, scans, current)


def _scans_of(bench: Workbench, log: str, parcels: Sequence[Parcel]) -> list[Scan]:
    codes = [parcel.code for parcel in parcels]
    here = all(bench.is_new(Parcel, code) for code in codes)  # nobody has read a label that is being issued
    rows = bench.find(ScanRow, here=here, log=log, code=codes) if codes else []
    return [Scan(row.id, row.step, row.code, row.shelter, row.at, row.body, row.target) for row in rows]


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
    match.arrived_at = _arrival(stories)
    ends = [seen.counted_when for seen in stories if seen.counted_when is not None]
    match.received_at = max(ends, default=match.arrived_at) if found.state == MatchState.RECEIVED else None


def _arrival(stories: Sequence[Story]) -> int | None:
    """When the first box came to stay; while none has, when one of them was seen on its way."""
    seen = [(not told.has_come, told.arrived_at) for told in stories if told.arrived_at is not None]
    return min(seen)[1] if seen else None


_GIVEN = attrgetter("pledged", "requested", "transit", "good", "offer_transit", "delivered", "lost")


def _given(match: Match) -> tuple[int, ...]:
    return tuple(_GIVEN(match))


def _pass_on(bench: Workbench, match: Match, before: Sequence[int]) -> None:
    """What a shipment gives more or less than before goes to its need and its offer: their numbers stay the sums."""
    pledged, requested, transit, good, offer_transit, delivered, lost = (
        new - old for new, old in zip(_given(match), before, strict=True)
    )
    if (need := bench.get(Need, match.need)) is not None:
        need.pledged += pledged
        need.requested += requested
        need.transit += transit
        need.good += good
    offer = bench.get_one(Offer, match.offer)
    offer.held += pledged
    offer.requested += requested
    offer.transit += offer_transit
    offer.delivered += delivered
    offer.lost += lost


_BROUGHT = Written("SELECT source FROM supplies_pool WHERE source LIKE ?")


def _pool(bench: Workbench, match: Match, found: Outcome, touched: Touched) -> None:
    """What this shipment brought beside its promise, by the shelter where it was counted."""
    brought = sum(found.pool.values())
    if not brought and not match.pooled:
        return
    match.pooled = brought
    bench.flush()
    old = {source for (source,) in _BROUGHT.run(bench.session, f"{match.id}:%")}
    new = {f"{match.id}:{shelter}": (shelter, good) for shelter, good in found.pool.items()}
    for source in sorted(old | new.keys()):
        shelter, good = new.get(source, (source.removeprefix(f"{match.id}:"), 0))
        group = (match.disaster, shelter, match.item, match.variant)
        put_pool(bench, source, match.log, group, good)
        touched.pools.add(group)


def put_pool(bench: Workbench, source: str, log: str, group: Group, quantity: int) -> None:
    """Enter a part of a pool, or change how much it is; nothing is no part."""
    disaster, shelter, item, variant = group
    told = {"log": log, "disaster": disaster, "shelter": shelter, "item": item, "variant": variant}
    _put(bench, PoolPart, (source,), quantity, {"source": source, **told})


def _put(
    bench: Workbench,
    table: type[PoolPart] | type[Stock],
    key: tuple[str, ...],
    quantity: int,
    told: Mapping[str, Any],
) -> None:
    row = bench.get(table, *key)
    if row is not None and quantity:
        row.quantity = quantity
    elif row is not None:
        bench.remove(row, table)
    elif quantity:
        bench.add(table, **told, quantity=quantity)


def _sum_need(bench: Workbench, need: Need) -> None:
    ours = bench.find(Match, need=need.id)
    need.pledged, need.requested = sum(m.pledged for m in ours), sum(m.requested for m in ours)
    need.transit, need.good = sum(m.transit for m in ours), sum(m.good for m in ours)


def _same(group: Group) -> dict[str, Any]:
    return dict(zip(("disaster", "shelter", "item", "variant"), group, strict=True))


def _group(bench: Workbench, group: Group) -> list[Need]:
    return bench.find(Need, **_same(group))


def _fill(bench: Workbench, log: str, group: Group, *, anew: bool) -> None:
    """Share out a group's pool, keep what is left as stock, and say what is open of each need."""
    same, needs = _same(group), sorted(_group(bench, group), key=attrgetter("index", "id"))
    stock = bench.get(Stock, *group)
    if anew:
        pool = sum(part.quantity for part in bench.find(PoolPart, **same))
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
        _put(bench, Stock, group, left, {**same, "log": log})


def _takes_anything(need: Need) -> bool:
    """Food that nobody has declared never covers an allergy need, unless it is made for one (F10, I03)."""
    if not need.excluded and Audience.ALLERGY not in need.audience:
        return True
    item = catalogue.BASE.get(need.item)
    return item is not None and ("allergy" in item.tags or not item.is_eaten)


def _is_closed(need: Need) -> bool:
    return need.stopped_at is not None or need.expired_at is not None


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
