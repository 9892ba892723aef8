"""Decisions of the municipality: disasters, shelters, the item master, exports."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.workbench import workbench
from webapp.kernel.identity.models import Organisation
from webapp.kernel.identity.roles import Action, OrganisationKind, may
from webapp.kernel.intake.door import Accepted, Author
from webapp.kernel.intake.format import Act
from webapp.supplies import catalogue
from webapp.supplies import entries as kinds
from webapp.supplies.allowed import NOT_ALLOWED, is_town, open_disaster_of, town_may
from webapp.supplies.models import Match, Need, Shelter
from webapp.supplies.steps import MatchState


def open_disaster(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """災害をひらく: its name is `open.data.name`."""
    if not town_may(session, author, act.log, Action.DISASTER_MANAGE):
        return NOT_ALLOWED
    return Accepted() if act.commit else Refusal("supplies.name_missing", {})


def change_disaster(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Another name, another share for unverified senders."""
    found = open_disaster_of(session, act.log, act.body["disaster"])
    return found if isinstance(found, Refusal) else open_disaster(session, act, author, now)


def close_disaster(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """災害をとじる. Nothing new is asked for; what is on its way still arrives."""
    if not town_may(session, author, act.log, Action.DISASTER_MANAGE):
        return NOT_ALLOWED
    found = open_disaster_of(session, act.log, act.body["disaster"])
    return found if isinstance(found, Refusal) else Accepted()


def set_shelter(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Enter or change a shelter; its organisation has been entered before.

    A shelter that is closed needs nothing any more: its needs are stopped, and what was promised is called off.
    """
    if not town_may(session, author, act.log, Action.SHELTERS_MANAGE):
        return NOT_ALLOWED
    body = kinds.ShelterSet.model_validate(act.body)
    row = workbench(session).get(Shelter, body.shelter)
    if row is not None and row.log != act.log:
        return Refusal("supplies.unknown_shelter", {})
    if not act.commit:
        return Refusal("supplies.name_missing", {})
    if body.hub and (body.hub == body.shelter or not _is_ours(session, act.log, body.hub)):
        return Refusal("supplies.unknown_hub", {})
    if not _is_invited(session, author, body.shelter):
        return Refusal("supplies.unknown_shelter", {})
    return Accepted(extra=_stops(session, body.shelter) if row and not body.open else ())


def _is_ours(session: Session, log: str, shelter: str) -> bool:
    row = workbench(session).get(Shelter, shelter)
    return row is not None and row.log == log


def _is_invited(session: Session, author: Author, shelter: str) -> bool:
    """A shelter is an organisation that this municipality has entered before."""
    held = session.get(Organisation, shelter)
    return held is not None and held.kind == OrganisationKind.SHELTER and held.invited_by == author.org


def _stops(session: Session, shelter: str) -> list[tuple[str, dict[str, object]]]:
    n = Need
    open_needs = select(n.id).where(n.shelter == shelter, n.stopped_at.is_(None), n.expired_at.is_(None))
    extra: list[tuple[str, dict[str, object]]] = []
    for need in session.scalars(open_needs.order_by(n.index, n.id)):
        extra += [(kinds.NEED_STOPPED, {"need": need}), *called_off(session, need)]
    return extra


def called_off(session: Session, need: str) -> list[tuple[str, dict[str, object]]]:
    """What is promised to a need and has not left: it ends with the need."""
    m, promised = Match, [MatchState.PLEDGED.value, MatchState.REQUESTED.value]
    rows = session.scalars(select(m.id).where(m.need == need, m.state.in_(promised)).order_by(m.id))
    return [(kinds.CANCELLED, {"match": match, "by": "stop"}) for match in rows]


def set_item(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """An item of the municipality's own, or one of the base list changed or switched off."""
    if not town_may(session, author, act.log, Action.ITEMS_MANAGE):
        return NOT_ALLOWED
    known = act.body["item"] in catalogue.BASE
    return Accepted() if known or act.commit else Refusal("supplies.name_missing", {})


def record_export(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Who took a list out is an entry too."""
    allowed = may(author.roles, Action.EXPORT) and is_town(session, author, act.log)
    return Accepted() if allowed else NOT_ALLOWED
