"""What becomes of a mail, with a real mail server: taken, refused, put off, never heard of; once, and on record."""

import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app

from deploy import certificates
from tests.factories.custody import NOW, Town, a_town, the_door
from tests.kernel.notifications.post_office import (
    FROM,
    Clock,
    Office,
    a_notice,
    a_sender,
    an_office,
    notices,
    the_delivery,
    the_notice,
    told,
    yes,
)
from webapp.kernel.base.clock import DAY, HOUR, MINUTE
from webapp.kernel.base.db import db, transaction
from webapp.kernel.identity.models import Person
from webapp.kernel.intake.rebuild import rebuild
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.log import read
from webapp.kernel.notifications import outbox
from webapp.kernel.notifications.commands import notices_group
from webapp.kernel.notifications.entries import GIVEN_UP, REFUSED, SENT, NoticeState, Reason, subject_of
from webapp.kernel.notifications.mail import Mail
from webapp.kernel.notifications.messages import REASONS
from webapp.kernel.notifications.service import Due, notice_id, queue
from webapp.kernel.notifications.smtp import Down, Post, Server, Taken


@pytest.fixture
def office() -> Iterator[Office]:
    with an_office() as found:
        yield found


@pytest.fixture
def town(app: Flask) -> Town:
    made = a_town()
    for name in ("officer", "driver"):
        address(made, name, f"{name}@example.jp")
    return made


def address(town: Town, who: str, email: str) -> None:
    with transaction() as session:
        session.get_one(Person, town.people[who].id).email = email


def entries(town: Town, *kinds: str) -> list[dict[str, Any]]:
    return [dict(entry.data) for entry in read(db.session(), town.log) if entry.kind in kinds]


def test_a_mail_arrives_whole_and_its_sending_is_an_entry(town: Town, office: Office) -> None:
    sent = a_notice(town, "driver", "m1")
    tally = a_sender(office).round()
    (mail,) = office.mails
    assert (tally.sent, mail["To"], mail["Subject"]) == (1, "driver@example.jp", "【足あと】お知らせ m1")
    assert (mail["Auto-Submitted"], mail["Message-ID"]) == ("auto-generated", f"<{sent}@town.example.jp>")
    parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    assert "品目： おむつ M" in parts["text/plain"]
    assert "http://127.0.0.1:8000/t/1" in parts["text/plain"]
    assert "<strong>おむつ M</strong>" in parts["text/html"]
    (entry,) = entries(town, SENT)
    assert (entry["notice"], entry["kind"], entry["about"], entry["code"]) == (sent, "test.told", "m1", 250)
    subject = subject_of(town.p("driver"))
    assert vault.read(db.session(), town.log, [subject])[subject] == {"to": ["driver@example.jp"]}
    assert vault.commits_of(db.session(), town.log, [subject]) == [entry["commit"]]
    assert the_notice(sent).state == NoticeState.SENT


def test_a_line_that_is_a_dot_does_not_end_a_mail(town: Town, office: Office) -> None:
    post, raw = Post(office.server), b"Subject: x\r\n\r\n.\r\n..y\r\nMAIL FROM:<evil@example.jp>"
    with post:
        assert isinstance(post.hand("a@example.jp", ["b@example.jp"], raw, lambda: True), Taken)
        assert post.hand("a@example.jp", ["b@example.jp"], raw, lambda: False) is None
    assert office.raw == [raw + b"\r\n"]


