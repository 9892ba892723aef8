"""Fold again what new scans touch, and write only what has changed."""

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from webapp.custody.entries import Event, in_order, without_voided
from webapp.custody.lasting import Lasting
from webapp.custody.models import Cage, Device
from webapp.custody.reconcile import CageFold, fold_cage
from webapp.custody.rules import DeviceFold, Found, Tag, ended, fold_device
from webapp.custody.scene import Scene, Touched, is_device, is_found, read_scene, tag_of
from webapp.custody.steps import CAGE_STEPS, SEVERITY, Discrepancy, Step
from webapp.kernel.base.rows import Written, update_rows
from webapp.kernel.intake.door import Verdict
from webapp.kernel.reconciliation.projection import Row, replace, with_closings

#: Of devices and cages: registered, sanitized, departed, received, destroyed, ended.
Sums = tuple[int, ...]
NOTHING: Sums = (0, 0, 0, 0, 0, 0)
Deltas = dict[str, Sums]


def refold(session: Session, log: str, touched: Touched) -> Mapping[str, Verdict]:
    """Bring the read tables up to date for what was touched. Answers changed verdicts by scan id.

    A new scan of which nothing is said is in no discrepancy: it is worth "ok", as the door takes it to be.
    """
    scene = read_scene(session, log, touched)
    tags, folds, cages = _folded(scene)
    found = list(_rows(scene, tags, folds, cages))
    rows = with_closings(session, found, Lasting(session, scene, lambda other: _rows(other, *_folded(other))))
    deltas: Deltas = {}
    _write_devices(session, scene, _with_settled(tags, folds, rows), deltas)
    _write_cages(session, scene, cages, deltas)
    _write_counters(session, deltas)
    return replace(session, log, _scopes(scene), rows)


def _folded(scene: Scene) -> tuple[dict[str, Tag], dict[str, DeviceFold], dict[str, CageFold]]:
    tags = {code: tag_of(scene, code) for code in scene.events if is_device(scene, code)}
    folds = {code: fold_device(tag, scene.events[code]) for code, tag in tags.items()}
    return tags, folds, _fold_cages(scene, tags)


def _with_settled(
    tags: Mapping[str, Tag], folds: Mapping[str, DeviceFold], rows: Sequence[Row]
) -> dict[str, DeviceFold]:
    """The folds again, where people settled what stood between a device and its end."""
    settled: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        if row.closed:
            settled.setdefault(row.scope, set()).add((row.code, row.key))
    again = {code: ended(tags[code], folds[code], keys) for code, keys in settled.items() if code in folds}
    return {**folds, **{code: folds[code]._replace(ended=end) for code, end in again.items()}}


def _fold_cages(scene: Scene, tags: Mapping[str, Tag]) -> dict[str, CageFold]:
    jobs = scene.homes | {code: _job_of(scene, tag) for code, tag in tags.items() if tag.device and tag.owner}
    scanned: dict[str, set[str]] = {cage: set() for cage in scene.cages}
    for code, found in scene.inside.items():
        for event in found:
            if event.parent in scanned:
                scanned[event.parent].add(code)
    folds = {}
    for cage, row in scene.cages.items():
        own = scene.own[cage]
        listed = {scene.current.get(code, code) for event in own for code in event.body.get("manifest", ())}
        inside = [e for code in sorted(scanned[cage] | listed) for e in scene.inside.get(code, ())]
        folds[cage] = fold_cage(
            cage, row.consignment, own, inside, jobs, scene.current, scene.parties.get(row.consignment)
        )
    return folds


def _job_of(scene: Scene, tag: Tag) -> str:
    """The consignment that lists the device; of one that is on no list, the one its registration names.

    Never the row of a found device: whether it is there already depends on how the log was cut into batches.
    """
    row = scene.devices.get(tag.device)
    if row is not None and row.listed:
        return str(row.consignment)
    registered = scene.binding_of(tag.code) if tag.device else None
    return registered.job if registered else ""


