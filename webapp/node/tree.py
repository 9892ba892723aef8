"""The node's own copy of a log: what it has, and the root of any tree that it holds."""

import sqlite3
from dataclasses import dataclass

from webapp.kernel.tlog import checkpoints, notes, proofs, tiles
from webapp.kernel.tlog.merkle import Frontier, perfect_root
from webapp.kernel.tlog.tiles import ENTRIES, HASH, WIDTH, Tile


class Damaged(ValueError):
    """Our own disk gave back something else than what was written: nobody may be accused on its word."""


@dataclass(frozen=True, slots=True)
class Copy:
    """So many verified entries, and the signed checkpoint that was reached last (b"" before the first)."""

    size: int = 0
    frontier: bytes = b""
    note: bytes = b""

    def tree(self) -> Frontier:
        """A frontier to grow."""
        return Frontier.from_bytes(self.size, self.frontier)


def copy_of(sql: sqlite3.Connection, origin: str) -> Copy:
    """How far the copy has come."""
    row = sql.execute("SELECT size, frontier, note FROM copies WHERE origin = ?", (origin,)).fetchone()
    return Copy(row[0], row[1], row[2] or b"") if row else Copy()


def read(sql: sqlite3.Connection, origin: str, level: int, number: int) -> bytes:
    """As much of a tile, or for ENTRIES of a bundle, as there is."""
    row = sql.execute(
        "SELECT data FROM tiles WHERE origin = ? AND level = ? AND number = ?", (origin, level, number)
    ).fetchone()
    return bytes(row[0]) if row else b""


def root_at(sql: sqlite3.Connection, origin: str, size: int) -> bytes:
    """The root of our tree of the first `size` entries. Raises LookupError if we hold fewer, Damaged."""
    if size > copy_of(sql, origin).size:
        raise LookupError(f"{origin}: fewer than {size} entries are here")
    return proofs.root_of(size, tiles.node_from(lambda level, number: _sound(sql, origin, level, number)))


def check(sql: sqlite3.Connection, origin: str) -> None:
    """Raises Damaged if our tree does not lead to the root that we saw signed when we stored it."""
    note = copy_of(sql, origin).note
    if note:
        signed = checkpoints.parse(notes.parse(note).text)
        if root_at(sql, origin, signed.size) != signed.root:
            raise Damaged(f"{origin}: the tree on our disk is not the one that we stored")


def _sound(sql: sqlite3.Connection, origin: str, level: int, number: int) -> bytes:
    """A tile; a full one leads to the hash that stands for it one level up. Raises Damaged."""
    raw = read(sql, origin, level, number)
    if len(raw) == WIDTH * HASH:
        above, place = divmod(number, WIDTH)
        expected = _sound(sql, origin, level + 1, above)[place * HASH : (place + 1) * HASH]
        if perfect_root(tiles.hashes(raw)) != expected:
            raise Damaged(f"{origin}: tile {level}/{number} on our disk is not the one that we stored")
    return raw


def served(sql: sqlite3.Connection, origin: str, tile: Tile) -> bytes:
    """Just the bytes of this tile. Raises LookupError if it is not all here."""
    if not tiles.is_in(tile, copy_of(sql, origin).size):
        raise LookupError(tile.path())
    raw = read(sql, origin, tile.level, tile.number)
    if tile.level == ENTRIES:
        return tiles.pack(tiles.unpack(raw)[: tile.width])
    return raw[: tile.width * HASH]
