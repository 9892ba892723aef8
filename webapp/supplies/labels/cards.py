"""Shelter cards: issued by the office, printed, used by a phone that comes back into the network, revoked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import DAY, SECOND
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.outcomes import NotFound, Refusal
from webapp.kernel.identity.models import Organisation, Person, PersonState, Pseudonym
from webapp.kernel.identity.pseudonyms import pseudonym
from webapp.kernel.identity.roles import Role
from webapp.kernel.intake.api import door
from webapp.kernel.intake.submit import submit_as
from webapp.kernel.ledger.models import Log
from webapp.kernel.phones import enrolment
from webapp.kernel.phones.enrolment import Place, Wish
from webapp.kernel.phones.models import PhoneKey
from webapp.supplies.labels import card, packed
from webapp.supplies.labels import keys as label_keys
from webapp.supplies.labels.cards_room import CARD_ISSUED, CARD_REVOKED, next_number
from webapp.supplies.labels.models import Card
from webapp.supplies.models import Shelter

#: Phones that one card may let in: what a gymnasium has, not what a photo of the card in a chat would bring.
MOST_PHONES = 5
DEFAULT_LIFE = 180 * DAY


@dataclass(frozen=True, slots=True)
class CardLine:
    """A card on the office's page. Times in ms."""

    id: str
    shelter: str
    number: int
    issued_at: int
    until: int
    revoked_at: int | None
    phones: int

    def state(self, now: int) -> str:
        """good, over or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "good" if now < self.until else "over"


@dataclass(frozen=True, slots=True)
class CardFace:
    """A card as it is printed. `until` ms."""

    town: str
    shelter: str
    number: int
    until: int
    text: str


@dataclass(frozen=True, slots=True)
class Entered:
    """A phone that a card has let in: as whom, and where its signed chain begins in each log."""

    person: Person
    log: str
    actor: str
    places: Mapping[str, Place]


def issue(officer: Person, log: str, shelter: str, card_id: str, now: int) -> str | Refusal:
    """A new card for a shelter; answers its id. The same id twice is one card. Good for `DEFAULT_LIFE`."""
    if db.session.get(Card, card_id) is not None:
        return card_id
    holder = _somebody(log, shelter, card_id, now)
    if isinstance(holder, Refusal):
        return holder
    number = next_number(db.session(), shelter)
    body = {
        "shelter": shelter,
        "number": number,
        "holder": holder,
        "token_hash": hash_of(token_of(card_id)),
        "until": (now + DEFAULT_LIFE) // SECOND * SECOND,
    }
    answer = submit_as(officer, CARD_ISSUED, log, body, act_id=card_id)
    return answer.refusal or answer.id


def _somebody(log: str, shelter: str, card_id: str, now: int) -> str | Refusal:
    """The person that the card stands for: nobody's name, no login, no password; what a shelter may do."""
    person_id = derived_id(card_id, "person")
    with transaction() as session:
        if session.get(Shelter, shelter) is None:
            return Refusal("supplies.unknown_shelter", {})
        if session.get(Person, person_id) is None:
            name = f"避難所の共用の電話（カード{next_number(session, shelter)}）"
            made = {"id": person_id, "name": name, "roles": [Role.SHELTER.value], "created_ms": now}
            session.add(Person(organisation_id=shelter, login=None, email=None, password_hash=None, **made))
            session.flush()
        return pseudonym(session, log, person_id)


def token_of(card_id: str) -> str:
    """What a card holds: 128 bits that only this server can make, 32 hex digits. Kept nowhere but as a hash."""
    return label_keys.expanded(label_keys.secret(), f"ashiato/card-token/v1\n{card_id}\n", card.TOKEN).hex()


def hash_of(token: str) -> str:
    """How the log knows a token: 128 random bits need no slow hash."""
    return sha256(token.encode()).hexdigest()


