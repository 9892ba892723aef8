"""The town's boards: what they say, that they follow, what they cost; and figures that are those of the ledger."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import the_door
from tests.factories.identity import PASSWORD, a_person, log_in
from tests.factories.office import queries_of, words
from tests.factories.supplies import Relief, a_relief
from webapp.kernel.base.clock import DAY, HOUR
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity.models import Organisation
from webapp.kernel.intake.machine import Fact, append_facts
from webapp.kernel.ledger.log import read
from webapp.kernel.ledger.models import LedgerEntry
from webapp.kernel.notifications.models import Notice
from webapp.supplies import entries as kinds
from webapp.supplies.known import Bar, disasters_of
from webapp.supplies.models import Match
from webapp.supplies.rules import day_of
from webapp.supplies.town import boards, statistics
from webapp.supplies.town.statistics import Sums


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_relief(shelters=3)


def shipped(relief: Relief, quantity: int = 40, shelter: int = 0, **more: Any) -> tuple[str, str]:
    """Ids of the shipment and the code of its box; expected in a day."""
    need = relief.need(100, shelter=shelter, **more)
    offer = relief.offer("citizen", quantity, need=need, **more).id
    match = relief.match_of(offer).id
    assert relief.request(quantity, offer=offer, match=match, shelter=shelter).refusal is None
    assert relief.ship("citizen", match, quantity).refusal is None
    return match, relief.parcels_of(match)[0].code


def the_board(relief: Relief, now: int = 0) -> boards.Board:
    card, _ = boards.choose(db.session(), relief.log, "")
    assert card is not None
    return boards.board(db.session(), card, now or relief.now)


def someone(client: FlaskClient, relief: Relief, role: str, *, shelter: bool = False) -> FlaskClient:
    """The client, logged in as such a person of the town or of its first shelter."""
    home = relief.shelters[0] if shelter else relief.town.id
    person = a_person(role, db.session.get_one(Organisation, home), password=PASSWORD)
    assert log_in(client, person).status_code == 302
    return client


def test_the_overview_adds_up_what_is_open_promised_on_the_way_and_there(relief: Relief) -> None:
    _, code = shipped(relief)
    relief.scan("worker", "counted", code, relief.shelters[0], {"good": 30, "damaged": 10})
    shipped(relief, 20, shelter=1)
    relief.offer("remote", 50, need=relief.need(60, item="W01", variant=""), item="W01", variant="")

    found = the_board(relief)

    assert [(line.key, line.bar.required) for line in found.categories] == [("water", 60), ("infant", 200)]
    assert found.total == Bar(260, 160, 50, 20, 30)
    assert {one.id: one.per_mille for one in found.served} == {
        relief.shelters[0]: 150,
        relief.shelters[1]: 200,
    }
    assert [one.id for one in found.worst] == [relief.shelters[0]]
    assert found.worst[0].lacks == "紙おむつ（乳児・小児） M 70個"
    assert [id for id, _ in found.silent] == [relief.shelters[2]]
    assert [one.what for one in found.waiting] == ["飲料水 500mL"]


def test_what_comes_tomorrow_is_held_against_the_room_that_there_is(relief: Relief) -> None:
    body = {
        "shelter": relief.shelters[0],
        "receive_mode": "door",
        "accept_policy": "anyone",
        "storage_ml": 10_000,
    }
    relief.say("officer", kinds.SHELTER_SET, body, {"name": "第1体育館"})
    shipped(relief, 40)  # 40 × 220 mL
    relief.scan(
        "worker", "outside", "", relief.shelters[0], {"item": "H07", "variant": "adult", "quantity": 2}
    )

    (line,) = the_board(relief).coming

    assert (line.boxes["tomorrow"], line.volume_ml["tomorrow"]) == (1, 8_800)
    assert line.free_ml == 10_000 - 2 * 1_800
    assert line.too_much
    assert the_board(relief, relief.now + 3 * DAY).coming[0].boxes == {"late": 1, "today": 0, "tomorrow": 0}


def test_the_overview_follows_without_a_reload(client: FlaskClient, relief: Relief) -> None:
    someone(client, relief, "shelter", shelter=True)
    page = client.get("/board")
    assert "必要物資はまだ登録されていません" in page.text
    live = f"/board/{relief.disaster}/live"
    rev = client.get(live).headers["X-Rev"]

    assert client.get(f"{live}?rev={rev}").status_code == 204
    relief.need(100)

    fresh = client.get(f"{live}?rev={rev}")
    assert "あと 100" in words(fresh.text)
    assert "<html" not in fresh.text


def test_auditors_see_the_boards_and_strangers_do_not(client: FlaskClient, relief: Relief) -> None:
    other = a_relief("063614", shelters=1)
    someone(client, relief, "auditor")

    assert [client.get(f"/board{path}").status_code for path in ("", "/shelters", "/statistics")] == [200] * 3
    assert client.get(f"/board?disaster={other.disaster}").status_code == 404
    client.post("/logout")
    log_in(client, a_person("driver", db.session.get_one(Organisation, relief.town.id), password=PASSWORD))
    assert client.get("/board").status_code == 403


def test_every_count_of_needs_says_what_it_counts(client: FlaskClient, relief: Relief) -> None:
    shipped(relief, 100)  # covered
    relief.need(60, item="W01", variant="")
    stopped = relief.need(30, item="B01", variant="")
    assert relief.say("officer", kinds.NEED_STOPPED, {"need": stopped}).refusal is None
    someone(client, relief, "officer")

    assert "必要物資 2件 うち、まだ足りないもの 1件。" in words(client.get("/board").text)
    figures = words(client.get("/board/statistics").text)
    assert "必要物資（終わったものも含む） 3件、必要数 190" in figures
    assert "うち、いま必要なもの 2件、必要数 160" in figures
    assert "うち、まだ足りないもの 1件 残り 60" in figures
    assert "必要な物 1件" in words(client.get("/relief").text)


def test_a_drill_bears_its_mark(client: FlaskClient, app: Flask) -> None:
    with app.app_context():
        someone(client, a_relief(drill=True), "officer")
        for path in ("", "/shelters", "/statistics"):
            assert "これは訓練です" in client.get(f"/board{path}").text


def many(relief: Relief, count: int) -> None:
    """As many needs in each shelter, with pledges, and one shipment for each."""
    for number in range(len(relief.shelters)):
        lines = [
            {"id": new_id(), "item": item, "quantity": 10, "variant": ""} for item in ("W01", "B01") * count
        ]
        body = {"disaster": relief.disaster, "shelter": relief.shelters[number], "needs": lines}
        assert relief.say("officer", kinds.NEEDS_REGISTERED, body).refusal is None
        relief.offer("remote", 5, need=str(lines[0]["id"]), item="W01", variant="")
        shipped(relief, 3, number)


def test_a_board_costs_the_same_queries_whatever_stands_on_it(client: FlaskClient, app: Flask) -> None:
    costs = []
    with app.app_context():
        for log, shelters, count in (("063622", 1, 1), ("063614", 6, 10)):
            relief = a_relief(log, shelters=shelters)
            many(relief, count)
            someone(client, relief, "officer")
            paths = ("/board", "/board/shelters", "/board/statistics", f"/board/{relief.disaster}/live")
            costs.append([queries_of(client, path) for path in paths])
            client.post("/logout")
    assert costs[0] == costs[1]
    assert max(costs[0]) <= 25


# --- the ledger, folded a second time in another way -----------------------------------------------------------------


class Second:
    """Reads the entries alone, one after the other, and adds up; knows no table of ours."""

    def __init__(self, log: str) -> None:
        self.entries = list(read(db.session(), log))
        self.required: dict[str, int] = {}
        self.place: dict[str, tuple[str, str]] = {}  # need, offer or shipment → (shelter, item)
        self.offers: dict[str, int] = {}
        self.asked: dict[str, int] = {}
        self.sent: dict[str, int] = {}
        self.boxes: dict[str, tuple[str, int, int]] = {}  # code → shipment, quantity, best before
        self.newer: dict[str, str] = {}
        self.dead: set[str] = set()
        self.mails: Counter[str] = Counter()
        for entry in self.entries:
            self._take(entry.kind, entry.id, entry.data.get("body", entry.data))

    def _take(self, kind: str, id: str, body: Any) -> None:
        name = kind.removeprefix("supplies.").replace(".", "_")
        getattr(self, f"_{name}", lambda *_: None)(id, body)

    def _needs_registered(self, _id: str, body: Any) -> None:
        for line in body["needs"]:
            self._need_made("", {**line, "shelter": body["shelter"]})

    def _need_made(self, _id: str, body: Any) -> None:
        self.required[body["id"]] = body["quantity"]
        self.place[body["id"]] = (body["shelter"], body["item"])

    def _need_changed(self, _id: str, body: Any) -> None:
        self.required[body["need"]] = body["quantity"]

    _need_raised = _need_changed

    def _offered(self, id: str, body: Any) -> None:
        self.offers[id], self.place[id] = body["quantity"], ("", body["item"])

    def _held(self, _id: str, body: Any) -> None:
        self.place[body["match"]] = (body["shelter"], self.place[body["offer"]][1])

    def _requested(self, id: str, body: Any) -> None:
        match = body["match"] or id
        self.place[match] = (body["shelter"], self.place[body["offer"]][1])
        self.asked[match] = body["quantity"]

    def _quantity_changed(self, _id: str, body: Any) -> None:
        self.asked[body["match"]] = body["quantity"]

    def _labelled(self, _id: str, body: Any) -> None:
        codes = [box["code"] for box in body["parcels"]]
        for box in body["parcels"]:
            self.boxes[box["code"]] = (body["match"], box["quantity"], box["best_before"])
        for old, new in zip(body["void"], [*codes, *body["void"]], strict=False):
            self.newer[old] = new if new in codes else ""
        self.dead |= set(body["void"])
        self.asked[body["match"]] = sum(box["quantity"] for box in body["parcels"])

    def _cancelled(self, _id: str, body: Any) -> None:
        self.asked.pop(body["match"], None)
        self.dead |= {code for code, box in self.boxes.items() if box[0] == body["match"]}

    _declined = _lapsed = _cancelled

    def _shipped(self, _id: str, body: Any) -> None:
        left = self.asked[body["match"]] = self.sent[body["match"]] = body["quantity"]
        for code, (match, quantity, until) in self.boxes.items():
            if match == body["match"] and code not in self.dead:
                self.boxes[code] = (match, min(left, quantity), until)
                left -= min(left, quantity)

    def _notice_sent(self, _id: str, body: Any) -> None:
        self.mails[body["kind"]] += 1

    def scans(self) -> list[Any]:
        """Those that nobody took back, in the order in which they happened."""
        told = [entry for entry in self.entries if entry.kind == kinds.SCAN]
        undone = {entry.data["body"].get("target") for entry in told if entry.data["step"] == "void"}
        kept = [entry for entry in told if entry.data["step"] != "void" and entry.id not in undone]
        return sorted(kept, key=lambda entry: (entry.data["at"], entry.id))

    def box_of(self, code: str) -> str:
        while self.newer.get(code):
            code = self.newer[code]
        return code

    def sums(self) -> dict[tuple[str, str], Counter[str]]:
        """(shelter, item) → what was needed, asked for, sent, and found."""
        found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for need, quantity in self.required.items():
            found[self.place[need]].update(needs=1, required=quantity)
        for match, quantity in self.asked.items():
            found[self.place[match]].update(requested=quantity)
        for code, scan in self._counts(found).items():
            match, listed, until = self.boxes[code]
            found[scan.data["place"], self.place[match][1]].update(self._count(scan, listed, until))
        for match, quantity in self.sent.items():
            found[self.place[match]].update(shipped=quantity)
        return found

    def _counts(self, found: dict[tuple[str, str], Counter[str]]) -> dict[str, Any]:
        """The last count of each box. What was seen has left; what came without a label is entered at once."""
        counted: dict[str, Any] = {}
        for scan in self.scans():
            if scan.data["step"] == "outside":
                body = scan.data["body"]
                found[scan.data["place"], body["item"]].update(outside=body["quantity"])
                continue
            code = self.box_of(scan.data["code"])
            match = self.boxes[code][0]
            if match in self.asked and code not in self.dead:
                self.sent.setdefault(match, self.asked[match])
            if scan.data["step"] == "counted":
                counted[code] = scan
        return counted

    @staticmethod
    def _count(scan: Any, listed: int, until: int) -> dict[str, int]:
        body = scan.data["body"]
        good, damaged, expired = (body.get(name, 0) for name in ("good", "damaged", "expired"))
        good = listed if body.get("as_listed") else good
        if until and until < day_of(scan.data["at"]):
            good, expired = 0, expired + good
        missing = max(0, listed - good - damaged - expired)
        return {"good": good, "damaged": damaged, "expired": expired, "missing": missing}


def a_whole_disaster(relief: Relief) -> None:
    """Everything that can become of goods."""
    home, other = relief.shelters[:2]
    _, code = shipped(relief, 40)
    relief.scan("worker", "counted", code, home, {"good": 30, "damaged": 4, "expired": 2})
    _, taken_back = shipped(relief, 10)
    wrong = relief.scan("worker", "counted", taken_back, home, {"good": 1})
    relief.scan("worker", "void", taken_back, home, {"target": wrong.id}, at=1)
    _, elsewhere = shipped(relief, 25, 1)
    relief.scan("worker", "counted", elsewhere, home, {"as_listed": True})
    _, over = shipped(relief, 5, item="W01", variant="")
    relief.scan("worker", "counted", over, home, {"good": 130})
    relief.scan("worker1", "outside", "", other, {"item": "W01", "quantity": 48})
    gone = relief.scan("worker1", "outside", "", other, {"item": "B01", "quantity": 7}).id
    relief.scan("worker1", "void", "", other, {"target": gone}, at=1)
    free = relief.offer("remote", 90, item="F01", variant="", best_before=day_of(relief.now + 40 * DAY)).id
    asked = relief.request(60, offer=free, shelter=1).id
    boxes = [{"quantity": 30, "best_before": day_of(relief.now + DAY)}, {"quantity": 25}]
    relief.say("remote", kinds.PACKED, {"match": asked, "parcels": boxes})
    first, second = relief.parcels_of(asked)
    relief.ship("remote", asked, 50)
    relief.scan("worker1", "counted", first.code, other, {"as_listed": True}, at=3 * DAY)
    relief.scan("worker1", "arrived", second.code, other, at=3 * DAY)
    called_off = relief.request(10, offer=free, shelter=1).id
    label = relief.parcels_of(called_off)[0].code
    relief.say("worker1", kinds.CANCELLED, {"match": called_off, "by": "receiver"})
    relief.scan("worker1", "counted", label, other, {"good": 9}, at=3 * DAY)
    relief.offer("citizen", 30, need=relief.need(30, item="B01", variant=""), item="B01", variant="")
    relief.say("worker", kinds.SURPLUS_OFFERED,
               {"disaster": relief.disaster, "shelter": home, "item": "W01", "quantity": 20})  # fmt: skip
    sent = db.session.query(Notice).filter(Notice.kind == kinds.HELD).limit(2).all()
    facts = [Fact(new_id(), "notice.sent", {"notice": row.id, "kind": row.kind, "about": row.about,
                                            "recipient": row.recipient, "code": 250}) for row in sent]  # fmt: skip
    append_facts(the_door(), relief.log, facts, relief.now + HOUR)


_SAME = ("needs", "required", "requested", "shipped", "good", "damaged", "expired", "missing", "outside")


def only(sums: Any) -> dict[str, int]:
    return {name: sums[name] if isinstance(sums, Counter) else getattr(sums, name) for name in _SAME}


def test_the_figures_are_those_of_the_ledger(relief: Relief) -> None:
    a_whole_disaster(relief)
    (card,) = disasters_of(db.session(), relief.log)

    shown, second = statistics.figures(db.session(), card), Second(relief.log)

    sums = second.sums()
    total: Counter[str] = Counter()
    for one in sums.values():
        total.update(one)
    assert only(shown.total) == only(total)
    by_shelter: dict[str, Counter[str]] = defaultdict(Counter)
    by_item: dict[str, Counter[str]] = defaultdict(Counter)
    for (shelter, item), one in sums.items():
        by_shelter[shelter].update(one)
        by_item[item].update(one)
    assert {row.key: only(row.sums) for row in shown.shelters} == {k: only(v) for k, v in by_shelter.items()}
    assert {row.key: only(row.sums) for row in shown.items} == {k: only(v) for k, v in by_item.items()}
    assert (shown.offers.count, shown.offers.units) == (len(second.offers), sum(second.offers.values()))
    assert (shown.mails.sent, shown.mails.numbered["①"]) == (second.mails.total(), second.mails[kinds.HELD])
    summed = Sums()
    for row in shown.categories:
        summed.plus(row.sums)
    assert summed == shown.total


def test_the_file_says_the_same_and_runs_no_formula(client: FlaskClient, relief: Relief) -> None:
    a_whole_disaster(relief)
    with transaction() as session:
        session.get_one(Organisation, relief.shelters[0]).name = "=HYPERLINK(1)"
    someone(client, relief, "officer")

    answer = client.get("/board/statistics.csv")

    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert not any(cell.startswith("=") for row in rows for cell in row)
    (card,) = disasters_of(db.session(), relief.log)
    assert rows[1][3:] == [
        str(value) for value in vars(statistics.figures(db.session(), card).total).values()
    ]
    assert db.session.query(LedgerEntry).filter_by(kind=kinds.EXPORTED).count() == 1
    assert db.session.query(Match).count() > 0
    client.post("/logout")
    someone(client, relief, "shelter", shelter=True)
    assert client.get("/board/statistics.csv").status_code == 403