class _State(NamedTuple):
    """What is written of a device, by the names of its columns."""

    code: str | None
    step: str
    done: Mapping[str, int]
    cage: str
    sanitized: bool
    destroyed: bool
    ended: bool


_state_of = attrgetter(*_State._fields)


def _write_devices(session: Session, scene: Scene, folds: Mapping[str, DeviceFold], deltas: Deltas) -> None:
    """Every device that a core code was ever bound to: the fold of its owner, or the empty state."""
    changed = []
    for device in scene.bindings:
        code, row = scene.owner_of(device), scene.devices.get(device)
        if row is None or not row.listed:
            continue
        old, new = _state_of(row), _device_state(code, folds.get(code))
        if old != new:
            _count(deltas, row.consignment, _counted(old), _counted(new))
            told = {"id": device, **new._asdict()}
            if row.code == code:
                del told["code"]
            changed.append(told)
    # under the same code most often: its index is then left alone
    update_rows(session, Device, "id", [new for new in changed if "code" in new])
    update_rows(session, Device, "id", [new for new in changed if "code" not in new])
    _write_found(session, scene, folds, deltas)


def _device_state(code: str, fold: DeviceFold | None) -> _State:
    if fold is None:
        return _State(code or None, "", {}, "", sanitized=False, destroyed=False, ended=False)
    done = {str(step): at for step, at in fold.done.items()}
    destroyed = Step.DESTROYED in done or Step.DESTROYED_ON_SITE in done
    return _State(code, str(fold.step or ""), done, fold.cage, fold.sanitized, destroyed, fold.ended)


def _counted(state: Sequence[Any]) -> Sums:
    code, _, _, _, sanitized, destroyed, ended = state
    return int(code is not None), int(sanitized), 0, 0, int(destroyed), int(ended)


def _count(deltas: Deltas, consignment: str, old: Sums, new: Sums) -> None:
    if old != new:
        before = deltas.get(consignment, NOTHING)
        deltas[consignment] = tuple(map(_moved, before, old, new))


def _moved(sum: int, old: int, new: int) -> int:
    return sum + new - old


def _write_found(session: Session, scene: Scene, folds: Mapping[str, DeviceFold], deltas: Deltas) -> None:
    """A device that was on no list exists exactly as long as a registration says so."""
    gone = [row for row in scene.devices.values() if not row.listed]
    for row in gone:
        _count(deltas, row.consignment, _counted(_state_of(row)), NOTHING)
    if gone:
        session.execute(delete(Device).where(Device.id.in_([row.id for row in gone])))
    unlisted = (device for device in scene.bindings if not _is_listed(scene, device))
    rows = [row for device in unlisted if (row := _found_row(scene, device, folds)) is not None]
    for row in rows:
        _count(deltas, row["consignment"], NOTHING, _counted([row[name] for name in _State._fields]))
    if rows:
        session.execute(insert(Device), rows)


def _is_listed(scene: Scene, device: str) -> bool:
    row = scene.devices.get(device)
    return row is not None and bool(row.listed)


def _found_row(scene: Scene, device: str, folds: Mapping[str, DeviceFold]) -> dict[str, Any] | None:
    code = scene.owner_of(device)
    registered = scene.binding_of(code) if code else None
    if registered is None or not is_found(registered):
        return None
    found = {"cls": registered.body.get("cls", "3"), "kind": registered.body.get("kind") or "other"}
    place = {"id": device, "log": scene.log, "consignment": registered.job, "number": 0, "listed": False}
    return {**place, **found, **_device_state(code, folds[code])._asdict()}


def _write_cages(session: Session, scene: Scene, folds: Mapping[str, CageFold], deltas: Deltas) -> None:
    changed = []
    for code, fold in folds.items():
        row, new = scene.cages[code], _cage_state(fold)
        if any(getattr(row, name) != value for name, value in new.items()):
            changed.append({"code": code, **new})
            _count(deltas, row.consignment, _journey(row), _journey(fold))
    update_rows(session, Cage, "code", changed)


