"""Phones behind the door: which keys a log trusts, since when and until when; and whose a scan is by its signature."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity.models import Organisation, Person, Pseudonym
from webapp.kernel.identity.pseudonyms import adopt
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.door import Accepted, Author, Verdict, command
from webapp.kernel.intake.format import Act
from webapp.kernel.intake.signatures import Checked, Sealed
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.ledger.models import Log
from webapp.kernel.phones import projection, queries, signatures
from webapp.kernel.phones.desk import in_care
from webapp.kernel.phones.entries import (
    ENROLLED,
    PASS,
    PASS_LIVES_MS,
    REVOKED,
    EnrolledBody,
    PassBody,
    Reason,
    RevokedBody,
)
from webapp.kernel.phones.keys import NoKey, key_id
from webapp.kernel.phones.messages import SENTENCES, discrepancy_text
from webapp.kernel.phones.models import EnrolmentCode, PhoneKey, PhonePass
from webapp.kernel.phones.signatures import Employer, Standing

#: A loss in the future is a slip of the hand; clocks may differ by this much.
SLACK_MS = 2 * 60_000


class PhonesRoom:
    """Keys of phones behind the door. `employer` says who does a role in a job: a substitute works for them."""

    observations: frozenset[str] = frozenset()
    tables = projection.TABLES

    def __init__(self, employer: Employer) -> None:
        self._employer = employer
        self.commands = {
            ENROLLED: command(EnrolledBody, _enrol),
            REVOKED: command(RevokedBody, _revoke),
            PASS: command(PassBody, self._pass),
        }

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """A phone alone gives nobody work."""
        return set()

    def check(self, session: Session, act: Act, author: Author) -> Refusal | None:
        """There are no observations here."""
        return None

    def verify(self, session: Session, items: Sequence[Sealed]) -> Checked:
        """Check signatures ahead of the lock."""
        return signatures.check(session, items)

    def standing(
        self, session: Session, items: Sequence[Sealed], uploader: Author, checked: Checked
    ) -> Standing:
        """What is known of the phones of a batch."""
        return Standing(session, items, uploader, checked, self._employer)

    def project(self, session: Session, log: str, entries: Sequence[Recorded]) -> Mapping[str, Verdict]:
        """Fold keys and chains."""
        for entry in entries:
            if entry.kind == PASS:
                body = entry.data["body"]
                org = self._employer(session, log, body["job"], body["role"])
                adopt(session, log, {body["holder"]: org})
        return projection.project(session, log, entries)

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """Refusals and findings in words."""
        if code in SENTENCES:
            return SENTENCES[code].format_map({**params})
        return discrepancy_text(code, params)

    def _pass(self, session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
        """A day pass, signed by the phone of an officer of the log's municipality."""
        body = PassBody.model_validate(act.body)
        return (
            _not_signed_by_officer(session, act, author)
            or self._no_such_job(session, act.log, body)
            or _too_long(act, body)
            or _taken(session, act.log, body)
            or Accepted()
        )

    def _no_such_job(self, session: Session, log: str, body: PassBody) -> Refusal | None:
        known = self._employer(session, log, body.job, body.role)
        return None if known else Refusal("phones.pass_job", {})


def _enrol(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """A phone's key becomes its holder's in this log. Refused without a code that this very phone has used up."""
    body = EnrolledBody.model_validate(act.body)
    c = EnrolmentCode
    used = (c.person_id == author.person_id, c.dev == body.dev, c.key == body.key, c.used_ms.is_not(None))
    issuer = session.scalar(select(c.issuer_id).where(*used).limit(1))
    if issuer is None or body.holder != author.pseudonyms[act.log]:
        return Refusal("phones.token", {})
    if body.issuer != queries.named(session, act.log, issuer):
        return Refusal("phones.token", {})
    known = select(PhoneKey.dev).where(or_(PhoneKey.dev == body.dev, PhoneKey.key == body.key))
    if session.scalar(known.where(PhoneKey.log == act.log).limit(1)):
        return Refusal("phones.known_key", {})
    return _replace(session, act.log, body, now) if body.after else Accepted()


def _replace(session: Session, log: str, body: EnrolledBody, now: int) -> Accepted | Refusal:
    """The old phone's key is closed in the same breath; its chain goes on, with a seam that everybody can see."""
    old = session.get(PhoneKey, (log, body.after), populate_existing=True)
    if old is None or old.holder != body.holder or old.until is not None:
        return Refusal("phones.replaces", {})
    tip = queries.tips(session, body.after).get(log)
    if (tip.seq, tip.hash) != (body.seam.seq, body.seam.hash) if tip and body.seam else tip or body.seam:
        return Refusal("phones.seam_moved", {})
    closing = {"dev": body.after, "reason": str(Reason.REPLACED), "lost_at": now}
    return Accepted([(REVOKED, closing)] if old.revoked_index is None else [])


def _revoke(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Close a key. By its holder, by who manages phones in the log's municipality or in the holder's organisation."""
    body = RevokedBody.model_validate(act.body)
    phone = session.get(PhoneKey, (act.log, body.dev), populate_existing=True)
    if phone is None or not may_revoke(session, phone, author):
        return Refusal("phones.unknown", {})
    if phone.revoked_index is not None:
        return Refusal("phones.already_revoked", {})
    return Refusal("phones.lost_later", {}) if body.lost_at > now + SLACK_MS else Accepted()


def may_revoke(session: Session, phone: PhoneKey, author: Author) -> bool:
    """The holder; and who manages phones where the log is theirs, or the holder's organisation is in their care."""
    if author.pseudonyms.get(phone.log) == phone.holder:
        return True
    if not may(author.roles, Action.PHONES_MANAGE):
        return False
    log = session.get(Log, phone.log)
    if log is not None and log.organisation_id == author.org:
        return True
    p, o = Pseudonym, Organisation
    home = func.coalesce(Person.organisation_id, p.organisation_id)
    held = select(o.id).select_from(p).outerjoin(Person, Person.id == p.person_id).join(o, o.id == home)
    ours = held.where(p.log == phone.log, p.pseudonym == phone.holder, in_care(author.org))
    return session.scalar(ours) is not None


def _not_signed_by_officer(session: Session, act: Act, author: Author) -> Refusal | None:
    log = session.get(Log, act.log)
    own = log is not None and log.organisation_id == author.org
    if not (author.signed and own and may(author.roles, Action.PHONES_PASS)):
        return Refusal("phones.pass_unsigned", {})
    phone = session.get(PhoneKey, (act.log, act.dev), populate_existing=True)
    revoked = phone is None or phone.revoked_index is not None
    return Refusal("phones.pass_revoked", {}) if revoked else None


def _too_long(act: Act, body: PassBody) -> Refusal | None:
    begins = act.at + (act.off or 0)
    return None if begins < body.until <= begins + PASS_LIVES_MS else Refusal("phones.pass_until", {})


def _taken(session: Session, log: str, body: PassBody) -> Refusal | None:
    """The key must be one, and this phone's; the name must be new: nobody is given a pass under somebody's name."""
    try:
        key_id(body.key)
    except NoKey:
        return Refusal("phones.proof", {})
    k = PhoneKey
    held = session.execute(select(k.dev, k.key).where(or_(k.dev == body.dev, k.key == body.key)))
    if any((row.dev, row.key) != (body.dev, body.key) for row in held):
        return Refusal("phones.known_key", {})
    named = session.get(Pseudonym, body.holder) or session.get(PhonePass, (log, body.holder))
    return Refusal("phones.known_key", {}) if named else None
