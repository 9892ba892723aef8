"""All entries of a log from a node's copy, each checked against the checkpoint that the log signed."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from webapp.kernel.base.fetch import Unreachable
from webapp.kernel.tlog import tiles
from webapp.kernel.tlog.checkpoints import Checkpoint, origin_hash
from webapp.kernel.tlog.notes import NoteError, VerifyKey
from webapp.kernel.tlog.tiles import ENTRIES, HASH, WIDTH, Tile
from webapp.node import evidence
from webapp.node.fetching import MOST_BUNDLE, MOST_TEXT, get
from webapp.node.mirror import SignedTree


@dataclass(frozen=True, slots=True)
class Download:
    """What a node has: the checkpoint its copy has reached, and how to get the entries under it.

    The log's signature on `note` is verified; whose cosignatures are enough is for the caller to judge.
    """

    checkpoint: Checkpoint
    note: bytes
    _tree: SignedTree

    def entries(self, start: int = 0) -> Iterator[bytes]:
        """Entry after entry from `start`, each verified before it is handed out.

        Raises Unreachable, or NotAsSigned if the node sends anything else than what the log signed; memory stays flat.
        """
        for tile in tiles.bundles_of(self.checkpoint.size, start):
            yield from self._tree.bundle(tile)[max(start - tile.start, 0) :]


def key_at(node: str, origin: str) -> VerifyKey:
    """The log's key as this node pinned it, for a town that lost its own. Compare it by voice with a second node.

    Raises Unreachable, NoteError.
    """
    key = VerifyKey.parse(get(f"{_copy(node, origin)}/vkey", MOST_TEXT).decode(errors="replace").strip())
    if key.name != origin:
        raise NoteError("the node names the key of another log")
    return key


def open_copy(node: str, key: VerifyKey, token: str) -> Download:
    """Look at a node's copy of the log with this key; `token`: what `ashiato node token` shows there.

    Raises Unreachable, NoteError where the checkpoint is not signed by the log, NotAsSigned.
    """
    base = _copy(node, key.name)
    note = get(f"{base}/checkpoint", MOST_TEXT)
    what = evidence.told(note, [key], node)

    def read(tile: Tile) -> bytes:
        most = MOST_BUNDLE if tile.level == ENTRIES else WIDTH * HASH
        return get(f"{base}/{tile.path()}", most, pass_=f"Bearer {token}")

    return Download(what.checkpoint, note, SignedTree(what.checkpoint, read))


def _copy(node: str, origin: str) -> str:
    if not urlsplit(node).hostname:
        raise Unreachable("a node has an address: https://…")
    return f"{node.rstrip('/')}/mirror/{origin_hash(origin)}"
