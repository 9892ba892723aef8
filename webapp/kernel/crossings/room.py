"""Crossings behind the door: each half is a command of its own log; two in one batch are written together or not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.crossings.entries import IN, OUT, CrossingBody, Fault, Half, unmatched
from webapp.kernel.crossings.messages import SENTENCES
from webapp.kernel.crossings.models import CrossingHalf
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.door import Accepted, Author, Verdict, command
from webapp.kernel.intake.format import Act
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.ledger.models import Log

#: (session, case, log, organisation) → whether custody is that organisation's work in this log; the rooms know.
WorksIn = Callable[[Session, str, str, str], bool]


class CrossingRoom:
    """Both halves, and what they come to."""

    observations: frozenset[str] = frozenset()
    tables = (CrossingHalf,)

    def __init__(self, works_in: WorksIn) -> None:
        self._works_in = works_in
        self.commands = {OUT: command(CrossingBody, self._decide), IN: command(CrossingBody, self._decide)}

    def _decide(self, session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
        """Other rooms give people a log as well: who sends relief goods to a town hands over nothing of its custody."""
        if not self._works_in(session, "", act.log, author.org):
            return Refusal("crossings.not_allowed", {})
        return _decide(session, act, author, now)

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """A crossing alone gives nobody work."""
        return set()

    def check(self, session: Session, act: Act, author: Author) -> Refusal | None:
        """There are no observations here."""
        return None

    def project(self, session: Session, log: str, entries: Sequence[Recorded]) -> Mapping[str, Verdict]:
        """Fold halves; one row an entry, whatever its partner says."""
        rows = [_row(entry) for entry in entries if entry.kind in {OUT, IN}]
        if rows:
            session.execute(insert(CrossingHalf), rows)
        return {}

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """This package's refusals in words."""
        return SENTENCES.get(code, "").format_map({**params})


def _decide(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Whoever may hand over or take over in this log may say so; what crosses lies behind the commitment."""
    if not may(author.roles, Action.SCAN_HANDED_OVER):
        return Refusal("crossings.not_allowed", {})
    if act.body["other"] == act.log:
        return Refusal("crossings.same_log", {})
    return Accepted() if act.commit else Refusal("crossings.content_needed", {})


def _row(entry: Recorded) -> dict[str, Any]:
    body = entry.data["body"]
    place = {"log": entry.log, "index": entry.index, "is_out": entry.kind == OUT, "at": entry.recorded_at}
    return place | {"other": body["other"], "commit": entry.data["commit"], "count": body["count"]}


def open_halves(session: Session) -> list[tuple[Half, Fault]]:
    """Halves in any log of this server that are not one of a pair which agrees."""
    c = CrossingHalf
    rows = session.execute(select(c.log, c.index, c.is_out, c.other, c.commit, c.count, c.at))
    return unmatched([Half(*row) for row in rows], session.scalars(select(Log.id)))
