"""Read tables of the room. Every row follows from the log; all of them can be dropped and folded again."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import JSON, ColumnElement, Index, Select, String, and_, select, text
from sqlalchemy.orm import Mapped, aliased, mapped_column

from webapp.kernel.base.db import PRIVATE, Base
from webapp.kernel.ledger.models import LedgerEntry

Uuid = String(36)
CodeText = String(128)


def _where(name: str, *columns: str, where: str) -> Index:
    """An index over some rows only: most scans bind no device, name no cage and come from a clock that is right."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Consignment(Base):
    """案件. The numbers are sums over its devices and cages, kept as these change."""

    __tablename__ = "custody_consignments"
    id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    log: Mapped[str] = mapped_column(String(16), index=True)
    municipality: Mapped[str] = mapped_column(Uuid)
    carrier: Mapped[str] = mapped_column(Uuid)
    itad: Mapped[str] = mapped_column(Uuid)
    due_at: Mapped[int | None] = mapped_column(comment="certificate deadline, ms")
    policy: Mapped[str] = mapped_column(String(32))
    opened_at: Mapped[int]
    listed: Mapped[int] = mapped_column(default=0, comment="everything on the asset list")
    data_bearing: Mapped[int] = mapped_column(
        default=0, comment="listed things that hold data (class 1 to 3)"
    )
    registered: Mapped[int] = mapped_column(default=0)
    sanitized: Mapped[int] = mapped_column(default=0)
    departed: Mapped[int] = mapped_column(default=0, comment="on manifests of cages handed over")
    received: Mapped[int] = mapped_column(default=0, comment="on manifests of cages that arrived")
    destroyed: Mapped[int] = mapped_column(default=0)
    ended: Mapped[int] = mapped_column(default=0)


class Party(Base):
    """An organisation that works on a consignment: it sees it, nobody else does."""

    __tablename__ = "custody_parties"
    consignment: Mapped[str] = mapped_column(Uuid, primary_key=True)
    org: Mapped[str] = mapped_column(Uuid, primary_key=True)
    log: Mapped[str] = mapped_column(String(16))
    __table_args__ = (Index("ix_custody_parties_org_log", "org", "log"),)


class Import(Base):
    """An asset list that was taken over: the same file changes nothing a second time."""

    __tablename__ = "custody_imports"
    consignment: Mapped[str] = mapped_column(Uuid, primary_key=True)
    file_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    log: Mapped[str] = mapped_column(String(16), index=True)
    entry: Mapped[str] = mapped_column(Uuid)
    devices: Mapped[int]


class Device(Base):
    """A listed (or found) device: where its history stands. Names and serials lie in the vault under its
    id.
    """

    __tablename__ = "custody_devices"
    id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    log: Mapped[str] = mapped_column(String(16))
    consignment: Mapped[str] = mapped_column(Uuid)
    number: Mapped[int] = mapped_column(comment="place on the list, from 1")
    cls: Mapped[str] = mapped_column(String(1), comment='"3" is the highest; "0" holds no data')
    kind: Mapped[str] = mapped_column(String(16))
    listed: Mapped[bool] = mapped_column(default=True)
    code: Mapped[str | None] = mapped_column(CodeText)
    step: Mapped[str] = mapped_column(String(32), default="")
    done: Mapped[dict[str, Any]] = mapped_column(default=dict, comment="step → ms")
    cage: Mapped[str] = mapped_column(CodeText, default="")
    sanitized: Mapped[bool] = mapped_column(default=False)
    destroyed: Mapped[bool] = mapped_column(default=False)
    ended: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (
        Index("ix_custody_devices_consignment_number", "consignment", "number"),
        Index("ix_custody_devices_log_code", "log", "code"),
    )


class Cage(Base):
    """かご車 on the journey of one consignment."""

    __tablename__ = "custody_cages"
    code: Mapped[str] = mapped_column(CodeText, primary_key=True)
    log: Mapped[str] = mapped_column(String(16))
    consignment: Mapped[str] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(String(32), comment="what is painted on it, e.g. C-01")
    added_at: Mapped[int]
    step: Mapped[str] = mapped_column(String(32), default="")
    seal: Mapped[str] = mapped_column(String(64), default="")
    manifest: Mapped[list[Any]] = mapped_column(JSON, default=list)
    manifest_hash: Mapped[str] = mapped_column(String(64), default="")
    loaded: Mapped[list[Any]] = mapped_column(JSON, default=list)
    counted: Mapped[list[Any]] = mapped_column(JSON, default=list)
    holder: Mapped[str] = mapped_column(String(22), default="")
    locked_at: Mapped[int | None]
    departed_at: Mapped[int | None]
    arrived_at: Mapped[int | None]
    opened_at: Mapped[int | None]
    closed_at: Mapped[int | None]
    __table_args__ = (Index("ix_custody_cages_consignment_name", "consignment", "name"),)


