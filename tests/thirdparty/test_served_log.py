"""The log that a town serves after a custody journey: signed by our signer, cosigned by our node and by somebody
else's witness, judged by Go over HTTP, from a node's copy and from an export.
"""

import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.conftest import Browser, settings_for
from tests.factories.custody import NOW, Town, a_town, walk
from tests.factories.identity import log_in
from tests.thirdparty import ours
from tests.thirdparty.judges import Go, Verdict, Witness, process, rust_witness, with_witnesses
from tests.thirdparty.nodes import Node, node, read, until
from tests.thirdparty.writing import keep
from webapp.app import create_app
from webapp.demo.phone import Phone
from webapp.kernel.base.db import db
from webapp.kernel.ledger import publication, signing
from webapp.kernel.ledger.commands import audit_log, export, prove
from webapp.kernel.ledger.models import LedgerEntry
from webapp.kernel.ledger.verification import verify
from webapp.kernel.tlog.checkpoints import origin_hash
from webapp.kernel.tlog.notes import SIGNATURE, SigningKey, VerifyKey
from webapp.kernel.witnesses.publisher import Outcome, Publisher
from webapp.kernel.witnesses.room import ADMITTED

ROOT = Path(__file__).parents[2]

#: Enough entries for a full tile and a hash above it.
DEVICES = 50


@dataclass(frozen=True, slots=True)
class Site:
    """A town whose log is served, and all that a judge may know of it."""

    app: Flask
    log: str
    base: str
    cookie: str
    vkey: VerifyKey
    witness: Witness
    node: Node
    older: Path

    @property
    def url(self) -> str:
        return f"{self.base}/log/{self.log}"

    @property
    def cosigners(self) -> list[VerifyKey]:
        return [self.witness.key, self.node.key]

    def audited(self, kept: Path) -> Verdict:
        """What our own audit says of it over HTTP."""
        words: list[str | Path] = [
            "--vkey",
            self.vkey.vkey,
            "--header",
            f"Cookie: {self.cookie}",
            "--keep",
            kept,
        ]
        return ours.run(audit_log, self.url, *words)

    def judged_by(self, go: Go, *words: str | Path) -> Verdict:
        """What Go says of it, reading as an officer of the town reads."""
        known = [*with_witnesses(self.cosigners), "-header", f"Cookie: {self.cookie}"]
        return go.judge(self.url, *known, *words, vkey=self.vkey.vkey)


@contextmanager
def signer(folder: Path) -> Iterator[None]:
    """The process that holds the town's key."""
    command: list[str | Path] = [sys.executable, "-m", "webapp.signer", "run", "--dir", folder]
    with process(command, ROOT, folder.with_suffix(".said")):
        deadline = time.monotonic() + 20
        while not (folder / "signer.sock").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The site on a port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def publish(log: str) -> Outcome:
    """One round of the publisher."""
    return Publisher(signing.client()).publish(log, f"log.example/{log}", patient=False)


