"""Copies a log: what the signed checkpoint promises is checked hash by hash, and only then stored.

Tiles are checked from the top: those at the right edge by the root that the log signed, a full one by the hash
that stands for it one level up. So every bundle is known to be right before it is written, a copy that was cut
anywhere goes on from there, and memory stays flat however long the log is.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator

from webapp.kernel.tlog import checkpoints, notes, proofs, tiles
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import TILE_HEIGHT, Frontier, leaf_hash, perfect_root
from webapp.kernel.tlog.notes import VerifyKey
from webapp.kernel.tlog.tiles import ENTRIES, HASH, WIDTH, Tile
from webapp.node import evidence, tree
from webapp.node.evidence import Told
from webapp.node.store import Store

Read = Callable[[Tile], bytes]
#: So many entries are written at once: few enough that a kill costs little, many enough that the disk keeps up.
BUNDLES_A_WRITE = 8
ADMITTED, RETIRED = "ledger.node_admitted", "ledger.node_retired"


class NotAsSigned(ValueError):
    """A tile or an entry is not the one under the signed root. The log may have sent it, or somebody between."""


class AnotherHistory(ValueError):
    """The signed checkpoint does not extend our copy. Our copy stays as it is."""


class Smaller(ValueError):
    """An older checkpoint of the same history."""


class SignedTree:
    """The tiles of one signed checkpoint, each checked before it is believed. Raises NotAsSigned."""

    def __init__(self, checkpoint: Checkpoint, read: Read) -> None:
        self._read, self._known = read, dict[tuple[int, int], bytes]()
        self.size = checkpoint.size
        for level in _levels(self.size):
            count = self.size >> TILE_HEIGHT * level
            if count % WIDTH:
                tile = Tile(level, count // WIDTH, count % WIDTH)
                self._known[level, tile.number] = _whole(read(tile), tile)
        if proofs.root_of(self.size, tiles.node_from(self._edge)) != checkpoint.root:
            raise NotAsSigned("the tiles lead to another root than the signed one")

    def _edge(self, level: int, number: int) -> bytes:
        return self._known.get((level, number), b"")

    def tile(self, level: int, number: int) -> bytes:
        """As much of a tile as this tree has."""
        if (level, number) not in self._known:
            raw = _whole(self._read(Tile(level, number)), Tile(level, number))
            self._check_full(level, number, tiles.hashes(raw))
            self._known[level, number] = raw
        return self._known[level, number]

    def bundle(self, tile: Tile) -> list[bytes]:
        """The entries of a bundle."""
        try:
            entries = tiles.unpack(self._read(tile))
        except ValueError as problem:
            raise NotAsSigned(f"{tile.path()}: {problem}") from None
        if len(entries) != tile.width:
            raise NotAsSigned(f"{tile.path()}: {len(entries)} entries")
        leaves = [leaf_hash(entry) for entry in entries]
        if tile.width == WIDTH:
            self._check_full(0, tile.number, leaves)
        elif b"".join(leaves) != self.tile(0, tile.number):
            raise NotAsSigned(f"{tile.path()}: an entry is not the signed one")
        return entries

    def _check_full(self, level: int, number: int, found: list[bytes]) -> None:
        above, place = divmod(number, WIDTH)
        expected = self.tile(level + 1, above)[place * HASH : (place + 1) * HASH]
        if perfect_root(found) != expected:
            raise NotAsSigned(f"tile {level}/{number} is not the signed one")


def follow(store: Store, what: Told, read: Read, now: int) -> None:
    """Bring our copy to this checkpoint, which the log signed.

    Raises AnotherHistory (kept as evidence), Smaller, NotAsSigned, tree.Damaged, and what `read` or
    the disk raises. Whatever it raises, our copy stays whole and the next call goes on from there.
    """
    origin, new = what.checkpoint.origin, what.checkpoint
    have = tree.copy_of(store.reading(), origin)
    if new.size <= have.size:
        _compare(store, what, have, now)
        return
    signed = SignedTree(new, read)
    if not _extends(store.reading(), origin, have.size, signed):
        with store.writing() as sql:
            tree.check(sql, origin)
            ours = tree.root_at(sql, origin, have.size)
            evidence.keep(sql, what, evidence.CONTRADICTION, ours, now)
        raise AnotherHistory(f"the log's {new.size} entries do not begin with our {have.size}")
    with store.writing() as sql:
        evidence.remember(sql, what)
    for part in _parts(have.size, new.size):
        _append(store, origin, part, [signed.bundle(tile) for tile in part])
    _arrive(store, what, now)


def forget(store: Store, origin: str) -> None:
    """Begin the copy anew, for a disk that gave back something else. What was cosigned and all evidence stay.

    The newest note that belonged to the old copy waits to be found in the new one: a log that uses the occasion to
    show another history is caught all the same.
    """
    with store.writing() as sql:
        row = sql.execute(
            "SELECT note FROM shown WHERE origin = ? ORDER BY size DESC LIMIT 1", (origin,)
        ).fetchone()
        for table in ("copies", "tiles", "members"):
            sql.execute(f"DELETE FROM {table} WHERE origin = ?", (origin,))  # noqa: S608  (our own words)
        if row is not None:
            checkpoint = checkpoints.parse(notes.parse(row[0]).text)
            evidence.examine(sql, Told(checkpoint, row[0], "the copy before"), 0)


def _compare(store: Store, what: Told, have: tree.Copy, now: int) -> None:
    with store.writing() as sql:
        same = evidence.examine(sql, what, now)
    if not same:
        raise AnotherHistory(f"another root at size {what.checkpoint.size}")
    if what.checkpoint.size < have.size:
        raise Smaller(f"{what.checkpoint.size} entries are shown; {have.size} were signed")
    if have.note != what.note:
        _arrive(store, what, now)


def _extends(sql: sqlite3.Connection, origin: str, size: int, signed: SignedTree) -> bool:
    """Whether our tree is the beginning of the signed one: the right edge of ours stands for all of it."""
    for level in _levels(size):
        number, width = divmod(size >> TILE_HEIGHT * level, WIDTH)
        ours = tree.read(sql, origin, level, number)[: width * HASH]
        if width and signed.tile(level, number)[: width * HASH] != ours:
            return False
    return True


def _parts(start: int, size: int) -> Iterator[list[Tile]]:
    part: list[Tile] = []
    for tile in tiles.bundles_of(size, start):
        part.append(tile)
        if len(part) == BUNDLES_A_WRITE:
            yield part
            part = []
    if part:
        yield part


def _append(store: Store, origin: str, part: list[Tile], bundles: list[list[bytes]]) -> None:
    with store.writing() as sql:
        have = tree.copy_of(sql, origin)
        frontier = have.tree()
        for tile, entries in zip(part, bundles, strict=True):
            _extend(sql, origin, frontier, tile, entries)
        sql.execute(
            "INSERT OR REPLACE INTO copies VALUES (?, ?, ?, ?)",
            (origin, frontier.size, frontier.to_bytes(), have.note or None),
        )


def _extend(
    sql: sqlite3.Connection, origin: str, frontier: Frontier, tile: Tile, entries: list[bytes]
) -> None:
    fresh = entries[frontier.size - tile.start :]
    leaves = [leaf_hash(entry) for entry in fresh]
    _grow(sql, origin, (ENTRIES, tile.number), tiles.pack(fresh))
    _grow(sql, origin, (0, tile.number), b"".join(leaves))
    for leaf in leaves:
        for level, index, hashed in frontier.push(leaf):
            _grow(sql, origin, (level, index // WIDTH), hashed)
    for entry in fresh:
        _note_member(sql, origin, entry)


def _grow(sql: sqlite3.Connection, origin: str, place: tuple[int, int], more: bytes) -> None:
    sql.execute(
        "INSERT INTO tiles VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET data = CAST(data || excluded.data AS BLOB)",
        (origin, *place, more),
    )


def _arrive(store: Store, what: Told, now: int) -> None:
    """The copy ends where the checkpoint does: keep its note, and look at what has waited for it."""
    new = what.checkpoint
    with store.writing() as sql:
        if tree.root_at(sql, new.origin, new.size) != new.root:
            raise NotAsSigned("our copy has another root than the signed one")
        evidence.remember(sql, what)
        sql.execute("UPDATE copies SET note = ? WHERE origin = ?", (what.note, new.origin))
        evidence.examine_waiting(sql, new.origin, now)


def _note_member(sql: sqlite3.Connection, origin: str, raw: bytes) -> None:
    """Who may read our copy is what the log itself says: nodes that it admitted and has not retired."""
    if b'"ledger.node_' not in raw:
        return
    try:
        entry = json.loads(raw)
        kind, said = entry["kind"], json.loads(entry["p"])["body"]
        if kind == ADMITTED:
            keys = [VerifyKey.parse(said[name]).vkey for name in ("vkey", "mirror_vkey")]
            row = (origin, str(said["node"]), *keys, str(said["url"]))
            sql.execute("INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, 0)", row)
        elif kind == RETIRED:
            sql.execute(
                "UPDATE members SET retired = 1 WHERE origin = ? AND name = ?", (origin, said["node"])
            )
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # an entry of another house: it is copied like any other


def _levels(size: int) -> Iterator[int]:
    level = 0
    while size >> TILE_HEIGHT * level:
        yield level
        level += 1


def _whole(raw: bytes, tile: Tile) -> bytes:
    if len(raw) != tile.width * HASH:
        raise NotAsSigned(f"{tile.path()}: {len(raw)} bytes")
    return raw
