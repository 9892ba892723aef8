"""What a cage says, held against its manifest, its seal and the devices in it. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from webapp.custody.entries import Event, in_order, in_turn, without_voided
from webapp.custody.handover import Answered, answers_to
from webapp.custody.rules import Found, not_permitted
from webapp.custody.steps import CAGE_ORDER, CAGE_STEPS, NEXT_CAGE, PHOTOGRAPHED, Discrepancy, Step

CAGE_RANK = {step: rank for rank, step in enumerate(CAGE_ORDER)}


@dataclass(frozen=True, slots=True)
class CageFold:
    """A cage on one journey. Times are ms or None; codes are current ones, sorted."""

    step: Step | None = None
    seal: str = ""
    manifest: tuple[str, ...] = ()
    manifest_hash: str = ""
    loaded: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    holder: str = ""
    locked_at: int | None = None
    departed_at: int | None = None
    arrived_at: int | None = None
    opened_at: int | None = None
    closed_at: int | None = None
    findings: tuple[Found, ...] = field(default=())


def fold_cage(
    cage: str,
    job: str,
    own: Sequence[Event],
    inside: Sequence[Event],
    jobs: Mapping[str, str],
    current: Mapping[str, str],
    parties: frozenset[str] | None = None,
) -> CageFold:
    """Fold the scans of a cage (`own`) with all scans of devices that were ever scanned with it (`inside`).

    `jobs` maps a device code to the consignment its device is listed in, `current` a replaced code to the one that
    holds now. Order of arrival does not matter.
    """
    active, idle = without_voided(own)
    answered = answers_to(own, active, parties or frozenset())
    # a cage that was refused has not been handed over
    counted = (e for e in active if e.step in CAGE_RANK and e.id not in answered.refused)
    chain = in_turn(counted, CAGE_RANK)
    scans = in_order(without_voided(inside)[0])
    first = {step: next((e for e in chain if e.step == step), None) for step in CAGE_ORDER}
    view = _Cage(job, cage, chain, first, scans, jobs, current, parties or frozenset(), answered)
    findings = [Found(Discrepancy.VOID_INEFFECTIVE, void.id, (void.id,)) for void in idle]
    strays = in_order(event for event in active if event.step not in CAGE_STEPS)
    findings += [Found(Discrepancy.DOUBLE_BIND, e.id, (e.id,), {"device": cage}) for e in strays]
    findings += answered.findings
    findings += [*view.chain_faults(), *view.seal_faults(), *view.content_faults(), *view.transit_faults()]
    locked = first[Step.LOCKED]
    return CageFold(
        step=view.state(),
        seal=str(locked.body.get("seal", "")) if locked else "",
        manifest=view.manifest,
        manifest_hash=str(locked.body.get("manifest_hash", "")) if locked else "",
        loaded=tuple(sorted(view.codes(Step.LOADED))),
        counted=tuple(sorted(view.codes(Step.COUNTED))),
        holder=view.holder(),
        locked_at=_at(locked),
        departed_at=_at(first[Step.HANDED_OVER]),
        arrived_at=_at(first[Step.ARRIVED]),
        opened_at=_at(first[Step.OPENED]),
        closed_at=_at(first[Step.COUNT_CLOSED]),
        findings=tuple(findings),
    )


def _at(event: Event | None) -> int | None:
    return event.at if event else None


@dataclass(slots=True)
class _Cage:
    job: str
    cage: str
    chain: list[Event]
    first: dict[Step, Event | None]
    scans: list[Event]
    jobs: Mapping[str, str]
    current: Mapping[str, str]
    parties: frozenset[str]
    answered: Answered

    @property
    def manifest(self) -> tuple[str, ...]:
        locked = self.first[Step.LOCKED]
        listed = locked.body.get("manifest", []) if locked else []
        return tuple(sorted({self.current.get(code, code) for code in listed}))

    def codes(self, step: Step) -> set[str]:
        return {event.code for event in self.scans if event.step == step and event.parent == self.cage}

    def state(self) -> Step | None:
        return max((e.step for e in self.chain), key=lambda step: CAGE_RANK[step], default=None)

    def holder(self) -> str:
        """Who has the cage: who reported its arrival, or the last one in an unbroken row of hand-overs."""
        arrived = self.first[Step.ARRIVED]
        if arrived:
            return arrived.actor
        holder = ""
        for event in self._handed():
            holder = self.answered.receiver(event) if holder in ("", event.actor) else holder
        return holder

    def _handed(self) -> Iterator[Event]:
        return (event for event in self.chain if event.step is Step.HANDED_OVER)

    def chain_faults(self) -> Iterator[Found]:
        """Order of the journey, repeated steps, two custodians at once, missing second person or photo."""
        state: Step | None = None
        for event in self.chain:
            yield from self._in_turn(state, event)
            yield from self._attested(event)
            if state is None or CAGE_RANK[event.step] > CAGE_RANK[state]:
                state = event.step
        yield from self._handovers()

    def _in_turn(self, state: Step | None, event: Event) -> Iterator[Found]:
        if event.step in NEXT_CAGE[state] or event.step == Step.HANDED_OVER == state:
            return
        params = {"step": str(event.step), "after": str(state or "")}
        if self.first[event.step] is not event and event.step != Step.HANDED_OVER:
            yield Found(
                Discrepancy.DOUBLE_SCAN, f"{event.step}|{event.id}", (event.id,), {**params, "times": 2}
            )
        elif state is not None and CAGE_RANK[event.step] < CAGE_RANK[state]:
            yield Found(Discrepancy.OUT_OF_ORDER, event.id, (event.id,), params)
        else:
            yield from self._skipped(state, event)

    def _skipped(self, state: Step | None, event: Event) -> Iterator[Found]:
        low = -1 if state is None else CAGE_RANK[state]
        for step in CAGE_ORDER[low + 1 : CAGE_RANK[event.step]]:
            if self.first[step] is None:
                yield Found(Discrepancy.SKIPPED, step, (event.id,), {"step": step, "at": str(event.step)})

    def _attested(self, event: Event) -> Iterator[Found]:
        yield from not_permitted(event, self.parties)
        if event.step == Step.OPENED and not set(event.witnesses) - {event.actor}:
            code = Discrepancy.SAME_PERSON if event.witnesses else Discrepancy.NO_WITNESS
            yield Found(code, event.id, (event.id,), {"step": event.step})
        if event.step in PHOTOGRAPHED and not event.photos:
            yield Found(Discrepancy.PHOTO_MISSING, event.id, (event.id,), {"step": event.step})

    def _handovers(self) -> Iterator[Found]:
        """A hand-over comes from the one who holds the cage; anything else means two custodians at once."""
        holder = ""
        for event in self._handed():
            receiver = self.answered.receiver(event)
            if receiver == event.actor:
                yield Found(Discrepancy.SAME_PERSON, event.id, (event.id,), {"step": event.step})
            if not holder or event.actor == holder:
                holder = receiver
            elif receiver == holder:
                yield Found(
                    Discrepancy.DOUBLE_SCAN,
                    f"handed_over|{event.id}",
                    (event.id,),
                    {"step": event.step, "times": 2},
                )
            else:
                yield Found(Discrepancy.OVERLAP, event.id, (event.id,), {"holder": holder, "other": receiver})

    def seal_faults(self) -> Iterator[Found]:
        locked = self.first[Step.LOCKED]
        sealed = str(locked.body.get("seal", "")) if locked else ""
        for event in self.chain:
            seen = str(event.body.get("seal", ""))
            if event.step in (Step.HANDED_OVER, Step.ARRIVED) and sealed and seen and seen != sealed:
                params = {"sealed": sealed, "seen": seen, "step": str(event.step)}
                yield Found(Discrepancy.SEAL_MISMATCH, event.id, (event.id,), params)
            if event.step == Step.ARRIVED and event.body.get("verdict", "intact") != "intact":
                yield Found(
                    Discrepancy.SEAL_BROKEN, event.id, (event.id,), {"verdict": str(event.body["verdict"])}
                )

    def content_faults(self) -> Iterator[Found]:
        yield from self._declared()
        counted, manifest = self.codes(Step.COUNTED), set(self.manifest)
        closed = self.first[Step.COUNT_CLOSED]
        if closed:
            for code in sorted(manifest - counted):
                yield Found(Discrepancy.MISSING, code, (closed.id,), {"device": code})
        if self.first[Step.LOCKED]:
            for event in self._firsts(Step.COUNTED):
                if event.code not in manifest:
                    yield self._not_on_manifest(event)
        for event in self._firsts(Step.LOADED):
            if self.jobs.get(event.code, self.job) != self.job:
                yield Found(Discrepancy.WRONG_LOT, event.code, (event.id,), {"device": event.code})

    def _firsts(self, step: Step) -> Iterable[Event]:
        """The first scan of each code in this cage at this step."""
        firsts: dict[str, Event] = {}
        for event in self.scans:
            if event.step == step and event.parent == self.cage:
                firsts.setdefault(event.code, event)
        return firsts.values()

    def _not_on_manifest(self, event: Event) -> Found:
        homes = [e.parent for e in self.scans if e.code == event.code and e.step == Step.LOADED]
        params = {"device": event.code, "cage": self.cage}
        if self.jobs.get(event.code, self.job) != self.job:
            return Found(Discrepancy.WRONG_LOT, event.code, (event.id,), params)
        if homes and homes[-1] != self.cage:
            return Found(Discrepancy.WRONG_CAGE, event.code, (event.id,), {**params, "expected": homes[-1]})
        return Found(Discrepancy.EXTRA, event.code, (event.id,), params)

    def _declared(self) -> Iterator[Found]:
        """Numbers that a person declared, held against what was scanned."""
        locked, closed = self.first[Step.LOCKED], self.first[Step.COUNT_CLOSED]
        if locked and locked.body.get("count", len(self.manifest)) != len(self.manifest):
            params = {"declared": str(locked.body["count"]), "scanned": str(len(self.manifest))}
            yield Found(Discrepancy.COUNT_BALANCE, "locked", (locked.id,), params)
        if locked:
            beside = {e.code: e for e in self._firsts(Step.LOADED) if e.at <= locked.at}
            extra = sorted(beside.keys() - set(self.manifest))
            if extra:
                causes = tuple(beside[code].id for code in extra)
                params = {
                    "declared": str(len(self.manifest)),
                    "scanned": str(len(self.manifest) + len(extra)),
                }
                yield Found(Discrepancy.COUNT_BALANCE, "manifest", causes, params)
        counted = len(self.codes(Step.COUNTED))
        if closed and closed.body.get("count", counted) != counted:
            params = {"declared": str(closed.body["count"]), "scanned": str(counted)}
            yield Found(Discrepancy.COUNT_BALANCE, "counted", (closed.id,), params)

    def transit_faults(self) -> Iterator[Found]:
        """Nobody may meet a device of a sealed cage: between lock and opening it exists on paper only."""
        locked, opened = self.first[Step.LOCKED], self.first[Step.OPENED]
        if locked is None:
            return
        inside = set(self.manifest)
        for event in self.scans:
            counted_here = event.step == Step.COUNTED and event.parent == self.cage
            before = opened is None or event.is_surely_before(opened)
            under_lock = locked.is_surely_before(event) and before
            if event.code in inside and under_lock and not counted_here:
                params = {"device": event.code, "step": str(event.step)}
                yield Found(Discrepancy.SCAN_IN_TRANSIT, event.id, (event.id,), params)
        early = [e for e in self._firsts(Step.COUNTED) if opened is None or e.is_surely_before(opened)]
        if early:
            yield Found(Discrepancy.OPEN_UNLOGGED, "", tuple(e.id for e in early), {"count": str(len(early))})
