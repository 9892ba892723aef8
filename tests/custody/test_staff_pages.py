"""The office side of custody, through HTTP: consignments, asset lists, and who may do what."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import Journey, Town, a_town, issue_codes
from tests.factories.identity import a_person, an_organisation, found, log_in
from tests.factories.office import (
    LIST,
    STAFF_PAGES,
    Outline,
    a_list,
    a_seal_that_differs,
    as_,
    bring_in,
    page,
    preview_of,
    upload,
    words,
)
from webapp.custody.models import Consignment, Device
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.reconciliation.models import DiscrepancyRow
from webapp.kernel.scanning.codes import show
from webapp.kernel.scanning.models import IssuedCode


@pytest.fixture
def town(app: Flask) -> Town:
    """A town whose consignment is still empty."""
    return a_town()


def test_an_officer_opens_a_consignment_and_is_told_what_to_do_first(client: FlaskClient, town: Town) -> None:
    as_(client, town, "officer")
    form = {"title": "税務課 更新", "carrier": town.carrier.id, "itad": town.itad.id, "due": "2030-03-31"}
    answer = client.post("/consignments/new", data=form | {"id": new_id()}, follow_redirects=True)
    assert answer.status_code == 200
    text = words(answer.text)
    assert "税務課 更新" in text
    assert "2030年3月31日" in text
    steps = ["一覧を取り込む", "ラベルを印刷する", "かご車を加える", "電話で登録する"]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)
    assert found(r'class="button" data-kind="main" href="([^"]+)"', answer.text).endswith("/import")


def test_a_double_click_opens_one_consignment(client: FlaskClient, town: Town) -> None:
    as_(client, town, "officer")
    form = {"title": "税務課 更新", "carrier": town.carrier.id, "itad": town.itad.id, "id": new_id()}
    first, second = (client.post("/consignments/new", data=form) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert db.session.query(Consignment).count() == 2  # the town's own and this one


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    client: FlaskClient, town: Town
) -> None:
    as_(client, town, "officer")
    form = {
        "title": "",
        "carrier": town.carrier.id,
        "itad": town.itad.id,
        "due": "2030-03-31",
        "id": new_id(),
    }
    answer = client.post("/consignments/new", data=form)
    assert answer.status_code == 422
    assert "案件名を入力してください。" in found(r'(?s)id="title-error">(.*?)</p>', answer.text)
    assert 'value="2030-03-31"' in answer.text
    answer = client.post("/consignments/new", data=form | {"due": "31.3.2030", "title": "x"})
    assert answer.status_code == 422
    assert "期限の日付" in found(r'(?s)id="due-error">(.*?)</p>', answer.text)


def test_the_checklist_goes_when_the_work_is_under_way(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=2, cages=1)
    as_(client, town, "officer")
    assert "はじめにすること" in page(client, town)
    town.send("officer", *Journey(town).register(0))
    assert "はじめにすること" not in page(client, town)


def test_a_list_is_shown_with_its_problems_by_row_before_anything_is_imported(
    client: FlaskClient, town: Town
) -> None:
    as_(client, town, "officer")
    _, text = preview_of(client, town, LIST)
    assert "PC 160・モニター 59" in words(text)
    assert re.search(r"\d+行目", words(text))
    assert "この内容で取り込む" in text
    assert db.session.query(Device).count() == 0


def test_a_confirmed_list_is_on_the_board(client: FlaskClient, town: Town) -> None:
    as_(client, town, "officer")
    text = words(bring_in(client, town, LIST))
    assert "219台を取り込みました。" in text
    assert "データのある端末 160台・モニターなど 59台" in text
    assert db.session.query(Device).count() == 219


def test_the_same_list_a_second_time_changes_nothing(client: FlaskClient, town: Town) -> None:
    as_(client, town, "officer")
    bring_in(client, town, LIST)
    assert "すでに取り込み済みです" in bring_in(client, town, LIST)
    assert db.session.query(Device).count() == 219


def test_two_clicks_on_import_say_the_same_and_import_once(client: FlaskClient, town: Town) -> None:
    as_(client, town, "officer")
    address, text = preview_of(client, town, LIST)
    form = {"id": found(r'name="id" value="([^"]+)"', text)}
    pages = [client.post(address, data=form, follow_redirects=True).text for _ in range(2)]
    assert all("219台を取り込みました。" in said for said in pages)
    assert db.session.query(Device).count() == 219


def test_a_list_with_errors_cannot_be_confirmed(client: FlaskClient, town: Town) -> None:
    as_(client, town, "officer")
    address, text = preview_of(client, town, a_list("T-1,ノートPC,NEC,V,S1,SSD,D1,9,総務課"))
    assert "このままでは取り込めません" in text
    assert "この内容で取り込む" not in text
    said = client.post(address, data={"id": new_id()}, follow_redirects=True).text
    assert "エラーのある行が残っています" in said
    assert db.session.query(Device).count() == 0


@pytest.mark.parametrize(
    ("data", "name"),
    [
        pytest.param(b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 20, "一覧.csv", id="a program"),
        pytest.param(b"", "一覧.csv", id="an empty file"),
        pytest.param("品番,数量\r\nA,1\r\n".encode("cp932"), "一覧.csv", id="other columns"),
        pytest.param(b"PK\x03\x04 not a workbook", "一覧.xlsx", id="a broken workbook"),
    ],
)
def test_a_file_that_is_no_list_gets_a_sentence_or_an_error_by_row(
    client: FlaskClient, town: Town, data: bytes, name: str
) -> None:
    as_(client, town, "officer")
    answer = upload(client, town, data, name)
    if answer.status_code == 303:  # a table, but not of devices
        assert "このままでは取り込めません" in client.get(answer.location).text
    else:
        assert answer.status_code == 422
        assert re.search(r"[ぁ-ん]", found(r'(?s)id="file-error">(.*?)</p>', answer.text))
    assert db.session.query(Device).count() == 0


def test_no_file_at_all_is_said_beside_the_field(client: FlaskClient, town: Town) -> None:
    as_(client, town, "officer")
    answer = client.post(f"/consignments/{town.job}/import", data={})
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text


def test_another_towns_officer_finds_nothing(client: FlaskClient, app: Flask) -> None:
    town, other = a_town(devices=2, cages=1), a_town("063614")
    question = a_seal_that_differs(town)
    as_(client, other, "officer")
    pages = (*STAFF_PAGES, f"/questions/{question}", "/live", "/assets.csv")
    assert [client.get(f"/consignments/{town.job}{path}").status_code for path in pages] == [404] * len(pages)
    posts = ("/import", "/labels", "/cages", f"/questions/{question}", "/labels/void")
    answers = [client.post(f"/consignments/{town.job}{path}", data={"id": new_id()}) for path in posts]
    assert [answer.status_code for answer in answers] == [404] * len(posts)
    assert town.job not in client.get("/consignments").text


def test_a_batch_of_another_town_cannot_be_printed(client: FlaskClient, app: Flask) -> None:
    town, other = a_town(devices=2), a_town("063614")
    batch = db.session.get_one(IssuedCode, town.codes[0]).batch
    as_(client, other, "officer")
    assert client.get(f"/consignments/{other.job}/labels/{batch}.pdf").status_code == 404


def test_a_driver_sees_the_board_but_not_what_lies_in_the_cages(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=3, cages=1)
    a_seal_that_differs(town)
    as_(client, town, "driver")
    html = page(client, town)
    assert "C-01" in html
    assert "/devices" not in html
    assert client.get(f"/consignments/{town.job}/devices").status_code == 403


def test_a_driver_reads_that_something_is_missing_but_not_what(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=2, cages=1)
    j = Journey(town)
    town.send("officer", *j.register(0, 1), *j.load(0, 1), j.lock([0, 1]), j.hand_over())
    town.send("receiver", j.arrive(), j.open(), *j.count(0), j.close_count(1))
    missing = db.session.query(DiscrepancyRow).filter_by(code="MISSING").one().id
    as_(client, town, "driver")
    for path in ("", "/questions", "/cages", f"/questions/{missing}"):
        html = page(client, town, path)
        assert "T-000" not in html
        assert not any(code in html or show(code) in html for code in town.codes)
    assert "積荷目録にある 端末 が、検数で見つかっていません。" in page(client, town, f"/questions/{missing}")


@pytest.mark.parametrize("path", ["/import", "/labels", "/assets.csv"])
def test_a_driver_may_not_do_office_work(client: FlaskClient, town: Town, path: str) -> None:
    as_(client, town, "driver")
    assert client.get(f"/consignments/{town.job}{path}").status_code == 403


def test_a_driver_cannot_settle_anything(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=2, cages=1)
    address = f"/consignments/{town.job}/questions/{a_seal_that_differs(town)}"
    as_(client, town, "driver")
    assert "解決済みにする" not in client.get(address).text
    answer = client.post(address, data={"reason": "accepted", "id": new_id()})
    assert answer.status_code == 422
    assert "自治体職員とITAD責任者" in answer.text


def test_the_centres_people_look_and_do_not_manage(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=2, cages=1)
    as_(client, town, "manager")
    html = page(client, town)
    assert "取り込み" not in words(html)
    assert client.get(f"/consignments/{town.job}/import").status_code == 403
    (code,) = issue_codes(town, "cage", 1)
    form = {"label": "C-09", "code": code, "id": new_id()}
    assert client.post(f"/consignments/{town.job}/cages", data=form).status_code == 403


def test_nobody_without_an_account_gets_in(client: FlaskClient, town: Town) -> None:
    answers = [client.get(f"/consignments/{town.job}{path}") for path in STAFF_PAGES]
    assert [answer.status_code for answer in answers] == [302] * len(STAFF_PAGES)


def test_a_town_without_partners_is_told_what_comes_first(client: FlaskClient, app: Flask) -> None:
    lonely = an_organisation("municipality", lg_code="063631")
    log_in(client, a_person("officer", lonely))
    assert "先に、組織を登録します" in client.get("/consignments/new").text


@pytest.mark.parametrize("path", [*STAFF_PAGES, "/questions?closed=1", "/question", "/devices?text=zzz"])
def test_every_control_has_a_label_and_headings_skip_no_level(
    client: FlaskClient, app: Flask, path: str
) -> None:
    town = a_town(devices=3, cages=2)
    question = a_seal_that_differs(town)
    as_(client, town, "officer")
    outline = Outline()
    outline.feed(page(client, town, f"/questions/{question}" if path == "/question" else path))
    assert len(outline.ids) == len(set(outline.ids))
    assert [c for c in outline.controls if not c["labelled"] and c.get("id") not in outline.labels] == []
    steps = zip(outline.headings, outline.headings[1:], strict=False)
    assert all(below - above <= 1 for above, below in steps), outline.headings
    assert outline.headings[0] == 1
