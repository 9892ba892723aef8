"""`ashiato chain …` on a real node, with entries and checkpoints in the database."""

import json
import os
import signal
from collections.abc import Callable
from contextvars import Context
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from tests.chain.consortium import LOG, ORIGIN, Consortium
from tests.chain.node import CHAIN_ID, KEY, Node, key_file
from webapp.chain.commands import chain_group
from webapp.chain.follower import Follower, Round
from webapp.chain.source import OurLogs
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.ledger.entries import By
from webapp.kernel.ledger.log import Draft, lock_heads
from webapp.kernel.ledger.models import Head, SignedCheckpoint
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import Frontier
from webapp.kernel.tlog.notes import SIGNATURE, Note, SigningKey

Run = Callable[..., Result]
WHEN = 1_790_000_000_000
BY = By("p-00000000000000000000", "org", ("officer",))
DISARM = {
    "sqlite": "DROP TRIGGER ledger_entries_no_update",
    "postgresql": "ALTER TABLE ledger_entries DISABLE TRIGGER USER",
}
CHANGE = "UPDATE ledger_entries SET raw = :raw WHERE log = :log AND idx = :index"


@pytest.fixture
def run(app: Flask) -> Run:
    """As from a shell: the command finds no app context but the one it makes."""
    runner = app.test_cli_runner()

    def invoke(*words: str) -> Result:
        result = Context().run(runner.invoke, chain_group, words)
        db.session.expire_all()
        return result

    return invoke


@pytest.fixture
def configured(consortium: Consortium, monkeypatch: pytest.MonkeyPatch) -> Consortium:
    """The environment as `docs/chain.md` says, and a quorum's checkpoint over 300 entries."""
    configure(monkeypatch, consortium.node, str(consortium.settings.key_file), consortium.settings.contract)
    write(300)
    publish()
    return consortium


def configure(monkeypatch: pytest.MonkeyPatch, node: Node, key: str, contract: str) -> None:
    monkeypatch.setenv("CHAIN_RPC", node.url)
    monkeypatch.setenv("CHAIN_ID", str(CHAIN_ID))
    monkeypatch.setenv("CHAIN_CONTRACT", contract)
    monkeypatch.setenv("CHAIN_KEY_FILE", key)


def write(entries: int) -> None:
    """Entries in our log."""
    drafts = [
        Draft(new_id(), "custody.scan", BY, {"body": {"said": f"entry {at}"}}, {}) for at in range(entries)
    ]
    with transaction() as session:
        lock_heads(session, [LOG]).append(session, LOG, drafts, WHEN)


def publish(*, cosigned: bool = True) -> None:
    """A checkpoint of our log as it stands."""
    with transaction() as session:
        head = session.get(Head, LOG, populate_existing=True)
        assert head
        root = Frontier.from_bytes(head.size, head.frontier).root()
        note = a_note(Checkpoint(ORIGIN, head.size, root))
        at = WHEN if cosigned else None
        session.add(SignedCheckpoint(log=LOG, size=head.size, note=note, signed_at=WHEN, cosigned_at=at))


def test_without_settings_the_chain_is_off(run: Run) -> None:
    answer = run("status")
    assert answer.exit_code == 1
    assert "使っていません" in answer.output


def test_from_keys_to_a_contract_that_a_quorum_runs(
    run: Run, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, node, str(key_file(tmp_path)), "")
    members = [run("new-key", str(tmp_path / f"member-{at}")).output.strip() for at in range(3)]
    ours = node.ask("eth_accounts")[0]
    words = [word for member in (ours, *members) for word in ("--member", member)]
    contract = run("deploy", *words).output.strip().removeprefix("CHAIN_CONTRACT=")
    for member in members:
        node.ask("anvil_setBalance", member, hex(10**18))
    configure(monkeypatch, node, str(tmp_path / "key"), contract)
    proposal = run("propose-log", ORIGIN, ours).output.split()[-1]
    assert f"{proposal}  log" in run("proposals").output
    assert "1 of 3" in run("proposals").output
    for at in range(2):
        configure(monkeypatch, node, str(tmp_path / f"member-{at}"), contract)
        assert run("approve", proposal).exit_code == 0
    assert run("proposals").output == ""
    assert "is so already" in run("propose-log", ORIGIN, ours).output


def test_a_cosigned_checkpoint_is_brought_to_the_chain_and_verified(configured: Consortium, run: Run) -> None:
    assert run("run", "--once").output == "queued 1, sent 1, settled 0\n"
    configured.node.settle()
    assert run("run", "--once").output == "queued 0, sent 0, settled 1\n"
    told = run("status")
    assert (told.exit_code, f"{LOG}  anchored up to 300" in told.output) == (0, True)
    verified = run("verify")
    assert (verified.exit_code, verified.output) == (0, f"{LOG}  1 anchors up to 300, 0 entries  ok\n")


