"""A backup holds everything, what may be forgotten apart; it comes back as it was, or says why not."""

import os
from contextvars import Context
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from alembic import command
from click.testing import Result
from flask import Flask

from tests.conftest import ON_POSTGRES, settings_for
from tests.factories.custody import NOW, Town, a_town, the_door, walk
from tests.factories.identity import a_person, log_in
from tests.journeys.stories import seen
from tests.journeys.test_forgetting import opened, redact
from tests.kernel.evidence.photos import a_photo
from webapp.app import create_app
from webapp.backup import tables
from webapp.backup.archive import reading, writing
from webapp.backup.box import BoxError, read_key
from webapp.backup.restoring import examine
from webapp.backup.taking import prune
from webapp.cli import alembic_config, make_cli
from webapp.kernel.base import running
from webapp.kernel.base.clock import DAY, now_ms
from webapp.kernel.base.db import db, private_tables, transaction
from webapp.kernel.evidence import service as evidence
from webapp.kernel.evidence import store
from webapp.kernel.identity.models import Organisation, Person
from webapp.kernel.intake.rebuild import check
from webapp.kernel.ledger.models import VaultRecord
from webapp.kernel.ledger.verification import verify


@pytest.fixture
def town(app: Flask) -> Town:
    town = a_town(devices=3, cages=1)
    walk(app, town, range(3))
    return town


def run(app: Flask, *words: str) -> Result:
    """A management command, in a context of its own."""
    db.session.rollback()
    result = Context().run(app.test_cli_runner().invoke, make_cli(lambda: app), words)
    db.session.rollback()
    db.session.expire_all()
    return result


