"""Notices behind the door: what the entries say of them, and a person's wish to have one tried again.

Other rooms queue them; this one is folded after those, so that a notice is there when an entry tells what became of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.rows import update_rows
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.door import Accepted, Author, Verdict, command
from webapp.kernel.intake.format import Act
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.ledger.models import Log
from webapp.kernel.notifications.entries import AFTER, DIGESTED, RETRIED, RETRYABLE, RetriedBody, subject_of
from webapp.kernel.notifications.entries import NoticeState as State
from webapp.kernel.notifications.messages import SENTENCES
from webapp.kernel.notifications.models import Notice


class NotificationsRoom:
    """`forgetting`: the kind of the entries by which a person is forgotten; the addresses in the vault go with them."""

    observations: frozenset[str] = frozenset()
    tables = (Notice,)

    def __init__(self, forgetting: str = "") -> None:
        self._forgetting = forgetting
        self.commands = {RETRIED: command(RetriedBody, _decide)}

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """To be told something is no work in a log."""
        return set()

    def check(self, session: Session, act: Act, author: Author) -> Refusal | None:
        """There are no observations here."""
        return None

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """This package's refusals in words."""
        return SENTENCES.get(code, "").format_map({**params})

    def project(self, session: Session, log: str, entries: Sequence[Recorded]) -> Mapping[str, Verdict]:
        """Fold what became of notices, in order."""
        settled: list[dict[str, Any]] = []
        for entry in entries:
            if entry.kind in AFTER:
                settled += _settled(entry)
            elif entry.kind == RETRIED:
                update_rows(session, Notice, "id", settled)
                settled = []
                _again(session, entry.data["body"]["notice"])
            elif entry.kind == self._forgetting:
                _forget(session, entry)
        update_rows(session, Notice, "id", settled)
        return {}


def _settled(entry: Recorded) -> list[dict[str, Any]]:
    body = entry.data
    ids = body["notices"] if entry.kind == DIGESTED else [body["notice"]]
    what = {"state": AFTER[entry.kind], "settled_at": entry.recorded_at}
    said = {"code": body["code"], "reason": body.get("reason", "")}
    return [{"id": each, **what, **said} for each in ids]


def _again(session: Session, notice: str) -> None:
    changes = {"state": State.PENDING, "settled_at": None, "code": 0, "reason": "", "round": Notice.round + 1}
    wanted = update(Notice).where(Notice.id == notice).values(**changes)
    session.execute(wanted.execution_options(synchronize_session=False))


def _forget(session: Session, entry: Recorded) -> None:
    body = entry.data["body"]
    if body["what"] == "person":
        vault.erase(session, entry.log, subject_of(body["subject"]), entry.recorded_at)


def _decide(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    owner = session.get(Log, act.log)
    if owner is None or owner.organisation_id != author.org or not may(author.roles, Action.NOTICES_VIEW):
        return Refusal("notices.not_allowed", {})
    found = session.get(Notice, act.body["notice"], populate_existing=True)
    if found is None or found.log != act.log:
        return Refusal("notices.unknown", {})
    return Accepted() if found.state in RETRYABLE else Refusal("notices.not_failed", {})
