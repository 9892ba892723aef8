"""The two halves of a crossing, and which of them have found each other. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from webapp.kernel.intake.format import Body

OUT, IN = "ledger.crossing_out", "ledger.crossing_in"


class CrossingBody(Body):
    """The log at the other end, and how many things cross; what they are lies behind the act's commitment."""

    other: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
    count: Annotated[int, Field(ge=0, le=1_000_000)]


@dataclass(frozen=True, slots=True)
class Half:
    """One side of a crossing, as a log holds it. `at` in ms."""

    log: str
    index: int
    is_out: bool
    other: str
    commit: str
    count: int
    at: int


class Fault(StrEnum):
    """Why a half is listed."""

    MISSING = "missing"  # the other log is here and has no such half
    ELSEWHERE = "elsewhere"  # the other log is on another server: compare with them
    TWICE = "twice"  # the same half stands more than once
    COUNT = "count"  # both halves are there and do not agree


def unmatched(halves: Iterable[Half], here: Iterable[str]) -> list[tuple[Half, Fault]]:
    """Halves that are not one of a pair which agrees, in the order of time; `here`: logs that this server has.

    A pair has the same commitment, one leaves where the other says it came from, and the counts are equal. The order
    in which halves are given does not matter.
    """
    by_key: dict[tuple[str, str, str], list[Half]] = {}
    found, known = list(halves), set(here)
    for half in found:
        by_key.setdefault(_crossing(half), []).append(half)
    faults = [(half, fault) for half in found if (fault := _fault(half, by_key[_crossing(half)], known))]
    return sorted(faults, key=lambda each: (each[0].at, each[0].log, each[0].index))


def _crossing(half: Half) -> tuple[str, str, str]:
    """Both halves of a crossing give the same: commitment, from, to."""
    return (half.commit, half.log, half.other) if half.is_out else (half.commit, half.other, half.log)


def _fault(half: Half, group: Sequence[Half], here: set[str]) -> Fault | None:
    same = [each for each in group if each.is_out == half.is_out]
    partners = [each for each in group if each.is_out != half.is_out]
    if len(same) > 1:
        return Fault.TWICE
    if not partners:
        return Fault.MISSING if half.other in here else Fault.ELSEWHERE
    return None if all(each.count == half.count for each in partners) else Fault.COUNT
