"""The one bridge between the log and the vault: who stands behind a pseudonym."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webapp.kernel.base.db import db
from webapp.kernel.identity.models import Organisation, Person, Pseudonym
from webapp.kernel.identity.roles import Role, in_order

NO_NAME = "（削除済み）"


@dataclass(frozen=True, slots=True)
class PersonCard:
    """What a screen says about somebody in a log. An erased person has only an organisation."""

    name: str
    org: str
    roles: tuple[Role, ...]

    @property
    def role_text(self) -> str:
        """Roles as people read them, e.g. 「自治体職員・監査人」."""
        return "・".join(role.text for role in self.roles)


def pseudonym(session: Session, log: str, person_id: str) -> str:
    """The name of this person in this log ("p-" and 20 hex digits), made on first use. The caller commits.

    Of two transactions that make it at once, the second waits for the first and gets the same one.
    """
    known = session.scalar(_of(log, person_id))
    if known is not None:
        return known
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"log": log, "person_id": person_id, "pseudonym": f"p-{secrets.token_hex(10)}"}
    session.execute(insert(Pseudonym).values(row).on_conflict_do_nothing(index_elements=["log", "person_id"]))
    return session.scalars(_of(log, person_id)).one()


def person_behind(log: str, name: str) -> str | None:
    """The id of the person with this pseudonym in this log, or None."""
    wanted = select(Pseudonym.person_id).where(Pseudonym.log == log, Pseudonym.pseudonym == name)
    return db.session.scalar(wanted)


def people_by_pseudonym(log: str, pseudonyms: Iterable[str]) -> dict[str, PersonCard]:
    """Cards of those pseudonyms that this log knows, in one query. Strangers are left out."""
    wanted = (
        select(Pseudonym.pseudonym, Person.name, Organisation.name, Person.roles)
        .join(Person, Person.id == Pseudonym.person_id)
        .join(Organisation, Organisation.id == Person.organisation_id)
        .where(Pseudonym.log == log, Pseudonym.pseudonym.in_(set(pseudonyms)))
    )
    return {
        row[0]: PersonCard(row[1] or NO_NAME, row[2], tuple(in_order(row[3])))
        for row in db.session.execute(wanted)
    }


def _of(log: str, person_id: str) -> Select[str]:
    return select(Pseudonym.pseudonym).where(Pseudonym.log == log, Pseudonym.person_id == person_id)
