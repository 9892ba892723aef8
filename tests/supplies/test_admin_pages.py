"""The municipality's desk of relief supplies, through HTTP: disasters, shelters, lists of sites, the item master."""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.identity import a_person, found, log_in
from tests.factories.office import words
from tests.factories.supplies import Relief, a_relief
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.tabular import read_table
from webapp.kernel.identity.models import Organisation
from webapp.supplies.known import disasters_of, items_of, shelters_of
from webapp.supplies.models import Disaster, Item, Need, Shelter
from webapp.supplies.needing import item_fault
from webapp.supplies.town.sites_csv import read_sites

HEAD = "全国地方公共団体コード,ID,名称,所在地_連結表記,緯度,経度,電話番号,災害種別_洪水"


@pytest.fixture
def relief(app: Flask) -> Relief:
    """A town after an earthquake, with two shelters."""
    return a_relief()


@pytest.fixture
def officer(client: FlaskClient, relief: Relief) -> FlaskClient:
    """The town's officer at the desk."""
    assert log_in(client, a_person("officer", relief.town)).status_code == 302
    return client


def _shelter_form(**more: str) -> dict[str, str]:
    return {"name": "大堀小学校", "receive_mode": "door", "accept_policy": "anyone", "id": new_id()} | more


def _bring(client: FlaskClient, *rows: str) -> str:
    """Upload a list; the address of its preview."""
    data = "\r\n".join([HEAD, *rows]).encode("cp932")
    answer = client.post("/supplies/shelters/import", data={"file": (io.BytesIO(data), "一覧.csv")})
    assert answer.status_code == 303, words(answer.text)
    return answer.location


def test_a_drill_is_opened_renamed_and_closed_and_says_that_it_is_one(
    officer: FlaskClient, relief: Relief
) -> None:
    form = {"name": "令和8年度 総合防災訓練", "drill": "1", "unverified_percent": "１０", "id": new_id()}
    page = officer.post("/supplies/disasters/new", data=form, follow_redirects=True)
    assert "訓練" in words(page.text)
    (drill,) = db.session.query(Disaster).filter_by(drill=True)
    assert drill.unverified_percent == 10
    address = f"/supplies/disasters/{drill.id}"
    changed = {"name": "秋の訓練", "unverified_percent": "0", "id": new_id()}
    assert "秋の訓練" in officer.post(address, data=changed, follow_redirects=True).text
    assert "確かめたしるし" in officer.post(f"{address}/close", data={}, follow_redirects=True).text
    assert (
        "受け付けを終わりにしました"
        in officer.post(f"{address}/close", data={"sure": "1"}, follow_redirects=True).text
    )
    assert drill.id not in [card.id for card in disasters_of(db.session(), relief.log)]


def test_the_front_page_leads_to_all_that_the_town_settles(officer: FlaskClient, relief: Relief) -> None:
    page = officer.get("/supplies").text
    lists, forms = (
        ("disasters", "shelters", "items", "cards"),
        ("disasters/new", "shelters/new", "shelters/import"),
    )
    for address in lists + forms:
        assert f'href="/supplies/{address}"' in page
        assert officer.get(f"/supplies/{address}").status_code == 200
    assert "開設中 2か所・全部で 2か所" in words(page)
    assert "令和8年最上地震 受付中" in words(page)
    for near in ("/board", "/consignments"):
        assert 'href="/supplies">物資の管理</a>' in officer.get(near).text
    assert 'href="/supplies/shelters"' in officer.get("/desk").text
    assert "避難所は「物資の管理」で登録します" in officer.get("/places").text


def test_the_front_page_is_for_officers_and_administrators_and_each_sees_what_they_may(
    client: FlaskClient, relief: Relief
) -> None:
    for role, status in (("admin", 200), ("auditor", 403), ("shelter", 403), ("supporter", 403)):
        assert log_in(client, a_person(role, relief.town)).status_code == 302
        answer = client.get("/supplies")
        assert answer.status_code == status, role
        assert ('href="/supplies/shelters/import"' in answer.text) == (status == 200)
        assert "/supplies/disasters" not in answer.text
        assert ('href="/supplies"' in client.get("/notices/mine").text) == (status == 200)
        client.post("/logout")


def test_a_town_without_a_disaster_is_led_to_the_form(client: FlaskClient, relief: Relief) -> None:
    log_in(client, a_person("officer", relief.town))
    assert client.post(f"/supplies/disasters/{relief.disaster}/close", data={"sure": "1"}).status_code == 303
    assert "受付中の災害はありません" in words(client.get("/supplies").text)


