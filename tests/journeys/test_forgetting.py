"""Somebody is forgotten: the vault lets go, the log says so, and every older proof goes on being valid."""

import hashlib
import hmac
import itertools
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import NOW, Town, a_town, the_door, walk
from tests.factories.identity import MORNING, a_person, log_in
from webapp.cli import make_cli
from webapp.demo.phone import Phone
from webapp.kernel.base.db import db, transaction
from webapp.kernel.erasure.entries import ERASED, REDACTED
from webapp.kernel.erasure.models import Redaction
from webapp.kernel.erasure.storage import settle
from webapp.kernel.identity.models import Person, Pseudonym
from webapp.kernel.identity.pseudonyms import NO_NAME, people_by_pseudonym
from webapp.kernel.identity.service import leave
from webapp.kernel.intake.rebuild import check, rebuild
from webapp.kernel.intake.service import Answer
from webapp.kernel.ledger import tree
from webapp.kernel.ledger.entries import canonical
from webapp.kernel.ledger.log import read
from webapp.kernel.ledger.models import Head, LedgerEntry, VaultRecord
from webapp.kernel.tlog.merkle import Frontier
from webapp.kernel.tlog.proofs import inclusion_path, verify_inclusion


@pytest.fixture
def town(app: Flask) -> Town:
    town = a_town(devices=3, cages=1)
    walk(app, town, range(3))
    return town


def redact(town: Town, what: str, subject: str, who: str = "officer", basis: str = "request") -> Answer:
    """Somebody decides to forget."""
    body = {"what": what, "subject": subject, "basis": basis}
    (answer,) = town.send(who, Phone(town.p(who), town.log).command(REDACTED, NOW, body))
    return answer


def refusal(answer: Answer) -> str:
    return answer.refusal.code if answer.refusal else ""


def root_of(log: str) -> tuple[int, bytes]:
    head = db.session.get_one(Head, log, populate_existing=True)
    return head.size, Frontier.from_bytes(head.size, head.frontier).root()


def opened(device: str) -> list[VaultRecord]:
    return db.session.query(VaultRecord).filter_by(subject=device, erased_at=None).all()


def test_a_device_is_forgotten_and_the_log_says_which_commitments_are_closed_for_ever(town: Town) -> None:
    # given what the vault knows of a device: its line of the list and the serial number that was scanned
    device = town.devices[1]
    (listed,) = opened(device)
    # when an officer decides to forget it
    answer = redact(town, "device", device)
    # then data and salt are gone, and the log names the commitments and where they stand
    assert refusal(answer) == ""
    assert opened(device) == []
    line = next(entry for entry in read(db.session(), town.log) if entry.kind == ERASED)
    erased = {each["commit"]: each["index"] for each in line.data["erased"]}
    assert listed.commit in erased
    assert len(erased) == line.data["count"] == 2
    for commit, index in erased.items():
        raw = db.session.get_one(LedgerEntry, (town.log, index)).raw
        assert commit.encode() in raw
        row = db.session.get_one(VaultRecord, commit, populate_existing=True)
        assert (row.salt, row.data) == (None, None)
    assert db.session.get_one(Redaction, answer.id).count == 2
    assert len(opened(town.devices[0])) == 1


def test_what_was_erased_stays_erased_when_the_log_is_folded_again_over_an_old_vault(town: Town) -> None:
    # given a copy of the vault from before
    device = town.devices[1]
    rows = [(row.commit, row.subject, row.salt, row.data) for row in db.session.query(VaultRecord)]
    redact(town, "device", device)
    with transaction() as session:
        for commit, subject, salt, data in rows:
            row = session.get_one(VaultRecord, commit, populate_existing=True)
            row.subject, row.salt, row.data, row.erased_at = subject, salt, data, None
    assert len(opened(device)) == 1
    # when the log is folded again
    rebuild(the_door(), town.log, chunk=5)
    # then the same is forgotten, and nothing else
    assert opened(device) == []
    assert len(opened(town.devices[0])) == 1
    assert check(the_door(), town.log) == []


