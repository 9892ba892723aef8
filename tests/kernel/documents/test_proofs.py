"""The proof of one entry, on screen and on paper: it says what is proven, and what it says can be checked."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from tests.factories.custody import Journey, Town, a_town
from tests.factories.identity import a_person, an_organisation, log_in
from tests.factories.ledger import Witness, a_signer, admit, listening
from tests.kernel.scanning.paper import printed
from webapp.custody.steps import Step
from webapp.kernel.base.db import db
from webapp.kernel.documents import entry_words, symbols
from webapp.kernel.identity.models import Person
from webapp.kernel.ledger.models import LedgerEntry, Log
from webapp.kernel.tlog import paper, policies, proof_files
from webapp.kernel.witnesses.publisher import Publisher
from webapp.signer.client import SignerClient

TOWNS = ("shinjo", "funagata", "oishida", "obanazawa")


@pytest.fixture
def signer(app: Flask, tmp_path: Path) -> Iterator[SignerClient]:
    with a_signer(tmp_path / "signer") as running:
        yield running


@pytest.fixture
def town(signer: SignerClient) -> Town:
    """A town whose notebook was registered and erased; all of it signed, nothing cosigned."""
    town = a_town(devices=1, cages=1)
    journey = Journey(town)
    town.send("officer", *journey.register(0))
    town.send("technician", *journey.sanitize(0))
    origin = db.session.get_one(Log, town.log).origin
    signer.open(town.log, origin)
    publish(signer, town)
    return town


def publish(signer: SignerClient, town: Town) -> None:
    """One round of the publisher, which lets go of the session that the town's people came from."""
    ids = {name: person.id for name, person in town.people.items()}
    Publisher(signer).round()
    town.people.update({name: db.session.get_one(Person, id) for name, id in ids.items()})


@pytest.fixture
def watched(town: Town, signer: SignerClient) -> Town:
    """The same town with four witnesses that have cosigned."""
    witnesses = [Witness(name) for name in TOWNS]
    origin = db.session.get_one(Log, town.log).origin
    for witness in witnesses:
        witness.log = signer.vkey(origin)
    with listening(*witnesses):
        admit(town.log, *witnesses)
        publish(signer, town)
    return town


@pytest.fixture
def officer(client: FlaskClient, town: Town) -> FlaskClient:
    log_in(client, town.people["officer"])
    return client


def scan_of(town: Town, step: str) -> LedgerEntry:
    """The entry of a step."""
    entries = db.session.query(LedgerEntry).filter_by(log=town.log, kind="custody.scan")
    return next(entry for entry in entries if f'\\"step\\":\\"{step}\\"' in entry.raw.decode())


def test_the_page_says_what_is_proven_and_who_cosigned(officer: FlaskClient, watched: Town) -> None:
    entry = scan_of(watched, "sanitized")
    page = officer.get(f"/ledger/{watched.log}/proofs/{entry.id}").text
    assert "データ消去" in page
    assert "4つの組織が連署しています" in page
    assert all(name in page for name in TOWNS)


def test_without_cosignatures_the_proof_is_provisional(officer: FlaskClient, town: Town) -> None:
    entry = scan_of(town, "sanitized")
    where = f"/ledger/{town.log}/proofs/{entry.id}"
    assert "まだ連署が足りません" in officer.get(where).text
    assert "仮：" in words(officer.get(f"{where}.pdf").data)


def test_the_qr_on_the_printed_page_proves_the_entry_with_nothing_but_the_policy(
    officer: FlaskClient, watched: Town
) -> None:
    # given the paper, as the printer gives it out, and the policy as anybody may fetch it
    entry = scan_of(watched, "sanitized")
    pdf = officer.get(f"/ledger/{watched.log}/proofs/{entry.id}.pdf").data
    policy = policies.parse(officer.get(f"/log/{watched.log}/policy").text)
    # when the large QR is read
    text = next(text for text in read_codes(pdf) if text.startswith(paper.PREFIX))
    read, judgement = paper.verify(text, policy)
    # then it is the entry, in its place, cosigned by all four
    assert (read.entry, read.index) == (entry.raw, entry.index)
    assert (judgement.is_enough, len(judgement.witnesses)) == (True, 4)


def test_the_small_qr_leads_to_the_page_where_anybody_checks(officer: FlaskClient, watched: Town) -> None:
    entry = scan_of(watched, "registered")
    codes = read_codes(officer.get(f"/ledger/{watched.log}/proofs/{entry.id}.pdf").data)
    door = next(text for text in codes if not text.startswith(paper.PREFIX))
    path = door.removeprefix(officer.application.config["PUBLIC_BASE"].upper())
    assert officer.get(path).headers["Location"] == "/verify"
    assert "verify-page.js" in officer.get("/verify").text


def test_the_files_beside_the_page_verify_too(officer: FlaskClient, watched: Town) -> None:
    entry = scan_of(watched, "sanitized")
    page = officer.get(f"/ledger/{watched.log}/proofs/{entry.id}").text
    links = re.findall(r'href="(/(?:api/)?ledger/[^"]+)"', page)
    files = {officer.get(link).mimetype: officer.get(link).data for link in links if "proofs" in link}
    assert files["application/json"] == entry.raw
    policy = policies.parse(officer.get(f"/log/{watched.log}/policy").text)
    proof = proof_files.parse(files["text/plain"])
    assert proof_files.verify(proof, files["application/json"], policy).is_enough


def test_the_paper_is_in_japanese_with_its_fonts_and_eight_steps(officer: FlaskClient, watched: Town) -> None:
    entry = scan_of(watched, "sanitized")
    pdf = officer.get(f"/ledger/{watched.log}/proofs/{entry.id}.pdf").data
    said = words(pdf)
    assert "8つの手順" in said
    assert entry.id in said
    assert len(PdfReader(BytesIO(pdf)).pages) == 2
    assert b"/FontFile" in pdf or b"/ObjStm" in pdf


