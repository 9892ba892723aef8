"""What a rehearsal may know, and what it must leave to the moment when the lock is ours."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.identity import MORNING, an_organisation
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.rehearsal import Place, Rehearsal, Unforeseen, rehearse
from webapp.kernel.base.rows import Lookup, connection_of, insert_rows, update_rows
from webapp.kernel.ledger.log import open_log
from webapp.kernel.ledger.models import Head, LedgerEntry

_HEADS = Lookup(Head.size, by=Head.log)
LOG = "063622"


@pytest.fixture
def log(app: Flask) -> str:
    town = an_organisation("municipality", lg_code=LOG)
    with transaction() as session:
        open_log(session, LOG, "log.example/1", town.name, town.id, MORNING)
    return LOG


def sizes(session: Session) -> list[int]:
    return [row.size for row in _HEADS.rows(session, [LOG])]


def an_entry(place: Any) -> dict[str, Any]:
    row = {"log": LOG, "index": place, "id": "e", "kind": "kernel.said", "recorded_at": 1, "leaf": b"l"}
    return row | {"raw": b"r"}


def _grow(session: Session) -> bool:
    update_rows(session, Head, "log", [{"log": LOG, "size": 1}])
    return False


Work = Callable[[Session, Rehearsal], Any]


def carried_out(work: Work, *, before: Callable[[Session], object] = lambda _: None) -> bool:
    """Rehearse, let `before` happen, then carry out if nothing has changed; whether it was."""
    held = rehearse(db.session(), work)
    assert held is not None
    with transaction() as session:
        before(session)
    with transaction() as session:
        if not held[0].still_holds(connection_of(session)):
            return False
        held[0].carry_out(connection_of(session), {LOG: 7})
    return True


def test_what_was_to_be_written_is_written_once_it_is_carried_out(log: str) -> None:
    def work(session: Session, _: Rehearsal) -> None:
        assert sizes(session) == [0]
        update_rows(session, Head, "log", [{"log": LOG, "size": 3}])

    held = rehearse(db.session(), work)
    assert held is not None
    assert sizes(db.session()) == [0]
    assert carried_out(work)
    assert sizes(db.session()) == [3]


def test_it_is_not_carried_out_once_an_answer_is_another(log: str) -> None:
    def work(session: Session, _: Rehearsal) -> None:
        insert_rows(session, LedgerEntry, [an_entry(sizes(session)[0])])

    grown = [{"log": LOG, "size": 1}]
    assert not carried_out(work, before=lambda session: update_rows(session, Head, "log", grown))
    assert db.session.query(LedgerEntry).count() == 0


def test_a_place_becomes_a_number_when_it_is_carried_out(log: str) -> None:
    rows = [an_entry(Place(LOG, 2)), an_entry(3) | {"id": "f"}]
    assert carried_out(lambda session, _: insert_rows(session, LedgerEntry, rows))
    found = db.session.query(LedgerEntry.id, LedgerEntry.index).order_by(LedgerEntry.index)
    assert [tuple(row) for row in found] == [("f", 3), ("e", 7 + 2)]


@pytest.mark.parametrize(
    "work",
    [
        lambda session, _: session.execute(select(Head)),
        lambda session, _: session.get(Head, LOG),
        lambda session, _: session.connection(),
        lambda session, _: _grow(session) or sizes(session),
        lambda session, rehearsal: [rehearsal.will_change([Head.__tablename__]), sizes(session)],
        lambda *_: 1 / 0,
    ],
    ids=["orm", "identity map", "connection", "its own writing", "what it will change", "a fault"],
)
def test_what_cannot_be_known_ends_it_and_writes_nothing(log: str, work: Work) -> None:
    assert rehearse(db.session(), work) is None
    assert sizes(db.session()) == [0]
    with transaction() as session:
        assert session.get_one(Head, log).size == 0  # and everything else goes on as ever


@given(st.integers(0, 2**40), st.integers(0, 500), st.integers(0, 500))
def test_a_place_stands_where_it_will(known: int, one: int, other: int) -> None:
    first, second = Place(LOG, one), Place(LOG, other)
    assert (first < second, first == second, first > second) == (one < other, one == other, one > other)
    assert (first <= second, first >= second) == (one <= other, one >= other)
    assert first > known
    assert known < first
    assert not first < known
    assert first != known
    assert (first + other).at({LOG: known}) == known + one + other
    assert hash(first + other) == hash(second + one)


@pytest.mark.parametrize(
    "use",
    [
        str,
        repr,
        int,
        "{}".format,
        lambda place: [0][place],
        orjson.dumps,
        json.dumps,
        lambda place: place - 1,
    ],
    ids=["str", "repr", "int", "format", "index", "orjson", "json", "minus"],
)
def test_a_place_is_no_number_and_no_word(use: Callable[[Place], object]) -> None:
    with pytest.raises((Unforeseen, TypeError)):
        use(Place(LOG, 1))
