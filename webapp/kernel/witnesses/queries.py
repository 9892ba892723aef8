"""What the status page reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.kernel.ledger.models import (
    Head,
    LedgerEntry,
    LedgerNode,
    Log,
    NodeRequest,
    NodeState,
    SignedCheckpoint,
)
from webapp.kernel.tlog import checkpoints, notes, words
from webapp.kernel.tlog.policies import least_of
from webapp.kernel.witnesses import drills
from webapp.kernel.witnesses.api import waiting
from webapp.kernel.witnesses.drills import Kept
from webapp.kernel.witnesses.messages import SENTENCES
from webapp.kernel.witnesses.status import SIGNER, Health, Mood, Seen, Sizes, can_lose, health, mood


@dataclass(frozen=True, slots=True)
class NodeLine:
    """A node as the page shows it."""

    seen: Seen
    health: Health


@dataclass(frozen=True, slots=True)
class Asking:
    """A node that asks to watch, with the words by which its people tell that it is theirs."""

    request: NodeRequest
    words: list[str]


@dataclass(frozen=True, slots=True)
class LogStatus:
    """A log as the page shows it; `words` are of the newest checkpoint that the quorum cosigned."""

    log: str
    name: str
    origin: str
    sizes: Sizes
    mood: Mood
    nodes: list[NodeLine]
    least: int
    can_lose: int
    words: list[str]
    words_size: int
    requests: list[Asking]
    #: How many cosignatures are needed once one node more is admitted.
    least_with_one_more: int
    last_drill: Kept | None
    #: What a person has to know when the signer does not sign.
    refusal: str = ""


def logs_of(session: Session, organisation_id: str) -> list[Log]:
    """The logs of an organisation."""
    return list(session.scalars(select(Log).where(Log.organisation_id == organisation_id).order_by(Log.id)))


def status_of(session: Session, log: Log, now: int) -> LogStatus:
    """Everything that the page says about a log. A fixed number of statements, whatever the log's size."""
    sizes, seen = sizes_of(session, log.id), nodes_of(session, log.id)
    lines = [NodeLine(node, health(node, sizes, now)) for node in seen]
    healths = [line.health for line in lines]
    spoken, size = _words(session, log.id)
    return LogStatus(
        log.id,
        log.name,
        log.origin,
        sizes,
        mood(sizes, healths, now),
        lines,
        least_of(len(lines)) if lines else 0,
        can_lose(healths) if lines else 0,
        spoken,
        size,
        [Asking(each, words.of_node(each.vkey, each.mirror_vkey)) for each in waiting(session, log.id)],
        least_of(len(lines) + 1),
        drills.kept(log.id),
        SENTENCES.get(f"witnesses.signer_{sizes.refusal}", ""),
    )


def revision(logs: Sequence[LogStatus]) -> str:
    """A short string that changes when anything that the page shows does, save the passing of time."""
    shown = [
        (
            log.sizes,
            log.mood,
            log.nodes,
            log.words,
            [each.request.vkey for each in log.requests],
            log.last_drill,
        )
        for log in logs
    ]
    return sha256(repr(shown).encode()).hexdigest()[:16]


def sizes_of(session: Session, log: str) -> Sizes:
    """How far each state has come."""
    head = session.get(Head, log, populate_existing=True)
    recorded = head.size if head else 0
    newest = session.scalar(
        select(SignedCheckpoint)
        .where(SignedCheckpoint.log == log)
        .order_by(SignedCheckpoint.size.desc())
        .limit(1)
    )
    cosigned = session.scalar(
        select(func.max(SignedCheckpoint.size)).where(
            SignedCheckpoint.log == log, SignedCheckpoint.cosigned_at.is_not(None)
        )
    )
    signed = newest.size if newest else 0
    waiting = session.scalar(
        select(LedgerEntry.recorded_at).where(LedgerEntry.log == log, LedgerEntry.index == signed)
    )
    anchored = current_app.extensions["anchored_size"](session, log)
    signer = session.get(NodeState, (log, SIGNER), populate_existing=True)
    signed_at, refusal = newest.signed_at if newest else None, signer.failure if signer else ""
    return Sizes(recorded, signed, cosigned or 0, anchored, signed_at, waiting, refusal)


def nodes_of(session: Session, log: str) -> list[Seen]:
    """The nodes that are admitted now, and what was seen of them."""
    rows = session.execute(
        select(LedgerNode, NodeState)
        .outerjoin(NodeState, (NodeState.log == LedgerNode.log) & (NodeState.name == LedgerNode.name))
        .where(LedgerNode.log == log, LedgerNode.retired_at.is_(None))
        .order_by(LedgerNode.admitted_at)
    ).all()
    return [_seen(node, state) for node, state in rows]


def _seen(node: LedgerNode, state: NodeState | None) -> Seen:
    if state is None:
        return Seen(node.name, node.organisation, node.url)
    return Seen(
        node.name,
        node.organisation,
        node.url,
        state.size,
        state.answered_at,
        state.failed_at,
        state.failure,
        state.disagreed_at,
    )


def _words(session: Session, log: str) -> tuple[list[str], int]:
    cosigned = session.scalar(
        select(SignedCheckpoint)
        .where(SignedCheckpoint.log == log, SignedCheckpoint.cosigned_at.is_not(None))
        .order_by(SignedCheckpoint.size.desc())
        .limit(1)
    )
    if cosigned is None:
        return [], 0
    checkpoint = checkpoints.parse(notes.parse(cosigned.note).text)
    return words.of_checkpoint(checkpoint), checkpoint.size
