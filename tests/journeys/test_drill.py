"""The drill of docs/drill.md, with real processes: the database is lost, the backup is old, a node has the rest."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from alembic import command
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from tests.factories.custody import NOW, Journey, Town, a_town, the_door
from tests.factories.identity import a_person, log_in
from tests.factories.ledger import start_signer, stop
from tests.journeys.stories import seen
from tests.journeys.test_forgetting import opened, redact
from tests.node.conftest import ANode, free_port, until
from webapp.backup.restoring import is_empty
from webapp.cli import alembic_config, make_cli
from webapp.demo.phone import Phone
from webapp.kernel.base.db import db
from webapp.kernel.identity.models import Organisation
from webapp.kernel.intake.rebuild import check
from webapp.kernel.ledger import publication, signing
from webapp.kernel.ledger.models import Head, LedgerEntry, NodeRequest
from webapp.kernel.ledger.verification import verify
from webapp.kernel.witnesses.publisher import Outcome, Publisher
from webapp.kernel.witnesses.room import ADMITTED, admission
from webapp.signer.client import SignerRefused

NODES = 4


@dataclass
class Consortium:
    """A town whose log four nodes watch; site, signer and nodes are as in real life."""

    app: Flask
    town: Town
    folder: Path
    nodes: list[ANode]
    signer: Any = None
    site: Any = None

    def open_site(self) -> None:
        """The web server at the town's address."""
        port = int(self.app.config["PUBLIC_BASE"].rpartition(":")[2])
        server = make_server("127.0.0.1", port, self.app, threaded=True)
        thread = threading.Thread(target=Context().run, args=(server.serve_forever, 0.05), daemon=True)
        thread.start()
        self.site = (server, thread)

    def close_site(self) -> None:
        """As before every restoring: nodes would take an old checkpoint for a log that went back."""
        server, thread = self.site
        server.shutdown()
        server.server_close()
        thread.join()

    def run(self, *words: str) -> Result:
        """A management command."""
        db.session.remove()
        result = Context().run(self.app.test_cli_runner().invoke, make_cli(lambda: self.app), words)
        db.session.remove()
        return result

    def well(self, *words: str) -> str:
        result = self.run(*words)
        assert result.exit_code == 0, result.output + repr(result.exception)
        return result.output

    def publish(self) -> Outcome:
        """One round of the publisher."""
        (outcome,) = Publisher(signing.client()).round(patient=False)
        db.session.expire_all()
        return outcome

    def publish_until_all_cosigned(self) -> None:
        until(lambda: len(self.publish().cosigned) == NODES)

    def size(self) -> int:
        return db.session.get_one(Head, self.town.log, populate_existing=True).size

    def wait_for_copies(self) -> None:
        """Until every node has a copy of everything that is here."""
        for node in self.nodes:
            node.wait_for(lambda found: found["mirrored"] == self.size())

    def token(self, node: ANode) -> str:
        words = [sys.executable, "-m", "webapp.node", "token", "--store", str(node.folder)]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()

    def restart_signer(self) -> None:
        stop(self.signer)
        self.signer = start_signer(self.folder / "signer")

    def lose_the_database(self) -> None:
        """The disk is gone; what stands in its place is empty. The site is closed."""
        self.close_site()
        url = self.app.config["SQLALCHEMY_DATABASE_URI"]
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            db.engine.dispose()
            for path in self.folder.glob("test.db*"):
                path.unlink()
        else:
            command.downgrade(alembic_config(url), "base")
        command.upgrade(alembic_config(url), "head")
        assert is_empty()


@pytest.fixture
def consortium(app: Flask, tmp_path: Path) -> Iterator[Consortium]:
    app.config["PUBLIC_BASE"] = f"http://127.0.0.1:{free_port()}"
    made = Consortium(app, a_town(devices=3, cages=1), tmp_path, [], start_signer(tmp_path / "signer"))
    made.open_site()
    try:
        until(lambda: made.publish().size)
        _start_nodes(made)
        yield made
    finally:
        for node in made.nodes:
            if node.process.poll() is None:
                node.kill()
        stop(made.signer)
        made.close_site()


def _start_nodes(made: Consortium) -> None:
    log = f"{made.app.config['PUBLIC_BASE']}/log/{made.town.log}"
    for number in range(1, NODES + 1):
        folder, port = made.folder / f"node{number}", free_port()
        words = [sys.executable, "-m", "webapp.node", "run", "--store", str(folder), "--log", log]
        words += ["--port", str(port), "--every", "0.3", "--name", f"n{number}.example"]
        made.nodes.append(ANode(folder, port, [*words, "--organisation", f"n{number}"]))
    for node in made.nodes:
        node.start()
    until(lambda: _waiting() == NODES)
    desk = Phone(made.town.p("officer"), made.town.log)
    for asked in db.session.query(NodeRequest).all():
        (answer,) = made.town.send("officer", desk.command(ADMITTED, NOW, admission(asked)))
        assert answer.refusal is None
    made.publish_until_all_cosigned()
    made.wait_for_copies()


def _waiting() -> int:
    db.session.rollback()
    return db.session.query(NodeRequest).count()