def test_the_password_goes_to_the_right_server_only_and_never_in_the_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = certificates.server(tmp_path, "127.0.0.1", datetime.now(UTC))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(issued.certificate, issued.key)
    heard: list[str] = []

    def judge(stage: str, text: str) -> str:
        heard.extend([text] * (stage == "auth"))
        return "535 5.7.8 wrong password" if stage == "auth" and not text.endswith(":p@ss") else ""

    with an_office(tls) as office:
        office.judge = judge
        url = f"smtp://town:{{}}@127.0.0.1:{office.port}?starttls=1"
        good, wrong = Server.parse(url.format("p%40ss")), Server.parse(url.format("x"))
        with pytest.raises(Down, match="certificate verify failed"):
            Post(good).hand("a@example.jp", ["b@example.jp"], b"x", lambda: True)
        assert heard == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        with pytest.raises(Down, match=r"535 5\.7\.8 wrong password"):
            Post(wrong).hand("a@example.jp", ["b@example.jp"], b"x", lambda: True)
        with Post(good) as post:
            assert isinstance(post.hand("a@example.jp", ["b@example.jp"], b"x", lambda: True), Taken)
    assert heard == ["town:x", "town:p@ss"]


def test_nothing_is_sent_twice(town: Town, office: Office) -> None:
    notices(town, "driver", 3)
    clock = Clock()
    a_sender(office, clock).round()
    clock.now += DAY
    assert a_sender(office, clock).is_due() is False
    a_sender(office, clock).round()
    assert len(office.raw) == 3


def test_folding_the_log_again_tells_nobody_again(town: Town, office: Office) -> None:
    sent = a_notice(town, "driver", "m1")
    a_sender(office).round()
    with (
        transaction() as session
    ):  # as a rebuild does: the room's fold queues it, the entry says what became of it
        session.query(type(the_notice(sent))).delete()
    due = Due("test.told", "m1", town.p("driver"), 0, NOW)

    class Telling(type(the_door().rooms[-1])):  # type: ignore[misc]
        """Stands for the room that queued it."""

        def project(self, session: Any, log: str, found: Any) -> Any:
            queue(session, log, [due])
            return super().project(session, log, found)

    door = type(the_door())([Telling()])
    rebuild(door, town.log)
    assert the_notice(notice_id(town.log, due)).state == NoticeState.SENT
    assert not a_sender(office).is_due()


def test_a_server_that_is_down_for_a_day_delays_everything_and_loses_nothing(town: Town) -> None:
    wanted, clock = notices(town, "driver", 45), Clock()
    with an_office() as gone:
        pass
    sender = a_sender(gone, clock)
    for _ in range(24):
        clock.now += HOUR
        assert sender.is_due()
        assert "ConnectionRefused" in sender.round().problem
        assert not sender.is_due()  # it is left alone for a while
    assert "ConnectionRefused" in the_delivery(wanted[0]).words
    with an_office() as office:
        clock.now += HOUR
        sender.post = a_sender(office).post
        assert sender.round().sent == 45
        assert [mail["Subject"].split()[-1] for mail in office.mails] == [f"n{n}" for n in range(45)]


def test_a_server_that_says_later_is_asked_again_after_one_two_four_minutes(
    town: Town, office: Office
) -> None:
    late, clock = a_notice(town, "driver", "m1"), Clock()
    office.judge = lambda stage, text: "451 4.3.0 greylisted <driver@example.jp>" if stage == "rcpt" else ""
    sender, waits = a_sender(office, clock), []
    for _ in range(4):
        sender.round()
        row = the_delivery(late)
        waits.append((row.next_at or 0) - clock.now)
        clock.now = row.next_at or 0
    assert waits == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert (the_delivery(late).code, the_delivery(late).words) == (451, "451 4.3.0 greylisted <…>")
    office.judge = lambda _stage, _text: ""
    sender.round()
    assert the_notice(late).state == NoticeState.SENT


def test_after_three_days_it_is_given_up_for_everybody_to_see(town: Town, office: Office) -> None:
    late, clock = a_notice(town, "driver", "m1"), Clock()
    office.judge = lambda stage, _text: "452 4.2.2 mailbox full" if stage == "data" else ""
    sender = a_sender(office, clock)
    sender.round()
    clock.now += 3 * DAY
    sender.round()
    assert (the_notice(late).state, the_notice(late).code) == (NoticeState.GIVEN_UP, 452)
    assert entries(town, GIVEN_UP)[0]["notice"] == late


