"""Many people at the same moment, on SQLite and on PostgreSQL: nothing is promised twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask

from tests.conftest import running
from tests.factories.supplies import Relief, a_relief, numbers, offered, refused
from webapp.kernel.base.db import db
from webapp.supplies import entries as kinds

CROWD = 6


@pytest.fixture(params=["sqlite", "postgresql"])
def everywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    fixture = "postgres_url" if request.param == "postgresql" else "database_url"
    with running(str(request.getfixturevalue(fixture)), tmp_path) as app:
        yield app


def crowd(app: Flask, act: object) -> list[str]:
    """Everybody does this at once; the codes of the refusals."""
    start = Barrier(CROWD)

    def one(number: int) -> str:
        with app.app_context():
            start.wait(10)
            answer = act(number)  # type: ignore[operator]
            db.session.remove()
            return refused(answer)

    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(one, range(CROWD)))


def test_the_last_boxes_go_to_as_many_as_there_are_boxes(everywhere: Flask) -> None:
    relief: Relief = a_relief()
    offer = relief.offer("remote", 10).id

    said = crowd(everywhere, lambda _: relief.request(3, offer=offer))

    assert sorted(said) == [""] * 3 + ["supplies.not_so_many"] * (CROWD - 3)
    assert offered(offer) == (10, 0, 9, 0, 0, 0, 1)


def test_a_need_is_never_pledged_beyond_what_is_open(everywhere: Flask) -> None:
    relief: Relief = a_relief()
    need = relief.need(100)

    said = crowd(everywhere, lambda _: relief.offer("remote", 30, need=need))

    assert sorted(said) == [""] * 4 + ["supplies.need_met"] * (CROWD - 4)
    assert numbers(need) == (100, 100, 0, 0, 0, 0)


def test_two_taps_on_shipping_ship_once(everywhere: Flask) -> None:
    relief: Relief = a_relief()
    offer = relief.offer("remote", 10).id
    relief.request(10, offer=offer)
    match = relief.match_of(offer).id

    said = crowd(everywhere, lambda _: relief.say("remote", kinds.SHIPPED, {"match": match, "quantity": 10}))

    assert sorted(said) == [""] + ["supplies.is_shipped"] * (CROWD - 1)
    assert offered(offer) == (10, 0, 0, 10, 0, 0, 0)
