"""Read tables: discrepancies that hold today, and closings by people."""

from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import Base


class DiscrepancyRow(Base):
    """A discrepancy that follows from what the log holds. It goes away by itself when a late scan explains
    it.
    """

    __tablename__ = "discrepancies"
    id: Mapped[str] = mapped_column(
        String(36), primary_key=True, comment="derived: the same one, the same id"
    )
    log: Mapped[str] = mapped_column(String(16))
    job: Mapped[str] = mapped_column(String(36), comment="consignment, or later another room's case")
    scope: Mapped[str] = mapped_column(String(140), comment="the device, cage or phone it was worked out for")
    code: Mapped[str] = mapped_column(String(32))
    severity: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(200))
    params: Mapped[dict[str, Any]]
    causes: Mapped[list[Any]] = mapped_column(JSON, comment="ids of the scans it concerns")
    at: Mapped[int] = mapped_column(comment="effective time of the first cause, ms")
    closed: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (
        Index("ix_discrepancies_log_scope", "log", "scope"),
        Index("ix_discrepancies_job_closed_severity_at", "job", "closed", "severity", "at"),
        Index("ix_discrepancies_log_closed_at", "log", "closed", "at"),
    )


class Cause(Base):
    """A scan that a discrepancy concerns: what a scan is worth is read from here."""

    __tablename__ = "discrepancy_causes"
    discrepancy: Mapped[str] = mapped_column(String(36), primary_key=True)
    scan: Mapped[str] = mapped_column(String(36), primary_key=True)
    log: Mapped[str] = mapped_column(String(16), index=True)
    __table_args__ = (Index("ix_discrepancy_causes_scan", "scan"),)


class Closing(Base):
    """A person's decision that a discrepancy is settled, with a reason."""

    __tablename__ = "discrepancy_closings"
    discrepancy: Mapped[str] = mapped_column(String(36), primary_key=True)
    log: Mapped[str] = mapped_column(String(16), index=True)
    entry: Mapped[str] = mapped_column(String(36), comment="the closing entry; its note lies in the vault")
    reason: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(22))
    at: Mapped[int]
