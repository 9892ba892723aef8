"""What the signer signs. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from webapp.kernel.tlog import checkpoints, notes
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import EMPTY_ROOT
from webapp.kernel.tlog.notes import NoteError, VerifyKey
from webapp.kernel.tlog.policies import Party, Policy
from webapp.kernel.tlog.proofs import ProofError, verify_consistency


class Why(StrEnum):
    """Reasons to refuse; stable, they stand in answers."""

    MALFORMED = "malformed"
    UNKNOWN_ORIGIN = "unknown_origin"
    SMALLER = "smaller"
    INCONSISTENT = "inconsistent"
    MOVED = "moved"
    NOT_CHECKED = "not_checked"
    NOT_KEPT = "not_kept"
    KEY_LOST = "key_lost"
    BROKEN = "broken"
    FORKED = "forked"
    POLICY_OLD = "policy_old"
    NO_DRILL = "no_drill"


@dataclass(frozen=True, slots=True)
class No:
    """A refusal; the text is for an engineer."""

    why: Why
    text: str


def decide(asked: Checkpoint, start: int, proof: Sequence[bytes], last: Checkpoint | None) -> No | None:
    """Whether this head may follow the last one; `proof` leads from size `start` to it (RFC 6962 §2.1.2).

    The same head again is always fine: an answer may have been lost on its way.
    """
    known = last or Checkpoint(asked.origin, 0, EMPTY_ROOT)
    if (asked.size, asked.root) == (known.size, known.root):
        return None
    if asked.size < known.size:
        return No(Why.SMALLER, f"{asked.size} entries are fewer than the {known.size} that were signed last")
    if asked.size == known.size:
        return No(Why.INCONSISTENT, f"another root was signed for {known.size} entries")
    if start != known.size:
        return No(Why.MOVED, f"the proof begins at {start}, and {known.size} were signed last")
    try:
        verify_consistency(known.size, asked.size, known.root, asked.root, proof)
    except ProofError as problem:
        return No(Why.INCONSISTENT, f"this does not extend the {known.size} entries signed last: {problem}")
    return None


@dataclass(frozen=True, slots=True)
class Heard:
    """What one witness said at the start: the note of our log that it cosigned last (None: it knows none)."""

    note: bytes | None = None
    #: Why it counts as silent, empty if it answered.
    problem: str = ""


def read_answer(raw: bytes, log: VerifyKey, witness: Party) -> Heard:
    """A witness's latest note counts if our log and this very witness signed it."""
    try:
        note = notes.parse(raw)
        checkpoint = checkpoints.parse(note.text)
        signed = notes.verified(note, [log, witness.key])
    except NoteError as problem:
        return Heard(problem=str(problem))
    if checkpoint.origin != log.name or log not in signed:
        return Heard(problem="our key did not sign what it holds")
    if witness.key not in signed:
        return Heard(problem="it did not cosign what it holds")
    return Heard(raw)


def is_enough(policy: Policy, heard: Mapping[str, Heard]) -> bool:
    """Whether every quorum overlaps with those who answered: the silent ones are no quorum by themselves.

    For k of n this asks for n − k + 1 answers.
    """
    if not policy.witnesses:
        return True
    silent = {name for name in policy.witnesses if name not in heard or heard[name].problem}
    return not policy.is_met(silent)


def newest(last: bytes | None, heard: Iterable[Heard]) -> bytes | No | None:
    """The largest of our own notes, kept or heard; all of them are verified. FORKED if two contradict each other."""
    every = [raw for raw in (last, *(each.note for each in heard)) if raw is not None]
    roots: dict[int, bytes] = {}
    for raw in every:
        checkpoint = read(raw)
        if roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            return No(Why.FORKED, f"two roots were signed for {checkpoint.size} entries")
    return max(every, key=lambda raw: read(raw).size, default=None)


def read(raw: bytes) -> Checkpoint:
    """The checkpoint in a note. Raises NoteError."""
    return checkpoints.parse(notes.parse(raw).text)


def may_replace(
    known: Policy | None, fresh: Policy, log: VerifyKey, size: int, last: Checkpoint | None
) -> No | None:
    """Whether `fresh`, made from a log of `size` entries, may stand in the place of the known policy.

    A log that was restored from an old backup must not make us forget whom to ask.
    """
    if log not in {party.key for party in fresh.logs}:
        return No(Why.MALFORMED, "the policy does not name our key")
    if known is None or size >= (last.size if last else 0):
        return None
    if _keys(known) - _keys(fresh):
        return No(Why.POLICY_OLD, f"a log of {size} entries names fewer witnesses than we know")
    return None


def _keys(policy: Policy) -> set[VerifyKey]:
    return {witness.key for witness in policy.witnesses.values()}
