"""Labels and cages at the desk, through HTTP."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import Journey, Town, a_town, issue_codes
from tests.factories.identity import found
from tests.factories.office import as_, page, words
from webapp.custody.models import Cage
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.scanning.models import IssuedCode


@pytest.fixture
def town(app: Flask) -> Town:
    """A town whose consignment is still empty."""
    return a_town()


def test_issued_labels_can_be_printed_on_both_papers(client: FlaskClient, town: Town) -> None:
    as_(client, town, "officer")
    form = {"kind": "device", "count": "3", "id": new_id()}
    said = client.post(f"/consignments/{town.job}/labels", data=form, follow_redirects=True).text
    assert "ラベル 3枚 を発行しました" in said
    address = found(r'action="([^"]+\.pdf)"', said)
    for query in ("", "?layout=24&skip=5", "?layout=65&skip=999&part=1"):
        answer = client.get(address + query)
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        assert answer.data.startswith(b"%PDF-")


def test_two_clicks_issue_one_batch(client: FlaskClient, town: Town) -> None:
    as_(client, town, "officer")
    form = {"kind": "cage", "count": "4", "id": new_id()}
    for _ in range(2):
        answer = client.post(f"/consignments/{town.job}/labels", data=form)
        assert answer.status_code == 303
    assert db.session.query(IssuedCode).count() == 4


def test_going_back_and_sending_something_else_asks_once_more(client: FlaskClient, town: Town) -> None:
    as_(client, town, "officer")
    form, address = {"kind": "cage", "id": new_id()}, f"/consignments/{town.job}/labels"
    assert client.post(address, data=form | {"count": "4"}).status_code == 303
    answer = client.post(address, data=form | {"count": "9"})
    assert answer.status_code == 422
    assert "もう一度押してください" in answer.text
    fresh = found(r'name="id" value="([^"]+)"', answer.text)
    assert client.post(address, data=form | {"count": "9", "id": fresh}).status_code == 303
    assert db.session.query(IssuedCode).count() == 13


@pytest.mark.parametrize("count", ["0", "-3", "2001", "たくさん", ""])
def test_a_number_of_labels_that_cannot_be_is_refused_beside_its_field(
    client: FlaskClient, town: Town, count: str
) -> None:
    as_(client, town, "officer")
    form = {"kind": "device", "count": count, "id": new_id()}
    answer = client.post(f"/consignments/{town.job}/labels", data=form)
    assert answer.status_code == 422
    assert "2000" in found(r'(?s)id="count-error">(.*?)</p>', answer.text)


def test_the_page_says_how_many_labels_are_still_wanted(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=3)
    as_(client, town, "officer")
    assert "まだラベルのない端末 3台。使っていないラベルが 3枚あり、足ります。" in words(
        page(client, town, "/labels")
    )
    town.send("officer", *Journey(town).register(0, 1))
    text = words(page(client, town, "/labels"))
    assert "まだラベルのない端末 1台" in text
    assert "使用 2枚" in text


def test_a_damaged_label_is_replaced(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=1)
    (spare,) = issue_codes(town, "device", 1)
    as_(client, town, "officer")
    form = {"code": town.codes[0].lower(), "replaced_by": spare, "id": new_id()}
    answer = client.post(f"/consignments/{town.job}/labels/void", data=form)
    assert answer.status_code == 303
    row = db.session.get_one(IssuedCode, town.codes[0])
    assert (row.void_at is not None, row.replaced_by) == (True, spare)


def test_a_mistyped_replacement_voids_nothing(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=1)
    as_(client, town, "officer")
    form = {"code": town.codes[0], "replaced_by": "HWVE-N9XS", "id": new_id()}
    answer = client.post(f"/consignments/{town.job}/labels/void", data=form)
    assert answer.status_code == 422
    assert "貼り替え先のコードが使えません" in found(r'(?s)id="replaced_by-error">(.*?)</p>', answer.text)
    assert db.session.get_one(IssuedCode, town.codes[0]).void_at is None


def test_a_cage_is_named_and_stands_on_the_board(client: FlaskClient, town: Town) -> None:
    (code,) = issue_codes(town, "cage", 1)
    as_(client, town, "officer")
    form = {"label": " c-01 ", "code": code, "id": new_id()}
    said = client.post(f"/consignments/{town.job}/cages", data=form, follow_redirects=True).text
    assert "かご車 C-01 を加えました。" in said
    assert "C-01 空" in words(page(client, town))
    # a second click changes nothing and is no error
    assert client.post(f"/consignments/{town.job}/cages", data=form).status_code == 303
    assert db.session.query(Cage).count() == 1


def test_a_name_that_is_taken_is_refused_beside_its_field(client: FlaskClient, app: Flask) -> None:
    town = a_town(cages=1)
    (code,) = issue_codes(town, "cage", 1)
    as_(client, town, "officer")
    form = {"label": "C-01", "code": code, "id": new_id()}
    answer = client.post(f"/consignments/{town.job}/cages", data=form)
    assert answer.status_code == 422
    assert "すでにあります" in found(r'(?s)id="label-error">(.*?)</p>', answer.text)