def printed(log: str, card_id: str, now: int) -> CardFace | Refusal:
    """A card of this log as it is printed, as often as one likes. Raises NotFound; refused when it is over or revoked,
    or the server's secret is another one than when it was issued.
    """
    row = db.session.get(Card, card_id, populate_existing=True)
    if row is None or row.log != log:
        raise NotFound
    token, refusal = token_of(row.id), dead(row, now)
    if refusal is not None:
        return refusal
    person = _behind(log, row.holder)
    if person is None or hash_of(token) != row.token_hash:
        return Refusal("supplies.card_not_printable", {})
    key = label_keys.make_sure(door(), log, now)
    town, shelter = db.session.get_one(Log, log).name, db.session.get_one(Organisation, row.shelter).name
    said = card.Card(
        log,
        row.number,
        row.shelter,
        person.id,
        row.holder,
        token,
        row.until,
        key.key,
        packed.fitting(shelter),
    )
    return CardFace(town, shelter, row.number, row.until, card.encode(said, key.sign))


def dead(row: Card, now: int) -> Refusal | None:
    """Why a card is good no more, or None."""
    if row.revoked_at is not None:
        return Refusal("supplies.card_revoked", {})
    return None if now < row.until else Refusal("supplies.card_over", {})


def activate(wish: Wish, now: int) -> Entered | Refusal:
    """Let a phone in by the token of its card, and enrol its key from the first scan that it signed.

    Asking again is harmless. Refused: an unknown, old or revoked card; more than MOST_PHONES phones; a phone that does
    not hold its key, or whose key is somebody else's.
    """
    row = db.session.scalar(
        select(Card).where(Card.token_hash == hash_of(wish.token)).execution_options(populate_existing=True)
    )
    if row is None:
        return Refusal("supplies.card_unknown", {})
    person, issuer = (_behind(row.log, name) for name in (row.holder, row.issuer))
    if refusal := dead(row, now) or _too_many(row, wish.dev):
        return refusal
    if person is None or person.state != PersonState.ACTIVE or not person.organisation.active:
        return Refusal("supplies.card_revoked", {})
    places = enrolment.let_in(person, wish, issuer.id if issuer else "", now)
    return places if isinstance(places, Refusal) else Entered(person, row.log, row.holder, places)


def _behind(log: str, name: str) -> Person | None:
    p = Pseudonym
    return db.session.scalar(
        select(Person).join(p, p.person_id == Person.id).where(p.log == log, p.pseudonym == name)
    )


def _too_many(row: Card, dev: str) -> Refusal | None:
    k = PhoneKey
    mine = (k.log == row.log, k.holder == row.holder, k.revoked_index.is_(None), k.dev != dev)
    others = db.session.scalar(select(func.count()).select_from(k).where(*mine)) or 0
    return Refusal("supplies.card_full", {"most": str(MOST_PHONES)}) if others >= MOST_PHONES else None


def revoke(
    officer: Person, log: str, card_id: str, reason: str, lost_at: int, form_id: str
) -> Refusal | None:
    """The card, the sessions of its phones and their keys are good no more."""
    body = {"card": card_id, "reason": reason, "lost_at": lost_at}
    return submit_as(officer, CARD_REVOKED, log, body, act_id=form_id).refusal


def lines(session: Session, log: str) -> list[CardLine]:
    """The cards of a log, those of one shelter together, the newest first; how many phones use each."""
    k, c, o = PhoneKey, Card, Organisation
    used = (
        select(k.holder, func.count().label("phones"))
        .where(k.log == log, k.revoked_index.is_(None))
        .group_by(k.holder)
        .subquery()
    )
    rows = session.execute(
        select(c, o.name, func.coalesce(used.c.phones, 0))
        .join(o, o.id == c.shelter)
        .outerjoin(used, used.c.holder == c.holder)
        .where(c.log == log)
        .order_by(o.name, c.shelter, c.number.desc())
        .execution_options(populate_existing=True)
    )
    return [
        CardLine(row.id, name, row.number, row.issued_at, row.until, row.revoked_at, phones)
        for row, name, phones in rows
    ]


def shelters(session: Session, log: str) -> Sequence[tuple[str, str]]:
    """Shelters of a log as (id, name), by name."""
    s, o = Shelter, Organisation
    rows = session.execute(
        select(s.id, o.name).join(o, o.id == s.id).where(s.log == log).order_by(o.name, s.id)
    )
    return [(id, name) for id, name in rows]
