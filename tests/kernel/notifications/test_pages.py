"""Pages of notices: what officers see and may repeat, how people choose, one click that stops, the trial mailbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import NOW, Town, a_town, an_author
from tests.factories.identity import a_person, an_organisation, found, log_in
from tests.kernel.notifications.post_office import Clock, Office, a_notice, a_sender, an_office, the_notice
from webapp.demo.phone import Phone
from webapp.kernel.base.clock import DAY, HOUR, from_minute
from webapp.kernel.base.db import db, transaction
from webapp.kernel.identity.models import Person, PersonState
from webapp.kernel.identity.roles import Role
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.log import read
from webapp.kernel.notifications import digest
from webapp.kernel.notifications.entries import DIGESTED, NoticeState, subject_of
from webapp.kernel.notifications.sink import keep_in


@pytest.fixture
def office() -> Iterator[Office]:
    with an_office() as found:
        yield found


@pytest.fixture
def town(app: Flask) -> Town:
    made = a_town()
    with transaction() as session:
        session.get_one(Person, made.people["driver"].id).email = "driver@example.jp"
    return made


@pytest.fixture
def officer(client: FlaskClient, town: Town) -> FlaskClient:
    log_in(client, town.people["officer"])
    return client


def test_an_officer_sees_the_servers_words_and_has_it_sent_again(
    officer: FlaskClient, town: Town, office: Office
) -> None:
    refused, clock = a_notice(town, "driver", "m1"), Clock()
    office.judge = lambda stage, _text: "550 5.1.1 no such user" if stage == "rcpt" else ""
    a_sender(office, clock).round()
    page = officer.get("/notices").text
    assert "断られました" in page
    assert "550 5.1.1 no such user" in page
    assert "driver@example.jp" not in page
    office.judge = lambda _stage, _text: ""
    action = found(r'action="(/notices/[^"]+/retry)"', page)
    act = found(r'name="act" value="([^"]+)"', page)
    assert "もう一度送ります" in officer.post(action, data={"act": act}, follow_redirects=True).text
    officer.post(action, data={"act": act})  # a double click is one act
    assert (the_notice(refused).state, the_notice(refused).round) == (NoticeState.PENDING, 1)
    a_sender(office, clock).round()
    assert the_notice(refused).state == NoticeState.SENT
    assert [mail["Message-ID"] for mail in office.mails] == [f"<{refused}@town.example.jp>"]


def test_what_was_sent_is_not_sent_again_and_other_towns_see_nothing(
    officer: FlaskClient, town: Town, office: Office, app: Flask
) -> None:
    stranger, driver = app.test_client(), app.test_client()
    log_in(stranger, a_person("officer", an_organisation("municipality")))
    log_in(driver, town.people["driver"])
    sent = a_notice(town, "driver", "m1")
    a_sender(office).round()
    answer = officer.post(f"/notices/{sent}/retry", follow_redirects=True)
    assert "送り直す必要がありません" in answer.text
    assert "お知らせはまだありません" in stranger.get("/notices").text
    assert stranger.post(f"/notices/{sent}/retry").status_code == 404
    assert driver.get("/notices").status_code == 403


def test_one_mail_a_day_holds_what_would_have_been_many(
    client: FlaskClient, town: Town, office: Office
) -> None:
    log_in(client, town.people["driver"])
    client.post("/notices/mine", data={"mode": "daily"})
    clock = Clock(from_minute("2026-09-22T16:00"))
    after = clock.now - NOW
    ids = [a_notice(town, "driver", f"m{n}", after_ms=after + n) for n in range(3)]
    sender = a_sender(office, clock)
    sender.round()
    assert office.raw == []
    clock.now = from_minute("2026-09-23T06:59")
    assert not sender.is_due()
    clock.now = from_minute("2026-09-23T07:00")
    office.judge = lambda stage, _text: None if stage == "kept" else ""
    sender.round()  # the server hangs up after taking it …
    office.judge = lambda _stage, _text: ""
    clock.now += HOUR
    a_notice(town, "driver", "m9", after_ms=clock.now - NOW)  # … and one comes that goes with the next day's
    sender.round()
    first, second = office.mails
    assert first["Message-ID"] == second["Message-ID"]
    body = second.get_body(("plain",))
    assert body is not None
    assert [body.get_content().count(f"お知らせ m{n}") for n in (0, 1, 2, 9)] == [1, 1, 1, 0]
    assert second["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/notices/stop/" in second["List-Unsubscribe"]
    assert {the_notice(id_).state for id_ in ids} == {NoticeState.MERGED}
    (entry,) = [entry for entry in read(db.session(), town.log) if entry.kind == DIGESTED]
    assert entry.data["notices"] == ids


def test_one_click_stops_without_a_login_and_looking_does_not(app: Flask, town: Town, office: Office) -> None:
    app.config["WTF_CSRF_ENABLED"] = True  # a mail program comes without a session
    address = f"/notices/stop/{digest.token_of(town.people['driver'].id)}"
    stranger = app.test_client()
    assert "メールを止める" in stranger.get(address).text
    assert digest.mode_of(db.session(), town.people["driver"].id) == "each"
    answer = stranger.post(address, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, "止めました" in answer.text) == (200, True)
    unwanted = a_notice(town, "driver", "m1")
    a_sender(office).round()
    assert office.raw == []
    assert (the_notice(unwanted).state, the_notice(unwanted).reason) == (NoticeState.CANCELLED, "stopped")


def test_nobody_stops_the_mails_of_somebody_else(app: Flask, town: Town) -> None:
    good = digest.token_of(town.people["driver"].id)
    forged = digest.token_of(town.people["officer"].id).partition(".")[0] + "." + good.partition(".")[2]
    stranger = app.test_client()
    assert stranger.post(f"/notices/stop/{forged}").status_code == 404
    assert "このページは使えません" in stranger.get("/notices/stop/x").text


def test_the_trial_mailbox_shows_mails_as_they_are_read(
    app: Flask, town: Town, office: Office, tmp_path: Path
) -> None:
    app.config["MAIL_SINK"] = str(tmp_path / "mails")
    a_notice(town, "driver", "m1")
    a_sender(office).round()
    keep_in(tmp_path / "mails")(office.raw[0])
    anybody = app.test_client()
    page = anybody.get("/mails").text
    assert "【足あと】お知らせ m1" in page
    letter = anybody.get(found(r'href="(/mails/\d[^"]+)"', page)).text
    assert "発送されました。" in letter
    assert '<a href="http://127.0.0.1:8000/t/1">' in letter
    assert "auto-generated" in letter
    assert anybody.get("/mails/../../ashiato").status_code == 404


def test_where_mails_go_to_people_there_is_no_mailbox(app: Flask, tmp_path: Path) -> None:
    assert app.test_client().get("/mails").status_code == 404
    app.config.update(MAIL_SINK=str(tmp_path), PRODUCTION=True)
    assert app.test_client().get("/mails").status_code == 404


def test_forgetting_a_person_forgets_their_address_in_the_vault(town: Town, office: Office) -> None:
    officer = town.people["officer"].id
    with transaction() as session:
        session.get_one(Person, town.people["driver"].id).state = PersonState.LEFT
        session.get_one(Person, officer).roles = [Role.OFFICER, Role.ADMIN]
    a_notice(town, "driver", "m1")
    opening, subject = vault.seal({"to": ["driver@example.jp"]}), subject_of(town.p("driver"))
    with transaction() as session:
        vault.keep(session, town.log, [(subject, opening)])
    town.authors["officer"] = an_author(db.session.get_one(Person, officer), town.log)
    body = {"what": "person", "subject": town.p("driver"), "basis": "request"}
    item = Phone(town.p("officer"), town.log).command("ledger.redacted", NOW + DAY, body)
    (answer,) = town.send("officer", item, now=NOW + DAY)
    assert answer.refusal is None
    a_sender(office).round()
    assert office.raw == []
    assert vault.read(db.session(), town.log, [subject]) == {}
