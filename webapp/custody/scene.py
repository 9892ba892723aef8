"""Read everything that new scans touch: their devices, the cages these were scanned with, all that lies in them.

Two circles. The *core* are the things whose own history may have changed: they are read whole and folded again.
Around it stand the cages of core things; what else lies in these is read lightly, because its own history has not
changed. The number of queries does not grow with the batch: one for each kind of row.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from webapp.custody.entries import Event, in_order, without_voided
from webapp.custody.models import Cage, Device, ManifestLine, ScanRow
from webapp.custody.rules import Tag
from webapp.custody.steps import CAGE_STEPS, Step
from webapp.kernel.scanning.models import IssuedCode
from webapp.kernel.scanning.service import replacements

#: Values in one IN list: SQLite takes 32,766 variables, PostgreSQL 65,535.
_MOST = 5_000


@dataclass(slots=True)
class Touched:
    """What a run of entries is about.

    `codes` may be devices or cages, `renamed` are those of them that were voided or took over from one that was;
    `fresh` are the new scans' ids.
    """

    codes: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)
    boots: set[str] = field(default_factory=set)
    fresh: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.codes or self.boots)


@dataclass(slots=True)
class Scene:
    """Everything that the folds of this run read. Codes are current ones throughout."""

    log: str
    current: Mapping[str, str]
    events: dict[str, list[Event]] = field(default_factory=dict)  # core: whole histories
    bindings: dict[str, list[Event]] = field(
        default_factory=dict
    )  # registrations by device, all of them core
    devices: dict[str, Any] = field(default_factory=dict)
    near: set[str] = field(default_factory=set)  # codes that are, or were used as, cages of core things
    cages: dict[str, Any] = field(default_factory=dict)  # those of them that were added to a consignment
    strangers: set[str] = field(default_factory=set)  # those of them that were not
    own: dict[str, list[Event]] = field(default_factory=dict)  # whole histories of `near`
    inside: dict[str, list[Event]] = field(default_factory=dict)  # light histories of what lies in `near`
    homes: dict[str, str] = field(default_factory=dict)  # code → consignment, for what lies in `near`
    issued: dict[str, Any] = field(default_factory=dict)
    skewed: dict[str, list[Event]] = field(default_factory=dict)


def read_scene(session: Session, log: str, touched: Touched) -> Scene:
    """Everything that has to be folded again because of what was touched."""
    scene = Scene(log, replacements(session, log))
    _read_core(session, scene, touched.codes)
    scene.near = _near(session, scene)
    scene.cages = {
        row.code: row for row in _of_log(session, Cage.__table__.select(), Cage, Cage.code, log, scene.near)
    }
    scene.own = {code: scene.events[code] for code in scene.near & scene.events.keys()}
    scene.own.update(_histories(session, log, scene.near - scene.events.keys()))
    used = _parents(scene) | _locked_or_moved(scene) | touched.renamed
    scene.strangers = used - scene.cages.keys()
    _read_inside(session, scene, used | scene.cages.keys())
    query: Any = select(IssuedCode.id, IssuedCode.log, IssuedCode.void_at, IssuedCode.replaced_by)
    scene.issued = {row.id: row for row in _chunked(session, query, IssuedCode.id, scene.events)}
    scene.skewed = _skewed(session, log, touched.boots)
    return scene


def _read_core(session: Session, scene: Scene, codes: Collection[str]) -> None:
    """Whole histories: a code leads to the devices it was bound to, these to every code bound to them, and so on."""
    fresh = set(codes)
    while fresh:
        found = _histories(session, scene.log, fresh)
        scene.events.update(found)
        devices = {e.device for events in found.values() for e in events if e.device} - scene.bindings.keys()
        bound = _registrations(session, scene.log, devices)
        scene.bindings.update(bound)
        fresh = {event.code for events in bound.values() for event in events} - scene.events.keys()
    d = Device
    query = select(
        d.id,
        d.consignment,
        d.cls,
        d.listed,
        d.code,
        d.step,
        d.done,
        d.cage,
        d.sanitized,
        d.destroyed,
        d.ended,
    )
    scene.devices = {row.id: row for row in _of_log(session, query, d, d.id, scene.log, scene.bindings)}


def _near(session: Session, scene: Scene) -> set[str]:
    """Cages that core things are, were scanned with, or stand on the manifest of."""
    line = ManifestLine
    listing = _of_log(session, select(line.cage).distinct(), line, line.code, scene.log, scene.events)
    return {*scene.events, *_parents(scene), *(row.cage for row in listing)}


def _parents(scene: Scene) -> set[str]:
    return {event.parent for events in scene.events.values() for event in events if event.parent}


def _locked_or_moved(scene: Scene) -> set[str]:
    return {code for code in scene.near if any(event.step in CAGE_STEPS for event in scene.own[code])}


def _read_inside(session: Session, scene: Scene, cages: Iterable[str]) -> None:
    """Histories of what was scanned with a cage or stands on its manifest; and where these devices belong."""
    s, d = ScanRow, Device
    scans: dict[str, Event] = {}
    for part in _parts(cages):
        contents = _contents(scene.log, part)
        rows = session.execute(select(*_LIGHT).where(s.log == scene.log, s.code.in_(contents)))
        scans.update((row.id, _light(row)) for row in rows)
        homes = session.execute(select(d.code, d.consignment).where(d.log == scene.log, d.code.in_(contents)))
        scene.homes.update((row.code, row.consignment) for row in homes if row.code not in scene.events)
    scene.inside.update(scene.events)
    for event in scans.values():
        if event.code not in scene.events:
            scene.inside.setdefault(event.code, []).append(event)


def _contents(log: str, cages: Collection[str]) -> Any:
    scanned = select(ScanRow.code).where(ScanRow.log == log, ScanRow.parent.in_(cages))
    listed = select(ManifestLine.code).where(ManifestLine.log == log, ManifestLine.cage.in_(cages))
    return union(scanned, listed)


_LIGHT = (
    ScanRow.id, ScanRow.step, ScanRow.code, ScanRow.parent, ScanRow.at, ScanRow.actor, ScanRow.roles, ScanRow.target,
    ScanRow.job,
)  # fmt: skip
_WHOLE = (
    *_LIGHT, ScanRow.org, ScanRow.witnesses, ScanRow.photos, ScanRow.body, ScanRow.device,
)  # fmt: skip
_STEPS = {step.value: step for step in Step}


def _light(row: Any) -> Event:
    return Event(
        row.id,
        _STEPS[row.step],
        row.code,
        row.parent,
        row.at,
        row.actor,
        roles=tuple(row.roles),
        job=row.job,
        target=row.target,
    )


def _whole(row: Any) -> Event:
    return Event(
        row.id, _STEPS[row.step], row.code, row.parent, row.at, row.actor, row.org, tuple(row.roles),
        tuple(row.witnesses), len(row.photos), row.job, row.body, row.device, row.target,
    )  # fmt: skip


def _histories(session: Session, log: str, codes: Collection[str]) -> dict[str, list[Event]]:
    """All scans of these codes, by code; a code without scans has an empty list."""
    found: dict[str, list[Event]] = {code: [] for code in codes}
    for row in _of_log(session, select(*_WHOLE), ScanRow, ScanRow.code, log, codes):
        found[row.code].append(_whole(row))
    return found


def _registrations(session: Session, log: str, devices: Collection[str]) -> dict[str, list[Event]]:
    """All registrations of these devices, whatever code they bound, voided ones too."""
    found: dict[str, list[Event]] = {device: [] for device in devices}
    for row in _of_log(session, select(*_WHOLE), ScanRow, ScanRow.device, log, devices):
        found[row.device].append(_whole(row))
    return found


def _skewed(session: Session, log: str, boots: Collection[str]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {boot: [] for boot in boots}
    query = select(*_WHOLE, ScanRow.boot).where(ScanRow.skewed.is_(True))
    for row in _of_log(session, query, ScanRow, ScanRow.boot, log, boots):
        found[row.boot].append(_whole(row))
    return found


def _of_log(
    session: Session, query: Select[Any], table: Any, column: Any, log: str, values: Collection[str]
) -> Iterator[Any]:
    """Rows of one log whose column is one of many values."""
    return _chunked(session, query.where(table.log == log), column, values)


def _chunked(session: Session, query: Select[Any], column: Any, values: Collection[str]) -> Iterator[Any]:
    for part in _parts(values):
        yield from session.execute(query.where(column.in_(part)))


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    everything = list(values)
    for start in range(0, len(everything), _MOST):
        yield everything[start : start + _MOST]


def is_device(scene: Scene, code: str) -> bool:
    """Devices are what is not a cage: neither added as one nor scanned as one."""
    return code not in scene.cages and not any(event.step in CAGE_STEPS for event in scene.events[code])


def binding_of(scene: Scene, code: str) -> Event | None:
    """The registration that counts for a code: the first that was not undone and names a device that can be."""
    active, _ = without_voided(scene.events[code])
    return next((event for event in in_order(active) if event.device and _is_known(scene, event)), None)


def _is_known(scene: Scene, event: Event) -> bool:
    """A registration names a listed device of this log, or says that it found one that is on no list."""
    row = scene.devices.get(event.device)
    return bool(row is not None and row.listed) or is_found(event)


def is_found(event: Event) -> bool:
    """Whether this registration is of a device that is on no list."""
    return bool(event.body.get("device_new")) and not event.body.get("device")


def tag_of(scene: Scene, code: str) -> Tag:
    """What the code is bound to, and whether its device has an older sticker."""
    registered, issued = binding_of(scene, code), scene.issued.get(code)
    foreign = issued is not None and issued.log != scene.log
    # what another log says later about its code must not change what this one was folded to
    void_at = issued.void_at if issued is not None and not foreign and not issued.replaced_by else None
    if registered is None:
        return Tag(code, void_at=void_at, foreign=foreign)
    row, device = scene.devices.get(registered.device), registered.device
    listed = row is not None and row.listed
    cls = row.cls if row is not None and listed else str(registered.body.get("cls", "3"))
    owner = owner_of(scene, device) == code
    return Tag(code, cls, device, owner=owner, listed=listed, void_at=void_at, foreign=foreign)


def owner_of(scene: Scene, device: str) -> str:
    """The code whose registration of this device came first; a code is bound to one device only."""
    codes = {event.code for event in scene.bindings[device] if is_device(scene, event.code)}
    firsts = [found for code in codes if (found := binding_of(scene, code)) and found.device == device]
    return in_order(firsts)[0].code if firsts else ""
