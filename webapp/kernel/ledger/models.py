"""Tables of the log and of the vault."""

from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import PRIVATE, Base


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
    """One line of a log. Never changed, never deleted: migration 0002 holds the triggers."""

    __tablename__ = "ledger_entries"
    log: Mapped[str] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    index: Mapped[int] = mapped_column("idx", primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(36), comment="made where it happened: sending twice is safe")
    kind: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[int] = mapped_column(comment="our clock, ms")
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32), comment="RFC 6962 leaf hash")
    raw: Mapped[bytes] = mapped_column(LargeBinary, comment="the exact bytes that were hashed")
    __table_args__ = (Index("uq_ledger_entries_log_id", "log", "id", unique=True),)


class LedgerTile(Base):
    """Hashes of perfect subtrees above the leaves, as tlog-tiles cuts them; written with the entry that completes them.

    Tiles of level 0 are the column `leaf` of the entries.
    """

    __tablename__ = "ledger_tiles"
    log: Mapped[str] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="from 1")
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary, comment="32 bytes a hash, at most 256")


class SignedCheckpoint(Base):
    """A checkpoint that the signer signed; cosignatures are added to its note as nodes give them."""

    __tablename__ = "ledger_checkpoints"
    log: Mapped[str] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[bytes] = mapped_column(LargeBinary, comment="C2SP signed note, the bytes that are served")
    signed_at: Mapped[int] = mapped_column(comment="ms")
    cosigned_at: Mapped[int | None] = mapped_column(comment="ms; when the quorum was met")
    __table_args__ = (Index("ix_ledger_checkpoints_cosigned", "log", "cosigned_at"),)


class LedgerNode(Base):
    """A node of another organisation that witnesses and mirrors a log. Folded from the log's own entries."""

    __tablename__ = "ledger_nodes"
    log: Mapped[str] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True, comment="key name of the witness")
    url: Mapped[str] = mapped_column(String(255))
    vkey: Mapped[str] = mapped_column(String(255), comment="cosigns (type 0x04)")
    mirror_vkey: Mapped[str] = mapped_column(String(255), comment="may read entries and tiles")
    organisation: Mapped[str] = mapped_column(String(100))
    admitted_at: Mapped[int] = mapped_column(comment="index of the entry that admitted it")
    retired_at: Mapped[int | None] = mapped_column(comment="index of the entry that retired it")


class NodeRequest(Base):
    """A node that asks to be admitted: nothing of it is believed before an officer says yes."""

    __tablename__ = "ledger_node_requests"
    log: Mapped[str] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    vkey: Mapped[str] = mapped_column(String(255), primary_key=True)
    mirror_vkey: Mapped[str] = mapped_column(String(255))
    url: Mapped[str] = mapped_column(String(255))
    organisation: Mapped[str] = mapped_column(String(100))
    asked_at: Mapped[int] = mapped_column(comment="ms")


class NodeState(Base):
    """What the publisher saw of a node last. Not folded from the log: it says how things are now."""

    __tablename__ = "ledger_node_states"
    log: Mapped[str] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    size: Mapped[int] = mapped_column(default=0, comment="the largest size that it cosigned")
    answered_at: Mapped[int | None] = mapped_column(comment="ms; its last good answer")
    failed_at: Mapped[int | None] = mapped_column(comment="ms; its last failure")
    failure: Mapped[str] = mapped_column(String(200), default="")
    disagreed_at: Mapped[int | None] = mapped_column(comment="ms; it holds another history")
    evidence: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="the two notes that contradict each other"
    )


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
    __table_args__ = (Index("ix_vault_records_log_subject", "log", "subject"), PRIVATE)
