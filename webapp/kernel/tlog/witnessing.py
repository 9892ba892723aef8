"""What a witness is asked, and when it says yes (C2SP tlog-witness, add-checkpoint). Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from webapp.kernel.tlog import checkpoints, notes
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import EMPTY_ROOT
from webapp.kernel.tlog.notes import Note, NoteError, VerifyKey
from webapp.kernel.tlog.proofs import MOST_HASHES, ProofError, verify_consistency

#: 63 hashes of 45 bytes and a note: nothing honest is longer.
MOST_BYTES = 64 * 1024
SIZE_TYPE = "text/x.tlog.size"
CONTRADICTION, SUSPICION = "contradiction", "suspicion"


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The size that the witness cosigned last, the proof from there, and the log's signed checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    def render(self) -> bytes:
        """The body of the request."""
        lines = [f"old {self.old}", *map(notes.encode64, self.proof), "", ""]
        return "\n".join(lines).encode() + self.note.render()


@dataclass(frozen=True, slots=True)
class Refused:
    """No: the HTTP status, and the size that the witness knows where that helps (409)."""

    status: int
    reason: str
    size: int | None = None
    #: Worth keeping beside the checkpoint cosigned last: CONTRADICTION proves by itself that the log lied,
    #: SUSPICION does once the roots are compared (a garbled proof looks the same).
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Yes: persist this checkpoint, then cosign it."""

    checkpoint: Checkpoint
    note: Note


def parse(raw: bytes) -> AddCheckpoint:
    """Read the body of add-checkpoint. Raises NoteError."""
    if len(raw) > MOST_BYTES:
        raise NoteError("the request is too long")
    head, gap, note = raw.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise NoteError("the request begins with ASCII lines") from None
    if not gap or not lines[0].startswith("old ") or len(lines) > MOST_HASHES + 1:
        raise NoteError("a request is: old size, at most 63 hashes, an empty line, a checkpoint")
    proof = tuple(map(notes.decode64, lines[1:]))
    if any(len(each) != 32 for each in proof):
        raise NoteError("a hash has 32 bytes")
    return AddCheckpoint(checkpoints.size_of(lines[0].removeprefix("old ")), proof, notes.parse(note))


def judge(
    raw: bytes,
    logs: Mapping[str, Sequence[VerifyKey]],
    latest: Callable[[str], Checkpoint | None],
) -> Accepted | Refused:
    """Decide an add-checkpoint request; `logs`: origin → keys of the logs that this witness watches.

    The caller makes `latest` and the storing of an accepted checkpoint one atomic step. Statuses in the order of
    the specification: 400 malformed, 404 unknown origin, 403 not signed by the log, 400 old size beyond the
    checkpoint, 409 another old size, 422 not consistent.
    """
    try:
        asked = parse(raw)
        new = checkpoints.parse(asked.note.text)
    except NoteError as problem:
        return Refused(400, str(problem))
    if new.origin not in logs:
        return Refused(404, "unknown log")
    if not _is_signed(asked.note, logs[new.origin]):
        return Refused(403, "the log did not sign this checkpoint")
    if asked.old > new.size:
        return Refused(400, "the old size is beyond the checkpoint")
    return _consistent(asked, new, latest(new.origin))


def _is_signed(note: Note, keys: Sequence[VerifyKey]) -> bool:
    try:
        return bool(notes.verified(note, keys))
    except NoteError:
        return False


def _consistent(asked: AddCheckpoint, new: Checkpoint, last: Checkpoint | None) -> Accepted | Refused:
    known = last or Checkpoint(new.origin, 0, EMPTY_ROOT)
    lie = CONTRADICTION if new.size == known.size and new.root != known.root else ""
    if asked.old != known.size:
        return Refused(409, "another size was cosigned last", known.size, lie)
    if lie:
        return Refused(422, "two roots of the same size", evidence=lie)
    try:
        verify_consistency(known.size, new.size, known.root, new.root, asked.proof)
    except ProofError as problem:
        return Refused(422, str(problem), evidence=SUSPICION)
    return Accepted(new, asked.note)
