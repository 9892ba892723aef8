"""What the publisher asks the nodes, and what their answers mean. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from webapp.kernel.base.fetch import Answer
from webapp.kernel.tlog import checkpoints, notes
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.notes import Note, NoteError, Signature, VerifyKey
from webapp.kernel.tlog.witnessing import AddCheckpoint

#: Back-off of a node that does not answer, seconds: 5, 10, 20 … 300.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 300.0
#: A column's worth of words.
MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Target:
    """An admitted node, and the size that it cosigned last as far as we know."""

    name: str
    url: str
    key: VerifyKey
    size: int = 0


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The node's cosignature of the checkpoint, verified."""

    line: Signature


@dataclass(frozen=True, slots=True)
class Behind:
    """409: the node cosigned this size last, smaller or larger than we thought."""

    size: int


@dataclass(frozen=True, slots=True)
class Disagrees:
    """The node says that what we show it does not extend what it has seen."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """No use could be made of the answer; it is asked again later."""

    reason: str


Meaning = Cosigned | Behind | Disagrees | Failed
#: (old, new) → consistency proof of our own tree.
Prove = Callable[[int, int], Sequence[bytes]]


def request(note: Note, old: int, proof: Sequence[bytes]) -> bytes:
    """The body of add-checkpoint. Cosignatures of others are no business of the witness."""
    return AddCheckpoint(old, tuple(proof), note).render()


def by_log(raw: bytes, log: VerifyKey) -> Note:
    """The note with the log's own signature alone. Raises NoteError if that is not on it, or bad."""
    note = notes.parse(raw)
    if log not in notes.verified(note, [log]):
        raise NoteError("the log did not sign this")
    return Note(note.text, tuple(line for line in note.signatures if log.made(line)))


def meaning(answer: Answer, text: str, key: VerifyKey) -> Meaning:
    """What a node's answer to add-checkpoint says about the checkpoint with this text."""
    match answer.status:
        case 200:
            return _cosignature(answer.body, text, key)
        case 409:
            return _size(answer.body)
        case 422:
            return Disagrees(_words(answer.body) or "422")
        case 404:
            return Failed("it does not know this log")
        case 403:
            return Failed("it knows another key of this log")
        case status:
            return Failed(f"status {status} {_words(answer.body)}".strip()[:MOST_WORDS])


def _cosignature(body: bytes, text: str, key: VerifyKey) -> Meaning:
    """Lines of keys that we do not know are ignored; a line that claims to be by this node must be good."""
    try:
        lines = notes.signature_lines(body)
        found = [line for line in lines if key.made(line)]
        if not found:
            return Failed("its answer holds no cosignature of its own")
        key.verify(text, found[0].blob)
    except NoteError as problem:
        return Failed(f"its cosignature is bad: {problem}"[:MOST_WORDS])
    return Cosigned(found[0])


def _size(body: bytes) -> Meaning:
    try:
        return Behind(checkpoints.size_of(body.decode("ascii").removesuffix("\n")))
    except (NoteError, UnicodeDecodeError, IndexError):
        return Failed("409 without a size")


def _words(body: bytes) -> str:
    text = body[:MOST_WORDS].decode("utf-8", "replace")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def contradiction(ours: bytes, theirs: bytes, log: VerifyKey) -> bool:
    """Whether two notes of the log, both signed by it, cannot both be true: one size, two roots."""
    try:
        first, second = (_signed(raw, log) for raw in (ours, theirs))
    except NoteError:
        return False
    return first.size == second.size and first.root != second.root


def _signed(raw: bytes, log: VerifyKey) -> Checkpoint:
    return checkpoints.parse(by_log(raw, log).text)


def evidence(ours: bytes, theirs: bytes, reason: str) -> bytes:
    """What is kept of a disagreement: our note, what the node shows (empty if nothing), and what it said. JSON."""
    texts = {"ours": ours.decode("utf-8", "replace"), "theirs": theirs.decode("utf-8", "replace")}
    return orjson.dumps({**texts, "reason": reason})


def pause_s(failures: int) -> float:
    """How long to leave a node alone after so many failures in a row."""
    return min(FIRST_PAUSE_S * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE_S) if failures else 0.0
