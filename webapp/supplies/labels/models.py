"""Public keys of labels and printed shelter cards, folded from the logs."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import Base


class LabelKeyRow(Base):
    """A public key of a log's labels, since when."""

    __tablename__ = "supplies_label_keys"
    log: Mapped[str] = mapped_column(String(16), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16), primary_key=True, comment="first 64 bits of SHA-256")
    key: Mapped[str] = mapped_column(String(88), comment="65 bytes, base64")
    since: Mapped[int] = mapped_column(comment="ms")


class Card(Base):
    """A printed card that makes a phone a shelter's, even without a network. Its token is here as a hash only."""

    __tablename__ = "supplies_cards"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, comment="the act that issued it")
    log: Mapped[str] = mapped_column(String(16))
    shelter: Mapped[str] = mapped_column(String(36), comment="organisation")
    number: Mapped[int] = mapped_column(comment="of this shelter's cards")
    holder: Mapped[str] = mapped_column(String(22), comment="pseudonym of the person that it stands for")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, comment="SHA-256, hex")
    issuer: Mapped[str] = mapped_column(String(22), comment="pseudonym")
    issued_at: Mapped[int] = mapped_column(comment="ms")
    until: Mapped[int] = mapped_column(comment="ms; good until then")
    revoked_at: Mapped[int | None] = mapped_column(comment="ms")
    reason: Mapped[str] = mapped_column(String(16))
    __table_args__ = (Index("ix_supplies_cards_log_shelter", "log", "shelter"),)
