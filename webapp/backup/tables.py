"""Rows of a database as lines of JSON, and back, on whichever database of the two. Read in one snapshot.

Tables are asked of the database, not of the models: what a backup of an older version holds is put into the tables of
that version, and migrated after.
"""

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, LargeBinary, MetaData, Table, func, insert, select, text

ROWS = 5_000  # in one part


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees the database as it was at this moment; nobody who writes has to wait for it."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        yield connection
        connection.rollback()


def tables_of(connection: Connection) -> dict[str, Table]:
    """All tables but the migrations' own, those that others refer to first."""
    metadata = MetaData()
    metadata.reflect(connection)
    return {str(table.name): table for table in metadata.sorted_tables if table.name != "alembic_version"}


def revision_of(connection: Connection) -> str:
    """The version of the schema."""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def count(connection: Connection, table: Table) -> int:
    """Rows in the table."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def parts_of(connection: Connection, table: Table) -> Iterator[tuple[bytes, int]]:
    """The rows as lines of JSON arrays in the order of `columns_of`, some thousand at a time, and how many."""
    codecs = _codecs(table, _to_text)
    # a row of a table that refers to itself (who invited an organisation) comes after the one it refers to
    own = [key.parent.is_not(None) for key in table.foreign_keys if key.column.table is table]
    query = select(table).order_by(*own, *table.primary_key.columns)
    for rows in connection.execution_options(yield_per=ROWS).execute(query).partitions(ROWS):
        lines = (orjson.dumps(_converted(row, codecs)) for row in rows)
        yield b"\n".join(lines), len(rows)


def columns_of(table: Table) -> list[str]:
    """Names of its columns."""
    return [str(column.name) for column in table.columns]


def put(connection: Connection, table: Table, columns: Sequence[str], lines: bytes) -> int:
    """Insert the rows of a part; how many. Raises ValueError for columns that the table does not have."""
    if not set(columns) <= set(columns_of(table)):
        raise ValueError(f"{table.name} has other columns")
    codecs = _codecs(table, _from_text, columns)
    rows = [_converted(orjson.loads(line), codecs) for line in lines.splitlines()]
    if rows:
        connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])
    return len(rows)


_Codec = tuple[int, Callable[[Any], Any]]


def _codecs(
    table: Table, make: Callable[[Any], Callable[[Any], Any] | None], columns: Sequence[str] | None = None
) -> list[_Codec]:
    names = columns if columns is not None else columns_of(table)
    made = ((place, make(table.columns[name].type)) for place, name in enumerate(names))
    return [(place, codec) for place, codec in made if codec is not None]


def _to_text(kind: Any) -> Callable[[Any], Any] | None:
    return (lambda value: base64.b64encode(value).decode()) if isinstance(kind, LargeBinary) else None


def _from_text(kind: Any) -> Callable[[Any], Any] | None:
    return base64.b64decode if isinstance(kind, LargeBinary) else None


def _converted(row: Iterable[Any], codecs: Sequence[_Codec]) -> list[Any]:
    values = list(row)
    for place, codec in codecs:
        if values[place] is not None:
            values[place] = codec(values[place])
    return values
