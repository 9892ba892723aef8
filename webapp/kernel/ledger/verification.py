"""`ashiato ledger verify`: everything that is stored of a log, recomputed from the bytes of its entries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.db import one_picture
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.ledger.entries import decode
from webapp.kernel.ledger.models import Head, LedgerTile, SignedCheckpoint
from webapp.kernel.tlog import checkpoints, notes
from webapp.kernel.tlog.merkle import EMPTY_ROOT, Frontier, leaf_hash, perfect_root
from webapp.kernel.tlog.tiles import HASH, WIDTH

#: Entries read at once: whole tiles, and memory stays flat.
CHUNK = 4 * WIDTH


@dataclass(frozen=True, slots=True)
class Check:
    """What a verification found. `fault` is empty when the log is whole."""

    log: str
    size: int
    root: str
    fault: str = ""


class Faulty(Exception):
    """The first fault, in plain words."""


class _Part(NamedTuple):
    """Consecutive rows of the log, by column."""

    indices: Sequence[int]
    leaves: Sequence[bytes]
    raws: Sequence[bytes]
    ids: Sequence[str]
    kinds: Sequence[str]


def verify(session: Session, log: str) -> Check:
    """Recompute every leaf from its bytes, every tile and root from the leaves; compare with all that is stored.

    That is the head, the tiles above the leaves, and every checkpoint that was ever signed: a log that was
    rewritten or cut and made to look whole again contradicts these. Answers the first fault in plain words;
    raises NotFound for an unknown log.
    """
    with one_picture(session):
        return _verify(session, log)


def _verify(session: Session, log: str) -> Check:
    head = session.get(Head, log, populate_existing=True)
    if head is None:
        raise NotFound("ledger.no_such_log", log=log)
    try:
        check = _Verification(session, log)
    except Faulty as fault:  # a checkpoint that cannot be read
        return Check(log, 0, EMPTY_ROOT.hex(), str(fault))
    try:
        for part in _parts(session, log):
            check.take(part)
        check.finish(head)
    except Faulty as fault:
        return Check(log, check.frontier.size, check.frontier.root().hex(), str(fault))
    return Check(log, check.frontier.size, check.frontier.root().hex())


class _Verification:
    """A log while it is gone through from its first entry."""

    def __init__(self, session: Session, log: str) -> None:
        self.log = log
        self.frontier = Frontier()
        self.signed = {
            row.size: _root(row.note, log)
            for row in session.scalars(select(SignedCheckpoint).where(SignedCheckpoint.log == log))
        }
        tiles = session.scalars(select(LedgerTile).where(LedgerTile.log == log))
        self.tiles = {(tile.level, tile.number): tile.data for tile in tiles}
        self.seen: dict[int, int] = {}
        self._is_signed()

    def take(self, part: _Part) -> None:
        """Check the next rows, whole tiles at a time where nothing was signed in between."""
        leaves = [leaf_hash(raw) for raw in part.raws]
        start = self.frontier.size
        if list(part.indices) != list(range(start, start + len(leaves))) or leaves != list(part.leaves):
            self._find_fault(part)
        self._are_filed(part)
        for at in range(0, len(leaves), WIDTH):
            self._push(leaves[at : at + WIDTH])

    def _push(self, leaves: list[bytes]) -> None:
        sizes = range(self.frontier.size + 1, self.frontier.size + WIDTH)
        if len(leaves) == WIDTH and self.signed.keys().isdisjoint(sizes):
            self._grown(self.frontier.push_tile(perfect_root(leaves)))
            self._is_signed()
            return
        for leaf in leaves:
            self._grown(self.frontier.push(leaf))
            self._is_signed()

    def _is_signed(self) -> None:
        size = self.frontier.size
        if size in self.signed and self.signed[size] != self.frontier.root():
            raise Faulty(f"the checkpoint signed at {size} entries says another root")

    def _grown(self, grown: Sequence[tuple[int, int, bytes]]) -> None:
        for level, index, hashed in grown:
            number, place = divmod(index, WIDTH)
            if self.tiles.get((level, number), b"")[place * HASH : (place + 1) * HASH] != hashed:
                raise Faulty(f"tile {level}/{number} is not what its entries give")
            self.seen[level] = index + 1

    def _are_filed(self, part: _Part) -> None:
        """The columns beside the bytes say what the bytes say. In canonical JSON the three stand side by side."""
        log = self.log
        for place, (raw, id, kind) in enumerate(zip(part.raws, part.ids, part.kinds, strict=True)):
            if b'"id":"%b","kind":"%b","log":"%b",' % (id.encode(), kind.encode(), log.encode()) not in raw:
                raise Faulty(self._misfiled(part.indices[place], raw))

    def _misfiled(self, index: int, raw: bytes) -> str:
        try:
            decode(index, raw)
        except (ValueError, KeyError, TypeError):
            return f"entry {index} is not an entry of ours"
        return f"entry {index} is filed under another id or kind"

    def _find_fault(self, part: _Part) -> None:
        expected = self.frontier.size
        for index, leaf, raw in zip(part.indices, part.leaves, part.raws, strict=True):
            if index != expected:
                raise Faulty(f"entry {expected} is missing")
            if leaf_hash(raw) != leaf:
                raise Faulty(f"entry {index} is not the one that was hashed")
            self.frontier.push(leaf)
            expected += 1

    def finish(self, head: Head) -> None:
        """What only the end can tell."""
        size = self.frontier.size
        if (size, self.frontier.to_bytes()) != (head.size, head.frontier):
            raise Faulty(f"head says {head.size} entries, {size} give another root")
        beyond = [signed for signed in self.signed if signed > size]
        if beyond:
            raise Faulty(f"{max(beyond)} entries were signed, {size} are here")
        for (level, number), data in self.tiles.items():
            if number * WIDTH + len(data) // HASH > self.seen.get(level, 0):
                raise Faulty(f"tile {level}/{number} holds more than its entries give")


def _parts(session: Session, log: str) -> Iterator[_Part]:
    connection = session.connection()
    sign = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    query = (
        f"SELECT idx, leaf, raw, id, kind FROM ledger_entries WHERE log = {sign} AND idx >= {sign} "  # noqa: S608
        f"ORDER BY idx LIMIT {CHUNK}"
    )
    start = 0
    while True:
        rows = connection.exec_driver_sql(query, (log, start)).cursor.fetchall()
        if not rows:
            return
        yield _Part(*zip(*rows, strict=True))
        start = rows[-1][0] + 1


def _root(note: bytes, log: str) -> bytes:
    try:
        return checkpoints.parse(notes.parse(note).text).root
    except notes.NoteError:
        raise Faulty(f"a checkpoint of {log} is no checkpoint") from None
