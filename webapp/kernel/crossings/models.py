"""Halves of crossings, folded from the logs."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import Base


class CrossingHalf(Base):
    """One side of a crossing."""

    __tablename__ = "ledger_crossings"
    log: Mapped[str] = mapped_column(String(16), primary_key=True)
    index: Mapped[int] = mapped_column("idx", primary_key=True, autoincrement=False)
    is_out: Mapped[bool]
    other: Mapped[str] = mapped_column(String(16))
    commit: Mapped[str] = mapped_column(String(64))
    count: Mapped[int]
    at: Mapped[int]
    __table_args__ = (Index("ix_ledger_crossings_commit", "commit"),)
