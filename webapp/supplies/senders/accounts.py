"""Accounts of citizens who send goods: made by themselves with a mail address and a password (ADR 0020).

Nobody learns here who has an account: every address gets the same answer, and what is different stands in the mail. A
password takes effect when the link of that registration is opened, not before; so whoever types a stranger's address
gains nothing by it. What such people offer waits, and holds no stock, until then.
"""

import hashlib
import hmac
import re
import unicodedata
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import ForeignKey, Index, String, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp.kernel.base.clock import DAY
from webapp.kernel.base.db import PRIVATE, Base, db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity import passwords
from webapp.kernel.identity.authentication import authenticate, locked, make_reset_link
from webapp.kernel.identity.models import Organisation, Person, PersonState, Pseudonym
from webapp.kernel.identity.roles import OrganisationKind, Role
from webapp.kernel.identity.service import look_again
from webapp.kernel.intake.submit import submit_as
from webapp.kernel.notifications import service as notices
from webapp.kernel.notifications.mail import is_address
from webapp.kernel.notifications.models import Notice
from webapp.supplies.entries import INDIVIDUALS, SENDER_VERIFIED
from webapp.supplies.models import Offer
from webapp.supplies.steps import OfferState

LINK_LIVES = DAY
#: Mails about an account in a day; more would only annoy whoever owns the address.
MOST_MAILS = 5
#: An address is a login, and a login has so many letters.
MOST_ADDRESS = 64
VERIFY, KNOWN, RESET = "supplies.account_verify", "supplies.account_known", "supplies.account_reset"
#: What citizens are called on staff's pages. Their address is nobody's business there.
NAME, ORGANISATION = "支援者", "個人の支援者"


class SenderAccount(Base):
    """A citizen's account, made without anybody's approval. `verified_ms`: when its mail link was opened."""

    __tablename__ = "supplies_accounts"
    __table_args__ = PRIVATE

    person_id: Mapped[str] = mapped_column(String(36), ForeignKey("people.id"), primary_key=True)
    created_ms: Mapped[int]
    verified_ms: Mapped[int | None]


