"""What was erased, folded from the log."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import Base


class Redaction(Base):
    """One decision to forget. Holds nothing of what was forgotten."""

    __tablename__ = "ledger_redactions"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, comment="the command")
    log: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(String(16), comment="device, act, person")
    subject: Mapped[str] = mapped_column(String(64))
    basis: Mapped[str] = mapped_column(String(16))
    count: Mapped[int] = mapped_column(default=0, comment="commitments that cannot be opened any more")
    actor: Mapped[str] = mapped_column(String(22))
    at: Mapped[int]
    __table_args__ = (Index("ix_ledger_redactions_log_at", "log", "at"),)
