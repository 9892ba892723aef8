"""Goods from outside that a phone recorded before it had heard of any disaster: one that was begun by a card."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from tests.factories.custody import the_door
from tests.factories.supplies import Relief, a_relief, numbers, stock
from tests.supplies.desk_pages import desk, enter, page
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.intake import rebuild
from webapp.kernel.intake.models import Receipt
from webapp.supplies import entries as kinds

BLANKETS = {"item": "B01", "variant": "", "quantity": 12, "best_before": 0}


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_relief()


def came(relief: Relief, *, id: str = "") -> str:
    """Twelve blankets, on a phone that knows no disaster; the scan's id."""
    cold = replace(relief, disaster="")
    answer = cold.scan("worker", "outside", "", relief.shelters[0], BLANKETS, id=id)
    assert answer.refusal is None
    return answer.id


def another(relief: Relief) -> str:
    """One more disaster is opened; its id."""
    return relief.say("officer", kinds.DISASTER_OPENED, {"drill": False}, {"name": "大雨"}).id


def close(relief: Relief, disaster: str) -> None:
    assert relief.say("officer", kinds.DISASTER_CLOSED, {"disaster": disaster}).refusal is None


def findings(scan: str) -> list[str]:
    """What its receipt says now."""
    row = db.session.get_one(Receipt, scan, populate_existing=True)
    return [finding["code"] for finding in row.findings]


def blankets(relief: Relief, disaster: str) -> int:
    return stock(replace(relief, disaster=disaster), 0, "B01", "")


def test_they_fill_the_needs_of_the_only_disaster_that_is_open(relief: Relief) -> None:
    need = relief.need(20, item="B01", variant="")
    scan = came(relief)
    assert (numbers(need), findings(scan)) == ((20, 0, 0, 0, 12, 8), [])


def test_what_is_taken_back_is_gone_whichever_comes_first(relief: Relief) -> None:
    first, second = came(relief), new_id()
    for target in (first, second):
        relief.scan("worker", "void", "", relief.shelters[0], {"target": target})
    came(relief, id=second)
    assert (blankets(relief, relief.disaster), findings(first), findings(second)) == (0, [], [])


def test_of_two_disasters_none_is_guessed_until_one_is_over(relief: Relief) -> None:
    rain = another(relief)
    scan = came(relief)
    assert findings(scan) == ["DISASTER_UNKNOWN"]
    assert [blankets(relief, each) for each in (relief.disaster, rain, "")] == [0, 0, 0]

    close(relief, relief.disaster)

    assert findings(scan) == []
    assert [blankets(relief, each) for each in (relief.disaster, rain)] == [0, 12]


def test_goods_that_came_before_the_town_opened_its_disaster_count_from_then_on(relief: Relief) -> None:
    close(relief, relief.disaster)
    scan, taken_back = came(relief), came(relief)
    relief.scan("worker", "void", "", relief.shelters[0], {"target": taken_back})
    assert (findings(scan), findings(taken_back)) == (["DISASTER_UNKNOWN"], [])

    rain = another(relief)

    assert (findings(scan), blankets(relief, rain)) == ([], 12)


def test_once_placed_they_stay_and_the_fold_says_the_same_again(relief: Relief) -> None:
    scan = came(relief)
    rain = another(relief)
    came(relief)
    relief.scan("worker", "void", "", relief.shelters[0], {"target": scan})
    close(relief, relief.disaster)
    assert [blankets(relief, each) for each in (relief.disaster, rain)] == [0, 12]
    assert rebuild.check(the_door(), relief.log) == []


def test_the_desk_shows_them_and_says_that_nobody_knows_the_disaster_yet(app: Flask, relief: Relief) -> None:
    relief.now = now_ms()
    another(relief)
    came(relief)
    assert "（どの災害の物資か未定）" in page(
        enter(app, relief, "worker"), desk(relief, "/arrivals?view=outside")
    )
