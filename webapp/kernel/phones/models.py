"""Phones and their signed scans, folded from the logs; and one-time codes, which are no fold."""

from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import PRIVATE, Base


class PhoneKey(Base):
    """A phone with a key in one log: by an enrolment, or by a day pass (then `until` is the end of the last one)."""

    __tablename__ = "phones"
    log: Mapped[str] = mapped_column(String(16), primary_key=True)
    dev: Mapped[str] = mapped_column(String(36), primary_key=True)
    key: Mapped[str] = mapped_column(String(88), comment="65 bytes, base64")
    holder: Mapped[str] = mapped_column(String(22), comment="pseudonym")
    first: Mapped[int] = mapped_column(comment="number of the first scan that must be signed")
    after: Mapped[str] = mapped_column(String(36), comment="the phone that it replaces")
    seam_seq: Mapped[int] = mapped_column(comment="where that one's chain ended; 0: nowhere")
    seam_hash: Mapped[str] = mapped_column(String(64))
    until: Mapped[int | None] = mapped_column(comment="ms; a substitute's phone")
    issuer: Mapped[str] = mapped_column(String(22), comment="who let it in, if that is known")
    enrolled_index: Mapped[int]
    enrolled_at: Mapped[int] = mapped_column(comment="ms")
    revoked_index: Mapped[int | None]
    revoked_at: Mapped[int | None] = mapped_column(comment="ms")
    reason: Mapped[str] = mapped_column(String(16))
    lost_at: Mapped[int | None] = mapped_column(comment="ms; from then on it was out of its holder's hands")
    runs: Mapped[list[Any]] = mapped_column(JSON, comment="numbers that are there, [first, last] a run")
    last_at: Mapped[int | None] = mapped_column(comment="when a signed scan came last, our clock, ms")
    __table_args__ = (Index("ix_phones_dev", "dev"), Index("ix_phones_key", "key"))


class PhonePass(Base):
    """A day pass: who holds this key may scan for one job, in one role, until a moment."""

    __tablename__ = "phone_passes"
    log: Mapped[str] = mapped_column(String(16), primary_key=True)
    holder: Mapped[str] = mapped_column(String(22), primary_key=True, comment="a pseudonym made for it")
    dev: Mapped[str] = mapped_column(String(36))
    job: Mapped[str] = mapped_column(String(36))
    role: Mapped[str] = mapped_column(String(32))
    until: Mapped[int] = mapped_column(comment="ms")
    issuer: Mapped[str] = mapped_column(String(22))
    index: Mapped[int] = mapped_column("idx")
    __table_args__ = (Index("ix_phone_passes_log_job", "log", "job"),)


class PhoneScan(Base):
    """One signed scan in the chain of its phone."""

    __tablename__ = "phone_scans"
    log: Mapped[str] = mapped_column(String(16), primary_key=True)
    index: Mapped[int] = mapped_column("idx", primary_key=True, autoincrement=False)
    dev: Mapped[str] = mapped_column(String(36))
    seq: Mapped[int]
    id: Mapped[str] = mapped_column(String(36))
    actor: Mapped[str] = mapped_column(String(22))
    hash: Mapped[str] = mapped_column(String(64), comment="SHA-256 of what was signed")
    prev: Mapped[str] = mapped_column(String(64))
    at: Mapped[int] = mapped_column(comment="effective time, ms")
    recorded_at: Mapped[int]
    job: Mapped[str] = mapped_column(String(36))
    __table_args__ = (Index("ix_phone_scans_dev_seq", "dev", "seq"),)


class EnrolmentCode(Base):
    """A code by which one person's phone may be enrolled once. Only its hash is kept."""

    __tablename__ = "phone_enrolment_codes"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True, comment="SHA-256, hex")
    person_id: Mapped[str] = mapped_column(String(36), comment="whose phone")
    issuer_id: Mapped[str] = mapped_column(String(36), comment="who issued it")
    expires_ms: Mapped[int]
    used_ms: Mapped[int | None]
    dev: Mapped[str] = mapped_column(String(36), default="", comment="the phone that used it")
    key: Mapped[str] = mapped_column(String(88), default="")
    __table_args__ = (Index("ix_phone_enrolment_codes_person_dev", "person_id", "dev"), PRIVATE)
