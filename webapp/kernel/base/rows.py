"""Rows in bulk for the hot path: statements are prepared once, and nothing is built for a row but the row.

An intake batch touches some hundred rows in some twenty statements; the ORM would spend more time on these
than the database does (`bench/RESULTS.md`). Everything else goes on using the ORM.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Dialect, bindparam, inspect, select
from sqlalchemy.orm import Session

from webapp.kernel.base.db import Base

#: Values in one IN list: SQLite takes 32,766 variables, PostgreSQL 65,535.
MOST = 5_000


class Lookup:
    """A prepared SELECT: columns of one table, of the rows whose column `by` is one of many values.

    `same` are columns for which each call gives one value by name, `also` conditions that are always true.
    """

    def __init__(self, *columns: Any, by: Any, same: Sequence[Any] = (), also: Sequence[Any] = ()) -> None:
        named = [column(attribute).label(attribute.key) for attribute in columns]
        equal = [column(attribute) == bindparam(attribute.key, required=True) for attribute in same]
        values: Any = bindparam("values", expanding=True, required=True)
        self._query = select(*named).where(*equal, *also, column(by).in_(values))

    def rows(self, session: Session, values: Iterable[str], **same: Any) -> list[Any]:
        """Rows in no order; a value asked for twice is answered once."""
        wanted, found = list(values), list[Any]()
        for start in range(0, len(wanted), MOST):
            part = {"values": wanted[start : start + MOST], **same}
            found += session.connection().execute(self._query, part).all()
        return found


def column(attribute: Any) -> ColumnElement[Any]:
    """The table's column behind a mapped attribute; a statement made of these is none of the ORM's business."""
    found: ColumnElement[Any] = attribute.property.columns[0]
    return found


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement's text and how a row becomes its values."""

    text: str
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    converted: tuple[tuple[int, Callable[[Any], Any]], ...]

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """The row's values in the order of the text."""
        values = list(self.pick(row))
        for place, convert in self.converted:
            values[place] = convert(values[place])
        return tuple(values)


def insert_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same attributes of `model`. Its defaults do not apply: name them all."""
    if rows:
        _run(session, _insert(session.connection().dialect, model, tuple(rows[0])), rows)


def update_rows(session: Session, model: type[Base], key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set the attributes that the rows name, all the same ones, where attribute `key` is the row's."""
    if rows:
        names = (*(name for name in rows[0] if name != key), key)
        _run(session, _update(session.connection().dialect, model, names), rows)


def _run(session: Session, statement: _Prepared, rows: Sequence[Mapping[str, Any]]) -> None:
    session.connection().exec_driver_sql(statement.text, [statement.values(row) for row in rows])


@lru_cache(maxsize=256)
def _insert(dialect: Dialect, model: type[Base], names: tuple[str, ...]) -> _Prepared:
    table, columns = _quoted(dialect, model, names)
    marks = ", ".join([_mark(dialect)] * len(names))
    text = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  (names of our own tables)
    return _prepared(dialect, model, names, text)


@lru_cache(maxsize=256)
def _update(dialect: Dialect, model: type[Base], names: tuple[str, ...]) -> _Prepared:
    """The last name is the key."""
    table, columns = _quoted(dialect, model, names)
    mark = _mark(dialect)
    changes = ", ".join(f"{column} = {mark}" for column in columns[:-1])
    text = f"UPDATE {table} SET {changes} WHERE {columns[-1]} = {mark}"  # noqa: S608  (names of our own tables)
    return _prepared(dialect, model, names, text)


def _mark(dialect: Dialect) -> str:
    return "?" if dialect.paramstyle == "qmark" else "%s"


def _quoted(dialect: Dialect, model: type[Base], names: Sequence[str]) -> tuple[str, list[str]]:
    quote = dialect.identifier_preparer.quote
    return quote(model.__tablename__), [quote(_of(model, name).name) for name in names]


def _of(model: type[Base], name: str) -> Any:
    return inspect(model).column_attrs[name].columns[0]


def _prepared(dialect: Dialect, model: type[Base], names: tuple[str, ...], text: str) -> _Prepared:
    types = [_of(model, name).type.dialect_impl(dialect) for name in names]
    converters = [(place, kind.bind_processor(dialect)) for place, kind in enumerate(types)]
    pick = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    return _Prepared(text, pick, tuple((place, convert) for place, convert in converters if convert))
