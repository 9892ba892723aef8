"""What a batch costs must not grow with the log that it is added to."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event

from tests.conftest import ON_POSTGRES
from tests.factories.custody import Journey, a_town
from webapp.kernel.base.db import db

pytestmark = pytest.mark.skipif(ON_POSTGRES, reason="reads SQLite's query plans")

Statement = tuple[str, Any]


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """Everything that is sent to the database meanwhile, with its values."""
    seen: list[Statement] = []

    def note(_c: object, _u: object, text: str, values: Any, _x: object, many: bool) -> None:  # noqa: FBT001
        seen.append((text, values[0] if many else values))

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def plans(seen: Sequence[Statement]) -> Iterator[tuple[str, str]]:
    """Each statement with each line of how SQLite will find its rows."""
    raw = db.session.connection().connection.driver_connection
    assert raw is not None
    for text, values in seen:
        if text.startswith(("SELECT", "UPDATE", "DELETE")):
            for line in raw.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall():
                yield text, line[3]


def test_no_statement_of_a_batch_reads_a_whole_log(app: Flask) -> None:
    # given a cage on its way
    town = a_town(devices=6, cages=2)
    j = Journey(town)
    town.send("officer", *j.register(*range(6)))
    town.send("technician", *j.sanitize(*range(6)))
    # when batches of every kind come in
    with statements() as seen:
        town.send("officer", *j.load(0, 1, 2), j.lock([0, 1, 2]), j.hand_over())
        town.send("receiver", j.arrive(), j.open(), *j.count(0, 1), j.close_count(2))
    # then every row is found by a key, never by the log alone
    heads = "ledger_heads"  # one row a log
    whole = [
        (text, line)
        for text, line in plans(seen)
        if re.match(r"SCAN (?!CONSTANT)", line) or (line.endswith("(log=?)") and heads not in line)
    ]
    assert whole == []


def test_a_batch_takes_as_many_statements_late_as_early(app: Flask) -> None:
    town = a_town(devices=40, cages=2)
    j = Journey(town)
    counts = []
    for start in (0, 20):
        numbers, cage = range(start, start + 20), start // 20
        town.send("officer", *j.register(*numbers))
        with statements() as seen:
            town.send("officer", *j.load(*numbers, cage=cage), j.lock(numbers, cage=cage))
        counts.append(len(seen))
    assert counts[0] == counts[1]