def test_an_erasure_is_remembered_where_the_vault_was_lost(town: Town) -> None:
    redact(town, "device", town.devices[1])
    before = db.session.query(VaultRecord).filter(VaultRecord.erased_at.is_not(None)).count()
    with transaction() as session:
        session.query(VaultRecord).delete()
    rebuild(the_door(), town.log)
    held = db.session.query(VaultRecord).all()
    assert len(held) == before
    assert {(row.salt, row.data) for row in held} == {(None, None)}


def test_every_older_proof_stays_valid(town: Town) -> None:
    # given proofs of all entries against the root before
    size, root = root_of(town.log)
    node = tree.node(db.session(), town.log)
    proofs = {index: inclusion_path(index, size, node) for index in range(size)}
    # when a device and a leaver are forgotten
    redact(town, "device", town.devices[0])
    leave(town.people["driver"].id, by=town.people["officer"].id, now=NOW)
    # then each proof still leads from the stored bytes to that root
    for index, path in proofs.items():
        leaf = db.session.get_one(LedgerEntry, (town.log, index), populate_existing=True).leaf
        verify_inclusion(index, size, leaf, path, root)


def test_a_leaver_is_forgotten_and_nothing_leads_from_the_log_to_a_name(
    app: Flask, client: FlaskClient, town: Town
) -> None:
    # given a leaver and an administrator of the town
    officer, name = town.people["officer2"], town.p("officer2")
    with transaction() as session:
        session.get_one(Person, officer.id).organisation_id = town.town.id
    admin = a_person("admin", town.town)
    leave(officer.id, by=admin.id, now=NOW)
    log_in(client, admin)
    # when the administrator forgets them without and with a legal ground
    assert client.post(f"/people/{officer.id}/erase").status_code == 422
    assert client.post(f"/people/{officer.id}/erase", data={"basis": "request"}).status_code == 302
    # then the link is cut, the entry names nobody, and the screens say so
    db.session.expire_all()
    assert db.session.get_one(Pseudonym, name).person_id is None
    assert people_by_pseudonym(town.log, [name])[name].name == NO_NAME
    line = [entry for entry in read(db.session(), town.log) if entry.kind == REDACTED][-1]
    assert line.data["body"] == {"what": "person", "subject": name, "basis": "request"}
    assert db.session.query(Redaction).filter_by(what="person").count() == 1
    assert check(the_door(), town.log) == []


@pytest.mark.parametrize("who", ["driver", "manager", "technician"])
def test_only_the_towns_own_officers_and_administrators_may_forget(town: Town, who: str) -> None:
    assert refusal(redact(town, "device", town.devices[0], who)) == "erasure.not_allowed"


def test_what_is_not_there_cannot_be_forgotten_and_nothing_is_forgotten_twice(town: Town) -> None:
    assert refusal(redact(town, "device", town.job)) == "erasure.unknown"
    assert refusal(redact(town, "act", town.devices[0])) == "erasure.unknown"
    assert refusal(redact(town, "person", town.p("driver"))) == "erasure.not_allowed"
    assert refusal(redact(town, "device", town.devices[0], basis="because")) == "intake.malformed"
    assert refusal(redact(town, "act", town.job)) == ""
    assert refusal(redact(town, "act", town.job)) == "erasure.nothing_left"


def test_an_officer_forgets_a_device_on_the_screen(app: Flask, client: FlaskClient, town: Town) -> None:
    officer = a_person("officer", town.town)
    log_in(client, officer)
    device = town.devices[2]
    assert "私的な情報を消す" in client.get(f"/consignments/{town.job}/devices/{device}").text
    assert "T-0003" in client.get(f"/erasures/device/{device}").text
    assert client.post(f"/erasures/device/{device}").status_code == 422
    answer = client.post(f"/erasures/device/{device}", data={"basis": "retention"}, follow_redirects=True)
    assert "保存期間が終わった" in answer.text
    assert "T-0003" not in client.get(f"/consignments/{town.job}/devices").text


