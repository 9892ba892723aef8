"""Chain and log compared: what was ever anchored or appended, against our entries hashed anew. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from webapp.kernel.tlog.merkle import Frontier


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where chain and log say different things.

    `what` is "root" (`at` is a size) or "entry" (`at` is an index); `ours` is empty where our log does not go so far.
    `agreed` is the last anchored size up to which both agree.
    """

    what: str
    at: int
    chain: str
    ours: str
    agreed: int


def first_difference(
    roots: Mapping[int, bytes], entries: Mapping[int, bytes], leaves: Iterable[bytes]
) -> Difference | None:
    """Compare {size: root} and {index: hash} of the chain with our leaf hashes, in order; memory stays flat."""
    frontier, agreed = Frontier(), 0
    for leaf in leaves:
        index = frontier.size
        if entries.get(index, leaf) != leaf:
            return Difference("entry", index, entries[index].hex(), leaf.hex(), agreed)
        frontier.push(leaf)
        if frontier.size in roots:
            ours = frontier.root()
            if roots[frontier.size] != ours:
                return Difference("root", frontier.size, roots[frontier.size].hex(), ours.hex(), agreed)
            agreed = frontier.size
    return _beyond(roots, entries, frontier.size, agreed)


def _beyond(
    roots: Mapping[int, bytes], entries: Mapping[int, bytes], size: int, agreed: int
) -> Difference | None:
    """What the chain has of entries that our log does not."""
    later = [(index, "entry", entries[index]) for index in entries if index >= size]
    later += [(at - 1, "root", roots[at]) for at in roots if at > size]
    if not later:
        return None
    index, what, hashed = min(later)
    return Difference(what, index + (what == "root"), hashed.hex(), "", agreed)
