"""Trees to sign: entry n is always the same, so that two heads extend each other; another `book` is another history."""

from functools import cache

from webapp.kernel.tlog import proofs
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import leaf_hash, node_hash

ORIGIN, LOG = "log.example/063622", "063622"


@cache
def _node(book: str, level: int, index: int) -> bytes:
    if level == 0:
        return leaf_hash(f"{book} {index}".encode())
    return node_hash(_node(book, level - 1, 2 * index), _node(book, level - 1, 2 * index + 1))


def head(size: int, book: str = "true", origin: str = ORIGIN) -> Checkpoint:
    """The head of the first `size` entries."""
    return Checkpoint(origin, size, proofs.root_of(size, lambda level, index: _node(book, level, index)))


def way(old: int, new: int, book: str = "true") -> list[bytes]:
    """The consistency proof between two sizes."""
    return proofs.consistency_path(old, new, lambda level, index: _node(book, level, index))
