"""Rows on the bench are one object each, are found as they stand there, and reach the database as they were left."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event, select
from sqlalchemy.exc import IntegrityError

from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.workbench import Workbench, workbench
from webapp.supplies.models import Item, Offer, Stock

LOG = "064289"
WATER = ("d1", "s1", "B01", "")


def a_stock(key: tuple[str, ...], quantity: int) -> dict[str, Any]:
    disaster, shelter, item, variant = key
    return {
        "disaster": disaster, "shelter": shelter, "item": item, "variant": variant, "log": LOG, "quantity": quantity
    }  # fmt: skip


def stocks() -> dict[tuple[str, ...], int]:
    """What the database has."""
    rows = db.session.execute(select(Stock)).scalars().all()
    return {(row.disaster, row.shelter, row.item, row.variant): row.quantity for row in rows}


class Statements:
    """Counts what is said to the database."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __enter__(self) -> "Statements":
        event.listen(Engine, "before_cursor_execute", self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(Engine, "before_cursor_execute", self._hear)

    def _hear(self, _c: object, _u: object, statement: str, *_: object) -> None:
        self.said.append(statement.split()[0])


def test_what_is_added_is_found_before_it_is_written_and_read_by_everybody_after(app: Flask) -> None:
    with transaction() as session:
        bench = workbench(session)
        added = bench.add(Stock, **a_stock(WATER, 3))
        assert bench.get(Stock, *WATER) is added
        assert bench.find(Stock, disaster="d1", shelter="s1") == [added]
        bench.flush()
    assert stocks() == {WATER: 3}


def test_a_row_is_one_object_however_it_is_reached_and_is_read_once(app: Flask) -> None:
    with transaction() as session:
        workbench(session).add(Stock, **a_stock(WATER, 3))
        workbench(session).flush()
    with transaction() as session, Statements() as statements:
        bench = workbench(session)
        row = bench.get_one(Stock, *WATER)
        assert [bench.find(Stock, disaster="d1", shelter="s1") for _ in range(2)] == [[row], [row]]
        assert workbench(session).get(Stock, *WATER) is row
        assert bench.get(Stock, "d1", "s1", "B02", "") is bench.get(Stock, "d1", "s1", "B02", "") is None
    assert statements.said == ["SELECT"] * 3


def test_only_what_differs_is_written(app: Flask) -> None:
    others = [("d1", "s1", f"B{n:02}", "") for n in range(2, 5)]
    with transaction() as session:
        for key in (WATER, *others):
            workbench(session).add(Stock, **a_stock(key, 1))
        workbench(session).flush()
    with transaction() as session:
        bench = workbench(session)
        rows = {row.item: row for row in bench.find(Stock, disaster="d1", shelter="s1")}
        rows["B01"].quantity, rows["B02"].quantity, rows["B03"].quantity = 5, 6, 1
        bench.remove(rows["B04"], Stock)
        with Statements() as statements:
            bench.flush()
            bench.flush()
        assert sorted(statements.said) == ["DELETE", "UPDATE"]
    assert stocks() == {WATER: 5, others[0]: 6, others[1]: 1}


def test_objects_of_the_orm_see_what_was_changed_on_the_bench(app: Flask) -> None:
    with transaction() as session:
        workbench(session).add(Stock, **a_stock(WATER, 3))
        workbench(session).flush()
        held = session.get_one(Stock, WATER)
        workbench(session).get_one(Stock, *WATER).quantity = 4
        workbench(session).flush()
        assert held.quantity == 4


def test_a_transaction_that_failed_leaves_nothing_to_the_next_one(app: Flask) -> None:
    def fail() -> None:
        with transaction() as session:
            workbench(session).add(Stock, **a_stock(WATER, 3))
            workbench(session).flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with transaction() as session:
        assert workbench(session).get(Stock, *WATER) is None


def test_outside_of_a_transaction_everybody_looks_for_themselves(app: Flask) -> None:
    session = db.session()
    assert workbench(session).get(Stock, *WATER) is None
    with transaction() as writing:
        workbench(writing).add(Stock, **a_stock(WATER, 3))
        workbench(writing).flush()
    assert workbench(session).get_one(Stock, *WATER).quantity == 3


def test_values_come_back_as_the_orm_gives_them(app: Flask) -> None:
    item = {
        "log": LOG,
        "code": "B01",
        "category": "水",
        "unit": "本",
        "variants": ["2L", ""],
        "shelf_life": "none",
    }
    with transaction() as session:
        bench = workbench(session)
        bench.add(Item, **item, tags=[], vol_ml=1, grams=2, active=True, details="x")
        bench.add(Offer, **an_offer(allergens=None))
        bench.flush()
    with transaction() as session:
        read = workbench(session).get_one(Item, LOG, "B01")
        assert (read.variants, read.tags, read.active) == (["2L", ""], [], True)
        assert workbench(session).get_one(Offer, "o1").allergens is None
    assert db.session.scalar(select(Offer.id).where(Offer.allergens.is_(None))) == "o1"
    assert db.session.get_one(Item, (LOG, "B01")).active is True


def an_offer(**told: object) -> dict[str, object]:
    text = dict.fromkeys(("disaster", "sender", "org", "shelter", "item", "variant", "need"), "")
    numbers = dict.fromkeys(
        ("offered", "held", "requested", "transit", "delivered", "withdrawn", "lost", "avail"), 0
    )
    more = {
        "best_before": 0,
        "lot": 1,
        "eta_days": 3,
        "available_until": None,
        "state": "active",
        "offered_at": 1,
    }
    return {"id": "o1", "log": LOG, "individual": False, **text, **numbers, **more, **told}


@pytest.mark.parametrize("odd", [{"quantity": None}, {"colour": "red"}])
def test_a_row_that_lacks_an_attribute_or_has_one_too_many_is_refused(
    app: Flask, odd: dict[str, object]
) -> None:
    told = {**a_stock(WATER, 3), **odd}
    told = {name: value for name, value in told.items() if value is not None}
    with transaction() as session, pytest.raises(TypeError, match=next(iter(odd))):
        workbench(session).add(Stock, **told)


def test_an_attribute_that_the_model_does_not_have_is_not_lost_silently(app: Flask) -> None:
    with transaction() as session:
        row = workbench(session).add(Stock, **a_stock(WATER, 3))
        row.colour = "red"  # type: ignore[attr-defined]
        with pytest.raises(TypeError, match="colour"):
            workbench(session).flush()


def test_what_must_be_there_and_is_not_is_said(app: Flask) -> None:
    with transaction() as session, pytest.raises(LookupError, match="Stock"):
        workbench(session).get_one(Stock, *WATER)


_SHELTERS, _ITEMS = ("s1", "s2"), ("B01", "B02", "B03")
_PLACES = st.tuples(st.just("d1"), st.sampled_from(_SHELTERS), st.sampled_from(_ITEMS), st.just(""))
_STEPS = st.one_of(
    st.tuples(st.just("put"), _PLACES, st.integers(0, 5)),
    st.tuples(st.just("look"), _PLACES, st.just(0)),
    st.tuples(st.just("flush"), _PLACES, st.just(0)),
)


def put(bench: Workbench, key: tuple[str, ...], quantity: int) -> None:
    row = bench.get(Stock, *key)
    if row is None and quantity:
        bench.add(Stock, **a_stock(key, quantity))
    elif row is not None and quantity:
        row.quantity = quantity
    elif row is not None:
        bench.remove(row, Stock)


def of_item(bench: Workbench, item: str) -> dict[tuple[str, ...], int]:
    found = bench.find(Stock, disaster="d1", shelter=list(_SHELTERS), item=item)
    return {(row.disaster, row.shelter, row.item, row.variant): row.quantity for row in found}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(_STEPS, max_size=12), max_size=4))
def test_whatever_is_done_the_bench_and_then_the_database_are_what_a_dictionary_would_be(
    app: Flask, transactions: list[list[tuple[str, tuple[str, ...], int]]]
) -> None:
    with transaction() as session:
        session.execute(delete(Stock))
    model: dict[tuple[str, ...], int] = {}
    for steps in transactions:
        with transaction() as session:
            bench = workbench(session)
            for step, key, quantity in steps:
                if step == "put":
                    put(bench, key, quantity)
                    model = {k: q for k, q in {**model, key: quantity}.items() if q}
                elif step == "look":
                    assert of_item(bench, key[2]) == {k: q for k, q in model.items() if k[2] == key[2]}
                else:
                    bench.flush()
            bench.flush()
        assert stocks() == model


def test_a_row_that_another_one_stands_in_the_way_of_is_an_error_of_sqlalchemys(app: Flask) -> None:
    def add(quantity: int) -> None:
        with transaction() as session:
            bench = Workbench(session)  # it has not looked
            bench.add(Stock, **a_stock(WATER, quantity))
            bench.flush()

    add(3)
    with pytest.raises(IntegrityError):
        add(4)
    assert stocks() == {WATER: 3}
