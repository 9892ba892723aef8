"""Two phones at once, each with its own connection, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest
from flask import Flask
from sqlalchemy import select

from tests.conftest import an_empty_file, running
from tests.factories.custody import (
    NOW,
    Journey,
    Town,
    a_draft,
    a_town,
    an_author,
    issue_codes,
    the_door,
    work_together,
)
from tests.factories.identity import MORNING, a_person
from webapp.custody.models import Cage, Device
from webapp.demo.phone import Phone
from webapp.kernel.base.db import db, transaction
from webapp.kernel.intake.rebuild import check
from webapp.kernel.intake.service import Answer
from webapp.kernel.ledger.log import Draft, lock_heads
from webapp.kernel.ledger.models import Head, LedgerEntry
from webapp.kernel.ledger.verification import verify
from webapp.kernel.reconciliation.models import Closing, DiscrepancyRow

Act = Callable[[], list[Answer]]


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application on either database, whatever the rest of the suite runs on."""
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres_url"))
    else:
        url = an_empty_file(request.getfixturevalue("sqlite_template"), tmp_path)
    with running(url, tmp_path) as app:
        yield app


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=4, cages=1)


def at_once(app: Flask, *acts: Act) -> list[list[Answer]]:
    """Each in a thread and application context of its own, let go at the same moment."""
    db.session.remove()
    barrier = Barrier(len(acts))

    def run(act: Act) -> list[Answer]:
        with app.app_context():
            barrier.wait(10)
            return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result(60) for done in [pool.submit(run, act) for act in acts]]


def code_of(answer: Answer) -> str:
    return answer.refusal.code if answer.refusal else ""


def is_whole(log: str) -> None:
    """Nothing was lost, doubled or interleaved."""
    assert verify(db.session(), log).fault == ""
    assert check(the_door(), log) == []


def test_of_two_who_take_over_one_list_exactly_one_does(app: Flask, town: Town) -> None:
    # given a previewed list
    draft = a_draft(town, 30, file_sha256="e2" * 32, first=100)
    body = {"consignment": town.job, "draft": draft, "file_sha256": "e2" * 32, "devices": 30}
    acts = [
        Phone(town.p(who), town.log).command("custody.import_committed", MORNING, body)
        for who in ("officer", "officer2")
    ]
    # when two officers confirm it at once
    answers = at_once(app, lambda: town.send("officer", acts[0]), lambda: town.send("officer2", acts[1]))
    # then it is there once, and the other is told
    said = sorted(code_of(answer) for (answer,) in answers)
    assert said[0] == ""
    assert said[1] in {"custody.already_imported", "custody.draft_gone"}
    assert db.session.query(Device).filter_by(consignment=town.job).count() == 4 + 30
    is_whole(town.log)


def test_of_two_who_close_one_discrepancy_exactly_one_does(app: Flask, town: Town) -> None:
    # given a skipped step
    j = Journey(town)
    town.send("officer", *j.register(0), *j.load(0))
    row = db.session.query(DiscrepancyRow).one()
    # when two people close it at once
    answers = at_once(
        app,
        *(
            lambda who=who, reason=reason: town.send(
                who,
                Phone(town.p(who), town.log).command(
                    "reconciliation.closed", MORNING, {"discrepancy": row.id, "reason": reason}
                ),
            )
            for who, reason in (("officer", "explained"), ("manager", "accepted"))
        ),
    )
    # then one reason stands and the other person is told it
    assert sorted(code_of(answer) for (answer,) in answers) == ["", "reconciliation.already_closed"]
    assert db.session.query(Closing).count() == 1
    assert db.session.get_one(DiscrepancyRow, row.id, populate_existing=True).closed
    is_whole(town.log)


def test_two_batches_with_the_same_scans_are_one(app: Flask, town: Town) -> None:
    items = Journey(town).register(0, 1, 2, 3)
    answers = at_once(app, lambda: town.send("officer", *items[:3]), lambda: town.send("officer", *items[1:]))
    places = [{a.id: a.index for a in batch} for batch in answers]
    assert all(places[0][key] == places[1][key] for key in places[0].keys() & places[1].keys())
    assert sorted(a.duplicate for batch in answers for a in batch) == [False] * 4 + [True] * 2
    is_whole(town.log)


