"""Writes of single rows may wait (PostgreSQL): nobody can tell, whatever is said to the database in between."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.rows import Lookup, delete_rows, insert_rows, update_rows
from webapp.supplies.labels.models import LabelKeyRow
from webapp.supplies.models import Stock

STOCK = Lookup(Stock.item, Stock.quantity, by=Stock.item)


def a_stock(item: str, quantity: int) -> dict[str, Any]:
    return {
        "disaster": "d1",
        "shelter": "s1",
        "item": item,
        "variant": "",
        "log": "064289",
        "quantity": quantity,
    }


def put(*items: str) -> None:
    """One of each, in one transaction."""
    with transaction() as session:
        for item in items:
            insert_rows(session, Stock, [a_stock(item, 1)])


def stocks() -> dict[str, int]:
    """What the database has."""
    db.session.rollback()
    return {row.item: row.quantity for row in db.session.scalars(select(Stock))}


def test_what_was_just_written_is_there_for_a_lookup_the_orm_and_plain_text(app: Flask) -> None:
    with transaction() as session:
        insert_rows(session, Stock, [a_stock("B01", 1)])
        assert [row.quantity for row in STOCK.rows(session, ["B01"])] == [1]
        update_rows(session, Stock, "item", [{"item": "B01", "quantity": 2}])
        assert session.scalar(select(Stock.quantity)) == 2
        update_rows(session, Stock, "item", [{"item": "B01", "quantity": 3}])
        assert session.scalar(text("SELECT quantity FROM supplies_stock")) == 3
    assert stocks() == {"B01": 3}


def test_rows_of_several_tables_go_together_and_all_arrive(app: Flask) -> None:
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    key = {"log": "064289", "key_id": "k1", "key": "BAAA", "since": 1}
    with transaction() as session:
        event.listen(db.engine, "before_cursor_execute", note)
        insert_rows(session, Stock, [a_stock("B01", 1)])
        insert_rows(session, LabelKeyRow, [key])
    event.remove(db.engine, "before_cursor_execute", note)
    assert stocks() == {"B01": 1}
    assert db.session.scalars(select(LabelKeyRow.key)).all() == [key["key"]]
    assert len(said) == (1 if db.engine.dialect.name == "postgresql" else 2)


def test_a_row_that_is_there_already_stops_the_transaction_and_nothing_of_it_stays(app: Flask) -> None:
    put("B01")
    with pytest.raises(IntegrityError):
        put("B02", "B01")
    put("B03")
    assert stocks() == {"B01": 1, "B03": 1}


def test_who_rolls_back_in_the_middle_has_written_nothing(app: Flask) -> None:
    with transaction() as session:
        insert_rows(session, Stock, [a_stock("B01", 1)])
        session.rollback()
    assert stocks() == {}


Model = dict[str, int]


def put_one(session: Session, model: Model, item: str, quantity: int) -> None:
    if item in model:
        update_rows(session, Stock, "item", [{"item": item, "quantity": quantity}])
    else:
        insert_rows(session, Stock, [a_stock(item, quantity)])
    model[item] = quantity


def change_all(session: Session, model: Model, _item: str, quantity: int) -> None:
    update_rows(session, Stock, "item", [{"item": key, "quantity": quantity} for key in model])
    model.update(dict.fromkeys(model, quantity))


def remove(session: Session, model: Model, item: str, _quantity: int) -> None:
    delete_rows(session, Stock, ("item",), [[item]])
    model.pop(item, None)


def change_with_the_orm(session: Session, model: Model, item: str, quantity: int) -> None:
    session.execute(update(Stock).where(Stock.item == item).values(quantity=quantity))
    model.update({item: quantity} if item in model else {})


def look(session: Session, model: Model, _item: str, _quantity: int) -> None:
    assert {row.item: row.quantity for row in STOCK.rows(session, ["B01", "B02", "B03"])} == model


_STEPS = st.tuples(
    st.sampled_from([put_one, change_all, remove, change_with_the_orm, look]),
    st.sampled_from(["B01", "B02", "B03"]),
    st.integers(1, 5),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(_STEPS, max_size=8), max_size=3))
def test_the_database_always_has_what_a_dictionary_would_have(app: Flask, transactions: list[Any]) -> None:
    with transaction() as session:
        session.execute(delete(Stock))
    model: Model = {}
    for steps in transactions:
        with transaction() as session:
            for step, item, quantity in steps:
                step(session, model, item, quantity)
        assert stocks() == model
