"""Whoever's phone finds the network first: the board, the verdicts and the discrepancies are the same."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.factories.custody import Town, the_door
from tests.factories.writers import Meanwhile, another_writer
from tests.journeys.stories import Story, a_town_of_trouble, seen, trouble
from webapp.kernel.base.db import db
from webapp.kernel.intake import service
from webapp.kernel.intake.rebuild import check, rebuild
from webapp.kernel.ledger.models import Head
from webapp.kernel.reconciliation.models import DiscrepancyRow

Again = Callable[[], None]
EXAMPLES = int(os.environ.get("ASHIATO_EXAMPLES", "20"))


@pytest.fixture
def town(sqlite_app: Flask) -> Town:
    return a_town_of_trouble()


@pytest.fixture
def story(town: Town) -> Story:
    return trouble(town)


@pytest.fixture
def again(sqlite_app: Flask, town: Town, tmp_path: Path) -> Again:
    """Puts the database back to the morning of the story."""
    kept, file = tmp_path / "morning.db", tmp_path / "test.db"
    db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    _close()
    shutil.copyfile(file, kept)

    def back() -> None:
        _close()
        for side in ("-wal", "-shm"):
            file.with_name(file.name + side).unlink(missing_ok=True)
        shutil.copyfile(kept, file)

    return back


def _close() -> None:
    db.session.remove()
    db.engine.dispose()


def tell(
    town: Town, story: Story, cuts: set[int], during: Callable[[], AbstractContextManager[Any]] = nullcontext
) -> dict[str, list[tuple[Any, ...]]]:
    """Send the story in this order, each batch `during` that; one ends where the person changes and at each cut."""
    batch: list[Any] = []
    for place, (who, item) in enumerate(story):
        batch.append(item)
        last = place + 1 == len(story)
        if last or place in cuts or story[place + 1][0] != who:
            with during():
                answers = town.send(who, *batch)
            assert [answer.refusal for answer in answers if answer.refusal] == []
            batch = []
    return seen(the_door(), town.log)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_order_and_any_batches_give_the_same_board(
    town: Town, story: Story, again: Again, data: st.DataObject
) -> None:
    again()
    expected = tell(town, story, set())
    order = data.draw(st.permutations(story))
    cuts = data.draw(st.sets(st.integers(0, len(story))))
    again()
    told = tell(town, order, cuts)
    for table, rows in expected.items():
        assert told[table] == rows, table
    assert check(the_door(), town.log) == []


@pytest.mark.parametrize("backwards", [False, True])
def test_what_is_gone_through_before_the_lock_is_free_comes_to_the_same(
    town: Town, story: Story, again: Again, monkeypatch: pytest.MonkeyPatch, *, backwards: bool
) -> None:
    """To the last byte of the log: nothing that is foreseen of a batch differs from what is decided under the lock."""
    monkeypatch.setattr(service, "WORTH_REHEARSING", 1)
    told, beforehand = story[::-1] if backwards else story, list[Meanwhile]()

    @contextmanager
    def while_another_writes() -> Iterator[None]:
        with another_writer() as meanwhile:
            yield
        beforehand.append(meanwhile)

    again()
    expected, tree = tell(town, told, {3, 20, 40}), db.session.get_one(Head, town.log).frontier
    again()
    assert tell(town, told, {3, 20, 40}, while_another_writes) == expected
    assert db.session.get_one(Head, town.log).frontier == tree
    assert all(meanwhile.rehearsed for meanwhile in beforehand)


def test_the_story_shows_nearly_every_discrepancy(town: Town, story: Story) -> None:
    tell(town, story, set())
    found = {row.code for row in db.session.query(DiscrepancyRow)}
    assert found >= {
        "CLOCK_SKEW", "COUNT_BALANCE", "DOUBLE_BIND", "DOUBLE_SCAN", "MISSING", "NOT_LISTED", "NOT_PERMITTED",
        "HANDOVER_DECLINED", "HANDOVER_UNANSWERED", "OFFER_AWAITED", "OFFER_WITHDRAWN", "ANSWER_MISMATCH",
        "ANSWER_BY_OTHER", "NO_WITNESS", "OPEN_UNLOGGED", "OUT_OF_ORDER", "OVERLAP", "PHOTO_MISSING", "SAME_PERSON",
        "SCAN_IN_TRANSIT", "SEAL_BROKEN", "SEAL_MISMATCH", "SKIPPED", "UNKNOWN_CODE", "VOID_CODE",
        "VOID_INEFFECTIVE", "WRONG_CAGE", "WRONG_LOT", "ZOMBIE",
    }  # fmt: skip


@pytest.mark.parametrize("chunk", [1, 7, 500])
def test_folding_again_gives_the_same_whatever_the_chunk(town: Town, story: Story, chunk: int) -> None:
    expected = tell(town, story, {3, 20, 40})
    rebuild(the_door(), town.log, chunk)
    assert seen(the_door(), town.log) == expected


@pytest.mark.parametrize("backwards", [False, True])
def test_the_story_folds_alike_on_this_database_too(app: Flask, *, backwards: bool) -> None:
    """Whatever the suite runs on; `conftest` folds it again afterwards."""
    town = a_town_of_trouble()
    told = trouble(town)
    expected = tell(town, told[::-1] if backwards else told, {5})
    rebuild(the_door(), town.log, 7)
    assert seen(the_door(), town.log) == expected


def test_a_changed_read_table_is_noticed_and_left_alone(town: Town, story: Story) -> None:
    tell(town, story, set())
    with db.engine.begin() as connection:
        forge = text("UPDATE custody_devices SET step = 'destroyed' WHERE id = :id")
        connection.execute(forge, {"id": town.devices[9]})
    assert check(the_door(), town.log) == [f"custody_devices {town.devices[9]}.step: 'destroyed' -> ''"]
    assert check(the_door(), town.log) != []
    rebuild(the_door(), town.log)
    assert check(the_door(), town.log) == []
