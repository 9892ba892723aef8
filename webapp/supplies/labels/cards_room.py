"""Keys of labels and shelter cards behind the door: who may issue and revoke a card, and what the log says of both."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import DAY
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity.authentication import locked
from webapp.kernel.identity.models import Person, PersonState, Pseudonym
from webapp.kernel.identity.pseudonyms import adopt
from webapp.kernel.identity.roles import Action
from webapp.kernel.intake.door import Accepted, Author, Verdict, command
from webapp.kernel.intake.format import Act, Body, Millis, Sha256, Uuid
from webapp.kernel.intake.format import Pseudonym as Named
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.phones.entries import REVOKED as PHONE_REVOKED
from webapp.kernel.phones.models import PhoneKey
from webapp.supplies.allowed import NOT_ALLOWED, town_may
from webapp.supplies.labels import keys as label_keys
from webapp.supplies.labels.card import MOST_CARDS
from webapp.supplies.labels.cards_messages import SENTENCES
from webapp.supplies.labels.models import Card, LabelKeyRow
from webapp.supplies.models import Shelter

CARD_ISSUED, CARD_REVOKED = "supplies.card_issued", "supplies.card_revoked"
#: A card lies in a drawer until the earth shakes; in time it is checked and printed anew.
LONGEST_MS = 400 * DAY
SLACK_MS = 2 * 60_000


class CardIssued(Body):
    """A card for phones of a shelter; `holder` is who they are in the log, `token_hash` of what the card holds."""

    shelter: Uuid
    number: Annotated[int, Field(ge=1, le=MOST_CARDS)]
    holder: Named
    token_hash: Sha256
    until: Millis


class CardRevoked(Body):
    """A card is good no more, and the phones that it let in are out of their holder's hands since `lost_at` (ms)."""

    card: Uuid
    reason: Literal["lost", "stolen", "left"]
    lost_at: Millis


class CardsRoom:
    """Cards behind the door. It folds the keys of labels as well, which the system or a command writes."""

    observations: frozenset[str] = frozenset()
    tables = (Card, LabelKeyRow)

    def __init__(self) -> None:
        self.commands = {
            CARD_ISSUED: command(CardIssued, _issue),
            CARD_REVOKED: command(CardRevoked, _revoke),
        }

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """A card alone gives nobody work."""
        return set()

    def check(self, session: Session, act: Act, author: Author) -> Refusal | None:
        """There are no observations here."""
        return None

    def project(self, session: Session, log: str, entries: Sequence[Recorded]) -> Mapping[str, Verdict]:
        """Fold keys and cards."""
        label_keys.project(session, log, entries)
        for entry in entries:
            if entry.kind == CARD_ISSUED:
                _issued(session, entry, entry.data["body"])
            elif entry.kind == CARD_REVOKED:
                body = entry.data["body"]
                card = session.get_one(Card, body["card"])
                card.revoked_at, card.reason = entry.recorded_at, body["reason"]
                session.flush()
        return {}

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """Refusals in words."""
        return SENTENCES.get(code, "").format_map({**params})


def _issued(session: Session, entry: Recorded, body: Mapping[str, Any]) -> None:
    adopt(session, entry.log, {body["holder"]: body["shelter"]})
    told = {name: body[name] for name in ("shelter", "number", "holder", "token_hash", "until")}
    card = Card(id=entry.id, log=entry.log, issuer=entry.by.actor, issued_at=entry.recorded_at, **told)
    card.reason = ""
    session.add(card)
    session.flush()  # the next entry may revoke it


def _issue(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """By who manages shelters in the log's municipality; for a person of that shelter, with the next number."""
    body = CardIssued.model_validate(act.body)
    if not town_may(session, author, act.log, Action.SHELTERS_MANAGE):
        return NOT_ALLOWED
    shelter = session.get(Shelter, body.shelter)
    if shelter is None or shelter.log != act.log:
        return Refusal("supplies.unknown_shelter", {})
    home = session.scalar(
        select(Person.organisation_id)
        .join(Pseudonym, Pseudonym.person_id == Person.id)
        .where(Pseudonym.log == act.log, Pseudonym.pseudonym == body.holder)
    )
    if home != body.shelter or not now < body.until <= now + LONGEST_MS:
        return Refusal("supplies.card_wrong", {})
    if body.number != next_number(session, body.shelter):
        return Refusal("supplies.card_number", {})
    return Accepted(label_keys.ensure(session, act.log))


def next_number(session: Session, shelter: str) -> int:
    """The number of a shelter's next card."""
    return (session.scalar(select(func.max(Card.number)).where(Card.shelter == shelter)) or 0) + 1


def _revoke(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """The same people. Sessions of its phones end with it, and their keys are revoked in the same breath."""
    body = CardRevoked.model_validate(act.body)
    card = session.get(Card, body.card, populate_existing=True)
    if card is None or card.log != act.log:
        return Refusal("supplies.card_unknown", {})
    if not town_may(session, author, act.log, Action.SHELTERS_MANAGE):
        return NOT_ALLOWED
    if card.revoked_at is not None:
        return Refusal("supplies.card_revoked", {})
    if body.lost_at > now + SLACK_MS:
        return Refusal("supplies.card_lost_later", {})
    _end_sessions(session, act.log, card.holder, now)
    k = PhoneKey
    phones = select(k.dev).where(k.log == act.log, k.holder == card.holder, k.revoked_index.is_(None))
    told = {"reason": body.reason, "lost_at": body.lost_at}
    return Accepted(
        [(PHONE_REVOKED, {"dev": dev, **told}) for dev in session.scalars(phones.order_by(k.dev))]
    )


def _end_sessions(session: Session, log: str, holder: str, now: int) -> None:
    """Nobody comes in by this card any more; who is in is out at the next tap."""
    p = Pseudonym
    person_id = session.scalar(select(p.person_id).where(p.log == log, p.pseudonym == holder))
    if person_id:
        person = locked(session, person_id)
        person.state, person.left_ms = PersonState.LEFT, person.left_ms or now
        person.session_epoch += 1
