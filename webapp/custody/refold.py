"""Fold again what new scans touch, and write only what has changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.orm import Session

from webapp.custody.entries import Event, in_order
from webapp.custody.models import Cage, Consignment, Device
from webapp.custody.reconcile import CageFold, fold_cage
from webapp.custody.rules import DeviceFold, Found, Tag, fold_device
from webapp.custody.scene import Scene, Touched, is_device, owner_of, read_scene, tag_of
from webapp.custody.steps import CAGE_STEPS, SEVERITY, Discrepancy, Step
from webapp.kernel.intake.door import Verdict
from webapp.kernel.reconciliation.projection import Row, replace

COUNTERS = ("registered", "sanitized", "departed", "received", "destroyed", "ended")


def refold(session: Session, log: str, touched: Touched) -> Mapping[str, Verdict]:
    """Bring the read tables up to date for what was touched. Answers changed verdicts by scan id."""
    scene = read_scene(session, log, touched)
    tags = {code: tag_of(scene, code) for code in scene.events if is_device(scene, code)}
    folds = {code: fold_device(tag, scene.events[code]) for code, tag in tags.items()}
    cages = _fold_cages(scene, tags)
    deltas: dict[str, dict[str, int]] = {}
    _write_devices(session, scene, tags, folds, deltas)
    _write_cages(session, scene, cages, deltas)
    _write_counters(session, deltas)
    return _discrepancies(session, scene, tags, folds, cages, touched)


def _fold_cages(scene: Scene, tags: Mapping[str, Tag]) -> dict[str, CageFold]:
    jobs = {code: _job_of(scene, tag) for code, tag in tags.items() if tag.device}
    by_cage: dict[str, set[str]] = {cage: set() for cage in scene.cages}
    for code, found in scene.events.items():
        for event in found:
            if event.parent in by_cage:
                by_cage[event.parent].add(code)
    folds = {}
    for cage, row in scene.cages.items():
        own = scene.events.get(cage, [])
        listed = {c for e in own for c in e.body.get("manifest", ())}
        inside_codes = by_cage[cage] | {scene.current.get(c, c) for c in listed}
        inside = [e for code in sorted(inside_codes) for e in scene.events.get(code, ())]
        folds[cage] = fold_cage(cage, row.consignment, own, inside, jobs, scene.current)
    return folds


def _job_of(scene: Scene, tag: Tag) -> str:
    row = scene.devices.get(tag.device)
    return str(row.consignment) if row is not None else ""


def _write_devices(
    session: Session,
    scene: Scene,
    tags: Mapping[str, Tag],
    folds: Mapping[str, DeviceFold],
    deltas: dict[str, dict[str, int]],
) -> None:
    """Every device whose bindings were read: its owner code's fold, or the empty state if no code is bound."""
    changed = []
    for device in scene.bindings:
        code = owner_of(scene, device)
        fold = folds.get(code) if code else None
        row = scene.devices.get(device)
        if row is None or not row.listed:
            _write_found(session, scene, device, code, fold, deltas)
            continue
        new = _device_state(code, fold)
        if any(getattr(row, name) != value for name, value in new.items()):
            changed.append({"b_id": device} | {f"b_{name}": value for name, value in new.items()})
            _count(deltas, row.consignment, _flags(row), _flags_of(new))
    if changed:
        table = Device.__table__
        names = [name[2:] for name in changed[0] if name != "b_id"]
        session.connection().execute(
            update(table).where(table.c.id == bindparam("b_id"))  # type: ignore[arg-type]
            .values({name: bindparam(f"b_{name}") for name in names}),
            changed,
        )


def _device_state(code: str, fold: DeviceFold | None) -> dict[str, Any]:
    if fold is None:
        nothing = {"step": "", "done": {}, "cage": "", "sanitized": False, "destroyed": False, "ended": False}
        return {"code": code or None, **nothing}
    return {
        "code": code,
        "step": str(fold.step or ""),
        "done": {str(step): at for step, at in fold.done.items()},
        "cage": fold.cage,
        "sanitized": fold.sanitized,
        "destroyed": Step.DESTROYED in fold.done or Step.DESTROYED_ON_SITE in fold.done,
        "ended": fold.ended,
    }


def _write_found(
    session: Session,
    scene: Scene,
    device: str,
    code: str,
    fold: DeviceFold | None,
    deltas: dict[str, dict[str, int]],
) -> None:
    """A device that was on no list exists exactly as long as a registration says so."""
    if (row := scene.devices.get(device)) is not None:
        session.execute(delete(Device).where(Device.id == device))
        _count(deltas, row.consignment, _flags(row), {})
    registered = next((e for e in in_order(scene.bindings[device]) if e.code == code), None)
    if fold is None or registered is None or not registered.body.get("device_new"):
        return
    values = {
        "id": device,
        "log": scene.log,
        "consignment": registered.job,
        "number": 0,
        "listed": False,
        "cls": str(registered.body.get("cls", "3"))[:1],
        "kind": str(registered.body.get("kind", "other"))[:16],
    }
    state = _device_state(code, fold)
    session.execute(insert(Device).values(**values, **state))
    _count(deltas, registered.job, {}, _flags_of(state))


def _flags(row: Any) -> dict[str, int]:
    return {
        "registered": int(row.code is not None), "sanitized": int(row.sanitized),
        "destroyed": int(row.destroyed), "ended": int(row.ended),
    }


def _flags_of(state: Mapping[str, Any]) -> dict[str, int]:
    return {
        "registered": int(state["code"] is not None), "sanitized": int(state["sanitized"]),
        "destroyed": int(state["destroyed"]), "ended": int(state["ended"]),
    }


