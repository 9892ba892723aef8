"""Drop what was folded from a log and fold it again from entry 0; or only say what would differ."""

from collections.abc import Iterator
from itertools import islice

from sqlalchemy.orm import Session

from webapp.kernel.base.db import transaction
from webapp.kernel.intake.service import Door
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.ledger.log import lock_heads, read


def rebuild(door: Door, log: str, chunk: int = 500) -> None:
    """Fold the log again in one transaction; readers see the old tables until it commits."""
    with transaction() as session:
        lock_heads(session, [log])
        refold_all(door, session, log, chunk)


def refold_all(door: Door, session: Session, log: str, chunk: int) -> None:
    """Forget and fold, `chunk` entries at a time; the result does not depend on it."""
    for room in door.rooms:
        room.forget(session, log)
    entries = read(session, log)
    while part := list(islice(entries, chunk)):
        for room in door.rooms:
            room.project(session, log, part)


def check(door: Door, log: str) -> list[str]:
    """Differences between the tables and a fresh fold, in words; empty when identical. Changes nothing."""
    raise NotImplementedError
