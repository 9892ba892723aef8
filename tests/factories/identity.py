"""Makers: say only what a test is about."""

import re
from functools import cache
from itertools import count
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Organisation, Person
from webapp.kernel.identity.roles import OrganisationKind, Role

PASSWORD = "まどの外に三毛猫がいる"
MORNING = 1_790_000_000_000  # ms; 2026-09-21, before any test runs
_numbers = count(1)

#: An organisation in which such a person usually works.
KIND_OF_ROLE = {
    Role.OFFICER: OrganisationKind.MUNICIPALITY,
    Role.ADMIN: OrganisationKind.MUNICIPALITY,
    Role.AUDITOR: OrganisationKind.MUNICIPALITY,
    Role.DRIVER: OrganisationKind.CARRIER,
    Role.SHELTER: OrganisationKind.SHELTER,
    Role.SUPPORTER: OrganisationKind.SUPPORTER,
}


#: Argon2 is slow on purpose: one hash serves everybody with the same password.
_hash_of = cache(passwords.make_hash)


def an_organisation(
    kind: str = "municipality",
    *,
    name: str = "",
    lg_code: str | None = None,
    invited_by: Organisation | None = None,
) -> Organisation:
    """An organisation in use."""
    number = next(_numbers)
    inviter = invited_by.id if invited_by else None
    organisation = Organisation(
        id=new_id(),
        name=name or f"第{number}組織",
        kind=OrganisationKind(kind),
        lg_code=lg_code,
        phone="0233-43-2111",
        invited_by=inviter,
    )
    with transaction() as session:
        session.add(organisation)
    return organisation


def a_person(
    role: str = "officer", org: Organisation | None = None, *, password: str | None = PASSWORD, **fields: Any
) -> Person:
    """Somebody with an account and `PASSWORD`; without `org` in a new organisation that fits the role.

    `fields` are columns of Person: login, name, roles, state, email …
    """
    org = org or an_organisation(KIND_OF_ROLE.get(Role(role), OrganisationKind.ITAD))
    number = next(_numbers)
    usual = {"login": f"person{number}", "name": f"試験 {number}子", "roles": [role], "created_ms": MORNING}
    hashed = passwords.make_hash(password) if password else None
    person = Person(id=new_id(), organisation_id=org.id, password_hash=hashed, **usual | fields)
    with transaction() as session:
        session.add(person)
    db.session.refresh(person)
    return person


def log_in(client: FlaskClient, person: Person, password: str = PASSWORD, **fields: str) -> TestResponse:
    """Log this client in through the door that everybody uses; the answer, not followed."""
    return client.post("/login", data={"login": person.login, "password": password, **fields})


def the_person(login: str) -> Person:
    """Who has this login by now."""
    return db.session.scalars(select(Person).where(Person.login == login)).one()


def found(pattern: str, text: str) -> str:
    """The first group of a pattern that a page must hold."""
    hit = re.search(pattern, text)
    assert hit is not None, f"{pattern} is not on the page"
    return hit.group(1)
