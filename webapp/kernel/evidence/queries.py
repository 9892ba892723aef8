"""Reads: which photos are here, what is known of one, and how much somebody sent."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, select

from webapp.kernel.base.db import db
from webapp.kernel.evidence.models import EvidenceFile
from webapp.kernel.identity.models import Person

CHUNK = 500  # SQLite takes 32,766 parameters, PostgreSQL plans badly long before


def present(shas: Iterable[str]) -> set[str]:
    """Those of the hashes whose photo is here; the rest is 「証拠待ち」."""
    wanted = sorted(set(shas))
    found: set[str] = set()
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        found.update(db.session.scalars(select(EvidenceFile.sha256).where(EvidenceFile.sha256.in_(some))))
    return found


def file(sha256: str) -> EvidenceFile | None:
    """What is known of one photo, or None while it is awaited."""
    return db.session.get(EvidenceFile, sha256)


def sent_by_person(person: str, since: int) -> int:
    """Bytes of the photos that this person sent since then (ms) and that are kept."""
    e = EvidenceFile
    return _sum(e.uploader == person, e.uploaded_at >= since)


def sent_by_organisation(organisation: str, since: int) -> int:
    """The same of all its people."""
    e, people = EvidenceFile, select(Person.id).where(Person.organisation_id == organisation)
    return _sum(e.uploader.in_(people), e.uploaded_at >= since)


def _sum(*where: ColumnElement[bool]) -> int:
    return int(db.session.scalar(select(func.coalesce(func.sum(EvidenceFile.size), 0)).where(*where)) or 0)