def admit(town: Town, vkey: VerifyKey, mirror: VerifyKey, url: str) -> None:
    """An officer of the town says yes to a node."""
    body = {"node": vkey.name, "vkey": vkey.vkey, "mirror_vkey": mirror.vkey, "url": url}
    phone = Phone(town.p("officer"), town.log)
    (answer,) = town.send("officer", phone.command(ADMITTED, NOW, body | {"organisation": vkey.name}))
    assert answer.refusal is None, answer.refusal


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A town after its journey; two nodes watch its log: a witness that others wrote, and our own program."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copyfile(sqlite_template, folder / "test.db")
    app = create_app(settings_for(f"sqlite:///{folder / 'test.db'}", folder))
    app.test_client_class = Browser
    with ExitStack() as stack:
        stack.enter_context(app.app_context())
        stack.callback(db.engine.dispose)
        stack.callback(db.session.remove)
        stack.enter_context(signer(folder / "signer"))
        town = a_town(devices=DEVICES, cages=1)
        client = app.test_client()
        log_in(client, town.people["officer"])
        session = client.get_cookie("session")
        assert session is not None
        base = stack.enter_context(served(app))
        # the log was signed for the first time before anybody watched it
        publish(town.log)
        first = publication.latest(db.session(), town.log)
        assert first is not None
        older = keep(folder / "older", first.note)
        # then two nodes are admitted
        origin = f"log.example/{town.log}"
        vkey = signing.vkey(origin)
        witness = stack.enter_context(rust_witness(folder / "witness", origin, vkey.vkey))
        mirror = SigningKey("mirror.rust.example", SIGNATURE, bytes([78]) * 32).public
        admit(town, witness.key, mirror, witness.url)
        ours = stack.enter_context(node(folder / "node", f"{base}/log/{town.log}", vkey.vkey))
        admit(town, ours.key, ours.mirror, ours.url)
        walk(app, town, range(DEVICES))
        yield Site(app, town.log, base, f"session={session.value}", vkey, witness, ours, older)


def test_our_node_and_a_witness_that_others_wrote_are_a_quorum(site: Site) -> None:
    outcome = publish(site.log)
    assert outcome.size > 300
    assert outcome.cosigned == tuple(sorted(key.name for key in site.cosigners)), outcome.problems
    assert outcome.is_enough


def test_go_agrees_with_the_log_that_a_town_serves(site: Site, go: Go, tmp_path: Path) -> None:
    # given the log, and proofs of entries as an officer downloads them
    size = publish(site.log).size
    words: list[str | Path] = ["-older", site.older]
    for index in (0, 255, 256, size - 1):
        entry = db.session.get(LedgerEntry, (site.log, index))
        assert entry is not None
        proof = read(f"{site.base}/api/ledger/{site.log}/proofs/{entry.id}", Cookie=site.cookie)
        words += ["-tlog-proof", keep(tmp_path / f"{index}.tlog-proof", proof)]
    # when Go reads all of it over HTTP
    verdict = site.judged_by(go, *words)
    # then it agrees with every tile, the root, both signatures and the proofs
    assert verdict.status == 0, verdict.said
    assert f"size {size} root" in verdict.said
    assert "3 tiles, 0 proofs, 1 older checkpoints, 4 proof files" in verdict.said


def test_go_agrees_with_what_is_exported_and_proven_for_tools_of_others(
    site: Site, go: Go, tmp_path: Path
) -> None:
    # given `ashiato ledger export` and `prove`
    size, entry = publish(site.log).size, db.session.get(LedgerEntry, (site.log, 41))
    assert entry is not None
    words = ["--out", tmp_path / "proof", "--entry", tmp_path / "entry"]
    runner = site.app.test_cli_runner()
    exported = runner.invoke(export, [str(tmp_path / "log"), "--log", site.log])
    proven = runner.invoke(prove, [entry.id, "--log", site.log, *map(str, words)])
    assert (exported.exit_code, proven.exit_code) == (0, 0), exported.output + proven.output
    # when Go reads the folder, and the proof with no log at hand
    known = with_witnesses(site.cosigners)
    whole = go.judge(tmp_path / "log", *known, vkey=site.vkey.vkey)
    single: list[str | Path] = ["-tlog-proof", tmp_path / "proof", "-entry", tmp_path / "entry"]
    one = go.run("-vkey", site.vkey.vkey, *known, *single)
    # then it agrees with both
    assert (whole.status, one.status) == (0, 0), whole.said + one.said
    assert f"size {size} root" in whole.said


def test_go_reads_nothing_but_the_checkpoint_without_being_a_member(site: Site, go: Go) -> None:
    publish(site.log)
    verdict = go.judge(site.url, vkey=site.vkey.vkey)
    assert verdict.status == 1
    assert "tile/entries/000: 401" in verdict.said


