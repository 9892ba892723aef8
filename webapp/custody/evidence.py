"""Whose photos one may see: those that scans of one's own consignments name, and one's own uploads."""

from typing import Any

from flask import current_app
from sqlalchemy import Select, select

from webapp.custody.entries import EVIDENCE_VIEWED
from webapp.custody.models import Party, Photo
from webapp.kernel.base.clock import DAY, now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import Forbidden
from webapp.kernel.evidence.models import EvidenceFile
from webapp.kernel.identity.login import current_person
from webapp.kernel.identity.models import Person
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.submit import submit


def may_see(sha256: str) -> bool:
    """For the request's person.

    A scan opens a photo only if the organisation that scanned also sent the photo: naming somebody else's
    hash in
    a scan of one's own shows nothing.
    """
    person = current_person()
    held = db.session.get(EvidenceFile, sha256)
    if held is None:
        return False
    if held.uploader == person.id:
        return True
    return may(person.roles, Action.EVIDENCE_VIEW) and _named(sha256) is not None


def seen(sha256: str) -> None:
    """Write into the log who looked at a photo: one entry for each person, photo and day (and server process).

    A look at one's own photo leaves none.
    """
    person, row = current_person(), _named(sha256)
    if row is None or db.session.get_one(EvidenceFile, sha256).uploader == person.id:
        return
    looks: set[tuple[str, str, int]] = current_app.extensions.setdefault("evidence_looks", set())
    look = (person.id, sha256, now_ms() // DAY)
    if look in looks:
        return
    answer = submit(EVIDENCE_VIEWED, row.log, {"consignment": row.job, "evidence": sha256})
    if answer.refusal is not None:  # no look without a trace
        raise Forbidden
    looks.clear() if len(looks) > 10_000 else None
    looks.add(look)


def _named(sha256: str) -> Any:
    """The scan that opens this photo to the person's organisation, the same one each time."""
    return db.session.execute(_query(sha256, current_person().organisation_id)).first()


def _query(sha256: str, org: str) -> "Select[str, str]":
    return (
        select(Photo.log, Photo.job)
        .join(Party, Party.consignment == Photo.job)
        .join(EvidenceFile, EvidenceFile.sha256 == Photo.sha256)
        .join(Person, Person.id == EvidenceFile.uploader)
        .where(Photo.sha256 == sha256, Party.org == org, Photo.org == Person.organisation_id)
        .order_by(Photo.scan)
        .limit(1)
    )
