"""The vault of people: every name and address in the system stands in these tables and nowhere else.

The ledger knows persons by random pseudonyms only, one per (log, person), so that erasing a person here
(`service.erase_person`) leaves the log and all that is folded from it unchanged.
"""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.kernel.base.db import PRIVATE, Base
from webapp.kernel.identity.roles import OrganisationKind


class PersonState(StrEnum):
    """Whether a person may be here at all."""

    ACTIVE = "active"
    LOCKED = "locked"  # stopped by an administrator until unlocked
    LEFT = "left"  # has gone; the name stays on what they did


class Organisation(Base):
    """A town, a carrier, an ITAD company, a shelter, a supporter."""

    __tablename__ = "organisations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[OrganisationKind]
    lg_code: Mapped[str | None] = mapped_column(String(6), unique=True, comment="全国地方公共団体コード")
    phone: Mapped[str] = mapped_column(String(20), default="", comment="whom to call; shown to the public")
    active: Mapped[bool] = mapped_column(default=True)
    invited_by: Mapped[str | None] = mapped_column(
        String(36), ForeignKey("organisations.id"), index=True, comment="the municipality that entered it"
    )


class Person(Base):
    """Somebody with an account. Personal data: name, login, email."""

    __tablename__ = "people"
    __table_args__ = (Index("ix_people_organisation_state", "organisation_id", "state"), PRIVATE)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    login: Mapped[str | None] = mapped_column(String(64), unique=True, comment="lower case; null once erased")
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(255), comment="argon2id; null: none set yet")
    organisation_id: Mapped[str] = mapped_column(String(36), ForeignKey("organisations.id"))
    roles: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[PersonState] = mapped_column(default=PersonState.ACTIVE)
    failed_logins: Mapped[int] = mapped_column(default=0, comment="in a row")
    locked_until_ms: Mapped[int | None] = mapped_column(comment="no new login before this; sessions go on")
    session_epoch: Mapped[int] = mapped_column(default=0, comment="one more, and every session is dead")
    created_ms: Mapped[int]
    left_ms: Mapped[int | None]
    erased_ms: Mapped[int | None]

    organisation: Mapped[Organisation] = relationship(
        lazy="joined", innerjoin=True, cascade="save-update, merge, expunge"
    )


class Pseudonym(Base):
    """The name a person has in one log: random, so that two logs cannot be joined by it.

    Erasing the person cuts the link: the log's pseudonym goes on without anybody, but for the organisation.
    """

    __tablename__ = "pseudonyms"
    __table_args__ = (UniqueConstraint("log", "person_id"), PRIVATE)

    pseudonym: Mapped[str] = mapped_column(String(22), primary_key=True, comment="p- and 20 hex digits")
    log: Mapped[str] = mapped_column(String(6))
    person_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("people.id"), index=True)
    organisation_id: Mapped[str | None] = mapped_column(
        String(36), comment="where the person worked, once the link is cut"
    )


class ResetLink(Base):
    """A one-time link to set a password. Only its hash is kept: who reads the database cannot use it."""

    __tablename__ = "reset_links"
    __table_args__ = PRIVATE

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True, comment="SHA-256, hex")
    person_id: Mapped[str] = mapped_column(String(36), ForeignKey("people.id"), index=True)
    expires_ms: Mapped[int]
    used_ms: Mapped[int | None]
