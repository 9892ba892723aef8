"""必要物資 at a shelter's desk, through HTTP."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from tests.factories.identity import found
from tests.factories.supplies import Relief, numbers
from tests.supplies.desk_pages import NAMES, a_town_now, desk, enter, form_id, page, words
from webapp.kernel.base.clock import DAY, HOUR, jst, now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.supplies import entries as kinds
from webapp.supplies.models import Need, Shelter


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_town_now()


@pytest.fixture
def worker(app: Flask, relief: Relief) -> FlaskClient:
    return enter(app, relief, "worker")


@pytest.fixture
def officer(app: Flask, relief: Relief) -> FlaskClient:
    return enter(app, relief, "officer")


def needs() -> list[Need]:
    return db.session.query(Need).order_by(Need.index, Need.id).all()


def test_a_worker_goes_straight_to_the_own_shelter_and_an_officer_chooses(
    worker: FlaskClient, officer: FlaskClient, relief: Relief
) -> None:
    assert worker.get("/desk").location == desk(relief)
    assert all(name in page(officer, "/desk") for name in NAMES)
    assert NAMES[0] not in page(officer, "/desk?words=中学校")
    assert "代行" in page(officer, desk(relief))
    assert "代行" not in page(worker, desk(relief))


def test_strangers_find_no_desk(app: Flask, worker: FlaskClient, relief: Relief) -> None:
    need = relief.need(10)
    other = enter(app, relief, "worker1")
    pages = [
        "",
        "/live",
        "/needs",
        f"/needs/{need}",
        "/pledges",
        "/offers",
        "/arrivals",
        "/receive",
        "/paper.pdf",
    ]
    assert {other.get(desk(relief, path)).status_code for path in pages} == {404}
    assert worker.get(desk(relief, f"/needs/{need}", shelter=1)).status_code == 404
    assert worker.get("/desk/arrivals").status_code == 404
    assert enter(app, relief, "citizen").get(desk(relief)).status_code == 403
    assert app.test_client().get(desk(relief)).status_code == 302


def test_an_item_is_found_by_category_and_by_words(worker: FlaskClient, relief: Relief) -> None:
    assert "乳児・小児" in page(worker, desk(relief, "/needs/new"))
    assert "哺乳瓶" in page(worker, desk(relief, "/needs/new?category=infant"))
    assert "紙おむつ" in page(worker, desk(relief, "/needs/new?words=おむつ"))


def test_a_need_is_registered_as_it_was_typed_once_however_often_it_is_sent(
    worker: FlaskClient, relief: Relief
) -> None:
    form = {
        "id": form_id(worker, desk(relief, "/needs/new?item=I05")), "item": "I05", "variant": "M",
        "quantity": "３００", "need_by": "明日", "priority": "1", "audience": "infant", "persons": "３",
        "note": "夜用があれば",
    }  # fmt: skip
    answers = [worker.post(desk(relief, "/needs/new"), data=form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    (need,) = needs()
    assert (need.required, need.variant, need.priority, need.persons, need.proxy) == (300, "M", 1, 3, False)
    assert need.delicate, "three babies of one shelter are named by the town only"
    shown = page(worker, desk(relief, f"/needs/{need.id}"))
    assert "夜用があれば" in shown
    assert "避難所名を出しません" in shown
    assert "あと 300個" in page(worker, desk(relief))


def test_what_the_town_enters_for_a_shelter_says_so(officer: FlaskClient, relief: Relief) -> None:
    officer.post(desk(relief, "/needs/new"), data={"id": new_id(), "item": "B01", "quantity": "5"})

    assert needs()[0].proxy
    assert "役場の代行" in page(officer, desk(relief))


def test_a_number_that_is_none_is_refused_beside_its_field(worker: FlaskClient, relief: Relief) -> None:
    wrong = {
        "0": "0です",
        "-5": "-5",
        "1e12": "1e12",
        "1.5": "整数",
        "": "数量がありません",
        "９９９９９９９": "多すぎます",
    }
    for typed, said in wrong.items():
        form = {"id": new_id(), "item": "B01", "quantity": typed, "need_by_day": "11月"}
        answer = worker.post(desk(relief, "/needs/new"), data=form)

        assert answer.status_code == 422
        assert said in found(r'(?s)id="quantity-error">(.*?)</p>', answer.text)
        assert "読めません" in found(r'(?s)id="need_by_day-error">(.*?)</p>', answer.text)
    assert needs() == []


def test_a_size_must_be_said_where_it_matters(worker: FlaskClient, relief: Relief) -> None:
    answer = worker.post(desk(relief, "/needs/new"), data={"id": new_id(), "item": "I05", "quantity": "3"})

    assert answer.status_code == 422
    assert "サイズ・種類を選んで" in words(answer)


def test_heads_become_a_list_that_knows_what_is_there_already(worker: FlaskClient, relief: Relief) -> None:
    relief.need(100, item="B01", variant="")
    heads = "people=60&infants=2"
    text = worker.get(desk(relief, f"/heads?{heads}")).text
    lines = re.findall(r'name="use\.([^"]+)"', text)
    assert {"W02.", "B01.", "I05.S"} <= set(lines)
    assert found(r'name="quantity\.B01\." value="(\d+)"', text) == "20", (
        "120 blankets, of which 100 are asked for"
    )

    sent = {"people": "60", "infants": "2", "id": form_id(worker, desk(relief, f"/heads?{heads}"))}
    sent |= {"use.W02.": "1", "quantity.W02.": "２５０", "use.I05.S": "1", "quantity.I05.S": "60"}
    for _ in range(2):
        assert worker.post(desk(relief, "/heads"), data=sent).status_code == 303

    made = {(need.item, need.variant): need.required for need in needs()[1:]}
    assert made == {("W02", ""): 250, ("I05", "S"): 60}


def test_an_officer_keeps_the_heads_of_a_shelter_and_nothing_else_of_it_changes(
    officer: FlaskClient, relief: Relief
) -> None:
    before = db.session.get_one(Shelter, relief.shelters[0]).receive_mode

    officer.post(desk(relief, "/heads/keep"), data={"people": "80", "care": "5"})

    row = db.session.get_one(Shelter, relief.shelters[0], populate_existing=True)
    assert row.heads == {"people": 80, "care": 5}
    assert row.receive_mode == before
    assert 'value="80"' in officer.get(desk(relief, "/heads")).text


def test_below_what_is_on_its_way_only_by_saying_so(worker: FlaskClient, relief: Relief) -> None:
    need = relief.need(100)
    offer = relief.offer("citizen", 60, need=need).id
    relief.request(60, offer=offer, match=relief.match_of(offer).id)
    form = {"id": new_id(), "quantity": "40", "priority": "2"}

    warned = worker.post(desk(relief, f"/needs/{need}"), data=form)
    forced = worker.post(desk(relief, f"/needs/{need}"), data={**form, "id": new_id(), "force": "1"})

    assert warned.status_code == 422
    assert "すでに60が依頼済み" in words(warned)
    assert 'name="force"' in warned.text
    assert forced.status_code == 303
    assert numbers(need) == (40, 0, 60, 0, 0, 0)


def test_many_needs_are_confirmed_at_once(worker: FlaskClient, relief: Relief) -> None:
    relief.now -= 3 * HOUR
    first, second = relief.need(10), relief.need(20, item="B01", variant="")
    before = [need.confirmed_at for need in needs()]

    worker.post(desk(relief, "/needs/confirm"), data={"id": new_id(), "need": [first, second]})

    assert all(need.confirmed_at > then for need, then in zip(needs(), before, strict=True))


def test_the_red_button_says_what_it_calls_off(worker: FlaskClient, relief: Relief) -> None:
    need = relief.need(100)
    relief.offer("citizen", 30, need=need)
    asked = relief.offer("remote", 20, need=need).id
    match = relief.match_of(asked).id
    relief.request(20, offer=asked, match=match)
    boxes = [{"quantity": 10}, {"quantity": 10}]
    relief.say("remote", kinds.PACKED, {"match": match, "parcels": boxes})
    stop = desk(relief, f"/needs/{need}/stop")

    assert "申し出 1件" in page(worker, stop)
    assert "1便（2箱）" in page(worker, stop)
    form = {"id": form_id(worker, stop)}
    for _ in range(2):
        assert worker.post(stop, data=form).status_code == 303

    assert numbers(need) == (100, 0, 0, 0, 0, 0)
    assert relief.match_of(asked).state == "cancelled"


def test_the_home_is_sent_again_only_when_something_of_this_shelter_has_changed(
    worker: FlaskClient, relief: Relief
) -> None:
    need = relief.need(10)
    rev = found(r'data-rev="([0-9a-f]+)"', worker.get(desk(relief)).text)
    live = desk(relief, f"/live/{relief.disaster}")
    relief.need(7, shelter=1)
    assert worker.get(f"{live}?rev={rev}").status_code == 204

    relief.offer("citizen", 4, need=need)

    answer = worker.get(f"{live}?rev={rev}")
    assert "すべて頼む" in words(answer)
    assert worker.get(f"{live}?rev={answer.headers['X-Rev']}").status_code == 204


def test_more_needs_cost_no_more_queries(worker: FlaskClient, relief: Relief) -> None:
    def queries() -> int:
        asked: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        worker.get(desk(relief))
        return len(asked)

    relief.offer("citizen", 5, need=relief.need(10))
    few = queries()
    for item in ("B01", "W01", "W02", "H03", "H05"):
        relief.offer("citizen", 5, need=relief.need(10, item=item, variant=""), item=item, variant="")
    assert queries() <= few


def test_a_drill_says_so_and_stays_apart_from_the_real_thing(worker: FlaskClient, relief: Relief) -> None:
    relief.need(10, item="B01", variant="")
    real, drill = (
        relief.disaster,
        relief.say("officer", kinds.DISASTER_OPENED, {"drill": True}, {"name": "訓練"}).id,
    )
    relief.disaster = drill
    need = relief.need(10, item="H03", variant="")
    match = relief.match_of(relief.offer("citizen", 5, need=need, item="H03", variant="").id).id
    relief.disaster = real

    usual, other = page(worker, desk(relief)), page(worker, desk(relief, f"?disaster={drill}"))

    assert "毛布" in usual
    assert "トイレットペーパー" not in usual
    assert "これは訓練です" not in usual
    assert "トイレットペーパー" in other
    assert "毛布" not in other
    for path in (f"?disaster={drill}", f"/needs/{need}", f"/pledges/{match}"):
        assert "これは訓練です" in page(worker, desk(relief, path))


def test_the_form_for_an_outage_is_a_page_to_print(
    worker: FlaskClient, relief: Relief, tmp_path: Path
) -> None:
    relief.need(40)

    answer = worker.get(desk(relief, "/paper.pdf"))

    assert answer.mimetype == "application/pdf"
    (tmp_path / "form.pdf").write_bytes(answer.data)
    command = ["pdftotext", str(tmp_path / "form.pdf"), "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert NAMES[0] in text
    assert relief.shelters[0] not in text, "nobody reads an id of 36 characters out on the telephone"


def test_a_day_that_is_past_is_refused_and_never_next_years(worker: FlaskClient, relief: Relief) -> None:
    gone = jst(now_ms() - 20 * DAY)
    form = {"id": new_id(), "item": "B01", "quantity": "5", "need_by_day": f"{gone.month}月{gone.day}日"}

    answer = worker.post(desk(relief, "/needs/new"), data=form)

    assert "過ぎています。これからの日を" in found(r'(?s)id="need_by_day-error">(.*?)</p>', answer.text)
    assert needs() == []


def test_a_day_of_another_year_is_shown_with_its_year(worker: FlaskClient, relief: Relief) -> None:
    later = jst(now_ms() + 365 * DAY)
    form = {"id": new_id(), "item": "B01", "quantity": "5", "need_by_day": f"{later:%Y-%m-%d}"}

    assert worker.post(desk(relief, "/needs/new"), data=form).status_code == 303

    written = f"{later.year}年{later.month}月{later.day}日"
    (need,) = needs()
    assert f"{written} 23:59 まで" in page(worker, desk(relief)).replace("まで", " まで").replace("  ", " ")
    assert f'value="{written}"' in worker.get(desk(relief, f"/needs/{need.id}")).text


def test_the_same_thing_twice_is_said_and_takes_a_tick(worker: FlaskClient, relief: Relief) -> None:
    need = relief.need(100)
    form = {"id": new_id(), "item": "I05", "variant": "M", "quantity": "30"}

    before = worker.get(desk(relief, "/needs/new?item=I05"))
    refused = worker.post(desk(relief, "/needs/new"), data=form)
    other = worker.post(desk(relief, "/needs/new"), data={**form, "id": new_id(), "variant": "S"})
    again = [worker.post(desk(relief, "/needs/new"), data={**form, "again": "1"}) for _ in range(2)]
    sent_twice = worker.post(desk(relief, "/needs/new"), data=form)

    for answer in (before, refused):
        assert "同じ品目が、もう登録してあります" in words(answer)
        assert f"/needs/{need}" in answer.text
        assert "数を変える" in words(answer)
    assert refused.status_code == 422
    assert 'name="again"' in refused.text
    assert 'value="30"' in refused.text
    assert [answer.status_code for answer in (other, *again, sent_twice)] == [303] * 4
    assert sorted((row.variant, row.required) for row in needs()) == [("M", 30), ("M", 100), ("S", 30)]


def test_a_script_that_sends_a_form_is_told_where_to_go_on_and_the_page_there_says_what_was_done(
    worker: FlaskClient, relief: Relief
) -> None:
    form, by_script = {"id": new_id(), "item": "B01", "quantity": "５"}, {"X-Typed": "1"}

    wrong = worker.post(desk(relief, "/needs/new"), data={**form, "quantity": "0"}, headers=by_script)
    taken = worker.post(desk(relief, "/needs/new"), data=form, headers=by_script)

    assert (wrong.status_code, "0です" in wrong.text) == (422, True)
    assert (taken.status_code, taken.headers["X-To"], taken.data) == (204, desk(relief), b"")
    assert "Location" not in taken.headers
    assert "を登録しました" in page(worker, taken.headers["X-To"])


def test_the_list_says_what_is_registered_and_leads_there_and_to_what_is_wrong(
    worker: FlaskClient, relief: Relief
) -> None:
    need = relief.need(100, item="B01", variant="")

    shown = worker.get(desk(relief, "/heads?people=６０人"))
    sent = {"people": "60", "id": new_id(), "use.W02.": "1", "quantity.W02.": "たくさん"}
    wrong = worker.post(desk(relief, "/heads"), data=sent)

    assert "登録済み・届く予定の分 100個" in words(shown)
    assert f"/needs/{need}" in shown.text
    row = found(r'id="(q\d+)" name="quantity\.W02\."', wrong.text)
    assert f'href="#{row}"' in wrong.text
    assert needs()[0].required == 100