def _cage_state(fold: CageFold) -> dict[str, Any]:
    return {
        "step": str(fold.step or ""),
        "seal": fold.seal,
        "manifest": list(fold.manifest),
        "manifest_hash": fold.manifest_hash,
        "loaded": list(fold.loaded),
        "counted": list(fold.counted),
        "holder": fold.holder,
        "locked_at": fold.locked_at,
        "departed_at": fold.departed_at,
        "arrived_at": fold.arrived_at,
        "opened_at": fold.opened_at,
        "closed_at": fold.closed_at,
    }


def _journey(cage: Any) -> Sums:
    size = len(cage.manifest)
    return 0, 0, size if cage.departed_at is not None else 0, size if cage.arrived_at is not None else 0, 0, 0


def _write_counters(session: Session, deltas: Deltas) -> None:
    _ADD.run_each(session, [(*sums, job) for job, sums in sorted(deltas.items()) if any(sums)])


#: In the order of Sums.
_ADD = Written(
    "UPDATE custody_consignments SET registered = registered + ?, sanitized = sanitized + ?,"
    " departed = departed + ?, received = received + ?, destroyed = destroyed + ?, ended = ended + ? WHERE id = ?"
)


def _scopes(scene: Scene) -> set[str]:
    """Everything this run can speak about: whatever it does not find there any more is gone."""
    phones = {f"phone:{boot}" for boot in scene.skewed}
    return {*scene.events, *scene.cages, *map(_stranger, scene.strangers | scene.cages.keys()), *phones}


def _stranger(code: str) -> str:
    return f"cage:{code}"


def _rows(
    scene: Scene, tags: Mapping[str, Tag], folds: Mapping[str, DeviceFold], cages: Mapping[str, CageFold]
) -> Iterator[Row]:
    """All discrepancies of the scene, each with the consignment it belongs to."""
    histories = (*scene.inside.values(), *scene.own.values())
    times = {event.id: event.at for events in histories for event in events}
    for code, fold in folds.items():
        job = _job_of(scene, tags[code]) or _said_job(scene.events[code])
        yield from (_row(scene.log, code, job, found, times) for found in fold.findings)
    for code, cage in cages.items():
        job = scene.cages[code].consignment
        yield from (_row(scene.log, code, job, found, times) for found in cage.findings)
    for code in sorted(scene.strangers):
        if events := _as_cage(scene, code):
            yield _group(scene, _stranger(code), Discrepancy.UNKNOWN_CODE, events)
    for boot, events in scene.skewed.items():
        if events:
            yield _group(scene, f"phone:{boot}", Discrepancy.CLOCK_SKEW, events)


def _as_cage(scene: Scene, code: str) -> list[Event]:
    """Scans that use a code as a cage although it was never added to a consignment as one."""
    own = [event for event in without_voided(scene.own.get(code, ()))[0] if event.step in CAGE_STEPS]
    histories = (found for found in scene.inside.values() if any(event.parent == code for event in found))
    return own + [e for found in histories for e in without_voided(found)[0] if e.parent == code]


def _group(scene: Scene, scope: str, code: Discrepancy, events: Sequence[Event]) -> Row:
    """One question for many scans: a phone with a wrong clock, a cage that nobody has added."""
    found = Found(code, "", tuple(event.id for event in events))
    return _row(scene.log, scope, _said_job(events), found, {event.id: event.at for event in events})


def _said_job(events: Sequence[Event]) -> str:
    """The consignment that the scans themselves name, the earliest first."""
    return next((event.job for event in in_order(events) if event.job), "")


def _row(log: str, scope: str, job: str, found: Found, times: Mapping[str, int]) -> Row:
    at = min((times[cause] for cause in found.causes if cause in times), default=0)
    params = {name: str(value) for name, value in found.params.items()}
    severity = str(SEVERITY[found.code])
    return Row(log, job, scope, str(found.code), severity, found.key, params, sorted(set(found.causes)), at)
