"""Sending, through the pages: what is offered, boxes, labels, 発送."""

from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.factories.supplies import numbers, offered
from tests.supplies.sender_pages import Site, error, offer, requested, site
from webapp.kernel.base.clock import DAY, jst, now_ms, to_minute
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.supplies import entries as kinds
from webapp.supplies.models import Match, Offer

__all__ = ["site"]


def test_a_quantity_that_is_none_is_refused_beside_its_field(site: Site) -> None:
    need, client = site.relief.need(100), site.browser("citizen")
    said = {
        "0": "0です", "-3": "受け付けられません", "1e12": "読めません", "1000000000000": "多すぎます",
        "1.5": "整数ではありません", "": "数量がありません", "３箱": "数え方",
    }  # fmt: skip

    for typed, sentence in said.items():
        answer = offer(client, need, typed)
        assert answer.status_code == 422
        assert sentence in error(answer, "quantity"), typed
        assert f'value="{typed}"' in answer.get_data(as_text=True)


def test_a_date_that_is_none_is_refused_beside_its_field(site: Site) -> None:
    need, client = site.relief.need(100, item="F03", variant=""), site.browser("citizen")
    said = {"2020-01-01": "過ぎています", "令和8年": "年だけ", "2027-02-30": "ありません", "": "賞味期限"}

    for typed, sentence in said.items():
        assert sentence in error(offer(client, need, "20", best_before=typed, declared="none"), "best_before")


def test_an_offer_does_not_end_in_the_past_nor_silently_next_year(site: Site) -> None:
    client, gone = site.browser("remote"), jst(now_ms() - 20 * DAY)
    form = {"log": site.relief.log, "d": site.relief.disaster, "id": new_id(), "item": "I05", "variant": "M"}

    for typed in (f"{gone.month}月{gone.day}日", "2020-01-01"):
        answer = client.post("/send/new", data={**form, "quantity": "10", "until": typed})
        assert "過ぎています。これからの日を" in error(answer, "until")
    assert db.session.scalars(select(Offer)).all() == []


def test_who_offers_more_than_is_needed_says_what_becomes_of_the_rest(site: Site) -> None:
    need, client, form = site.relief.need(100), site.browser("citizen"), new_id()

    asked = offer(client, need, "9,999", id=form, note="新品です")
    only = [offer(client, need, "9,999", id=form, rest="only") for _ in range(2)]

    assert "残りをどうするか" in error(asked, "rest")
    assert "ほかの避難所にも提供します（9,899個）" in asked.text
    assert "新品です" in asked.text
    assert [answer.status_code for answer in only] == [303, 303]
    assert db.session.scalars(select(Offer.offered)).all() == [100]


def test_the_rest_is_offered_to_others_where_its_sender_says_so(site: Site) -> None:
    need, client, form = site.relief.need(100), site.browser("citizen"), new_id()

    answers = [offer(client, need, "130", id=form, rest="others") for _ in range(2)]
    sent_again = offer(client, need, "130", id=form, rest="others")

    assert [answer.status_code for answer in (*answers, sent_again)] == [303] * 3
    (made,) = db.session.scalars(select(Offer)).all()
    assert (made.offered, made.held, made.avail) == (130, 100, 30)


