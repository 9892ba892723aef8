"""What others may ask of the chain adapter without knowing web3: how far a log is anchored, and what is wrong."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.chain import outbox, rules
from webapp.chain.models import ChainOutbox
from webapp.chain.rules import Figures, State
from webapp.chain.settings import ChainSettings


def anchored_size(session: Session, log: str) -> int:
    """Entries of a log that stand final on a chain: those before this index are 鎖固定. 0 if there is none."""
    final = (ChainOutbox.kind == outbox.ANCHOR, ChainOutbox.state == State.FINAL)
    return session.scalar(select(func.max(ChainOutbox.size)).where(ChainOutbox.log == log, *final)) or 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that the contract refused and no person has looked at."""

    log: str
    kind: str
    size: int
    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class Status:
    """How the chain adapter is doing. `alarms` are codes with sentences, empty when all is well."""

    chain: str
    address: str
    figures: Figures
    alarms: list[str]
    detail: str
    refused: list[Refusal]


def status(settings: ChainSettings, now: int) -> Status:
    """Read from the database alone: says the truth also while the chain is away."""
    chain = settings.name
    figures, sender = outbox.figures(chain), outbox.sender(chain)
    address, detail = (sender.address, sender.detail) if sender else ("", "")
    return Status(chain, address, figures, rules.alarms(figures, now), detail, _refused(chain))


def _refused(chain: str) -> list[Refusal]:
    failed = (ChainOutbox.state == State.FAILED, ChainOutbox.seen_at.is_(None))
    with outbox.reading() as session:
        rows = session.scalars(
            select(ChainOutbox).where(ChainOutbox.chain == chain, *failed).order_by(ChainOutbox.id)
        )
        return [Refusal(row.log, row.kind, row.size, row.reason, row.settled_at or 0) for row in rows]
