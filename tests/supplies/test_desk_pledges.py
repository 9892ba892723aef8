"""Pledges, offers and surplus at a shelter's desk, through HTTP."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.supplies import Relief, numbers, offered, stock
from tests.supplies.desk_pages import a_town_now, desk, enter, form_id, page, words
from webapp.kernel.base.clock import DAY, HOUR
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.ledger import vault
from webapp.supplies.models import Offer
from webapp.supplies.steps import OfferState


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_town_now()


@pytest.fixture
def worker(app: Flask, relief: Relief) -> FlaskClient:
    return enter(app, relief, "worker")


def pledged(relief: Relief, quantity: int, needed: int = 100, who: str = "citizen") -> tuple[str, str, str]:
    """Ids of need, offer, shipment."""
    need = relief.need(needed)
    offer = relief.offer(who, quantity, need=need).id
    return need, offer, relief.match_of(offer).id


def answer_to(client: FlaskClient, relief: Relief, match: str, quantity: str, **more: str) -> int:
    form = {"id": new_id(), "quantity": quantity, **more}
    return client.post(desk(relief, f"/pledges/{match}"), data=form).status_code


def test_what_has_waited_long_stands_first_then_what_helps_most(worker: FlaskClient, relief: Relief) -> None:
    relief.now -= 30 * HOUR
    late = relief.need(100, item="H03", variant="")
    relief.offer("remote", 1, need=late, item="H03", variant="")
    relief.now += 29 * HOUR
    for item, quantity in (("B01", 10), ("W02", 90)):
        relief.offer("remote", quantity, need=relief.need(100, item=item, variant=""), item=item, variant="")

    text = page(worker, desk(relief, "/pledges"))

    places = [text.index(name) for name in ("トイレットペーパー", "飲料水 2L", "毛布")]
    assert places == sorted(places)
    assert "17時間で期限切れ" in text or "18時間で期限切れ" in text


def test_one_tap_asks_for_all_of_it_and_a_second_one_changes_nothing(
    worker: FlaskClient, relief: Relief
) -> None:
    need, offer, match = pledged(relief, 60)
    form = {"id": form_id(worker, desk(relief)), "quantity": "60"}

    codes = [worker.post(desk(relief, f"/pledges/{match}"), data=form).status_code for _ in range(2)]
    again = worker.post(
        desk(relief, f"/pledges/{match}"), data={**form, "id": new_id()}, follow_redirects=True
    )

    assert codes == [303, 303]
    assert "すでに「送付依頼」" in words(again)
    assert numbers(need) == (100, 0, 60, 0, 0, 40)
    assert offered(offer) == (60, 0, 60, 0, 0, 0, 0)


def test_a_smaller_number_gives_the_rest_back(worker: FlaskClient, relief: Relief) -> None:
    need, offer, match = pledged(relief, 60)

    assert answer_to(worker, relief, match, "２０個") == 303

    assert numbers(need) == (100, 0, 20, 0, 0, 80)
    assert offered(offer) == (60, 0, 20, 0, 0, 0, 40)


def test_more_than_is_needed_only_by_saying_so_and_never_more_than_there_is(
    worker: FlaskClient, relief: Relief
) -> None:
    need, _, match = pledged(relief, 130)

    asked = worker.post(desk(relief, f"/pledges/{match}"), data={"id": new_id(), "quantity": "120"})

    assert asked.status_code == 422
    assert 'name="raised"' in asked.text
    assert answer_to(worker, relief, match, "131", raised="1") == 422
    assert answer_to(worker, relief, match, "120", raised="1") == 303
    assert numbers(need) == (120, 0, 120, 0, 0, 0)


def test_a_no_wants_a_reason_which_lies_in_the_vault(worker: FlaskClient, relief: Relief) -> None:
    need, offer, match = pledged(relief, 60)
    act = new_id()
    address = desk(relief, f"/pledges/{match}/decline")

    assert worker.post(address, data={"id": act, "reason": " "}).status_code == 422
    assert worker.post(address, data={"id": act, "reason": "サイズが変わりました"}).status_code == 303

    subject = vault.of_act(act)
    assert vault.read(db.session(), relief.log, [subject])[subject] == {"reason": "サイズが変わりました"}
    assert numbers(need) == (100, 0, 0, 0, 0, 100)
    assert offered(offer)[-1] == 60


def test_of_two_shelters_that_want_the_last_box_the_second_is_told_what_is_left(
    app: Flask, worker: FlaskClient, relief: Relief
) -> None:
    offer = relief.offer("remote", 20).id
    other = enter(app, relief, "worker1")
    pages = [(worker, desk(relief, f"/offers/{offer}")), (other, desk(relief, f"/offers/{offer}", shelter=1))]
    ids = [form_id(client, address) for client, address in pages]

    answers = [
        client.post(address, data={"id": act, "quantity": "15"})
        for (client, address), act in zip(pages, ids, strict=True)
    ]

    assert [answer.status_code for answer in answers] == [303, 422]
    assert "今残っているのは5です" in words(answers[1])
    assert offered(offer) == (20, 0, 15, 0, 0, 0, 5)


def test_offers_that_fit_stand_first_and_others_say_why_not(worker: FlaskClient, relief: Relief) -> None:
    relief.need(50, need_by=relief.now + DAY // 2)
    relief.offer("remote", 10, variant="L")
    relief.offer("remote", 10, variant="M-pants", eta_days=0)
    relief.offer("remote", 10, item="B05", variant="")

    text = page(worker, desk(relief, "/offers"))

    assert text.index("M・パンツ") < text.index("サイズや種類がちがいます") < text.index("寝袋")
    assert "寝袋" not in page(worker, desk(relief, "/offers?category=infant"))
    assert "あてはまる提供物資はありません" in page(worker, desk(relief, "/offers?words=ストーブ"))


def test_lots_are_asked_for_whole_and_a_need_is_made_where_there_is_none(
    worker: FlaskClient, relief: Relief
) -> None:
    offer = relief.offer("remote", 24, item="W02", variant="", lot=6, best_before=20300101).id
    address = desk(relief, f"/offers/{offer}")

    odd = worker.post(address, data={"id": new_id(), "quantity": "7"})
    whole = worker.post(address, data={"id": new_id(), "quantity": "12"})

    assert (odd.status_code, whole.status_code) == (422, 303)
    assert "6単位" in words(odd)
    assert numbers(relief.match_of(offer).need) == (12, 0, 12, 0, 0, 0)


def test_before_it_has_left_it_can_be_less_or_called_off(worker: FlaskClient, relief: Relief) -> None:
    need, _, match = pledged(relief, 60)
    answer_to(worker, relief, match, "60")
    address = desk(relief, f"/shipments/{match}")

    worker.post(f"{address}/less", data={"id": new_id(), "quantity": "50"})
    assert numbers(need) == (100, 0, 50, 0, 0, 50)
    more = worker.post(f"{address}/less", data={"id": new_id(), "quantity": "70"}, follow_redirects=True)
    assert "減らす変更だけ" in words(more)
    worker.post(f"{address}/cancel", data={"id": new_id()})
    assert numbers(need) == (100, 0, 0, 0, 0, 100)
    assert "数を減らす" not in page(worker, address)


def test_surplus_is_offered_in_one_tap_once(worker: FlaskClient, relief: Relief) -> None:
    relief.scan("worker", "outside", "", relief.shelters[0], {"item": "B05", "variant": "", "quantity": 24})
    form = {"id": form_id(worker, desk(relief, "/stock")), "item": "B05", "variant": "", "quantity": "24"}

    codes = [worker.post(desk(relief, "/stock"), data=form).status_code for _ in range(2)]

    assert codes == [303, 303]
    assert stock(relief, item="B05", variant="") == 0
    (offer,) = db.session.query(Offer).all()
    assert (offer.avail, offer.shelter, offer.state) == (24, relief.shelters[0], OfferState.ACTIVE)
    assert "寝袋" not in page(worker, desk(relief, "/offers")), "nobody is offered the own surplus"


def test_nobody_answers_for_a_shelter_that_is_not_theirs(app: Flask, relief: Relief) -> None:
    need, offer, match = pledged(relief, 60)
    other = enter(app, relief, "worker1")

    assert answer_to(other, relief, match, "60") == 404
    assert (
        other.post(desk(relief, f"/pledges/{match}", shelter=1), data={"quantity": "60"}).status_code == 404
    )
    assert other.post(desk(relief, f"/offers/{offer}"), data={"quantity": "1"}).status_code == 404
    assert numbers(need) == (100, 60, 0, 0, 0, 40)
