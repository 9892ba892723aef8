"""The command that forgets, and its fold: data and salt leave the vault, a person's name leaves the pseudonym."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.erasure.entries import ERASED, REDACTED, RedactBody, commits_in, erased_entries
from webapp.kernel.erasure.messages import SENTENCES
from webapp.kernel.erasure.models import Redaction
from webapp.kernel.identity.models import Organisation, Person, PersonState, Pseudonym
from webapp.kernel.identity.pseudonyms import forget
from webapp.kernel.identity.roles import Action, OrganisationKind, may, may_manage_people
from webapp.kernel.intake.door import Accepted, Author, Verdict, command
from webapp.kernel.intake.format import Act
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.ledger.models import Log
from webapp.kernel.ledger.reading import entries_by_id

#: (session, log, id) → subjects in the vault that are about the thing, and ids of the entries that hold their
#: commitments; None if this log knows no such thing. The rooms know.
PartsOf = Callable[[Session, str, str], tuple[list[str], list[str]] | None]


def _of_act(session: Session, log: str, act_id: str) -> tuple[list[str], list[str]] | None:
    found = entries_by_id(session, log, [act_id])
    return ([vault.of_act(act_id)], [act_id]) if found else None


class ErasureRoom:
    """Forgetting behind the door. `parts` says what belongs to a thing of a room: {"device": …}."""

    observations: frozenset[str] = frozenset()
    tables = (Redaction,)

    def __init__(self, parts: Mapping[str, PartsOf]) -> None:
        self._parts = {**parts, "act": _of_act}
        self.commands = {REDACTED: command(RedactBody, self._decide)}

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """Nobody works in a log because something was erased in it."""
        return set()

    def check(self, session: Session, act: Act, author: Author) -> Refusal | None:
        """There are no observations here."""
        return None

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """This package's refusals in words."""
        return SENTENCES.get(code, "").format_map({**params})

    def project(self, session: Session, log: str, entries: Sequence[Recorded]) -> Mapping[str, Verdict]:
        """Forget what the entries say was forgotten. Doing it again changes nothing."""
        for entry in entries:
            if entry.kind == REDACTED:
                _redacted(session, entry)
            elif entry.kind == ERASED:
                _erased(session, entry)
        return {}

    def _decide(self, session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
        if act.body["what"] == "person":
            return _person(session, act, author)
        if not is_own(session, act.log, author.org) or not may(author.roles, Action.LEDGER_REDACT):
            return Refusal("erasure.not_allowed", {})
        parts = self._parts[act.body["what"]](session, act.log, act.body["subject"])
        if parts is None:
            return Refusal("erasure.unknown", {})
        subjects, entry_ids = parts
        commits = vault.commits_of(session, act.log, subjects)
        if not commits:
            return Refusal("erasure.nothing_left", {})
        holders = entries_by_id(session, act.log, entry_ids)
        indices = {commit: row.index for row in holders for commit in commits_in(row.raw)}
        return Accepted(extra=list(erased_entries(act.id, commits, indices)))


def is_own(session: Session, log: str, organisation_id: str) -> bool:
    """Whether the log is that of this organisation."""
    row = session.get(Log, log)
    return row is not None and row.organisation_id == organisation_id


def _person(session: Session, act: Act, author: Author) -> Accepted | Refusal:
    """A person who has left, by who manages their organisation; people of one that nobody manages, by themselves."""
    named = session.get(Pseudonym, act.body["subject"], populate_existing=True)
    if named is None or named.log != act.log:
        return Refusal("erasure.unknown", {})
    person = session.get(Person, named.person_id, populate_existing=True) if named.person_id else None
    organisation = session.get(Organisation, person.organisation_id if person else named.organisation_id)
    asker = session.get(Person, author.person_id)
    if organisation is not None and _is_nobodys(organisation):
        own = author.pseudonyms.get(act.log) == named.pseudonym
        return Accepted() if own else Refusal("erasure.not_allowed", {})
    if organisation is None or asker is None or not may_manage_people(asker, organisation):
        return Refusal("erasure.not_allowed", {})
    if person is not None and person.state != PersonState.LEFT:
        return Refusal("erasure.has_not_left", {})
    r = Redaction
    done = session.scalar(
        select(r.id).where(r.log == act.log, r.what == "person", r.subject == named.pseudonym)
    )
    return Refusal("erasure.nothing_left", {}) if done and person is None else Accepted()


def _is_nobodys(organisation: Organisation) -> bool:
    """Citizens who send relief goods: no municipality has entered them, and nobody looks after their accounts."""
    return organisation.kind == OrganisationKind.SUPPORTER and organisation.invited_by is None


def _redacted(session: Session, entry: Recorded) -> None:
    body = entry.data["body"]
    session.execute(
        insert(Redaction).values(
            id=entry.id,
            log=entry.log,
            what=body["what"],
            subject=body["subject"],
            basis=body["basis"],
            count=0,
            actor=entry.by.actor,
            at=entry.recorded_at,
        )
    )
    if body["what"] == "person":
        forget(session, entry.log, body["subject"], entry.recorded_at)


def _erased(session: Session, entry: Recorded) -> None:
    body = entry.data
    vault.erase_commits(session, entry.log, [each["commit"] for each in body["erased"]], entry.recorded_at)
    session.execute(
        update(Redaction)
        .where(Redaction.id == body["redaction"])
        .values(count=Redaction.count + body["count"])
        .execution_options(synchronize_session=False)
    )
