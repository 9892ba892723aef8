"""What this room writes into the log, and a scan as the folds read it. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from webapp.custody.steps import Step
from webapp.kernel.intake.format import Body, Millis, Sha256, Text, Uuid, Word
from webapp.kernel.scanning.codes import is_code_or_stranger

SCAN = "custody.scan"
CONSIGNMENT_OPENED = "custody.consignment_opened"
IMPORT_COMMITTED = "custody.import_committed"
ASSETS_LISTED = "custody.assets_listed"
CAGE_ADDED = "custody.cage_added"
EXPORTED = "custody.exported"
EVIDENCE_VIEWED = "custody.evidence_viewed"

#: Later than this after our receipt is a wrong clock, not the future.
FUTURE_LIMIT_MS = 2 * 60_000
#: A phone that differs more than this from the server is said so.
SKEW_LIMIT_MS = 2 * 60_000
#: No device of ours lived before this: 2020-01-01 UTC.
ANCIENT_MS = 1_577_836_800_000
#: May undo what somebody else recorded.
CORRECTORS = frozenset({"officer", "itad_manager"})


class ConsignmentOpened(Body):
    """Ids of the three organisations, the certificate deadline (ms) and the policy; the title lies in the vault."""

    municipality: Word
    carrier: Word
    itad: Word
    due_at: Millis | None = None
    policy: Word


class ImportCommitted(Body):
    """The draft that was previewed: its file and how many devices it lists."""

    consignment: Word
    draft: Word
    file_sha256: Sha256
    devices: int


class CageAdded(Body):
    """A cage, its label's code and what is painted on it."""

    consignment: Word
    code: Text
    label: Text


class Exported(Body):
    """Who took out which list."""

    consignment: Uuid
    label: Literal["assets.csv"]


class EvidenceViewed(Body):
    """Who looked at which photo."""

    consignment: Uuid
    evidence: Sha256


#: Beside what a hand-over says, the folds find the hash of the words as its phone signed them: its answer names it.
#: No phone can say it itself (`body_fault` knows no such field).
DIGEST = "sha256"
NOTHING_SAID: Mapping[str, Any] = MappingProxyType({})


class Event(NamedTuple):
    """One scan of one thing, in effective time. `code` and `parent` are current codes (replaced ones resolved)."""

    id: str
    step: Step
    code: str
    parent: str
    at: int
    actor: str
    org: str = ""
    roles: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()
    photos: int = 0
    job: str = ""
    body: Mapping[str, Any] = NOTHING_SAID
    device: str = ""  # what a registration binds
    target: str = ""  # what a 訂正 undoes
    dev: str = ""  # the phone
    err: int = 0  # how far `at` may be from the real time, ms

    def is_surely_before(self, other: "Event") -> bool:
        """Whether this was first whatever the two clocks hide. One phone's own order is never in doubt."""
        hidden = 0 if self.dev == other.dev else self.err + other.err
        return self.at + hidden < other.at


def effective(at: int, off: int | None) -> int:
    """When it happened: the phone's clock corrected by the offset it last measured. Never by when it arrived."""
    return at + (off or 0)


def is_skewed(at: int, off: int | None, recorded_at: int) -> bool:
    """Whether the phone's clock was wrong by more than two minutes, or names a time that cannot be."""
    when = effective(at, off)
    return abs(off or 0) > SKEW_LIMIT_MS or when > recorded_at + FUTURE_LIMIT_MS or when < ANCIENT_MS


def in_order(events: Iterable[Event]) -> list[Event]:
    """By effective time, then id: the one order in which histories are folded."""
    return sorted(events, key=_WHEN)


_WHEN = attrgetter("at", "id")


def in_turn(events: Iterable[Event], rank: Mapping[Step, int]) -> list[Event]:
    """By effective time; where two phones' clocks cannot tell what was first, in the order of the steps (`rank`).

    The answer does not depend on the order in which `events` are given.
    """
    ordered = in_order(events)
    for end in range(1, len(ordered)):
        place = end
        while place and _is_in_doubt(ordered[place - 1], ordered[place], rank):
            ordered[place - 1], ordered[place] = ordered[place], ordered[place - 1]
            place -= 1
    return ordered


def _is_in_doubt(first: Event, second: Event, rank: Mapping[Step, int]) -> bool:
    return rank[second.step] < rank[first.step] and not first.is_surely_before(second)


def without_voided(events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """Scans that still count, and 訂正 that undo nothing (unknown target, or not this person's to undo).

    A 訂正 carries the code of the scan that it undoes: it reaches no other thing's history.
    """
    if Step.VOID not in [event.step for event in events]:
        return list(events), []
    by_id = {event.id: event for event in events if event.step != Step.VOID}
    gone, idle = set[str](), list[Event]()
    for void in in_order(event for event in events if event.step == Step.VOID):
        target = by_id.get(void.target)
        if target and target.code == void.code and _may_undo(void, target):
            gone.add(target.id)
        else:
            idle.append(void)
    return [event for event in by_id.values() if event.id not in gone], idle


def _may_undo(void: Event, target: Event) -> bool:
    return target.actor == void.actor or not CORRECTORS.isdisjoint(void.roles)


_UUID = r"([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?"
_CODES = frozenset({"lock", "drive"})
#: What the texts of a scan's body look like: short, ASCII, and of a form in which no name, note or maker's serial
#: number can slip into the log.
_TEXTS = {
    name: re.compile(form)
    for name, form in {
        "device": _UUID,
        "device_new": _UUID,
        "target": _UUID,
        "to": r"(p-[0-9a-f]{20})?",
        "offer": _UUID,
        "offer_hash": r"[0-9a-f]{64}",
        "nonce": r"[0-9a-f]{32}",
        "cls": r"[0-3]",
        "kind": r"[a-z]{0,16}",
        "reason": r"[a-z_]{0,32}",
        "result": r"[a-z_]{0,32}",
        "method": r"[a-z_]{0,32}",
        "verdict": r"(intact|broken|missing)",
        "manifest_hash": r"([0-9a-f]{64})?",
        "seal": r"[0-9A-Za-z_.:/+()-]{0,64}",
        "tool": r"[0-9A-Za-z _.:/+()-]{0,64}",
        "label": r"[0-9A-Za-z-]{0,12}",
    }.items()
}
_NUMBERS = frozenset({"count", "particle_mm"})
MOST_LISTED = 1_000


def body_fault(body: Mapping[str, Any]) -> str:
    """The name of the first field of a scan's body that is not of its form, or "". Numbers are 0 to 1,000,000."""
    for name, value in body.items():
        form = _TEXTS.get(name)
        if name in _CODES:
            fine = value == "" or _is_listed(value)
        elif form is None:
            fine = _is_number_or_manifest(name, value)
        else:
            fine = isinstance(value, str) and form.fullmatch(value) is not None
        if not fine:
            return name[:32]
    return ""


def _is_number_or_manifest(name: str, value: Any) -> bool:
    if name in _NUMBERS:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000
    listed = name == "manifest" and isinstance(value, list) and len(value) <= MOST_LISTED
    return listed and all(map(_is_listed, value))


def _is_listed(value: Any) -> bool:
    return isinstance(value, str) and is_code_or_stranger(value)
