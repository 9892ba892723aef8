"""Proof files: all that somebody needs to check one entry with every server gone (C2SP tlog-proof v1). Pure."""

from dataclasses import dataclass

from webapp.kernel.tlog.checkpoints import size_of
from webapp.kernel.tlog.merkle import leaf_hash
from webapp.kernel.tlog.notes import NoteError, decode64, encode64
from webapp.kernel.tlog.policies import Judgement, Policy
from webapp.kernel.tlog.proofs import MOST_HASHES, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class ProofFile:
    """Where the entry stands, the way from it to the root, and the signed checkpoint with that root.

    `extra` is not authenticated by anything: never believe it.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def render(self) -> bytes:
        """The bytes of the `.tlog-proof` file."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {encode64(self.extra)}")
        lines += [f"index {self.index}", *(encode64(each) for each in self.path), "", ""]
        return "\n".join(lines).encode() + self.checkpoint


def parse(raw: bytes) -> ProofFile:
    """Read a proof file. Raises NoteError; nothing is verified."""
    head, gap, checkpoint = raw.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise NoteError("a proof file begins with ASCII lines") from None
    if not gap or lines.pop(0) != HEADER:
        raise NoteError("this is no proof file")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index ") or len(lines) > MOST_HASHES + 1:
        raise NoteError("a proof file names the index of its entry and at most 63 hashes")
    index, path = size_of(lines[0].removeprefix("index ")), tuple(map(decode64, lines[1:]))
    return ProofFile(index, path, checkpoint, extra)


def verify(proof: ProofFile, entry: bytes, policy: Policy) -> Judgement:
    """What the policy says of the proof's checkpoint, in whose tree the entry stands.

    Raises NoteError or ProofError (both ValueErrors) if a signature is bad or the entry is not in the tree;
    the caller looks at `is_enough`.
    """
    judgement = policy.judge(proof.checkpoint)
    tree = judgement.checkpoint
    verify_inclusion(proof.index, tree.size, leaf_hash(entry), proof.path, tree.root)
    return judgement
