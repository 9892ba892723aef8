"""While another process has the write lock of SQLite, a batch is gone through; it is written if nothing has changed."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from tests.factories.custody import NOW, Journey, Town, a_town, the_door
from tests.factories.identity import MORNING
from tests.factories.writers import another_writer
from webapp.custody.models import Device
from webapp.demo.phone import Phone
from webapp.kernel.base.db import db
from webapp.kernel.intake import service
from webapp.kernel.intake.rebuild import check
from webapp.kernel.intake.service import Answer
from webapp.kernel.ledger.models import Head, LedgerEntry
from webapp.kernel.ledger.verification import verify
from webapp.kernel.reconciliation.models import DiscrepancyRow

THIRTY = range(1, 31)


@pytest.fixture
def town(sqlite_app: Flask) -> Town:
    """On SQLite, where one process at a time can write."""
    return a_town(devices=120, cages=1)


def size(log: str) -> int:
    db.session.expire_all()
    return db.session.get_one(Head, log).size


def is_whole(log: str) -> None:
    assert verify(db.session(), log).fault == ""
    assert check(the_door(), log) == []


def places(answers: list[Answer]) -> list[int]:
    assert [answer.refusal for answer in answers if answer.refusal] == []
    return [answer.index for answer in answers]


def registered() -> int:
    return db.session.query(Device).filter(Device.code.is_not(None)).count()


def test_a_batch_is_gone_through_while_the_lock_is_somebody_elses_and_then_written(town: Town) -> None:
    before = size(town.log)
    with another_writer() as meanwhile:
        answers = town.send("officer", *Journey(town).register(*THIRTY))
    assert meanwhile.rehearsed
    assert places(answers) == list(range(before, before + 30))
    assert {answer.verdict.verdict for answer in answers} == {"ok"}
    assert registered() == 30
    is_whole(town.log)


def test_what_the_other_one_writes_comes_first_and_ours_after_it(town: Town) -> None:
    """Others' entries about other things change no answer: only our places move."""
    before = size(town.log)
    with another_writer(lambda: town.send("officer2", *_as(town, "officer2", 40, 45))) as meanwhile:
        answers = town.send("officer", *Journey(town).register(*THIRTY))
    assert places(meanwhile.answers[0]) == list(range(before, before + 5))
    assert places(answers) == list(range(before + 5, before + 35))
    entries = db.session.query(LedgerEntry.id).filter(LedgerEntry.index >= before + 5)
    assert [id for (id,) in entries.order_by(LedgerEntry.index)] == [answer.id for answer in answers]
    is_whole(town.log)


def _as(town: Town, who: str, first: int, last: int) -> list[Any]:
    """Registrations by somebody else."""
    phone = town.phones[who]
    return [
        phone.scan("registered", town.codes[n], MORNING + n, body={"device": town.devices[n]})
        for n in range(first, last)
    ]


def test_what_the_other_one_writes_about_the_same_things_is_judged_with_it(town: Town) -> None:
    # given devices that are loaded here, and registered by somebody else in that very moment
    j = Journey(town)
    load = j.load(*THIRTY)
    with another_writer(lambda: town.send("officer2", *_as(town, "officer2", 1, 31))) as meanwhile:
        answers = town.send("officer", *load)
    # then what was foreseen for devices that nobody had registered is not what is written
    assert meanwhile.rehearsed
    places(answers)
    found = {code for answer in answers for code, _, _ in answer.verdict.findings}
    assert "SKIPPED" in found
    assert "UNKNOWN_CODE" not in found
    assert {row.code for row in db.session.query(DiscrepancyRow)} == found
    is_whole(town.log)


def test_the_same_batch_taken_by_another_process_meanwhile_is_there_once(town: Town) -> None:
    """The phone gave up waiting and sent again, and the second upload was faster."""
    before, items = size(town.log), Journey(town).register(*THIRTY)
    with another_writer(lambda: town.send("officer", *items)) as meanwhile:
        answers = town.send("officer", *items)
    (first,) = meanwhile.answers
    assert places(answers) == places(first) == list(range(before, before + 30))
    assert [answer.duplicate for answer in answers] == [True] * 30
    assert [answer.duplicate for answer in first] == [False] * 30
    assert size(town.log) == before + 30
    is_whole(town.log)


def test_refusals_and_repetitions_within_a_batch_are_answered_as_ever(town: Town) -> None:
    before, items = size(town.log), Journey(town).register(*THIRTY)
    strange = Phone(town.p("driver"), town.log, town.job).scan("registered", town.codes[50], MORNING)
    with another_writer() as meanwhile:
        answers = town.send("officer", *items, items[3], strange, {"p": "{"})
    assert meanwhile.rehearsed
    assert places(answers[:31]) == [*range(before, before + 30), before + 3]
    assert answers[30].duplicate
    codes = [answer.refusal.code for answer in answers[31:] if answer.refusal]
    assert codes == ["intake.not_your_scan", "intake.malformed"]
    is_whole(town.log)


def test_a_command_is_decided_under_the_lock_and_nowhere_else(town: Town) -> None:
    phone = Phone(town.p("officer"), town.log)
    issue = phone.command("codes.issued", MORNING, {"kind": "device", "count": 3})
    before = size(town.log)
    with another_writer():
        answers = town.send("officer", *Journey(town).register(*THIRTY), issue)
    assert places(answers) == list(range(before, before + 31))
    is_whole(town.log)


def test_a_small_batch_just_waits(town: Town) -> None:
    with another_writer(patience=0.3) as meanwhile:
        places(town.send("officer", *Journey(town).register(1, 2)))
    assert not meanwhile.rehearsed
    assert registered() == 2


def test_nothing_is_gone_through_twice_when_nobody_else_writes(town: Town) -> None:
    begun: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("BEGIN"):
            begun.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        places(town.send("officer", *Journey(town).register(*THIRTY)))
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert begun == ["BEGIN IMMEDIATE"]


def test_a_fault_of_ours_is_met_under_the_lock(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ever: the one act that it concerns is refused, the others are taken."""
    before, items = size(town.log), Journey(town).register(*THIRTY)
    honest = service._Batch._observed  # noqa: SLF001

    def observed(batch: Any, act: Any) -> Any:
        return 1 / 0 if act.code == town.codes[7] else honest(batch, act)

    monkeypatch.setattr(service._Batch, "_observed", observed)  # noqa: SLF001
    with another_writer() as meanwhile:
        answers = town.send("officer", *items)
    assert meanwhile.rehearsed
    assert [place for place, answer in enumerate(answers) if answer.refusal] == [6]
    assert size(town.log) == before + 29
    is_whole(town.log)


def test_under_the_lock_the_questions_are_as_many_for_twenty_five_as_for_a_hundred(town: Town) -> None:
    j = Journey(town)
    town.send("officer", *j.register(0), *j.load(0))
    few, many = (_statements(town, j.register(*part)) for part in (range(1, 26), range(26, 120)))
    assert few == many
    assert few <= 30


def _statements(town: Town, items: list[Any]) -> int:
    """Statements from BEGIN IMMEDIATE to the end; the tile that every 256th entry completes is counted apart."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    db.session().info.clear()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with another_writer() as meanwhile:
            places(town.send("officer", *items, now=NOW))
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert meanwhile.rehearsed
    under = said[said.index("BEGIN IMMEDIATE") + 1 :]
    return len([statement for statement in under if "ledger_tiles" not in statement])
