"""Tables of the log and of the vault."""

from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import Base


class Log(Base):
    """One log for each municipality. The origin is configured for ever, never taken from a host name."""

    __tablename__ = "logs"
    id: Mapped[str] = mapped_column(String(16), primary_key=True, comment="全国地方公共団体コード")
    origin: Mapped[str] = mapped_column(String(255), unique=True, comment="C2SP tlog origin line")
    name: Mapped[str] = mapped_column(String(100))
    organisation_id: Mapped[str] = mapped_column(String(36), index=True)
    created_at: Mapped[int]


class Head(Base):
    """Size and frontier of a log. Its row is the lock: whoever holds it decides and appends."""

    __tablename__ = "ledger_heads"
    log: Mapped[str] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    size: Mapped[int] = mapped_column(default=0)
    frontier: Mapped[bytes] = mapped_column(LargeBinary, default=b"", comment="32 bytes a perfect subtree")


class LedgerEntry(Base):
    """One line of a log. Never changed, never deleted: migration 0001 holds the triggers."""

    __tablename__ = "ledger_entries"
    log: Mapped[str] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    index: Mapped[int] = mapped_column("idx", primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(36), comment="made where it happened: sending twice is safe")
    kind: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[int] = mapped_column(comment="our clock, ms")
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32), comment="RFC 6962 leaf hash")
    raw: Mapped[bytes] = mapped_column(LargeBinary, comment="the exact bytes that were hashed")
    __table_args__ = (Index("uq_ledger_entries_log_id", "log", "id", unique=True),)


class VaultRecord(Base):
    """The opening of a commitment: serials, free text. Erasable without touching the log."""

    __tablename__ = "vault_records"
    commit: Mapped[str] = mapped_column(
        String(64), primary_key=True, comment="HMAC-SHA256(salt, canonical data)"
    )
    log: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(64), comment="the device, consignment or scan it is about")
    salt: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[dict[str, Any] | None]
    erased_at: Mapped[int | None]
    __table_args__ = (Index("ix_vault_records_log_subject", "log", "subject"),)
