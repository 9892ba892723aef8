"""What the page of notices shows: who was to be told what, and what became of it."""

from dataclasses import dataclass

from flask import current_app
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from webapp.kernel.identity.models import Organisation
from webapp.kernel.identity.pseudonyms import people_by_pseudonym
from webapp.kernel.ledger.models import Log
from webapp.kernel.notifications.entries import RETRYABLE, NoticeState
from webapp.kernel.notifications.messages import REASONS, STATES
from webapp.kernel.notifications.models import Notice, NoticeDelivery

PAGE = 50
#: How each state looks: (kind of the tag, icon).
LOOKS = {
    NoticeState.PENDING: ("info", "clock"),
    NoticeState.SENT: ("ok", "check"),
    NoticeState.MERGED: ("ok", "check"),
    NoticeState.REFUSED: ("error", "alert"),
    NoticeState.GIVEN_UP: ("error", "alert"),
    NoticeState.CANCELLED: ("plain", ""),
}


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice in words. `words`: what the mail server said last; `next_at`: when it is tried again, ms."""

    id: str
    log: str
    title: str
    whom: str
    caused_at: int
    state: NoticeState
    settled_at: int | None
    reason: str
    words: str
    attempts: int
    next_at: int | None

    @property
    def state_text(self) -> str:
        """On screen."""
        return STATES[self.state]

    @property
    def look(self) -> tuple[str, str]:
        """Kind and icon of its tag."""
        return LOOKS[self.state]

    @property
    def can_be_retried(self) -> bool:
        """Whether a person may have it tried again."""
        return self.state in RETRYABLE


def logs_of(session: Session, organisation_id: str) -> list[Log]:
    """The logs whose notices this organisation sees: its own."""
    return list(session.scalars(select(Log).where(Log.organisation_id == organisation_id).order_by(Log.id)))


def counts(session: Session, logs: list[str]) -> dict[NoticeState, int]:
    """How many there are in each state; states with none are 0."""
    n = Notice
    rows = session.execute(select(n.state, func.count()).where(n.log.in_(logs)).group_by(n.state))
    return dict.fromkeys(NoticeState, 0) | {state: count for state, count in rows}  # noqa: C416 - rows are no pairs


def lines(session: Session, logs: list[str], state: NoticeState | None, page: int) -> list[NoticeLine]:
    """A page of them, newest first; `page` from 1."""
    n, d = Notice, NoticeDelivery
    wanted = select(n, d).outerjoin(d, and_(d.notice == n.id, d.round == n.round)).where(n.log.in_(logs))
    wanted = wanted.where(n.state == state) if state else wanted
    wanted = wanted.order_by(n.caused_at.desc(), n.id).limit(PAGE).offset((page - 1) * PAGE)
    found: list[tuple[Notice, NoticeDelivery | None]] = [(row[0], row[1]) for row in session.execute(wanted)]
    names = _names(session, [notice for notice, _delivery in found])
    return [_line(notice, delivery, names) for notice, delivery in found]


def _line(notice: Notice, delivery: NoticeDelivery | None, names: dict[tuple[str, str], str]) -> NoticeLine:
    titles: dict[str, str] = current_app.extensions["notice_titles"]
    return NoticeLine(
        notice.id, notice.log, titles.get(notice.kind, notice.kind),
        names.get((notice.log, notice.recipient), "–"), notice.caused_at, notice.state, notice.settled_at,
        next((text for reason, text in REASONS.items() if reason.value == notice.reason), ""),
        delivery.words if delivery else "", delivery.attempts if delivery else 0,
        delivery.next_at if delivery else None,
    )  # fmt: skip


def _names(session: Session, notices: list[Notice]) -> dict[tuple[str, str], str]:
    """Recipients as people call them, by log and recipient."""
    named: dict[tuple[str, str], str] = {}
    for log in {notice.log for notice in notices}:
        mine = {notice.recipient for notice in notices if notice.log == log}
        cards = people_by_pseudonym(log, [each for each in mine if each.startswith("p-")])
        named |= {
            (log, name): f"{card.name}（{card.org}）" if card.org else card.name
            for name, card in cards.items()
        }
        shelters = {each.partition(":")[2]: each for each in mine if each.startswith("shelter:")}
        organisations = select(Organisation.id, Organisation.name).where(Organisation.id.in_(list(shelters)))
        named |= {(log, shelters[id_]): name for id_, name in session.execute(organisations)}
        named |= {(log, each): "自治体の担当者" for each in mine if each.startswith("log:")}
    return named
