"""Drop what was folded from a log and fold it again from entry 0; or only say what would differ."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import delete, inspect, select
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import Base, forget_seen, transaction
from webapp.kernel.intake.door import OK, Verdict
from webapp.kernel.intake.models import Receipt
from webapp.kernel.intake.receipts import revise
from webapp.kernel.intake.service import Door
from webapp.kernel.ledger.log import lock_heads, read

CHUNK = 500
#: Differences that `check` tells; one is reason enough to look.
MOST = 100

_Rows = dict[tuple[str, ...], dict[str, Any]]


def rebuild(door: Door, log: str, chunk: int = CHUNK) -> None:
    """Fold the log again in one transaction; readers see the old tables until it commits."""
    with transaction() as session:
        lock_heads(session, [log])
        refold_all(door, session, log, chunk)


def refold_all(door: Door, session: Session, log: str, chunk: int = CHUNK) -> None:
    """Forget and fold, `chunk` entries at a time; the result does not depend on it.

    Receipts are not dropped: that an act was taken is a fact of the door. What it is worth is folded anew.
    """
    for room in door.rooms:
        for table in room.tables:
            session.execute(delete(table).where(_log_of(table) == log))
    session.expire_all()
    forget_seen(session)
    entries, verdicts = read(session, log), _unjudged(session, log)
    while part := list(islice(entries, chunk)):
        for room in door.rooms:
            verdicts.update(room.project(session, log, part))
        forget_seen(session)
    revise(session, verdicts, now_ms())


def _unjudged(session: Session, log: str) -> dict[str, Verdict]:
    return dict.fromkeys(session.scalars(select(Receipt.id).where(Receipt.log == log)), OK)


def _log_of(table: type[Base]) -> Any:
    return table.__table__.c.log


class _Undo(Exception):
    """Ends a transaction that was only a question."""


def check(door: Door, log: str) -> list[str]:
    """Differences between the tables and a fresh fold, in words; empty when identical. Changes nothing."""
    found: list[str] = []
    try:
        with transaction() as session:
            lock_heads(session, [log])
            before = snapshot(door, session, log)
            refold_all(door, session, log)
            found = list(islice(_differences(before, snapshot(door, session, log)), MOST))
            raise _Undo
    except _Undo:
        return found


def snapshot(door: Door, session: Session, log: str) -> dict[str, _Rows]:
    """Every row that was folded from a log, by table and key; of receipts, what they say."""
    tables: list[type[Base]] = [*(table for room in door.rooms for table in room.tables), Receipt]
    return {str(table.__tablename__): _rows(session, table, log) for table in tables}


def _rows(session: Session, table: type[Base], log: str) -> _Rows:
    keys = [column.name for column in inspect(table).primary_key]
    rows = session.execute(select(table.__table__).where(_log_of(table) == log)).mappings()
    unseen = {"rev"}  # when a verdict last changed is a fact of the door, no fold
    return {
        tuple(str(row[key]) for key in keys): {k: v for k, v in row.items() if k not in unseen}
        for row in rows
    }


def _differences(before: dict[str, _Rows], after: dict[str, _Rows]) -> Iterator[str]:
    for table, rows in before.items():
        for key in sorted(rows.keys() | after[table].keys()):
            old, new = rows.get(key, {}), after[table].get(key, {})
            where = f"{table} {'/'.join(key)}"
            if not old or not new:
                yield f"{where}: {'only after' if new else 'gone after'} folding again"
            else:
                yield from (f"{where}.{n}: {old[n]!r} -> {new[n]!r}" for n in old if old[n] != new[n])