@pytest.mark.parametrize("role", ["driver", "technician"])
def test_who_may_not_read_the_log_gets_no_proof(client: FlaskClient, watched: Town, role: str) -> None:
    log_in(client, watched.people[role])
    where = f"/ledger/{watched.log}/proofs/{scan_of(watched, 'sanitized').id}"
    assert [client.get(where + end).status_code for end in ("", ".pdf", ".json")] == [403] * 3


def test_an_officer_of_another_town_gets_no_proof(client: FlaskClient, watched: Town) -> None:
    log_in(client, a_person("officer", an_organisation(lg_code="062014")))
    where = f"/ledger/{watched.log}/proofs/{scan_of(watched, 'sanitized').id}"
    assert client.get(where).status_code == 403


def test_a_stranger_is_asked_who_it_is(client: FlaskClient, watched: Town) -> None:
    answer = client.get(f"/ledger/{watched.log}/proofs/{scan_of(watched, 'sanitized').id}")
    assert "/login" in answer.headers["Location"]


def test_an_entry_that_does_not_exist_has_no_proof(officer: FlaskClient, watched: Town) -> None:
    assert officer.get(f"/ledger/{watched.log}/proofs/nothing").status_code == 404


def test_the_state_of_a_log_is_its_sizes(officer: FlaskClient, client: FlaskClient, watched: Town) -> None:
    size = db.session.query(LedgerEntry).filter_by(log=watched.log).count()
    said = officer.get(f"/api/ledger/{watched.log}/state").json
    assert said == {"recorded": size, "signed": size, "cosigned": size, "anchored": 0}


def test_the_state_of_a_log_is_not_for_strangers(client: FlaskClient, town: Town) -> None:
    assert client.get(f"/api/ledger/{town.log}/state").status_code == 401


def test_policies_are_for_everybody(client: FlaskClient, watched: Town) -> None:
    (said,) = client.get("/api/ledger/policies").json["policies"]
    assert said["log"] == watched.log
    assert said["text"] == client.get(f"/log/{watched.log}/policy").text


def test_without_a_signer_nobody_pins_anything(app: Flask, client: FlaskClient) -> None:
    a_town(devices=1, cages=1)
    assert client.get("/api/ledger/policies").json == {"policies": []}


def test_an_entry_that_no_qr_holds_is_proven_by_files(
    client: FlaskClient, signer: SignerClient, app: Flask
) -> None:
    town = a_town(devices=150)
    signer.open(town.log, db.session.get_one(Log, town.log).origin)
    publish(signer, town)
    log_in(client, town.people["officer"])
    query = db.session.query(LedgerEntry).filter_by(log=town.log, kind="custody.assets_listed")
    where = f"/ledger/{town.log}/proofs/{query.first().id}"
    assert "QRに入りません" in client.get(where).text
    assert "QRに入りません" in words(client.get(f"{where}.pdf").data)


@pytest.mark.parametrize("length", [100, 1_000, 2_113, 3_391, 4_296])
def test_a_large_symbol_reads_back_and_is_printed_large_enough(length: int) -> None:
    text = (paper.PREFIX + "A1 $%*+-./:" * 400)[:length]
    symbol = symbols.symbol(text)
    assert symbol.side_mm >= max(70, 0.55 * symbol.side - 0.1)
    assert symbol.side_mm <= 178, "wider than the paper between its margins"


def test_a_text_that_no_symbol_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="no QR symbol"):
        symbols.symbol("A" * 4_297)


def test_steps_are_called_on_paper_as_on_screen() -> None:
    names = json.loads(entry_words.NAMES.read_text())
    contract = json.loads((entry_words.NAMES.parent / "custody.json").read_text())
    assert names["steps"] == {step: contract["steps"][step]["title"] for step in contract["steps"]}
    assert set(names["steps"]) >= set(Step)


def read_codes(pdf: bytes) -> list[str]:
    """All QR codes on the first page."""
    page = np.asarray(printed(pdf, 1), np.uint8)
    return [code.text for code in zxingcpp.read_barcodes(page)]


def words(pdf: bytes) -> str:
    """Everything that the document says."""
    return "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def test_the_page_of_a_device_says_how_far_each_entry_is_and_leads_to_its_proof(
    officer: FlaskClient, town: Town
) -> None:
    where = f"/consignments/{town.job}/devices/{town.devices[0]}"
    assert where in officer.get(f"/consignments/{town.job}/devices").text
    page = officer.get(where).text
    assert page.count("署名済</span>") == 2
    assert f"/ledger/{town.log}/proofs/{scan_of(town, 'sanitized').id}" in page
    assert officer.get(f"/consignments/{town.job}/devices/nothing").status_code == 404


def test_the_entries_of_a_watched_log_are_cosigned(officer: FlaskClient, watched: Town) -> None:
    page = officer.get(f"/consignments/{watched.job}/devices/{watched.devices[0]}").text
    assert page.count("連署済</span>") == 2


def test_who_may_not_read_the_log_sees_the_state_and_no_link(client: FlaskClient, watched: Town) -> None:
    log_in(client, watched.people["technician"])
    page = client.get(f"/consignments/{watched.job}/devices/{watched.devices[0]}").text
    assert "連署済</span>" in page
    assert "/proofs/" not in page


def test_a_driver_does_not_learn_what_is_in_a_cage(client: FlaskClient, watched: Town) -> None:
    log_in(client, watched.people["driver"])
    assert client.get(f"/consignments/{watched.job}/devices/{watched.devices[0]}").status_code == 403
