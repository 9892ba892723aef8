"""What a log has published: checkpoints that its signer signed, and cosignatures that its nodes gave."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import AppError, NotFound
from webapp.kernel.base.rows import insert_rows
from webapp.kernel.ledger import tree
from webapp.kernel.ledger.models import Head, LedgerEntry, LedgerNode, Log, SignedCheckpoint
from webapp.kernel.tlog import checkpoints, notes, policies, proofs
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import Frontier
from webapp.kernel.tlog.notes import NoteError, Signature, VerifyKey
from webapp.kernel.tlog.policies import Party, Policy
from webapp.kernel.tlog.proof_files import ProofFile

#: Given the merged note: whether its cosignatures are enough. True or False where that is known already.
QuorumMet = Callable[[bytes], bool] | bool


class State(StrEnum):
    """How far an entry has come: 記録済, 署名済, 連署済, 鎖固定."""

    RECORDED = "recorded"
    SIGNED = "signed"
    COSIGNED = "cosigned"
    ANCHORED = "anchored"


class NotSigned(AppError):
    """The entry is recorded, and no checkpoint that holds it is signed yet: in a few seconds there will be one."""

    status: ClassVar[int] = 409
    code = "ledger.not_signed"


def log_of(session: Session, log: str) -> Log:
    """The log. Raises NotFound."""
    found = session.get(Log, log)
    if found is None:
        raise NotFound("ledger.no_such_log", log=log)
    return found


def head(session: Session, log: str) -> Checkpoint:
    """The committed head: read outside of a transaction that writes, so that nothing uncommitted is ever signed.

    Raises NotFound.
    """
    origin = log_of(session, log).origin
    size, frontier = session.execute(select(Head.size, Head.frontier).where(Head.log == log)).one()
    return Checkpoint(origin, size, Frontier.from_bytes(size, frontier).root())


def latest(session: Session, log: str) -> SignedCheckpoint | None:
    """The largest signed checkpoint."""
    return _largest(session, SignedCheckpoint.log == log)


def latest_cosigned(session: Session, log: str) -> SignedCheckpoint | None:
    """The largest checkpoint that a quorum of the log's nodes cosigned."""
    return _largest(session, SignedCheckpoint.log == log, SignedCheckpoint.cosigned_at.is_not(None))


def _largest(session: Session, *which: object) -> SignedCheckpoint | None:
    query = select(SignedCheckpoint).where(*which)  # type: ignore[arg-type]
    return session.scalars(
        query.order_by(SignedCheckpoint.size.desc()).limit(1), execution_options={"populate_existing": True}
    ).first()


def keep_signed(session: Session, log: str, note: bytes, now: int) -> SignedCheckpoint:
    """Store what the signer signed; the caller's transaction commits it. The same size again changes nothing.

    Raises NoteError if the note is none, or of another log.
    """
    checkpoint = checkpoints.parse(notes.parse(note).text)
    if checkpoint.origin != log_of(session, log).origin:
        raise NoteError("a checkpoint of another log")
    row = {"log": log, "size": checkpoint.size, "note": note, "signed_at": now, "cosigned_at": None}
    insert_rows(
        session, SignedCheckpoint, [row], only_new=True
    )  # another publisher may be at it at this moment
    return session.get_one(SignedCheckpoint, (log, checkpoint.size), populate_existing=True)


def add_cosignatures(
    session: Session, log: str, size: int, lines: Iterable[Signature], now: int, quorum_met: QuorumMet
) -> None:
    """Add verified cosignatures to a signed checkpoint; of one key the first stays. The caller commits.

    `cosigned_at` is set when the quorum is met for the first time, and never taken back.
    """
    row = session.get(SignedCheckpoint, (log, size), with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("ledger.not_signed")
    row.note = notes.parse(row.note).with_signatures(lines).render()
    met = quorum_met(row.note) if callable(quorum_met) else quorum_met
    if met and row.cosigned_at is None:
        row.cosigned_at = now
    session.flush()


def state_of(session: Session, log: str, indices: Iterable[int]) -> dict[int, State]:
    """How far these entries have come; three statements, however many there are."""
    signed, cosigned = latest(session, log), latest_cosigned(session, log)
    anchored = current_app.extensions.get("anchored_size")
    steps = (
        (State.ANCHORED, anchored(session, log) if anchored else 0),
        (State.COSIGNED, cosigned.size if cosigned else 0),
        (State.SIGNED, signed.size if signed else 0),
    )
    return {
        index: next((state for state, size in steps if index < size), State.RECORDED) for index in indices
    }


@dataclass(frozen=True, slots=True)
class Waiting:
    """Since when (ms) the oldest entry waits for a signature, and for the quorum; None where nothing waits."""

    signature: int | None
    quorum: int | None


def waiting(session: Session, log: str) -> Waiting:
    """What is not published yet. Three or four statements, whatever the size of the log."""
    signed, cosigned = latest(session, log), latest_cosigned(session, log)
    return Waiting(
        _recorded_at(session, log, signed.size if signed else 0),
        _recorded_at(session, log, cosigned.size if cosigned else 0),
    )


def _recorded_at(session: Session, log: str, index: int) -> int | None:
    entry = LedgerEntry
    return session.scalar(select(entry.recorded_at).where(entry.log == log, entry.index == index))


def nodes(session: Session, log: str) -> list[LedgerNode]:
    """The nodes that are admitted and not retired, in the order of their admission."""
    query = select(LedgerNode).where(LedgerNode.log == log, LedgerNode.retired_at.is_(None))
    return list(session.scalars(query.order_by(LedgerNode.admitted_at)))


def policy(session: Session, log: str, vkey: VerifyKey, url: str) -> Policy:
    """Whose signatures are enough for this log: its own, and more than two thirds of its admitted nodes.

    `vkey` comes from the signer, `url` is where the log is served. Without nodes the quorum is "none".
    """
    admitted = nodes(session, log)
    witnesses = {node.name: Party(VerifyKey.parse(node.vkey), node.url) for node in admitted}
    return policies.simple(Party(vkey, url), witnesses)


def is_cosigned(judge: Policy, note: bytes) -> bool:
    """Whether a quorum of other organisations cosigned this note; without any there is no quorum."""
    return bool(judge.witnesses) and judge.judge(note).is_enough


def proof(session: Session, log: str, index: int) -> ProofFile:
    """That entry `index` is in the log: against the largest cosigned checkpoint, else the largest signed one.

    O(log n) statements. Raises NotFound for an entry that does not exist, NotSigned where nothing signed holds it.
    """
    row = latest_cosigned(session, log)
    if row is None or row.size <= index:
        row = latest(session, log)
    if row is None or row.size <= index:
        if _recorded_at(session, log, index) is None:
            raise NotFound
        raise NotSigned
    path = proofs.inclusion_path(index, row.size, tree.node(session, log))
    return ProofFile(index, tuple(path), row.note)


def proof_of(session: Session, log: str, entry_id: str) -> ProofFile:
    """The proof of an entry by its id. Raises NotFound, NotSigned."""
    entry = LedgerEntry
    query = select(entry.index).where(entry.log == log, entry.id == entry_id)
    index = session.scalar(query)
    if index is None:
        raise NotFound
    return proof(session, log, index)