def test_go_agrees_with_the_copy_that_a_node_keeps(site: Site, go: Go) -> None:
    # given a node whose copy has come as far as the log
    publish(site.log)
    latest = read(f"{site.url}/checkpoint")
    copy = f"{site.node.url}/mirror/{origin_hash(site.vkey.name)}"
    until(lambda: read(f"{copy}/checkpoint").startswith(latest.partition(b"\n\n")[0]))
    # when Go reads the copy, with the secret that the node's people hand out
    known = ["-header", f"Authorization: Bearer {site.node.token}"]
    verdict = go.judge(copy, *known, "-older", site.older, vkey=site.vkey.vkey)
    # then every entry is there, and under the same root
    assert verdict.status == 0, verdict.said
    assert verdict.said.split(",")[0] == site.judged_by(go).said.split(",")[0]


@contextmanager
def flipped(site: Site, column: str, where: str, at: int) -> Iterator[None]:
    """One bit of one byte in the database is another, with the triggers off; undone afterwards."""
    publish(site.log)
    db.session.remove()
    table, _, name = column.partition(".")
    with ExitStack() as stack:
        kept = stack.enter_context(closing(sqlite3.connect(":memory:")))
        forger = stack.enter_context(closing(sqlite3.connect(site.app.config["INSTANCE"] + "/test.db")))
        forger.backup(kept)
        stack.callback(lambda: kept.backup(forger))
        for (trigger,) in forger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            forger.execute(f"DROP TRIGGER {trigger}")
        ((raw,),) = forger.execute(f"SELECT {name} FROM {table} WHERE {where}").fetchall()
        bent = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        forger.execute(f"UPDATE {table} SET {name} = ? WHERE {where}", [bent])
        forger.commit()
        yield


#: Which byte of what the log is served from; what Go says, what `ashiato ledger verify` says. `audit` finds all, too.
FLIPS = {
    "an entry": (
        ("ledger_entries.raw", "idx = 41", 20),
        "checkpoint: root of",
        "entry 41 is not the one that was hashed",
    ),
    "the last entry of a full tile": (
        ("ledger_entries.raw", "idx = 255", -2),
        "checkpoint: root of",
        "entry 255 is not the one that was hashed",
    ),
    "a leaf": (
        ("ledger_entries.leaf", "idx = 41", 31),
        "tile/0/000: is not what the entries give",
        "entry 41 is not the one that was hashed",
    ),
    "a tile": (
        ("ledger_tiles.data", "level = 1", 0),
        "tile/1/000.p/1: is not what the entries give",
        "tile 1/0 is not what its entries give",
    ),
    "the end of a line of a checkpoint": (
        ("ledger_checkpoints.note", "cosigned_at IS NOT NULL", len("log.example/063622")),
        "checkpoint: malformed note",
        "is no checkpoint",
    ),
    "the root that was signed": (
        ("ledger_checkpoints.note", "cosigned_at IS NOT NULL", len("log.example/063622\n300\n")),
        "invalid signature for key log.example/063622",
        "checkpoint",  # its root is another, or no base64 any more
    ),
}


@pytest.mark.parametrize(("flip", "go_says", "we_say"), FLIPS.values(), ids=FLIPS)
def test_one_flipped_byte_in_the_database_is_found_by_go_and_by_us(
    site: Site, go: Go, tmp_path: Path, flip: tuple[str, str, int], go_says: str, we_say: str
) -> None:
    with flipped(site, *flip):
        theirs, own, audited = site.judged_by(go), verify(db.session(), site.log), site.audited(tmp_path)
        assert (theirs.status, go_says in theirs.said) == (1, True), theirs.said
        assert we_say in own.fault
        assert (audited.status, "正しくありません" in audited.said or "違います" in audited.said) == (1, True)
        db.session.remove()
    assert (site.judged_by(go).status, verify(db.session(), site.log).fault) == (0, "")
    assert site.audited(tmp_path).status == 0
