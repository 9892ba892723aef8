"""Citizens' pages: what is needed, who needs what I have, where a parcel is. Nothing tells where a delicate need is."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from tests.factories import supplies as factory
from tests.factories.supplies import Relief, a_relief
from webapp.kernel.base.clock import DAY, HOUR, now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity.models import Organisation
from webapp.supplies import entries as kinds

JAPANESE = {"Accept-Language": "ja"}


@pytest.fixture
def relief(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relief]:
    """A town whose first shelter is 中央公民館, and whose clock is ours."""
    monkeypatch.setattr(factory, "NOW", now_ms())
    with app.app_context():
        made = a_relief(shelters=3)
        made.now = now_ms()
        with transaction() as session:
            for shelter, name in zip(made.shelters, ("中央公民館", "第二体育館", "黒沢公民館"), strict=True):
                session.get_one(Organisation, shelter).name = name
        yield made


def page(client: FlaskClient, address: str, language: str = "ja") -> str:
    answer = client.get(address, headers={"Accept-Language": language})
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def a_shelter(relief: Relief, place: int, **told: object) -> None:
    body = {"shelter": relief.shelters[place], "receive_mode": "door", "accept_policy": "anyone", **told}
    private = {"name": "避難所", "address": "最上町大字向町644"}
    assert relief.say("officer", kinds.SHELTER_SET, body, private).refusal is None


def test_towns_with_an_open_disaster_are_listed_and_drills_stand_apart(
    relief: Relief, client: FlaskClient
) -> None:
    relief.need(40)
    relief.say("officer", kinds.DISASTER_OPENED, {"drill": True}, {"name": "総合防災訓練"})

    shown = page(client, "/relief")

    assert "令和8年最上地震" in shown
    assert "必要な物 1件" in shown
    assert shown.index("令和8年最上地震") < shown.index("練習のためのものです") < shown.index("総合防災訓練")


def test_the_most_urgent_need_stands_first_with_its_bar_in_words(relief: Relief, client: FlaskClient) -> None:
    relief.need(100, shelter=1, item="W01", variant="")
    need = relief.need(300, priority=1, need_by=now_ms() + HOUR, persons=12, audience=["infant"])
    relief.offer("citizen", 120, need=need)

    shown = page(client, "/relief/063622")

    assert shown.index("紙おむつ（乳児・小児） M") < shown.index("飲料水 500mL")
    assert "申し出 120" in shown
    assert "あと 180個" in shown
    assert "中央公民館" in shown
    assert "たった今確認" in shown


def test_needs_are_found_by_words_and_filters(relief: Relief, client: FlaskClient) -> None:
    relief.need(100, shelter=1, item="W01", variant="")
    relief.need(300, priority=1, persons=12, audience=["infant"])
    found = {"q=おむつ+M": 1, "q=体育館": 1, "q=毛布": 0, "category=water": 1, "for=infant": 1, "urgent=1": 1,
             "for=%22&category=x&page=99": 0, "q=%25": 0}  # fmt: skip

    for asked, count in found.items():
        assert f"{count}件あります" in page(client, f"/relief/063622?{asked}"), asked


def test_a_delicate_need_never_tells_its_shelter(relief: Relief, client: FlaskClient) -> None:
    """One child with an allergy in a shelter of fifteen is known by name there."""
    need = relief.need(3, shelter=2, item="I05", variant="L", audience=["infant"], persons=1)
    a_shelter(relief, 2, lat_e6=38_700_000, lon_e6=140_500_000)
    a_shelter(relief, 0, lat_e6=38_800_000, lon_e6=140_500_000)

    listed = page(client, "/relief/063622").split("件あります")[1]
    alone = page(client, f"/relief/063622/needs/{need}")
    reverse = page(client, f"/relief/063622/have?item=I05&near={relief.shelters[0]}").split("件あります")[1]
    asked = page(client, f"/send/new?need={need}")

    for shown in (listed, alone, reverse, asked):
        assert "黒沢公民館" not in shown
        assert "km" not in shown
    assert "0件あります" in page(client, f"/relief/063622?shelter={relief.shelters[2]}")
    assert "0件あります" in page(client, "/relief/063622?q=黒沢")


def test_a_shelter_that_is_not_public_is_neither_named_nor_offered_as_a_filter(
    relief: Relief, client: FlaskClient
) -> None:
    relief.need(100, shelter=1)
    a_shelter(relief, 1, shown=False)

    assert "第二体育館" not in page(client, "/relief/063622")
    assert "0件あります" in page(client, f"/relief/063622?shelter={relief.shelters[1]}")


def test_who_takes_nothing_or_only_from_organisations_says_so(relief: Relief, client: FlaskClient) -> None:
    closed, organisations = relief.need(10, shelter=0), relief.need(10, shelter=1)
    a_shelter(relief, 0, receive_mode="closed")
    a_shelter(relief, 1, accept_policy="organisations")

    assert "今、荷物を受け取れません" in page(client, f"/relief/063622/needs/{closed}")
    assert "これを送る" not in page(client, f"/relief/063622/needs/{closed}")
    assert "団体と自治体からの荷物だけ" in page(client, f"/relief/063622/needs/{organisations}")


def test_who_needs_what_i_have_is_told_nearest_first(relief: Relief, client: FlaskClient) -> None:
    a_shelter(relief, 0, lat_e6=38_800_000, lon_e6=140_500_000)
    a_shelter(relief, 1, lat_e6=38_810_000, lon_e6=140_500_000)
    a_shelter(relief, 2, lat_e6=38_900_000, lon_e6=140_500_000)
    relief.need(200, shelter=2)
    relief.need(30, shelter=1, variant="M-pants")
    relief.need(90, shelter=1, variant="L")
    address = "/relief/063622/have?item=I05&variant=M-pants&quantity=４０"

    near = page(client, f"{address}&near={relief.shelters[0]}").split("件あります")[1]
    many = page(client, address).split("件あります")[1]

    assert near.index("第二体育館") < near.index("黒沢公民館")
    assert "1.1 km" in near
    assert "30個を送る" in near
    assert "40個を送る" in near
    assert many.index("黒沢公民館") < many.index("第二体育館")
    assert " L" not in near


def test_a_number_that_is_none_is_answered_beside_its_field(relief: Relief, client: FlaskClient) -> None:
    answer = client.get("/relief/063622/have?item=I05&quantity=-3")

    assert answer.status_code == 422
    assert 'value="-3"' in answer.get_data(as_text=True)


def test_the_list_costs_the_same_few_queries_whatever_its_length(relief: Relief, client: FlaskClient) -> None:
    def asked() -> int:
        count = 0

        def one_more(*_: object) -> None:
            nonlocal count
            count += 1

        event.listen(db.engine, "before_cursor_execute", one_more)
        page(client, "/relief/063622?q=おむつ&for=infant")
        event.remove(db.engine, "before_cursor_execute", one_more)
        return count

    relief.need(10, audience=["infant"], persons=9)
    few = asked()
    for shelter in range(3):
        lines = [
            {
                "id": new_id(),
                "item": "I05",
                "variant": "M",
                "quantity": 10,
                "audience": ["infant"],
                "persons": 9,
            }
            for _ in range(60)
        ]
        body = {"disaster": relief.disaster, "shelter": relief.shelters[shelter], "needs": lines}
        assert relief.say("officer", kinds.NEEDS_REGISTERED, body).refusal is None

    assert asked() == few <= 7


def test_the_page_of_a_parcel_tells_its_way_and_no_address(relief: Relief, client: FlaskClient) -> None:
    need = relief.need(100)
    offer = relief.offer("citizen", 40, need=need).id
    match = relief.match_of(offer).id
    assert relief.request(40, offer=offer, match=match).refusal is None
    (parcel,) = relief.parcels_of(match)
    before = page(client, f"/t/{parcel.code}")
    assert relief.ship("citizen", match, 40).refusal is None
    assert relief.scan("worker", "arrived", parcel.code, relief.shelters[0], at=DAY // 2).refusal is None

    shown = page(client, f"/t/{parcel.code}")

    assert "送付依頼" in before
    assert "1個のうち 1個目" in shown
    assert "40個" in shown
    assert "避難所に着きました。" in shown
    assert "最上郡" not in shown
    assert "40 pieces" in page(client, f"/t/{parcel.code}", "en")
    assert page(client, f"/t/{parcel.code}?lang=ja_easy")


def test_a_parcel_that_was_called_off_says_so(relief: Relief, client: FlaskClient) -> None:
    need = relief.need(100)
    offer = relief.offer("citizen", 40, need=need).id
    match = relief.match_of(offer).id
    relief.request(40, offer=offer, match=match)
    (parcel,) = relief.parcels_of(match)
    assert relief.say("officer", kinds.NEED_STOPPED, {"need": need}).refusal is None

    answer = client.get(f"/t/{parcel.code}", headers=JAPANESE)

    assert answer.status_code == 410
    assert "取り消されました" in answer.get_data(as_text=True)


def test_of_a_drill_every_page_says_so(app: Flask, client: FlaskClient) -> None:
    drill = a_relief(drill=True)
    need = drill.need(10)

    for address in (
        "/relief/063622",
        f"/relief/063622/needs/{need}",
        "/relief/063622/have",
        f"/send/new?need={need}",
    ):
        assert "drill__water" in page(client, address), address


def test_a_list_that_has_not_changed_is_not_made_again_and_a_changed_one_is(
    relief: Relief, client: FlaskClient
) -> None:
    def asked() -> int:
        count = 0

        def one_more(*_: object) -> None:
            nonlocal count
            count += 1

        event.listen(db.engine, "before_cursor_execute", one_more)
        page(client, "/relief/063622")
        event.remove(db.engine, "before_cursor_execute", one_more)
        return count

    relief.need(10)
    first, second = asked(), asked()
    relief.need(20)

    assert second == 1 < first
    assert asked() == first
    assert "2件あります" in page(client, "/relief/063622")
