"""The live board, the devices behind it, and discrepancies until they are settled."""

import csv
import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import Journey, Town, a_town, walk
from tests.factories.identity import found
from tests.factories.office import a_list, a_seal_that_differs, as_, bring_in, page, queries_of, words
from webapp.custody.models import Consignment
from webapp.kernel.base.clock import DAY, now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.ledger.models import LedgerEntry


@pytest.fixture
def town(app: Flask) -> Town:
    """A town whose consignment is still empty."""
    return a_town()


def test_the_board_tells_both_values_who_and_when(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=2, cages=1)
    a_seal_that_differs(town)
    as_(client, town, "officer")
    html = page(client, town)
    shown = re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", html))
    assert "封印番号が違います" in shown
    assert "施錠時7734012到着時7734021" in shown
    assert town.people["receiver"].name.replace(" ", "") in shown
    assert re.search(r'data-step="received" data-state="now" aria-current="step"', html)


def test_what_a_cage_lacks_is_named_and_leads_to_its_trail(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=3, cages=1)
    j = Journey(town)
    town.send("officer", *j.register(0, 1, 2))
    town.send("technician", *j.sanitize(0, 1, 2))
    town.send("officer", *j.load(0, 1, 2), j.lock([0, 1, 2]), j.hand_over())
    town.send("receiver", j.arrive(), j.open(), *j.count(0, 1), j.close_count(2))
    as_(client, town, "officer")
    html = page(client, town)
    assert "不足 1台：" in words(html)
    assert f'<a class="reach" href="/t/{town.codes[2]}/detail">ノートPC T-0003</a>' in html


def test_a_clean_journey_is_one_line(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=2, cages=1)
    walk(app, town, range(2))
    as_(client, town, "officer")
    text = words(page(client, town))
    assert "対応が必要 0" in text
    assert "食いちがう記録はありません" in text
    assert "そろいました" in text


def test_a_deadline_that_is_near_is_a_matter_for_the_list(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=2)
    as_(client, town, "officer")
    for days, said in ((30, ""), (5, "あと 5日"), (0, "今日まで"), (-2, "2日 超過")):
        with transaction() as session:
            session.get_one(Consignment, town.job).due_at = now_ms() + days * DAY
        text = words(page(client, town))
        assert ("2台のうち 2台が まだ終わっていません" in text) == bool(said)
        assert said in text


def test_the_live_part_comes_only_when_something_has_happened(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=2)
    as_(client, town, "officer")
    rev = found(r'data-rev="(\d+)"', page(client, town))
    live = f"/consignments/{town.job}/live"
    assert client.get(f"{live}?rev={rev}").status_code == 204
    town.send("officer", *Journey(town).register(0))
    answer = client.get(f"{live}?rev={rev}")
    assert answer.status_code == 200
    assert int(answer.headers["X-Rev"]) > int(rev)
    assert "<html" not in answer.text
    assert client.get(f"{live}?rev={answer.headers['X-Rev']}").status_code == 204


def test_the_live_part_sends_nobody_to_a_login_page_unseen(client: FlaskClient, town: Town) -> None:
    assert client.get(f"/consignments/{town.job}/live?rev=1").status_code == 302


def test_the_board_costs_the_same_queries_whatever_stands_on_it(client: FlaskClient, app: Flask) -> None:
    small, large = a_town(devices=2, cages=1), a_town("063614", devices=30, cages=1)
    costs = []
    for town, numbers in ((small, range(2)), (large, range(30))):
        j = Journey(town)
        town.send("officer", *j.register(*numbers), *j.load(*numbers), j.lock(list(numbers)), j.hand_over())
        town.send("receiver", j.arrive(seal="1"), j.open(), j.close_count(0))
        as_(client, town, "officer")
        costs.append(queries_of(client, f"/consignments/{town.job}"))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("text", ["T-0002", "t-0002", "Ｔ－０００２", "SER00002", "{code}", "{shown}"])
def test_a_device_is_found_by_what_is_written_on_it(client: FlaskClient, app: Flask, text: str) -> None:
    town = a_town(devices=3)
    town.send("officer", *Journey(town).register(0, 1, 2))
    as_(client, town, "officer")
    code = town.codes[1]
    asked = text.format(code=code, shown=f"{code[:4]}-{code[4:8]}")
    answer = client.get(f"/consignments/{town.job}/devices", query_string={"text": asked})
    assert [f"T-000{n}" in answer.text for n in (1, 2, 3)] == [False, True, False]


def test_devices_can_be_narrowed_to_a_step_and_a_cage(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=3, cages=1)
    j = Journey(town)
    town.send("officer", *j.register(0, 1), *j.load(0))
    as_(client, town, "officer")
    assert "3台のうち 1〜3" in words(page(client, town, "/devices"))
    assert "1台のうち 1〜1" in words(page(client, town, "/devices?step=none"))
    assert "1台のうち 1〜1" in words(page(client, town, f"/devices?cage={town.cages[0]}"))
    assert "あてはまる端末はありません" in page(client, town, "/devices?step=destroyed")


def test_the_export_is_a_table_for_excel_and_is_on_record(client: FlaskClient, town: Town) -> None:
    as_(client, town, "officer")
    bring_in(
        client, town, a_list("=1+1,ノートPC,NEC,V,S1,SSD,D1,3,総務課", "T-2,モニター,EIZO,M,S2,,,,総務課")
    )
    answer = client.get(f"/consignments/{town.job}/assets.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 3
    assert not any(cell.startswith("=") for row in rows for cell in row)
    assert db.session.query(LedgerEntry).filter_by(kind="custody.exported").count() == 1


def test_a_discrepancy_shows_its_records_and_what_evidence_is_awaited(
    client: FlaskClient, app: Flask
) -> None:
    town = a_town(devices=2, cages=1)
    question = a_seal_that_differs(town)
    as_(client, town, "officer")
    text = words(page(client, town, f"/questions/{question}"))
    assert "施錠時 77340 1 2 到着時 77340 2 1" in text  # what differs is marked
    assert "施錠・封印" in text  # what came before it on the same cage
    assert "食いちがう記録" in text
    assert "証拠待ち" in text


def test_of_two_who_settle_it_the_second_is_told_why_it_is_settled(client: FlaskClient, app: Flask) -> None:
    town = a_town(devices=2, cages=1)
    address = f"/consignments/{town.job}/questions/{a_seal_that_differs(town)}"
    as_(client, town, "officer")
    assert client.post(address, data={"id": new_id()}).status_code == 422
    form = {"reason": "explained", "note": "封印を替えた運転手に聞いた", "id": new_id()}
    assert "解決済みにしました。" in client.post(address, data=form, follow_redirects=True).text
    # a second click of the same person is harmless
    assert client.post(address, data=form).status_code == 303
    other = as_(app.test_client(), town, "officer2")
    answer = other.post(address, data={"reason": "accepted", "id": new_id()})
    assert answer.status_code == 422
    assert "ほかの人がすでに解決済みにしました（理由：事情を確認した）" in words(answer.text)
    # and everybody reads how it was settled, and by whom
    text = words(answer.text)
    assert "封印を替えた運転手に聞いた" in text
    assert town.people["officer"].name in text
    assert "対応が必要 0" in words(page(other, town, "/questions"))
    assert "封印番号が違います" in page(other, town, "/questions?closed=1")
