"""The arithmetic of needs, offers, shipments and parcels. Pure: what happened goes in, quantities come out.

    open  = max(0, R − P − Q − T − G)    a need: required, pledged, requested, in transit, good received
    avail = A − H − Q − T − D − W ≥ 0    an offer: offered, held, requested, in transit, delivered, withdrawn or lost

A shipment gives so much to each of these (`Flow`), worked out from its decisions and the scans of its parcels, whatever
the order in which they came in; a need's numbers are the sums over its shipments. Goods beyond what a shipment
promised, goods from outside, goods that stayed at another shelter and goods under a void label form the pool of
(disaster, shelter, item, variant), which fills that shelter's needs in the order of their registration (`fill`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from webapp.supplies.steps import ON_THE_WAY, MatchState, Step

_JST_MS, _DAY_MS = 9 * 3_600_000, 86_400_000


class Scan(NamedTuple):
    """One scan of one parcel in effective time (ms): where, what it says, what it undoes."""

    id: str
    step: str
    code: str
    shelter: str
    at: int
    body: Mapping[str, Any]
    target: str = ""


class Box(NamedTuple):
    """A parcel as its label says: so many, good until `best_before` (yyyymmdd, 0: no date)."""

    code: str
    quantity: int
    best_before: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """What became of a parcel. Counts are of whole units; `counted_at` "" until somebody has counted.

    `arrived_*`: where it came to stay, its destination or a shelter that took it in; until then where it was seen last.
    """

    arrived_at: int | None = None
    arrived_by: str = ""  # the scan
    arrived_shelter: str = ""
    has_come: bool = False
    accepted_elsewhere: bool = False
    forwarded_to: str = ""
    counted_at: str = ""  # the shelter
    counted_when: int | None = None
    good: int = 0
    damaged: int = 0
    expired: int = 0
    missing: int = 0

    @property
    def is_seen(self) -> bool:
        """Somebody has had it in their hands: it has left its sender."""
        return self.arrived_at is not None


def standing(scans: Iterable[Scan]) -> list[Scan]:
    """What was not undone, by effective time, then id. A shelter takes back what it said itself, nobody else's word."""
    told = list(scans)
    undone = {(scan.target, scan.shelter) for scan in told if scan.step == Step.VOID}
    kept = [scan for scan in told if scan.step != Step.VOID and (scan.id, scan.shelter) not in undone]
    return sorted(kept, key=lambda scan: (scan.at, scan.id))


def story(box: Box, destination: str, scans: Iterable[Scan]) -> Story:
    """Fold the scans of one parcel: the first that says that it came to stay is its arrival, the last count counts.

    It came to stay when it was seen at its destination, or when another shelter took it in: said so, or counted it. A
    shelter that only saw it and sent it on changes nothing but where it was seen last. What is past its date when it is
    counted is expired, whatever was tapped.
    """
    told = standing(scans)
    if not told:
        return Story()
    stayed = [scan for scan in told if scan.shelter == destination or _takes_in(scan)]
    counts = [scan for scan in told if scan.step == Step.COUNTED]
    last = counts[-1] if counts else None
    accepted = last.shelter != destination if last else any(scan.shelter != destination for scan in stayed)
    seen = stayed[0] if stayed else told[-1]
    good, damaged, expired, missing = _count(box, last) if last else (0, 0, 0, 0)
    return Story(
        seen.at, seen.id, seen.shelter, bool(stayed), accepted, _forwarded(told),
        last.shelter if last else "", last.at if last else None, good, damaged, expired, missing,
    )  # fmt: skip


def _takes_in(scan: Scan) -> bool:
    """A count, or 「ここで受け取る」: the goods stay where this was said."""
    return scan.step == Step.COUNTED or (scan.step == Step.ARRIVED and bool(scan.body.get("accept")))


def _forwarded(told: Sequence[Scan]) -> str:
    """Where it was sent on to, unless it was seen afterwards."""
    last = told[-1] if told else None
    return str(last.body.get("to", "")) if last and last.step == Step.FORWARDED else ""


def _count(box: Box, scan: Scan) -> tuple[int, int, int, int]:
    body = scan.body
    if body.get("as_listed"):
        good, damaged, expired = box.quantity, 0, 0
    else:
        good, damaged, expired = (int(body.get(name, 0)) for name in ("good", "damaged", "expired"))
    if 0 < box.best_before < day_of(scan.at):
        good, expired = 0, expired + good
    return good, damaged, expired, max(0, box.quantity - good - damaged - expired)


