"""Phones send when they can: the scans of a shipment give the same numbers in whatever order they come in."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.factories.supplies import Relief, a_relief, numbers, offered, stock
from webapp.kernel.base.ids import new_id
from webapp.supplies import entries as kinds

#: (shelter, step, which parcel or −1 for outside, body, seconds, which scan it takes back)
Told = tuple[int, str, int, dict[str, Any], int, int]

COUNTS = st.one_of(
    st.just({"as_listed": True}),
    st.fixed_dictionaries({"good": st.integers(0, 40), "damaged": st.integers(0, 3)}),
)
SCANS = st.one_of(
    st.tuples(st.integers(0, 1), st.just("arrived"), st.integers(0, 2),
              st.fixed_dictionaries({"accept": st.booleans()}), st.integers(0, 99), st.just(0)),
    st.tuples(st.integers(0, 1), st.just("counted"), st.integers(0, 2), COUNTS, st.integers(0, 99), st.just(0)),
    st.tuples(st.integers(0, 1), st.just("outside"), st.just(-1),
              st.fixed_dictionaries({"item": st.just("I05"), "variant": st.just("M"), "quantity": st.integers(1, 50)}),
              st.integers(0, 99), st.just(0)),
    st.tuples(st.just(0), st.just("void"), st.just(-2), st.just({}), st.integers(0, 99), st.integers(0, 9)),
)  # fmt: skip


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_relief()


def play(relief: Relief, told: Sequence[Told], order: Sequence[int]) -> object:
    """Three boxes on their way, then these scans in this order; what everybody reads afterwards."""
    relief.disaster = relief.say("officer", kinds.DISASTER_OPENED, {"drill": True}, {"name": "訓練"}).id
    here, there = relief.need(100), relief.need(30, shelter=1)
    offer = relief.offer("citizen", 90, need=here).id
    match = relief.match_of(offer).id
    relief.request(90, offer=offer, match=match)
    relief.say("citizen", kinds.PACKED, {"match": match, "parcels": [{"quantity": 30}] * 3})
    codes = [parcel.code for parcel in relief.parcels_of(match)]
    relief.ship("citizen", match, 90)
    ids = [new_id() for _ in told]
    places = dict(enumerate(told))
    for place in order:
        shelter, step, parcel, body, seconds, target = places[place]
        if step == "void":
            aim = target % len(told)
            shelter, parcel, body = places[aim][0], places[aim][2], {"target": ids[aim]}
        code = codes[parcel] if parcel >= 0 else ""
        who = f"worker{shelter or ''}"
        relief.scan(
            who, step, code, relief.shelters[shelter], body, at=seconds * 1_000 + place, id=ids[place]
        )
    state = relief.match_of(offer).state
    return state, numbers(here), numbers(there), offered(offer), stock(relief), stock(relief, 1)


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(told=st.lists(SCANS, min_size=2, max_size=8), luck=st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_numbers(relief: Relief, told: list[Told], luck: Any) -> None:
    order = list(range(len(told)))
    shuffled = luck.sample(order, len(order))

    assert play(relief, told, order) == play(relief, told, shuffled)
