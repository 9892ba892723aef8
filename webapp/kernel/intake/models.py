"""What the door remembers: receipts (so that sending twice is safe), contradictions and what bears a signature that is
not its phone's (so that nothing is lost).
"""

from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import Base


class Receipt(Base):
    """Where an act stands, and what it is worth today. The verdict may change when other phones report."""

    __tablename__ = "intake_receipts"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, comment="the id made on the phone")
    log: Mapped[str] = mapped_column(String(16))
    index: Mapped[int] = mapped_column("idx")
    dev: Mapped[str] = mapped_column(String(36))
    content: Mapped[str] = mapped_column(String(64), comment="SHA-256 of the signed string")
    verdict: Mapped[str] = mapped_column(String(16), default="ok")
    findings: Mapped[list[Any]] = mapped_column(JSON, default=list)
    rev: Mapped[int] = mapped_column(comment="when the verdict last changed, ms")
    __table_args__ = (Index("ix_intake_receipts_dev_rev", "dev", "rev"),)


class Contradiction(Base):
    """The same id with other content. The first stands in the log; the second is kept here for a person to
    see.
    """

    __tablename__ = "intake_contradictions"
    key: Mapped[str] = mapped_column(String(64), primary_key=True, comment="SHA-256 of the signed string")
    id: Mapped[str] = mapped_column(String(36), index=True)
    log: Mapped[str] = mapped_column(String(16))
    p: Mapped[str] = mapped_column(Text)
    s: Mapped[str] = mapped_column(String(512))
    uploader: Mapped[str] = mapped_column(String(36), comment="person id")
    received_at: Mapped[int]


class SetAside(Base):
    """What was refused for its signature. It stands in no log; a person looks at it."""

    __tablename__ = "intake_set_aside"
    key: Mapped[str] = mapped_column(String(64), primary_key=True, comment="SHA-256 of the signed string")
    id: Mapped[str] = mapped_column(String(36))
    log: Mapped[str] = mapped_column(String(16))
    dev: Mapped[str] = mapped_column(String(36))
    code: Mapped[str] = mapped_column(String(64), comment="of the refusal")
    p: Mapped[str] = mapped_column(Text)
    s: Mapped[str] = mapped_column(String(512))
    uploader: Mapped[str] = mapped_column(String(36), comment="person id")
    received_at: Mapped[int]
    __table_args__ = (Index("ix_intake_set_aside_log_received_at", "log", "received_at"),)
