"""Check a whole log that somebody else serves: signatures, every entry, every tile, the root, and last time's word.

Pure: `read(path)` fetches a path below the log's address, so that it works for a URL, a mirror or a folder.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webapp.kernel.tlog import checkpoints, notes, tiles
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import Frontier, leaf_hash
from webapp.kernel.tlog.notes import NoteError
from webapp.kernel.tlog.policies import Judgement, Policy
from webapp.kernel.tlog.tiles import HASH, WIDTH, Tile

Read = Callable[[str], bytes]
#: Called with the number of entries that were just checked.
Progress = Callable[[int], None]


class AuditFailed(Exception):
    """The log is not what it says; `code` has a sentence in messages.py, `params` fill it."""

    def __init__(self, code: str, **params: str) -> None:
        self.code, self.params = code, params
        super().__init__(f"{code} {params}")


@dataclass(frozen=True, slots=True)
class Found:
    """A log that is whole: its note, what the policy says of it, and the size of last time's checkpoint (or None)."""

    note: bytes
    judgement: Judgement
    extends: int | None


def begin(read: Read, policy: Policy) -> tuple[bytes, Judgement]:
    """The checkpoint and what the policy says of it. Raises AuditFailed if no known log signed it."""
    raw = read("checkpoint")
    try:
        return raw, policy.judge(raw)
    except NoteError as problem:
        raise AuditFailed("audit.signature", why=str(problem)) from problem


def audit(
    read: Read, policy: Policy, before: bytes | None = None, progress: Progress = lambda _: None
) -> Found:
    """Go through the whole log; memory stays flat. Raises AuditFailed at the first thing that is not right.

    `before` is a signed checkpoint of this log from an earlier audit: the log must begin with what was seen then.
    """
    raw, judgement = begin(read, policy)
    head, earlier = judgement.checkpoint, _earlier(before, judgement.checkpoint)
    check = _Check(read, head.size, earlier)
    for bundle in tiles.bundles_of(head.size):
        check.take(bundle)
        progress(bundle.width)
    check.finish()
    if check.frontier.root() != head.root:
        raise AuditFailed("audit.root", size=str(head.size))
    return Found(raw, judgement, earlier.size if earlier else None)


def _earlier(before: bytes | None, head: Checkpoint) -> Checkpoint | None:
    if before is None:
        return None
    seen = checkpoints.parse(notes.parse(before).text)
    if seen.origin != head.origin:
        raise AuditFailed("audit.origin", origin=head.origin)
    if seen.size > head.size:
        raise AuditFailed("audit.shrunk", before=str(seen.size), now=str(head.size))
    return seen


class _Check:
    """A log while it is gone through."""

    def __init__(self, read: Read, size: int, earlier: Checkpoint | None) -> None:
        self._read, self._size, self._earlier = read, size, earlier
        self.frontier = Frontier()
        self._rows: dict[int, list[bytes]] = {}
        self._begins_as_before()

    def take(self, bundle: Tile) -> None:
        """Entries of a bundle, the tile of their hashes, and what they complete above."""
        try:
            entries = tiles.unpack(self._read(bundle.path()))
        except ValueError as problem:
            raise AuditFailed("audit.bundle", path=bundle.path()) from problem
        if len(entries) != bundle.width:
            raise AuditFailed("audit.bundle", path=bundle.path())
        leaves = [leaf_hash(entry) for entry in entries]
        self._compare(Tile(0, bundle.number, bundle.width), leaves, bundle.start)
        for leaf in leaves:
            for level, _index, hashed in self.frontier.push(leaf):
                self._complete(level, hashed)
            self._begins_as_before()

    def finish(self) -> None:
        """The partial tiles at the right edge, above the leaves."""
        for level, hashes in sorted(self._rows.items()):
            count = self._size >> 8 * level
            if hashes:
                self._compare(Tile(level, count // WIDTH, count % WIDTH), hashes)

    def _complete(self, level: int, hashed: bytes) -> None:
        row = self._rows.setdefault(level, [])
        row.append(hashed)
        if len(row) == WIDTH:
            number = (self.frontier.size >> 8 * level) // WIDTH - 1
            self._compare(Tile(level, number), row)
            row.clear()

    def _compare(self, tile: Tile, expected: Sequence[bytes], first: int | None = None) -> None:
        held = self._read(tile.path())
        if held == b"".join(expected):
            return
        if first is None:
            raise AuditFailed("audit.tile", path=tile.path())
        pairs = zip(tiles.hashes(held), expected, strict=False)
        place = next((n for n, (one, other) in enumerate(pairs) if one != other), len(held) // HASH)
        raise AuditFailed("audit.entry", index=str(first + place))

    def _begins_as_before(self) -> None:
        seen = self._earlier
        if seen and seen.size == self.frontier.size and seen.root != self.frontier.root():
            raise AuditFailed("audit.rewritten", before=str(seen.size))
