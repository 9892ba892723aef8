"""The tree of a log in the database: tiles are written with the entries that complete them, proofs read from them."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.ledger.models import LedgerEntry, LedgerTile
from webapp.kernel.tlog import proofs, tiles
from webapp.kernel.tlog.tiles import ENTRIES, HASH, WIDTH, Tile


def grow(session: Session, log: str, grown: Iterable[tuple[int, int, bytes]]) -> None:
    """Put the hashes that `Frontier.push` answered into their tiles; once in 256 entries there is one.

    Two statements for each tile that grows, which is one tile but for the largest batches; else none.
    """
    touched: dict[tuple[int, int], LedgerTile] = {}
    for level, index, hashed in grown:
        number, place = divmod(index, WIDTH)
        tile = touched.get((level, number)) or session.get(LedgerTile, (log, level, number))
        if tile is None:
            tile = LedgerTile(log=log, level=level, number=number, data=b"")
            session.add(tile)
        if len(tile.data) != place * HASH:
            raise ValueError(f"tile {level}/{number} of {log} is not as long as the log")
        tile.data += hashed
        touched[level, number] = tile
    if touched:
        session.flush()


def read(session: Session, log: str, level: int, number: int) -> bytes:
    """As much of a tile as there is: hashes, or for ENTRIES a bundle."""
    if level > 0:
        tile = session.get(LedgerTile, (log, level, number))
        return tile.data if tile else b""
    column = LedgerEntry.raw if level == ENTRIES else LedgerEntry.leaf
    start = number * WIDTH
    rows = session.scalars(
        select(column)
        .where(LedgerEntry.log == log, LedgerEntry.index >= start, LedgerEntry.index < start + WIDTH)
        .order_by(LedgerEntry.index)
    )
    return tiles.pack(rows) if level == ENTRIES else b"".join(rows)


def served(session: Session, log: str, tile: Tile) -> bytes:
    """Just the bytes of this tile. Raises LookupError if the log is too small for it."""
    if tile.level == ENTRIES:
        found = tiles.unpack(read(session, log, tile.level, tile.number))[: tile.width]
        raw, complete = tiles.pack(found), len(found) == tile.width
    else:
        raw = read(session, log, tile.level, tile.number)[: tile.width * HASH]
        complete = len(raw) == tile.width * HASH
    if not complete:
        raise LookupError(tile.path())
    return raw


def node(session: Session, log: str) -> proofs.Node:
    """Hashes of perfect subtrees for making proofs; a proof asks for O(log n) tiles, each read once."""
    return tiles.node_from(lambda level, number: read(session, log, level, number))
