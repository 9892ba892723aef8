"""What this room writes into the log, and a scan as the folds read it. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from webapp.custody.steps import Step

SCAN = "custody.scan"
CONSIGNMENT_OPENED = "custody.consignment_opened"
IMPORT_COMMITTED = "custody.import_committed"
ASSETS_LISTED = "custody.assets_listed"
CAGE_ADDED = "custody.cage_added"
EXPORTED = "custody.exported"

#: Later than this after our receipt is a wrong clock, not the future.
FUTURE_LIMIT_MS = 2 * 60_000
#: A phone that differs more than this from the server is said so (reference scanning §5).
SKEW_LIMIT_MS = 2 * 60_000
#: No device of ours lived before this: 2020-01-01 UTC.
ANCIENT_MS = 1_577_836_800_000
#: May undo what somebody else recorded.
CORRECTORS = frozenset({"officer", "itad_manager"})


@dataclass(frozen=True, slots=True)
class Event:
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
    body: Mapping[str, Any] = field(default_factory=dict, hash=False)
    device: str = ""  # what a registration binds


def effective(at: int, off: int | None) -> int:
    """When it happened: the phone's clock corrected by the offset it last measured. Never by when it arrived."""
    return at + (off or 0)


def is_skewed(at: int, off: int | None, recorded_at: int) -> bool:
    """Whether the phone's clock was wrong by more than two minutes, or names a time that cannot be."""
    when = effective(at, off)
    return abs(off or 0) > SKEW_LIMIT_MS or when > recorded_at + FUTURE_LIMIT_MS or when < ANCIENT_MS


def in_order(events: Iterable[Event]) -> list[Event]:
    """By effective time, then id: the one order in which histories are folded."""
    return sorted(events, key=lambda event: (event.at, event.id))


def without_voided(events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """Scans that still count, and 訂正 that undo nothing (unknown target, or not this person's to undo)."""
    by_id = {event.id: event for event in events if event.step != Step.VOID}
    gone, idle = set[str](), list[Event]()
    for void in (event for event in events if event.step == Step.VOID):
        target = by_id.get(str(void.body.get("target", "")))
        if target and (target.actor == void.actor or CORRECTORS & set(void.roles)):
            gone.add(target.id)
        else:
            idle.append(void)
    return [event for event in by_id.values() if event.id not in gone], idle


_WORDS = re.compile(r"[0-9A-Za-z _.:/+()-]{0,64}")
_TEXT_FIELDS = frozenset(
    "device device_new cls kind result method tool reason seal lock manifest_hash to verdict drive target label".split()
)
_NUMBER_FIELDS = frozenset({"count", "particle_mm"})


def body_fault(body: Mapping[str, Any]) -> str:
    """The name of the first field of a scan's body that is not of its form, or "".

    Texts are short and ASCII, so that nobody's name or note can slip into the log; numbers are 0 to 1,000,000.
    """
    for name, value in body.items():
        if name == "manifest":
            fine = isinstance(value, list) and len(value) <= 1_000 and all(_is_word(code) for code in value)
        elif name in _NUMBER_FIELDS:
            fine = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000
        else:
            fine = name in _TEXT_FIELDS and _is_word(value)
        if not fine:
            return name[:32]
    return ""


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and _WORDS.fullmatch(value) is not None
