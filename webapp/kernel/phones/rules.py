"""The chain of a phone's scans in one log, and what its loss means for them. Pure.

Everything is asked of sets, never of the order in which scans arrived. What can be said about a number (a gap below
it, a broken link, a fork) depends on the scans at that number and the one before, and on the numbers that are there:
so that a new scan is judged without reading the whole chain.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

#: First and last number of each unbroken run, in order.
Runs = tuple[tuple[int, int], ...]


class Finding(StrEnum):
    """What may be wrong with a phone's scans. The code never changes; its sentence is in messages.py."""

    CHAIN_GAP = "CHAIN_GAP"
    CHAIN_BROKEN = "CHAIN_BROKEN"
    CHAIN_FORK = "CHAIN_FORK"
    PHONE_LOST = "PHONE_LOST"
    PHONE_REPORTED_LOST = "PHONE_REPORTED_LOST"
    PASS_OVER = "PASS_OVER"  # noqa: S105  (no password)


SEVERITY = {
    Finding.CHAIN_GAP: "wait",
    Finding.CHAIN_BROKEN: "block",
    Finding.CHAIN_FORK: "block",
    Finding.PHONE_LOST: "block",
    Finding.PHONE_REPORTED_LOST: "warn",
    Finding.PASS_OVER: "block",
}


class Link(NamedTuple):
    """A signed scan as the chain sees it. `at`: effective time, `place`: index in the log, `recorded_at`: our clock."""

    id: str
    seq: int
    hash: str
    prev: str
    at: int
    recorded_at: int
    place: int
    job: str = ""


class Start(NamedTuple):
    """Where a chain begins: its first number, and the hash of the chain that it goes on from, or ""."""

    first: int
    seam: str = ""


class Found(NamedTuple):
    """A finding about one number. `causes`: ids of the scans it concerns; `low` to `high`: numbers that are missing."""

    code: Finding
    causes: tuple[str, ...]
    key: str = ""
    low: int = 0
    high: int = 0


def joined(runs: Runs, numbers: Iterable[int]) -> Runs:
    """The runs with these numbers among them."""
    told: list[tuple[int, int]] = []
    for low, high in sorted([*runs, *((n, n) for n in set(numbers))]):
        if told and low <= told[-1][1] + 1:
            told[-1] = (told[-1][0], max(told[-1][1], high))
        else:
            told.append((low, high))
    return tuple(told)


def holes(runs: Runs, first: int) -> dict[int, tuple[int, int]]:
    """What is missing, by the number that follows it: {7: (5, 6)}."""
    ends = [first - 1, *(high for _, high in runs)]
    return {low: (end + 1, low - 1) for end, (low, _) in zip(ends, runs, strict=False) if low > end + 1}


def positions(new: Collection[int], before: Runs, after: Runs, first: int) -> set[int]:
    """The numbers about which something else may be said once `new` ones are there."""
    gaps, still = holes(before, first), holes(after, first)
    changed = {n for n in gaps.keys() | still.keys() if gaps.get(n) != still.get(n)}
    return {*new, *(n + 1 for n in new), *changed}


def findings_at(
    seq: int, here: Sequence[Link], below: Sequence[Link], gaps: Mapping[int, tuple[int, int]], start: Start
) -> list[Found]:
    """What is to be said about one number: of the scans at it, those at the one before, and the chain's `holes`."""
    told = []
    if seq in gaps and here:
        told.append(Found(Finding.CHAIN_GAP, _ids(here), "", *gaps[seq]))
    if len(here) > 1 and len({link.hash for link in here}) > 1:
        told.append(Found(Finding.CHAIN_FORK, _ids(here)))
    expected = _expected(seq, below, start)
    told += [
        Found(Finding.CHAIN_BROKEN, (link.id,), link.id)
        for link in here
        if expected is not None and link.prev not in expected
    ]
    return told


def has(runs: Runs, number: int) -> bool:
    """Whether the number is there."""
    return any(low <= number <= high for low, high in runs)


def _ids(links: Iterable[Link]) -> tuple[str, ...]:
    return tuple(sorted(link.id for link in links))


def _expected(seq: int, below: Sequence[Link], start: Start) -> set[str] | None:
    """The hashes that a scan of this number may name as the one before; None where that cannot be known (yet).

    A phone that had scanned before it was enrolled goes on from its own last scan, of which nothing is known here.
    """
    if seq > start.first:
        return {link.hash for link in below} or None
    if seq == 1:
        return {"", start.seam}
    return None


@dataclass(frozen=True, slots=True)
class Loss:
    """A revocation: since when the phone was gone (ms), and the place in the log where that was reported."""

    lost_at: int
    index: int


def after_loss(links: Iterable[Link], loss: Loss) -> dict[str, Finding]:
    """Of a revoked phone's scans those that its holder cannot answer for, by id.

    A scan that says itself that it was made after the loss was (PHONE_LOST), unless it was here before the loss; so
    was each later one of the same chain that came after the report, whatever its clock said. Others that came after
    the report may have been waiting on the phone or may be dated back: PHONE_REPORTED_LOST. A scan is beyond doubt
    if one that was here before the report names its hash, through any number of scans between.
    """
    all_links = list(links)
    known = _confirmed(all_links, loss.index)
    gone = {link.id for link in all_links if link.at >= loss.lost_at and link.recorded_at >= loss.lost_at}
    first = min((link.seq for link in all_links if link.id in gone), default=None)
    told = dict.fromkeys(gone, Finding.PHONE_LOST)
    for link in all_links:
        if link.id not in gone and link.id not in known:
            later = first is not None and link.seq > first
            told[link.id] = Finding.PHONE_LOST if later else Finding.PHONE_REPORTED_LOST
    return told


def _confirmed(links: Sequence[Link], reported: int) -> set[str]:
    """Scans that were here before the report, and those whose hashes these hold, link by link."""
    known = {link.id for link in links if link.place < reported}
    named = {link.prev for link in links if link.id in known}
    for link in sorted(links, key=lambda each: -each.seq):
        if link.hash in named:
            known.add(link.id)
            named.add(link.prev)
    return known
