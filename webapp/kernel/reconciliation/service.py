"""Closing a discrepancy: a command, decided under the lock, so that of two people one wins and the other is
told.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.door import Accepted, Author, Verdict, command
from webapp.kernel.intake.format import Act, Body, Text
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.reconciliation.messages import REASONS, SENTENCES
from webapp.kernel.reconciliation.models import Cause, Closing, DiscrepancyRow

CLOSED = "reconciliation.closed"


class CloseBody(Body):
    """Which discrepancy, and why it is settled; a note lies in the vault."""

    discrepancy: Text
    reason: Text


#: (session, case, log, organisation) → whether that organisation works on the case; the rooms know.
IsParty = Callable[[Session, str, str, str], bool]


class ReconciliationRoom:
    """The open list behind the door."""

    observations: frozenset[str] = frozenset()
    tables = (Closing, Cause, DiscrepancyRow)

    def __init__(self, is_party: IsParty) -> None:
        self._is_party = is_party
        self.commands = {CLOSED: command(CloseBody, self._close)}

    def _close(self, session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
        """Only who works on the case may settle its questions."""
        row = session.get(DiscrepancyRow, str(act.body.get("discrepancy", "")), populate_existing=True)
        if row is not None and not self._is_party(session, row.job, act.log, author.org):
            return Refusal("reconciliation.unknown", {})
        return close(session, act, author, now)

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """No log is worked in because of a discrepancy alone."""
        return set()

    def check(self, session: Session, act: Act, author: Author) -> Refusal | None:
        """There are no observations here."""
        return None

    def project(self, session: Session, log: str, entries: Sequence[Recorded]) -> Mapping[str, Verdict]:
        """Fold closings."""
        for entry in entries:
            if entry.kind == CLOSED:
                _project_closing(session, entry)
        return {}

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """This package's refusals in words."""
        return SENTENCES.get(code, "").format_map({**params})


def close(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Close `body.discrepancy` with `body.reason`. Refused if it is gone, closed already, or not this
    person's.
    """
    if not may(author.roles, Action.DISCREPANCY_CLOSE):
        return Refusal("reconciliation.not_allowed", {})
    if act.body.get("reason") not in REASONS:
        return Refusal("reconciliation.reason_needed", {})
    wanted = str(act.body.get("discrepancy", ""))
    held = session.get(Closing, wanted, populate_existing=True)
    if held is not None:
        return Refusal("reconciliation.already_closed", {"reason": REASONS[held.reason]})
    row = session.get(DiscrepancyRow, wanted, populate_existing=True)
    if row is None or row.log != act.log:
        return Refusal("reconciliation.unknown", {})
    return Accepted()


def _project_closing(session: Session, entry: Recorded) -> None:
    body = entry.data["body"]
    session.execute(
        insert(Closing).values(
            discrepancy=body["discrepancy"],
            log=entry.log,
            entry=entry.id,
            reason=body["reason"],
            actor=entry.by.actor,
            at=entry.recorded_at,
        )
    )
    session.execute(
        update(DiscrepancyRow)
        .where(DiscrepancyRow.id == body["discrepancy"])
        .values(closed=True)
        .execution_options(synchronize_session=False)
    )


def is_blocked(session: Session, log: str, scope: str) -> bool:
    """Whether an open, blocking discrepancy stops commands on this thing."""
    d = DiscrepancyRow
    query = select(d.id).where(d.log == log, d.scope == scope, d.severity == "block", d.closed.is_(False))
    return session.scalar(query.limit(1)) is not None
