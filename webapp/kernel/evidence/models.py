"""Which photos the server holds. The bytes are files; the ledger names them by hash."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import Base


class EvidenceFile(Base):
    """One photo on disk, exactly as it was hashed on the phone."""

    __tablename__ = "evidence_files"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, comment="hex; the ledger's name for it")
    media_type: Mapped[str] = mapped_column(String(32), comment="image/jpeg, image/png or image/webp")
    size: Mapped[int] = mapped_column(comment="bytes")
    width: Mapped[int] = mapped_column(comment="px")
    height: Mapped[int] = mapped_column(comment="px")
    uploaded_at: Mapped[int] = mapped_column(comment="ms since the epoch, server clock")
    uploader: Mapped[str] = mapped_column(String(36), index=True, comment="person id; not in the ledger")
