"""POST /api/scans and GET /api/verdicts, as a phone meets them."""

from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories.custody import Journey, Town, a_town
from tests.factories.identity import MORNING, log_in
from webapp.kernel.base.clock import HOUR, now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.intake.format import BatchOut, Problem, VerdictsOut
from webapp.kernel.ledger.verification import verify

HEADERS = {"X-Ashiato": "1"}


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=3, cages=1)


@pytest.fixture
def phone(client: FlaskClient, town: Town) -> FlaskClient:
    """The officer's phone, logged in."""
    log_in(client, town.people["officer"])
    return client


def post(client: FlaskClient, items: list[Any], **fields: Any) -> TestResponse:
    return client.post(
        "/api/scans", json={"dev": new_id(), "sent_at": MORNING, "items": items, **fields}, headers=HEADERS
    )


def size(town: Town) -> int:
    return verify(db.session(), town.log).size


def problem(response: TestResponse) -> tuple[int, str]:
    """Status and code; the answer is JSON with a Japanese sentence."""
    told = Problem.model_validate(response.json)
    assert not told.text.isascii()
    return response.status_code, told.code


def test_a_batch_gets_a_receipt_for_each_item_in_order(phone: FlaskClient, town: Town) -> None:
    items = Journey(town).register(0, 1, 2)
    before = size(town)
    response = post(phone, items)
    answer = BatchOut.model_validate(response.json)
    assert [(r.id, r.status, r.log, r.index, r.verdict) for r in answer.receipts] == [
        (orjson.loads(item["p"])["id"], "recorded", town.log, before + n, "ok")
        for n, item in enumerate(items)
    ]
    assert response.headers["Cache-Control"] == "no-store"


def test_a_finding_is_told_in_words(phone: FlaskClient, town: Town) -> None:
    j = Journey(town)
    (receipt,) = post(phone, [*j.register(0), *j.load(0)]).json["receipts"][1:]  # type: ignore[index]
    assert receipt["verdict"] == "attention"
    assert receipt["findings"] == [
        {
            "code": "SKIPPED",
            "severity": "block",
            "text": "「データ消去」の記録がないまま「積込」へ進みました。",
        }
    ]


def test_a_refusal_has_a_code_and_a_sentence(phone: FlaskClient, town: Town) -> None:
    good, bad = Journey(town).register(0, 1)
    receipts = post(phone, [bad | {"p": bad["p"].replace('"v":1', '"v":9')}, good, "junk"]).json["receipts"]  # type: ignore[index]
    assert [receipt["status"] for receipt in receipts] == ["refused", "recorded", "refused"]
    assert receipts[0]["id"] == orjson.loads(bad["p"])["id"]
    assert receipts[0]["code"] == "intake.malformed"
    assert receipts[0]["text"].startswith("記録の形が正しくありません（v）")


def test_somebody_elses_scan_is_refused_with_what_to_do(phone: FlaskClient, town: Town) -> None:
    item = town.phones["driver"].scan("loaded", town.codes[0], MORNING)
    (receipt,) = post(phone, [item]).json["receipts"]  # type: ignore[index]
    assert (receipt["code"], receipt["text"]) == (
        "intake.not_your_scan", "別の人の記録です。その人がログインすると送信されます。",
    )  # fmt: skip


def test_another_organisations_consignment_is_refused(phone: FlaskClient, town: Town) -> None:
    other = a_town("062014", devices=1)
    item = town.phones["officer"].scan("loaded", town.codes[0], MORNING) | {}
    item["p"] = item["p"].replace(town.job, other.job)
    (receipt,) = post(phone, [item]).json["receipts"]  # type: ignore[index]
    assert (receipt["status"], receipt["code"]) == ("refused", "custody.not_a_party")


def test_nobody_sends_without_a_login(client: FlaskClient, town: Town) -> None:
    assert problem(post(client, Journey(town).register(0))) == (401, "identity.login_needed")


