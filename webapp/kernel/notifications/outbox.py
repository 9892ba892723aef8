"""The sender's side of the database: who takes which notice in hand, how far it is, and when it is tried next.

A notice is claimed before it is written, marked right before its bytes go to the mail server, and settled afterwards.
Whoever is killed in between leaves a mark: a mail whose outcome was never heard is tried once more, and not twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import DAY, HOUR, MINUTE, from_date, jst
from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.rows import insert_rows
from webapp.kernel.identity.models import Pseudonym
from webapp.kernel.notifications.entries import NoticeState
from webapp.kernel.notifications.models import Notice, NoticeDelivery, NoticePreference

#: A claim older than this is nobody's: longer than a mail server may take for one mail.
LEASE_MS = 15 * MINUTE
FIRST_WAIT_MS, MOST_WAIT_MS, GIVE_UP_AFTER_MS = MINUTE, HOUR, 3 * DAY
#: Heard nothing so often, and it is not tried again: the person may have it twice already.
MOST_UNKNOWNS = 2
#: Digests leave at this hour, JST; one entry of the log can name this many notices.
MORNING_HOUR, MOST_IN_DIGEST = 7, 500
#: Notices that are looked at for the first time in one transaction.
MOST_NEW = 200
EACH, DAILY, STOPPED = "each", "daily", "none"


@dataclass(frozen=True, slots=True)
class Job:
    """One mail to be sent: of one notice, or of several that go together (`digest`)."""

    notices: tuple[str, ...]
    log: str
    recipient: str
    claim: str
    digest: str = ""
    attempts: int = 0
    first_at: int | None = None
    unknowns: int = 0
    stopped: bool = False

    @property
    def id(self) -> str:
        """What its Message-ID is made of."""
        return self.digest or self.notices[0]


def wait_ms(attempts: int) -> int:
    """How long after so many failures in a row: a minute, doubling to an hour."""
    return int(min(FIRST_WAIT_MS * 2 ** min(max(attempts - 1, 0), 10), MOST_WAIT_MS))


def next_morning(at_ms: int) -> int:
    """The first moment after `at_ms` at which digests leave."""
    today = from_date(jst(at_ms).date().isoformat()) + MORNING_HOUR * HOUR
    return today if today > at_ms else today + DAY


def is_due(session: Session, now: int) -> bool:
    """Whether any mail waits that could be sent now."""
    return session.scalar(_due(now).with_only_columns(Notice.id).limit(1)) is not None


def has_new(session: Session) -> bool:
    """Whether there is a notice that no sender has looked at yet."""
    return session.scalar(_new().with_only_columns(Notice.id).limit(1)) is not None


def begin(session: Session, now: int, most: int = MOST_NEW) -> list[Notice]:
    """A row for each notice that is looked at for the first time; answers these. The caller commits.

    Who wants one mail a day is told in the morning.
    """
    notices = list(session.scalars(_new().order_by(Notice.caused_at, Notice.id).limit(most)))
    modes = _modes(session, [notice for notice in notices if notice.recipient.startswith("p-")])
    nothing = {"digest": "", "attempts": 0, "first_at": None, "claim": "", "claimed_at": 0, "handed_at": None}
    nothing |= {"unknowns": 0, "code": 0, "words": ""}
    rows = []
    for notice in notices:
        daily = modes.get((notice.log, notice.recipient)) == DAILY
        due = next_morning(notice.caused_at) if daily else now
        what = {"notice": notice.id, "round": notice.round, "log": notice.log, "recipient": notice.recipient}
        rows.append(what | {"daily": daily, "next_at": due, **nothing})
    insert_rows(session, NoticeDelivery, rows, only_new=True)
    return notices


def claim(session: Session, token: str, now: int, most: int) -> list[Job]:
    """Take up to `most` mails in hand, those that are due longest first; the caller commits.

    Two senders never get the same one: rows are locked in one order and looked at again under the lock.
    """
    found = _waiting(session, now, most)
    mine = _lock(session, found, token, now)
    stopped = _modes(session, [row for row in mine if row.recipient.startswith("p-")])
    order = {notice.id: place for place, notice in enumerate(found)}
    mine.sort(key=lambda row: order[row.notice])
    return [
        replace(job, stopped=stopped.get((job.log, job.recipient)) == STOPPED)
        for job in [*_singles(mine, token), *_digests(session, mine, token)]
    ]


def hand(session: Session, job: Job, now: int) -> bool:
    """Mark that the mail is about to go; False if this sender has lost it. The caller commits, and only then sends."""
    d = NoticeDelivery
    mine = update(d).where(d.notice.in_(job.notices), d.claim == job.claim)
    done: Any = session.execute(_quiet(mine.values(handed_at=now, claimed_at=now)))
    return bool(done.rowcount == len(job.notices))


def release(session: Session, token: str, words: str, now: int) -> None:
    """Give back what this sender has in hand: the mail server cannot be used (`words`), or the sender stops ("")."""
    d = NoticeDelivery
    freed = {"claim": "", **({"words": words, "first_at": _or_now(now)} if words else {})}
    session.execute(_quiet(update(d).where(d.claim == token, d.handed_at.is_(None)).values(**freed)))


def postpone(session: Session, job: Job, code: int, words: str, now: int, *, unheard: bool = False) -> None:
    """Try it again later, or write down that nobody answered."""
    attempts = job.attempts + 1
    _update(
        session, job,
        next_at=now + wait_ms(attempts), attempts=attempts, first_at=_or_now(now), claim="", handed_at=None,
        unknowns=job.unknowns + unheard, code=code, words=words,
    )  # fmt: skip


def finish(session: Session, job: Job, code: int, words: str, now: int) -> None:
    """Nothing is to be tried any more."""
    _update(
        session, job,
        next_at=None, attempts=job.attempts + 1, first_at=_or_now(now), claim="", handed_at=None,
        unknowns=job.unknowns, code=code, words=words,
    )  # fmt: skip


def is_late(job: Job, now: int) -> bool:
    """Whether it was tried long enough."""
    return job.first_at is not None and now - job.first_at >= GIVE_UP_AFTER_MS


# --- how a claim is made --------------------------------------------------------------------------------------------


def _due(now: int) -> Select[Any, Any]:
    n, d = Notice, NoticeDelivery
    free = or_(d.claim == "", d.claimed_at < now - LEASE_MS)
    return (
        select(n, d)
        .join(d, and_(d.notice == n.id, d.round == n.round))
        .where(n.state == NoticeState.PENDING, d.next_at <= now, free)
        .execution_options(populate_existing=True)
    )


def _new() -> Select[Any]:
    n, d = Notice, NoticeDelivery
    begun = select(d.notice).where(d.notice == n.id, d.round == n.round).exists()
    return select(n).where(n.state == NoticeState.PENDING, ~begun).execution_options(populate_existing=True)


def _waiting(session: Session, now: int, most: int) -> list[Notice]:
    """What has been due longest; and of somebody who gets one mail a day, everything that goes into it."""
    due, in_order = _due(now), (Notice.caused_at, Notice.id)
    found = session.execute(due.order_by(*in_order).limit(most)).all()
    daily = {delivery.recipient for _notice, delivery in found if delivery.daily}
    seen = {notice.id for notice, _delivery in found}
    if daily:
        more = due.where(NoticeDelivery.daily, NoticeDelivery.recipient.in_(daily)).order_by(*in_order)
        rest = session.execute(more.limit(MOST_IN_DIGEST)).all()
        found = [*found, *(row for row in rest if row[0].id not in seen)]
    return [notice for notice, _delivery in found]


def _lock(session: Session, notices: Sequence[Notice], token: str, now: int) -> list[NoticeDelivery]:
    """Rows of these notices that are still free, now ours."""
    d, rounds = NoticeDelivery, {notice.id: notice.round for notice in notices}
    wanted = select(d).where(d.notice.in_(list(rounds))).order_by(d.notice, d.round).with_for_update()
    mine = []
    for row in session.scalars(wanted.execution_options(populate_existing=True)):
        free = row.claim == "" or row.claimed_at < now - LEASE_MS
        if row.round == rounds[row.notice] and free and row.next_at is not None and row.next_at <= now:
            if row.handed_at is not None:  # its sender was killed between handing over and writing down
                row.unknowns, row.handed_at = row.unknowns + 1, None
            row.claim, row.claimed_at = token, now
            mine.append(row)
    session.flush()
    return mine


def _modes(session: Session, rows: Sequence[Notice] | Sequence[NoticeDelivery]) -> dict[tuple[str, str], str]:
    """How these people want to be told, by log and pseudonym; who never said it is left out."""
    if not rows:
        return {}
    p, chosen = Pseudonym, NoticePreference
    wanted = select(p.log, p.pseudonym, chosen.mode).join(chosen, chosen.person_id == p.person_id)
    found = session.execute(wanted.where(p.pseudonym.in_({row.recipient for row in rows})))
    return {(log, name): mode for log, name, mode in found}


def _singles(rows: Sequence[NoticeDelivery], token: str) -> list[Job]:
    return [_job([row], token) for row in rows if not row.daily]


def _digests(session: Session, rows: Sequence[NoticeDelivery], token: str) -> list[Job]:
    """Those of one recipient together. What was tried together stays together, and keeps its Message-ID."""
    groups: dict[tuple[str, str, str], list[NoticeDelivery]] = {}
    for row in rows:
        if row.daily:
            groups.setdefault((row.digest, row.log, row.recipient), []).append(row)
    for group in groups.values():
        for row in group:
            row.digest = row.digest or derived_id("digest", group[0].notice)
    session.flush()
    return [_job(group, token) for group in groups.values()]


def _job(rows: Sequence[NoticeDelivery], token: str) -> Job:
    first = rows[0]
    return Job(
        tuple(row.notice for row in rows), first.log, first.recipient, token, first.digest,
        first.attempts, first.first_at, first.unknowns,
    )  # fmt: skip


def _update(session: Session, job: Job, **values: Any) -> None:
    d = NoticeDelivery
    mine = update(d).where(d.notice.in_(job.notices), d.claim == job.claim)
    session.execute(_quiet(mine.values(**values)))


def _or_now(now: int) -> Any:
    return func.coalesce(NoticeDelivery.first_at, now)


def _quiet(statement: Any) -> Any:
    return statement.execution_options(synchronize_session=False)
