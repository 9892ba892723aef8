"""Notices as the log tells them, and what only the sender needs to know."""

from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import PRIVATE, Base
from webapp.kernel.notifications.entries import NoticeState


class Notice(Base):
    """Somebody is to be told something. Folded from the log; no name and no address is in it."""

    __tablename__ = "notices"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, comment="derived from what it is about")
    log: Mapped[str] = mapped_column(String(16), comment='"": of an account, in no log')
    kind: Mapped[str] = mapped_column(String(64), comment="whose renderer writes it, e.g. supplies.shipped")
    about: Mapped[str] = mapped_column(String(64), comment="the thing")
    recipient: Mapped[str] = mapped_column(String(64), comment="p-…, shelter:<organisation> or log:<code>")
    caused_by: Mapped[int] = mapped_column(comment="index of the entry")
    caused_at: Mapped[int] = mapped_column(comment="its recorded_at, ms")
    facts: Mapped[dict[str, Any]] = mapped_column(comment="what held at that moment: ASCII, nothing personal")
    state: Mapped[NoticeState]
    round: Mapped[int] = mapped_column(comment="how often a person wanted it tried again")
    settled_at: Mapped[int | None] = mapped_column(comment="recorded_at of the entry that says so, ms")
    code: Mapped[int] = mapped_column(comment="the mail server's, 0: none")
    reason: Mapped[str] = mapped_column(String(16))
    __table_args__ = (
        Index("ix_notices_state_caused_at", "state", "caused_at"),
        Index("ix_notices_log_caused_at", "log", "caused_at"),
    )


class NoticeDelivery(Base):
    """How far the sender is with a notice. Not folded: it says how things stand now, and only here."""

    __tablename__ = "notice_deliveries"
    notice: Mapped[str] = mapped_column(String(36), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    log: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str] = mapped_column(String(64))
    daily: Mapped[bool] = mapped_column(comment="goes with others of the same recipient")
    digest: Mapped[str] = mapped_column(String(36), comment="with which ones it went out, if it was tried")
    next_at: Mapped[int | None] = mapped_column(comment="not before, ms; NULL: it is settled")
    attempts: Mapped[int]
    first_at: Mapped[int | None] = mapped_column(comment="of the attempts, ms")
    claim: Mapped[str] = mapped_column(String(36), comment="the sender that has it in hand")
    claimed_at: Mapped[int] = mapped_column(comment="ms")
    handed_at: Mapped[int | None] = mapped_column(comment="about to be handed over, outcome not known, ms")
    unknowns: Mapped[int] = mapped_column(comment="how often the outcome was never heard")
    code: Mapped[int] = mapped_column(comment="what the server said last, 0: nothing")
    words: Mapped[str] = mapped_column(Text, comment="in its words, without the address")
    __table_args__ = (
        Index("ix_notice_deliveries_claim", "claim"),
        Index("ix_notice_deliveries_next_at", "next_at"),
    )


class NoticePreference(Base):
    """How a person wants to be told."""

    __tablename__ = "notice_preferences"
    __table_args__ = PRIVATE
    person_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    mode: Mapped[str] = mapped_column(String(16), comment="each, daily or none")
    changed_at: Mapped[int] = mapped_column(comment="ms")


class PushSubscription(Base):
    """An installed app that wants to be told. Its address leads to a person's phone."""

    __tablename__ = "push_subscriptions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True, comment="SHA-256 of the endpoint, hex")
    person_id: Mapped[str] = mapped_column(String(36))
    endpoint: Mapped[str] = mapped_column(Text)
    p256dh: Mapped[str] = mapped_column(String(100), comment="the app's public key, base64url")
    auth: Mapped[str] = mapped_column(String(32), comment="16 bytes, base64url")
    made_at: Mapped[int] = mapped_column(comment="ms")
    failures: Mapped[int] = mapped_column(comment="in a row")
    __table_args__ = (Index("ix_push_subscriptions_person_id", "person_id"), PRIVATE)


class NoticePush(Base):
    """An installed app that is still to be told of a notice; the row goes when it was."""

    __tablename__ = "notice_pushes"
    notice: Mapped[str] = mapped_column(String(36), primary_key=True)
    subscription: Mapped[str] = mapped_column(String(64), primary_key=True)
    made_at: Mapped[int] = mapped_column(comment="ms")
    next_at: Mapped[int] = mapped_column(comment="not before, ms; set ahead by who takes it in hand")
    attempts: Mapped[int]
    __table_args__ = (Index("ix_notice_pushes_next_at", "next_at"),)
