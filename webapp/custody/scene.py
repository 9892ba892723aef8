"""Read everything that new scans touch: their devices, the cages these were scanned with, all that lies in them.

The queries do not grow with the batch: one for each kind of row, whatever the number of scans.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.custody.entries import Event, in_order, without_voided
from webapp.custody.models import Cage, Device, ScanRow
from webapp.custody.rules import Tag
from webapp.custody.steps import CAGE_STEPS, Step
from webapp.kernel.scanning.models import IssuedCode
from webapp.kernel.scanning.service import replacements


@dataclass(slots=True)
class Touched:
    """What a run of entries is about. `codes` may be devices or cages; `fresh` are the new scans' ids."""

    codes: set[str] = field(default_factory=set)
    cages: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    boots: set[str] = field(default_factory=set)
    fresh: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.codes or self.cages or self.devices or self.boots)


@dataclass(slots=True)
class Scene:
    """Everything that the folds of this run read."""

    log: str
    events: dict[str, list[Event]]
    bindings: dict[str, list[Event]]
    devices: dict[str, Any]
    cages: dict[str, Any]
    issued: dict[str, Any]
    current: dict[str, str]
    skewed: dict[str, list[Event]]


def read_scene(session: Session, log: str, touched: Touched) -> Scene:
    """Read in rounds until nothing new is touched: a device leads to its cages, a cage to its devices."""
    events: dict[str, list[Event]] = {}
    bindings: dict[str, list[Event]] = {}
    want, cages = set(touched.codes), set(touched.cages)
    devices = set(touched.devices)
    _load(session, log, want | cages, events)
    devices |= _bound(events)
    _load_bindings(session, log, devices, bindings)
    others = {event.code for found in bindings.values() for event in found} - events.keys()
    _load(session, log, others, events)
    cages |= {e.parent for found in events.values() for e in found if e.parent}
    cages |= {code for code, found in events.items() if any(e.step in CAGE_STEPS for e in found)}
    inside = _inside(session, log, cages, events)
    _load(session, log, inside - events.keys(), events)
    more = _bound(events) - devices
    _load_bindings(session, log, more, bindings)
    return Scene(
        log,
        events,
        bindings,
        _device_rows(session, log, devices | more),
        _cages(session, log, cages),
        _issued(session, events.keys() | cages),
        replacements(session, log),
        _skewed(session, log, touched.boots),
    )


def _load(session: Session, log: str, codes: Collection[str], into: dict[str, list[Event]]) -> None:
    """All scans of these codes, by code; a code without scans gets an empty list."""
    for code in codes:
        into.setdefault(code, [])
    if codes:
        for row in _scan_rows(session, ScanRow.log == log, ScanRow.code.in_(codes)):
            into[row.code].append(_event(row))


def _load_bindings(session: Session, log: str, devices: Collection[str], into: dict[str, list[Event]]) -> None:
    """All registrations of these devices, whatever code they bound."""
    for device in devices:
        into.setdefault(device, [])
    if devices:
        for row in _scan_rows(session, ScanRow.log == log, ScanRow.device.in_(devices)):
            into[row.device].append(_event(row))


def _inside(session: Session, log: str, cages: set[str], events: dict[str, list[Event]]) -> set[str]:
    """Codes of devices that were scanned with these cages or stand on their manifests."""
    if not cages:
        return set()
    found = set(
        session.scalars(
            select(ScanRow.code).where(ScanRow.log == log, ScanRow.parent.in_(cages)).distinct()
        )
    )
    _load(session, log, cages - events.keys(), events)
    for cage in cages:
        for event in events.get(cage, ()):
            found |= set(event.body.get("manifest", ()))
    return found


_COLUMNS = (
    ScanRow.id, ScanRow.step, ScanRow.code, ScanRow.parent, ScanRow.at, ScanRow.actor, ScanRow.org,
    ScanRow.roles, ScanRow.witnesses, ScanRow.photos, ScanRow.job, ScanRow.body, ScanRow.device,
)


def _scan_rows(session: Session, *where: Any) -> Iterable[Any]:
    return session.execute(select(*_COLUMNS).where(*where)).all()


def _event(row: Any) -> Event:
    return Event(
        row.id, Step(row.step), row.code, row.parent, row.at, row.actor, row.org, tuple(row.roles),
        tuple(row.witnesses), len(row.photos), row.job, row.body, row.device,
    )


def _bound(events: Mapping[str, list[Event]]) -> set[str]:
    return {event.device for found in events.values() for event in found if event.device}


def _device_rows(session: Session, log: str, devices: Collection[str]) -> dict[str, Any]:
    d = Device
    query = select(
        d.id, d.consignment, d.cls, d.listed, d.code, d.step, d.done, d.cage, d.sanitized, d.destroyed, d.ended
    ).where(d.log == log, d.id.in_(devices))
    return {row.id: row for row in session.execute(query)} if devices else {}


def _cages(session: Session, log: str, cages: Collection[str]) -> dict[str, Any]:
    query = select(Cage.__table__).where(Cage.log == log, Cage.code.in_(cages))
    return {row.code: row for row in session.execute(query)} if cages else {}


def _issued(session: Session, codes: Collection[str]) -> dict[str, Any]:
    query = select(IssuedCode.id, IssuedCode.log, IssuedCode.kind, IssuedCode.void_at, IssuedCode.replaced_by)
    return {row.id: row for row in session.execute(query.where(IssuedCode.id.in_(codes)))} if codes else {}


def _skewed(session: Session, log: str, boots: Collection[str]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {boot: [] for boot in boots}
    if boots:
        where = (ScanRow.log == log, ScanRow.boot.in_(boots), ScanRow.skewed.is_(True))
        for row in session.execute(select(*_COLUMNS, ScanRow.boot).where(*where)):
            found[row.boot].append(_event(row))
    return found


def is_device(scene: Scene, code: str) -> bool:
    """Devices are what is not a cage: neither added as one nor scanned as one."""
    if code in scene.cages:
        return False
    return not any(event.step in CAGE_STEPS for event in scene.events[code])


def tag_of(scene: Scene, code: str) -> Tag:
    """What the code is bound to: the registration that counts, and whether its device has an older sticker."""
    active, _ = without_voided(scene.events[code])
    registered = next((e for e in in_order(active) if e.device and _is_known(scene, e)), None)
    issued = scene.issued.get(code)
    void = issued is not None and issued.void_at is not None and not issued.replaced_by
    foreign = issued is not None and issued.log != scene.log
    if registered is None:
        return Tag(code, void=void, foreign=foreign)
    device = registered.device
    row = scene.devices.get(device)
    listed = row is not None and row.listed
    cls = row.cls if listed else str(registered.body.get("cls", "3"))
    return Tag(code, cls, device, owner=owner_of(scene, device) == code, listed=listed)


def _is_known(scene: Scene, event: Event) -> bool:
    """A registration names a listed device of this log, or says that it found one that is on no list."""
    return event.device in scene.devices or bool(event.body.get("device_new"))


def owner_of(scene: Scene, device: str) -> str:
    """The code whose registration came first; a voided registration owns nothing."""
    first: list[tuple[int, str, str]] = []
    for event in scene.bindings.get(device, ()):
        active, _ = without_voided(scene.events.get(event.code, []))
        if any(other.id == event.id for other in active):
            first.append((event.at, event.id, event.code))
    return min(first)[2] if first else ""