def test_what_is_wrong_stands_beside_its_field(officer: FlaskClient) -> None:
    answer = officer.post(
        "/supplies/disasters/new", data={"name": "", "unverified_percent": "101", "id": new_id()}
    )
    assert answer.status_code == 422
    assert "名前を入力" in found(r'(?s)id="name-error">(.*?)</p>', answer.text)
    assert "0から100まで" in found(r'(?s)id="unverified_percent-error">(.*?)</p>', answer.text)
    assert "選んでください" in found(r'(?s)id="drill-error">(.*?)</p>', answer.text)
    wrong = {
        "phone": "12",
        "mail": "a@b.jp\r\nBcc: x@y.jp",
        "storage": "山ほど",
        "position": "140.5, 38.7",
        "care": "3",
    }
    answer = officer.post("/supplies/shelters/new", data=_shelter_form(shelter=new_id(), **wrong))
    assert answer.status_code == 422
    for field in ("phone", "mail", "storage", "position", "people"):
        assert f'id="{field}-error"' in answer.text
    assert db.session.query(Shelter).count() == 2


def test_a_shelter_is_entered_changed_closed_and_opened_again(officer: FlaskClient, relief: Relief) -> None:
    shelter = new_id()
    typed = {
        "address": "山形県最上郡最上町大堀600",
        "phone": "0233-43-2111",
        "storage": "12.5",
        "people": "１２０",
    }
    form = _shelter_form(shelter=shelter, shown="1", position="38.7612, 140.5123", care="9", **typed)
    assert officer.post("/supplies/shelters/new", data=form).status_code == 303
    row = db.session.get_one(Shelter, shelter)
    assert (row.storage_ml, row.lat_e6, row.heads) == (12_500_000, 38_761_200, {"people": 120, "care": 9})
    assert row.open
    page = officer.get(f"/supplies/shelters/{shelter}").text
    assert 'value="38.761200, 140.512300"' in page
    assert 'value="山形県最上郡最上町大堀600"' in page
    changed = _shelter_form(name="大堀小学校 体育館", people="80")
    assert officer.post(f"/supplies/shelters/{shelter}", data=changed).status_code == 303
    assert db.session.get_one(Organisation, shelter).name == "大堀小学校 体育館"
    card = shelters_of(db.session(), relief.log)[shelter]
    assert (card.row.heads, card.private["address"]) == ({"people": 80}, "")
    officer.post(f"/supplies/shelters/{shelter}/close", data={"sure": "1"})
    assert not db.session.get_one(Shelter, shelter, populate_existing=True).open
    officer.post(f"/supplies/shelters/{shelter}/open")
    assert db.session.get_one(Shelter, shelter, populate_existing=True).open


def test_closing_a_shelter_stops_what_it_needs(officer: FlaskClient, relief: Relief) -> None:
    need = relief.need(10)
    officer.post(f"/supplies/shelters/{relief.shelters[0]}/close", data={"sure": "1"})
    assert db.session.get_one(Need, need, populate_existing=True).stopped_at is not None


def test_every_problem_of_a_list_is_shown_by_row_before_anything_is_imported(officer: FlaskClient) -> None:
    address = _bring(
        officer,
        "63622,E1,大堀小学校,最上町大堀600,140.51,38.76,233432111,1",
        "063622,E2,,最上町,38.7,140.5,,",
        "063622,E3,前森体育館,,,,,",
        "063622,E3,前森体育館 別棟,,,,,",
        "063622,E4,赤倉ゆけむり館,最上町富澤,38.73,140.57,,",
    )
    text = words(officer.get(address).text)
    assert "新しく 2か所" in text
    for sentence in (
        "2行目 大堀小学校",
        "緯度と経度が逆",
        "名称がありません",
        "「E3」がほかの行にも",
        "先頭の0",
    ):
        assert sentence in text
    assert db.session.query(Shelter).count() == 2


def test_a_list_is_imported_once_and_found_again_by_its_id(officer: FlaskClient, relief: Relief) -> None:
    rows = ["063622,E1,大堀小学校,山形県最上町大堀600,38.76,140.51,0233-43-2111,1"]
    address = _bring(officer, *rows)
    first, second = (officer.post(address, data={"open": "1"}, follow_redirects=True) for _ in range(2))
    assert "1か所を取り込みました" in first.text
    assert "終わっています" in second.text
    back = officer.get(address, follow_redirects=True)
    assert (back.status_code, "この一覧の取り込みは終わっています" in back.text) == (200, True)
    assert officer.get(f"{address[:-36]}{new_id()}").status_code == 404
    (card,) = (c for c in shelters_of(db.session(), relief.log).values() if c.name == "大堀小学校")
    assert (card.row.open, card.row.common_id, card.phone) == (True, "E1", "0233-43-2111")
    assert "今と同じです" in words(officer.get(_bring(officer, *rows)).text)
    again = _bring(officer, "063622,E1,大堀小学校 校舎,山形県最上町大堀600,38.76,140.51,,")
    assert "変更 1か所" in words(officer.get(again).text)
    officer.post(again)
    card = shelters_of(db.session(), relief.log)[card.id]
    assert (card.name, card.phone, card.row.open) == ("大堀小学校 校舎", "0233-43-2111", True)


