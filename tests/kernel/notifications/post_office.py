"""A mail server of our own in a thread, and people who are told things."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from tests.factories.custody import NOW, Town
from webapp.kernel.base.clock import MINUTE
from webapp.kernel.base.db import db, transaction
from webapp.kernel.notifications.models import Notice, NoticeDelivery
from webapp.kernel.notifications.sender import Sender
from webapp.kernel.notifications.service import Due, Mail, link, notice_id, people_of, queue
from webapp.kernel.notifications.sink import Judge, Sink
from webapp.kernel.notifications.smtp import Post, Server

KIND = "test.told"
FROM = "足あと 試験町 <ashiato@town.example.jp>"


def yes(_stage: str, _text: str) -> str:
    """A server that takes everything."""
    return ""


@dataclass
class Office:
    """A server and everything that it has taken; `judge` may change while it runs."""

    port: int = 0
    raw: list[bytes] = field(default_factory=list)
    judge: Judge = yes

    def keep(self, raw: bytes) -> None:
        self.raw.append(raw)

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=default) for raw in self.raw]  # type: ignore[misc]

    @property
    def server(self) -> Server:
        return Server.parse(f"smtp://127.0.0.1:{self.port}")


@contextmanager
def an_office(tls: ssl.SSLContext | None = None) -> Iterator[Office]:
    """A mail server that listens while the block runs."""
    office, loop = Office(), asyncio.new_event_loop()
    sink = Sink(office.keep, lambda stage, text: office.judge(stage, text), tls)
    office.port = loop.run_until_complete(sink.listen("127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield office
    finally:
        asyncio.run_coroutine_threadsafe(_end(sink), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(sink: Sink) -> None:
    assert sink.server is not None
    sink.server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@dataclass
class Clock:
    """The sender's time."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


def a_sender(office: Office, clock: Clock | None = None, within_s: float = 5.0) -> Sender:
    """A sender that hands over to this server."""
    return Sender(lambda: Post(office.server, within_s), FROM, clock or Clock())


def told(session: Session, notice: Notice) -> Mail | None:
    """How notices of these tests are written: to the person, as their account says."""
    to = tuple(person.email for person in people_of(session, notice.log, notice.recipient) if person.email)
    facts = [("品目", "おむつ M"), ("番号", notice.about)]
    return Mail(to, f"【足あと】お知らせ {notice.about}", ["発送されました。"], facts, [link("見る", "/t/1")])


def a_notice(town: Town, who: str, about: str, *, after_ms: int = 0, **facts: Any) -> str:
    """Somebody of the town is to be told something; the notice's id."""
    current_app.extensions["notice_renderers"].setdefault(KIND, told)
    due = Due(KIND, about, town.p(who), 0, NOW + after_ms, facts)
    with transaction() as session:
        queue(session, town.log, [due])
    return notice_id(town.log, due)


def notices(town: Town, who: str, count: int) -> list[str]:
    """One a minute, in the order of their causes."""
    return [a_notice(town, who, f"n{n}", after_ms=n * MINUTE) for n in range(count)]


def the_notice(id_: str) -> Notice:
    db.session.rollback()
    return db.session.get_one(Notice, id_, populate_existing=True)


def the_delivery(id_: str) -> NoticeDelivery:
    db.session.rollback()
    rows = db.session.query(NoticeDelivery).filter_by(notice=id_)
    found = rows.order_by(NoticeDelivery.round.desc()).first()
    assert found is not None
    return found
