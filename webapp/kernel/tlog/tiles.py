"""Tiles and entry bundles: how a log is read over HTTP (C2SP tlog-tiles). Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from webapp.kernel.tlog.merkle import TILE_HEIGHT, perfect_root
from webapp.kernel.tlog.proofs import Node

WIDTH = 1 << TILE_HEIGHT
HASH = 32
ENTRIES = -1
"""The level of an entry bundle, which shares numbers and widths with level 0."""
_PATH = re.compile(r"tile/(entries|0|[1-9]\d?)/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?")


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Tile `number` of a level (ENTRIES: the bundle), `width` hashes or entries wide; 256 is a full one."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def start(self) -> int:
        """The first hash of its level, or the first entry, that it holds."""
        return self.number * WIDTH

    def path(self) -> str:
        """Where a log serves it, below its own address."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_number(self.number)}{partial}"


def parse_path(path: str) -> Tile:
    """The tile at this path. Raises ValueError if a log has none there."""
    match = _PATH.fullmatch(path)
    if match is None or not path.isascii():
        raise ValueError("no such tile")
    level, number, width = match[1], int(match[2].replace("x", "").replace("/", "")), match[3]
    tile = Tile(ENTRIES if level == "entries" else int(level), number, int(width or WIDTH))
    if tile.path() != path or tile.level > 63 or (width and tile.width >= WIDTH):
        raise ValueError("no such tile")
    return tile


def tiles_of(size: int, start: int = 0) -> Iterator[Tile]:
    """All tiles of hashes of a tree of `size` entries that one of `start` entries lacks; lowest level first."""
    level = 0
    while size >> TILE_HEIGHT * level:
        yield from _level(level, size >> TILE_HEIGHT * level, start >> TILE_HEIGHT * level)
        level += 1


def bundles_of(size: int, start: int = 0) -> Iterator[Tile]:
    """All entry bundles of a log of `size` entries that one of `start` entries lacks."""
    return _level(ENTRIES, size, start)


def is_in(tile: Tile, size: int) -> bool:
    """Whether a tree of `size` entries has all that the tile holds."""
    level = max(tile.level, 0)
    return tile.start + tile.width <= size >> TILE_HEIGHT * level


def pack(entries: Iterable[bytes]) -> bytes:
    """Entries as a bundle holds them: two bytes of length, then the entry. Raises ValueError beyond 65,535 bytes."""
    parts = []
    for entry in entries:
        if len(entry) > 0xFFFF:
            raise ValueError("an entry holds at most 65,535 bytes")
        parts += [len(entry).to_bytes(2), entry]
    return b"".join(parts)


def unpack(raw: bytes) -> list[bytes]:
    """The entries of a bundle. Raises ValueError if it ends in the middle of one."""
    found, at = [], 0
    while at < len(raw):
        end = at + 2 + int.from_bytes(raw[at : at + 2])
        if end > len(raw) or at + 2 > len(raw):
            raise ValueError("the bundle ends in the middle of an entry")
        found.append(raw[at + 2 : end])
        at = end
    return found


def node_from(read: Callable[[int, int], bytes]) -> Node:
    """Hashes of perfect subtrees out of tiles. `read(level, number)` answers as much of a tile as there is.

    Each tile is read once. Raises LookupError where a tile is too short.
    """
    tiles: dict[tuple[int, int], bytes] = {}

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        number, offset = divmod(index << height, WIDTH)
        if (tile_level, number) not in tiles:
            tiles[tile_level, number] = read(tile_level, number)
        part = tiles[tile_level, number][offset * HASH : (offset + (1 << height)) * HASH]
        if len(part) != HASH << height:
            raise LookupError(f"tile {tile_level}/{number} lacks hash {offset}")
        return perfect_root(hashes(part))

    return node


def hashes(raw: bytes) -> list[bytes]:
    """A tile's bytes, 32 by 32."""
    return [raw[at : at + HASH] for at in range(0, len(raw), HASH)]


def _level(level: int, count: int, start: int) -> Iterator[Tile]:
    for number in range(start // WIDTH, count // WIDTH):
        yield Tile(level, number)
    if count % WIDTH and count > start:
        yield Tile(level, count // WIDTH, count % WIDTH)


def _number(number: int) -> str:
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    *rest, last = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{part}" for part in rest), last])
