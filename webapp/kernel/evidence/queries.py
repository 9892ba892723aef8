"""Reads: which photos are here, and what is known of one."""

from collections.abc import Iterable

from sqlalchemy import select

from webapp.kernel.base.db import db
from webapp.kernel.evidence.models import EvidenceFile

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
