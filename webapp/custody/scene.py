"""Read everything that new scans touch: their devices, the cages these were scanned with, all that lies in them.

Two circles. The *core* are the things whose own history may have changed: they are read whole and folded again.
Around it stand the cages of core things; what else lies in these is read lightly, because its own history has not
changed. The number of queries does not grow with the batch: one for each kind of row.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy.orm import Session

from webapp.custody.entries import NOTHING_SAID, Event, without_voided
from webapp.custody.models import Cage, Device, ManifestLine, Party, ScanRow
from webapp.custody.rules import Tag, may_record
from webapp.custody.steps import CAGE_STEPS, Step
from webapp.kernel.base.rows import MOST, Lookup, Written, names_of
from webapp.kernel.intake.clock import UNKNOWN_MS
from webapp.kernel.scanning.models import IssuedCode
from webapp.kernel.scanning.service import replacements


@dataclass(slots=True)
class Touched:
    """What a run of entries is about.

    `codes` may be devices or cages, `renamed` are those of them that were voided or took over from one that was.
    `scans` and `lines` are rows of this run that the tables do not have yet: their codes are all among `codes`.
    """

    codes: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)
    boots: set[str] = field(default_factory=set)
    current: Mapping[str, str] | None = None  # replaced code → current one, if it was read already
    scans: Sequence[Mapping[str, Any]] = ()
    lines: Sequence[Mapping[str, Any]] = ()

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
    parties: dict[str, frozenset[str]] = field(default_factory=dict)  # consignment → organisations
    _bound: dict[str, Event | None] = field(default_factory=dict)  # what was worked out once
    _owners: dict[str, str] = field(default_factory=dict)

    def binding_of(self, code: str) -> Event | None:
        """The registration that counts for a code: the first that was not undone and names a device that can be."""
        if code not in self._bound:
            registered = [event for event in without_voided(self.events[code])[0] if event.device]
            known = [event for event in registered if self._is_known(event)]
            self._bound[code] = min(known, key=_precedence) if len(known) > 1 else known[0] if known else None
        return self._bound[code]

    def _is_known(self, event: Event) -> bool:
        """A registration names a listed device of this log, or says that it found one that is on no list."""
        row = self.devices.get(event.device)
        return bool(row is not None and row.listed) or is_found(event)

    def owner_of(self, device: str) -> str:
        """The code whose registration of this device came first; a code is bound to one device only."""
        if device not in self._owners:
            codes = {event.code for event in self.bindings[device] if is_device(self, event.code)}
            firsts = [found for code in codes if (found := self.binding_of(code)) and found.device == device]
            first = min(firsts, key=_precedence) if len(firsts) > 1 else firsts[0] if firsts else None
            self._owners[device] = first.code if first else ""
        return self._owners[device]


def _precedence(event: Event) -> tuple[bool, int, str]:
    """Of several registrations the first counts; one by somebody whose task it is not comes after all others."""
    return (not may_record(event), event.at, event.id)


def read_scene(session: Session, log: str, touched: Touched) -> Scene:
    """Everything that has to be folded again because of what was touched."""
    scene = Scene(log, replacements(session, log) if touched.current is None else touched.current)
    _read_core(session, scene, touched)
    scene.near = _near(session, scene, touched)
    scene.cages = {row.code: row for row in _CAGES.rows(session, scene.near) if row.log == log}
    scene.own = {code: scene.events[code] for code in scene.near & scene.events.keys()}
    scene.own.update(_histories(session, log, scene.near - scene.events.keys()))
    used = _parents(scene) | _locked_or_moved(scene) | touched.renamed
    scene.strangers = used - scene.cages.keys()
    _read_inside(session, scene, used | scene.cages.keys(), touched)
    scene.issued = {row.id: row for row in _ISSUED.rows(session, scene.events)}
    scene.skewed = _skewed(session, log, touched)
    scene.parties = _parties(session, scene)
    return scene


def _parties(session: Session, scene: Scene) -> dict[str, frozenset[str]]:
    """Who works on the consignments of what is folded."""
    jobs = {row.consignment for row in (*scene.devices.values(), *scene.cages.values())}
    found: dict[str, set[str]] = {}
    for row in _PARTIES.rows(session, jobs):
        found.setdefault(row.consignment, set()).add(row.org)
    return {job: frozenset(orgs) for job, orgs in found.items()}


def _read_core(session: Session, scene: Scene, touched: Touched) -> None:
    """Whole histories: a code leads to the devices it was bound to, these to every code bound to them, and so on."""
    fresh = set(touched.codes)
    while fresh:
        found = _histories(session, scene.log, fresh)
        for row in () if scene.events else touched.scans:
            found[row["code"]].append(_event(row))
        scene.events.update(found)
        devices = {e.device for events in found.values() for e in events if e.device} - scene.bindings.keys()
        scene.bindings.update((device, []) for device in devices)
        bound = _BOUND.rows(session, devices, log=scene.log)
        fresh = {row.code for row in bound} - scene.events.keys()
    for event in (event for events in scene.events.values() for event in events if event.device):
        scene.bindings[event.device].append(event)
    scene.devices = {row.id: row for row in _DEVICES.rows(session, scene.bindings) if row.log == scene.log}


def _near(session: Session, scene: Scene, touched: Touched) -> set[str]:
    """Cages that core things are, were scanned with, or stand on the manifest of."""
    listing = {row.cage for row in _LISTING.rows(session, scene.events, log=scene.log)}
    listing.update(line["cage"] for line in touched.lines if line["code"] in scene.events)
    return {*scene.events, *_parents(scene), *listing}


def _parents(scene: Scene) -> set[str]:
    return {event.parent for events in scene.events.values() for event in events if event.parent}


def _locked_or_moved(scene: Scene) -> set[str]:
    return {code for code in scene.near if any(event.step in CAGE_STEPS for event in scene.own[code])}


def _read_inside(session: Session, scene: Scene, cages: Collection[str], touched: Touched) -> None:
    """Histories of what was scanned with a cage or stands on its manifest; and where these devices belong."""
    codes = {line["code"] for line in touched.lines if line["cage"] in cages}  # what was scanned now is core
    for part in _parts(cages):
        codes.update(code for (code,) in _CONTENTS.run(session, scene.log, part, scene.log, part))
    others = codes - scene.events.keys()
    scene.homes.update((row.code, row.consignment) for row in _HOMES.rows(session, others, log=scene.log))
    scene.inside.update(scene.events)
    since, until = _sealed(scene)
    for part in _parts(others):
        for row in _LIGHT_SCANS.run(session, scene.log, scene.log, part, since, until):
            event = _light(row)
            scene.inside.setdefault(event.code, []).append(event)


def _sealed(scene: Scene) -> tuple[int, int]:
    """From the first lock to the last opening every scan of what lies in these cages is of interest, ms.

    Before and after, only what says where a device lies.
    """
    histories = [without_voided(events)[0] for events in scene.own.values()]
    locked = [events for events in histories if _times(events, Step.LOCKED)]
    since = min((min(_times(events, Step.LOCKED)) for events in locked), default=_NEVER)
    return since, max(
        (min(_times(events, Step.OPENED), default=_NEVER) for events in locked), default=-_NEVER
    )


def _times(events: Iterable[Event], step: Step) -> list[int]:
    return [event.at for event in events if event.step is step]


_NEVER = 2**62
_LIGHT = (
    ScanRow.id, ScanRow.step, ScanRow.code, ScanRow.parent, ScanRow.at, ScanRow.actor, ScanRow.roles, ScanRow.job,
    ScanRow.target, ScanRow.dev, ScanRow.err,
)  # fmt: skip
#: In the order of Event's fields.
_WHOLE = (
    ScanRow.id, ScanRow.step, ScanRow.code, ScanRow.parent, ScanRow.at, ScanRow.actor, ScanRow.org, ScanRow.roles,
    ScanRow.witnesses, ScanRow.photos, ScanRow.job, ScanRow.body, ScanRow.device, ScanRow.target,
    ScanRow.dev, ScanRow.err,
)  # fmt: skip
_FILED = "first IN (SELECT idx FROM custody_scans WHERE log = ? AND first = idx AND code IN (*))"
_SCANS = Written(f"SELECT {names_of(_WHOLE)} FROM custody_scans WHERE log = ? AND {_FILED}")  # noqa: S608  (our own names)
_LIGHT_SCANS = Written(
    f"SELECT {names_of(_LIGHT)} FROM custody_scans WHERE log = ? AND {_FILED}"  # noqa: S608  (our own names)
    f" AND (step IN ('{Step.LOADED}', '{Step.COUNTED}', '{Step.VOID}') OR parent <> '' OR at BETWEEN ? AND ?)"
)
#: In the words of the partial indexes, so that these are used.
_FIRSTS = Lookup(
    ScanRow.code, ScanRow.index, by=ScanRow.code, same=[ScanRow.log], also="first = idx", plain=True
)
_BOUND = Lookup(ScanRow.code, by=ScanRow.device, same=[ScanRow.log], also="device <> ''")
_SKEWED_SCANS = Lookup(
    ScanRow.id, ScanRow.at, ScanRow.job, ScanRow.boot,
    by=ScanRow.boot, same=[ScanRow.log], also="skewed",
)  # fmt: skip
#: By key alone: with the log beside it SQLite's planner would read the whole log.
_DEVICES = Lookup(
    Device.id, Device.log, Device.consignment, Device.cls, Device.listed, Device.code, Device.step, Device.done,
    Device.cage, Device.sanitized, Device.destroyed, Device.ended, by=Device.id,
)  # fmt: skip
_HOMES = Lookup(Device.code, Device.consignment, by=Device.code, same=[Device.log])
_CAGES = Lookup(
    Cage.code, Cage.log, Cage.consignment, Cage.step, Cage.seal, Cage.manifest, Cage.manifest_hash, Cage.loaded,
    Cage.counted, Cage.holder, Cage.locked_at, Cage.departed_at, Cage.arrived_at, Cage.opened_at, Cage.closed_at,
    by=Cage.code,
)  # fmt: skip
_PARTIES = Lookup(Party.consignment, Party.org, by=Party.consignment)
_LISTING = Lookup(ManifestLine.cage, by=ManifestLine.code, same=[ManifestLine.log])
_ISSUED = Lookup(IssuedCode.id, IssuedCode.log, IssuedCode.void_at, IssuedCode.replaced_by, by=IssuedCode.id)
_CONTENTS = Written(
    "SELECT code FROM custody_scans WHERE log = ? AND parent <> '' AND parent IN (*)"
    " UNION SELECT code FROM custody_manifest_lines WHERE log = ? AND cage IN (*)"
)
_STEPS = {step.value: step for step in Step}


def _light(row: Any) -> Event:
    key, step, code, parent, at, actor, roles, job, target, dev, err = row
    return Event(
        key, _STEPS[step], code, parent, at, actor, roles=_words(roles), job=job, target=target, dev=dev,
        err=UNKNOWN_MS if err is None else err,
    )  # fmt: skip


def _whole(row: Any) -> Event:
    key, step, code, parent, at, actor, org, roles, witnesses, photos, job, body, device, target, dev, err = (
        row
    )
    return Event(
        key, _STEPS[step], code, parent, at, actor, org, _words(roles), _words(witnesses), len(_words(photos)), job,
        _said(body), device, target, dev, UNKNOWN_MS if err is None else err,
    )  # fmt: skip


def _event(row: Mapping[str, Any]) -> Event:
    """The scan in a row that is yet to be written."""
    err = row["err"]
    return Event(
        row["id"], _STEPS[row["step"]], row["code"], row["parent"], row["at"], row["actor"], row["org"],
        tuple(row["roles"]), tuple(row["witnesses"]), len(row["photos"]), row["job"], row["body"] or NOTHING_SAID,
        row["device"], row["target"], row["dev"], UNKNOWN_MS if err is None else err,
    )  # fmt: skip


def _words(value: Any) -> tuple[str, ...]:
    """A list in JSON: SQLite has it as text, and the same few texts over and over."""
    return _words_of(value) if isinstance(value, str) else tuple(value)


@lru_cache(maxsize=10_000)
def _words_of(text: str) -> tuple[str, ...]:
    return tuple(orjson.loads(text))


def _said(body: Any) -> Mapping[str, Any]:
    if body == "{}":
        return NOTHING_SAID
    found: Mapping[str, Any] = orjson.loads(body) if isinstance(body, str) else body
    return found


def _histories(session: Session, log: str, codes: Collection[str]) -> dict[str, list[Event]]:
    """All scans of these codes, by code; a code without scans has an empty list."""
    found: dict[str, list[Event]] = {code: [] for code in codes}
    for part in _parts(found):
        for row in _SCANS.run(session, log, log, part):
            event = _whole(row)
            found[event.code].append(event)
    return found


def first_scans(session: Session, log: str, codes: Collection[str]) -> dict[str, int]:
    """Place in the log of the first scan that is filed under each of these codes; a code without scans is absent."""
    found: dict[str, int] = {}
    for code, index in _FIRSTS.rows(session, codes, log=log):
        found[code] = min(index, found.get(code, index))
    return found


def _skewed(session: Session, log: str, touched: Touched) -> dict[str, list[Event]]:
    """When, and for which consignment; what else such scans say is read where they are filed."""
    found: dict[str, list[Event]] = {boot: [] for boot in touched.boots}
    fresh = ((row["id"], row["at"], row["job"], row["boot"]) for row in touched.scans if row["skewed"])
    for key, at, job, boot in (*_SKEWED_SCANS.rows(session, found, log=log), *fresh):
        found[boot].append(Event(key, Step.REGISTERED, "", "", at, "", job=job))
    return found


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    everything = list(values)
    for start in range(0, len(everything), MOST):
        yield everything[start : start + MOST]


def is_device(scene: Scene, code: str) -> bool:
    """Everything that was not added as a cage; a cage's step on it is a slip, and no reason to lose it."""
    return code not in scene.cages


def is_found(event: Event) -> bool:
    """Whether this registration is of a device that is on no list."""
    return bool(event.body.get("device_new")) and not event.body.get("device")


def tag_of(scene: Scene, code: str) -> Tag:
    """What the code is bound to, and whether its device has an older sticker."""
    registered, issued = scene.binding_of(code), scene.issued.get(code)
    foreign = issued is not None and issued.log != scene.log
    # what another log says later about its code must not change what this one was folded to
    void_at = issued.void_at if issued is not None and not foreign and not issued.replaced_by else None
    if registered is None:
        return Tag(code, void_at=void_at, foreign=foreign)
    row, device = scene.devices.get(registered.device), registered.device
    listed = row is not None and row.listed
    cls = row.cls if row is not None and listed else str(registered.body.get("cls", "3"))
    owner = scene.owner_of(device) == code
    parties = scene.parties.get(row.consignment, frozenset()) if row is not None and listed else frozenset()
    return Tag(code, cls, device, owner, listed, void_at, foreign, parties)