def test_a_no_for_good_is_an_entry_and_the_others_go_out(town: Town, office: Office) -> None:
    refused, other = a_notice(town, "driver", "m1"), a_notice(town, "officer", "m2", after_ms=1)
    office.judge = lambda _s, text: (
        "550 5.1.1 <driver@example.jp>: no such user" if text.startswith("driver") else ""
    )
    tally = a_sender(office).round()
    assert (tally.sent, tally.failed) == (1, 1)
    assert (the_notice(refused).state, the_notice(refused).code) == (NoticeState.REFUSED, 550)
    assert the_delivery(refused).words == "550 5.1.1 <…>: no such user"
    assert the_notice(other).state == NoticeState.SENT
    assert "driver@" not in str(entries(town, REFUSED))


@pytest.mark.parametrize(
    ("email", "subject", "reason"),
    [
        ("driver@example.jp\r\nBcc: everybody@example.jp", "x", "recipient"),
        ("driver@example.jp, other@example.jp", "x", "recipient"),
        ("はな@example.jp", "x", "recipient"),
        ("driver@example.jp", "x\r\nBcc: everybody@example.jp", "subject"),
        ("driver@example.jp", "x\u2028y", "subject"),
    ],
)
def test_what_would_write_headers_of_its_own_is_refused(
    town: Town, office: Office, email: str, subject: str, reason: str
) -> None:
    current_app.extensions["notice_renderers"]["test.told"] = lambda _s, _n: Mail((email,), subject, ["…"])
    refused = a_notice(town, "driver", "m1")
    a_sender(office).round()
    assert office.raw == []
    assert (the_notice(refused).state, the_notice(refused).reason) == (NoticeState.REFUSED, reason)


def test_without_an_address_it_is_said_that_nobody_could_be_told(town: Town, office: Office) -> None:
    lost = a_notice(town, "receiver", "m1")
    a_sender(office).round()
    assert (the_notice(lost).state, the_notice(lost).reason) == (NoticeState.CANCELLED, "no_address")


def test_what_is_true_no_more_is_another_reason(town: Town, office: Office) -> None:
    current_app.extensions["notice_renderers"]["test.told"] = lambda _session, _notice: None
    late = a_notice(town, "driver", "m1")
    a_sender(office).round()
    assert (the_notice(late).state, the_notice(late).reason) == (NoticeState.CANCELLED, "nobody")
    assert "登録されていません" in REASONS[Reason.UNREACHED]
    assert REASONS[Reason.NOBODY] == "知らせる必要がなくなりました。"


def test_a_mail_about_an_account_goes_the_same_way_and_stands_in_no_log(town: Town, office: Office) -> None:
    driver = town.people["driver"].id
    current_app.extensions["notice_renderers"]["test.told"] = told
    due = Due("test.told", "verify", f"person:{driver}", 0, NOW)
    with transaction() as session:
        queue(session, "", [due])
    before = len(list(read(db.session(), town.log)))
    clock = Clock()
    office.judge = lambda stage, _text: "451 later" if stage == "rcpt" else ""
    a_sender(office, clock).round()
    office.judge, clock.now = yes, NOW + HOUR
    for _ in range(2):
        a_sender(office, clock).round()
    assert [mail["To"] for mail in office.mails] == ["driver@example.jp"]
    assert the_notice(notice_id("", due)).state == NoticeState.SENT
    assert len(list(read(db.session(), town.log))) == before


def test_a_fault_of_ours_in_one_mail_holds_up_no_other(town: Town, office: Office) -> None:
    def broken(_session: Any, notice: Any) -> Mail:
        if notice.about == "m1":
            raise KeyError("quantity")
        return Mail(("officer@example.jp",), "x", ["…"])

    current_app.extensions["notice_renderers"]["test.told"] = broken
    first, second = a_notice(town, "driver", "m1"), a_notice(town, "officer", "m2", after_ms=1)
    a_sender(office).round()
    assert (the_notice(first).state, the_notice(second).state) == (NoticeState.PENDING, NoticeState.SENT)
    assert "KeyError" in the_delivery(first).words


