"""What only somebody outside of the database can know: whether all of it was put back to an earlier day."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.ledger import publication, tree
from webapp.kernel.ledger.models import Head, SignedCheckpoint
from webapp.kernel.tlog import notes, proofs
from webapp.kernel.tlog.notes import NoteError, VerifyKey
from webapp.signer.client import SignerClient, SignerRefused


def fault(session: Session, log: str, signer: SignerClient) -> str:
    """How the log contradicts the signer's own memory, in plain words; empty if it does not.

    The signatures of all stored checkpoints are checked with the signer's key: a forger of the database can write
    checkpoints that fit, and cannot sign them. Raises SignerUnavailable.
    """
    origin = publication.log_of(session, log).origin
    try:
        key, last = signer.vkey(origin), signer.last(origin)
    except SignerRefused as problem:
        never = (
            session.scalar(select(SignedCheckpoint.size).where(SignedCheckpoint.log == log).limit(1)) is None
        )
        return "" if never and problem.code == "unknown_origin" else f"the signer refuses: {problem.text}"
    size = session.scalar(select(Head.size).where(Head.log == log)) or 0
    if last.size > size:
        return f"{last.size} entries were signed, and there are {size}: entries are missing at the end"
    if last.note and proofs.root_of(last.size, tree.node(session, log)) != last.root:
        return f"the signer signed another root for {last.size} entries"
    return _bad_signature(session, log, key)


def _bad_signature(session: Session, log: str, key: VerifyKey) -> str:
    rows = select(SignedCheckpoint.size, SignedCheckpoint.note).where(SignedCheckpoint.log == log)
    for size, raw in session.execute(rows.order_by(SignedCheckpoint.size)):
        try:
            good = key in notes.verified(notes.parse(raw), [key])
        except NoteError:
            good = False
        if not good:
            return f"the checkpoint of {size} entries is not signed by this log"
    return ""
