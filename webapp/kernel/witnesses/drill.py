"""The fire drill at the edge: the signer (in test mode) signs a recognisable lie, one node is shown it."""

import time
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.kernel.base.fetch import Unreachable, fetch
from webapp.kernel.ledger import signing
from webapp.kernel.ledger.models import Log
from webapp.kernel.tlog import checkpoints, notes, witnessing
from webapp.kernel.witnesses import queries
from webapp.signer.client import SignerRefused, SignerUnavailable

PATIENCE_S, MOST_BYTES = 5, 64 * 1024
#: A witness that holds the true root answers so; 200 would be a witness that can be lied to.
NOTICED = {409, 422}


@dataclass(frozen=True, slots=True)
class Found:
    """Who was lied to, what came of it (a code of messages.py), after how many ms, and the true log's size since."""

    code: str
    organisation: str = ""
    took_ms: int = 0
    size: int = 0

    @property
    def noticed(self) -> bool:
        """Whether the lie was caught."""
        return self.code == "witnesses.drill_noticed"


def run(session: Session, log: Log) -> Found:
    """Lie to the node that answered last. Never raises: what went wrong is a code."""
    nodes = [node for node in queries.nodes_of(session, log.id) if node.answered_at and node.size]
    if not nodes:
        return Found("witnesses.drill_nobody")
    node, log_id = max(nodes, key=lambda each: each.answered_at or 0), log.id
    session.rollback()  # nothing is held while others are asked
    try:
        lie = signing.client().drill(log.origin)
    except (SignerUnavailable, SignerRefused):
        return Found("witnesses.drill_no_signer")
    started = time.monotonic()
    status = _show(node.url, lie)
    took = int((time.monotonic() - started) * 1000)
    size = queries.sizes_of(session, log_id).recorded
    session.rollback()
    code = "noticed" if status in NOTICED else "believed" if status == 200 else "silent"
    return Found(f"witnesses.drill_{code}", node.organisation, took, size)


def _show(url: str, lie: bytes) -> int:
    note = notes.parse(lie)
    size = checkpoints.parse(note.text).size
    body = witnessing.AddCheckpoint(size, (), note).render()
    try:
        address = f"{url.rstrip('/')}/add-checkpoint"
        return fetch("POST", address, body, limit=MOST_BYTES, within_s=PATIENCE_S).status
    except Unreachable:
        return 0
