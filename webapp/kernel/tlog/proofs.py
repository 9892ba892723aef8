"""Inclusion and consistency proofs: made from the hashes of perfect subtrees, checked from nothing but roots. Pure.

RFC 6962 §2.1.1–2.1.2 says what a proof holds, RFC 9162 §2.1.3.2 and §2.1.4.2 how it is checked.
"""

from collections.abc import Callable, Sequence

from webapp.kernel.tlog.merkle import EMPTY_ROOT, node_hash

#: (level, index) → hash of the perfect subtree over entries [index·2^level, (index + 1)·2^level).
Node = Callable[[int, int], bytes]
#: A tree has fewer than 2^63 entries.
MOST_HASHES = 63


class ProofError(ValueError):
    """The proof does not show what it is said to show."""


def root_of(size: int, node: Node) -> bytes:
    """The root of the tree of the first `size` entries."""
    return _root(0, size, node) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """Hashes from the leaf's sibling up to the root's child. Raises ValueError unless 0 ≤ index < size."""
    if not 0 <= index < size:
        raise ValueError(f"entry {index} is not in a tree of {size}")
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_root(middle, high, node))
            high = middle
        else:
            path.append(_root(low, middle, node))
            low = middle
    return path[::-1]


def consistency_path(old: int, new: int, node: Node) -> list[bytes]:
    """Hashes that show that the tree of `new` entries begins with the tree of `old`; none if old is 0 or new.

    Raises ValueError unless 0 ≤ old ≤ new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not extend one of {old}")
    if old == 0:
        return []
    low, high, whole, path = 0, new, True, []
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_root(middle, high, node))
            high = middle
        else:
            path.append(_root(low, middle, node))
            low, whole = middle, False
    return (path if whole else [*path, _root(low, high, node)])[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Raises ProofError unless the path leads from this leaf hash at `index` to the root of `size` entries."""
    _well_formed((), root)
    if inclusion_root(index, size, leaf, path) != root:
        raise ProofError("the inclusion proof leads to another root")


def inclusion_root(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root to which the path leads from this leaf hash at `index` of `size` entries. Raises ProofError."""
    if not 0 <= index < size:
        raise ProofError(f"entry {index} is not in a tree of {size}")
    _well_formed(path, leaf)
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            at, last = _to_right_child(at, last)
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofError("the inclusion proof is too short")
    return found


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """Raises ProofError unless the path shows that the tree of `new` entries begins with the tree of `old`."""
    if not 0 <= old <= new:
        raise ProofError(f"a tree of {new} does not extend one of {old}")
    _well_formed(path, old_root, new_root)
    if old in {0, new}:
        _without_path(old, new, old_root, new_root, path)
        return
    # a perfect old tree is its own first hash (RFC 9162 §2.1.4.2)
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not path or not hashes:
        raise ProofError("the consistency proof is empty")
    _climb(old, new, hashes, old_root, new_root)


def _climb(old: int, new: int, hashes: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if at & 1 or at == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            at, last = _to_right_child(at, last)
        else:
            after = node_hash(after, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofError("the consistency proof is too short")
    if (before, after) != (old_root, new_root):
        raise ProofError("the consistency proof leads to other roots")


def _to_right_child(at: int, last: int) -> tuple[int, int]:
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _without_path(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    if path:
        raise ProofError("no consistency proof is needed here, and one was given")
    if old == 0 and old_root != EMPTY_ROOT:
        raise ProofError("the empty tree has another root")
    if old == new and old_root != new_root:
        raise ProofError("two roots of the same size")


def _well_formed(path: Sequence[bytes], *hashes: bytes) -> None:
    if len(path) > MOST_HASHES:
        raise ProofError("a proof has at most 63 hashes")
    if any(len(item) != 32 for item in (*path, *hashes)):
        raise ProofError("a hash has 32 bytes")


def _split(size: int) -> int:
    """The largest power of two below `size` (RFC 6962 §2.1)."""
    return 1 << (size - 1).bit_length() - 1


def _root(low: int, high: int, node: Node) -> bytes:
    """The hash over entries [low, high), where low is a multiple of a power of two that holds them all."""
    perfect = []
    while low < high:
        level = (high - low).bit_length() - 1
        perfect.append(node(level, low >> level))
        low += 1 << level
    found = perfect.pop()
    while perfect:
        found = node_hash(perfect.pop(), found)
    return found
