"""Binding a phone to a person: a code shown by who manages phones, used once by the phone that proves its key."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select, update

from webapp.kernel.base.clock import DAY, MINUTE
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity.models import Person, PersonState
from webapp.kernel.identity.service import look_again
from webapp.kernel.intake.api import author_of
from webapp.kernel.intake.submit import submit_as
from webapp.kernel.phones import queries
from webapp.kernel.phones.entries import ENROLLED
from webapp.kernel.phones.keys import NoKey, enrolment_text, key_id, verify
from webapp.kernel.phones.models import EnrolmentCode, PhoneKey
from webapp.kernel.phones.queries import Tip
from webapp.kernel.scanning import codes

CODE_LIVES = 10 * MINUTE
#: A used code is what allows the enrolment in further logs to be finished; after this time it is forgotten.
KEPT = DAY


@dataclass(frozen=True, slots=True)
class Wish:
    """What a phone asks for. `next`: by log, the number of the first scan that it will sign."""

    token: str
    dev: str
    key: str
    proof: str
    after: str
    next: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phone's signed chain begins in a log: its first number, and the hash that it goes on from, or ""."""

    first: int
    prev: str


def issue(person_id: str, issuer_id: str, now: int) -> str | Refusal:
    """A fresh code for this person's phone, told only here; it is good once, for ten minutes. Older ones die."""
    token = codes.new_id(secrets)
    with transaction() as session:
        person = session.get(Person, person_id, populate_existing=True)
        if person is None or person.state != PersonState.ACTIVE:
            return Refusal("phones.person_needed", {})
        c = EnrolmentCode
        mine = (c.person_id == person_id) & c.used_ms.is_(None)
        session.execute(delete(c).where(mine | (c.expires_ms < now - KEPT)))
        session.add(
            EnrolmentCode(
                token_hash=_digest(token),
                person_id=person_id,
                issuer_id=issuer_id,
                expires_ms=now + CODE_LIVES,
                dev="",
                key="",
            )
        )
    return token


def enrol(person: Person, wish: Wish, now: int) -> dict[str, Place] | Refusal:
    """Enrol the phone of this person in every log they work in. Asking again in the same words is harmless.

    Refused: a code that is unknown, over, used by another phone or another person's; a phone that does not hold its
    key; a phone or key that is enrolled as somebody's already.
    """
    refusal = _not_its_own(person.id, wish)
    if refusal is not None:
        return refusal
    issuer = _spend(person.id, wish, now)
    if issuer is None:
        return Refusal("phones.token", {})
    return _everywhere(person, wish, issuer)


def let_in(person: Person, wish: Wish, issuer: str, now: int) -> dict[str, Place] | Refusal:
    """The same for a person whom the caller has recognised by `wish.token`, which is no code of ours (a printed card).

    `issuer`: id of who gave that out. Refused as above, but for the code.
    """
    refusal = _not_its_own(person.id, wish)
    if refusal is not None:
        return refusal
    _note_use(person.id, wish, issuer, now)
    return _everywhere(person, wish, issuer)


def _not_its_own(person_id: str, wish: Wish) -> Refusal | None:
    """Why this phone cannot have this key: it does not hold it, or somebody else does."""
    try:
        key_id(wish.key)
    except NoKey:
        return Refusal("phones.proof", {})
    if not verify(wish.key, enrolment_text(wish.token, wish.dev, wish.key), wish.proof):
        return Refusal("phones.proof", {})
    known = queries.known_elsewhere(db.session(), wish.dev, wish.key, person_id)
    return Refusal("phones.known_key", {}) if known else None


@look_again
def _note_use(person_id: str, wish: Wish, issuer: str, now: int) -> None:
    """What `phone.enrolled` asks for: somebody let in this very phone, and used up what lets it in."""
    digest = _digest(f"{wish.token}\n{wish.dev}\n{wish.key}")
    with transaction() as session:
        if session.get(EnrolmentCode, digest) is None:
            row = EnrolmentCode(
                token_hash=digest, person_id=person_id, issuer_id=issuer, expires_ms=now, used_ms=now
            )
            row.dev, row.key = wish.dev, wish.key
            session.add(row)


def _spend(person_id: str, wish: Wish, now: int) -> str | None:
    """Use the code up, or find that this very phone did so before; answers who issued it. Of two phones one wins."""
    c, digest = EnrolmentCode, _digest(codes.normalise(wish.token) or "")
    with transaction() as session:
        fresh = (c.token_hash == digest, c.person_id == person_id, c.used_ms.is_(None), c.expires_ms > now)
        used = {"used_ms": now, "dev": wish.dev, "key": wish.key}
        session.execute(update(c).where(*fresh).values(used).execution_options(synchronize_session=False))
        mine = (c.token_hash == digest, c.person_id == person_id, c.dev == wish.dev, c.key == wish.key)
        return session.scalar(select(c.issuer_id).where(*mine))


def _everywhere(person: Person, wish: Wish, issuer: str) -> dict[str, Place] | Refusal:
    logs = sorted(author_of(person).pseudonyms)
    if wish.after and wish.after not in {row.dev for row in queries.phones_of(db.session(), person.id)}:
        return Refusal("phones.replaces", {})
    for log in logs:
        refusal = _in_log(person, log, wish, issuer)
        if refusal is not None:
            return refusal
    return places(person.id, wish.dev)


def _in_log(person: Person, log: str, wish: Wish, issuer: str) -> Refusal | None:
    """Say it in this log, unless it stands there. What the old phone sent meanwhile moves the seam: look again."""
    outcome: Refusal | None = None
    for _ in range(3):
        if db.session.get(PhoneKey, (log, wish.dev), populate_existing=True) is not None:
            return None
        body = _body(person, log, wish, issuer)
        act_id = derived_id(log, wish.dev, str(body.get("seam", "")))
        outcome = submit_as(person, ENROLLED, log, body, act_id=act_id).refusal
        if outcome is None or outcome.code != "phones.seam_moved":
            return outcome
    return outcome


def _body(person: Person, log: str, wish: Wish, issuer: str) -> dict[str, Any]:
    old = db.session.get(PhoneKey, (log, wish.after), populate_existing=True) if wish.after else None
    holder = author_of(person).pseudonyms[log]
    body: dict[str, Any] = {"dev": wish.dev, "key": wish.key, "holder": holder}
    body |= {"from": wish.next.get(log, 1), "after": wish.after if old else "", "until": None}
    body["issuer"] = queries.named(db.session(), log, issuer)
    tip = queries.tips(db.session(), wish.after).get(log) if old else None
    return body | ({"seam": tip._asdict()} if tip else {})


def places(person_id: str, dev: str) -> dict[str, Place]:
    """Where a person's phone goes on, by log."""
    rows = [row for row in queries.phones_of(db.session(), person_id) if row.dev == dev]
    return {row.log: Place(row.first, row.seam_hash) for row in rows}


def tips_of(dev: str) -> dict[str, Tip]:
    """The last signed scan of a phone that each log has."""
    return queries.tips(db.session(), dev)


def _digest(token: str) -> str:
    """80 random bits for ten minutes need no slow hash."""
    return sha256(token.encode()).hexdigest()
