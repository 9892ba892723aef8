"""Several people on one consignment, each with a phone, some without network for hours."""

import pytest
from flask import Flask

from tests.factories.custody import Journey, Town, a_town, issue_codes, the_door
from tests.journeys.stories import id_of
from webapp.custody.models import Cage, Consignment, Device, ScanRow
from webapp.demo.phone import Phone
from webapp.kernel.base.clock import HOUR, MINUTE
from webapp.kernel.base.db import db
from webapp.kernel.intake.models import Receipt
from webapp.kernel.intake.service import Answer
from webapp.kernel.reconciliation.models import DiscrepancyRow
from webapp.kernel.scanning.service import CodesRoom


def open_questions() -> list[str]:
    return sorted(row.code for row in db.session.query(DiscrepancyRow))


def test_the_receivers_phone_may_be_first_and_the_town_halls_last(app: Flask) -> None:
    # given a cage that has arrived while the town hall's phones were in a basement
    town = a_town(devices=2, cages=1)
    j = Journey(town)
    registered, sanitized = j.register(0, 1), j.sanitize(0, 1)
    loaded = [*j.load(0, 1), j.lock([0, 1]), j.hand_over()]
    received = [j.arrive(), j.open(), *j.count(0, 1), j.close_count(2)]
    # when the receiver's phone is the first to find the network
    answers = town.send("receiver", *received)
    assert {answer.verdict.verdict for answer in answers[2:4]} <= {"waiting", "attention"}
    assert "UNKNOWN_CODE" in open_questions()
    # then everything that waited is settled when the others report
    town.send("officer", *registered, *loaded)
    town.send("technician", *sanitized)
    town.send("driver", j.answer())
    assert open_questions() == []
    assert {row.verdict for row in db.session.query(Receipt)} == {"ok"}


def test_two_officers_who_load_the_same_pc_see_one_pc_and_a_warning(app: Flask) -> None:
    town = a_town(devices=1, cages=1)
    j = Journey(town)
    town.send("officer", *j.register(0))
    town.send("technician", *j.sanitize(0))
    town.send("officer", *j.load(0))
    second = town.phones["officer2"].scan("loaded", town.codes[0], j.tick(), parent=town.cages[0])
    (answer,) = town.send("officer2", second)
    assert [code for code, _, _ in answer.verdict.findings] == ["DOUBLE_SCAN"]
    assert db.session.query(Cage).one().loaded == [town.codes[0]]


def test_a_wrong_cage_is_put_right_by_a_correction(app: Flask) -> None:
    town = a_town(devices=1, cages=2)
    j = Journey(town)
    town.send("officer", *j.register(0))
    town.send("technician", *j.sanitize(0))
    (wrong,) = j.load(0, cage=1)
    town.send("officer", wrong, *j.load(0))
    assert open_questions() == ["WRONG_CAGE"]
    undo = {"target": id_of(wrong), "reason": "wrong_cage"}
    town.send(
        "officer",
        town.phones["officer"].scan("void", town.codes[0], j.tick(), parent=town.cages[1], body=undo),
    )
    assert open_questions() == []
    assert {cage.name: cage.loaded for cage in db.session.query(Cage)} == {
        "C-01": [town.codes[0]],
        "C-02": [],
    }
    assert db.session.query(Device).one().cage == town.cages[0]


def test_a_wrong_sticker_is_put_right_by_a_correction(app: Flask) -> None:
    town = a_town(devices=2)
    j = Journey(town)
    (wrong,) = j.register(0)
    other = town.phones["officer"].scan(
        "registered", town.codes[1], j.tick(), body={"device": town.devices[0]}
    )
    town.send("officer", wrong, other)
    assert open_questions() == ["DOUBLE_BIND"]
    undo = {"target": id_of(wrong), "reason": "wrong_sticker"}
    town.send("officer", town.phones["officer"].scan("void", town.codes[0], j.tick(), body=undo))
    assert open_questions() == []
    assert db.session.get_one(Device, town.devices[0]).code == town.codes[1]
    assert db.session.query(Consignment).one().registered == 1