def day_of(at_ms: int) -> int:
    """The calendar day in Japan of an instant (ms), as yyyymmdd. By the civil-from-days algorithm (H. Hinnant)."""
    days = (at_ms + _JST_MS) // _DAY_MS + 719_468
    era, doe = divmod(days, 146_097)
    yoe = (doe - doe // 1_460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    year = yoe + era * 400 + (month <= 2)
    return year * 10_000 + month * 100 + doy - (153 * mp + 2) // 5 + 1


class Flow(NamedTuple):
    """What one shipment gives to the numbers of its need and of its offer."""

    pledged: int = 0
    requested: int = 0
    transit: int = 0
    good: int = 0
    offer_transit: int = 0
    delivered: int = 0
    lost: int = 0

    @property
    def promised(self) -> int:
        """Of the need: not on its way yet."""
        return self.pledged + self.requested


@dataclass(frozen=True, slots=True)
class Outcome:
    """A shipment as a whole: its state, its flow, and what goes to the pool of which shelter."""

    state: MatchState
    flow: Flow
    pool: Mapping[str, int] = field(default_factory=dict)


class Line(NamedTuple):
    """A parcel with its story; `live`: its label, or the one that replaced it, is good."""

    box: Box
    story: Story
    live: bool = True


def outcome(
    decided: MatchState, quantity: int, destination: str, lines: Sequence[Line], *, closed_short: bool = False
) -> Outcome:
    """Fold a shipment. `decided` is what people decided last, `quantity` what was pledged or asked for.

    Goods that have been seen anywhere have left, whether 発送 was pressed or not; what was cancelled and comes all the
    same goes to the pool, and so does what a void label stands on.
    """
    live = [line for line in lines if line.live]
    pool = _pool(destination, live, [line for line in lines if not line.live])
    has_left = any(line.story.is_seen for line in live)
    if decided not in ON_THE_WAY and not (has_left and decided == MatchState.REQUESTED):
        return Outcome(decided, _promise(decided, quantity), pool)
    parts = [_part(line, destination, lost=decided == MatchState.LOST, closed=closed_short) for line in live]
    flow = Flow(*map(sum, zip(*parts, strict=True))) if parts else Flow()
    return Outcome(_state(decided, live, closed_short=closed_short), flow, pool)


def _promise(decided: MatchState, quantity: int) -> Flow:
    if decided == MatchState.PLEDGED:
        return Flow(pledged=quantity)
    return Flow(requested=quantity) if decided == MatchState.REQUESTED else Flow()


def _state(decided: MatchState, live: Sequence[Line], *, closed_short: bool) -> MatchState:
    if closed_short or (live and all(line.story.counted_at for line in live)):
        return MatchState.RECEIVED
    if any(line.story.has_come for line in live):
        return MatchState.ARRIVED
    return MatchState.SHIPPED if any(line.story.is_seen for line in live) else decided


def _part(line: Line, destination: str, *, lost: bool, closed: bool) -> Flow:
    """One parcel's share: on its way until counted, lost, or closed short."""
    sent, seen = line.box.quantity, line.story
    if seen.counted_at:
        good = min(seen.good, sent) if seen.counted_at == destination else 0
        return Flow(good=good, delivered=sent)
    if closed:
        return Flow(delivered=sent)
    if lost and not seen.is_seen:
        return Flow(lost=sent)
    return Flow(transit=0 if seen.accepted_elsewhere else sent, offer_transit=sent)


def _pool(destination: str, live: Iterable[Line], void: Iterable[Line]) -> dict[str, int]:
    """Good units beyond the label, and all of those that were counted elsewhere or under a void label."""
    pool: dict[str, int] = {}
    for line, counts in [*((line, True) for line in live), *((line, False) for line in void)]:
        seen = line.story
        at_home = counts and seen.counted_at == destination
        extra = seen.good - min(seen.good, line.box.quantity) if at_home else seen.good
        if seen.counted_at and extra:
            pool[seen.counted_at] = pool.get(seen.counted_at, 0) + extra
    return pool


def open_of(required: int, pledged: int, requested: int, transit: int, good: int) -> int:
    """What is still wanted of a need that is neither stopped nor expired."""
    return max(0, required - pledged - requested - transit - good)


def available(offered: int, held: int, requested: int, transit: int, delivered: int, withdrawn: int) -> int:
    """What can still be asked for of an offer; never negative in a log that our door has written."""
    return offered - held - requested - transit - delivered - withdrawn


def fill(pool: int, wanting: Sequence[int]) -> tuple[list[int], int]:
    """Share the pool over needs that still want so many, the earliest first; what is left is stock.

    Nothing is created or lost: the shares and the stock sum up to the pool (never below 0).
    """
    left, shares = max(0, pool), list[int]()
    for wanted in wanting:
        share = min(left, max(0, wanted))
        shares.append(share)
        left -= share
    return shares, left


def held_by(quantity: int, still_open: int, *, verified: bool, allowance: int) -> int:
    """How much of a need a pledge holds: never more than is open; unverified senders only their allowance."""
    most = still_open if verified else min(still_open, max(0, allowance))
    return max(0, min(quantity, most))


def shared_out(quantity: int, boxes: Sequence[int]) -> list[int]:
    """Contents of the boxes when only `quantity` of their sum has left: taken from the last ones.

    Sums to `min(quantity, sum(boxes))`.
    """
    left, shares = quantity, list[int]()
    for size in boxes:
        shares.append(min(size, left))
        left -= shares[-1]
    return shares
