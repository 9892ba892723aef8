"""What people settled: it holds as long as the discrepancy does, whoever's phone finds the network first."""

from itertools import permutations
from typing import Any

import pytest
from flask import Flask

from tests.factories.custody import Journey, Town, a_town, the_door
from tests.factories.identity import MORNING, log_in
from tests.journeys.stories import id_of, seen
from webapp.custody.models import Consignment, Device
from webapp.demo.phone import Phone
from webapp.kernel.base.clock import HOUR
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.intake.rebuild import rebuild
from webapp.kernel.reconciliation.models import DiscrepancyRow


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=3, cages=1, cls="2")


def settle(town: Town, *codes: str) -> None:
    """The officer closes what is open and of these codes (or everything)."""
    rows = db.session.query(DiscrepancyRow).filter_by(closed=False).all()
    for key in [row.id for row in rows if not codes or row.code in codes]:
        body = {"discrepancy": key, "reason": "explained"}
        (answer,) = town.send(
            "officer", Phone(town.p("officer"), town.log).command("reconciliation.closed", MORNING, body)
        )
        assert answer.refusal is None


def undo(town: Town, who: str, item: Any, code: str, j: Journey, parent: str = "") -> Any:
    body = {"target": id_of(item), "reason": "wrong_step"}
    return town.phones[who].scan("void", code, j.tick(), parent=parent, body=body)


def questions() -> list[tuple[str, bool]]:
    """What stands on the list, and whether it is settled."""
    rows = db.session.query(DiscrepancyRow).populate_existing()
    return sorted((row.code, row.closed) for row in rows)


def ended(town: Town) -> tuple[list[bool], int]:
    """Which devices have ended, and the figure on the board."""
    db.session.expire_all()
    devices = db.session.query(Device).filter_by(log=town.log).order_by(Device.number)
    return [device.ended for device in devices], db.session.get_one(Consignment, town.job).ended


def out_of_order(town: Town) -> Journey:
    """A PC that was erased after it was loaded; arrived, counted, and still a question."""
    j = Journey(town)
    town.send("officer", *j.register(0), *j.load(0))
    town.send("technician", *j.sanitize(0))
    town.send("officer", j.lock([0]), j.hand_over())
    town.send("driver", j.answer())
    town.send("receiver", j.arrive(), j.open(), *j.count(0), j.close_count(1))
    return j


def test_a_device_ends_when_its_last_question_is_settled(town: Town) -> None:
    out_of_order(town)
    assert questions() == [("OUT_OF_ORDER", False)]
    assert ended(town) == ([False, False, False], 0)
    settle(town)
    assert ended(town) == ([True, False, False], 1)


def test_and_has_not_ended_any_more_when_a_new_one_arises(town: Town) -> None:
    j = out_of_order(town)
    settle(town)
    alone = town.phones["technician"].scan("sanitized", town.codes[0], j.tick(), wit=[town.p("technician")])
    town.send("technician", alone)
    assert ("SAME_PERSON", False) in questions()
    assert ended(town) == ([False, False, False], 0)


@pytest.mark.parametrize("chunk", [1, 3, 500])
def test_folding_again_gives_the_same_whatever_the_chunk(town: Town, chunk: int) -> None:
    out_of_order(town)
    settle(town)
    before = seen(the_door(), town.log)
    rebuild(the_door(), town.log, chunk)
    assert seen(the_door(), town.log) == before
    assert ended(town) == ([True, False, False], 1)


def explained_and_undone(town: Town) -> list[tuple[str, Any]]:
    """After a PC was loaded without erasure and the question was settled: an erasure, its 訂正, and other work."""
    j = Journey(town)
    town.send("officer", *j.register(0, 1), *j.load(0))
    settle(town)
    j.at += HOUR
    (late,) = j.sanitize(0)
    undone = undo(town, "technician", late, town.codes[0], j)
    return [("technician", late), ("technician", undone), ("technician", *j.sanitize(1))]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_went_and_came_back_is_open_again_in_whatever_order(town: Town, order: tuple[int, ...]) -> None:
    rest = explained_and_undone(town)
    for who, *items in (rest[place] for place in order):
        town.send(who, *items)
    assert questions() == [("SKIPPED", False)]
    for chunk in (1, 4, 500):
        rebuild(the_door(), town.log, chunk)
        assert questions() == [("SKIPPED", False)]


def test_the_page_of_what_came_back_tells_how_it_was_settled_before(app: Flask, town: Town) -> None:
    rest = explained_and_undone(town)
    town.send("technician", *(item for _, *items in rest for item in items))
    client = app.test_client()
    log_in(client, town.people["officer"])
    key = db.session.query(DiscrepancyRow).one().id
    html = client.get(f"/consignments/{town.job}/questions/{key}").text
    assert "解決済みにしたあと、もう一度起きています" in html
    assert "前回の解決：事情を確認した" in html
    settle(town)
    assert "前回の解決" in client.get(f"/consignments/{town.job}/questions/{key}").text


def test_what_went_and_came_back_in_one_batch_is_open_again_too(town: Town) -> None:
    rest = explained_and_undone(town)
    town.send("technician", *(item for _, *items in rest for item in items))
    assert questions() == [("SKIPPED", False)]


def test_what_happened_again_after_its_cause_was_undone_is_open_again(town: Town) -> None:
    # given a PC that was loaded twice, a question that was settled, and the second load undone
    j = Journey(town)
    town.send("officer", *j.register(0))
    town.send("technician", *j.sanitize(0))
    second = j.load(0)[0]
    town.send("officer", *j.load(0), second)
    settle(town)
    town.send("officer", undo(town, "officer", second, town.codes[0], j, town.cages[0]))
    assert questions() == []
    # when it is loaded twice once more
    town.send("officer", *j.load(0))
    # then that is a new question
    assert questions() == [("DOUBLE_SCAN", False)]


def test_a_missing_pc_that_was_counted_by_mistake_is_missing_again(town: Town) -> None:
    j = Journey(town)
    town.send("officer", *j.register(0, 1))
    town.send("technician", *j.sanitize(0, 1))
    town.send("officer", *j.load(0, 1), j.lock([0, 1]), j.hand_over())
    town.send("receiver", j.arrive(), j.open(), *j.count(0), j.close_count(1))
    settle(town, "MISSING")
    (found,) = j.count(1)
    town.send("receiver", found)
    town.send("receiver", undo(town, "receiver", found, town.codes[1], j, town.cages[0]))
    assert ("MISSING", False) in questions()
    # and once that is settled, work goes on without asking again
    settle(town)
    town.send("operator", *j.destroy(0))
    assert ("MISSING", True) in questions()


def test_more_of_the_same_and_corrections_elsewhere_ask_nobody_again(town: Town) -> None:
    # given a tablet that is on no list, which somebody has looked into
    j = Journey(town)
    found = {"device": "", "device_new": new_id(), "cls": "0", "kind": "tablet"}
    town.send(
        "officer",
        *j.register(0),
        town.phones["officer"].scan("registered", town.codes[2], j.tick(), body=found),
    )
    assert questions() == [("NOT_LISTED", False)]
    settle(town)
    # when it goes on its way, and somebody corrects what concerns another device
    (wrong,) = j.load(0)
    town.send("officer", *j.load(2), wrong, undo(town, "officer", wrong, town.codes[0], j, town.cages[0]))
    # then nobody is asked again
    assert ("NOT_LISTED", True) in questions()
