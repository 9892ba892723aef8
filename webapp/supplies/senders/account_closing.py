"""Closing a sender's account: offers are taken back, every log says that the person was forgotten, and they are."""

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp.kernel.base.db import db, transaction
from webapp.kernel.erasure.entries import REDACTED
from webapp.kernel.identity.models import Person, PersonState, Pseudonym
from webapp.kernel.identity.pseudonyms import forget_person
from webapp.kernel.intake.api import author_of
from webapp.kernel.intake.submit import submit_as
from webapp.supplies.entries import CANCELLED, OFFER_WITHDRAWN
from webapp.supplies.models import Match, Offer
from webapp.supplies.senders.accounts import MailLink, SenderAccount
from webapp.supplies.steps import MatchState

#: Goods that were asked for and are not there yet: somebody has to be reachable for them.
_UNDER_WAY = [MatchState.REQUESTED.value, MatchState.SHIPPED.value]


def under_way(session: Session, person_id: str) -> int:
    """How many shipments this sender still has to see through, or call off."""
    o, m, p = Offer, Match, Pseudonym
    mine = select(func.count()).select_from(m).join(o, o.id == m.offer)
    mine = mine.join(p, (p.log == o.log) & (p.pseudonym == o.sender))
    return session.scalar(mine.where(p.person_id == person_id, m.state.in_(_UNDER_WAY))) or 0


def close(person: Person) -> None:
    """Take back every offer and pledge, then forget: name, address, password and the links from all pseudonyms.

    In the log stays what was sent, by somebody whom nobody can name any more.
    """
    names = dict(author_of(person).pseudonyms)
    for log, name in names.items():
        _take_back(person, log, name)
    for log, name in _written_in(names):
        submit_as(person, REDACTED, log, {"what": "person", "subject": name, "basis": "request"})
    with transaction() as session:
        session.execute(delete(MailLink).where(MailLink.person_id == person.id))
        session.execute(delete(SenderAccount).where(SenderAccount.person_id == person.id))
        held = session.get_one(Person, person.id, populate_existing=True)
        if held.erased_ms is None:  # who never stood in a log
            held.state = PersonState.LEFT
            forget_person(session, held, person.created_ms)


def _take_back(person: Person, log: str, name: str) -> None:
    o, m = Offer, Match
    pledged = select(m.id).join(o, o.id == m.offer).where(o.log == log, o.sender == name)
    for match in db.session.scalars(pledged.where(m.state == MatchState.PLEDGED)).all():
        submit_as(person, CANCELLED, log, {"match": match, "by": "sender", "withdraw": True})
    left = select(o.id, o.avail).where(o.log == log, o.sender == name, o.avail > 0)
    for offer, quantity in db.session.execute(left).all():
        submit_as(person, OFFER_WITHDRAWN, log, {"offer": offer, "quantity": quantity})


def _written_in(names: dict[str, str]) -> list[tuple[str, str]]:
    """Logs in which this sender has ever offered anything."""
    o = Offer
    found = db.session.execute(select(o.log, o.sender).distinct().where(o.sender.in_(names.values())))
    return sorted((row.log, row.sender) for row in found)
