"""The open list: what a late scan explains goes away by itself, what a person settles stays settled."""

import pytest
from flask import Flask

from tests.factories.custody import Journey, Town, a_town
from tests.factories.identity import MORNING
from webapp.demo.phone import Phone
from webapp.kernel.base.clock import HOUR
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.intake.models import Receipt
from webapp.kernel.intake.service import Answer
from webapp.kernel.ledger import vault
from webapp.kernel.reconciliation.models import Cause, Closing, DiscrepancyRow
from webapp.kernel.reconciliation.service import is_blocked


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=2, cages=1)


def skipped(town: Town) -> DiscrepancyRow:
    """A device that was loaded without having been erased."""
    j = Journey(town)
    town.send("officer", *j.register(0), *j.load(0))
    return db.session.query(DiscrepancyRow).one()


def close(town: Town, who: str, discrepancy: str, reason: str = "explained", note: str = "") -> Answer:
    body = {"discrepancy": discrepancy, "reason": reason}
    item = Phone(town.p(who), town.log).command(
        "reconciliation.closed", MORNING, body, {"note": note} if note else None
    )
    return town.send(who, item)[0]


def code_of(answer: Answer) -> str:
    return answer.refusal.code if answer.refusal else ""


def test_a_discrepancy_is_closed_with_a_reason_and_stays_on_the_list(town: Town) -> None:
    row = skipped(town)
    answer = close(town, "officer", row.id, note="佐藤さんに確認した")
    assert code_of(answer) == ""
    assert db.session.get_one(DiscrepancyRow, row.id, populate_existing=True).closed
    assert db.session.query(Closing).one().reason == "explained"
    kept = vault.of_act(answer.id)
    assert vault.read(db.session(), town.log, [kept]) == {kept: {"note": "佐藤さんに確認した"}}


def test_the_second_who_closes_it_is_told_the_first_reason(town: Town) -> None:
    row = skipped(town)
    close(town, "officer", row.id)
    answer = close(town, "manager", row.id)
    assert answer.refusal is not None
    assert (answer.refusal.code, answer.refusal.params) == (
        "reconciliation.already_closed", {"reason": "事情を確認した"},
    )  # fmt: skip


@pytest.mark.parametrize("who", ["driver", "technician", "receiver"])
def test_not_everybody_may_close(town: Town, who: str) -> None:
    assert code_of(close(town, who, skipped(town).id)) == "reconciliation.not_allowed"


def test_a_reason_is_one_of_the_list(town: Town) -> None:
    assert (
        code_of(close(town, "officer", skipped(town).id, reason="because")) == "reconciliation.reason_needed"
    )


def test_what_is_not_there_cannot_be_closed(town: Town) -> None:
    assert code_of(close(town, "officer", new_id())) == "reconciliation.unknown"


def test_another_towns_discrepancy_cannot_be_closed(town: Town) -> None:
    row = skipped(town)
    other = a_town("062014")
    assert code_of(close(other, "officer", row.id)) == "reconciliation.unknown"


def test_a_discrepancy_goes_away_by_itself_when_a_late_scan_explains_it(town: Town) -> None:
    scope = skipped(town).scope
    assert is_blocked(db.session(), town.log, scope)
    town.send("technician", *Journey(town, MORNING + HOUR).sanitize(0))
    assert not is_blocked(db.session(), town.log, scope)
    assert db.session.query(DiscrepancyRow).count() == 0


def test_a_closed_one_that_goes_and_comes_back_is_open_again_as_a_new_one(town: Town) -> None:
    row = skipped(town)
    key, scope = row.id, row.scope
    close(town, "officer", key)
    (late,) = Journey(town, MORNING + HOUR).sanitize(0)
    (answer,) = town.send("technician", late)
    assert db.session.query(DiscrepancyRow).count() == 0
    undo = town.phones["technician"].scan(
        "void", town.codes[0], MORNING + 3 * HOUR, body={"target": answer.id, "reason": "wrong_step"}
    )
    town.send("technician", undo)
    back = db.session.query(DiscrepancyRow).one()
    assert back.id != key
    assert not back.closed
    assert is_blocked(db.session(), town.log, scope)
    # and it can be settled in its turn; what was decided before stays on record
    assert code_of(close(town, "manager", back.id, reason="accepted")) == ""
    assert not is_blocked(db.session(), town.log, scope)
    assert {(c.discrepancy, c.reason) for c in db.session.query(Closing)} == {
        (key, "explained"), (back.id, "accepted"),
    }  # fmt: skip


def test_a_closed_one_blocks_nothing(town: Town) -> None:
    row = skipped(town)
    scope = row.scope
    close(town, "officer", row.id)
    assert not is_blocked(db.session(), town.log, scope)


def test_a_scan_is_worth_what_all_its_discrepancies_say(town: Town) -> None:
    row = skipped(town)
    (cause,) = row.causes
    receipts = {receipt.id: receipt for receipt in db.session.query(Receipt)}
    found = receipts.pop(cause)
    assert (found.verdict, [finding["code"] for finding in found.findings]) == ("attention", ["SKIPPED"])
    assert {receipt.verdict for receipt in receipts.values()} == {"ok"}
    assert [(c.discrepancy, c.scan) for c in db.session.query(Cause)] == [(row.id, cause)]
