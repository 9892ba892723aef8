"""The whole write path of a log."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from webapp.kernel.base.rehearsal import Place, Rehearsal
from webapp.kernel.base.rows import Written, insert_rows, update_rows
from webapp.kernel.ledger import tree
from webapp.kernel.ledger.entries import By, Recorded, decode, encode
from webapp.kernel.ledger.models import Head, LedgerEntry, LedgerTile, Log
from webapp.kernel.tlog.merkle import Frontier, leaf_hash


class Draft(NamedTuple):
    """An entry before it has a place in the log. `content` is {"p", "s"} or {"body"}; `data` what it says."""

    id: str
    kind: str
    by: By
    content: Mapping[str, Any]
    data: Mapping[str, Any]


class Line(NamedTuple):
    """A draft as the bytes that it will be in its log wherever it comes to stand, and their RFC 6962 leaf hash."""

    draft: Draft
    raw: bytes
    leaf: bytes


def lines_of(log: str, drafts: Iterable[Draft], now: int) -> list[Line]:
    """The bytes of drafts. Raises NotCanonical if one has no canonical bytes or is too long."""
    raws = ((draft, encode(log, draft.id, draft.kind, now, draft.by, draft.content)) for draft in drafts)
    return [Line(draft, raw, leaf_hash(raw)) for draft, raw in raws]


class Heads:
    """The locked heads of the logs that one transaction writes to."""

    def __init__(self, frontiers: dict[str, Frontier]) -> None:
        self._frontiers = frontiers

    def size(self, log: str) -> int:
        """Entries in the log, those of this transaction included."""
        return self._frontiers[log].size

    def sizes(self) -> dict[str, int]:
        """The same of all these logs."""
        return {log: frontier.size for log, frontier in self._frontiers.items()}

    def __contains__(self, log: str) -> bool:
        return log in self._frontiers

    def append(self, session: Session, log: str, drafts: Sequence[Draft], now: int) -> list[Recorded]:
        """Put drafts at the end of the log, in order; the caller's transaction commits them.

        Raises NotCanonical if an entry has no canonical bytes or is too long.
        """
        first = self.size(log)
        self.put(session, log, lines_of(log, drafts, now), now)
        return [_recorded(log, first + place, draft, now) for place, draft in enumerate(drafts)]

    def put(self, session: Session, log: str, lines: Sequence[Line], now: int) -> None:
        """The same for what is bytes already."""
        if not lines:
            return
        frontier = self._frontiers[log]
        rows, grown = [], []
        for (id, kind, *_), raw, leaf in lines:
            rows.append(
                {"log": log, "index": frontier.size, "id": id, "kind": kind, "recorded_at": now, "leaf": leaf,
                 "raw": raw}
            )  # fmt: skip
            grown += frontier.push(leaf)
        insert_rows(session, LedgerEntry, rows)
        head = {"log": log, "size": frontier.size, "frontier": frontier.to_bytes()}
        update_rows(session, Head, "log", [head])
        tree.grow(session, log, grown)


class ForeseenHeads:
    """Logs that a rehearsal would write to: its entries get their places when it is carried out."""

    def __init__(self, rehearsal: Rehearsal, logs: Collection[str]) -> None:
        self._rehearsal, self._logs = rehearsal, logs
        self._lines: dict[str, list[Line]] = {}

    def __contains__(self, log: str) -> bool:
        return log in self._logs

    def append(self, _session: Session, log: str, drafts: Sequence[Draft], now: int) -> list[Recorded]:
        """Get drafts ready for the end of the log; their places are still open (`Place`)."""
        lines = self._lines.setdefault(log, [])
        first = Place(log, len(lines))
        lines += lines_of(log, drafts, now)
        self._rehearsal.will_change(_TABLES)
        return [_recorded(log, cast("int", first + place), draft, now) for place, draft in enumerate(drafts)]

    def put(self, session: Session, heads: Heads, now: int) -> None:
        """Put what is ready at the end of the logs, which are locked now."""
        for log, lines in self._lines.items():
            heads.put(session, log, lines, now)


_TABLES = (LedgerEntry.__tablename__, Head.__tablename__, LedgerTile.__tablename__)


def _recorded(log: str, index: int, draft: Draft, now: int) -> Recorded:
    return Recorded(log, index, draft.id, draft.kind, now, draft.by, draft.data)


def lock_heads(session: Session, logs: Iterable[str]) -> Heads:
    """Lock the heads of these logs in the order of their ids, so that two transactions cannot wait for each other.

    Logs that do not exist are left out. Everything that is decided must be read after this call.
    """
    wanted = list(set(logs))
    if not wanted:
        return Heads({})
    # SQLite has no row locks and needs none: the whole transaction holds its write lock
    heads = _HEADS if session.get_bind().dialect.name == "sqlite" else _HEADS_LOCKED
    rows = heads.run(session, wanted)
    return Heads({log: Frontier.from_bytes(size, frontier) for log, size, frontier in rows})


_SELECT_HEADS = "SELECT log, size, frontier FROM ledger_heads WHERE log IN (*) ORDER BY log"
_HEADS, _HEADS_LOCKED = Written(_SELECT_HEADS), Written(f"{_SELECT_HEADS} FOR UPDATE")


def open_log(session: Session, log: str, origin: str, name: str, organisation_id: str, now: int) -> None:
    """Create an empty log for a municipality."""
    session.execute(
        insert(Log).values(id=log, origin=origin, name=name, organisation_id=organisation_id, created_at=now)
    )
    session.execute(insert(Head).values(log=log, size=0, frontier=b""))


def read(session: Session, log: str, start: int = 0, chunk: int = 2_000) -> Iterator[Recorded]:
    """Every entry from `start` on, in order, decoded from its bytes; memory stays flat."""
    for index, _leaf, raw, _id, _kind in _rows(session, log, start, chunk):
        yield decode(index, raw)


def _rows(session: Session, log: str, start: int, chunk: int) -> Iterator[tuple[int, bytes, bytes, str, str]]:
    entry = LedgerEntry
    while True:
        rows = session.execute(
            select(entry.index, entry.leaf, entry.raw, entry.id, entry.kind)
            .where(entry.log == log, entry.index >= start)
            .order_by(entry.index)
            .limit(chunk)
        ).all()
        for row in rows:
            yield (row[0], row[1], row[2], row[3], row[4])
        if len(rows) < chunk:
            return
        start = rows[-1][0] + 1