def test_a_damaged_label_is_replaced_in_the_middle_of_the_journey(app: Flask) -> None:
    town = a_town(devices=2, cages=1)
    j = Journey(town)
    town.send("officer", *j.register(0, 1))
    town.send("technician", *j.sanitize(0, 1))
    town.send("officer", *j.load(0, 1), j.lock([0, 1]), j.hand_over())
    town.send("driver", j.answer())
    (new,) = issue_codes(town, "device", 1)
    desk = Phone(town.p("officer"), town.log)
    (answer,) = town.send(
        "officer", desk.command("codes.voided", j.at, {"code": town.codes[0], "replaced_by": new})
    )
    assert answer.refusal is None
    town.codes[0] = new
    town.send("receiver", j.arrive(), j.open(), *j.count(0, 1), j.close_count(2))
    town.send("operator", *j.destroy(0, 1))
    assert open_questions() == []
    assert [(d.code, d.ended) for d in db.session.query(Device).order_by(Device.number)] == [
        (new, True), (town.codes[1], True),
    ]  # fmt: skip


def test_a_label_of_another_use_cannot_take_over(app: Flask) -> None:
    town = a_town(devices=1, cages=2)
    for old, new in ((town.codes[0], town.cages[0]), (town.cages[0], town.cages[0])):
        answer = take_over(town, old, new)
        assert answer.refusal is not None
        assert answer.refusal.code == "scanning.replacement_unusable"


def take_over(town: Town, old: str, new: str) -> Answer:
    """The officer says that the thing under the old label goes on under the new one."""
    desk = Phone(town.p("officer"), town.log)
    return town.send("officer", desk.command("codes.voided", 0, {"code": old, "replaced_by": new}))[0]


def test_a_cages_label_cannot_take_over_another_cages_journey(app: Flask) -> None:
    town = a_town(devices=1, cages=2)
    answer = take_over(town, town.cages[0], town.cages[1])
    assert answer.refusal is not None
    assert answer.refusal.code == "scanning.replacement_unusable"


