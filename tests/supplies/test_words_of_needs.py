"""What stands beside a need's bar: what is offered, what was asked for, and what is over, each by its own name."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.supplies import Relief
from tests.supplies.desk_pages import a_town_now, desk, enter, page, words
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.supplies import entries as kinds
from webapp.supplies import packs


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_town_now()


@pytest.fixture
def worker(app: Flask, relief: Relief) -> FlaskClient:
    return enter(app, relief, "worker")


def pledge(relief: Relief, need: str, quantity: int, who: str = "citizen") -> tuple[str, str]:
    offer = relief.offer(who, quantity, need=need).id
    return offer, relief.match_of(offer).id


def test_what_was_asked_for_is_told_apart_from_what_is_offered(
    app: Flask, worker: FlaskClient, relief: Relief
) -> None:
    need = relief.need(100)
    offer, match = pledge(relief, need, 30)
    before = page(worker, desk(relief, f"/needs/{need}"))
    relief.request(30, offer=offer, match=match)
    pledge(relief, need, 20, "citizen2")

    after = page(worker, desk(relief, f"/needs/{need}"))
    public = words(app.test_client().get(f"/relief/063622/needs/{need}", headers={"Accept-Language": "ja"}))

    assert "申し出 30" in before
    assert "依頼済み" not in before
    assert "依頼済み 30" in after
    assert "申し出 20" in after
    assert "依頼済み 30" in public
    (place,) = packs.places(db.session(), relief.shelters[0])
    (line,) = packs.pack(db.session(), place, "p-1", [], relief.now)["needs"]
    assert (line["promised"], line["requested"]) == (50, 30)


def test_that_it_is_enough_says_by_what(worker: FlaskClient, relief: Relief) -> None:
    need = relief.need(30)
    address = desk(relief, f"/needs/{need}")
    offer, match = pledge(relief, need, 30)

    assert "申し出で足ります" in page(worker, address)
    relief.request(30, offer=offer, match=match)
    assert "届く予定の分で足ります" in page(worker, address)


def test_a_need_that_was_stopped_does_not_say_that_it_is_covered(worker: FlaskClient, relief: Relief) -> None:
    need = relief.need(220)
    offer, match = pledge(relief, need, 120)
    relief.request(120, offer=offer, match=match)
    assert relief.ship("citizen", match, 120).refusal is None

    relief.say("worker", kinds.NEED_STOPPED, {"need": need})

    text = page(worker, desk(relief, f"/needs/{need}"))
    assert "足ります" not in text
    assert "受け付けは終わりました" in text


def test_stopping_says_that_people_are_told_only_if_there_are_any(
    worker: FlaskClient, relief: Relief
) -> None:
    nobody, somebody = relief.need(10), relief.need(20, item="W01", variant="")
    offer = relief.offer("citizen", 20, need=somebody, item="W01", variant="").id
    assert relief.match_of(offer).state == "pledged"

    def stopped(need: str) -> str:
        answer = worker.post(
            desk(relief, f"/needs/{need}/stop"), data={"id": new_id()}, follow_redirects=True
        )
        return words(answer)

    assert "送る予定の人はいませんでした。" in stopped(nobody)
    assert "送る予定だった人に知らせます。" in stopped(somebody)


def test_a_pledge_says_what_is_still_wanted_beside_it_as_the_desk_does(
    worker: FlaskClient, relief: Relief
) -> None:
    need = relief.need(300)
    _, match = pledge(relief, need, 120)

    assert "あと 180個" in page(worker, desk(relief, f"/needs/{need}"))
    text = page(worker, desk(relief, f"/pledges/{match}"))

    assert "このほかに、あと 180個 足りません" in text
    assert "300" not in text