def _count(
    deltas: dict[str, dict[str, int]], consignment: str, old: Mapping[str, int], new: Mapping[str, int]
) -> None:
    sums = deltas.setdefault(consignment, dict.fromkeys(COUNTERS, 0))
    for name in old.keys() | new.keys():
        sums[name] += new.get(name, 0) - old.get(name, 0)


def _write_cages(
    session: Session, scene: Scene, folds: Mapping[str, CageFold], deltas: dict[str, dict[str, int]]
) -> None:
    for code, fold in folds.items():
        row = scene.cages[code]
        new = {
            "step": str(fold.step or ""), "seal": fold.seal, "manifest": list(fold.manifest),
            "manifest_hash": fold.manifest_hash, "loaded": list(fold.loaded), "counted": list(fold.counted),
            "holder": fold.holder, "locked_at": fold.locked_at, "departed_at": fold.departed_at,
            "arrived_at": fold.arrived_at, "opened_at": fold.opened_at, "closed_at": fold.closed_at,
        }
        if any(getattr(row, name) != value for name, value in new.items()):
            session.execute(
                update(Cage).where(Cage.code == code).values(**new)
                .execution_options(synchronize_session=False)
            )
            _count(deltas, row.consignment, _journey(row), _journey(fold))


def _journey(cage: Any) -> dict[str, int]:
    size = len(cage.manifest)
    return {
        "departed": size if cage.departed_at is not None else 0,
        "received": size if cage.arrived_at is not None else 0,
    }


def _write_counters(session: Session, deltas: Mapping[str, Mapping[str, int]]) -> None:
    for consignment, sums in deltas.items():
        changes = {name: getattr(Consignment, name) + by for name, by in sums.items() if by}
        if changes:
            session.execute(
                update(Consignment).where(Consignment.id == consignment).values(**changes)
                .execution_options(synchronize_session=False)
            )


def _discrepancies(
    session: Session,
    scene: Scene,
    tags: Mapping[str, Tag],
    folds: Mapping[str, DeviceFold],
    cages: Mapping[str, CageFold],
    touched: Touched,
) -> Mapping[str, Verdict]:
    """Hold the discrepancy table to what was found; answer verdicts of new scans and of those it changes for."""
    found: list[tuple[str, str, Found]] = []
    for code, fold in folds.items():
        job = _job_of(scene, tags[code]) or _said_job(scene.events[code])
        found += [(code, job, f) for f in fold.findings]
    for code, cage in cages.items():
        found += [(code, scene.cages[code].consignment, f) for f in cage.findings]
    found += _unknown_cages(scene)
    found += [(f"phone:{boot}", events[0].job, _skew(events)) for boot, events in scene.skewed.items() if events]
    times = {e.id: e.at for events in scene.events.values() for e in events}
    times |= {e.id: e.at for events in scene.skewed.values() for e in events}
    rows = [_discrepancy_row(scene.log, scope, job, f, times) for scope, job, f in found]
    scopes = {*scene.events, *cages, *(f"phone:{boot}" for boot in scene.skewed)}
    changed = replace(session, scene.log, scopes, rows)
    return _verdicts([*touched.fresh, *changed], found)


def _said_job(events: Sequence[Event]) -> str:
    """The consignment that the scans themselves name, the earliest first."""
    return next((e.job for e in in_order(events) if e.job), "")


def _unknown_cages(scene: Scene) -> list[tuple[str, str, Found]]:
    """A cage that was scanned, or scanned into, but never added to a consignment."""
    strangers: dict[str, list[Event]] = {}
    for code, events in scene.events.items():
        for event in events:
            cage = code if event.step in CAGE_STEPS else event.parent
            if cage and cage not in scene.cages:
                strangers.setdefault(cage, []).append(event)
    return [
        (cage, _said_job(events), Found(Discrepancy.UNKNOWN_CODE, "cage", tuple(e.id for e in in_order(events))))
        for cage, events in strangers.items()
    ]


def _skew(events: Sequence[Event]) -> Found:
    """One question for a phone with a wrong clock, however many scans it made."""
    ordered = in_order(events)
    return Found(Discrepancy.CLOCK_SKEW, "", tuple(e.id for e in ordered), {"scans": len(ordered)})


def _discrepancy_row(log: str, scope: str, job: str, found: Found, times: Mapping[str, int]) -> Row:
    at = min((times[cause] for cause in found.causes if cause in times), default=0)
    params = {name: str(value) for name, value in found.params.items()}
    severity = str(SEVERITY[found.code])
    return Row(log, job, scope, str(found.code), severity, found.key, params, sorted(found.causes), at)


def _verdicts(scans: Iterable[str], found: Iterable[tuple[str, str, Found]]) -> dict[str, Verdict]:
    by_scan: dict[str, list[Found]] = {scan: [] for scan in scans}
    for _scope, _job, finding in found:
        for cause in finding.causes:
            if cause in by_scan:
                by_scan[cause].append(finding)
    return {scan: _verdict(findings) for scan, findings in by_scan.items()}


def _verdict(findings: Sequence[Found]) -> Verdict:
    """Attention if anything blocks or warns, waiting if it only waits for other phones."""
    told = sorted((str(f.code), str(SEVERITY[f.code]), tuple(sorted(f.params.items()))) for f in findings)
    severities = {severity for _, severity, _ in told}
    word = "attention" if severities & {"block", "warn"} else "waiting" if severities else "ok"
    return Verdict(word, tuple((code, severity, {k: str(v) for k, v in params}) for code, severity, params in told))
