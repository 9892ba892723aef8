"""What became of a mail: the entry that says so, in one transaction with the delivery's own row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.kernel.base.db import transaction
from webapp.kernel.base.ids import derived_id
from webapp.kernel.intake.machine import Fact, append_decided
from webapp.kernel.intake.service import Door
from webapp.kernel.ledger import vault
from webapp.kernel.notifications import outbox
from webapp.kernel.notifications.entries import AFTER, DIGESTED, NoticeState, Reason, subject_of
from webapp.kernel.notifications.models import Notice
from webapp.kernel.notifications.outbox import Job


@dataclass(frozen=True, slots=True)
class Result:
    """How it ended: kind of the entry, the server's code, our reason, whom it went to, the server's words."""

    kind: str
    code: int = 0
    reason: Reason = Reason.NONE
    to: tuple[str, ...] = ()
    words: str = ""


def settle(door: Door, job: Job, result: Result, now: int) -> None:
    """Write down how a job ended. What somebody else has settled meanwhile stays as it is."""
    if not job.log:
        _without_a_log(job, result, now)
        return

    def decide(session: Session) -> Sequence[Fact]:
        outbox.finish(session, job, result.code, result.words, now)
        return _facts(job, _pending(session, job), result)

    append_decided(door, job.log, decide, now)


def _pending(session: Session, job: Job) -> list[Notice]:
    n = Notice
    wanted = (
        select(n).where(n.id.in_(job.notices), n.state == NoticeState.PENDING).order_by(n.caused_at, n.id)
    )
    return list(session.scalars(wanted.execution_options(populate_existing=True)))


def _facts(job: Job, notices: Sequence[Notice], result: Result) -> list[Fact]:
    if not notices:
        return []
    said: dict[str, Any] = {"code": result.code}
    openings = []
    if result.reason:
        said["reason"] = result.reason.value
    if result.to:
        opening = vault.seal({"to": list(result.to)})
        said["commit"] = opening.commit
        openings = [(subject_of(job.recipient), opening)]
    if result.kind == DIGESTED:
        rounds = ",".join(str(notice.round) for notice in notices)
        body = {
            "digest": job.digest,
            "recipient": job.recipient,
            "notices": [notice.id for notice in notices],
        }
        return [Fact(derived_id(job.digest, DIGESTED, rounds), DIGESTED, body | said, openings)]
    return [
        Fact(derived_id(n.id, result.kind, str(n.round)), result.kind, _named(n) | said, openings)
        for n in notices
    ]


def _named(notice: Notice) -> dict[str, Any]:
    return {"notice": notice.id, "kind": notice.kind, "about": notice.about, "recipient": notice.recipient}


def _without_a_log(job: Job, result: Result, now: int) -> None:
    """An account's own mail: no entry says what became of it."""
    settled = {
        "state": AFTER[result.kind],
        "settled_at": now,
        "code": result.code,
        "reason": result.reason.value,
    }
    wanted = (
        update(Notice)
        .where(Notice.id.in_(job.notices), Notice.state == NoticeState.PENDING)
        .values(**settled)
    )
    with transaction() as session:
        outbox.finish(session, job, result.code, result.words, now)
        session.execute(wanted.execution_options(synchronize_session=False))
