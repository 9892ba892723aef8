"""Who may do what to which thing of this room: receivers to their shelters, senders to their offers."""

from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.workbench import workbench
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.door import Author
from webapp.kernel.ledger.models import Log
from webapp.supplies.entries import INDIVIDUALS
from webapp.supplies.models import Disaster, Match, Need, Offer, Shelter

NOT_ALLOWED = Refusal("supplies.not_allowed", {})


def is_town(session: Session, author: Author, log: str) -> bool:
    """Whether this person works for the municipality whose log this is."""
    row = workbench(session).get(Log, log)
    return row is not None and row.organisation_id == author.org


def shelter_of(session: Session, shelter_id: str) -> Shelter | None:
    """A shelter by its id."""
    return workbench(session).get(Shelter, shelter_id)


def receives(session: Session, author: Author, shelter: Shelter) -> bool:
    """The shelter's own people, and the municipality for all of its shelters (代行)."""
    return author.org == shelter.id or is_town(session, author, shelter.log)


def sends(author: Author, offer: Offer) -> bool:
    """The sender; of an organisation, any of its people. Citizens share one organisation and nothing else."""
    if author.pseudonyms.get(offer.log) == offer.sender:
        return True
    return author.org == offer.org and offer.org != INDIVIDUALS


def town_may(session: Session, author: Author, log: str, action: Action) -> bool:
    """Whether this person may do this for the municipality whose log this is."""
    return may(author.roles, action) and is_town(session, author, log)


def own_shelter(session: Session, author: Author, log: str, shelter_id: str) -> Shelter | Refusal:
    """A shelter of this log for which this person manages needs."""
    shelter = shelter_of(session, shelter_id)
    if shelter is None or shelter.log != log:
        return Refusal("supplies.unknown_shelter", {})
    if not (may(author.roles, Action.NEED_MANAGE) and receives(session, author, shelter)):
        return NOT_ALLOWED
    return shelter


def is_disaster_of(session: Session, log: str, disaster_id: str) -> bool:
    """Whether a disaster, open or closed, is of this log: nobody's goods count among those of another town."""
    disaster = workbench(session).get(Disaster, disaster_id)
    return disaster is not None and disaster.log == log


def open_disaster_of(session: Session, log: str, disaster_id: str) -> Disaster | Refusal:
    """A disaster of this log that is not closed."""
    disaster = workbench(session).get(Disaster, disaster_id)
    if disaster is None or disaster.log != log:
        return Refusal("supplies.unknown_disaster", {})
    return disaster if disaster.closed_at is None else Refusal("supplies.disaster_closed", {})


def own_need(session: Session, author: Author, log: str, need_id: str) -> Need | Refusal:
    """A need of a shelter for which this person manages needs."""
    need = workbench(session).get(Need, need_id)
    if need is None or need.log != log:
        return Refusal("supplies.unknown_need", {})
    shelter = own_shelter(session, author, log, need.shelter)
    return shelter if isinstance(shelter, Refusal) else need


def received_match(session: Session, author: Author, log: str, match_id: str) -> Match | Refusal:
    """A shipment to a shelter for which this person manages needs."""
    match = workbench(session).get(Match, match_id)
    if match is None or match.log != log:
        return Refusal("supplies.unknown_match", {})
    shelter = own_shelter(session, author, log, match.shelter)
    return shelter if isinstance(shelter, Refusal) else match


def own_offer(session: Session, author: Author, log: str, offer_id: str) -> Offer | Refusal:
    """An offer of this sender."""
    offer = workbench(session).get(Offer, offer_id)
    if offer is None or offer.log != log:
        return Refusal("supplies.unknown_offer", {})
    shelter = shelter_of(session, offer.shelter) if offer.shelter else None
    ours = (
        shelter is not None and may(author.roles, Action.NEED_MANAGE) and receives(session, author, shelter)
    )
    theirs = may(author.roles, Action.OFFER_MAKE) and sends(author, offer)
    return offer if ours or theirs else Refusal("supplies.unknown_offer", {})


def sent_match(session: Session, author: Author, log: str, match_id: str) -> Match | Refusal:
    """A shipment of this sender's."""
    match = workbench(session).get(Match, match_id)
    if match is None or match.log != log:
        return Refusal("supplies.unknown_match", {})
    offer = own_offer(session, author, log, match.offer)
    return Refusal("supplies.unknown_match", {}) if isinstance(offer, Refusal) else match
