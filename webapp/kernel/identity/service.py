"""What changes people and organisations. Each function is one transaction; an expected no is a Refusal.

Whether the asker may touch this organisation is settled before (`roles.may_manage_people`, `queries`).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.kernel.base.db import transaction
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity.authentication import (
    authenticate,
    behind_link,
    change_password,
    locked,
    make_reset_link,
    set_password,
    use_reset_link,
)
from webapp.kernel.identity.lg_codes import is_lg_code
from webapp.kernel.identity.models import Organisation, Person, PersonState, ResetLink
from webapp.kernel.identity.pseudonyms import (
    PersonCard,
    forget_person,
    people_by_pseudonym,
    person_behind,
    pseudonym,
)
from webapp.kernel.identity.roles import (
    ROLES_OF_KIND,
    Action,
    OrganisationKind,
    Role,
    in_order,
    may,
)

__all__ = [
    "OrganisationFields",
    "PersonCard",
    "PersonFields",
    "add_organisation",
    "add_person",
    "authenticate",
    "behind_link",
    "change_organisation",
    "change_password",
    "change_person",
    "erase_person",
    "leave",
    "lock",
    "make_reset_link",
    "people_by_pseudonym",
    "person_behind",
    "pseudonym",
    "set_password",
    "unlock",
    "use_reset_link",
]

P = ParamSpec("P")
R = TypeVar("R")

#: What a municipality's administrator can enter; municipalities themselves are made on the command line.
INVITABLE = (
    OrganisationKind.CARRIER,
    OrganisationKind.ITAD,
    OrganisationKind.SHELTER,
    OrganisationKind.SUPPORTER,
)


@dataclass(frozen=True, slots=True)
class PersonFields:
    """What a form says about a person. Cleaned here: full-width and upper-case logins are accepted."""

    name: str
    login: str
    email: str
    roles: tuple[str, ...]

    def cleaned(self) -> "PersonFields":
        """The same without the accidents of typing."""
        login = unicodedata.normalize("NFKC", self.login).strip().lower()
        email = unicodedata.normalize("NFKC", self.email).strip()
        return PersonFields(_one_line(self.name), login, email, tuple(in_order(self.roles)))


@dataclass(frozen=True, slots=True)
class OrganisationFields:
    """What a form says about an organisation."""

    name: str
    kind: OrganisationKind
    phone: str = ""
    lg_code: str | None = None
    active: bool = True

    def cleaned(self) -> "OrganisationFields":
        """The same without the accidents of typing."""
        phone = unicodedata.normalize("NFKC", self.phone).strip().replace("ー", "-")
        return OrganisationFields(_one_line(self.name), self.kind, phone, self.lg_code or None, self.active)


def look_again(decide: Callable[P, R]) -> Callable[P, R]:
    """Of two who write the same at once, the second decides again on what it finds (on SQLite they queue)."""

    @wraps(decide)
    def twice(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return decide(*args, **kwargs)
        except IntegrityError:
            return decide(*args, **kwargs)

    return twice


@look_again
def add_person(id: str, organisation_id: str, fields: PersonFields, *, now: int) -> Person | Refusal:
    """Enter a person, who has no password yet. The id is made in the page: sent twice, it is one person."""
    fields = fields.cleaned()
    with transaction() as session:
        known = session.get(Person, id)
        if known is not None and known.organisation_id == organisation_id:
            return known
        organisation = session.get_one(Organisation, organisation_id)
        refusal = _problem(fields, organisation.kind) or _login_problem(session, id, fields.login)
        return refusal or _add(session, id, organisation, fields, now)


@look_again
def change_person(person_id: str, fields: PersonFields, *, by: str) -> Person | Refusal:
    """Change name, login, address and roles. `by`: id of who does it; nobody disarms themselves."""
    fields = fields.cleaned()
    with transaction() as session:
        person = locked(session, person_id)
        refusal = (
            _gone(person)
            or _problem(fields, person.organisation.kind)
            or _login_problem(session, person_id, fields.login)
            or _disarms_oneself(person, fields.roles, by)
        )
        return refusal or _write(person, fields)


def leave(person_id: str, *, by: str, now: int) -> Person | Refusal:
    """Somebody has gone: sessions and links die now, the name stays on what was done. Twice is once."""
    if person_id == by:
        return Refusal("identity.not_yourself")
    with transaction() as session:
        person = locked(session, person_id)
        if person.state != PersonState.LEFT:
            person.left_ms = now
            _stop(session, person, PersonState.LEFT)
        return person


def lock(person_id: str, *, by: str) -> Person | Refusal:
    """Stop somebody for now (a lost phone, a doubt): sessions and links die at once."""
    if person_id == by:
        return Refusal("identity.not_yourself")
    with transaction() as session:
        person = locked(session, person_id)
        refusal = _gone(person)
        if refusal is None and person.state != PersonState.LOCKED:
            _stop(session, person, PersonState.LOCKED)
        return refusal or person


def unlock(person_id: str) -> Person | Refusal:
    """End a stop by an administrator or by too many wrong passwords."""
    with transaction() as session:
        person = locked(session, person_id)
        refusal = _gone(person)
        if refusal is None:
            person.state = PersonState.ACTIVE
            person.failed_logins, person.locked_until_ms = 0, None
        return refusal or person


def erase_person(person_id: str, *, now: int) -> Person | Refusal:
    """Forget who has left: `pseudonyms.forget_person`. The log is untouched.

    For who never stood in a log, or after each log was told (`kernel.erasure`).
    """
    with transaction() as session:
        person = locked(session, person_id)
        if person.state != PersonState.LEFT:
            return Refusal("identity.has_not_left")
        forget_person(session, person, now)
        return person


@look_again
def add_organisation(
    id: str, fields: OrganisationFields, *, invited_by: str | None
) -> Organisation | Refusal:
    """Enter an organisation; sent twice with one id it is one.

    `invited_by`: the municipality whose administrator does so; None on the command line.
    """
    fields = fields.cleaned()
    with transaction() as session:
        known = session.get(Organisation, id)
        if known is not None and known.invited_by == invited_by:
            return known
        refusal = _organisation_problem(session, id, fields, invited_by)
        if refusal is not None:
            return refusal
        organisation = Organisation(id=id, kind=fields.kind, lg_code=fields.lg_code, invited_by=invited_by)
        session.add(organisation)
        return _write_organisation(organisation, fields)


def change_organisation(organisation_id: str, fields: OrganisationFields) -> Organisation | Refusal:
    """Change name, telephone and whether it is in use. Kind and code stay what they were."""
    fields = fields.cleaned()
    with transaction() as session:
        organisation = session.get_one(Organisation, organisation_id)
        return _words_problem(fields) or _write_organisation(organisation, fields)


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _gone(person: Person) -> Refusal | None:
    return Refusal("identity.has_left") if person.state == PersonState.LEFT else None


def _problem(fields: PersonFields, kind: OrganisationKind) -> Refusal | None:
    checks = (
        (bool(fields.name), "identity.name_missing"),
        (re.fullmatch(r"[a-z0-9._@-]{3,64}", fields.login), "identity.login_malformed"),
        (re.fullmatch(r"([^\s@]+@[^\s@]+\.[^\s@]+)?", fields.email), "identity.email_malformed"),
        (fields.roles, "identity.roles_missing"),
        (ROLES_OF_KIND[kind].issuperset(map(Role, fields.roles)), "identity.roles_not_here"),
    )
    return next((Refusal(code) for good, code in checks if not good), None)


def _login_problem(session: Session, person_id: str, login: str) -> Refusal | None:
    taken = session.scalar(select(func.count()).where(Person.login == login, Person.id != person_id))
    return Refusal("identity.login_taken") if taken else None


def _disarms_oneself(person: Person, roles: Iterable[str], by: str) -> Refusal | None:
    manages, will = may(person.roles, Action.PEOPLE_MANAGE), may(roles, Action.PEOPLE_MANAGE)
    return Refusal("identity.not_yourself") if person.id == by and manages and not will else None


def _add(session: Session, id: str, organisation: Organisation, fields: PersonFields, now: int) -> Person:
    person = Person(id=id, organisation=organisation, created_ms=now)
    session.add(_write(person, fields))
    session.flush()  # the unique index speaks now
    return person


def _write(person: Person, fields: PersonFields) -> Person:
    person.name, person.login, person.email = fields.name, fields.login, fields.email or None
    person.roles = [str(role) for role in fields.roles]
    return person


def _stop(session: Session, person: Person, state: PersonState) -> None:
    person.state = state
    person.session_epoch += 1
    session.execute(delete(ResetLink).where(ResetLink.person_id == person.id))


def _organisation_problem(
    session: Session, id: str, fields: OrganisationFields, invited_by: str | None
) -> Refusal | None:
    if session.get(Organisation, id) is not None or (invited_by and fields.kind not in INVITABLE):
        return Refusal("identity.organisation_kind_not_yours")
    return _words_problem(fields) or _lg_code_problem(session, fields)


def _words_problem(fields: OrganisationFields) -> Refusal | None:
    if not fields.name:
        return Refusal("identity.organisation_name_missing")
    well_formed = re.fullmatch(r"(\+?[0-9][0-9 ()-]{3,18})?", fields.phone)
    return None if well_formed else Refusal("identity.phone_malformed")


def _lg_code_problem(session: Session, fields: OrganisationFields) -> Refusal | None:
    town = fields.kind == OrganisationKind.MUNICIPALITY
    if town != (fields.lg_code is not None) or not (fields.lg_code is None or is_lg_code(fields.lg_code)):
        return Refusal("identity.lg_code_malformed")
    taken = town and session.scalar(select(func.count()).where(Organisation.lg_code == fields.lg_code))
    return Refusal("identity.lg_code_taken") if taken else None


def _write_organisation(organisation: Organisation, fields: OrganisationFields) -> Organisation:
    organisation.name, organisation.phone, organisation.active = fields.name, fields.phone, fields.active
    return organisation