def test_an_entry_that_says_so_all_the_same_never_stops_the_log(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log may hold what today's door would refuse; folding it makes one cage of two."""
    town = a_town(devices=1, cages=2)
    j = Journey(town)
    town.send("officer", *j.register(0), *j.load(0, cage=0))
    (labels,) = (room for room in the_door().rooms if isinstance(room, CodesRoom))
    monkeypatch.setattr(labels, "_in_use", lambda *_: False)
    assert take_over(town, town.cages[0], town.cages[1]).refusal is None
    assert {cage.name: cage.loaded for cage in db.session.query(Cage)} == {
        "C-01": [],
        "C-02": [town.codes[0]],
    }


def test_a_device_that_is_on_no_list_exists_as_long_as_somebody_says_so(app: Flask) -> None:
    town = a_town(devices=1, cages=1)
    (code,) = issue_codes(town, "device", 1)
    phone, j = town.phones["officer"], Journey(town)
    body = {"device": "", "device_new": "0196f0a0-0000-7000-8000-000000000001", "cls": "2", "kind": "tablet"}
    item = phone.scan("registered", code, j.tick(), body=body, private={"serial": "X1"})
    (answer,) = town.send("officer", item)
    assert [finding for finding, _, _ in answer.verdict.findings] == ["NOT_LISTED"]
    found = db.session.query(Device).filter_by(listed=False).one()
    assert (found.code, found.cls, found.kind, found.consignment) == (code, "2", "tablet", town.job)
    assert found.id != body["device_new"]
    town.send(
        "officer", phone.scan("void", code, j.tick(), body={"target": answer.id, "reason": "wrong_sticker"})
    )
    assert db.session.query(Device).filter_by(listed=False).count() == 0
    assert db.session.query(Consignment).one().registered == 0


def test_another_towns_device_cannot_be_claimed_by_naming_it(app: Flask) -> None:
    town, other = a_town(devices=1), a_town("062014", devices=1)
    body = {"device": other.devices[0], "device_new": other.devices[0], "cls": "3"}
    (answer,) = town.send("officer", town.phones["officer"].scan("registered", town.codes[0], 0, body=body))
    assert "UNKNOWN_CODE" in [code for code, _, _ in answer.verdict.findings]
    assert db.session.get_one(Device, other.devices[0]).log == other.log
    assert db.session.get_one(Device, other.devices[0]).code is None


def test_an_erasure_that_fails_leads_over_destruction_on_site_to_the_end(app: Flask) -> None:
    town = a_town(devices=1, cages=1)
    j = Journey(town)
    technician, wit, ev = town.phones["technician"], [town.p("officer")], ["ab" * 32]
    town.send("officer", *j.register(0))
    town.send(
        "technician", technician.scan("sanitize_failed", town.codes[0], j.tick(), body={"reason": "dead"})
    )
    town.send("technician", technician.scan("destroyed_on_site", town.codes[0], j.tick(), wit=wit, ev=ev))
    town.send("officer", *j.load(0), j.lock([0]), j.hand_over())
    town.send("driver", j.answer())
    town.send("receiver", j.arrive(), j.open(), *j.count(0), j.close_count(1))
    device, job = db.session.query(Device).one(), db.session.query(Consignment).one()
    assert (open_questions(), device.ended, device.destroyed, device.sanitized) == ([], True, True, True)
    assert (job.sanitized, job.destroyed, job.ended) == (1, 1, 1)


def test_a_scan_in_a_truck_of_something_only_the_manifest_knows_is_found_whichever_comes_first(
    app: Flask,
) -> None:
    """The device was never scanned into its cage: only the locked manifest says that it lies there."""
    town = a_town(devices=1, cages=1)
    j = Journey(town)
    lock, drill = j.lock([0]), j.destroy(0)[0]
    town.send("officer", *Journey(town, j.at - HOUR).register(0), lock)
    town.send("operator", drill)
    assert "SCAN_IN_TRANSIT" in open_questions()


def test_a_question_about_the_phones_clock_is_one_question(app: Flask) -> None:
    town = a_town(devices=3, cages=1)
    phone = Phone(town.p("officer"), town.log, town.job, off=-30 * MINUTE)
    for number in range(3):
        body = {"device": town.devices[number]}
        at = Journey(town).at + 30 * MINUTE
        town.send("officer", phone.scan("registered", town.codes[number], at, body=body))
    row = db.session.query(DiscrepancyRow).one()
    assert (row.code, len(row.causes), row.job) == ("CLOCK_SKEW", 3, town.job)
    assert db.session.query(ScanRow).count() == 3
    assert the_door().sentence("CLOCK_SKEW", row.params)


def test_a_device_that_is_taken_for_a_cage_by_mistake_is_not_lost(app: Flask) -> None:
    town = a_town(devices=1, cages=1)
    j = Journey(town)
    town.send("officer", *j.register(0))
    (answer,) = town.send(
        "receiver", town.phones["receiver"].scan("arrived", town.codes[0], j.tick(), ev=["ab" * 32])
    )
    assert [code for code, _, _ in answer.verdict.findings] == ["UNKNOWN_CODE"]
    assert db.session.query(Device).one().step == "registered"


def test_a_cages_label_is_no_devices_label(app: Flask) -> None:
    town = a_town(devices=1, cages=1)
    body = {"device": town.devices[0]}
    (answer,) = town.send("officer", town.phones["officer"].scan("registered", town.cages[0], 0, body=body))
    assert "DOUBLE_BIND" in [code for code, _, _ in answer.verdict.findings]
    assert db.session.query(Device).one().code is None
