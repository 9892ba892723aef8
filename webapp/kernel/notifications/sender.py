"""Sending: what is due goes to the mail server one by one, over one connection, and what it says is written down.

No transaction is open while the server is waited for. Several senders at once share the work and send nothing twice.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import current_app
from sqlalchemy import select

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.intake.api import door
from webapp.kernel.notifications import digest, outbox, push, wording
from webapp.kernel.notifications.entries import CANCELLED, DIGESTED, GIVEN_UP, REFUSED, SENT, Reason
from webapp.kernel.notifications.mail import Envelope, Mail, compose, fault, message_id, sender_of
from webapp.kernel.notifications.messages import SENTENCES
from webapp.kernel.notifications.models import Notice
from webapp.kernel.notifications.outbox import Job
from webapp.kernel.notifications.service import Renderer
from webapp.kernel.notifications.settling import Result, settle
from webapp.kernel.notifications.smtp import Answer, Down, Post, Refused, Server, Taken, Unheard

#: Mails in hand at once. What a stopped sender had in hand is sent by others only after a while.
AT_ONCE = 20
_log = logging.getLogger("ashiato.notices")


class Unwritten(Exception):
    """The room could not write the mail; tried again later."""


@dataclass
class Tally:
    """What a round did."""

    sent: int = 0
    failed: int = 0
    left: int = 0  # to be tried again
    pushed: int = 0
    problem: str = ""


@dataclass
class Sender:
    """Remembers only for how long to leave a mail server alone that cannot be used; everything else is on record."""

    post: Callable[[], Post]
    sender: str
    clock: Callable[[], int] = now_ms
    stopping: Callable[[], bool] = bool
    failures: int = 0
    rests_until: int = 0
    tally: Tally = field(default_factory=Tally)

    def is_due(self) -> bool:
        """Whether there is anything to send and the server is not left alone for now."""
        now, session = self.clock(), db.session()
        try:
            mails = now >= self.rests_until and outbox.is_due(session, now)
            return mails or outbox.has_new(session) or push.is_due(session, now)
        finally:
            db.session.remove()

    def round(self) -> Tally:
        """Send everything that is due. What goes wrong is on record; nothing is raised for it."""
        self.tally = Tally()
        while self._begin():
            pass
        if self.clock() >= self.rests_until:
            with self.post() as post:
                while jobs := self._claim():
                    if not self._send_all(post, jobs):
                        break
        self.tally.pushed = push.deliver(self.clock, self.stopping)
        return self.tally

    def _begin(self) -> bool:
        """Look at what is new; False: there was nothing."""
        with transaction() as session:
            now = self.clock()
            fresh = outbox.begin(session, now)
            push.plan(session, fresh, now)
            return bool(fresh)

    def _claim(self) -> list[Job]:
        with transaction() as session:
            return outbox.claim(session, new_id(), self.clock(), AT_ONCE)

    def _send_all(self, post: Post, jobs: list[Job]) -> bool:
        """False: the server cannot be used, or we are to stop; the rest is given back."""
        for place, job in enumerate(jobs):
            if self.stopping():
                self._give_back(jobs[place:], "")
                return False
            try:
                self._send(post, job)
            except Down as problem:
                self._rest(jobs[place:], str(problem))
                return False
            except Exception:  # it stays in hand until the claim is over; the others go out
                _log.exception("a notice could not be sent")
                self.tally.left += 1
            finally:
                db.session.remove()
        self.failures = 0
        return True

    def _rest(self, jobs: list[Job], words: str) -> None:
        """In the order in which they were due they go out when the server is back."""
        now = self.clock()
        self.failures += 1
        self.rests_until = now + outbox.wait_ms(self.failures)
        self.tally.problem = words
        _log.warning("mail server: %s", words)
        late = [job for job in jobs if outbox.is_late(job, now)]
        for job in late:
            settle(door(), job, Result(GIVEN_UP, reason=Reason.SERVER, words=words), now)
        self._give_back(jobs, words)

    def _give_back(self, jobs: list[Job], words: str) -> None:
        self.tally.left += len(jobs)
        with transaction() as session:
            outbox.release(session, jobs[0].claim, words, self.clock())

    def _send(self, post: Post, job: Job) -> None:
        if job.stopped:
            return self._end(job, Result(CANCELLED, reason=Reason.STOPPED))
        if job.unknowns >= outbox.MOST_UNKNOWNS:
            return self._end(job, Result(GIVEN_UP, reason=Reason.UNKNOWN))
        try:
            mail = _written(job)
        except Unwritten as problem:
            return self._later(job, 0, str(problem), Reason.FAULT)
        if mail is None:
            return self._end(job, Result(CANCELLED, reason=Reason.NOBODY))
        if not mail.to:
            return self._end(job, Result(CANCELLED, reason=Reason.UNREACHED))
        if reason := fault(mail):
            return self._end(job, Result(REFUSED, reason=reason))
        raw = self._composed(job, mail)
        answer = post.hand(_plain(self.sender), mail.to, raw, lambda: self._hand(job))
        if answer is not None:
            self._heard(job, mail, answer)
        return None

    def _composed(self, job: Job, mail: Mail) -> bytes:
        stop = digest.stop_url(job.log, job.recipient) if job.digest else ""
        envelope = Envelope(self.sender, message_id(job.id, self.sender), self.clock(), stop)
        return compose(mail, envelope, *wording.written(mail, stop))

    def _hand(self, job: Job) -> bool:
        with transaction() as session:
            return outbox.hand(session, job, self.clock())

    def _heard(self, job: Job, mail: Mail, answer: Answer) -> None:
        match answer:
            case Taken(code, to, refused):
                kind = DIGESTED if job.digest else SENT
                self._end(job, Result(kind, code, to=to, words=_hidden(refused, mail)))
            case Refused(code, words) if answer.for_good:
                self._end(job, Result(REFUSED, code, Reason.SERVER, mail.to, _hidden(words, mail)))
            case Refused(code, words):
                self._later(job, code, _hidden(words, mail), Reason.SERVER)
            case Unheard(words):
                self._unheard(job, _hidden(words, mail))

    def _end(self, job: Job, result: Result) -> None:
        settle(door(), job, result, self.clock())
        self.tally.sent += result.kind in {SENT, DIGESTED}
        self.tally.failed += result.kind in {REFUSED, GIVEN_UP}

    def _later(self, job: Job, code: int, words: str, reason: Reason) -> None:
        now = self.clock()
        if outbox.is_late(job, now):
            return self._end(job, Result(GIVEN_UP, code, reason, words=words))
        with transaction() as session:
            outbox.postpone(session, job, code, words, now)
        self.tally.left += 1
        return None

    def _unheard(self, job: Job, words: str) -> None:
        """The server may have it. Once more, under the same Message-ID; then it is a person's to decide."""
        if job.unknowns + 1 >= outbox.MOST_UNKNOWNS:
            return self._end(job, Result(GIVEN_UP, reason=Reason.UNKNOWN, words=words))
        with transaction() as session:
            outbox.postpone(session, job, 0, words, self.clock(), unheard=True)
        self.tally.left += 1
        return None


