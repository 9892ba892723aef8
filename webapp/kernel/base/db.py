"""The database: one Base, one `transaction()`, and the pragmas that make a commit mean "on disk"."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from threading import Lock
from time import monotonic
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, Engine, MetaData, event
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.orm import DeclarativeBase, Session, registry

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def _values(enum: type[Enum]) -> list[str]:
    return [str(member.value) for member in enum]


class Base(DeclarativeBase):
    """Every table. Enums are stored by value as text, whole numbers as 64-bit, dicts and lists as JSON."""

    metadata = MetaData(naming_convention=NAMING)
    registry = registry(
        metadata=metadata,
        type_annotation_map={
            Enum: SqlEnum(Enum, native_enum=False, length=64, values_callable=_values),
            int: BigInteger(),
            dict[str, Any]: JSON(),
            list[str]: JSON(),
        },
    )


#: `__table_args__` of a table whose rows may have to be erased: backups keep these apart and for a short time only.
PRIVATE = {"info": {"private": True}}


def private_tables() -> list[str]:
    """Names of the tables that hold what may have to be erased."""
    return sorted(name for name, table in Base.metadata.tables.items() if table.info.get("private"))


db = SQLAlchemy(model_class=Base, session_options={"autoflush": False})


@contextmanager
def transaction(meanwhile: Callable[[Session], None] | None = None) -> Iterator[Session]:
    """One unit of work: commits when the block ends, rolls back if it raises. Nothing else commits.

    On SQLite the write lock is taken at once (BEGIN IMMEDIATE), so that what is read inside is still true when it
    is acted on; on PostgreSQL the ledger head row is the lock (`ledger.log.lock_heads`). If another process has
    SQLite's, `meanwhile` is called once before it is waited for: it may read, and prepare (`base.rehearsal`).
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("a transaction within a transaction")
    session.rollback()  # leave the snapshot that earlier reads of this request may hold
    with _turn(session, meanwhile):
        session.info["writing"], session.info["seen"] = True, []
        session.info["connection"] = session.connection()  # asked once, not for every statement (base.rows)
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info["writing"], session.info["seen"] = False, None
            session.info.pop("connection", None)
            session.info.pop("workbench", None)


@event.listens_for(Session, "loaded_as_persistent")
@event.listens_for(Session, "pending_to_persistent")
def _remember(session: Session, row: object) -> None:
    """Alone, a session forgets a row as soon as nobody holds it: what was decided on would be read again."""
    if (seen := session.info.get("seen")) is not None:
        seen.append(row)


def forget_seen(session: Session) -> None:
    """Let go of the rows that a long transaction has been through; they are read again when they are wanted."""
    session.info.pop("workbench", None)  # who worked there has written what came of it (base.workbench)
    if (seen := session.info.get("seen")) is not None:
        seen.clear()


@contextmanager
def one_picture(session: Session) -> Iterator[None]:
    """Reads that belong together see the database as it stood at the first of them, whoever writes meanwhile.

    Inside of `transaction()` they do anyway. Nothing is written here; what was read before is read anew.
    """
    if session.info.get("writing"):
        yield
        return
    session.rollback()
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("BEGIN")
    else:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    try:
        yield
    finally:
        session.rollback()


_PREPARING = Lock()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """On SQLite, one thread of this process at a time works towards a write; elsewhere nothing. Not to be nested.

    Only one can write anyway. A second one that parses meanwhile takes the interpreter from the one that holds the
    write lock, and every other process waits for that one: some 10 % of all that a server takes in.
    """
    if db.engine.dialect.name != "sqlite":
        yield
        return
    with _PREPARING:
        yield


@contextmanager
def _turn(session: Session, meanwhile: Callable[[Session], None] | None) -> Iterator[None]:
    """On SQLite, wait in a queue for the write lock and take it; elsewhere nothing.

    SQLite alone makes a waiter sleep and try again, up to 0.1 s at a time, and the file lies idle between two
    writers; in this queue the next one is woken at once. Who does not stand in it (another program) is still
    kept out by SQLite's own lock.
    """
    url = session.get_bind().engine.url
    if url.get_backend_name() != "sqlite":
        yield
        return
    database = url.database or ""
    queue = _place_in_queue(database)
    try:
        if queue is not None:
            if meanwhile is not None and _is_wanted(queue, database):
                meanwhile(session)
            fcntl.flock(queue, fcntl.LOCK_EX)
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        yield
    finally:
        if queue is not None:
            os.close(queue)  # lets the next one in; so does the end of this process


def _place_in_queue(database: str) -> int | None:
    """The open file whose lock is the turn to write; nobody else sees a database in memory."""
    if database in {"", ":memory:"}:
        return None
    return os.open(f"{database}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


#: Where another process had the turn when we wanted it, we expect the same again for so long: seconds.
_EXPECTED = 0.25
_WANTED: dict[str, float] = {}  # by database: when that was, last


def _is_wanted(queue: int, database: str) -> bool:
    """Whether another process has the turn, or had it a moment ago. If not, it is ours now."""
    try:
        fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _WANTED[database] = monotonic()
        return True
    if monotonic() - _WANTED.get(database, -_EXPECTED) >= _EXPECTED:
        return False
    fcntl.flock(queue, fcntl.LOCK_UN)
    return True


@event.listens_for(Engine, "connect")
def _on_connect(connection: Any, _record: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # a receipt means: survives a power cut
        "foreign_keys = ON",
        "secure_delete = ON",  # what was erased is overwritten, not only forgotten by the index
        "busy_timeout = 30000",
        "cache_size = -65536",
        "wal_autocheckpoint = 8000",  # 32 MB: a page that changes often is copied back once, not at every eighth batch
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
