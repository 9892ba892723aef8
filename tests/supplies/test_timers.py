"""What becomes due because time passes: once, whoever looks and however often."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.factories.custody import the_door
from tests.factories.supplies import Relief, a_relief, numbers, offered
from webapp.kernel.base.clock import DAY, HOUR
from webapp.kernel.base.db import db
from webapp.kernel.intake import rebuild
from webapp.kernel.notifications.models import Notice
from webapp.supplies import commands, timers
from webapp.supplies import entries as kinds
from webapp.supplies.models import Need, Offer
from webapp.supplies.rules import day_of


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_relief()


def tick(relief: Relief, after_ms: int = 0) -> int:
    """Look so long after the disaster began; how much was due."""
    return timers.tick(the_door(), db.session(), relief.log, relief.now + after_ms)


def state_of(offer: str) -> str:
    return db.session.get_one(Offer, offer, populate_existing=True).state


def test_a_pledge_that_nobody_answers_for_48_hours_frees_both_sides(relief: Relief) -> None:
    need = relief.need(100)
    offer = relief.offer("citizen", 40, need=need).id

    assert tick(relief, 48 * HOUR - 1) == 0
    assert tick(relief, 48 * HOUR) == 1
    assert tick(relief, 60 * HOUR) == 0

    assert relief.match_of(offer).state == "lapsed"
    assert numbers(need)[-1] == 100
    assert offered(offer)[-1] == 40


def test_a_pledge_that_was_answered_stays(relief: Relief) -> None:
    offer = relief.offer("citizen", 40, need=relief.need(100)).id
    relief.request(40, offer=offer, match=relief.match_of(offer).id)

    assert tick(relief, 49 * HOUR) == 0


def test_a_need_is_open_until_a_day_after_it_was_needed_or_confirmed(relief: Relief) -> None:
    need = relief.need(100, need_by=relief.now + DAY)
    relief.now += 2 * DAY - 1
    relief.say("worker", kinds.NEED_CONFIRMED, {"needs": [need]})

    assert tick(relief, DAY - 1) == 0
    assert tick(relief, DAY) == 1

    assert numbers(need)[-1] == 0
    again = {"need": need, "quantity": 100, "need_by": relief.now + 9 * DAY}
    relief.now += DAY
    assert relief.say("worker", kinds.NEED_CHANGED, again).refusal is None
    assert db.session.get_one(Need, need, populate_existing=True).expired_at is None
    assert tick(relief) == 0


def test_an_offer_ends_with_its_day_and_before_its_goods_are_too_old_to_send(relief: Relief) -> None:
    until = relief.offer("citizen", 10, available_until=relief.now + DAY).id
    near = relief.offer("remote", 10, item="W01", variant="", best_before=day_of(relief.now + 20 * DAY),
                        eta_days=3).id  # fmt: skip
    lasting = relief.offer("remote", 10).id

    assert tick(relief, 3 * DAY) == 1
    assert (state_of(until), state_of(near), state_of(lasting)) == ("expired", "active", "active")
    assert tick(relief, 4 * DAY) == 1
    assert (state_of(near), state_of(lasting)) == ("expired", "active")


def test_both_sides_are_asked_once_about_a_box_that_is_three_days_late(relief: Relief) -> None:
    offer = relief.offer("citizen", 40, need=relief.need(100)).id
    match = relief.match_of(offer).id
    relief.request(40, offer=offer, match=match)
    relief.ship("citizen", match, 40)  # expected in a day

    assert tick(relief, 4 * DAY - 1) == 0
    assert tick(relief, 4 * DAY) == 1
    assert tick(relief, 9 * DAY) == 0

    asked = db.session.query(Notice).filter_by(about=match, kind=kinds.ASKED)
    assert {row.recipient[:2] for row in asked} == {"p-", "sh"}
    assert relief.match_of(offer).state == "shipped", "asking moves nothing"


def test_what_is_due_for_many_is_written_in_pieces_and_folds_again_to_the_same(
    relief: Relief, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "MOST", 2)
    for _ in range(5):
        relief.offer("citizen", 1, need=relief.need(1))

    assert tick(relief, 3 * DAY) == 5
    assert rebuild.check(the_door(), relief.log) == []


def test_the_command_looks_at_every_log_with_a_disaster(
    relief: Relief, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    relief.offer("citizen", 1, need=relief.need(1, need_by=relief.now + HOUR))
    monkeypatch.setattr(commands, "now_ms", lambda: relief.now + 3 * DAY)

    said = app.test_cli_runner().invoke(commands.tick)

    assert said.output == "due 2\n", said.output