def of_settings() -> Sender:
    """The sender that SMTP_URL and MAIL_FROM describe. Raises ValueError, in words, if they do not."""
    url, sender = current_app.config["SMTP_URL"], current_app.config["MAIL_FROM"]
    if not url or not sender:
        raise ValueError(SENTENCES["notices.no_server"])
    server = Server.parse(url)
    sender_of(sender)
    return Sender(lambda: Post(server), sender)


def _written(job: Job) -> Mail | None:
    """The mail as its rooms write it. Raises Unwritten for a fault of ours: it must not hold up anybody else's."""
    renderers: dict[str, Renderer] = current_app.extensions["notice_renderers"]
    session = db.session()
    wanted = select(Notice).where(Notice.id.in_(job.notices)).order_by(Notice.caused_at, Notice.id)
    mails = []
    for notice in session.scalars(wanted):
        try:
            mails.append(renderers[notice.kind](session, notice))
        except Exception as problem:
            _log.exception("a notice could not be written")
            raise Unwritten(f"{notice.kind}: {type(problem).__name__}") from problem
    wanted_ones = [mail for mail in mails if mail is not None]
    whole = [mail for mail in wanted_ones if mail.to]
    if not job.digest or not whole:
        return next(iter([*whole, *wanted_ones]), None)
    return digest.merged(whole)


def _plain(sender: str) -> str:
    return sender_of(sender).addr_spec


def _hidden(words: str, mail: Mail) -> str:
    """Servers like to repeat the address; what is shown and kept here has none."""
    for address in mail.to:
        words = words.replace(address, "…")
    return words
