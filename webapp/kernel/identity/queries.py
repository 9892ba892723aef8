"""Reads for the screens. What the asker may not see is not there: 404, since "forbidden" says too much."""

from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select

from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.identity.models import Organisation, Person, PersonState
from webapp.kernel.identity.roles import (
    ROLES_OF_KIND,
    OrganisationKind,
    Role,
    in_order,
    may_begin,
    may_manage_organisation,
    may_manage_people,
)

PAGE = 50


@dataclass(frozen=True, slots=True)
class OrganisationLine:
    """An organisation on screen."""

    id: str
    name: str
    kind: OrganisationKind
    lg_code: str | None
    phone: str
    active: bool


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person on screen, for who manages them."""

    id: str
    name: str
    login: str
    email: str
    roles: tuple[Role, ...]
    state: PersonState
    organisation: OrganisationLine
    locked_until_ms: int | None
    has_password: bool
    created_ms: int
    left_ms: int | None
    erased_ms: int | None

    @property
    def role_text(self) -> str:
        """Roles as people read them."""
        return "・".join(role.text for role in self.roles)


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of a list, and how many there are in all."""

    people: tuple[PersonLine, ...]
    total: int
    page: int
    pages: int


def people(actor: Person, *, search: str = "", left: bool = False, page: int = 1) -> PeoplePage:
    """Those whom the actor manages, by name, 50 a page. `left`: who has gone, instead of who is here."""
    wanted = _matching(actor, search, left=left)
    total = db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    found = db.session.scalars(wanted.order_by(Person.name, Person.id).limit(PAGE).offset((page - 1) * PAGE))
    return PeoplePage(tuple(map(person_line, found)), total, page, pages)


def person_for(actor: Person, person_id: str) -> PersonLine:
    """Somebody whom the actor manages. Raises NotFound for everybody else, as if there were none."""
    person = db.session.get(Person, person_id)
    if person is None or not _manages(actor, person.organisation):
        raise NotFound
    return person_line(person)


def organisations_for(actor: Person) -> list[OrganisationLine]:
    """The actor's own organisation first, then those it has invited, by name."""
    found = db.session.scalars(
        _ours(actor).order_by(Organisation.id != actor.organisation_id, Organisation.name, Organisation.id)
    )
    return [organisation_line(organisation) for organisation in found]


def organisation_for(actor: Person, organisation_id: str) -> OrganisationLine:
    """An organisation that the actor may change. Raises NotFound for every other."""
    organisation = db.session.get(Organisation, organisation_id)
    if organisation is None or not may_manage_organisation(actor, organisation):
        raise NotFound
    return organisation_line(organisation)


def staffed_organisation(actor: Person, organisation_id: str) -> OrganisationLine:
    """An organisation whose people the actor manages. Raises NotFound for every other."""
    organisation = db.session.get(Organisation, organisation_id)
    if organisation is None or not _manages(actor, organisation):
        raise NotFound
    return organisation_line(organisation)


def staffed_organisations(actor: Person) -> list[OrganisationLine]:
    """Those of `organisations_for` whose people the actor manages."""
    found = db.session.scalars(
        _ours(actor).order_by(Organisation.id != actor.organisation_id, Organisation.name)
    )
    return [organisation_line(organisation) for organisation in found if _manages(actor, organisation)]


def roles_to_give(organisation: OrganisationLine) -> list[Role]:
    """Roles that a person of it can have."""
    return in_order(ROLES_OF_KIND[organisation.kind])


def person_line(person: Person) -> PersonLine:
    """The person as screens get it."""
    return PersonLine(
        person.id,
        person.name,
        person.login or "",
        person.email or "",
        tuple(in_order(person.roles)),
        person.state,
        organisation_line(person.organisation),
        person.locked_until_ms,
        person.password_hash is not None,
        person.created_ms,
        person.left_ms,
        person.erased_ms,
    )


def organisation_line(organisation: Organisation) -> OrganisationLine:
    """The organisation as screens get it."""
    return OrganisationLine(
        organisation.id,
        organisation.name,
        organisation.kind,
        organisation.lg_code,
        organisation.phone,
        organisation.active,
    )


def _ours(actor: Person) -> Select[Organisation]:
    own = actor.organisation_id
    return select(Organisation).where(or_(Organisation.id == own, Organisation.invited_by == own))


def _manages(actor: Person, organisation: Organisation) -> bool:
    if may_manage_people(actor, organisation):
        return True
    was_here = or_(Person.password_hash.is_not(None), Person.erased_ms.is_not(None))
    settled = select(func.count()).where(Person.organisation_id == organisation.id, was_here)
    return may_begin(actor, organisation, db.session.scalar(settled) or 0)


def _matching(actor: Person, search: str, *, left: bool) -> Select[Person]:
    managed = [org.id for org in db.session.scalars(_ours(actor)).all() if _manages(actor, org)]
    gone = Person.state == PersonState.LEFT if left else Person.state != PersonState.LEFT
    wanted = select(Person).where(Person.organisation_id.in_(managed), gone)
    text = search.strip()
    holds = or_(Person.name.icontains(text, autoescape=True), Person.login.icontains(text, autoescape=True))
    return wanted.where(holds) if text else wanted
