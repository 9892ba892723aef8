"""The desk: a code shown once, the list, the report of a loss, what was set aside; and what an auditor checks."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import Town, a_town
from tests.factories.identity import found, log_in
from tests.factories.office import words
from tests.factories.phones import HEADERS, SignedPhone, an_enrolled_phone, signed_again, wish
from webapp.kernel.base.clock import HOUR, now_ms, to_minute
from webapp.kernel.base.db import db, transaction
from webapp.kernel.identity.models import Person, PersonState
from webapp.kernel.ledger import publication, tree
from webapp.kernel.ledger.entries import By
from webapp.kernel.ledger.log import Draft, lock_heads
from webapp.kernel.phones.models import PhoneKey
from webapp.kernel.reconciliation.models import DiscrepancyRow
from webapp.kernel.tlog import tiles
from webapp.kernel.tlog.notes import SIGNATURE, Note, SigningKey


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=3)


@pytest.fixture
def officer(app: Flask, town: Town) -> FlaskClient:
    return as_(app, town, "officer")


def as_(app: Flask, town: Town, who: str) -> FlaskClient:
    client = app.test_client()
    log_in(client, town.people[who])
    return client


def test_a_code_on_the_officers_screen_enrols_the_drivers_phone(
    app: Flask, town: Town, officer: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    # given a code that the officer lets their screen show
    page = officer.post("/phones/codes", data={"person": town.people["driver"].id})
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    shown = found(r'handout__words code">([0-9A-Z-]{20})<', page.text)
    assert "<svg" in page.text
    # when the driver's phone opens it and enrols
    assert shown in app.test_client().get(f"/E/{shown}").text
    driver, phone = as_(app, town, "driver"), SignedPhone(town.p("driver"), town.log)
    assert driver.post("/api/phones/enrol", json=wish(phone, shown), headers=HEADERS).status_code == 201
    # then it stands in the list, and no log line holds the code
    text = words(officer.get("/phones").text)
    assert town.people["driver"].name in text
    assert "使用中" in text
    assert shown not in caplog.text
    assert shown.replace("-", "") not in caplog.text


def test_a_code_is_given_for_people_in_ones_care_only(app: Flask, town: Town, officer: FlaskClient) -> None:
    other = a_town("062014")
    for stranger in (other.people["officer"].id, town.people["manager"].id, "", "x"):
        page = officer.post("/phones/codes", data={"person": stranger})
        assert (page.status_code, "電話を使う人を選んでください。" in page.text) == (422, True)
    own = as_(app, town, "manager").post("/phones/codes", data={"person": town.people["receiver"].id})
    assert own.status_code == 200
    assert as_(app, town, "driver").get("/phones").status_code == 403


def test_a_phone_that_is_not_in_ones_care_is_not_there(app: Flask, town: Town) -> None:
    phone, other = an_enrolled_phone(town, "driver", now_ms()), a_town("062014")
    stranger = as_(app, other, "officer")
    assert phone.dev not in stranger.get("/phones").text
    assert stranger.get(f"/phones/{phone.dev}").status_code == 404
    assert stranger.post(f"/phones/{phone.dev}", data={"reason": "lost"}).status_code == 404


def test_a_phone_whose_holder_has_left_stands_out(town: Town, officer: FlaskClient) -> None:
    an_enrolled_phone(town, "driver", now_ms())
    with transaction() as session:
        session.get_one(Person, town.people["driver"].id).state = PersonState.LEFT
    assert "離任した人の電話" in officer.get("/phones").text


def test_a_lost_phone_is_reported_with_reason_and_time(town: Town, officer: FlaskClient) -> None:
    phone = an_enrolled_phone(town, "officer", now_ms())
    item = phone.scan("registered", town.codes[0], now_ms(), body={"device": town.devices[0]})
    town.send("officer", item, now=now_ms())
    address, lost = f"/phones/{phone.dev}", to_minute(now_ms() - HOUR)
    assert "理由を選んでください。" in officer.post(address, data={"lost_at": lost}).text
    assert (
        "なくした日時を入力してください。"
        in officer.post(address, data={"reason": "lost", "lost_at": ""}).text
    )
    done = officer.post(address, data={"reason": "stolen", "lost_at": lost}, follow_redirects=True)
    text = words(done.text)
    assert "この電話を停止しました。" in text
    assert "盗まれた" in text
    assert "手元を離れた電話の記録です：1件" in text
    assert "この電話を停止する" not in done.text
    (question,) = db.session.query(DiscrepancyRow).filter_by(code="PHONE_LOST")
    assert officer.get(f"/consignments/{town.job}/questions/{question.id}").status_code == 200
    questions = officer.get(f"/consignments/{town.job}/questions").text
    assert f"{town.people['officer'].name}の電話が手元を離れた時刻より後の記録です。" in words(questions)


def test_what_was_set_aside_is_shown_to_the_town(town: Town, officer: FlaskClient) -> None:
    phone = an_enrolled_phone(town, "officer", now_ms())
    unsigned = {**phone.scan("registered", town.codes[0], now_ms()), "s": ""}
    town.send("officer", unsigned, now=now_ms())
    text = words(officer.get("/phones/aside").text)
    assert "署名がないか、その電話の署名ではありません" in text
    assert town.people["officer"].name in text
    assert "（1件）" in officer.get("/phones").text


def test_an_address_without_a_code_says_so(client: FlaskClient) -> None:
    page = client.get("/e/nothing")
    assert page.status_code == 404
    assert "登録コードではありません" in page.text


# --- from the command line --------------------------------------------------------------------------------------------


def run(app: Flask, *words: str) -> tuple[int, str]:
    from webapp.kernel.phones.commands import phones_group

    result = app.test_cli_runner().invoke(phones_group, list(words))
    return result.exit_code, result.output


def test_an_auditor_checks_signatures_and_chains_from_entries_alone(app: Flask, town: Town) -> None:
    # given a log with signed scans, and tables that somebody has emptied
    phone = an_enrolled_phone(town, "officer", now_ms())
    items = [
        phone.scan("registered", code, now_ms(), body={"device": device})
        for code, device in zip(town.codes, town.devices, strict=True)
    ]
    town.send("officer", *items, now=now_ms())
    with transaction() as session:
        session.query(PhoneKey).delete()
    status, said = run(app, "check", town.log)
    assert status == 0
    assert "1 phones, 3 acts of phones: 3 signed and good, 0 without signature" in said
    # when an entry is written past the door
    forged = signed_again(phone, items[0], id=phone.dev, seq=4) | {"s": items[0]["s"]}
    with transaction() as session:
        draft = Draft(
            phone.dev, "custody.scan", By(phone.actor, "x", ()), {"p": forged["p"], "s": forged["s"]}, {}
        )
        (entry,) = lock_heads(session, [town.log]).append(session, town.log, [draft], now_ms())
    # then it is found
    status, said = run(app, "check", town.log)
    assert status == 1
    assert f"entry {entry.index}: forged" in said


def test_phones_are_listed_and_revoked_from_the_command_line(app: Flask, town: Town) -> None:
    phone = an_enrolled_phone(town, "driver", now_ms())
    assert phone.dev in run(app, "list", "--log", town.log)[1]
    by = str(town.people["officer"].login)
    assert run(app, "revoke", phone.dev, "--reason", "lost", "--by", by) == (0, f"{town.log}  revoked\n")
    assert "revoked" in run(app, "list")[1]
    assert db.session.query(PhoneKey).one().reason == "lost"


def test_an_exported_log_is_checked_as_well(tmp_path: Path, app: Flask, town: Town) -> None:
    # given the files that `ledger export` writes
    phone = an_enrolled_phone(town, "officer", now_ms())
    town.send("officer", phone.scan("registered", town.codes[0], now_ms()), now=now_ms())
    head = publication.head(db.session(), town.log)
    note = Note(head.text(), (SigningKey(head.origin, SIGNATURE, bytes(32)).sign(head.text()),))
    (tmp_path / "checkpoint").write_bytes(note.render())
    for bundle in tiles.bundles_of(head.size):
        file = tmp_path / bundle.path()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(tree.served(db.session(), town.log, bundle))
    # then they are enough; and where there are none, that is said
    status, said = run(app, "check", str(tmp_path))
    assert (status, "1 signed and good" in said) == (0, True)
    status, said = run(app, "check", str(tmp_path / "tile"))
    assert (status, "checkpoint" in said) == (1, True)