def test_a_server_that_hangs_up_after_taking_it_gets_it_once_more_and_no_third_time(
    town: Town, office: Office
) -> None:
    unsure, clock = a_notice(town, "driver", "m1"), Clock()
    office.judge = lambda stage, _text: None if stage == "kept" else ""
    sender = a_sender(office, clock)
    for _ in range(4):
        sender.round()
        clock.now += HOUR
    assert [mail["Message-ID"] for mail in office.mails] == [f"<{unsure}@town.example.jp>"] * 2
    assert (the_notice(unsure).state, the_notice(unsure).reason) == (NoticeState.GIVEN_UP, "unknown")


def test_a_sender_that_is_stopped_gives_back_what_it_had_in_hand(town: Town, office: Office) -> None:
    notices(town, "driver", 3)
    sender = a_sender(office)
    sender.stopping = lambda: len(office.raw) == 1
    assert (sender.round().sent, len(office.raw)) == (1, 1)
    assert a_sender(office).round().sent == 2


def test_on_the_command_line_one_sees_and_sends(app: Flask, town: Town, office: Office) -> None:
    a_notice(town, "driver", "m1")
    runner = app.test_cli_runner()
    assert "SMTP_URL" in runner.invoke(notices_group, ["send", "--once"]).output
    app.config.update(SMTP_URL=f"smtp://127.0.0.1:{office.port}", MAIL_FROM=FROM)
    assert "sent 1" in runner.invoke(notices_group, ["send", "--once"]).output
    listed = runner.invoke(notices_group, ["list", "--log", town.log, "--state", "sent"]).output
    assert "test.told  送信済み 250" in listed


KILLED = """
import os
from webapp.app import create_app
from webapp.kernel.base.clock import now_ms
from tests.kernel.notifications.post_office import told
app = create_app()
with app.app_context():
    from webapp.kernel.notifications.sender import of_settings
    app.extensions["notice_renderers"]["test.told"] = told
    of_settings().round()
"""


def test_killed_between_the_servers_yes_and_our_own_it_is_sent_once_more_under_the_same_id(
    app: Flask, town: Town, office: Office, tmp_path: Path
) -> None:
    sent = a_notice(town, "driver", "m1")
    env = {
        **os.environ, "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"], "SECRET_KEY": "test",
        "ASHIATO_INSTANCE": str(tmp_path), "MAIL_FROM": FROM, "SMTP_URL": f"smtp://127.0.0.1:{office.port}",
    }  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", KILLED], env=env) as process:
        office.judge = lambda stage, _text: _kill(process) if stage == "kept" else ""
        assert process.wait(60) == -signal.SIGKILL
    assert the_notice(sent).state == NoticeState.PENDING
    office.judge = lambda _stage, _text: ""
    clock = Clock(the_delivery(sent).claimed_at + MINUTE)
    a_sender(office, clock).round()
    assert len(office.raw) == 1  # somebody may still be at it
    for _ in range(3):
        clock.now += outbox.LEASE_MS + MINUTE
        a_sender(office, clock).round()
    assert [mail["Message-ID"] for mail in office.mails] == [f"<{sent}@town.example.jp>"] * 2
    assert len(entries(town, SENT)) == 1


def _kill(process: subprocess.Popen[bytes]) -> str:
    process.kill()
    return ""


def test_several_senders_at_once_share_the_work_and_send_nothing_twice(
    app: Flask, town: Town, office: Office
) -> None:
    wanted = notices(town, "driver", 60)
    db.session.remove()
    faults: list[Exception] = []

    def work() -> None:
        with app.app_context():
            try:
                a_sender(office).round()
            except Exception as problem:
                faults.append(problem)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(mail["Message-ID"] for mail in office.mails) == sorted(
        f"<{n}@town.example.jp>" for n in wanted
    )
    assert len(entries(town, SENT)) == 60
