"""Tables of the chain adapter. `chain` is "<chain id>:<contract address>": another chain begins afresh."""

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.chain.rules import State
from webapp.kernel.base.db import Base


class ChainOutbox(Base):
    """What is to stand on the chain, and how far it has come. One row is one transaction, however often sent."""

    __tablename__ = "chain_outbox"
    id: Mapped[str] = mapped_column(
        String(36), primary_key=True, comment="UUIDv7: their order is the order of sending"
    )
    chain: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16), comment="anchor or append")
    log: Mapped[str] = mapped_column(ForeignKey("logs.id"))
    start: Mapped[int] = mapped_column(comment="append: the first index; anchor: 0")
    size: Mapped[int] = mapped_column(comment="anchor: entries in the log; append: the index after the last")
    root: Mapped[bytes] = mapped_column(LargeBinary(32), comment="anchor: root of the log")
    state: Mapped[State] = mapped_column()
    nonce: Mapped[int | None] = mapped_column(comment="kept when sent again")
    data: Mapped[bytes] = mapped_column(LargeBinary, comment="the call as it was signed; empty once final")
    gas: Mapped[int]
    most: Mapped[int] = mapped_column(comment="fee last offered, wei per gas")
    tip: Mapped[int]
    tx_hashes: Mapped[list[str]] = mapped_column(comment="of every fee it was sent with: any may be mined")
    block: Mapped[int | None]
    block_hash: Mapped[str] = mapped_column(String(66))
    attempts: Mapped[int]
    next_at: Mapped[int] = mapped_column(comment="not to be sent (again) before, ms")
    queued_at: Mapped[int]
    settled_at: Mapped[int | None] = mapped_column(comment="became final or failed, ms")
    reason: Mapped[str] = mapped_column(String(200), comment="why the contract said no, in its words")
    seen_at: Mapped[int | None] = mapped_column(
        comment="failed: when a person said that the log may go on, ms"
    )
    __table_args__ = (
        Index("ix_chain_outbox_chain_state_next_at", "chain", "state", "next_at"),
        Index("ix_chain_outbox_log_kind_state_size", "log", "kind", "state", "size"),
    )


class ChainSender(Base):
    """Our sender on a chain. Its row is the lock under which nonces are given out."""

    __tablename__ = "chain_senders"
    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    address: Mapped[str] = mapped_column(String(42))
    block: Mapped[int] = mapped_column(comment="newest block seen")
    round_at: Mapped[int | None] = mapped_column(comment="when the follower last got through, ms")
    problem: Mapped[str] = mapped_column(String(64), comment="code of what stops it, empty if nothing does")
    detail: Mapped[str] = mapped_column(String(200))
    problem_at: Mapped[int | None]


class ChainLog(Base):
    """How far a log's entries were looked through for those that are recorded one by one."""

    __tablename__ = "chain_logs"
    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    log: Mapped[str] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    appended: Mapped[int] = mapped_column(comment="entries before this index are in the outbox or not wanted")
