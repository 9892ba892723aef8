"""`ashiato ledger verify`: everything that is stored of a log, recomputed from the bytes of its entries."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.db import one_picture
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.ledger.entries import decode
from webapp.kernel.ledger.models import Head, LedgerTile, SignedCheckpoint
from webapp.kernel.tlog import checkpoints, notes
from webapp.kernel.tlog.merkle import EMPTY_ROOT, Frontier, leaf_hash, leaf_hashes, perfect_root
from webapp.kernel.tlog.tiles import HASH, WIDTH

#: Entries asked for at once: whole tiles, and memory stays flat.
CHUNK = 8 * WIDTH
#: As SQLite wants to hear it: negative, in KiB.
SMALL_CACHE = -1024


@dataclass(frozen=True, slots=True)
class Check:
    """What a verification found. `fault` is empty when the log is whole."""

    log: str
    size: int
    root: str
    fault: str = ""


class Faulty(Exception):
    """The first fault, in plain words."""


#: What is read of an entry, as the database's driver gives it: index, leaf, raw, id, kind, recorded_at. SQLite lets one
#: put a text where bytes belong.
_Row = tuple[int, bytes, Any, str, str, int]


def verify(session: Session, log: str) -> Check:
    """Recompute every leaf from its bytes, every tile and root from the leaves; compare with all that is stored.

    That is the head, the tiles above the leaves, and every checkpoint that was ever signed: a log that was
    rewritten or cut and made to look whole again contradicts these. Answers the first fault in plain words;
    raises NotFound for an unknown log.
    """
    with one_picture(session), _small_cache(session):
        return _verify(session, log)


@contextmanager
def _small_cache(session: Session) -> Iterator[None]:
    """On SQLite, keep few pages meanwhile: each is read once, and so few stay in the processor's own cache."""
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        yield
        return
    usual = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = {SMALL_CACHE}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {usual}")


def _verify(session: Session, log: str) -> Check:
    head = session.get(Head, log, populate_existing=True)
    if head is None:
        raise NotFound("ledger.no_such_log", log=log)
    try:
        check = _Verification(session, log)
    except Faulty as fault:  # a checkpoint that cannot be read
        return Check(log, 0, EMPTY_ROOT.hex(), str(fault))
    try:
        for rows in _rows(session, log):
            check.take(rows)
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
        self._sizes = sorted(self.signed)
        self._places = 0, 0
        self._is_signed()

    def take(self, rows: Sequence[_Row]) -> None:
        """Check the next rows: a tile of them, or what is left at the end."""
        start = self.frontier.size
        leaves = [row[1] for row in rows]
        if [row[0] for row in rows] != list(range(start, start + len(rows))) or not _are_hashed(rows, leaves):
            self._find_fault(rows)
        self._are_filed(rows)
        self._push(leaves)

    def _push(self, leaves: list[bytes]) -> None:
        start = self.frontier.size
        signed = bisect_right(self._sizes, start)
        if len(leaves) == WIDTH and (signed == len(self._sizes) or self._sizes[signed] >= start + WIDTH):
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

    def _are_filed(self, rows: Sequence[_Row]) -> None:
        """The columns beside the bytes say what the bytes say. In canonical JSON id, kind and log stand side by side.

        Only who wrote an entry, and what follows the time, move them: they are looked for first where the entry
        before had them.
        """
        (at, time_at), last, filed, then, timed = self._places, "", "", -1, b""
        for index, _leaf, raw, id, kind, recorded_at in rows:
            if kind != last:
                last, filed = kind, f'","kind":"{kind}","log":"{self.log}",'
            if recorded_at != then:
                then, timed = recorded_at, f',"rec":{recorded_at},"'.encode()
            named = f'"id":"{id}{filed}'.encode()
            if not (raw.startswith(named, at) and raw.startswith(timed, time_at)):
                at, time_at = raw.find(named), raw.rfind(timed) - len(raw)
                if at < 0 or time_at < -len(raw):
                    raise Faulty(_misfiled(index, raw, "id or kind" if at < 0 else "time"))
        self._places = at, time_at

    def _find_fault(self, rows: Sequence[_Row]) -> None:
        expected = self.frontier.size
        for index, leaf, raw, *_ in rows:
            if index != expected:
                raise Faulty(f"entry {expected} is missing")
            if not isinstance(raw, bytes) or leaf_hash(raw) != leaf:
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


def _misfiled(index: int, raw: bytes, what: str) -> str:
    try:
        decode(index, raw)
    except (ValueError, KeyError, TypeError):
        return f"entry {index} is not an entry of ours"
    return f"entry {index} is filed under another {what}"


def _are_hashed(rows: Sequence[_Row], leaves: list[bytes]) -> bool:
    try:
        return leaf_hashes([row[2] for row in rows]) == leaves
    except TypeError:  # not bytes
        return False


def _rows(session: Session, log: str) -> Iterator[Sequence[_Row]]:
    """All rows of the log, a tile of them at a time. Past SQLAlchemy, which would make an object of every row."""
    connection = session.connection()
    sign = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    query = (
        f"SELECT idx, leaf, raw, id, kind, recorded_at FROM ledger_entries WHERE log = {sign} AND idx >= {sign} "  # noqa: S608
        f"ORDER BY idx LIMIT {CHUNK}"
    )
    start, last = -1, -1
    while start <= last:
        start = last + 1
        read = connection.exec_driver_sql(query, (log, start)).cursor.fetchmany
        while rows := read(WIDTH):
            last = rows[-1][0]
            yield rows


def _root(note: bytes, log: str) -> bytes:
    try:
        return checkpoints.parse(notes.parse(note).text).root
    except notes.NoteError:
        raise Faulty(f"a checkpoint of {log} is no checkpoint") from None
