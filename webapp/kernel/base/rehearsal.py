"""Work that is gone through while somebody else holds the write lock, and only carried out once it is ours.

Optimistic concurrency control with backward validation (Kung and Robinson, ACM TODS 6(2), 1981): what was asked of the
database is kept with its answers, what would be written is kept back. Under the lock everything is asked again. Only
if every answer is the same, the work would come to the same again, and what it wrote is written; else it is done anew.

A rehearsal sees `base.rows` and nothing else: the ORM, and reading what it would have written itself, are `Unforeseen`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from webapp.kernel.base.db import one_picture
from webapp.kernel.base.rows import WATCHER, ask, table_of, tell

_Result = TypeVar("_Result")


class Unforeseen(Exception):
    """A rehearsal cannot go on: what comes next is known under the lock only."""


class Place:
    """The place in a log of an entry that is yet to be put there: so many after all that stand there by then.

    Deliberately no number, and nothing that JSON knows. It comes after every place that is known, and before those of
    later entries; whoever reckons with it, or puts it into words, finds out at once.
    """

    __slots__ = ("after", "log")

    def __init__(self, log: str, after: int) -> None:
        self.log, self.after = log, after

    def at(self, sizes: Mapping[str, int]) -> int:
        """The place, once the sizes of the logs are known."""
        return sizes[self.log] + self.after

    def __add__(self, further: int) -> "Place":
        return Place(self.log, self.after + further)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and (self.log, self.after) == (other.log, other.after)

    def __hash__(self) -> int:
        return hash((self.log, self.after))

    def __lt__(self, other: object) -> bool:
        return isinstance(other, Place) and self.after < other.after

    def __gt__(self, other: object) -> bool:
        return not isinstance(other, Place) or self.after > other.after

    def __le__(self, other: object) -> bool:
        return self == other or self < other

    def __ge__(self, other: object) -> bool:
        return self == other or self > other

    def __format__(self, _spec: str) -> NoReturn:
        raise Unforeseen("a place in words")

    __str__ = __repr__ = __index__ = __int__ = lambda self: self.__format__("")


class _Change(NamedTuple):
    """Rows that a statement is to be run for, and which of their values are places."""

    text: str
    rows: Sequence[Sequence[Any]]
    places: Collection[int]


class Rehearsal:
    """What one piece of work asked, was answered, and would write."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, tuple[Any, ...]], list[Any]] = {}
        self._changes: list[_Change] = []
        self._tables: set[str] = set()

    def asked(self, text: str, values: Sequence[Any], answer: list[Any]) -> None:
        """Remember an answer. Raises Unforeseen if it would be another after what was told."""
        if any(table in text for table in self._tables):
            raise Unforeseen(text)
        self._answers[text, tuple(values)] = answer

    def told(self, text: str, rows: Sequence[Sequence[Any]]) -> None:
        """Keep a change back. If there are places in its rows, the first has one."""
        places = _places(rows) if _places(rows[:1]) else ()
        self._changes.append(_Change(text, rows, places))
        self._tables.add(table_of(text))

    def will_change(self, tables: Iterable[str]) -> None:
        """The work changes these tables in a way of its own when it is carried out."""
        self._tables.update(tables)

    def still_holds(self, connection: Connection) -> bool:
        """Whether every answer is the same now. To be asked under the lock."""
        return all(ask(connection, *asked) == answer for asked, answer in self._answers.items())

    def carry_out(self, connection: Connection, sizes: Mapping[str, int]) -> None:
        """Write what was kept back; `sizes` are those of the logs ahead of the work's own entries."""
        for text, rows, places in self._changes:
            tell(connection, text, [_placed(row, places, sizes) for row in rows] if places else rows)


def rehearse(
    session: Session, work: Callable[[Session, Rehearsal], _Result]
) -> tuple[Rehearsal, _Result] | None:
    """Go through `work` on the database as it stands. None if that comes to no end: under the lock it will, or say why.

    `work` must come to the same whenever it is given the same answers. Not inside of `transaction()`.
    """
    with one_picture(session):
        connection, rehearsal = session.connection(), Rehearsal()
        connection.info[WATCHER] = rehearsal
        try:
            return rehearsal, work(cast("Session", _Stage(session, connection)), rehearsal)
        except Exception:  # it is not the time for faults yet
            return None
        finally:
            del connection.info[WATCHER]


class _Stage:
    """All of a session that a rehearsal has."""

    identity_map: Mapping[Any, Any] = {}

    def __init__(self, session: Session, connection: Connection) -> None:
        self.info = {**session.info, "connection": connection, "writing": True}
        self.get_bind = session.get_bind

    def __getattr__(self, name: str) -> NoReturn:
        raise Unforeseen(name)


def _places(rows: Sequence[Sequence[Any]]) -> set[int]:
    return {at for row in rows for at, value in enumerate(row) if type(value) is Place}


def _placed(row: Sequence[Any], places: Iterable[int], sizes: Mapping[str, int]) -> list[Any]:
    values = list(row)
    for at in places:
        if type(value := values[at]) is Place:
            values[at] = value.at(sizes)
    return values
