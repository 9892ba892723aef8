"""A database of an earlier day, a loop that meets trouble: what is published stays one history, and people are told."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.factories.custody import NOW
from tests.factories.ledger import LOG, ORIGIN, Witness, a_log, a_signer, admit, listening, write
from webapp.cli import make_cli
from webapp.kernel.base.db import db, transaction
from webapp.kernel.ledger import publication
from webapp.kernel.ledger.models import Head, Log, NodeState
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import Frontier, leaf_hash
from webapp.kernel.witnesses import commands, queries
from webapp.kernel.witnesses.publisher import Outcome, Publisher
from webapp.kernel.witnesses.status import SIGNER, Mood


def test_a_restored_old_database_is_not_signed_and_says_so(
    app: Flask, tmp_path: Path, database_url: str
) -> None:
    """Even if the signer's own folder is put back too: the nodes remember."""
    if not database_url.startswith("sqlite"):
        pytest.skip("copies a file")
    a_log(entries=300)
    nodes = [Witness(f"node{n}") for n in range(1, 5)]
    with listening(*nodes):
        with a_signer(tmp_path / "signer") as signer:
            for node in nodes:
                node.log = signer.open(LOG, ORIGIN)
            admit(LOG, *nodes)
            assert Publisher(signer).round()[0].is_enough
            _copy(tmp_path / "test.db", tmp_path / "yesterday.db")
            shutil.copytree(
                tmp_path / "signer", tmp_path / "signer-yesterday", ignore=lambda *_: ["signer.sock"]
            )
            write(LOG, 50)
            assert Publisher(signer).round()[0].size == 350
        _copy(tmp_path / "yesterday.db", tmp_path / "test.db")
        write(LOG, 60)  # another future: 360 entries
        with a_signer(tmp_path / "signer-yesterday") as signer:
            (outcome,) = Publisher(signer).round()
    assert outcome.problems == {SIGNER: "inconsistent"}
    assert db.session.get_one(NodeState, (LOG, SIGNER)).failure == "inconsistent"
    assert publication.latest(db.session(), LOG).size == 300
    assert {node.kept[ORIGIN][0].size for node in nodes} == {350}


def _copy(source: Path, target: Path) -> None:
    db.session.remove()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.engine.dispose()
    for path in target.parent.glob(f"{target.name}-*"):
        path.unlink()
    shutil.copyfile(source, target)


def test_once_says_what_is_left_to_do(app: Flask, tmp_path: Path) -> None:
    a_log(entries=3)
    run: Callable[..., Any] = lambda: app.test_cli_runner().invoke(  # noqa: E731
        make_cli(lambda: app), ["ledger", "publish", "--once"]
    )
    without = run()
    assert (without.exit_code, "signer: unavailable" in without.output) == (1, True)
    with a_signer(tmp_path / "signer"):
        assert (run().exit_code, run().output) == (0, f"{LOG}  signed 3  cosigned by 0 (no quorum)\n")
        admit(LOG, Witness("gone", None))
        assert run().exit_code == 1


class Stumbling:
    """A publisher that stumbles once."""

    def __init__(self, stop: threading.Event) -> None:
        self.rounds, self._stop = 0, stop

    def is_due(self) -> bool:
        return True

    def round(self) -> list[Outcome]:
        self.rounds += 1
        if self.rounds == 1:
            raise RuntimeError("the database is gone")
        if self.rounds == 3:
            self._stop.set()
        return [Outcome(LOG, 7)]


def test_a_round_that_fails_does_not_end_the_loop(
    app: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "LOOK_EVERY_S", 0.01)
    stop = threading.Event()
    publisher = Stumbling(stop)
    commands.publish_until(publisher, 0.01, stop)  # type: ignore[arg-type]
    assert publisher.rounds == 3
    assert capsys.readouterr().out.count("signed 7") == 1  # what has not changed is not said twice


def test_a_database_that_was_put_back_is_noticed_before_anything_is_appended(
    app: Flask, tmp_path: Path
) -> None:
    """It fits in itself; only the signer and the nodes know that there was more."""
    a_log(entries=5)
    with a_signer(tmp_path / "signer") as signer:
        publisher = Publisher(signer)
        publisher.round()
        session = db.session()
        head = publication.head(session, LOG)
        longer = Frontier.from_bytes(5, session.get_one(Head, LOG).frontier)
        proof = _one_more(longer)
        signer.sign(Checkpoint(ORIGIN, 6, longer.root()), proof, head.size)
        (outcome,) = publisher.round()
    assert outcome.problems == {SIGNER: "smaller"}
    status = queries.status_of(db.session(), db.session.get_one(Log, LOG), NOW)
    assert (status.mood, "古いバックアップ" in status.refusal) == (Mood.REFUSED, True)


def _one_more(frontier: Frontier) -> list[bytes]:
    """Append an entry; the proof from 5 entries to 6."""
    whole, lone = (frontier.to_bytes()[at : at + 32] for at in (0, 32))
    lost = leaf_hash(b"lost")
    frontier.push(lost)
    return [lone, lost, whole]


def test_a_head_that_was_rewritten_in_its_place_is_noticed_though_nothing_is_new(
    app: Flask, tmp_path: Path
) -> None:
    a_log(entries=4)
    with a_signer(tmp_path / "signer") as signer:
        publisher = Publisher(signer)
        publisher.round()
        with transaction() as session:
            session.get_one(Head, LOG).frontier = b"f" * 32
        (outcome,) = publisher.round()
    assert outcome.problems == {SIGNER: "inconsistent"}
