"""A log as a directory of files, and the proofs about it: all made by our own code, to be judged by others'."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from webapp.kernel.tlog import proof_files, proofs, tiles
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import Frontier, leaf_hash
from webapp.kernel.tlog.notes import COSIGNATURE, SIGNATURE, Note, SigningKey, encode64

ORIGIN = "ashiato.example/063622"
KEY = SigningKey(ORIGIN, SIGNATURE, bytes(range(32)))
WITNESSES = [SigningKey(f"witness.town{n}.example/w1", COSIGNATURE, bytes([n]) * 32) for n in range(1, 5)]
AT = 1_790_000_000


def some_entries(count: int, salt: str = "") -> list[bytes]:
    """Entries of different lengths, an empty one among them."""
    return [f"{salt}entry {n} ".encode() * (n % 3) for n in range(count)]


@dataclass
class Book:
    """The entries of a log, and every hash that stands in its tiles."""

    entries: Sequence[bytes]
    key: SigningKey = KEY

    @cached_property
    def levels(self) -> list[list[bytes]]:
        """Hashes of the leaves, of the subtrees over 256 leaves, over 65,536 …"""
        frontier, levels = Frontier(), [[leaf_hash(entry) for entry in self.entries]]
        for leaf in levels[0]:
            for level, _, hashed in frontier.push(leaf):
                if level == len(levels):
                    levels.append([])
                levels[level].append(hashed)
        return levels

    def read(self, level: int, number: int) -> bytes:
        """As much of a tile as there is."""
        return b"".join(self.levels[level][number * tiles.WIDTH : (number + 1) * tiles.WIDTH])

    @cached_property
    def node(self) -> proofs.Node:
        """Hashes of perfect subtrees, out of the tiles."""
        return tiles.node_from(self.read)

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """What the log says at this size (without it: now)."""
        size = len(self.entries) if size is None else size
        return Checkpoint(self.key.name, size, proofs.root_of(size, self.node))

    def note(self, size: int | None = None, witnesses: Iterable[SigningKey] = ()) -> Note:
        """The checkpoint with the log's signature and those of these witnesses."""
        text = self.checkpoint(size).text()
        return Note(text, (self.key.sign(text), *(witness.sign(text, AT) for witness in witnesses)))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """How the newer tree extends the older one."""
        return proofs.consistency_path(old, new, self.node)

    def proof_file(
        self, index: int, size: int | None = None, witnesses: Iterable[SigningKey] = ()
    ) -> proof_files.ProofFile:
        """All that somebody needs to check one entry alone."""
        size = len(self.entries) if size is None else size
        path = tuple(proofs.inclusion_path(index, size, self.node))
        return proof_files.ProofFile(index, path, self.note(size, witnesses).render())

    def write(self, folder: Path, witnesses: Iterable[SigningKey] = ()) -> Path:
        """The files that C2SP tlog-tiles asks for, as they would be served."""
        size = len(self.entries)
        keep(folder / "checkpoint", self.note(size, witnesses).render())
        for tile in tiles.tiles_of(size):
            keep(folder / tile.path(), self.read(tile.level, tile.number)[: tile.width * tiles.HASH])
        for bundle in tiles.bundles_of(size):
            keep(folder / bundle.path(), tiles.pack(self.entries[bundle.start : bundle.start + bundle.width]))
        return folder

    def proofs_json(
        self, inclusion: Iterable[tuple[int, int]], consistency: Iterable[tuple[int, int]]
    ) -> bytes:
        """Proofs for (index, size) and (old, new): hashes only; roots and leaves are for the judge to find."""
        return json.dumps(
            {
                "inclusion": [
                    {
                        "index": index,
                        "size": size,
                        "hashes": [*map(encode64, proofs.inclusion_path(index, size, self.node))],
                    }
                    for index, size in inclusion
                ],
                "consistency": [
                    {"old": old, "new": new, "hashes": [*map(encode64, self.consistency(old, new))]}
                    for old, new in consistency
                ],
            }
        ).encode()


def keep(path: Path, raw: bytes) -> Path:
    """Write a file, its folders too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path
