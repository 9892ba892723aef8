"""到着物資 at a shelter's desk, through HTTP: boxes without a camera."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.supplies import Relief, numbers, stock
from tests.supplies.desk_pages import NAMES, a_town_now, desk, enter, form_id, page, words
from webapp.kernel.base.clock import DAY
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.scanning import codes
from webapp.supplies import entries as kinds
from webapp.supplies.models import ScanRow


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_town_now()


@pytest.fixture
def worker(app: Flask, relief: Relief) -> FlaskClient:
    return enter(app, relief, "worker")


def on_its_way(relief: Relief, quantity: int = 40, boxes: int = 1) -> tuple[str, str, list[str]]:
    """Need, shipment, codes of the boxes."""
    need = relief.need(100)
    offer = relief.offer("remote", quantity, need=need).id
    match = relief.match_of(offer).id
    relief.request(quantity, offer=offer, match=match)
    packed = [{"quantity": quantity // boxes}] * boxes
    relief.say("remote", kinds.PACKED, {"match": match, "parcels": packed})
    assert relief.ship("remote", match, quantity).refusal is None
    return need, match, [parcel.code for parcel in relief.parcels_of(match)]


def record(client: FlaskClient, relief: Relief, code: str, shelter: int = 0, **form: str) -> int:
    data = {"id": new_id(), **form}
    return client.post(desk(relief, f"/parcels/{code}", shelter), data=data).status_code


def scans() -> int:
    return db.session.query(ScanRow).count()


def test_a_number_that_is_typed_is_an_arrival_and_one_tap_settles_it(
    worker: FlaskClient, relief: Relief
) -> None:
    need, _, (code,) = on_its_way(relief)
    typed = codes.show(code).lower().replace("-", " ー ")
    form = {"id": form_id(worker, desk(relief, "/receive")), "code": typed}

    answers = [worker.post(desk(relief, "/receive"), data=form) for _ in range(2)]

    assert [answer.location for answer in answers] == [desk(relief, f"/parcels/{code}")] * 2
    assert scans() == 1, "a second time it only says when it came"
    text = page(worker, desk(relief, f"/parcels/{code}"))
    assert "到着を記録しました" in text
    assert relief.people["worker"].name in text
    assert record(worker, relief, code, act="as_listed") == 303
    assert numbers(need) == (100, 0, 0, 0, 40, 60)
    assert "受け取りを記録しました" in page(worker, desk(relief, f"/parcels/{code}"))
    assert "紙おむつ" in page(worker, desk(relief, "/arrivals?view=done"))


def test_what_is_no_number_of_ours_is_said_beside_the_field(worker: FlaskClient, relief: Relief) -> None:
    for typed in ("", "abc", "0000-0000-0000-00001", "https://evil.example/"):
        answer = worker.post(desk(relief, "/receive"), data={"id": new_id(), "code": typed})

        assert answer.status_code == 422
        assert "IDを読めません" in words(answer)
    assert scans() == 0


def test_a_label_of_nobody_is_recorded_and_says_so(worker: FlaskClient, relief: Relief) -> None:
    answer = worker.post(
        desk(relief, "/receive"), data={"id": new_id(), "code": codes.new_id()}, follow_redirects=True
    )

    assert "この市町村の荷物ではありません" in words(answer)
    assert scans() == 1


def test_a_count_says_what_was_good_and_what_was_not(worker: FlaskClient, relief: Relief) -> None:
    need, _, (code,) = on_its_way(relief)

    bad = worker.post(desk(relief, f"/parcels/{code}"), data={"id": new_id(), "act": "count", "good": "三つ"})
    assert bad.status_code == 422
    assert record(worker, relief, code, act="count") == 422
    assert record(worker, relief, code, act="count", good="３０", damaged="4") == 303

    assert numbers(need) == (100, 0, 0, 0, 30, 70)
    text = page(worker, desk(relief, f"/parcels/{code}"))
    assert "良 30・破損 4" in text
    assert "不足 6個" in text
    assert "紙おむつ" in page(worker, desk(relief, "/arrivals?view=differ"))


def test_a_wrong_count_is_taken_back_by_a_correction(worker: FlaskClient, relief: Relief) -> None:
    need, _, (code,) = on_its_way(relief)
    record(worker, relief, code, act="count", good="4")
    wrong = db.session.query(ScanRow).one().id

    assert worker.post(desk(relief, f"/scans/{wrong}/void"), data={"id": new_id()}).status_code == 303

    assert numbers(need) == (100, 0, 0, 40, 0, 60)
    assert "訂正済み" in page(worker, desk(relief, f"/parcels/{code}"))


def test_a_box_for_elsewhere_is_sent_on_or_stays(app: Flask, relief: Relief) -> None:
    need, _, (first, second) = on_its_way(relief, boxes=2)
    other = enter(app, relief, "worker1")
    for code in (first, second):
        other.post(desk(relief, "/receive", shelter=1), data={"id": new_id(), "code": code})
    text = page(other, desk(relief, f"/parcels/{first}", shelter=1))
    assert f"「{NAMES[0]}」あての箱です" in text

    assert record(other, relief, first, 1, act="forward", to=relief.shelters[0]) == 303
    assert record(other, relief, second, 1, act="as_listed") == 303

    assert numbers(need) == (100, 0, 0, 20, 0, 80)
    assert stock(relief, 1) == 20
    assert f"「{NAMES[0]}」へ送り出しました" in page(other, desk(relief, f"/parcels/{first}", shelter=1))
    assert "紙おむつ" in page(enter(app, relief, "worker"), desk(relief, "/arrivals?view=elsewhere"))


def test_goods_without_our_label_fill_the_need(worker: FlaskClient, relief: Relief) -> None:
    need = relief.need(100)
    form = {"item": "I05", "variant": "M", "quantity": "１２０"}
    address = desk(relief, "/outside")
    assert worker.post(address, data={**form, "quantity": "0"}).status_code == 422
    form["id"] = form_id(worker, f"{address}?item=I05")

    for _ in range(2):
        assert worker.post(address, data=form).status_code == 303

    assert numbers(need) == (100, 0, 0, 0, 100, 0)
    assert stock(relief) == 20
    assert "120個" in page(worker, desk(relief, "/arrivals?view=outside"))


def test_the_office_sees_what_comes_to_all_shelters(app: Flask, worker: FlaskClient, relief: Relief) -> None:
    _, match, _ = on_its_way(relief)
    officer = enter(app, relief, "officer")

    text = page(officer, "/desk/arrivals")

    assert NAMES[0] in text
    assert "明日 1箱" in text
    assert "ここに出すものはありません" in page(officer, f"/desk/arrivals?shelter={relief.shelters[1]}")
    assert "明日届く予定 1箱" in page(worker, desk(relief))
    assert "1個口の 1" in page(worker, desk(relief, f"/shipments/{match}"))


def test_the_rest_of_a_shipment_is_closed_short(worker: FlaskClient, relief: Relief) -> None:
    need, match, (first, _) = on_its_way(relief, boxes=2)
    record(worker, relief, first, act="as_listed")

    worker.post(desk(relief, f"/shipments/{match}/short"), data={"id": new_id()})

    assert numbers(need) == (100, 0, 0, 0, 20, 80)


def test_only_the_town_says_that_something_is_lost(app: Flask, relief: Relief) -> None:
    relief.now -= 14 * DAY
    need, match, _ = on_its_way(relief)
    worker, officer = enter(app, relief, "worker"), enter(app, relief, "officer")
    address = desk(relief, f"/shipments/{match}")

    assert "不着にする" not in page(worker, address)
    worker.post(f"{address}/lost", data={"id": new_id()})
    assert numbers(need) == (100, 0, 0, 40, 0, 60)
    assert "不着にする" in page(officer, address)
    officer.post(f"{address}/lost", data={"id": new_id()})
    assert numbers(need) == (100, 0, 0, 0, 0, 100)


def test_nobody_records_at_a_shelter_that_is_not_theirs(app: Flask, relief: Relief) -> None:
    _, _, (code,) = on_its_way(relief)
    other = enter(app, relief, "worker1")

    assert other.post(desk(relief, "/receive"), data={"code": code}).status_code == 404
    assert record(other, relief, code, act="as_listed") == 404
    assert scans() == 0


def test_a_shelter_that_is_closed_asks_for_nothing_and_records_what_comes(
    worker: FlaskClient, relief: Relief
) -> None:
    _, _, (code,) = on_its_way(relief)
    body = {"shelter": relief.shelters[0], "receive_mode": "closed", "accept_policy": "none", "open": False}
    assert relief.say("officer", kinds.SHELTER_SET, body, {"name": NAMES[0]}).refusal is None

    assert "閉鎖されています" in page(worker, desk(relief))
    form = {"id": new_id(), "item": "B01", "quantity": "5"}
    assert worker.post(desk(relief, "/needs/new"), data=form).status_code == 422
    assert worker.post(desk(relief, "/receive"), data={"id": new_id(), "code": code}).status_code == 303
    assert record(worker, relief, code, act="as_listed") == 303


GARBAGE = {
    "id": "x", "quantity": "'; --", "code": "<b>", "item": "<script>", "variant": "../", "act": "count", "good": "-1",
    "need": "nobody", "to": "x", "people": "99999999999", "reason": "\r\nBcc: x", "need_by": "32月", "priority": "9",
    "audience": "king", "excluded": "sand", "best_before": "令和8年", "raised": "9", "force": "9", "persons": "1e9",
}  # fmt: skip


def test_no_form_breaks_over_garbage(app: Flask, worker: FlaskClient, relief: Relief) -> None:
    need, match, (code,) = on_its_way(relief)
    offer = relief.offer("remote", 5).id
    ids = {"need_id": need, "match_id": match, "offer_id": offer, "code": code, "scan_id": new_id()}
    ids |= {"shelter_id": relief.shelters[0], "disaster_id": "x"}
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("supplies_desk")]
    forms = [rule.build(ids)[1] for rule in rules if "POST" in (rule.methods or ())]
    pages = [rule.build(ids)[1] for rule in rules if "GET" in (rule.methods or ())]

    answers = [worker.post(path, data=data).status_code for path in forms for data in ({}, GARBAGE)]
    asked = "page=-3&view=x&item=%3Cb%3E&words=%00&people=%EF%BC%91&category=x&disaster=x&over=9"
    answers += [worker.get(f"{path}?{asked.replace('%00', '')}").status_code for path in pages]

    assert len(forms) > 12
    assert max(answers) < 500
    assert numbers(need) in {(100, 0, 0, 40, 0, 60), (100, 0, 0, 40, 0, 0)}
