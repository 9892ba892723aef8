"""Issuing, voiding and replacing codes: commands of the municipality, folded into the code table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.rows import Written, insert_rows
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.door import Accepted, Author, Verdict, command
from webapp.kernel.intake.format import Act, Body, Text
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.ledger.models import Log
from webapp.kernel.scanning import codes
from webapp.kernel.scanning.label_kinds import WORDS_AND_ICONS
from webapp.kernel.scanning.messages import SENTENCES
from webapp.kernel.scanning.models import IssuedCode

ISSUED, PRINTED, VOIDED = "codes.issued", "codes.printed", "codes.voided"
MAX_ISSUE = 2_000
CHUNK = 200


class IssueBody(Body):
    """How many codes of which use."""

    kind: Text
    count: int


class VoidBody(Body):
    """A code that is no longer good, and the one its thing goes on under."""

    code: Text
    replaced_by: Text = ""


#: (session, log, code) → whether something goes under this code already; the rooms know.
InUse = Callable[[Session, str, str], bool]


class CodesRoom:
    """Codes behind the door."""

    observations: frozenset[str] = frozenset()
    tables = (IssuedCode,)

    def __init__(self, in_use: InUse) -> None:
        self._in_use = in_use
        self.commands = {ISSUED: command(IssueBody, issue), VOIDED: command(VoidBody, self._void)}

    def _void(self, session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
        new = str(act.body.get("replaced_by", ""))
        if new and self._in_use(session, act.log, new):
            return Refusal("scanning.replacement_unusable", {})
        return void(session, act, author, now)

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """A code alone gives nobody work."""
        return set()

    def check(self, session: Session, act: Act, author: Author) -> Refusal | None:
        """There are no observations here."""
        return None

    def project(self, session: Session, log: str, entries: Sequence[Recorded]) -> Mapping[str, Verdict]:
        """Fold issued and voided codes."""
        for entry in entries:
            if entry.kind == PRINTED:
                _project_printed(session, entry)
            elif entry.kind == VOIDED:
                _project_voided(session, entry)
        return {}

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """This package's refusals in words."""
        return SENTENCES.get(code, "").format_map({**params})


def _is_own(session: Session, act: Act, author: Author) -> bool:
    """Codes belong to the municipality whose log they are issued in."""
    log = session.get(Log, act.log)
    return log is not None and log.organisation_id == author.org


def issue(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Make `body.count` fresh codes of `body.kind`. They follow the command in chunks of 200."""
    if not (_is_own(session, act, author) and may(author.roles, Action.CODES_ISSUE)):
        return Refusal("scanning.not_allowed", {})
    kind, count = act.body.get("kind"), act.body.get("count")
    if kind not in WORDS_AND_ICONS or not isinstance(count, int) or not 1 <= count <= MAX_ISSUE:
        return Refusal("scanning.issue_range", {"most": str(MAX_ISSUE)})
    fresh = [codes.new_id() for _ in range(count)]
    chunks = [
        (PRINTED, {"batch": act.id, "kind": kind, "first": start, "codes": fresh[start : start + CHUNK]})
        for start in range(0, count, CHUNK)
    ]
    return Accepted(extra=chunks)


def void(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Void `body.code`; with `body.replaced_by` its thing goes on under the new, unused code."""
    if not (_is_own(session, act, author) and may(author.roles, Action.CODES_VOID)):
        return Refusal("scanning.not_allowed", {})
    row = session.get(IssuedCode, str(act.body.get("code", "")), populate_existing=True)
    if row is None or row.log != act.log:
        return Refusal("scanning.unknown_code", {})
    if row.void_at is not None:
        return Refusal("scanning.already_void", {})
    new = act.body.get("replaced_by", "")
    return _replacement_fault(session, row, str(new)) if new else Accepted()


def _replacement_fault(session: Session, old: IssuedCode, new: str) -> Accepted | Refusal:
    """The new code is of the same log and use, not void, and nothing else goes on under it yet."""
    row = session.get(IssuedCode, new, populate_existing=True)
    if (
        row is None
        or row.void_at is not None
        or (row.log, row.kind) != (old.log, old.kind)
        or row.id == old.id
    ):
        return Refusal("scanning.replacement_unusable", {})
    taken = session.scalar(
        select(IssuedCode.id).where(IssuedCode.log == old.log, IssuedCode.replaced_by == new)
    )
    return Refusal("scanning.replacement_unusable", {}) if taken else Accepted()


def _project_printed(session: Session, entry: Recorded) -> None:
    body = entry.data
    insert_rows(
        session,
        IssuedCode,
        [
            {"id": code, "log": entry.log, "kind": body["kind"], "batch": body["batch"]}
            | {"number": body["first"] + number, "issued_at": entry.recorded_at}
            for number, code in enumerate(body["codes"])
        ],
    )


def _project_voided(session: Session, entry: Recorded) -> None:
    body = entry.data["body"]
    session.execute(
        update(IssuedCode)
        .where(IssuedCode.id == body["code"])
        .values(void_at=entry.recorded_at, replaced_by=body.get("replaced_by") or None)
        .execution_options(synchronize_session=False)
    )


_REPLACED = Written("SELECT id, replaced_by FROM codes WHERE log = ? AND replaced_by IS NOT NULL")


def replacements(session: Session, log: str) -> dict[str, str]:
    """Replaced code → the code its thing goes under now, chains followed to the end."""
    direct = {old: str(new) for old, new in _REPLACED.run(session, log)}
    return {old: _last(new, direct) for old, new in direct.items()}


def _last(code: str, direct: Mapping[str, str]) -> str:
    seen = {code}
    while (following := direct.get(code)) and following not in seen:
        seen.add(following)
        code = following
    return code
