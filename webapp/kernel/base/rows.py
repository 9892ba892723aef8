"""Rows in bulk for the hot path: statements are prepared once, and nothing is built for a row but the row.

An intake batch touches some hundred rows in some twenty statements; the ORM would spend more time on these
than the database does (`bench/RESULTS.md`). Everything else goes on using the ORM.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, Protocol

import orjson
from sqlalchemy import JSON, Boolean, Connection, Dialect, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webapp.kernel.base.db import Base

_At = tuple[int, Callable[[Any], Any]]
"""A place in a row and what becomes of the value there."""
#: Values in one IN list: SQLite takes 32,766 variables, PostgreSQL 65,535.
MOST = 5_000


class Written:
    """A statement in plain SQL: `?` takes a value, `(*)` a list of at most MOST."""

    def __init__(self, text: str) -> None:
        self._pieces = text.split("(*)")

    def run(self, session: Session, *values: Any) -> list[Any]:
        """The rows that a SELECT with these values, in the order of the text, answers; lists are `list`s."""
        connection = connection_of(session)
        sizes = tuple(len(value) for value in values if isinstance(value, list))
        flat = [one for value in values for one in (value if isinstance(value, list) else (value,))]
        return ask(connection, self._text(_mark(connection.dialect), sizes), flat)

    def run_each(self, session: Session, rows: Sequence[Sequence[Any]]) -> None:
        """The same for each row of values; a statement without lists that answers nothing."""
        if rows:
            connection = connection_of(session)
            tell(connection, self._text(_mark(connection.dialect), ()), rows)

    @lru_cache(maxsize=256)  # noqa: B019  (a statement lives as long as its module)
    def _text(self, mark: str, sizes: tuple[int, ...]) -> str:
        lists = [_list_of("?", size) for size in sizes]
        whole = "".join(part for pair in zip(self._pieces, [*lists, ""], strict=True) for part in pair)
        return whole.replace("?", mark)


class Lookup:
    """A prepared SELECT: columns of one table, of the rows whose column `by` is one of many values.

    `same` are columns for which each call gives one value by name. `also` is a further condition in plain SQL with a
    `?` for each of `given`, which each call gives by name. With `plain` rows are tuples as the driver gives them, and
    what is JSON may still be text.
    """

    def __init__(
        self,
        *columns: Any,
        by: Any,
        same: Sequence[Any] = (),
        also: str = "",
        given: Sequence[str] = (),
        plain: bool = False,
    ) -> None:
        self._columns, self._by, self._same, self._also = columns, by, same, also
        self._names = (*(attribute.key for attribute in same), *given)
        self._row: Any = namedtuple("_row", [attribute.key for attribute in columns])  # type: ignore[misc]
        self._plain = plain

    def rows(self, session: Session, values: Iterable[str], **same: Any) -> list[Any]:
        """Named tuples in no order; a value asked for twice is answered once."""
        wanted = list(values)
        if not wanted:
            return []
        connection, fixed = connection_of(session), [same[name] for name in self._names]
        if len(wanted) <= MOST:
            return self._part(connection, wanted, fixed)
        parts = (wanted[start : start + MOST] for start in range(0, len(wanted), MOST))
        return [row for part in parts for row in self._part(connection, part, fixed)]

    def _part(self, connection: Connection, values: Sequence[str], fixed: Sequence[Any]) -> list[Any]:
        text, converters = self._prepared(connection.dialect, len(values))
        found = ask(connection, text, [*fixed, *values])
        return found if self._plain else list(self._converted(found, converters))

    def _converted(self, rows: Sequence[Any], converters: Sequence[_At]) -> Iterator[Any]:
        make = self._row._make
        if not converters:
            return map(make, rows)
        return (make(_changed(row, converters)) for row in rows)

    @lru_cache(maxsize=256)  # noqa: B019  (a lookup lives as long as its module)
    def _prepared(self, dialect: Dialect, size: int) -> tuple[str, tuple[_At, ...]]:
        quote, mark = dialect.identifier_preparer.quote, _mark(dialect)
        names = ", ".join(quote(column(attribute).name) for attribute in self._columns)
        fixed = "".join(f"{quote(column(a).name)} = {mark} AND " for a in self._same)
        also = f"{self._also.replace('?', mark)} AND " if self._also else ""
        table, key = quote(self._by.class_.__tablename__), quote(column(self._by).name)
        kinds = enumerate(column(attribute).type for attribute in self._columns)
        converters = ((place, _from_database(kind, dialect)) for place, kind in kinds)
        text = f"SELECT {names} FROM {table} WHERE {fixed}{also}{key} IN {_list_of(mark, size)}"  # noqa: S608  (names of our own tables)
        return text, tuple((place, convert) for place, convert in converters if convert)


def _list_of(mark: str, size: int) -> str:
    return f"({', '.join([mark] * size)})"


def _changed(row: Sequence[Any], converters: Sequence[_At]) -> list[Any]:
    values = list(row)
    for place, convert in converters:
        values[place] = convert(values[place])
    return values


def column(attribute: Any) -> Any:
    """The table's column behind a mapped attribute; a statement made of these is none of the ORM's business."""
    return attribute.property.columns[0]


def names_of(attributes: Iterable[Any]) -> str:
    """The columns behind these attributes, as a statement in plain SQL lists them."""
    return ", ".join(column(attribute).name for attribute in attributes)


def connection_of(session: Session) -> Connection:
    """The connection of the transaction that is under way; looked up once in it, not for every statement."""
    held: Connection | None = session.info.get("connection")
    return session.connection() if held is None else held


@contextmanager
def at_once(session: Session) -> Iterator[None]:
    """Writes in here go to a PostgreSQL server together, and are waited for once. Raises DBAPIError as each would."""
    connection = connection_of(session)
    if connection.dialect.driver != "psycopg":
        yield
        return
    kinds: Any = connection.dialect.loaded_dbapi
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield
    except kinds.Error as fault:
        raise DBAPIError.instance("", None, fault, kinds.Error, hide_parameters=True) from fault


def _own_cursor(connection: Connection) -> Any:
    """A cursor that stays with the driver's connection, for statements whose answer is taken at once."""
    if (held := connection.info.get("cursor")) is None:
        held = connection.info["cursor"] = connection.connection.cursor()
    return held


