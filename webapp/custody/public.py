"""What anybody may know of a tracking ID: status, times, what is required beside what is done. No serial,
no name.

The page costs the same few queries whatever the size of the town.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from webapp.custody.models import Cage, Device
from webapp.custody.rules import required
from webapp.custody.steps import CLASS_TITLES, KIND_TITLES, REQUIRED, Discrepancy, Status, Step
from webapp.kernel.base.db import db
from webapp.kernel.identity.models import Organisation
from webapp.kernel.ledger.models import Log
from webapp.kernel.reconciliation.models import DiscrepancyRow
from webapp.kernel.scanning.codes import show
from webapp.kernel.scanning.models import IssuedCode


@dataclass(frozen=True, slots=True)
class PublicStep:
    """One of the six. state: done | next | later | not_applicable | on_site; `note` is a key of
    public_words.html.
    """

    key: str
    state: str
    at_ms: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class PublicTrail:
    """The trail of a device. `status` is the last status reached, "" before registration."""

    id: str
    shown_id: str
    kind_text: str
    class_text: str
    status: str
    steps: Sequence[PublicStep]
    consistent: bool
    waiting: bool
    municipality: str
    contact: str


@dataclass(frozen=True, slots=True)
class PublicThing:
    """A cage, lock, seal or card, or a label that is void: only whose it is and whom to call."""

    kind: str
    shown_id: str
    municipality: str
    contact: str
    void: bool = False
    replaced: bool = False
    bound: bool = True


def look_up(code: str) -> PublicTrail | PublicThing | None:
    """What stands behind a well-formed code, or None if nobody here issued it."""
    issued = db.session.get(IssuedCode, code)
    if issued is None:
        return None
    name, phone = _owner(issued.log)
    if issued.void_at is not None:
        return PublicThing(issued.kind, show(code), name, phone, void=True, replaced=bool(issued.replaced_by))
    device = db.session.scalar(select(Device).where(Device.log == issued.log, Device.code == code))
    if device is None:
        return PublicThing(issued.kind, show(code), name, phone, bound=issued.kind != "device")
    return _trail(device, name, phone)


def _owner(log: str) -> tuple[str, str]:
    row = db.session.execute(
        select(Organisation.name, Organisation.phone)
        .join(Log, Log.organisation_id == Organisation.id)
        .where(Log.id == log)
    ).first()
    return (row.name, row.phone) if row else ("", "")


def _trail(device: Device, municipality: str, contact: str) -> PublicTrail:
    code = device.code or ""
    cage = db.session.scalar(select(Cage).where(Cage.code == device.cage)) if device.cage else None
    d = DiscrepancyRow
    scopes = [code, device.cage] if device.cage else [code]
    # what is closed is left out here: asked for in SQL, the town's whole open list would be read
    query = select(d.code, d.severity, d.scope, d.key, d.params, d.closed)
    rows = db.session.execute(query.where(d.log == device.log, d.scope.in_(scopes))).all()
    found = [row for row in rows if not row.closed]
    own = {row.severity for row in found if row.scope == code or row.params.get("device") == code}
    one_sided = any(row.scope == device.cage and row.code in _ONE_SIDED for row in rows)
    sealed = any(row.scope == device.cage and row.key == "" for row in found)
    steps = public_steps(device.cls, device.done, _journey(device, cage), ended=device.ended)
    if not one_sided:
        steps = [_countersigned(step) for step in steps]
    reached = [step.key for step in steps if step.state in {"done", "on_site"}]
    return PublicTrail(
        code,
        show(code),
        KIND_TITLES.get(device.kind, ""),
        CLASS_TITLES.get(device.cls, ""),
        reached[-1] if reached else "",
        steps,
        consistent="block" not in own and not sealed,
        waiting="wait" in own,
        municipality=municipality,
        contact=contact,
    )


def _countersigned(step: PublicStep) -> PublicStep:
    """A cage that went out was given by one and taken by another, and both signed."""
    both = step.key == Status.DEPARTED and step.state == "done"
    return replace(step, note="countersigned") if both else step


#: A hand-over that the other one has not signed, or has signed otherwise; settled or not, it stays one-sided.
_ONE_SIDED = frozenset(
    {Discrepancy.HANDOVER_UNANSWERED, Discrepancy.ANSWER_MISMATCH, Discrepancy.OFFER_AWAITED}
)


def _journey(device: Device, cage: Cage | None) -> Mapping[Status, int | None]:
    """出庫 and 入庫 are the cage's: a device's place is derived from the cage whose manifest names it."""
    if cage is None or device.code not in cage.manifest:
        return {}
    return {Status.DEPARTED: cage.departed_at, Status.RECEIVED: cage.arrived_at}


def public_steps(
    cls: str, done: Mapping[str, Any], journey: Mapping[Status, int | None], *, ended: bool
) -> list[PublicStep]:
    """Required beside done, in the order of the statuses. Pure."""
    times: dict[Status, int | None] = {
        Status.REGISTERED: done.get(Step.REGISTERED),
        Status.SANITIZED: done.get(Step.SANITIZED),
        Status.DEPARTED: journey.get(Status.DEPARTED),
        Status.RECEIVED: journey.get(Status.RECEIVED),
        Status.DESTROYED: done.get(Step.DESTROYED),
        Status.ENDED: max(done.values(), default=None) if ended else None,
    }
    on_site = done.get(Step.DESTROYED_ON_SITE)
    asked = _asked(cls, on_site=on_site is not None)
    steps: list[PublicStep] = []
    for status, at in times.items():
        state = _state(status, at, asked, steps)
        steps.append(PublicStep(status, state, at, _note(status, state)))
    if on_site is not None:
        steps[5 - 1] = PublicStep(Status.DESTROYED, "on_site", on_site, "on_site")
    return steps


def _asked(cls: str, *, on_site: bool) -> set[Status]:
    steps = required(cls, frozenset({Step.DESTROYED_ON_SITE}) if on_site else frozenset())
    asked = {Status.REGISTERED, Status.DEPARTED, Status.RECEIVED}
    asked |= {Status.SANITIZED} if Step.SANITIZED in steps else set()
    asked |= {Status.DESTROYED} if Step.DESTROYED in steps else set()
    return asked | ({Status.ENDED} if Step.SANITIZED in REQUIRED.get(cls, REQUIRED["3"]) else set())


def _state(status: Status, at: int | None, asked: set[Status], before: Sequence[PublicStep]) -> str:
    if at is not None:
        return "done"
    if status not in asked:
        return "not_applicable"
    return "later" if any(step.state == "next" for step in before) else "next"


def _note(status: Status, state: str) -> str:
    if state == "not_applicable":
        return "not_needed"
    if state != "done":
        return ""
    return {Status.SANITIZED: "witnessed", Status.DEPARTED: "sealed", Status.DESTROYED: "photo"}.get(
        status, ""
    )