def test_a_request_without_our_header_is_refused(phone: FlaskClient, town: Town) -> None:
    response = phone.post("/api/scans", json={"items": Journey(town).register(0)})
    assert problem(response)[0] == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"items":5}',
        b'{"items":[],"extra":1}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"items":[NaN]}',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_batch_is_refused_whole(phone: FlaskClient, town: Town, body: bytes) -> None:
    before = size(town)
    response = phone.post("/api/scans", data=body, headers=HEADERS, content_type="application/json")
    assert problem(response) == (400, "intake.not_json")
    assert size(town) == before


def test_ten_thousand_scans_at_once_are_too_many_and_land_when_halved(phone: FlaskClient, town: Town) -> None:
    before, device = size(town), town.phones["officer"]
    items = [{"p": "{}", "s": ""}] * 10_000
    assert problem(post(phone, items)) == (413, "intake.too_many")
    assert size(town) == before
    scans = [device.scan("loaded", f"x-{n:020x}", MORNING + n) for n in range(200)]
    assert problem(post(phone, scans)) == (413, "intake.too_many")
    for half in (scans[:100], scans[100:]):
        assert {receipt["status"] for receipt in post(phone, half).json["receipts"]} == {"recorded"}  # type: ignore[index]
    assert size(town) == before + 200


def test_a_request_of_more_than_512_kib_is_too_large(phone: FlaskClient, town: Town) -> None:
    before = size(town)
    item = Journey(town).register(0)[0] | {"open": {"salt": "0" * 64, "data": {"note": "x" * 530_000}}}
    assert problem(post(phone, [item])) == (413, "intake.too_many")
    assert size(town) == before


def test_a_request_that_was_cut_after_the_commit_can_be_sent_again(phone: FlaskClient, town: Town) -> None:
    items = Journey(town).register(0, 1, 2)
    first = post(phone, items).json["receipts"]  # type: ignore[index]
    lost, after = first, size(town)
    again = post(phone, items).json["receipts"]  # type: ignore[index]
    assert [{**receipt, "status": "duplicate"} for receipt in lost] == again
    assert size(town) == after


def test_a_phone_hears_when_a_verdict_changes(phone: FlaskClient, town: Town) -> None:
    # given a scan that waits for its registration
    device = town.phones["officer"]
    item = device.scan("loaded", town.codes[0], MORNING + HOUR, parent=town.cages[0])
    assert post(phone, [item]).json["receipts"][0]["verdict"] == "waiting"  # type: ignore[index]
    first = VerdictsOut.model_validate(phone.get(f"/api/verdicts?since=0&dev={device.dev}").json)
    assert [verdict.verdict for verdict in first.verdicts] == ["waiting"]
    # when the registration and the erasure arrive from other phones
    j = Journey(town, MORNING)
    town.phones["officer"] = type(device)(device.actor, device.log, device.job)
    post(phone, j.register(0))
    town.send("technician", *j.sanitize(0), now=now_ms())
    # then the phone is told, and another phone is not
    later = VerdictsOut.model_validate(phone.get(f"/api/verdicts?since={first.rev}&dev={device.dev}").json)
    assert [(verdict.verdict, verdict.findings) for verdict in later.verdicts] == [("ok", [])]
    assert later.rev >= first.rev
    assert phone.get(f"/api/verdicts?since=0&dev={new_id()}").json["verdicts"] == []  # type: ignore[index]


def test_verdicts_of_another_town_are_nobody_elses_business(client: FlaskClient, town: Town) -> None:
    town.send("officer", *Journey(town).register(0))
    stranger = a_town("062014")
    log_in(client, stranger.people["officer"])
    answer = client.get(f"/api/verdicts?since=0&dev={town.phones['officer'].dev}")
    assert answer.json["verdicts"] == []  # type: ignore[index]


def test_who_has_left_sends_nothing_more(phone: FlaskClient, town: Town) -> None:
    from webapp.kernel.identity.service import leave

    leave(town.people["officer"].id, by=town.people["officer2"].id, now=MORNING)
    assert problem(post(phone, Journey(town).register(0))) == (401, "identity.login_needed")