def test_two_hand_overs_at_once_are_both_on_record_and_one_question(app: Flask, town: Town) -> None:
    j = Journey(town)
    town.send("officer", *j.register(0), *j.load(0), j.lock([0]))
    at = j.tick()
    pairs = (("officer", "driver"), ("officer2", "driver2"))
    scans = [
        town.phones[giver].scan("handed_over", town.cages[0], at, body={"to": town.p(to)})
        for giver, to in pairs
    ]
    answers = at_once(app, lambda: town.send("officer", scans[0]), lambda: town.send("officer2", scans[1]))
    assert [code_of(answer) for (answer,) in answers] == ["", ""]
    assert db.session.query(DiscrepancyRow).filter_by(code="OVERLAP").count() == 1
    assert db.session.query(Cage).one().departed_at == at
    is_whole(town.log)


def test_four_writers_never_share_a_place(app: Flask, town: Town) -> None:
    # given four phones with twenty scans each
    codes = issue_codes(town, "device", 80)
    who = ("officer", "officer2", "receiver", "technician")
    scans = {
        name: [town.phones[name].scan("loaded", code, MORNING + n) for n, code in enumerate(codes[start::4])]
        for start, name in enumerate(who)
    }
    start = verify(db.session(), town.log).size
    # when they send in small batches, all at once
    answers = at_once(app, *(lambda name=name: _in_fives(town, name, scans[name]) for name in who))
    # then every place is taken once and no batch is torn apart
    places = [[answer.index for answer in mine] for mine in answers]
    assert sorted(place for mine in places for place in mine) == list(range(start, start + 80))
    for mine in places:
        assert all(mine[n : n + 5] == list(range(mine[n], mine[n] + 5)) for n in range(0, 20, 5))
    is_whole(town.log)


def _in_fives(town: Town, who: str, items: list[dict[str, object]]) -> list[Answer]:
    return [answer for n in range(0, len(items), 5) for answer in town.send(who, *items[n : n + 5])]


def test_the_second_writer_decides_on_what_the_first_has_written(app: Flask, town: Town) -> None:
    """The head is the lock: who comes second waits, and reads the size that the first has left."""
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        pytest.skip("BEGIN IMMEDIATE lets nobody in at all; this is about the row lock of PostgreSQL")
    locked, sizes = Event(), list[int]()

    def second() -> None:
        with app.app_context():
            locked.wait(10)
            with transaction() as session:
                sizes.append(lock_heads(session, [town.log]).size(town.log))

    other = Thread(target=second)
    other.start()
    with transaction() as session:
        heads = lock_heads(session, [town.log])
        before = heads.size(town.log)
        locked.set()
        other.join(0.5)
        assert other.is_alive()
        assert sizes == []
        by = town.authors["officer"].by(town.log)
        heads.append(session, town.log, [Draft("x", "kernel.said", by, {"body": {}}, {})], NOW)
    other.join(10)
    assert sizes == [before + 1]


def test_a_new_person_gets_one_pseudonym_however_often_they_begin_at_once(app: Flask, town: Town) -> None:
    person = a_person("officer", town.town)
    db.session.remove()
    barrier = Barrier(3)

    def begin() -> str:
        with app.app_context():
            barrier.wait(10)
            return an_author(person, town.log).pseudonyms[town.log]

    with ThreadPoolExecutor(3) as pool:
        names = {done.result(30) for done in [pool.submit(begin) for _ in range(3)]}
    assert len(names) == 1


def test_two_logs_in_one_batch_do_not_wait_for_each_other_in_a_ring(app: Flask, town: Town) -> None:
    """An ITAD company works in two logs; two of its phones send both, in opposite order."""
    other = a_town("062014")
    work_together(town, other)
    size = {log: db.session.scalar(select(Head.size).where(Head.log == log)) for log in (town.log, other.log)}
    authors = [an_author(town.people[who], town.log, other.log) for who in ("receiver", "checker")]
    batches = []
    for author, logs in zip(authors, ((town.log, other.log), (other.log, town.log)), strict=True):
        phones = [Phone(author.pseudonyms[log], log) for log in logs]
        batches.append([phones[n % 2].scan("loaded", f"x-{0:020x}", MORNING + n) for n in range(20)])
    answers = at_once(app, *(lambda n=n: the_door().receive(batches[n], authors[n], NOW) for n in range(2)))
    assert all(answer.index >= 0 for batch in answers for answer in batch)
    entries = {log: db.session.query(LedgerEntry).filter_by(log=log).count() for log in size}
    assert entries == {log: (was or 0) + 20 for log, was in size.items()}
