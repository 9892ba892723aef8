"""After a backup was restored: what the log says was forgotten is forgotten again."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.erasure.entries import ERASED, REDACTED
from webapp.kernel.identity.pseudonyms import forget
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.entries import decode
from webapp.kernel.ledger.models import LedgerEntry


def erase_again(session: Session, log: str) -> int:
    """Carry out every erasure that stands in the log; how many entries said so. The caller commits."""
    e = LedgerEntry
    query = select(e.index, e.raw).where(e.log == log, e.kind.in_([REDACTED, ERASED])).order_by(e.index)
    rows = session.execute(query).all()
    for index, raw in rows:
        entry = decode(index, raw)
        if entry.kind == ERASED:
            commits = [each["commit"] for each in entry.data["erased"]]
            vault.erase_commits(session, log, commits, entry.recorded_at)
        elif entry.data["body"]["what"] == "person":
            forget(session, log, entry.data["body"]["subject"], entry.recorded_at)
    return len(rows)