def test_a_lost_database_comes_back_from_an_old_backup_and_a_node_and_signing_goes_on(
    consortium: Consortium, client: FlaskClient, tmp_path: Path
) -> None:
    town, j = consortium.town, Journey(consortium.town)
    # given a backup, and entries after it that the nodes have cosigned and copied
    town.send("officer", *j.register(0, 1, 2))
    consortium.publish_until_all_cosigned()
    consortium.well("backup", str(tmp_path / "old.main"), "--with-signer-key")
    old = consortium.size()
    town.send("technician", *j.sanitize(0, 1, 2))
    town.send("officer", *j.load(0, 1, 2), j.lock(range(3)))
    assert redact(town, "device", town.devices[2]).refusal is None
    consortium.publish_until_all_cosigned()
    consortium.wait_for_copies()
    board, root = seen(the_door(), town.log), verify(db.session(), town.log).root
    assert consortium.size() == old + 9
    # when the database is lost, and the signer forgets what it signed last
    consortium.lose_the_database()
    (tmp_path / "signer" / town.log / "last").unlink()
    consortium.restart_signer()
    # and the old backup is restored
    said = consortium.well("restore", str(tmp_path / "old.main"))
    # then it says that it is behind, and the signer refuses to sign: that would be a second history
    assert "9 件遅れています" in said
    assert consortium.size() == old
    assert len(opened(town.devices[2])) == 1
    with pytest.raises(SignerRefused, match="smaller"):
        signing.client().sign(publication.head(db.session(), town.log), [], old)
    # and what somebody records on top of it is another history, with which no copy is mixed
    node = consortium.nodes[2]
    refill = ["ledger", "restore", "--from", node.url, "--log", town.log, "--token", consortium.token(node)]
    town.send("officer", *Journey(town).register(0))
    assert "another history" in consortium.run(*refill).output
    assert consortium.size() == old + 1
    consortium.well("restore", str(tmp_path / "old.main"), "--force")
    # when the log is refilled from a node
    before = time.monotonic()
    said = consortium.well(*refill)
    assert time.monotonic() - before < 60
    # then log, board and root are what they were
    assert f"{old} -> {old + 9} entries  root {root}  identical" in said
    found = verify(db.session(), town.log)
    assert (found.root, found.fault) == (root, "")
    assert seen(the_door(), town.log) == board
    assert check(the_door(), town.log) == []
    # and what was erased after the backup is erased again
    assert opened(town.devices[2]) == []
    assert len(opened(town.devices[1])) == 1
    # and signing goes on, with every node cosigning and no node having seen anything wrong
    consortium.open_site()
    consortium.publish_until_all_cosigned()
    town.send("driver", j.hand_over())
    town.send("officer", j.hand_over())
    consortium.publish_until_all_cosigned()
    cosigned = publication.latest_cosigned(db.session(), town.log)
    assert cosigned is not None
    assert cosigned.size == consortium.size() > old + 9
    # and what a phone sends again is known
    (again,) = town.send("officer", *_same(consortium, old))
    assert again.duplicate
    assert [each.log()["evidence"] for each in consortium.nodes] == [0] * NODES


def _same(consortium: Consortium, index: int) -> list[Any]:
    """The officer's phone did not get the answer for the first loaded PC."""
    row = db.session.get_one(LedgerEntry, (consortium.town.log, index + 3))
    return [{"p": orjson.loads(row.raw)["p"], "s": ""}]


def test_with_nothing_but_a_node_every_trail_is_there_again_under_pseudonyms(
    consortium: Consortium, client: FlaskClient
) -> None:
    town, j = consortium.town, Journey(consortium.town)
    town.send("officer", *j.register(0, 1, 2))
    town.send("technician", *j.sanitize(0, 1, 2))
    consortium.publish_until_all_cosigned()
    consortium.wait_for_copies()
    root, size = verify(db.session(), town.log).root, consortium.size()
    node, origin = consortium.nodes[0], f"log.example/{town.log}"
    token = consortium.token(node)
    # given an empty database, no backup, and a signer that does not answer
    consortium.lose_the_database()
    stop(consortium.signer)
    consortium.app.extensions.pop("log_vkeys", None)
    # when the log is refilled, first with a wrong token, then from a node
    words = ["ledger", "restore", "--from", node.url, "--log", town.log, "--origin", origin]
    assert consortium.run(*words, "--token", "wrong").exit_code == 1
    assert is_empty()
    said = consortium.well(*words, "--token", token)
    assert f"0 -> {size} entries  root {root}  identical" in said
    assert f"cosigned by {NODES} (3 needed)" in said
    assert "ノードが覚えている鍵を使います" in said
    # then residents see every trail
    assert verify(db.session(), town.log).root == root
    assert check(the_door(), town.log) == []
    for code in town.codes:
        assert client.get(f"/t/{code}/detail").status_code == 200
        assert "データ消去" in client.get(f"/t/{code}").text
    # and whoever is entered as an officer of the town sees the whole work, its people as pseudonyms
    municipality = db.session.query(Organisation).filter_by(lg_code=town.log).one()
    log_in(client, a_person("officer", municipality))
    for page in ("", "/devices", "/cages", "/questions"):
        assert client.get(f"/consignments/{town.job}{page}").status_code == 200
    assert "名称は控えから戻します" in client.get("/consignments").text
    # and signing goes on
    consortium.restart_signer()
    consortium.open_site()
    consortium.publish_until_all_cosigned()