def test_a_part_of_what_is_needed_sent_twice_is_still_one_offer(site: Site) -> None:
    need, client, form = site.relief.need(100), site.browser("citizen"), new_id()

    answers = [offer(client, need, "60", id=form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert numbers(need)[1] == 60


def test_what_is_met_or_stopped_says_so_before_anything_is_typed(site: Site) -> None:
    met, stopped = site.relief.need(10), site.relief.need(20)
    site.relief.offer("citizen2", 10, need=met)
    assert site.relief.say("officer", kinds.NEED_STOPPED, {"need": stopped}).refusal is None

    for need, said in ((met, "いまは足りています"), (stopped, "もう要りません")):
        shown = site.browser().get(f"/send/new?need={need}").get_data(as_text=True)
        assert said in shown
        assert f"/relief/{site.relief.log}" in shown
        assert 'name="quantity"' not in shown


def test_allergens_are_declared_or_said_to_be_unknown(site: Site) -> None:
    need, client = site.relief.need(100, item="F03", variant=""), site.browser("citizen")

    def declare(declared: str, *ticked: str) -> TestResponse:
        return offer(client, need, "20", best_before="令和12年3月", declared=declared, allergens=list(ticked))

    refused = [declare(""), declare("some"), declare("none", "egg")]
    taken = [declare("none"), declare("some", "milk", "egg"), declare("unknown")]

    assert all(error(answer, "declared") for answer in refused)
    assert [answer.status_code for answer in taken] == [303, 303, 303]
    kept = db.session.scalars(select(Offer.allergens).order_by(Offer.offered_at, Offer.id)).all()
    assert kept == [[], ["egg", "milk"], None]


def test_a_second_click_is_the_same_offer(site: Site) -> None:
    need, form = site.relief.need(100), new_id()
    client = site.browser("citizen")

    answers = [offer(client, need, id=form) for _ in range(2)]

    assert [answer.location for answer in answers] == ["/send", "/send"]
    assert len(db.session.scalars(select(Offer.id)).all()) == 1


def test_goods_on_nobodys_list_are_offered_freely(site: Site) -> None:
    client, town = site.browser("remote"), {"log": site.relief.log, "d": site.relief.disaster}
    form = {**town, "id": new_id(), "item": "I05", "quantity": "1,200", "lot": "24", "until": "あさって"}

    chosen = client.get("/send/new", query_string=town).get_data(as_text=True)
    missing = client.post("/send/new", data=form)
    answer = client.post("/send/new", data={**form, "variant": "M"})

    assert "何を送れますか" in chosen
    assert error(missing, "variant")
    assert answer.location == "/send"
    made = db.session.scalars(select(Offer)).one()
    assert (made.variant, made.offered, made.lot, made.state) == ("M", 1200, 24, "active")


def test_an_officer_without_the_role_of_a_supporter_does_not_send(site: Site) -> None:
    assert site.browser("officer").get(f"/send/new?need={site.relief.need(10)}").status_code == 403


# A shipment


def test_boxes_labels_and_then_it_is_sent(site: Site) -> None:
    match, client = requested(site), site.browser("citizen")

    packed = client.post(f"/send/{match}/pack", data={"id": new_id(), "count": "３"})
    printed = client.get(f"/send/{match}/labels.pdf?layout=one")
    by_hand = client.get(f"/send/{match}/hand").get_data(as_text=True)
    eta = to_minute(now_ms() + 2 * DAY)[:10]
    form = {"id": new_id(), "quantity": "40", "eta": eta, "tracking": "１２３４-5678"}
    shipped = [client.post(f"/send/{match}/ship", data=form) for _ in range(2)]
    again = client.post(f"/send/{match}/ship", data={**form, "id": new_id()}, follow_redirects=True)
    shown = client.get(f"/send/{match}").get_data(as_text=True)

    assert packed.status_code == 303
    assert [p.listed for p in site.relief.parcels_of(match)] == [14, 13, 13]
    assert printed.get_data().startswith(b"%PDF")
    assert site.relief.parcels_of(match)[0].code[:4] in by_hand
    assert [answer.status_code for answer in shipped] == [303, 303]
    assert db.session.get_one(Match, match).state == "shipped"
    assert "この便はすでに発送済みです。" in again.get_data(as_text=True)
    assert "1234-5678" in shown
    assert client.get(f"/send/{match}/labels.pdf").location == f"/send/{match}"


def test_what_cannot_have_been_sent_is_refused(site: Site) -> None:
    match, client = requested(site), site.browser("citizen")

    def ship(**typed: str) -> TestResponse:
        form = {"id": new_id(), "quantity": "40", "eta": to_minute(now_ms() + DAY)[:10], **typed}
        return client.post(f"/send/{match}/ship", data=form)

    many = ship(quantity="41", tracking="1234-5678")  # what the labels say is settled by the door
    assert "40" in error(many, "quantity")
    assert 'value="1234-5678"' in many.text
    assert f'value="{to_minute(now_ms() + DAY)[:10]}"' in many.text
    assert error(ship(quantity="0"), "quantity")
    assert error(ship(eta="2020-01-01"), "eta")
    assert error(ship(eta=""), "eta")
    assert error(ship(tracking="a\r\nBcc: x"), "tracking")
    assert db.session.get_one(Match, match).state == "requested"


def test_boxes_of_different_contents_are_written_line_by_line(site: Site) -> None:
    match, client = requested(site), site.browser("citizen")

    too_many = client.post(f"/send/{match}/pack", data={"id": new_id(), "each": "20\n21"})
    slip = client.post(f"/send/{match}/pack", data={"id": new_id(), "count": "3", "each": "20\n20"})
    answer = client.post(f"/send/{match}/pack", data={"id": new_id(), "each": "20 令和12年3月1日\n 10\n"})

    assert error(too_many, "each")
    assert "箱の数は3、箱ごとの数は2行" in error(slip, "count")
    assert answer.status_code == 303
    assert [(p.listed, p.best_before) for p in site.relief.parcels_of(match)] == [(20, 20300301), (10, 0)]


def test_less_is_taken_and_more_is_refused(site: Site) -> None:
    match, client = requested(site), site.browser("citizen")

    more = client.post(f"/send/{match}/less", data={"id": new_id(), "quantity": "41"})
    less = client.post(f"/send/{match}/less", data={"id": new_id(), "quantity": "30"})

    assert error(more, "quantity")
    assert less.status_code == 303
    assert db.session.get_one(Match, match).quantity == 30


def test_who_cancels_cannot_send_any_more(site: Site) -> None:
    match, client = requested(site), site.browser("citizen")
    offer_id = db.session.get_one(Match, match).offer

    asked = client.get(f"/send/{match}/cancel").get_data(as_text=True)
    client.post(f"/send/{match}/cancel", data={"id": new_id(), "goods": "gone"})
    form = {"id": new_id(), "quantity": "40", "eta": to_minute(now_ms() + DAY)[:10]}
    late = client.post(f"/send/{match}/ship", data=form, follow_redirects=True)

    assert "取り消しますか" in asked
    assert "この便は取り消されています。発送しないでください。" in late.get_data(as_text=True)
    assert offered(offer_id) == (40, 0, 0, 0, 0, 40, 0)


def test_a_decline_is_shown_with_its_reason(site: Site) -> None:
    made = site.relief.offer("citizen", 40, need=site.relief.need(100)).id
    match = site.relief.match_of(made).id
    said = site.relief.say("officer", kinds.DECLINED, {"match": match}, {"reason": "置き場がありません"})
    assert said.refusal is None

    shown = site.browser("citizen").get(f"/send/{match}").get_data(as_text=True)

    assert "置き場がありません" in shown
    assert "最上郡" not in shown


def test_what_nobody_has_asked_for_can_be_taken_back(site: Site) -> None:
    made, client = site.relief.offer("citizen", 40).id, site.browser("citizen")

    too_much = client.post(f"/send/offers/{made}", data={"id": new_id(), "quantity": "41"})
    answer = client.post(f"/send/offers/{made}", data={"id": new_id(), "quantity": "40"})

    assert error(too_much, "quantity")
    assert answer.location == "/send"
    assert offered(made)[-1] == 0