class ScanRow(Base):
    """One scan, filed under what it is about. The folds read nothing else.

    Codes are random: an index of all scans by code would change one page of it for each scan, ever more pages as the
    log grows. So only the first scan of a code stands in it, and the others stand beside that one.
    """

    __tablename__ = "custody_scans"
    log: Mapped[str] = mapped_column(String(16), primary_key=True)
    index: Mapped[int] = mapped_column("idx", primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(Uuid)
    code: Mapped[str] = mapped_column(CodeText, comment="current code: a replaced one is filed under the new")
    first: Mapped[int | None] = mapped_column(
        comment="index of the first scan that was filed under this code"
    )
    parent: Mapped[str] = mapped_column(CodeText)
    step: Mapped[str] = mapped_column(String(32))
    at: Mapped[int] = mapped_column(comment="effective time, ms")
    recorded_at: Mapped[int]
    actor: Mapped[str] = mapped_column(String(22))
    org: Mapped[str] = mapped_column(Uuid)
    roles: Mapped[list[Any]] = mapped_column(JSON)
    witnesses: Mapped[list[Any]] = mapped_column(JSON)
    photos: Mapped[list[Any]] = mapped_column(JSON)
    job: Mapped[str] = mapped_column(Uuid)
    body: Mapped[dict[str, Any]]
    device: Mapped[str] = mapped_column(Uuid, comment="the device that a registration binds")
    target: Mapped[str] = mapped_column(Uuid, default="", comment="the scan that a 訂正 undoes")
    dev: Mapped[str] = mapped_column(Uuid, comment="the phone")
    err: Mapped[int | None] = mapped_column(
        comment="half the width in which `at` lies, ms; NULL: nothing tells"
    )
    boot: Mapped[str] = mapped_column(Uuid)
    skewed: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (
        _where("ix_custody_scans_log_code", "log", "code", where="first = idx"),
        Index("ix_custody_scans_log_first", "log", "first"),
        _where("ix_custody_scans_log_parent", "log", "parent", where="parent <> ''"),
        _where("ix_custody_scans_log_device", "log", "device", where="device <> ''"),
        _where("ix_custody_scans_log_boot", "log", "boot", where="skewed"),
    )

    @classmethod
    def filed_under(cls, log: str, codes: Iterable[str] | Select[str]) -> ColumnElement[bool]:
        """The condition that a scan is filed under one of these codes, in the words of the indexes."""
        own = aliased(cls)
        firsts = select(own.index).where(own.log == log, own.first == own.index, own.code.in_(codes))
        return and_(cls.log == log, cls.first.in_(firsts))

    @classmethod
    def with_ids(cls, log: str, ids: Iterable[str]) -> ColumnElement[bool]:
        """The condition that a scan is one of these."""
        entry = LedgerEntry
        places = select(entry.index).where(entry.log == log, entry.id.in_(ids))
        return and_(cls.log == log, cls.index.in_(places))


class ManifestLine(Base):
    """One code on the manifest of a locked cage: leads from a device back to the cage that claims it."""

    __tablename__ = "custody_manifest_lines"
    log: Mapped[str] = mapped_column(String(16), primary_key=True)
    index: Mapped[int] = mapped_column(
        "idx", primary_key=True, autoincrement=False, comment="of the locking scan"
    )
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cage: Mapped[str] = mapped_column(CodeText)
    code: Mapped[str] = mapped_column(CodeText, comment="current code, as in the scans")
    __table_args__ = (
        Index("ix_custody_manifest_lines_log_cage", "log", "cage"),
        Index("ix_custody_manifest_lines_log_code", "log", "code"),
    )


class Photo(Base):
    """A photo that a scan names; its bytes may arrive before or after."""

    __tablename__ = "custody_photos"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    scan: Mapped[str] = mapped_column(Uuid, primary_key=True)
    log: Mapped[str] = mapped_column(String(16), index=True)
    job: Mapped[str] = mapped_column(Uuid)
    org: Mapped[str] = mapped_column(Uuid, comment="of the person who scanned")


class ImportDraft(Base):
    """An uploaded asset list that waits for its preview to be confirmed. Not a projection; thrown away
    after.
    """

    __tablename__ = "custody_import_drafts"
    __table_args__ = PRIVATE
    id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    log: Mapped[str] = mapped_column(String(16))
    consignment: Mapped[str] = mapped_column(Uuid, index=True)
    filename: Mapped[str] = mapped_column(String(200))
    file_sha256: Mapped[str] = mapped_column(String(64))
    uploaded_by: Mapped[str] = mapped_column(Uuid)
    uploaded_at: Mapped[int]
    rows: Mapped[int]
    devices: Mapped[list[Any]] = mapped_column(JSON)
    problems: Mapped[list[Any]] = mapped_column(JSON)
