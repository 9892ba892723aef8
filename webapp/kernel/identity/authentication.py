"""Proving who one is: passwords with a lock-out, and one-time links to set a new one."""

import hashlib
import secrets
from time import monotonic, sleep

from flask import current_app
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import HOUR, MINUTE
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Person, PersonState, ResetLink

TRIES, LOCKED_FOR = 10, 15 * MINUTE
LINK_LIVES = 24 * HOUR

#: How long a "no" takes, so that the write which counts a failure does not tell that the login exists.
NO_SECONDS = 0.4


def authenticate(login: str, password: str, *, now: int) -> Person | Refusal:
    """The active person with this login and password, or Refusal("identity.login_refused").

    After 10 failures in a row no password is right for 15 minutes. Wrong, unknown, locked and left are one
    answer that takes one time, so that nobody can find out who has an account (OWASP ASVS 2.2). `now`: ms.
    """
    begun = monotonic()
    answer = _authenticate(login, password, now)
    if isinstance(answer, Refusal) and not current_app.testing:
        sleep(max(0.0, begun + NO_SECONDS - monotonic()))
    return answer


def by_login(login: str) -> Person | None:
    """The person with this login, however it was typed."""
    return db.session.scalar(select(Person).where(Person.login == login.strip().lower()))


def make_reset_link(person_id: str, *, now: int, token: str = "") -> str | Refusal:
    """A token, told only here, that sets this person's password once within 24 hours. Older links die.

    `token`: one that nobody can guess, for who has to say the same one again (a mail that is tried twice).
    """
    with transaction() as session:
        person = session.get_one(Person, person_id)
        if person.state == PersonState.LEFT:
            return Refusal("identity.has_left")
        session.execute(delete(ResetLink).where(ResetLink.person_id == person_id))
        token = token or secrets.token_urlsafe(32)
        session.add(ResetLink(token_hash=_digest(token), person_id=person_id, expires_ms=now + LINK_LIVES))
        return token


def behind_link(token: str, *, now: int) -> Person | None:
    """Whose password this token may set at this moment, or None."""
    live = select(ResetLink).where(
        ResetLink.token_hash == _digest(token), ResetLink.used_ms.is_(None), ResetLink.expires_ms > now
    )
    link = db.session.scalar(live)
    person = db.session.get(Person, link.person_id) if link else None
    return person if person and person.state != PersonState.LEFT else None


def use_reset_link(token: str, password: str, *, now: int) -> Refusal | None:
    """Set the password of the link's person, end their sessions and any lock-out. None when done."""
    person = behind_link(token, now=now)
    if person is None:
        return Refusal("identity.link_dead")
    if code := passwords.problem(password, person.login, person.name):
        return Refusal(code)
    hashed = passwords.make_hash(password)
    with transaction() as session:
        if not _spend(session, token, now):
            return Refusal("identity.link_dead")
        _set_password(locked(session, person.id), hashed)
    return None


def change_password(person_id: str, old: str, new: str) -> Person | Refusal:
    """Set one's own password, knowing the old one. Every session ends; the caller starts a new one."""
    person = db.session.get_one(Person, person_id)
    if not passwords.fits(person.password_hash, old):
        return Refusal("identity.password_wrong")
    if code := passwords.problem(new, person.login, person.name):
        return Refusal(code)
    hashed = passwords.make_hash(new)
    with transaction() as session:
        person = locked(session, person_id)
        _set_password(person, hashed)
    return person


def locked(session: Session, person_id: str) -> Person:
    """The person as they are now, until the end of this transaction nobody else's to change."""
    wanted = select(Person).where(Person.id == person_id).with_for_update(of=Person)
    return session.scalars(wanted.execution_options(populate_existing=True)).one()


def set_password(session: Session, person: Person, password: str) -> None:
    """Set a password without further questions (demo data, tests, command line). The caller commits."""
    _set_password(person, passwords.make_hash(password))


def _authenticate(login: str, password: str, now: int) -> Person | Refusal:
    person = by_login(login)
    stored = person.password_hash if person else None
    right = passwords.fits(stored, password)  # outside the transaction: it is slow on purpose
    if person is None or stored is None:
        return Refusal("identity.login_refused")
    fresher = passwords.make_hash(password) if right and passwords.is_stale(stored) else stored
    with transaction() as session:
        return _decide(session, person.id, stored if right else "", fresher, now)


def _decide(session: Session, person_id: str, proven: str, fresher: str, now: int) -> Person | Refusal:
    """Count under lock. `proven`: the hash that the password was checked against, "" if it did not fit."""
    person = locked(session, person_id)
    if person.state != PersonState.ACTIVE or (person.locked_until_ms or 0) > now:
        return Refusal("identity.login_refused")
    if person.password_hash != proven:
        _count_failure(person, now)
        return Refusal("identity.login_refused")
    person.failed_logins, person.locked_until_ms, person.password_hash = 0, None, fresher
    return person


def _count_failure(person: Person, now: int) -> None:
    person.failed_logins += 1
    if person.failed_logins >= TRIES:
        person.failed_logins, person.locked_until_ms = 0, now + LOCKED_FOR


def _spend(session: Session, token: str, now: int) -> bool:
    """Mark the link as used, if nobody did so before: one statement, so that of two only one wins."""
    unused = ResetLink.token_hash == _digest(token), ResetLink.used_ms.is_(None), ResetLink.expires_ms > now
    spent = session.scalars(
        update(ResetLink).where(*unused).values(used_ms=now).returning(ResetLink.person_id)
    )
    return spent.first() is not None


def _set_password(person: Person, hashed: str) -> None:
    person.password_hash = hashed
    person.session_epoch += 1
    person.failed_logins, person.locked_until_ms = 0, None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
