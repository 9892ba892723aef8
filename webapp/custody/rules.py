"""Where a device stands and what is wrong with its history: pure folds over the tables in steps.py."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from webapp.custody.entries import Event, in_turn, without_voided
from webapp.custody.steps import (
    DEVICE_STEPS,
    NEXT,
    PHOTOGRAPHED,
    REQUIRED,
    SEVERITY,
    WITNESSED,
    WITNESSED_CLASSES,
    Discrepancy,
    Severity,
    Step,
)
from webapp.kernel.identity.roles import Action, may

_ATTESTED = WITNESSED | PHOTOGRAPHED
RANK = {step: rank for rank, step in enumerate(DEVICE_STEPS)}


@dataclass(frozen=True, slots=True)
class Found:
    """A discrepancy: `key` tells two of one code apart, `causes` are the scans it concerns."""

    code: Discrepancy
    key: str
    causes: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)


class Tag(NamedTuple):
    """What is known about a code apart from its scans. `cls` is "3" to "0"; "" until the device is known."""

    code: str
    cls: str = ""
    device: str = ""
    owner: bool = True  # the device's own sticker; False: another code was bound to it first
    listed: bool = True
    void_at: int | None = None  # when the code was voided without a replacement, ms
    foreign: bool = False  # issued in another municipality's log
    parties: frozenset[str] = frozenset()  # organisations that work on its consignment; empty: not known


class DeviceFold(NamedTuple):
    """A device after its history. `done` maps a step to the time it first happened."""

    step: Step | None
    done: Mapping[Step, int]
    cage: str
    ended: bool
    findings: tuple[Found, ...]
    scans: int = 0

    @property
    def sanitized(self) -> bool:
        """Erased, or destroyed on site because it could not be."""
        return Step.SANITIZED in self.done or Step.DESTROYED_ON_SITE in self.done


def required(cls: str, done: Mapping[Step, int] | frozenset[Step] = frozenset()) -> tuple[Step, ...]:
    """Steps this class must show; a drive destroyed on site needs no erasure, extraction or shredding any more."""
    steps = REQUIRED.get(cls, REQUIRED["3"])
    if Step.DESTROYED_ON_SITE not in done:
        return steps
    spared = {Step.SANITIZED, Step.DRIVE_EXTRACTED, Step.DESTROYED}
    return tuple(step for step in steps if step not in spared)


def fold_device(tag: Tag, events: Sequence[Event]) -> DeviceFold:
    """Fold every scan of one code. The answer does not depend on the order in which `events` are given."""
    active, idle = without_voided(events)
    ordered = in_turn((event for event in active if event.step in RANK), RANK)
    done: dict[Step, int] = {}
    findings = [Found(Discrepancy.VOID_INEFFECTIVE, void.id, (void.id,)) for void in idle]
    state: Step | None = None
    ever = frozenset(event.step for event in ordered)
    missing = [step for step in required(tag.cls, ever) if step not in ever] if tag.cls else None
    gap = min((RANK[step] for step in missing or ()), default=len(RANK))
    for event in ordered:
        # nothing is wrong with the next step in turn if no required one before it is missing
        if event.step not in NEXT[state] or RANK[event.step] > gap:
            findings.extend(_order(state, done, event, ordered, missing))
        if event.step in NEXT[state] or RANK[event.step] > _rank(state):
            state = event.step
        done.setdefault(event.step, event.at)
    findings.extend(_identity(tag, ordered))
    findings.extend(_repeats(ordered))
    for event in ordered:
        if event.step in _ATTESTED or not may_record(event, tag.parties):
            findings.extend(_attested(tag, event))
    loaded = [event for event in ordered if event.step == Step.LOADED]
    cage = loaded[-1].parent if loaded else ""
    end = _ended(tag, done, findings, ())
    return DeviceFold(state, done, cage, end, tuple(findings), len(ordered))


def ended(tag: Tag, fold: DeviceFold, settled: Collection[tuple[str, str]] = ()) -> bool:
    """終了: every required step is there and nothing is in question. `settled` are the (code, key) of findings that
    people have settled: they stop nothing any more, and a step that was skipped is then missed no longer. Except for
    the erasure: no decision replaces it, only the destruction of the drive does.
    """
    return _ended(tag, fold.done, fold.findings, settled)


def _ended(
    tag: Tag, done: Mapping[Step, int], findings: Iterable[Found], settled: Collection[tuple[str, str]]
) -> bool:
    missing = [step for step in required(tag.cls, done) if step not in done]
    if missing and not settled:  # most often: nothing that is in question needs to be asked
        return False
    open_ones = [found for found in findings if (found.code, found.key) not in settled]
    if not tag.cls or not tag.owner or any(SEVERITY[found.code] != Severity.WARN for found in open_ones):
        return False
    excused = {key for code, key in settled if code == Discrepancy.SKIPPED}
    if Step.DESTROYED not in done:
        excused.discard(Step.SANITIZED)
    return excused.issuperset(missing)


def _rank(state: Step | None) -> int:
    return -1 if state is None else RANK[state]


def _order(
    state: Step | None,
    done: Mapping[Step, int],
    event: Event,
    history: Sequence[Event],
    missing: Sequence[Step] | None,
) -> Iterator[Found]:
    """OUT_OF_ORDER, SKIPPED and ZOMBIE for one scan that comes after `done`.

    `missing` are required steps that the history shows nowhere; None as long as the device is unknown.
    """
    if Step.DESTROYED in done and event.step != Step.DESTROYED:
        yield Found(Discrepancy.ZOMBIE, event.id, (event.id,), {"step": event.step})
        return
    if event.step in done or missing is None:
        return
    if RANK[event.step] < _rank(state) and event.step not in NEXT[state]:
        yield Found(
            Discrepancy.OUT_OF_ORDER, event.id, (event.id,), {"step": event.step, "after": str(state)}
        )
    for step in missing:
        if RANK[step] < RANK[event.step] and not _reported(step, history, event):
            yield Found(Discrepancy.SKIPPED, step, (event.id,), {"step": step, "at": event.step})


def _reported(step: Step, history: Sequence[Event], event: Event) -> bool:
    """Whether an earlier scan of the same history already shows that `step` was skipped."""
    for other in history:
        if other is event:
            return False
        if RANK[other.step] > RANK[step]:
            return True
    return False


def _identity(tag: Tag, ordered: Sequence[Event]) -> Iterator[Found]:
    """Whose sticker this is: known, ours, still valid, and on one device only."""
    if not ordered:
        return
    causes = tuple(event.id for event in ordered)
    if tag.foreign:
        yield Found(Discrepancy.WRONG_LOT, "", causes, {"device": tag.code})
    elif not tag.device and tag.void_at is None:
        yield Found(Discrepancy.UNKNOWN_CODE, "", causes)
    if tag.void_at is not None:
        late = tuple(e.id for e in ordered if not tag.device or e.at > tag.void_at)
        if late:
            yield Found(Discrepancy.VOID_CODE, "", late)
    if tag.device:
        yield from _binding(tag, ordered, causes)


def _binding(tag: Tag, ordered: Sequence[Event], causes: tuple[str, ...]) -> Iterator[Found]:
    if not tag.owner:
        yield Found(Discrepancy.DOUBLE_BIND, "", causes, {"device": tag.code})
    elif not tag.listed:
        yield Found(Discrepancy.NOT_LISTED, "", causes, {"device": tag.code})
    for event in ordered:
        if event.device not in ("", tag.device):
            yield Found(Discrepancy.DOUBLE_BIND, event.id, (event.id,), {"device": tag.code})


def _repeats(ordered: Sequence[Event]) -> Iterator[Found]:
    """DOUBLE_SCAN where one step was recorded more than once; WRONG_CAGE where two cages claim to be loaded."""
    by_step: dict[tuple[Step, str], list[Event]] = {}
    for event in ordered:
        by_step.setdefault((event.step, event.parent), []).append(event)
    for (step, parent), events in by_step.items():
        if len(events) > 1:
            causes = tuple(event.id for event in events[1:])
            yield Found(
                Discrepancy.DOUBLE_SCAN, f"{step}|{parent}", causes, {"step": step, "times": len(events)}
            )
    cages = [parent for (step, parent) in by_step if step == Step.LOADED]
    if len(cages) > 1:
        last = by_step[Step.LOADED, cages[-1]][0]
        yield Found(Discrepancy.WRONG_CAGE, "loaded", (last.id,), {"expected": cages[0], "cage": cages[-1]})


def _attested(tag: Tag, event: Event) -> Iterator[Found]:
    """The role, the witness and the photo that the step asks for."""
    yield from not_permitted(event, tag.parties)
    if event.step in WITNESSED and tag.cls in WITNESSED_CLASSES:
        others = set(event.witnesses) - {event.actor}
        if not event.witnesses:
            yield Found(Discrepancy.NO_WITNESS, event.id, (event.id,), {"step": event.step})
        elif not others:
            yield Found(Discrepancy.SAME_PERSON, event.id, (event.id,), {"step": event.step})
    if event.step in PHOTOGRAPHED and not event.photos:
        yield Found(Discrepancy.PHOTO_MISSING, event.id, (event.id,), {"step": event.step})


def may_record(event: Event, parties: frozenset[str] = frozenset()) -> bool:
    """Whether the step is this role's, and the organisation one that works on the consignment."""
    return _may_scan(event.roles, event.step) and (not parties or not event.org or event.org in parties)