def well(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def everything() -> dict[str, list[str]]:
    """All rows of the database."""
    with tables.snapshot(db.engine) as connection:
        found = tables.tables_of(connection)
        return {
            name: sorted(
                line.decode() for part, _ in tables.parts_of(connection, table) for line in part.splitlines()
            )
            for name, table in found.items()
        }


def key_of(app: Flask) -> bytes:
    return read_key(Path(app.config["INSTANCE"]) / "backup.key")


def test_a_backup_comes_back_as_it_was(app: Flask, town: Town, tmp_path: Path) -> None:
    # given a town with a photo, and its backup
    data = a_photo()
    sha = sha256(data).hexdigest()
    with (tmp_path / "photo").open("w+b") as stream:
        stream.write(data)
        stream.seek(0)
        evidence.receive(Path(app.config["EVIDENCE_DIR"]), sha, stream, uploader="x" * 36, now=NOW)
    before, root = everything(), verify(db.session(), town.log).root
    said = well(run(app, "backup", str(tmp_path / "copy.main")))
    assert root in said
    # when everything is lost and restored
    store.place(Path(app.config["EVIDENCE_DIR"]), sha).unlink()
    with transaction() as session:
        session.query(VaultRecord).delete()
    said = well(run(app, "restore", str(tmp_path / "copy.main"), "--force"))
    # then every row and every photo is there, and the root is the same
    assert f"root {root}  ok" in said
    assert everything() == before
    assert store.place(Path(app.config["EVIDENCE_DIR"]), sha).read_bytes() == data
    assert check(the_door(), town.log) == []


def test_what_may_be_forgotten_stands_in_the_vault_file_alone(app: Flask, town: Town, tmp_path: Path) -> None:
    well(run(app, "backup", str(tmp_path)))
    (main,), (vault,) = tmp_path.glob("*.main"), tmp_path.glob("*.vault")
    key = key_of(app)
    held = b"".join(raw for _, raw in reading(main, key, "main")).decode()
    kept = b"".join(raw for _, raw in reading(vault, key, "vault")).decode()
    salts = [str(row.salt) for row in db.session.query(VaultRecord)]
    people = [person.name for person in db.session.query(Person)]
    for secret in (*salts, *people, "SER00001", "VersaPro"):
        assert secret not in held
        assert secret in kept
    assert set(examine(vault, key, "vault").counts) == set(private_tables())
    assert b"SER00001" not in vault.read_bytes()


def test_a_running_instance_is_not_overwritten(app: Flask, town: Town, tmp_path: Path) -> None:
    well(run(app, "backup", str(tmp_path / "copy.main")))
    result = run(app, "restore", str(tmp_path / "copy.main"))
    assert result.exit_code == 1
    assert "--force" in result.output
    assert verify(db.session(), town.log).fault == ""


@pytest.mark.parametrize("harm", ["cut", "flipped", "key", "stranger"])
def test_a_damaged_or_foreign_file_changes_nothing(app: Flask, town: Town, tmp_path: Path, harm: str) -> None:
    well(run(app, "backup", str(tmp_path / "copy.main")))
    main, before = tmp_path / "copy.main", everything()
    raw = bytearray(main.read_bytes())
    if harm == "cut":
        main.write_bytes(raw[:-40])
    elif harm == "flipped":
        raw[len(raw) // 2] ^= 1
        main.write_bytes(raw)
    elif harm == "key":
        (Path(app.config["INSTANCE"]) / "backup.key").write_text("00" * 32)
    else:
        main.unlink()
        with writing(main, key_of(app), "main") as parts:
            parts.put("meta.json", orjson.dumps({"version": 1, "tables": {}, "logs": [], "revision": "0005"}))
            parts.put("../../../tmp/evil", b"x")
    result = run(app, "restore", str(main), "--force")
    assert result.exit_code == 1
    assert everything() == before


def test_a_photo_that_is_not_what_its_name_says_is_refused(app: Flask, tmp_path: Path) -> None:
    with writing(tmp_path / "a.main", bytes(32), "main") as parts:
        parts.put(f"evidence/{'0' * 64}", b"another")
    with pytest.raises(BoxError):
        examine(tmp_path / "a.main", bytes(32), "main")


def test_what_was_erased_after_the_backup_does_not_come_back_with_it(
    app: Flask, town: Town, tmp_path: Path
) -> None:
    # given a vault file from before an erasure, and a main file from after it
    device = town.devices[1]
    well(run(app, "backup", str(tmp_path / "before.main")))
    assert redact(town, "device", device).refusal is None
    well(run(app, "backup", str(tmp_path / "after.main")))
    # when the two are restored together
    old = str(tmp_path / "before.vault")
    well(run(app, "restore", str(tmp_path / "after.main"), "--vault", old, "--force"))
    # then what was erased stays erased
    assert opened(device) == []
    assert len(opened(town.devices[0])) == 1


def test_without_the_vault_the_trail_is_there_and_its_people_are_pseudonyms(
    app: Flask, town: Town, client: Any, tmp_path: Path
) -> None:
    well(run(app, "backup", str(tmp_path / "copy.main")))
    board = {name: rows for name, rows in seen(the_door(), town.log).items() if name != "intake_receipts"}
    (tmp_path / "copy.vault").unlink()
    assert run(app, "restore", str(tmp_path / "copy.main"), "--force").exit_code == 1
    well(run(app, "restore", str(tmp_path / "copy.main"), "--force", "--without-vault"))
    assert {
        name: rows for name, rows in seen(the_door(), town.log).items() if name != "intake_receipts"
    } == board
    assert "入庫" in client.get(f"/t/{town.codes[0]}/detail").text
    # when a new officer is entered
    log_in(client, a_person("officer", db.session.get_one(Organisation, town.town.id)))
    assert client.get("/consignments").status_code == 200
    for page in ("", "/devices", "/cages", "/questions"):
        assert client.get(f"/consignments/{town.job}{page}").status_code == 200


def test_a_backup_of_an_older_version_is_brought_to_this_one(app: Flask, town: Town, tmp_path: Path) -> None:
    # given a backup that an older version made
    root, url = verify(db.session(), town.log).root, app.config["SQLALCHEMY_DATABASE_URI"]
    db.session.remove()
    command.downgrade(alembic_config(url), "0005")
    well(run(app, "backup", str(tmp_path / "old.main")))
    # when this version restores it
    assert f"root {root}  ok" in well(run(app, "restore", str(tmp_path / "old.main"), "--force"))
    # then the tables are today's
    with tables.snapshot(db.engine) as connection:
        assert tables.revision_of(connection) > "0005"
    assert check(the_door(), town.log) == []


@pytest.mark.skipif(ON_POSTGRES, reason="it goes from SQLite to PostgreSQL")
def test_a_backup_moves_a_town_from_sqlite_to_postgresql(
    app: Flask, town: Town, postgres_url: str, tmp_path: Path
) -> None:
    before = everything()
    well(run(app, "backup", str(tmp_path / "copy.main")))
    other = create_app(settings_for(postgres_url, tmp_path))

    def there() -> None:
        with other.app_context():
            command = make_cli(lambda: other)
            said = other.test_cli_runner().invoke(command, ["restore", str(tmp_path / "copy.main")])
            assert said.exit_code == 0, said.output
            assert everything() == before
            assert check(the_door(), town.log) == []
            db.session.remove()
            db.engine.dispose()

    Context().run(there)


def test_vault_files_are_deleted_when_their_time_is_over_and_nothing_else(tmp_path: Path) -> None:
    now = now_ms()
    for name, age in (("old.vault", 40), ("new.vault", 10), ("old.main", 400)):
        (tmp_path / name).write_text("x")
        at = (now - age * DAY) / 1000
        os.utime(tmp_path / name, (at, at))
    assert [path.name for path in prune(tmp_path, 35, now)] == ["old.vault"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.vault", "old.main"]


def test_the_signers_key_is_in_a_backup_only_when_asked_for(app: Flask, town: Town, tmp_path: Path) -> None:
    folder = Path(app.config["INSTANCE"]) / "signer" / "063622"
    folder.mkdir(parents=True)
    (folder / "key").write_text("PRIVATE+KEY+x")
    (folder / "last").write_text("note")
    well(run(app, "backup", str(tmp_path / "plain.main")))
    well(run(app, "backup", str(tmp_path / "keys.main"), "--with-signer-key"))
    assert examine(tmp_path / "plain.main", key_of(app), "main").signer == {}
    assert set(examine(tmp_path / "keys.main", key_of(app), "main").signer) == {"063622/key"}


def test_nothing_is_restored_under_a_running_site(app: Flask, tmp_path: Path) -> None:
    main = tmp_path / "any.main"
    main.touch()
    refill = ["ledger", "restore", "--from", "http://127.0.0.1:1", "--log", "063622", "--origin", "x"]
    runner, cli = app.test_cli_runner(), make_cli(lambda: app)
    with running.announced(Path(app.config["INSTANCE"])):
        for words in (["restore", str(main)], refill):
            said = runner.invoke(cli, words)
            assert (said.exit_code, "動いています。先に止めてください" in said.output) == (1, True)
        assert "動いています" not in runner.invoke(cli, [*refill, "--while-running"]).output
    assert not running.runs(Path(app.config["INSTANCE"]))
