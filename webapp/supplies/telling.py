"""Who is told what: mails ① to ④ and those about what was declined, lapsed, called off, lost or not as listed.

Told for each entry by itself, from what was decided up to it: never from what is folded at the end of a batch. So a
log that is folded again tells the same, in whatever pieces. How each is written: `notices`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from webapp.kernel.base.workbench import Workbench, workbench
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.notifications.service import Due, queue
from webapp.supplies import entries as kinds
from webapp.supplies.models import Match, Offer, Parcel, ScanRow, Shelter
from webapp.supplies.rules import Box, Scan, Story, story
from webapp.supplies.steps import MatchState, ReceiveMode, Step

#: Kinds of notices that are not called like the entry that causes them.
ARRIVED, ELSEWHERE, DIFFERED = "supplies.arrived", "supplies.elsewhere", "supplies.differed"


def tell(session: Session, entry: Recorded, body: Mapping[str, Any]) -> None:
    """Queue the notices that an entry causes, once each however often the log is folded."""
    teller = _TELLERS.get(entry.kind)
    if teller is not None and (rows := list(teller(_Told(workbench(session), entry, body)))):
        queue(session, entry.log, rows)


@dataclass(frozen=True, slots=True)
class _Told:
    """An entry, in the middle of the fold."""

    bench: Workbench
    entry: Recorded
    body: Mapping[str, Any]

    def match(self, id: str = "") -> Match:
        return self.bench.get_one(Match, id or self.body["match"])

    def sender(self, match: Match) -> str:
        """Who offered it: a person, or the shelter whose surplus it is."""
        offer = self.bench.get_one(Offer, match.offer)
        return f"shelter:{offer.shelter}" if offer.shelter else offer.sender

    def due(self, kind: str, match: Match, to: str, key: str = "", **facts: Any) -> Due:
        at = self.entry
        return Due(kind, match.id, to, at.index, at.recorded_at, facts, key)

    def merged(self, kind: str, match: Match, to: str) -> Due:
        """What another notice says already."""
        at = self.entry
        return Due(kind, match.id, to, at.index, at.recorded_at, {}, "merged", merged=True)


_Teller = Callable[[_Told], Iterator[Due]]


def _receiver(match: Match) -> str:
    return f"shelter:{match.shelter}"


def _held(told: _Told) -> Iterator[Due]:
    """① somebody wants to send it."""
    match = told.match()
    yield told.due(kinds.HELD, match, _receiver(match), quantity=match.quantity)


def _requested(told: _Told) -> Iterator[Due]:
    """③ please send it."""
    match = told.match(told.body.get("match") or told.entry.id)
    yield told.due(kinds.REQUESTED, match, told.sender(match), quantity=told.body["quantity"])


def _labelled(told: _Told) -> Iterator[Due]:
    """③ once more, when labels that may be printed already are good no more."""
    match = told.match()
    own = told.entry.by.actor == told.sender(match)  # who packs in boxes has the new labels before the eyes
    if told.body.get("void") and match.decided == MatchState.REQUESTED and not own:
        facts = {"quantity": match.quantity, "parcels": len(told.body["parcels"]), "again": True}
        yield told.due(kinds.REQUESTED, match, told.sender(match), told.entry.id, **facts)


def _shipped(told: _Told) -> Iterator[Due]:
    """② it is on its way: to where it will be used, and to where it is unloaded."""
    match = told.match()
    for shelter in (match.shelter, *_hub(told.bench, match.shelter)):
        yield told.due(kinds.SHIPPED, match, f"shelter:{shelter}", told.entry.id, quantity=match.quantity)


def _hub(bench: Workbench, shelter: str) -> tuple[str, ...]:
    row = bench.get(Shelter, shelter)
    return (row.hub,) if row and row.hub and row.receive_mode == ReceiveMode.HUB else ()


def _ended(told: _Told) -> Iterator[Due]:
    """What will not be sent is told to whoever did not decide it."""
    match = told.match()
    by_sender = told.body.get("by") == "sender"
    to = _receiver(match) if by_sender else told.sender(match)
    yield told.due(told.entry.kind, match, to, by=told.body.get("by", ""))


def _both(told: _Told) -> Iterator[Due]:
    match = told.match()
    yield told.due(told.entry.kind, match, told.sender(match), told.entry.id)
    yield told.due(told.entry.kind, match, _receiver(match), told.entry.id)


def _closed_short(told: _Told) -> Iterator[Due]:
    """What nobody counted is missing."""
    match = told.match()
    yield told.due(DIFFERED, match, told.sender(match))


def _scanned(told: _Told) -> Iterator[Due]:
    """④ and what a count found. A void label tells nobody anything, nor does a scan that was taken back before."""
    step = told.entry.data.get("step")
    if step not in (Step.ARRIVED, Step.COUNTED):
        return
    scan = told.bench.get_one(ScanRow, told.entry.id)
    parcel = _live(told.bench, scan)
    if parcel is None or _is_undone(told.bench, scan):
        return
    match = told.match(parcel.match)
    yield from _arrived(told, match, scan)
    if step == Step.COUNTED and _differs(_read(scan, parcel, match)):
        yield told.due(DIFFERED, match, told.sender(match))


def _arrived(told: _Told, match: Match, scan: ScanRow) -> Iterator[Due]:
    """④ at the first scan of the shipment; `queue` keeps the first of those that are called the same."""
    if match.decided == MatchState.REQUESTED:  # 発送 was never pressed: ④ says it all
        yield told.merged(kinds.SHIPPED, match, _receiver(match))
    stays = scan.shelter != match.shelter and (scan.step == Step.COUNTED or bool(scan.body.get("accept")))
    yield told.due(ARRIVED, match, told.sender(match), place=scan.shelter, stays=stays, at=scan.at)
    if stays:
        yield told.due(ELSEWHERE, match, _receiver(match), scan.shelter, place=scan.shelter)


def _live(bench: Workbench, scan: ScanRow) -> Parcel | None:
    """The parcel under the label that is good now, whichever of its labels was read."""
    parcel = bench.get(Parcel, scan.code)
    while parcel is not None and parcel.replaced_by:
        parcel = bench.get(Parcel, parcel.replaced_by)
    ours = parcel is not None and parcel.log == scan.log and parcel.void_at is None
    return parcel if ours else None


def _is_undone(bench: Workbench, scan: ScanRow) -> bool:
    return any(it.shelter == scan.shelter for it in bench.find(ScanRow, log=scan.log, target=scan.id))


def _read(scan: ScanRow, parcel: Parcel, match: Match) -> Story:
    """What this one count says, whatever is counted afterwards."""
    box = Box(parcel.code, parcel.quantity, parcel.best_before)
    return story(box, match.shelter, [Scan(scan.id, scan.step, scan.code, scan.shelter, scan.at, scan.body)])


def _differs(seen: Story) -> bool:
    return bool(seen.damaged or seen.expired or seen.missing)


_TELLERS: Mapping[str, _Teller] = {
    kinds.HELD: _held,
    kinds.REQUESTED: _requested,
    kinds.LABELLED: _labelled,
    kinds.SHIPPED: _shipped,
    kinds.DECLINED: _ended,
    kinds.LAPSED: _ended,
    kinds.CANCELLED: _ended,
    kinds.LOST: _both,
    kinds.ASKED: _both,
    kinds.CLOSED_SHORT: _closed_short,
    kinds.SCAN: _scanned,
}
