"""Checkpoints: what a log says about itself (C2SP tlog-checkpoint v1). Pure."""

from dataclasses import dataclass
from hashlib import sha256

from webapp.kernel.tlog.notes import NoteError, decode64, encode64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log called `origin` has `size` entries, and their tree has this root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed. We write no extension lines: not every cosignature covers them."""
        return f"{self.origin}\n{self.size}\n{encode64(self.root)}\n"


def parse(text: str) -> Checkpoint:
    """The checkpoint in a note's text. Raises NoteError; extension lines are refused, for the reason above."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise NoteError("a checkpoint is origin, size and root")
    root = decode64(lines[2])
    if len(root) != 32:
        raise NoteError("a root has 32 bytes")
    return Checkpoint(lines[0], size_of(lines[1]), root)


def size_of(text: str) -> int:
    """A size or index as notes write it: ASCII decimal, no leading zero, below 2^63. Raises NoteError."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or (text[0] == "0" and text != "0"):
        raise NoteError("a size is written in plain digits")
    size = int(text)
    if size >= 1 << 63:
        raise NoteError("a tree is smaller than that")
    return size


def origin_hash(origin: str) -> str:
    """How witnesses and mirrors call a log in addresses: SHA-256 of its origin, lower-case hex."""
    return sha256(origin.encode()).hexdigest()