def test_an_officer_forgets_on_the_command_line(app: Flask, town: Town) -> None:
    def run(device: str, login: str) -> Any:
        words = ["ledger", "redact", device, "--log", town.log, "--basis", "retention", "--by", login]
        return Context().run(app.test_cli_runner().invoke, make_cli(lambda: app), words)

    db.session.rollback()
    login = str(town.people["officer"].login)
    done = run(town.devices[0], login)
    assert done.exit_code == 0, done.output
    assert "erased" in done.output
    assert "もう残っていません" in run(town.devices[0], login).output
    assert "働いていません" in run(town.devices[1], "nobody").output
    db.session.expire_all()
    assert opened(town.devices[0]) == []


def test_neither_the_database_nor_its_write_ahead_log_holds_what_was_erased(
    app: Flask, town: Town, tmp_path: Path
) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's files are the server's; VACUUM FULL is asked for")
    (row,) = opened(town.devices[1])
    salt, serial, commit = str(row.salt), "SER00002", row.commit
    files = lambda: b"".join(path.read_bytes() for path in sorted(tmp_path.glob("test.db*")))  # noqa: E731
    db.session.rollback()
    held = files()
    assert salt.encode() in held
    assert serial.encode() in held
    redact(town, "device", town.devices[1])
    assert settle()
    left = files()
    assert salt.encode() not in left
    assert serial.encode() not in left
    assert commit.encode() in left


FAMILY, GIVEN = 200, 100


def a_towns_names() -> list[str]:
    """20,000 names as a family register would have them."""
    parts = "佐藤鈴木高橋田中渡辺伊藤山本中村小林加藤吉田山田"
    family = [a + b for a, b in itertools.islice(itertools.permutations(parts, 2), FAMILY)]
    given = [
        a + b for a, b in itertools.islice(itertools.permutations("花子太郎一美恵健実翔結愛陽葵", 2), GIVEN)
    ]
    return [f"{one} {two}" for one in family for two in given]


def guesses(town: Town) -> list[dict[str, str]]:
    """Everything that somebody with the family register and the shop's list of serial numbers would try."""
    names, serials = a_towns_names(), [f"SER{n:05}" for n in range(1, 4)]
    people = [str(person.name) for person in town.people.values()]
    plain = [{"serial": serial} for serial in serials] + [{"name": name} for name in (*names, *people)]
    whole = [dict(row.data or {}) for row in db.session.query(VaultRecord)]
    joined = [{"name": name, "serial": serial} for name in names for serial in serials]
    return [*plain, *whole, *joined]


def test_nobody_is_found_in_the_log_by_trying_all_names_and_serial_numbers(town: Town) -> None:
    # given the whole log, every name of the town, every serial number, and all that the vault ever held but the salts
    log = b"".join(row.raw for row in db.session.query(LedgerEntry)).decode()
    tried = guesses(town)
    assert len(tried) > 80_000
    # when each is tried: in clear, hashed, and committed to with no salt or one that everybody knows
    known = [b"", bytes(32), town.log.encode(), b"ashiato"]
    found: list[Any] = []
    for guess in tried:
        data = canonical(guess)
        hashes = {hashlib.sha256(data).hexdigest(), *(hmac.digest(k, data, "sha256").hex() for k in known)}
        hashes |= {hashlib.sha256(str(word).encode()).hexdigest() for word in guess.values()}
        found += [guess for each in hashes if each in log]
    found += [
        word
        for guess in tried[:25_000]
        for word in guess.values()
        if str(word) in log and not str(word).isdigit()
    ]
    # then nothing matches
    assert [each for each in found if each not in {"", "notebook"}] == []


def test_every_commitment_has_a_salt_of_its_own_of_256_bits(town: Town) -> None:
    salts = [str(row.salt) for row in db.session.query(VaultRecord)]
    assert len(set(salts)) == len(salts) > 3
    assert {len(bytes.fromhex(salt)) for salt in salts} == {32}
    assert MORNING < NOW
