"""The one bridge between the log and the vault: who stands behind a pseudonym."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webapp.kernel.base.db import db
from webapp.kernel.identity.models import Organisation, Person, PersonState, Pseudonym, ResetLink
from webapp.kernel.identity.roles import SYSTEM, SYSTEM_TEXT, Role, in_order

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
    insert_new = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"log": log, "person_id": person_id, "pseudonym": f"p-{secrets.token_hex(10)}"}
    session.execute(
        insert_new(Pseudonym).values(row).on_conflict_do_nothing(index_elements=["log", "person_id"])
    )
    return session.scalars(_of(log, person_id)).one()


def person_behind(log: str, name: str) -> str | None:
    """The id of the person with this pseudonym in this log, or None."""
    wanted = select(Pseudonym.person_id).where(Pseudonym.log == log, Pseudonym.pseudonym == name)
    return db.session.scalar(wanted)


def people_by_pseudonym(log: str, pseudonyms: Iterable[str]) -> dict[str, PersonCard]:
    """Cards of those pseudonyms that this log knows, in one query. Strangers are left out.

    Of an erased person the organisation is left; of one whom only a refilled log knows, nothing but the pseudonym.
    """
    p, asked = Pseudonym, set(pseudonyms)
    wanted = (
        select(p.pseudonym, p.person_id, Person.name, Organisation.name, Person.roles)
        .outerjoin(Person, Person.id == p.person_id)
        .outerjoin(Organisation, Organisation.id == func.coalesce(Person.organisation_id, p.organisation_id))
        .where(p.log == log, p.pseudonym.in_(asked))
    )
    found = {SYSTEM: PersonCard(SYSTEM_TEXT, "", ())} if SYSTEM in asked else {}
    return found | {
        name: PersonCard(_shown(name, said, org), org or "", tuple(in_order(roles or ())))
        for name, _person, said, org, roles in db.session.execute(wanted)
    }


def _shown(name: str, said: str | None, org: str | None) -> str:
    if said:
        return said
    return NO_NAME if org else name


def forget(session: Session, log: str, name: str, now: int) -> None:
    """Erase the person behind a pseudonym, if anybody still is: `forget_person`. The caller commits."""
    person_id = session.scalar(
        select(Pseudonym.person_id).where(Pseudonym.log == log, Pseudonym.pseudonym == name)
    )
    person = session.get(Person, person_id, populate_existing=True) if person_id else None
    if person is not None:
        forget_person(session, person, now)


def forget_person(session: Session, person: Person, now: int) -> None:
    """Blank name, login, address and password, and cut the links from all pseudonyms; the caller commits.

    What is left are random ids, the organisation, and in each log a pseudonym that leads nowhere.
    """
    person.name, person.login, person.email, person.password_hash = "", None, None, None
    person.erased_ms = person.erased_ms or now
    if person.state != PersonState.LEFT:  # a backup may be older than the leaving
        person.state, person.left_ms = PersonState.LEFT, now
        person.session_epoch += 1
    session.flush()
    session.execute(delete(ResetLink).where(ResetLink.person_id == person.id))
    session.execute(
        update(Pseudonym)
        .where(Pseudonym.person_id == person.id)
        .values(person_id=None, organisation_id=person.organisation_id)
        .execution_options(synchronize_session=False)
    )


def adopt(session: Session, log: str, named: Mapping[str, str]) -> int:
    """Make pseudonyms known that stand in the log and lead to nobody here; `named`: pseudonym → organisation, or "".

    After a loss they are all that is known of those people. The caller commits. Answers how many were new.
    """
    wanted = sorted(named)
    known = {
        name
        for start in range(0, len(wanted), 500)
        for name in session.scalars(
            select(Pseudonym.pseudonym).where(Pseudonym.pseudonym.in_(wanted[start : start + 500]))
        )
    }
    fresh = [
        {"pseudonym": name, "log": log, "person_id": None, "organisation_id": named[name] or None}
        for name in wanted
        if name not in known
    ]
    if fresh:
        session.execute(insert(Pseudonym), fresh)
    return len(fresh)


def _of(log: str, person_id: str) -> Select[str]:
    return select(Pseudonym.pseudonym).where(Pseudonym.log == log, Pseudonym.person_id == person_id)
