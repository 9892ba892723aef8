"""Facts that nobody says: what the system itself writes into a log, such as a mail that was sent or a day that passed.

They go the same way as everybody's acts: under the lock of the head, into the log, and from there into the tables of
every room. Their author is the system of the log's own municipality; no person, phone or form can write in its name,
because the door takes no act that nobody has signed or logged in for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from webapp.kernel.base.db import one_at_a_time, transaction
from webapp.kernel.base.rows import Lookup
from webapp.kernel.identity.roles import SYSTEM
from webapp.kernel.intake.door import Verdict
from webapp.kernel.intake.receipts import revise
from webapp.kernel.intake.service import Door
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.entries import By, Recorded
from webapp.kernel.ledger.log import Draft, Heads, lock_heads
from webapp.kernel.ledger.models import LedgerEntry, Log
from webapp.kernel.ledger.vault import Opening

#: The only role of the system; no permission names it.
ROLE = "system"


@dataclass(frozen=True, slots=True)
class Fact:
    """An entry that the system is to write. `openings` are kept in the vault as (subject, opening).

    `id` is derived from what it is about (`base.ids.derived_id`): a fact that stands in the log already is not
    written again. Rooms find `body` as the entry's `data`, as with the extra entries of a command.
    """

    id: str
    kind: str
    body: Mapping[str, Any]
    openings: Sequence[tuple[str, Opening]] = ()


#: Decides under the lock: what it reads is still true when its facts are appended.
Decide = Callable[[Session], Sequence[Fact]]


def append_facts(door: Door, log: str, facts: Sequence[Fact], now: int) -> list[Recorded]:
    """Write these facts into the log, fold them, commit. `now`: ms. Answers those that were not there yet.

    Raises LookupError if there is no such log, NotCanonical for a body that must not stand in one.
    """
    return append_decided(door, log, lambda _session: facts, now)


def append_decided(door: Door, log: str, decide: Decide, now: int) -> list[Recorded]:
    """The same for facts that are worked out under the lock of the log, from what holds at that moment."""
    with one_at_a_time(), transaction() as session:
        heads = lock_heads(session, [log])
        return write_facts(door, session, heads, log, decide(session), now)


def write_facts(
    door: Door, session: Session, heads: Heads, log: str, facts: Sequence[Fact], now: int
) -> list[Recorded]:
    """The same inside a transaction that holds the head of this log; the caller commits."""
    if log not in heads:
        raise LookupError(f"there is no log {log}")
    by = author(session, log)
    drafts = [
        Draft(fact.id, fact.kind, by, {"body": fact.body}, fact.body) for fact in _new(session, log, facts)
    ]
    if not drafts:
        return []
    recorded, written = heads.append(session, log, drafts, now), {draft.id for draft in drafts}
    vault.keep(session, log, [pair for fact in facts if fact.id in written for pair in fact.openings])
    verdicts: dict[str, Verdict] = {}
    for room in door.rooms:
        verdicts.update(room.project(session, log, recorded))
    revise(session, verdicts, now)
    return recorded


def author(session: Session, log: str) -> By:
    """The system as it is named in this log: the same name everywhere, and the municipality whose log it is."""
    return By(SYSTEM, session.get_one(Log, log).organisation_id, (ROLE,))


_KNOWN = Lookup(LedgerEntry.id, by=LedgerEntry.id, same=[LedgerEntry.log])


def _new(session: Session, log: str, facts: Sequence[Fact]) -> list[Fact]:
    """Each fact once, without those that the log has."""
    by_id = {fact.id: fact for fact in facts}
    known = {row.id for row in _KNOWN.rows(session, by_id, log=log)}
    return [fact for fact in by_id.values() if fact.id not in known]
