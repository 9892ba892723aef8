"""Putting entries back as they were written: their bytes come from a copy, nothing is encoded anew."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from itertools import islice

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.rows import insert_rows, update_rows
from webapp.kernel.ledger import tree
from webapp.kernel.ledger.entries import Recorded, decode
from webapp.kernel.ledger.models import Head, LedgerEntry
from webapp.kernel.tlog.merkle import Frontier, leaf_hash

PART = 1_000
Told = Callable[[int], object]


def size_of(session: Session, log: str) -> int:
    """Entries that are here; 0 also for a log that is not."""
    return session.scalar(select(Head.size).where(Head.log == log)) or 0


def append_as_written(session: Session, log: str, raws: Iterable[bytes], told: Told = id) -> Frontier:
    """Put these bytes at the end of the log; leaves, tiles and head follow, the caller's transaction commits them.

    Answers the tree as it is then: its root says whether all that was here before belongs to the same history.
    Raises ValueError if something is no entry of this log, IntegrityError if an id is here already.
    """
    head = session.get_one(Head, log, populate_existing=True, with_for_update=True)
    frontier, rest = Frontier.from_bytes(head.size, head.frontier), iter(raws)
    while part := list(islice(rest, PART)):
        _put(session, log, frontier, part)
        told(len(part))
    update_rows(session, Head, "log", [{"log": log, "size": frontier.size, "frontier": frontier.to_bytes()}])
    session.expire_all()
    return frontier


def _put(session: Session, log: str, frontier: Frontier, raws: Sequence[bytes]) -> None:
    rows, grown = [], []
    for raw in raws:
        entry, leaf = _entry(log, frontier.size, raw), leaf_hash(raw)
        place = {"log": log, "index": frontier.size, "id": entry.id, "kind": entry.kind}
        rows.append(place | {"recorded_at": entry.recorded_at, "leaf": leaf, "raw": raw})
        grown += frontier.push(leaf)
    insert_rows(session, LedgerEntry, rows)
    tree.grow(session, log, grown)


def _entry(log: str, index: int, raw: bytes) -> Recorded:
    try:
        entry = decode(index, raw)
    except (KeyError, TypeError) as problem:
        raise ValueError(f"entry {index} is not one of ours") from problem
    if entry.log != log:
        raise ValueError(f"entry {index} is of the log {entry.log}")
    return entry


def content_of(raw: bytes) -> str:
    """What a receipt says of an act: the SHA-256 of its signed string; empty for an entry of our own making."""
    signed = orjson.loads(raw).get("p")
    return sha256(signed.encode()).hexdigest() if signed is not None else ""
