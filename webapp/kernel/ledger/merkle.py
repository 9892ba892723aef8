"""RFC 6962 §2.1 hashing over a frontier: the roots of the perfect subtrees of the log, largest first. Pure."""

from collections.abc import Iterable
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry), 32 bytes (RFC 6962 §2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), 32 bytes (RFC 6962 §2.1)."""
    return sha256(b"\x01" + left + right).digest()


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

    def push(self, leaf: bytes) -> None:
        """Append one leaf hash: every perfect pair at the right edge becomes its parent."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._hashes.pop(), leaf)
            size >>= 1
        self._hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The Merkle tree hash of everything pushed so far, 32 bytes."""
        if not self._hashes:
            return EMPTY_ROOT
        *rest, right = self._hashes
        for left in reversed(rest):
            right = node_hash(left, right)
        return right
