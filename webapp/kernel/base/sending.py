"""Statements on their way to the driver. On PostgreSQL, writes of single rows wait and go as one statement.

Every statement costs a round trip and some 80 µs of the driver; a decision about supplies writes ten single rows
of ten tables. A write waits for the next statement of its transaction or for the end, whichever comes first, so that
nobody can tell the difference but by the clock, and by the moment at which a broken constraint is heard of.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError


class Write(NamedTuple):
    """An INSERT or UPDATE of one row."""

    table: str
    text: str
    values: Sequence[Any]


@contextmanager
def waiting(connection: Connection) -> Iterator[None]:
    """In here writes may wait; the last are sent at the end. SQLite would gain nothing. Raises DBAPIError."""
    held = connection.info  # the connection itself is gone after a rollback
    if connection.dialect.driver == "psycopg":
        held["writes"] = []
    try:
        yield
        if held.get("writes"):
            send_waiting(connection)
    finally:
        held.pop("writes", None)


def put_off(connection: Connection, write: Write) -> bool:
    """Whether the write waits now; if not, it is to be sent at once. Raises DBAPIError for one that waited before."""
    writes: list[Write] | None = connection.info.get("writes")
    if writes is None:
        return False
    # parts of one statement do not see each other's rows: each of them has a table for itself
    if any(write.table == other.table for other in writes):
        send_waiting(connection)
    writes.append(write)
    return True


def send_waiting(connection: Connection) -> None:
    """Let what waits go to the server. Raises DBAPIError."""
    writes: list[Write] | None = connection.info.get("writes")
    if writes:
        text = _joined(tuple(write.text for write in writes))
        values = [value for write in writes for value in write.values]
        writes.clear()
        send(connection, text, values, cursor=own_cursor(connection))


def send(
    connection: Connection, text: str, values: Sequence[Any], *, many: bool = False, cursor: Any = None
) -> Any:
    """The driver's cursor after the statement, before which everything goes that waited. `many`: once for each of
    `values`. Who listens to statements hears of it, and an error is SQLAlchemy's.

    Raises DBAPIError, without the values: they may be personal.
    """
    for listener in connection.dispatch.before_cursor_execute:  # `_what_waited` is one of them
        listener(connection, cursor, text, values, None, many)
    if cursor is None:
        cursor = connection.connection.cursor()
    kinds: Any = connection.dialect.loaded_dbapi
    try:
        if many and len(values) > 1:
            cursor.executemany(text, values)
        else:  # psycopg starts a pipeline for many, even for a single one
            cursor.execute(text, values[0] if many else values)
    except kinds.Error as fault:
        raise DBAPIError.instance(text, None, fault, kinds.Error, hide_parameters=True) from fault
    return cursor


def own_cursor(connection: Connection) -> Any:
    """A cursor that stays with the driver's connection, for statements whose answer is taken at once."""
    held = connection.info
    if (cursor := held.get("cursor")) is None:
        cursor = held["cursor"] = connection.connection.cursor()
    return cursor


@lru_cache(maxsize=512)
def _joined(texts: tuple[str, ...]) -> str:
    """One statement that does all of these: WITH may change data (PostgreSQL, "Data-Modifying Statements in WITH")."""
    *others, last = texts
    parts = ", ".join(f"w{number} AS ({text})" for number, text in enumerate(others))
    return f"WITH {parts} {last}" if others else last


@event.listens_for(Engine, "before_cursor_execute")
def _what_waited(connection: Connection, *_: object) -> None:
    if connection.info.get("writes"):
        send_waiting(connection)


@event.listens_for(Engine, "rollback")
def _forget(connection: Connection) -> None:
    if connection.info.get("writes"):
        connection.info["writes"].clear()
