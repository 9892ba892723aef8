"""RFC 6962 §2.1 hashing over a frontier: the roots of the perfect subtrees of the log, largest first. Pure."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()
#: tlog-tiles: a tile spans eight levels of the tree.
TILE_HEIGHT = 8


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry), 32 bytes (RFC 6962 §2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), 32 bytes (RFC 6962 §2.1)."""
    return sha256(b"\x01" + left + right).digest()


#: Hashers that have read the prefix. For many hashes in a row, a copy of one is quicker made than a new one.
_LEAF, _NODE = sha256(b"\x00"), sha256(b"\x01")


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """`leaf_hash` of each of many entries."""
    begin, hashes = _LEAF.copy, list[bytes]()
    for entry in entries:
        hasher = begin()
        hasher.update(entry)
        hashes.append(hasher.digest())
    return hashes


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over 2^n hashes, n ≥ 0."""
    begin = _NODE.copy
    while len(hashes) > 1:
        parents = list[bytes]()
        for left, right in zip(hashes[::2], hashes[1::2], strict=True):
            hasher = begin()
            hasher.update(left)
            hasher.update(right)
            parents.append(hasher.digest())
        hashes = parents
    return hashes[0]


class Frontier:
    """The O(log n) memory of a tree: enough to append and to name the root, never enough to forge a leaf."""

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._hashes = list(hashes)
        if len(self._hashes) != size.bit_count():
            raise ValueError("a frontier holds one hash for each bit of its size")

    @classmethod
    def from_bytes(cls, size: int, blob: bytes) -> "Frontier":
        """The frontier that `to_bytes` wrote. Raises ValueError where size and hashes disagree."""
        return cls(size, [blob[i : i + 32] for i in range(0, len(blob), 32)])

    def to_bytes(self) -> bytes:
        """32 bytes a subtree, largest first."""
        return b"".join(self._hashes)

    def push(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Append one leaf hash: every perfect pair at the right edge becomes its parent.

        Answers the hashes that are now due in tiles above the leaves, as (tile level, index at that level, hash):
        nothing for most leaves, one for every 256th.
        """
        grown = self._climb(leaf, 0)
        self.size += 1
        return grown

    def push_tile(self, root: bytes) -> list[tuple[int, int, bytes]]:
        """Append 256 leaves at once by the root over them, at a size that is a multiple of 256 (ValueError)."""
        if self.size % (1 << TILE_HEIGHT):
            raise ValueError("a tile begins at a multiple of 256")
        grown = [(1, self.size >> TILE_HEIGHT, root), *self._climb(root, TILE_HEIGHT)]
        self.size += 1 << TILE_HEIGHT
        return grown

    def _climb(self, hashed: bytes, height: int) -> list[tuple[int, int, bytes]]:
        size, grown = self.size >> height, []
        while size & 1:
            hashed = node_hash(self._hashes.pop(), hashed)
            size >>= 1
            height += 1
            if height % TILE_HEIGHT == 0:
                grown.append((height // TILE_HEIGHT, size, hashed))
        self._hashes.append(hashed)
        return grown

    def root(self) -> bytes:
        """The Merkle tree hash of everything pushed so far, 32 bytes."""
        if not self._hashes:
            return EMPTY_ROOT
        *rest, right = self._hashes
        for left in reversed(rest):
            right = node_hash(left, right)
        return right