class MailLink(Base):
    """A registration that waits for its link to be opened; the password that was typed with it takes effect then."""

    __tablename__ = "supplies_mail_links"
    __table_args__ = (Index("ix_supplies_mail_links_person_id", "person_id"), PRIVATE)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(36), ForeignKey("people.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, comment="SHA-256, hex")
    password_hash: Mapped[str] = mapped_column(String(255), comment="argon2id; empty once used")
    created_ms: Mapped[int]
    expires_ms: Mapped[int]
    used_ms: Mapped[int | None]


@dataclass(frozen=True, slots=True)
class Registration:
    """What came of a registration. `ticket` looks the same for everybody; `person` is for this server alone:

    the person whose mail waits to be verified, None where the address has an account already.
    """

    ticket: str
    person: Person | None


def is_verified(session: Session, person_id: str) -> bool:
    """Whether somebody has opened the link that was sent to this person's address."""
    account = session.get(SenderAccount, person_id)
    return account is not None and account.verified_ms is not None


def clean_address(text: str) -> str | Refusal:
    """An address as typed: full-width letters and blanks around it are forgiven, line breaks and a list are not."""
    address = unicodedata.normalize("NFKC", text).strip(" \t\u3000")
    if len(address) > MOST_ADDRESS:
        return Refusal("supplies.address_long", {"most": str(MOST_ADDRESS)})
    known = is_address(address) and re.search(r"@[^@]+\.[^@.]+$", address)
    return address if known else Refusal("supplies.form_mail")


def enter(address: str, password: str, now: int) -> Person | None:
    """The verified sender with this address and password. Takes as long for a no as for an unknown address."""
    found = authenticate(address, password, now=now)
    return None if isinstance(found, Refusal) else found


@look_again
def register(address: str, password: str, now: int) -> Registration:
    """Make an account, or another link for one that waits; who has one already gets a mail that says so."""
    hashed = passwords.make_hash(password)  # slow on purpose, and for every address
    link = new_id()
    with transaction() as session:
        person = session.scalar(select(Person).where(Person.login == address.lower()))
        if person is None:
            person = _make(session, address, now)
        elif not _waits(session, person):
            _tell(session, KNOWN, person, link, now)
            return Registration(link, None)
        _link(session, person, link, hashed, now)
        return Registration(link, person)


def _make(session: Session, address: str, now: int) -> Person:
    if session.get(Organisation, INDIVIDUALS) is None:
        kind = OrganisationKind.SUPPORTER
        session.add(Organisation(id=INDIVIDUALS, name=ORGANISATION, kind=kind, active=True, phone=""))
        session.flush()
    person = Person(
        id=new_id(), organisation=session.get_one(Organisation, INDIVIDUALS), created_ms=now, name=NAME,
        login=address.lower(), email=address, roles=[str(Role.SUPPORTER)],
    )  # fmt: skip
    session.add(person)
    session.flush()
    session.add(SenderAccount(person_id=person.id, created_ms=now, verified_ms=None))
    return person


def _waits(session: Session, person: Person) -> bool:
    account = session.get(SenderAccount, person.id)
    return account is not None and account.verified_ms is None and person.state == PersonState.ACTIVE


def _link(session: Session, person: Person, link: str, hashed: str, now: int) -> None:
    token = _digest(token_of(link))
    session.add(
        MailLink(id=link, person_id=person.id, token_hash=token, password_hash=hashed, created_ms=now,
                 expires_ms=now + LINK_LIVES, used_ms=None)
    )  # fmt: skip
    session.flush()
    _tell(session, VERIFY, person, link, now)


def _tell(session: Session, kind: str, person: Person, about: str, now: int) -> None:
    """One more mail to this person, unless there were enough today."""
    n, to = Notice, f"person:{person.id}"
    today = select(func.count()).where(n.log == "", n.recipient == to, n.caused_at > now - DAY)
    if (session.scalar(today) or 0) < MOST_MAILS:
        notices.queue(session, "", [notices.Due(kind, about, to, 0, now)])


def token_of(link: str) -> str:
    """What stands in the mail's link: follows from the server's secret, so that a mail tried again says the same."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return (
        urlsafe_b64encode(hmac.digest(key, f"ashiato/mail-link/v1\n{link}\n".encode(), "sha256"))
        .decode()
        .rstrip("=")
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def behind(token: str, now: int) -> MailLink | None:
    """The registration that this token would verify now."""
    m = MailLink
    live = select(m).where(m.token_hash == _digest(token), m.used_ms.is_(None), m.expires_ms > now)
    return db.session.scalar(live)


def verify(token: str, now: int) -> tuple[Person, str] | None:
    """Open the link, once: the address works, and the password typed with it is good. Answers whose, and which link."""
    with transaction() as session:
        m = MailLink
        unused = (m.token_hash == _digest(token), m.used_ms.is_(None), m.expires_ms > now)
        spent = session.execute(
            update(m).where(*unused).values(used_ms=now).returning(m.id, m.person_id, m.password_hash)
        ).first()
        if spent is None:
            return None
        person = locked(session, spent.person_id)
        person.password_hash, person.session_epoch = spent.password_hash, person.session_epoch + 1
        session.get_one(SenderAccount, person.id).verified_ms = now
        session.execute(delete(m).where(m.person_id == person.id, m.id != spent.id))
        session.execute(update(m).where(m.id == spent.id).values(password_hash=""))  # it is the person's now
    return person, spent.id


def take_effect(person: Person) -> int:
    """What this sender has offered before the address was verified is offered now. Answers in how many logs."""
    logs = waiting_logs(db.session(), person.id)
    for log in logs:
        submit_as(person, SENDER_VERIFIED, log, {})
    return len(logs)


def waiting_logs(session: Session, person_id: str) -> list[str]:
    """Logs in which something of this sender's waits for the address to be verified."""
    o, p = Offer, Pseudonym
    waiting = select(o.log).join(p, (p.log == o.log) & (p.pseudonym == o.sender)).distinct()
    return list(
        session.scalars(
            waiting.where(p.person_id == person_id, o.state == OfferState.UNVERIFIED).order_by(o.log)
        )
    )


@look_again
def send_again(address: str, now: int) -> None:
    """Another link, with the password of the registration before. Nothing for an address that does not wait."""
    with transaction() as session:
        person = session.scalar(select(Person).where(Person.login == address.lower()))
        if person is None or not _waits(session, person):
            return
        m = MailLink
        last = session.scalar(
            select(m).where(m.person_id == person.id).order_by(m.created_ms.desc()).limit(1)
        )
        if last is not None:
            _link(session, person, new_id(), last.password_hash, now)


def ask_reset(address: str, now: int) -> None:
    """A mail with a one-time link to set another password (`identity.ResetLink`).

    For a sender who waits, the first mail again. Nothing for everybody else: staff ask whoever manages them.
    """
    person = db.session.scalar(select(Person).where(Person.login == address.lower()))
    if person is None or person.organisation_id != INDIVIDUALS or person.state != PersonState.ACTIVE:
        return
    if not is_verified(db.session(), person.id):
        send_again(address, now)
        return
    about = new_id()
    if not isinstance(make_reset_link(person.id, now=now, token=token_of(about)), Refusal):
        with transaction() as session:
            _tell(session, RESET, person, about, now)