#: Under this name a connection's `info` holds the rehearsal that is under way (`base.rehearsal`).
WATCHER = "rehearsal"


class Watcher(Protocol):
    """Who is to know what is asked, and keeps back what is told."""

    def asked(self, text: str, values: Sequence[Any], answer: list[Any]) -> None:
        """This was answered."""

    def told(self, text: str, rows: Sequence[Sequence[Any]]) -> None:
        """This was to be written."""


def ask(connection: Connection, text: str, values: Sequence[Any]) -> list[Any]:
    """All rows of a SELECT as the driver gives them. Raises DBAPIError."""
    found: list[Any] = _send(connection, text, values).fetchall()
    watcher: Watcher | None = connection.info.get(WATCHER)
    if watcher is not None:
        watcher.asked(text, values, found)
    return found


def tell(connection: Connection, text: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement that changes one table, for each row of values. Raises DBAPIError."""
    watcher: Watcher | None = connection.info.get(WATCHER)
    if watcher is not None:
        watcher.told(text, rows)
    else:
        _send(connection, text, rows, many=True)


@lru_cache(maxsize=256)
def table_of(text: str) -> str:
    """The table that a statement of ours changes: UPDATE t …, INSERT INTO t …, DELETE FROM t …"""
    first, second, third, *_ = text.split(maxsplit=3)
    return (second if first == "UPDATE" else third).strip('"')


def _send(connection: Connection, text: str, values: Sequence[Any], *, many: bool = False) -> Any:
    """The driver's cursor after the statement. Who listens to statements hears of it, and an error is SQLAlchemy's.

    Raises DBAPIError, without the values: they may be personal.
    """
    cursor = _own_cursor(connection)
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, cursor, text, values, None, many)
    kinds: Any = connection.dialect.loaded_dbapi
    try:
        if many and len(values) > 1:
            cursor.executemany(text, values)
        else:  # psycopg starts a pipeline for many, even for a single one
            cursor.execute(text, values[0] if many else values)
    except kinds.Error as fault:
        raise DBAPIError.instance(text, None, fault, kinds.Error, hide_parameters=True) from fault
    return cursor


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement's text and how a row becomes its values."""

    text: str
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    converted: tuple[_At, ...]

    def values(self, row: Mapping[str, Any]) -> Sequence[Any]:
        """The row's values in the order of the text."""
        return _changed(self.pick(row), self.converted) if self.converted else self.pick(row)


def insert_rows(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, only_new: bool = False
) -> None:
    """Insert rows that all name the same attributes of `model`. Its defaults do not apply: name them all.

    With `only_new` a row whose key is there already stays out; else that raises IntegrityError.
    """
    if rows:
        connection = connection_of(session)
        _run(connection, _insert(connection.dialect, model, tuple(rows[0]), only_new=only_new), rows)


def update_rows(
    session: Session, model: type[Base], key: str | tuple[str, ...], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Set the attributes that the rows name, all the same ones, where the attribute(s) `key` are the row's."""
    if rows:
        keys = (key,) if isinstance(key, str) else key
        connection, names = connection_of(session), (*(name for name in rows[0] if name not in keys), *keys)
        _run(connection, _update(connection.dialect, model, names, len(keys)), rows)


def delete_rows(
    session: Session, model: type[Base], key: tuple[str, ...], rows: Sequence[Sequence[Any]]
) -> None:
    """Delete the rows whose attributes `key` have the values of one of `rows`."""
    if rows:
        connection = connection_of(session)
        tell(connection, _delete(connection.dialect, model, key), rows)


def _run(connection: Connection, statement: _Prepared, rows: Sequence[Mapping[str, Any]]) -> None:
    tell(connection, statement.text, [statement.values(row) for row in rows])


@lru_cache(maxsize=256)
def _insert(dialect: Dialect, model: type[Base], names: tuple[str, ...], *, only_new: bool) -> _Prepared:
    table, columns = _quoted(dialect, model, names)
    marks = _list_of(_mark(dialect), len(names))
    doubled = " ON CONFLICT DO NOTHING" if only_new else ""
    text = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {marks}{doubled}"  # noqa: S608  (names of our own tables)
    return _prepared(dialect, model, names, text)


@lru_cache(maxsize=256)
def _update(dialect: Dialect, model: type[Base], names: tuple[str, ...], keys: int) -> _Prepared:
    """The last names, so many, are the key."""
    table, columns = _quoted(dialect, model, names)
    told = [f"{column} = {_mark(dialect)}" for column in columns]
    changes, where = ", ".join(told[:-keys]), " AND ".join(told[-keys:])
    text = f"UPDATE {table} SET {changes} WHERE {where}"  # noqa: S608  (names of our own tables)
    return _prepared(dialect, model, names, text)


@lru_cache(maxsize=256)
def _delete(dialect: Dialect, model: type[Base], key: tuple[str, ...]) -> str:
    table, columns = _quoted(dialect, model, key)
    return f"DELETE FROM {table} WHERE " + " AND ".join(f"{column} = {_mark(dialect)}" for column in columns)  # noqa: S608  (names of our own tables)


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
        return _as_text_or_null if kind.none_as_null else _as_text
    if isinstance(kind, Boolean):
        return None  # both drivers know what a bool is
    convert: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return convert


_EMPTY: Mapping[type, str] = {list: "[]", dict: "{}"}


def _as_text(value: Any) -> str:
    if not value and type(value) in _EMPTY:  # most are
        return _EMPTY[type(value)]
    return orjson.dumps(value).decode()


def _as_text_or_null(value: Any) -> str | None:
    return None if value is None else _as_text(value)


def _from_database(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    """What SQLAlchemy would do to a value; for JSON in SQLite, of which there is most, the same without its steps."""
    if isinstance(kind, JSON) and dialect.name == "sqlite":
        return lambda value: None if value is None else orjson.loads(value)
    convert: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return convert