def not_permitted(event: Event, parties: frozenset[str] = frozenset()) -> Iterator[Found]:
    """Somebody did what their role may not do (a driver opened a cage): it happened, and it is a question."""
    if not may_record(event, parties):
        yield Found(Discrepancy.NOT_PERMITTED, event.id, (event.id,), {"step": event.step})


@lru_cache(maxsize=1_000)
def _may_scan(roles: tuple[str, ...], step: Step) -> bool:
    return may(roles, Action(f"scan.{step}"))


def decide(cls: str, done: frozenset[Step], step: Step, *, same_person: bool = False) -> Discrepancy | None:
    """What the phone says at once about one more scan; provisional, the server's fold has the last word.

    `done` are the steps this phone knows of, `cls` is "" as long as the device is unknown: then nothing can be
    out of order or missing. Shared with the phone through tests/vectors/custody_decide.json.
    """
    if Step.DESTROYED in done and step != Step.DESTROYED:
        return Discrepancy.ZOMBIE
    if step in done:
        return Discrepancy.DOUBLE_SCAN
    return _decide_known(cls, done, step, same_person=same_person) if cls else None


def _decide_known(cls: str, done: frozenset[Step], step: Step, *, same_person: bool) -> Discrepancy | None:
    if any(RANK[step] < RANK[other] for other in done if step not in NEXT[other]):
        return Discrepancy.OUT_OF_ORDER
    if same_person and step in WITNESSED and cls in WITNESSED_CLASSES:
        return Discrepancy.SAME_PERSON
    missing = (s for s in required(cls, done | {step}) if RANK[s] < RANK[step] and s not in done)
    return Discrepancy.SKIPPED if any(missing) else None
