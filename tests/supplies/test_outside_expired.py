"""Goods from outside whose date was past when they came: recorded, and worth nothing to anybody."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.factories.custody import the_door
from tests.factories.supplies import Relief, a_relief, numbers, stock
from tests.supplies.desk_pages import desk, enter, page
from webapp.kernel.base.clock import DAY, now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.intake import rebuild
from webapp.kernel.intake.models import Receipt
from webapp.supplies import entries as kinds
from webapp.supplies.known import disasters_of
from webapp.supplies.rules import day_of
from webapp.supplies.town import statistics


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_relief()


def came(relief: Relief, days: int, *, quantity: int = 60, id: str = "") -> str:
    """Diapers that are good until so many days after today come to the first shelter; the scan's id."""
    until = day_of(relief.now + days * DAY)
    body = {"item": "I05", "variant": "M", "quantity": quantity, "best_before": until}
    answer = relief.scan("worker", "outside", "", relief.shelters[0], body, id=id)
    assert answer.refusal is None
    return answer.id


def findings(scan: str) -> list[str]:
    """What its receipt says now."""
    row = db.session.get_one(Receipt, scan, populate_existing=True)
    return [finding["code"] for finding in row.findings]


def counted(relief: Relief) -> tuple[int, int]:
    """What the statistics say: usable from outside, expired."""
    (card,) = disasters_of(db.session(), relief.log)
    total = statistics.figures(db.session(), card).total
    return total.outside, total.expired


def test_what_is_past_its_date_fills_no_need_and_is_no_stock(relief: Relief) -> None:
    need = relief.need(20)
    scan = came(relief, days=-1)
    assert (numbers(need), stock(relief), findings(scan)) == ((20, 0, 0, 0, 0, 20), 0, ["PARCEL_EXPIRED"])


def test_on_its_last_day_it_is_good(relief: Relief) -> None:
    need = relief.need(20)
    scan = came(relief, days=0)
    assert (numbers(need)[-1], stock(relief), findings(scan)) == (0, 40, [])


def test_it_cannot_be_offered_to_others_when_the_need_is_over(relief: Relief) -> None:
    need = relief.need(20)
    came(relief, days=-1)
    assert relief.say("officer", kinds.NEED_STOPPED, {"need": need}).refusal is None
    assert stock(relief) == 0


def test_the_statistics_count_it_as_expired_and_not_as_come(relief: Relief) -> None:
    came(relief, days=-1)
    came(relief, days=1, quantity=7)
    assert counted(relief) == (7, 60)


def test_what_is_taken_back_is_counted_nowhere_whichever_comes_first(relief: Relief) -> None:
    first, second = came(relief, days=-1), new_id()
    for target in (first, second):
        relief.scan("worker", "void", "", relief.shelters[0], {"target": target})
    came(relief, days=-1, id=second)
    relief.scan("worker1", "void", "", relief.shelters[1], {"target": came(relief, days=-1, quantity=5)})
    assert (counted(relief), findings(first), findings(second)) == ((0, 5), [], [])
    assert rebuild.check(the_door(), relief.log) == []


def test_the_desk_says_that_it_has_expired(app: Flask, relief: Relief) -> None:
    relief.now = now_ms()
    came(relief, days=-1)
    assert "60個（期限切れ）" in page(enter(app, relief, "worker"), desk(relief, "/arrivals?view=outside"))
