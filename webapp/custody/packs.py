"""Job packs: all that a phone needs to work on a consignment from a cold, offline start."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from webapp.custody.models import Cage, Device
from webapp.custody.queries import COUNTS, Job
from webapp.custody.steps import KIND_TITLES, POLICY, REQUIRED, Severity
from webapp.kernel.base.db import db, transaction
from webapp.kernel.identity.models import Person, PersonState
from webapp.kernel.identity.pseudonyms import pseudonym
from webapp.kernel.identity.roles import Role
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import Head
from webapp.kernel.phones.queries import PhoneKeyOut, keys_of, passes_of
from webapp.kernel.reconciliation.models import DiscrepancyRow

#: They carry cages and never open them: what lies inside is not theirs to know (least privilege).
CLOSED_TO = frozenset({Role.DRIVER})


def revision(log: str) -> int:
    """Entries in the log: a pack is as fresh as the log it was made from."""
    return db.session.scalar(select(Head.size).where(Head.log == log)) or 0


def summary(job: Job, rev: int) -> dict[str, Any]:
    """A job in the list of today's jobs."""
    return {
        "id": job.id,
        "log": job.log,
        "title": job.title,
        "municipality": job.municipality,
        "carrier": job.carrier,
        "itad": job.itad,
        "rev": str(rev),
        "due": job.due_at,
        "counts": {name: job.counts[name] for name in COUNTS},
        "open": job.open,
    }


def pack(job: Job, person: Person, actor: str, prefixes: Sequence[str], now: int) -> dict[str, Any]:
    """The pack of one job for one person. Eight queries whatever its size."""
    rev = revision(job.log)
    inside = not set(person.roles) <= {str(role) for role in CLOSED_TO}
    people = _people(job)
    return {
        "rev": str(rev),
        "server_at": now,
        "job": summary(job, rev),
        "actor": actor,
        "people": people,
        "phones": _phones(job, [str(one["p"]) for one in people]),
        "devices": _devices(job) if inside else [],
        "cages": _cages(job, inside=inside),
        "codes": {"prefixes": list(prefixes)},
        "policy": {"id": POLICY, "required": {cls: list(steps) for cls, steps in REQUIRED.items()}},
    }


def _people(job: Job) -> list[dict[str, Any]]:
    """Everybody who can stand beside or take over, under the names this log knows them by."""
    from webapp.custody.models import Party

    orgs = select(Party.org).where(Party.consignment == job.id)
    query = select(Person).where(Person.organisation_id.in_(orgs), Person.state == PersonState.ACTIVE)
    with transaction() as session:
        people = session.scalars(query.order_by(Person.name)).all()
        return [
            {"p": pseudonym(session, job.log, person.id), "name": person.name}
            | {"role": person.roles[0] if person.roles else "", "roles": list(person.roles)}
            | {"org": person.organisation.name}
            for person in people
        ]


def _phones(job: Job, people: Sequence[str]) -> list[dict[str, Any]]:
    """Keys with which a phone checks another one's signature at a hand-over, without a network."""
    session = db.session()
    found: list[PhoneKeyOut] = [*keys_of(session, job.log, people), *passes_of(session, job.log, job.id)]
    return [{"dev": one.dev, "key": one.key, "p": one.holder, "until": one.until} for one in found]


def _devices(job: Job) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(Device).where(Device.consignment == job.id).order_by(Device.number, Device.id)
    ).all()
    private = vault.read(db.session(), job.log, [row.id for row in rows])
    return [_device(row, private.get(row.id, {})) for row in rows]


def _device(row: Device, private: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "code": row.code or "",
        "asset": str(private.get("asset", "")),
        "kind": row.kind,
        "kind_text": KIND_TITLES.get(row.kind, ""),
        "model": " ".join(str(private[name]) for name in ("maker", "model") if private.get(name)),
        "serial": str(private.get("serial", "")),
        "drive_serial": str(private.get("drive_serial", "")),
        "cls": int(row.cls),
        "place": str(private.get("place", "")),
        "step": row.step,
        "cage": row.cage,
        "done": list(row.done),
    }


def _cages(job: Job, *, inside: bool) -> list[dict[str, Any]]:
    rows = db.session.scalars(select(Cage).where(Cage.consignment == job.id).order_by(Cage.name)).all()
    stopped = _stopped(job)
    return [
        {"code": row.code, "name": row.name, "state": row.step, "seal": row.seal, "lock": ""}
        | {"manifest": row.manifest, "manifest_hash": row.manifest_hash}
        | {"loaded": row.loaded if inside else [], "counted": row.counted if inside else []}
        | {"handed_to": row.holder, "departed": row.departed_at, "arrived": row.arrived_at}
        | {"stopped": row.code in stopped}
        for row in rows
    ]


def _stopped(job: Job) -> frozenset[str]:
    """What an open question holds up, as the board says it: 停止中."""
    d = DiscrepancyRow
    asked = select(d.scope).where(d.job == job.id, d.closed.is_(False), d.severity == Severity.BLOCK)
    return frozenset(db.session.scalars(asked))
