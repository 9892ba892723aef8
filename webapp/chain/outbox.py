"""The outbox in the database. Nothing here speaks to the chain, and no transaction here waits for it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from webapp.chain.models import ChainLog, ChainOutbox, ChainSender
from webapp.chain.rules import OPEN, Figures, Item, State
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id

ANCHOR, APPEND = "anchor", "append"
#: Queued rows looked at in one round; more would only be carried around.
LOOK = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be queued: a head (`root` set) or entries [start, size)."""

    kind: str
    log: str
    start: int
    size: int
    root: bytes = b""


@contextmanager
def reading() -> Iterator[Session]:
    """A session to look something up; it holds nothing afterwards."""
    session = db.session()
    try:
        yield session
    finally:
        session.rollback()


def _rows(query: Select[ChainOutbox]) -> list[ChainOutbox]:
    """Rows as values: they belong to no session and are not written back."""
    with reading() as session:
        rows = list(session.scalars(query.execution_options(populate_existing=True)))
        for row in rows:
            session.expunge(row)
        return rows


def flying(chain: str) -> list[ChainOutbox]:
    """Rows whose transaction is with the nodes or in a block that is not deep enough, by nonce."""
    held = ChainOutbox.state.in_([State.SENT, State.MINED])
    return _rows(select(ChainOutbox).where(ChainOutbox.chain == chain, held).order_by(ChainOutbox.nonce))


def queued(chain: str) -> list[ChainOutbox]:
    """The first rows that wait to be signed, in their order."""
    waiting = (ChainOutbox.chain == chain, ChainOutbox.state == State.QUEUED)
    return _rows(select(ChainOutbox).where(*waiting).order_by(ChainOutbox.id).limit(LOOK))


def last_anchors(chain: str) -> dict[str, ChainOutbox]:
    """Of each log the anchor queued last that the contract did not refuse."""
    newest = (
        select(func.max(ChainOutbox.id))
        .where(ChainOutbox.chain == chain, ChainOutbox.kind == ANCHOR, ChainOutbox.state != State.FAILED)
        .group_by(ChainOutbox.log)
    )
    return {row.log: row for row in _rows(select(ChainOutbox).where(ChainOutbox.id.in_(newest)))}


def halted(chain: str) -> set[str]:
    """Logs of which something was refused that no person has looked at: nothing more of them is sent."""
    unseen = (ChainOutbox.state == State.FAILED, ChainOutbox.seen_at.is_(None))
    with reading() as session:
        query = select(ChainOutbox.log).where(ChainOutbox.chain == chain, *unseen).distinct()
        return set(session.scalars(query))


def resume(chain: str, log: str, now: int) -> int:
    """A person has looked at what was refused: the log goes on. Answers how many rows that were."""
    unseen = (ChainOutbox.state == State.FAILED, ChainOutbox.seen_at.is_(None))
    of_log = (ChainOutbox.chain == chain, ChainOutbox.log == log)
    with transaction() as session:
        rows = session.scalars(select(ChainOutbox).where(*of_log, *unseen)).all()
        for row in rows:
            row.seen_at = now
        return len(rows)


def largest(chain: str, log: str, states: Iterable[State]) -> int:
    """The largest size among a log's anchors in these states, 0 if there is none."""
    of_log = (ChainOutbox.chain == chain, ChainOutbox.kind == ANCHOR, ChainOutbox.log == log)
    with reading() as session:
        query = select(func.max(ChainOutbox.size)).where(*of_log, ChainOutbox.state.in_(states))
        return session.scalar(query) or 0


def appended(chain: str) -> dict[str, int]:
    """How far each log was looked through for entries that are recorded one by one."""
    with reading() as session:
        rows = session.execute(select(ChainLog.log, ChainLog.appended).where(ChainLog.chain == chain))
        return {row.log: row.appended for row in rows}


def enqueue(chain: str, wanted: Sequence[Wanted], looked: Mapping[str, int], now: int) -> None:
    """Queue rows, and remember how far logs were looked through, together."""
    with transaction() as session:
        _sender(session, chain)
        for one in wanted:
            session.add(_new_row(chain, one, now))
        for log, index in looked.items():
            session.merge(ChainLog(chain=chain, log=log, appended=index))


def _new_row(chain: str, wanted: Wanted, now: int) -> ChainOutbox:
    place = {"kind": wanted.kind, "log": wanted.log, "start": wanted.start, "size": wanted.size}
    unsent = {"data": b"", "gas": 0, "most": 0, "tip": 0, "tx_hashes": [], "block": None, "block_hash": ""}
    fresh = {"state": State.QUEUED, "nonce": None, "attempts": 0, "next_at": now, "queued_at": now}
    open_end = {"settled_at": None, "reason": "", "seen_at": None}
    return ChainOutbox(id=new_id(), chain=chain, root=wanted.root, **place, **unsent, **fresh, **open_end)


def item_of(row: ChainOutbox) -> Item:
    """What the rules need of a row."""
    return Item(row.state, row.nonce, row.attempts, row.next_at, row.block, row.block_hash)


def values_of(item: Item) -> dict[str, Any]:
    """The columns that the rules decide."""
    return {
        "state": item.state,
        "nonce": item.nonce,
        "attempts": item.attempts,
        "next_at": item.next_at,
        "block": item.block,
        "block_hash": item.block_hash,
    }


def change(session: Session, row: ChainOutbox, values: Mapping[str, Any]) -> bool:
    """Write a row unless somebody else has moved it on since it was read; whether it was written."""
    as_read = (ChainOutbox.id == row.id, ChainOutbox.state == row.state, ChainOutbox.attempts == row.attempts)
    written = session.connection().execute(update(ChainOutbox).where(*as_read).values(**values))
    return written.rowcount == 1


def lock_sender(session: Session, chain: str) -> list[int]:
    """Take the sender's lock; answers the nonces that its rows hold."""
    _sender(session, chain)
    held = ChainOutbox.state.in_([State.SENT, State.MINED])
    nonces = session.scalars(select(ChainOutbox.nonce).where(ChainOutbox.chain == chain, held))
    return [nonce for nonce in nonces if nonce is not None]


def _sender(session: Session, chain: str) -> ChainSender:
    query = select(ChainSender).where(ChainSender.chain == chain).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        found = ChainSender(
            chain=chain, address="", block=0, round_at=None, problem="", detail="", problem_at=None
        )
        session.add(found)
        session.flush()
    return found


def note(chain: str, **values: Any) -> None:
    """Write down how the follower is doing (columns of ChainSender)."""
    with transaction() as session:
        sender = _sender(session, chain)
        for name, value in values.items():
            setattr(sender, name, value)


def sender(chain: str) -> ChainSender | None:
    """How the follower is doing, None before its first round."""
    with reading() as session:
        found = session.get(ChainSender, chain, populate_existing=True)
        if found is not None:
            session.expunge(found)
        return found


def figures(chain: str) -> Figures:
    """The outbox in numbers."""
    ours = ChainOutbox.chain == chain
    with reading() as session:
        waiting, oldest = session.execute(
            select(func.count(), func.min(ChainOutbox.queued_at)).where(ours, ChainOutbox.state.in_(OPEN))
        ).one()
        failed = session.scalar(
            select(func.count()).where(ours, ChainOutbox.state == State.FAILED, ChainOutbox.seen_at.is_(None))
        )
    found = sender(chain)
    at, problem = (found.round_at, found.problem) if found else (None, "")
    return Figures(waiting, failed or 0, oldest, at, problem)
