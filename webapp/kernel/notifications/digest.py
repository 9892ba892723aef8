"""One mail a day instead of many, and how a person says what they want: on a page, or by one click in the mail."""

from collections.abc import Sequence

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.rows import insert_rows
from webapp.kernel.identity.models import Pseudonym
from webapp.kernel.notifications.mail import Mail
from webapp.kernel.notifications.models import NoticePreference
from webapp.kernel.notifications.outbox import DAILY, EACH, STOPPED

MODES = {
    EACH: "そのつど送る",
    DAILY: "1日1回（朝7時）にまとめて送る",
    STOPPED: "送らない",
}


def merged(mails: Sequence[Mail]) -> Mail:
    """One mail that says what each of them would have said, in their order."""
    lines = [f"お知らせが{len(mails)}件あります。"]
    for number, mail in enumerate(mails, 1):
        lines += [
            f"{number}. {mail.subject}",
            *mail.lines,
            *(f"{name}: {value}" for name, value in mail.facts),
        ]
    links = dict.fromkeys(link for mail in mails for link in mail.links)
    closing = dict.fromkeys(line for mail in mails for line in mail.closing)
    to = dict.fromkeys(address for mail in mails for address in mail.to)
    return Mail(
        tuple(to), f"【足あと】お知らせのまとめ（{len(mails)}件）", lines, (), tuple(links), tuple(closing)
    )


def mode_of(session: Session, person_id: str) -> str:
    """How this person wants to be told: each, daily or none."""
    chosen = session.scalar(select(NoticePreference.mode).where(NoticePreference.person_id == person_id))
    return chosen or EACH


def choose(person_id: str, mode: str, now: int) -> None:
    """Remember it. What waits for the next morning already still comes then."""
    row = {"person_id": person_id, "mode": mode, "changed_at": now}
    with transaction() as session:
        insert_rows(session, NoticePreference, [row], only_new=True)
        found = session.get_one(NoticePreference, person_id, populate_existing=True)
        found.mode, found.changed_at = mode, now


def stop_url(log: str, recipient: str) -> str:
    """The address that stops a person's mails, without a login; "" for recipients that are no single person."""
    wanted = select(Pseudonym.person_id).where(Pseudonym.log == log, Pseudonym.pseudonym == recipient)
    person_id = db.session.scalar(wanted)
    return f"{current_app.config['PUBLIC_BASE']}/notices/stop/{token_of(person_id)}" if person_id else ""


def token_of(person_id: str) -> str:
    """Signed with the site's secret: nobody makes one for somebody else, and nothing has to be kept."""
    return str(_signing().dumps(person_id))


def person_of(token: str) -> str | None:
    """Whose token it is, or None."""
    try:
        found = _signing().loads(token)
    except BadSignature:
        return None
    return found if isinstance(found, str) else None


def _signing() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="notices-stop")