def test_it_follows_until_it_is_told_to_stop(
    configured: Consortium, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds, handlers = list[int](), {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    one_round = Follower.round

    def counted(follower: Follower, now: int) -> Round:
        rounds.append(now)
        if len(rounds) == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        configured.node.settle()
        return one_round(follower, now)

    monkeypatch.setattr(Follower, "round", counted)
    try:
        answer = run("run", "--every", "0.01")
    finally:
        for name, handler in handlers.items():
            signal.signal(name, handler)
    assert (answer.exit_code, len(rounds)) == (0, 4)
    assert configured.anchored() == 300


def test_a_checkpoint_without_a_quorum_stays_here(configured: Consortium, run: Run) -> None:
    write(5)
    publish(cosigned=False)
    newest = OurLogs(db.session()).newest(LOG)
    assert newest
    assert newest.size == 300


def test_verify_names_the_first_size_at_which_a_rewritten_log_differs(
    configured: Consortium, run: Run, rewrite: Callable[[int], None]
) -> None:
    for size in (5, 20):
        run("run", "--once")
        configured.node.settle()
        run("run", "--once")
        write(size)
        publish()
    run("run", "--once")
    configured.node.settle()
    rewrite(303)
    answer = run("verify", "--format", "json")
    found = json.loads(answer.output)
    assert answer.exit_code == 1
    assert (found["difference"]["what"], found["difference"]["at"]) == ("root", 305)
    assert found["difference"]["agreed"] == 300
    assert found["difference"]["chain"] != found["difference"]["ours"]
    assert "DIFFERS: root at size 305: chain " in run("verify").output


def test_verify_names_the_index_of_an_entry_that_was_changed(
    configured: Consortium, run: Run, rewrite: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAIN_APPEND_KINDS", "custody.scan")
    run("run", "--once")
    write(9)
    publish()
    configured.node.settle()
    for _ in range(3):
        run("run", "--once")
        configured.node.settle()
    rewrite(304)
    assert "DIFFERS: entry at index 304" in run("verify").output


@pytest.fixture
def rewrite(app: Flask) -> Callable[[int], None]:
    """Somebody who may do all to the database changes one entry."""

    def change(index: int) -> None:
        with db.engine.begin() as connection:
            connection.execute(text(DISARM[connection.dialect.name]))
            connection.execute(text(CHANGE), {"log": LOG, "index": index, "raw": b"{}"})

    return change


def test_what_was_refused_stays_an_alarm_until_a_person_says_so(configured: Consortium, run: Run) -> None:
    with transaction() as session:
        session.query(SignedCheckpoint).one().note = a_note(Checkpoint(ORIGIN, 300, b"\7" * 32))
    run("run", "--once")
    configured.node.settle()
    run("run", "--once")
    with transaction() as session:
        session.query(SignedCheckpoint).delete()
    write(5)
    publish()
    run("run", "--once")
    told = run("status")
    assert told.exit_code == 1
    assert "anchor 305 refused" in told.output
    assert "not an extension" in told.output
    assert "書き換えられた疑い" in told.output
    assert run("resume", LOG).exit_code == 0
    assert run("resume", LOG).exit_code == 1
    assert run("status").exit_code == 0


def a_note(checkpoint: Checkpoint) -> bytes:
    """The checkpoint as a note with a signature."""
    said = checkpoint.text()
    return Note(said, (SigningKey(ORIGIN, SIGNATURE, b"\7" * 32).sign(said),)).render()


def test_a_key_that_others_can_read_is_not_used(configured: Consortium, run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").chmod(0o644)
    answer = run("run", "--once")
    assert answer.exit_code == 1
    assert "chmod 600" in answer.output


def test_no_message_quotes_a_key(configured: Consortium, run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "00")
    answer = run("approve", "00" * 32)
    assert answer.exit_code == 1
    assert KEY[:16] not in answer.output


@pytest.mark.parametrize("name", ["CHAIN_ID", "CHAIN_CONTRACT", "CHAIN_CONFIRMATIONS", "CHAIN_MAX_FEE"])
def test_a_setting_that_makes_no_sense_is_named(
    configured: Consortium, run: Run, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "none")
    assert name in run("status").output


def test_another_chain_is_said_so(configured: Consortium, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAIN_ID", "78")
    assert "番号が設定と違います" in run("verify").output
