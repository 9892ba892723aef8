"""What many tests begin with is told through the door once, and copied into the databases of the tests after that."""

import io
import pickle
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import inspect, select, tuple_

from webapp.kernel.base.db import Base, db

P = ParamSpec("P")
T = TypeVar("T")


class _Keeper(pickle.Pickler):
    """Rows are kept by their keys: what they hold is in the database."""

    def __init__(self, out: io.BytesIO) -> None:
        super().__init__(out)
        self.rows: dict[type[Base], list[Any]] = {}

    def persistent_id(self, obj: Any) -> tuple[type[Base], Any] | None:
        if not isinstance(obj, Base):
            return None
        key = inspect(obj).identity
        self.rows.setdefault(type(obj), []).append(key)
        return type(obj), key


class _Finder(pickle.Unpickler):
    """… and found again in the database of the present test."""

    def __init__(self, told: bytes, kept: dict[type[Base], list[Any]]) -> None:
        super().__init__(io.BytesIO(told))
        self._held = [row for table, keys in kept.items() for row in _read_at_once(table, keys)]

    def persistent_load(self, pid: tuple[type[Base], Any]) -> Base:
        found: Base = db.session.get_one(*pid)
        return found


def told_once(tell: Callable[P, T]) -> Callable[P, T]:
    """A maker that fills an empty database, and for the same words copies what it made the first time.

    Ids and codes are then the same in each of these tests, each has a database of its own as ever. In a database
    that holds something already, everything is told anew.
    """
    kept: dict[Any, tuple[Callable[[], None], tuple[bytes, dict[type[Base], list[Any]]]]] = {}

    @wraps(tell)
    def maker(*words: P.args, **named: P.kwargs) -> T:
        key = (db.engine.dialect.name, words, tuple(sorted(named.items())))
        if not _is_empty():
            return tell(*words, **named)
        if key not in kept:
            made = tell(*words, **named)
            kept[key] = (_KEEP[db.engine.dialect.name](), _pickled(made))
            return made
        restore, told = kept[key]
        restore()
        again: T = _Finder(*told).load()
        return again

    return maker


def _is_empty() -> bool:
    with _raw() as own:
        cursor = own.cursor()
        cursor.execute(_any_row())
        return not cursor.fetchone()[0]


@cache
def _any_row() -> str:
    return "SELECT " + " OR ".join(f"EXISTS (SELECT 1 FROM {name})" for name in Base.metadata.tables)


def _pickled(made: object) -> tuple[bytes, dict[type[Base], list[Any]]]:
    out = io.BytesIO()
    keeper = _Keeper(out)
    keeper.dump(made)
    return out.getvalue(), keeper.rows


def _read_at_once(table: type[Base], keys: list[Any]) -> Sequence[Base]:
    """One statement for all rows of a table, after which the session has them at hand."""
    columns = inspect(table).primary_key
    return db.session.scalars(select(table).where(tuple_(*columns).in_(keys))).all()


@contextmanager
def _raw() -> Iterator[Any]:
    """The driver's own connection to the present test's database."""
    db.session.rollback()  # leave what was read before
    with closing(db.engine.raw_connection()) as connection:
        yield connection.driver_connection


def _keep_file() -> Callable[[], None]:
    """SQLite: a copy in memory; the answer puts it back."""
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    with _raw() as own:
        own.backup(copy)

    def restore() -> None:
        with _raw() as own:
            copy.backup(own)

    return restore


def _keep_rows() -> Callable[[], None]:
    """PostgreSQL: all rows and where the sequences stand; the answer puts them back."""
    with _raw() as own:
        rows = {name: _read(own, name) for name in Base.metadata.tables}
        numbers = own.execute(
            "SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences"
        ).fetchall()
        own.rollback()

    def restore() -> None:
        with _raw() as own:
            own.execute(
                "SET LOCAL session_replication_role = replica"
            )  # in any order, and nothing happens to them
            for name, copied in rows.items():
                if len(copied) > NOTHING:
                    with own.cursor().copy(f"COPY {name} FROM STDIN (FORMAT binary)") as into:
                        into.write(copied)
            for name, last in numbers:
                if last is not None:
                    own.execute("SELECT setval(%s, %s)", (name, last))
            own.commit()

    return restore


#: How long PostgreSQL's copy of an empty table is, bytes: a head and an end.
NOTHING = 21


def _read(own: Any, name: str) -> bytes:
    with own.cursor().copy(f"COPY {name} TO STDOUT (FORMAT binary)") as out:
        return b"".join(out)


_KEEP = {"sqlite": _keep_file, "postgresql": _keep_rows}
