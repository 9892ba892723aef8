"""Small logs in memory: any history, its roots, its proofs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from webapp.kernel.tlog import proofs
from webapp.kernel.tlog.merkle import leaf_hash, perfect_root


@dataclass
class History:
    """Leaf hashes of a log; `fork` writes the same beginning and another end."""

    leaves: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, size: int, salt: str = "") -> "History":
        """A log of `size` entries."""
        return cls([leaf_hash(f"{salt}{index}".encode()) for index in range(size)])

    def fork(self, at: int, size: int) -> "History":
        """The same first `at` entries, then others, up to `size`."""
        return History([*self.leaves[:at], *History.of(size, "forged ").leaves[at:]])

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` entries."""
        return proofs.root_of(len(self.leaves) if size is None else size, self._node)

    def proof(self, old: int, new: int | None = None) -> list[bytes]:
        """The consistency proof from `old` to `new` entries."""
        return proofs.consistency_path(old, len(self.leaves) if new is None else new, self._node)

    def _node(self, level: int, index: int) -> bytes:
        leaves: Sequence[bytes] = self.leaves[index << level : (index + 1) << level]
        return perfect_root(list(leaves))


def bent(truth: tuple[int, bytes, int, bytes, list[bytes]], lie: Any) -> tuple[Any, ...]:
    """The same claim with one thing changed."""
    old, old_root, new, new_root, proof = truth
    place = lie.randrange(len(proof)) if proof else 0
    other = bytes(lie.randrange(256) for _ in range(32))
    lies = [
        (old, other, new, new_root, proof),
        (old, old_root, new, other, proof),
        (old, old_root, new, new_root, [*proof, other]),
        (new + 1, old_root, new, new_root, proof),
        (0, old_root, new, new_root, proof),
    ]
    if proof:
        lies += [
            (old, old_root, new, new_root, proof[:-1]),
            (old, old_root, new, new_root, [*proof[:place], other, *proof[place + 1 :]]),
        ]
    found: tuple[Any, ...] = lie.choice(lies)
    return found
