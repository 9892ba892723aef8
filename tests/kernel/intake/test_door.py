"""What the door does with what is well formed: once, in its place, and true whatever comes later."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from tests.factories.custody import NOW, Journey, Town, a_town, issue_codes
from tests.factories.identity import MORNING
from tests.kernel.intake.acts import a_registration, changed, code_of, size
from webapp.custody import projection
from webapp.custody.models import ScanRow
from webapp.demo.phone import Phone
from webapp.kernel.base.clock import DAY, HOUR, MINUTE
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.intake.models import Contradiction, Receipt
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import LedgerEntry, VaultRecord
from webapp.kernel.reconciliation.models import DiscrepancyRow


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=3, cages=1)


def test_the_same_act_again_is_a_duplicate_in_the_same_place(town: Town) -> None:
    item = a_registration(town)
    (first,), before = town.send("officer", item), size(town.log)
    (again,) = town.send("officer", item, now=NOW + DAY)
    assert (again.duplicate, again.log, again.index) == (True, first.log, first.index)
    assert size(town.log) == before == first.index + 1


def test_a_duplicate_tells_todays_verdict(town: Town) -> None:
    item = town.phones["officer"].scan("loaded", town.codes[0], MORNING + HOUR, parent=town.cages[0])
    assert town.send("officer", item)[0].verdict.verdict == "waiting"
    town.send("officer", a_registration(town))
    town.send("technician", *Journey(town, MORNING).sanitize(0))
    assert town.send("officer", item)[0].verdict.verdict == "ok"


def test_the_same_id_with_other_content_is_refused_and_both_are_kept(town: Town) -> None:
    item = a_registration(town)
    town.send("officer", item)
    other = changed(item, at=MORNING + 1)
    before = size(town.log)
    for _ in range(2):
        assert code_of(town.send("officer", other)[0]) == "intake.id_conflict"
    assert size(town.log) == before
    assert [row.p for row in db.session.query(Contradiction)] == [other["p"]]
    assert db.session.get_one(LedgerEntry, (town.log, before - 1)).raw.find(b"registered") > 0


def test_a_stranger_cannot_fill_our_shelf_with_contradictions(town: Town) -> None:
    item = a_registration(town)
    town.send("officer", item)
    stranger = a_town("062014")
    assert code_of(stranger.send("officer", changed(item, at=5))[0]) == "intake.not_a_party"
    assert db.session.query(Contradiction).count() == 0


def test_the_same_id_twice_in_one_batch_is_one_act(town: Town) -> None:
    item, before = a_registration(town), size(town.log)
    answers = town.send("officer", item, item, changed(item, at=MORNING + 1), item)
    assert [(a.index, a.duplicate, code_of(a)) for a in answers] == [
        (before, False, ""), (before, True, ""), (-1, False, "intake.id_conflict"), (before, True, ""),
    ]  # fmt: skip
    assert size(town.log) == before + 1


def test_a_refused_act_repeated_in_one_batch_is_refused_for_the_same_reason(town: Town) -> None:
    item = changed(a_registration(town), job=new_id())
    assert [code_of(a) for a in town.send("officer", item, item)] == ["custody.not_a_party"] * 2


def test_a_malformed_twin_does_not_hide_the_good_one(town: Town) -> None:
    item = a_registration(town)
    bad = changed(item, place="佐藤")
    assert [code_of(a) for a in town.send("officer", bad, item, item)] == ["intake.malformed", "", ""]


def test_a_batch_that_was_cut_lands_whole_the_second_time(town: Town) -> None:
    items = [a_registration(town, 0), a_registration(town, 1), a_registration(town, 2)]
    town.send("officer", *items[:2])
    answers, start = town.send("officer", *items), size(town.log) - 3
    assert [(a.index, a.duplicate) for a in answers] == [(start, True), (start + 1, True), (start + 2, False)]


def test_an_unknown_code_waits_until_its_registration_arrives(town: Town) -> None:
    item = town.phones["officer"].scan("loaded", town.codes[0], MORNING + HOUR, parent=town.cages[0])
    (answer,) = town.send("officer", item)
    assert (answer.verdict.verdict, answer.verdict.findings[0][0]) == ("waiting", "UNKNOWN_CODE")
    town.send("technician", *Journey(town, MORNING).sanitize(0))
    town.send("officer", a_registration(town))
    row = db.session.get_one(Receipt, answer.id)
    assert (row.verdict, row.findings) == ("ok", [])
    assert db.session.query(DiscrepancyRow).count() == 0


def test_a_void_code_is_recorded_and_says_so(town: Town) -> None:
    (lost,) = issue_codes(town, "device", 1)
    desk = Phone(town.p("officer"), town.log)
    assert code_of(town.send("officer", desk.command("codes.voided", MORNING, {"code": lost}))[0]) == ""
    (answer,) = town.send(
        "officer", town.phones["officer"].scan("loaded", lost, MORNING, parent=town.cages[0])
    )
    assert [code for code, _, _ in answer.verdict.findings] == ["VOID_CODE"]


def test_another_towns_device_is_recorded_and_says_so(town: Town) -> None:
    other = a_town("062014", devices=1)
    (answer,) = town.send(
        "officer", town.phones["officer"].scan("loaded", other.codes[0], MORNING, parent=town.cages[0])
    )
    assert [code for code, _, _ in answer.verdict.findings] == ["WRONG_LOT"]
    assert db.session.query(ScanRow).filter_by(log=other.log).count() == 0


@pytest.mark.parametrize(
    "at",
    [NOW + HOUR, NOW + 10_000 * DAY, 0, -(2**52), 2**52],
    ids=["in an hour", "in 27 years", "1970", "long ago", "far"],
)
def test_an_impossible_time_is_recorded_and_says_so(town: Town, at: int) -> None:
    body = {"device": town.devices[0]}
    (answer,) = town.send("officer", town.phones["officer"].scan("registered", town.codes[0], at, body=body))
    assert (answer.verdict.verdict, [code for code, _, _ in answer.verdict.findings]) == (
        "attention",
        ["CLOCK_SKEW"],
    )
    assert db.session.query(ScanRow).one().at == at


def test_a_clock_that_is_known_to_be_wrong_is_corrected_and_says_so(town: Town) -> None:
    phone = Phone(town.p("officer"), town.log, town.job, off=-3 * HOUR)
    scan = phone.scan("registered", town.codes[0], MORNING + 3 * HOUR, body={"device": town.devices[0]})
    (answer,) = town.send("officer", scan)
    assert [code for code, _, _ in answer.verdict.findings] == ["CLOCK_SKEW"]
    assert db.session.query(ScanRow).one().at == MORNING


def test_a_clock_that_is_right_within_two_minutes_is_no_question(town: Town) -> None:
    phone = Phone(town.p("officer"), town.log, town.job, off=MINUTE)
    body = {"device": town.devices[0]}
    (answer,) = town.send("officer", phone.scan("registered", town.codes[0], NOW + MINUTE // 2, body=body))
    assert answer.verdict.verdict == "ok"


def test_a_question_about_a_clock_stays_when_the_device_moves_on(town: Town) -> None:
    phone = Phone(town.p("officer"), town.log, town.job, off=-3 * HOUR)
    scan = phone.scan("registered", town.codes[0], MORNING, body={"device": town.devices[0]})
    (answer,) = town.send("officer", scan)
    town.send("officer", *Journey(town).load(0))  # skipped the erasure
    town.send("technician", *Journey(town, MORNING - 2 * HOUR).sanitize(0))  # which arrives late
    assert db.session.get_one(Receipt, answer.id).verdict == "attention"


def test_serial_numbers_and_notes_lie_in_the_vault_and_not_in_the_log(town: Town) -> None:
    item = a_registration(town, private={"serial": "SER-SECRET-1", "note": "佐藤さんの机"})
    (answer,) = town.send("officer", item)
    raw = b"".join(db.session.query(LedgerEntry.raw).all()[-1])
    assert b"SER-SECRET" not in raw
    assert "佐藤".encode() not in raw
    kept = vault.of_act(answer.id)
    assert vault.read(db.session(), town.log, [kept])[kept]["serial"] == "SER-SECRET-1"


def test_a_transaction_that_fails_leaves_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    before = size(town.log)
    monkeypatch.setattr("webapp.kernel.intake.service.revise", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        town.send("officer", a_registration(town))
    monkeypatch.undo()
    assert (size(town.log), db.session.query(ScanRow).count()) == (before, 0)
    with transaction():
        pass
    assert town.send("officer", a_registration(town))[0].index == before


def fails_for(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A fault of ours: folding anything about this code raises."""
    honest = projection.project

    def project(session: Any, log: str, entries: Any) -> Any:
        if any(entry.data.get("code") == code for entry in entries):
            raise KeyError(code)
        return honest(session, log, entries)

    monkeypatch.setattr(projection, "project", project)


def test_a_fault_of_ours_about_one_act_does_not_keep_the_others_out(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, items = size(town.log), Journey(town).register(0, 1, 2)
    fails_for(monkeypatch, town.codes[1])
    answers = town.send("officer", *items)
    assert [code_of(answer) for answer in answers] == ["", "intake.fault", ""]
    assert size(town.log) == before + 2
    # and once it is mended, the act that the phone has kept is taken
    monkeypatch.undo()
    assert [answer.duplicate for answer in town.send("officer", *items)] == [True, False, True]


def test_a_fault_that_concerns_everything_is_no_acts_and_refuses_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = size(town.log)
    monkeypatch.setattr(projection, "project", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        town.send("officer", *Journey(town).register(0, 1))
    assert size(town.log) == before


def test_a_traceback_of_the_database_names_no_values(town: Town) -> None:
    with pytest.raises(IntegrityError) as caught, transaction() as session:
        session.execute(insert(VaultRecord), [{"commit": "c", "log": None, "subject": "SER-SECRET-1"}])
    assert "[parameters: (" not in str(caught.value)
