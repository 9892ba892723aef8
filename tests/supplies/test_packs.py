"""What a shelter's phone fetches ahead: its boxes with their scans, its needs, and nothing of anybody's name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from tests.factories.identity import PASSWORD, log_in
from tests.factories.supplies import Relief, a_relief
from tests.supplies import parcel_stories
from webapp.kernel.base.db import db

CONTRACT = Path(__file__).parents[2] / "webapp/static/pwa/contract/supplies.json"


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_relief(password=PASSWORD)


def phone_of(app: Flask, relief: Relief, who: str) -> FlaskClient:
    client = app.test_client()
    log_in(client, relief.people[who])
    return client


def on_its_way(relief: Relief, quantity: int, shelter: int = 0, **more: Any) -> str:
    need = relief.need(quantity, shelter=shelter)
    offer = relief.offer("citizen", quantity, need=need, **more).id
    match = relief.match_of(offer).id
    assert relief.request(quantity, offer=offer, match=match, shelter=shelter).refusal is None
    assert relief.ship("citizen", match, quantity).refusal is None
    return relief.parcels_of(match)[0].code


def pack_of(client: FlaskClient, shelter: str) -> Any:
    answer = client.get(f"/api/relief/shelters/{shelter}/pack")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_the_vectors_are_those_of_this_program() -> None:
    assert parcel_stories.fresh() == parcel_stories.FILE.read_text("utf-8")


def test_a_worker_has_one_shelter_and_an_officer_all_of_the_town(app: Flask, relief: Relief) -> None:
    lists = {
        who: phone_of(app, relief, who).get("/api/relief/shelters").json
        for who in ("worker", "officer", "citizen")
    }

    assert [each["id"] for each in lists["worker"]["shelters"]] == relief.shelters[:1]
    assert sorted(each["id"] for each in lists["officer"]["shelters"]) == sorted(relief.shelters)
    assert lists["citizen"]["shelters"] == []


def test_the_pack_knows_boxes_of_the_town_with_their_scans_and_the_keys_of_labels(
    app: Flask, relief: Relief
) -> None:
    mine, other = on_its_way(relief, 40), on_its_way(relief, 25, shelter=1)
    relief.scan("worker1", "arrived", other, relief.shelters[1])

    pack = pack_of(phone_of(app, relief, "worker"), relief.shelters[0])

    boxes = {box["code"]: box for box in pack["parcels"]}
    assert (boxes[mine]["quantity"], boxes[mine]["text"], boxes[mine]["unit"]) == (
        40,
        "紙おむつ（乳児・小児） M",
        "個",
    )
    assert (boxes[mine]["expected"], boxes[mine]["shelter"], boxes[mine]["scans"]) == (
        True,
        relief.shelters[0],
        [],
    )
    assert [(scan["step"], scan["who"]) for scan in boxes[other]["scans"]] == [("arrived", "shelter")]
    assert [need["required"] for need in pack["needs"]] == [40]
    assert len(pack["label_keys"]) == 1
    assert pack["actor"] == relief.authors["worker"].pseudonyms[relief.log]
    assert "citizen" not in json.dumps(pack)
    assert relief.people["worker1"].name not in json.dumps(pack, ensure_ascii=False)


def test_a_pack_that_the_phone_has_is_not_sent_again(app: Flask, relief: Relief) -> None:
    client = phone_of(app, relief, "worker")
    path = f"/api/relief/shelters/{relief.shelters[0]}/pack"
    etag = client.get(path).headers["ETag"]

    same = client.get(path, headers={"If-None-Match": etag})
    on_its_way(relief, 5)
    other = client.get(path, headers={"If-None-Match": etag})

    assert (same.status_code, other.status_code) == (304, 200)


def test_another_shelters_pack_is_not_given(app: Flask, relief: Relief) -> None:
    client = phone_of(app, relief, "worker")

    assert client.get(f"/api/relief/shelters/{relief.shelters[1]}/pack").status_code == 404
    assert (
        phone_of(app, relief, "citizen").get(f"/api/relief/shelters/{relief.shelters[0]}/pack").status_code
        == 403
    )
    assert app.test_client().get("/api/relief/shelters").status_code == 401


def test_more_boxes_cost_no_more_queries(app: Flask, relief: Relief) -> None:
    client = phone_of(app, relief, "worker")

    def queries() -> int:
        asked: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        pack_of(client, relief.shelters[0])
        return len(asked)

    on_its_way(relief, 5)
    few = queries()
    for quantity in range(6, 12):
        relief.scan("worker", "arrived", on_its_way(relief, quantity), relief.shelters[0])
    assert queries() <= few


def test_the_phone_lists_sizes_in_the_order_of_the_catalogue() -> None:
    items = json.loads(CONTRACT.read_text("utf-8"))["items"]
    assert [size for size in items["I05"]["sizes"] if "-" not in size] == ["NB", "S", "M", "L", "BIG"]
