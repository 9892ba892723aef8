"""Rows in bulk say the same as the ORM."""

import threading
from contextvars import Context

import pytest
from flask import Flask
from sqlalchemy import select

from webapp.kernel.base import rows
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.rows import Lookup, insert_rows, update_rows
from webapp.kernel.intake.models import Receipt

RECEIPTS = Lookup(Receipt.id, Receipt.index, Receipt.findings, by=Receipt.id, same=[Receipt.log])


def a_receipt(number: int, log: str = "063622") -> dict[str, object]:
    found = {"findings": [{"code": "MISSING", "params": {"device": "端末"}}], "verdict": "ok", "rev": 1}
    return {"id": f"r{number}", "log": log, "index": number, "dev": "", "content": "c" * 64, **found}


def test_what_was_inserted_in_bulk_is_what_the_orm_reads(app: Flask) -> None:
    with transaction() as session:
        insert_rows(session, Receipt, [a_receipt(1), a_receipt(2)])
    read = db.session.scalars(select(Receipt).order_by(Receipt.id)).all()
    assert [(r.id, r.index, r.findings) for r in read] == [
        (f"r{n}", n, a_receipt(n)["findings"]) for n in (1, 2)
    ]


def test_a_lookup_gives_values_as_the_orm_does_and_only_of_the_log_that_was_named(app: Flask) -> None:
    with transaction() as session:
        insert_rows(session, Receipt, [a_receipt(1), a_receipt(2, log="063614"), a_receipt(3)])
    found = RECEIPTS.rows(db.session(), ["r1", "r2", "nobody"], log="063622")
    assert [(row.id, row.index, row.findings) for row in found] == [("r1", 1, a_receipt(1)["findings"])]


def test_a_lookup_of_nothing_asks_nothing(app: Flask) -> None:
    assert RECEIPTS.rows(db.session(), [], log="063622") == []


def test_more_values_than_a_statement_takes_are_asked_in_parts(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST", 2)
    with transaction() as session:
        insert_rows(session, Receipt, [a_receipt(n) for n in range(5)])
    found = RECEIPTS.rows(db.session(), [f"r{n}" for n in range(5)], log="063622")
    assert sorted(row.index for row in found) == [0, 1, 2, 3, 4]


def test_an_update_changes_what_it_names_in_the_rows_that_it_names(app: Flask) -> None:
    with transaction() as session:
        insert_rows(session, Receipt, [a_receipt(1), a_receipt(2)])
        update_rows(session, Receipt, "id", [{"id": "r2", "index": 20, "findings": []}])
    read = db.session.scalars(select(Receipt).order_by(Receipt.id)).all()
    assert [(r.index, len(r.findings), r.verdict) for r in read] == [(1, 1, "ok"), (20, 0, "ok")]


def test_a_transaction_within_a_transaction_is_refused_and_harms_nothing(app: Flask) -> None:
    def inner() -> None:
        with transaction():
            pass

    with transaction() as session:
        insert_rows(session, Receipt, [a_receipt(1)])
        with pytest.raises(RuntimeError):
            inner()
    assert db.session.get(Receipt, "r1") is not None


def test_writers_take_turns_and_none_is_lost(app: Flask) -> None:
    # given twenty writers who each read a sum and add one to it
    with transaction() as session:
        insert_rows(session, Receipt, [a_receipt(0)])

    def add_one() -> None:
        with app.app_context(), transaction() as session:
            row = session.get_one(Receipt, "r0", populate_existing=True, with_for_update=True)
            row.index += 1

    # when they all come at once
    threads = [threading.Thread(target=Context().run, args=(add_one,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # then the sum is twenty
    assert db.session.get_one(Receipt, "r0", populate_existing=True).index == 20
