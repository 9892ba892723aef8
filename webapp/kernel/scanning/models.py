"""Codes that were issued: the municipality's log says which, to what use, and which are void."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import Base


class IssuedCode(Base):
    """One printed code. What it is stuck on is the room's knowledge, not ours."""

    __tablename__ = "codes"
    id: Mapped[str] = mapped_column(
        String(32), primary_key=True, comment="16 random characters and a check one"
    )
    log: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16), comment="device, drive, cage, lock, seal, person, place …")
    batch: Mapped[str] = mapped_column(String(36), comment="the entry that issued it")
    number: Mapped[int] = mapped_column(comment="place on its sheet, from 0")
    issued_at: Mapped[int]
    void_at: Mapped[int | None]
    replaced_by: Mapped[str | None] = mapped_column(String(32))
    __table_args__ = (
        Index("ix_codes_batch_number", "batch", "number"),
        Index("ix_codes_log_replaced_by", "log", "replaced_by"),
    )
