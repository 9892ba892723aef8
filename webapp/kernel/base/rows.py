"""Rows in bulk for the hot path: statements are prepared once, and nothing is built for a row but the row.

An intake batch touches some hundred rows in some twenty statements; the ORM would spend more time on these
than the database does (`bench/RESULTS.md`). Everything else goes on using the ORM.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import JSON, Connection, Dialect, bindparam, inspect, select
from sqlalchemy.orm import Session

from webapp.kernel.base.db import Base

_At = tuple[int, Callable[[Any], Any]]
"""A place in a row and what becomes of the value there."""
#: Values in one IN list: SQLite takes 32,766 variables, PostgreSQL 65,535.
MOST = 5_000


class Lookup:
    """A prepared SELECT: columns of one table, of the rows whose column `by` is one of many values.

    `same` are columns for which each call gives one value by name, `also` further conditions, whose `bindparam`s
    each call gives by name.
    """

    def __init__(self, *columns: Any, by: Any, same: Sequence[Any] = (), also: Sequence[Any] = ()) -> None:
        self._columns, self._by, self._same = columns, by, same
        self._row: Any = namedtuple("_row", [attribute.key for attribute in columns])  # type: ignore[misc]
        equal = [column(attribute) == bindparam(attribute.key, required=True) for attribute in same]
        values: Any = bindparam("values", expanding=True, required=True)
        query = select(*map(column, columns)).where(*equal, *also, column(by).in_(values))
        self._query = query if also else None

    def rows(self, session: Session, values: Iterable[str], **same: Any) -> list[Any]:
        """Named tuples in no order; a value asked for twice is answered once."""
        wanted, found = list(values), list[Any]()
        connection = session.connection()
        for start in range(0, len(wanted), MOST):
            found += self._part(connection, wanted[start : start + MOST], same)
        return found

    def _part(self, connection: Connection, values: Sequence[str], same: Mapping[str, Any]) -> list[Any]:
        if self._query is not None:
            rows = connection.execute(self._query, {"values": values, **same}).all()
            return [self._row._make(row) for row in rows]
        text, converters = self._prepared(connection.dialect)
        marks = ", ".join([_mark(connection.dialect)] * len(values))
        fixed = (same[attribute.key] for attribute in self._same)
        rows = connection.exec_driver_sql(f"{text}({marks})", (*fixed, *values)).all()
        return self._converted(rows, converters)

    def _converted(self, rows: Sequence[Any], converters: Sequence[_At]) -> list[Any]:
        make = self._row._make
        if not converters:
            return [make(row) for row in rows]
        found = []
        for row in rows:
            values = list(row)
            for place, convert in converters:
                values[place] = convert(values[place])
            found.append(make(values))
        return found

    @lru_cache(maxsize=16)  # noqa: B019  (a lookup lives as long as its module)
    def _prepared(self, dialect: Dialect) -> tuple[str, tuple[_At, ...]]:
        quote = dialect.identifier_preparer.quote
        names = ", ".join(quote(column(attribute).name) for attribute in self._columns)
        fixed = "".join(f"{quote(column(a).name)} = {_mark(dialect)} AND " for a in self._same)
        table, key = quote(self._by.class_.__tablename__), quote(column(self._by).name)
        kinds = enumerate(column(attribute).type for attribute in self._columns)
        converters = ((place, _from_database(kind, dialect)) for place, kind in kinds)
        text = f"SELECT {names} FROM {table} WHERE {fixed}{key} IN "  # noqa: S608  (names of our own tables)
        return text, tuple((place, convert) for place, convert in converters if convert)


def column(attribute: Any) -> Any:
    """The table's column behind a mapped attribute; a statement made of these is none of the ORM's business."""
    return attribute.property.columns[0]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement's text and how a row becomes its values."""

    text: str
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    converted: tuple[_At, ...]

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
    kinds = enumerate(_of(model, name).type for name in names)
    converters = [(place, _to_database(kind, dialect)) for place, kind in kinds]
    pick = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    return _Prepared(text, pick, tuple((place, convert) for place, convert in converters if convert))


def _to_database(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, JSON) and dialect.name == "sqlite":
        return lambda value: orjson.dumps(value).decode()
    convert: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return convert


def _from_database(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    """What SQLAlchemy would do to a value; for JSON in SQLite, of which there is most, the same without its steps."""
    if isinstance(kind, JSON) and dialect.name == "sqlite":
        return lambda value: None if value is None else orjson.loads(value)
    convert: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return convert
