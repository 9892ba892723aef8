"""What our logs have published, read from our database."""

from collections.abc import Iterator
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.chain.ports import Leaf
from webapp.kernel.ledger import publication, tree
from webapp.kernel.ledger.models import LedgerEntry, Log
from webapp.kernel.tlog import checkpoints, notes, proofs
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import leaf_hash

CHUNK = 2_000


class OurLogs:
    """`ports.Checkpoints` over this installation's database."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def logs(self) -> list[str]:
        """Ids of the logs, in order."""
        return list(self._session.scalars(select(Log.id).order_by(Log.id)))

    def origin(self, log: str) -> str:
        """The log's origin line. Raises LookupError for an unknown log."""
        found = self._session.scalar(select(Log.origin).where(Log.id == log))
        if found is None:
            raise LookupError(log)
        return found

    def newest(self, log: str) -> Checkpoint | None:
        """The newest checkpoint that a quorum has cosigned, None if there is none. Raises NoteError if it is none."""
        found = publication.latest_cosigned(self._session, log)
        return None if found is None else checkpoints.parse(notes.parse(found.note).text)

    def consistency(self, log: str, old: int, new: int) -> list[bytes]:
        """RFC 6962 consistency proof from the stored tree. Raises ValueError unless 0 ≤ old ≤ new."""
        return proofs.consistency_path(old, new, tree.node(self._session, log))

    def leaves(self, log: str, start: int, stop: int) -> Iterator[Leaf]:
        """Entries [start, stop), hashed anew from their bytes; ends early where one is missing."""
        bounds = [*range(start, stop, CHUNK), stop]
        for low, high in pairwise(bounds):
            rows = self._session.execute(
                select(LedgerEntry.index, LedgerEntry.kind, LedgerEntry.raw)
                .where(LedgerEntry.log == log, LedgerEntry.index >= low, LedgerEntry.index < high)
                .order_by(LedgerEntry.index)
            ).all()
            for expected, (index, kind, raw) in enumerate(rows, low):
                if index != expected:
                    return
                yield Leaf(index, leaf_hash(raw), kind)
            if len(rows) < high - low:
                return
