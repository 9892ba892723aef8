"""A town with several disasters: the one that somebody chose stays, and what waits in the others stands on top."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.supplies import Relief
from tests.supplies.desk_pages import a_town_now, desk, enter, page, words
from webapp.kernel.base.clock import MINUTE
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.supplies import entries as kinds
from webapp.supplies.models import Need

OLD, NEW = "令和8年最上地震", "令和8年最上豪雨"


@pytest.fixture
def relief(app: Flask) -> Relief:
    """A need and a pledge that waits; a minute later another disaster is registered."""
    town = a_town_now()
    town.offer("citizen", 30, need=town.need(100))
    return town


def another(relief: Relief, name: str = NEW, *, drill: bool = False) -> str:
    relief.now += MINUTE
    return relief.say("officer", kinds.DISASTER_OPENED, {"drill": drill}, {"name": name}).id


def on_top(client: FlaskClient, path: str) -> str:
    """What the page says of the other disasters; "" if nothing. It stands before the page's own figures."""
    text = client.get(path).text
    found = re.search(r'(?s)<nav[^>]*id="other-disasters".*?</nav>', text)
    assert found is None or 'id="live"' in text[found.end() :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])) if found else ""


def test_a_fresh_disaster_does_not_hide_the_one_in_which_something_waits(app: Flask, relief: Relief) -> None:
    officer, worker = enter(app, relief, "officer"), enter(app, relief, "worker")
    fresh = another(relief)

    for client, path in ((officer, desk(relief)), (worker, desk(relief)), (officer, "/board")):
        assert OLD in page(client, path)
        assert NEW in on_top(client, path)
        assert "待っているものはありません" in on_top(client, path)
    assert "あと 70" in page(worker, desk(relief))
    there = on_top(worker, desk(relief, f"?disaster={fresh}"))
    assert OLD in there
    assert "足りない必要物資 1件・返事を待つ申し出 1件" in there


def test_a_shelter_is_told_of_what_waits_at_its_own_desk_alone(app: Flask, relief: Relief) -> None:
    fresh = another(relief)
    other = enter(app, relief, "worker1")
    assert "待っているものはありません" in on_top(other, desk(relief, f"?disaster={fresh}", shelter=1))


def test_the_choice_is_remembered_by_desk_board_and_figures_and_belongs_to_one_person(
    app: Flask, relief: Relief
) -> None:
    fresh = another(relief)
    officer, worker = enter(app, relief, "officer"), enter(app, relief, "worker")

    assert NEW in page(officer, f"/board?disaster={fresh}")

    for path in ("/board", "/board/statistics", "/board/shelters", desk(relief)):
        title = re.search(r'(?s)<div class="page__head">(.*?)</div>', officer.get(path).text)
        assert title is not None
        assert NEW in title[1], path
    assert f"disaster={fresh}" in officer.get("/desk").text
    assert OLD in on_top(officer, desk(relief))
    assert "あと 70" in page(worker, desk(relief))


def test_a_choice_that_is_over_is_forgotten(app: Flask, relief: Relief) -> None:
    fresh, officer = another(relief), enter(app, relief, "officer")
    officer.get(f"/board?disaster={fresh}")
    assert relief.say("officer", kinds.DISASTER_CLOSED, {"disaster": fresh}).refusal is None
    text = page(officer, "/board")
    assert "あと 70" in text
    assert "終わった災害・訓練" in text
    assert on_top(officer, "/board") == ""


def test_a_form_in_an_older_tab_goes_where_it_was_opened(app: Flask, relief: Relief) -> None:
    fresh, worker = another(relief), enter(app, relief, "worker")
    form = re.search(r'href="(/desk/[^"]*needs/new[^"]*)"', worker.get(desk(relief)).text)
    assert form is not None
    worker.get(desk(relief, f"?disaster={fresh}"))  # the other tab

    data = {"id": new_id(), "item": "W01", "quantity": "24"}
    answer = worker.post(form[1], data=data)

    assert answer.status_code == 303, words(answer)
    assert {row.disaster for row in db.session.query(Need).filter_by(item="W01")} == {relief.disaster}


def test_the_real_thing_comes_before_a_drill_in_which_more_waits(app: Flask, relief: Relief) -> None:
    drill = another(relief, "秋の訓練", drill=True)
    line = {"id": new_id(), "item": "W01", "variant": "", "quantity": 5}
    body = {"disaster": drill, "shelter": relief.shelters[1], "needs": [line]}
    assert relief.say("officer", kinds.NEEDS_REGISTERED, body).refusal is None
    other = enter(app, relief, "worker1")
    assert "これは訓練です" not in page(other, desk(relief, shelter=1))
    assert "秋の訓練 訓練 足りない必要物資 1件" in on_top(other, desk(relief, shelter=1))


def test_with_one_disaster_nothing_is_asked_and_addresses_are_short(app: Flask, relief: Relief) -> None:
    officer = enter(app, relief, "officer")
    for path in ("/board", desk(relief)):
        assert on_top(officer, path) == ""
        assert "disaster=" not in re.sub(r'href="/board[^"]*"', "", officer.get(path).text)