@pytest.mark.parametrize("layout", ["standard", "recommended"])
@pytest.mark.parametrize("encoding", ["cp932", "utf-8-sig"])
def test_what_is_exported_is_read_back_the_same(officer: FlaskClient, layout: str, encoding: str) -> None:
    officer.post(_bring(officer, "063622,E1,=大堀小学校,山形県最上町大堀600,38.76,140.51,0233-43-2111,1"))
    answer = officer.get(f"/supplies/shelters.csv?layout={layout}&encoding={encoding}")
    assert answer.status_code == 200
    assert "063622_evacuation_space.csv" in answer.headers["Content-Disposition"]
    found_back = read_sites(read_table(answer.data, "x.csv"), "063622")
    assert found_back.layout == layout
    site = next(site for site in found_back.sites if site.id == "E1")
    assert (site.name, site.lat_e6, site.hazards, site.phone) == (
        "=大堀小学校",
        38_760_000,
        ("flood",),
        "0233-43-2111",
    )


def test_a_file_that_is_no_list_is_refused_with_what_to_do(officer: FlaskClient) -> None:
    for data, said in ((b"", "何も書かれていません"), (b"%PDF-1.7", "表のファイルではない")):
        answer = officer.post("/supplies/shelters/import", data={"file": (io.BytesIO(data), "x.csv")})
        assert answer.status_code == 422
        assert said in answer.text


def test_items_are_switched_off_and_on_again_and_mean_the_same_as_before(
    officer: FlaskClient, relief: Relief
) -> None:
    everything = list(items_of(db.session(), relief.log))
    page = officer.post("/supplies/items", data={"active": everything[1:]}, follow_redirects=True)
    assert "1品目を変更しました" in page.text
    assert everything[0] not in items_of(db.session(), relief.log)
    officer.post("/supplies/items", data={"active": everything})
    assert items_of(db.session(), relief.log)[everything[0]].name_ja
    assert db.session.query(Item).count() == 1
    for code in ("F01", "I05", "B01"):
        officer.post("/supplies/items", data={"active": [each for each in everything if each != code]})
    officer.post("/supplies/items", data={"active": everything})
    assert item_fault(db.session(), relief.log, "F01", "") is None
    assert item_fault(db.session(), relief.log, "B01", "") is None
    assert item_fault(db.session(), relief.log, "I05", "") is not None


def test_an_item_of_the_towns_own_keeps_the_words_of_its_variants(
    officer: FlaskClient, relief: Relief
) -> None:
    form = {"name": "土のう袋", "category": "other", "unit": "piece", "shelf_life": "none", "volume": "0.5",
            "weight": "0.1", "variants": "M\n大きい（60cm）", "tags": ["flood"], "id": new_id()}  # fmt: skip
    assert officer.post("/supplies/items/new", data=form).status_code == 303
    item = items_of(db.session(), relief.log)["X001"]
    assert (item.name_ja, item.variants, item.vol_ml) == (
        "土のう袋",
        (("M", "M"), ("v1", "大きい（60cm）")),
        500,
    )
    changed = form | {"variants": "大きい（60cm）\nL", "active": "1", "id": new_id()}
    assert officer.post("/supplies/items/X001", data=changed).status_code == 303
    assert items_of(db.session(), relief.log)["X001"].variants == (("v1", "大きい（60cm）"), ("L", "L"))
    twice = officer.post("/supplies/items/new", data=form | {"name": "毛布", "id": new_id()})
    assert "もとからの一覧にあります" in twice.text


def test_the_desk_is_the_officers_and_only_of_their_own_town(client: FlaskClient, relief: Relief) -> None:
    other = relief.shelters[0]
    log_in(client, a_person("shelter", db.session.get_one(Organisation, relief.shelters[0])))
    for path in ("disasters", "shelters", "items", f"shelters/{other}", "shelters.csv"):
        assert client.get(f"/supplies/{path}").status_code == 403
    client.post("/logout")
    log_in(client, a_person("officer"))
    assert client.get(f"/supplies/shelters/{other}").status_code == 404
    assert client.get(f"/supplies/disasters/{relief.disaster}").status_code == 404
