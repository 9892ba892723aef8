"""Web Push (RFC 8030): people who installed the app and switched it on are told at once, besides the mail.

What is said is encrypted for the phone alone (RFC 8291); the browser company's server sees when, and nothing of what.
Its address comes from the phone, so it may be anybody's: only machines of the open internet are asked.
"""

import base64
import binascii
import ipaddress
import json
import logging
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from flask import current_app
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import DAY
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.fetch import Unreachable, fetch
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.rows import insert_rows
from webapp.kernel.identity.models import Person, PersonState
from webapp.kernel.notifications import outbox, vapid
from webapp.kernel.notifications.models import Notice, NoticePush, PushSubscription
from webapp.kernel.notifications.service import people_of

ASK_WITHIN_S, MOST_ANSWER = 10.0, 16 * 1024
#: Apps that are told in one go, and how long that may take.
AT_ONCE, MOST_SECONDS = 50, 20.0
#: A phone that was off for longer learns from the mail; a day later a message is no news.
LIVES_MS = DAY
#: Installed apps of one person; failures in a row after which an app is taken for removed.
MOST_APPS, MOST_FAILURES = 10, 50
MOST_ENDPOINT = 1_000
#: One record of the encryption holds 3,993 bytes; less travels everywhere.
MOST_TEXT = 300
_log = logging.getLogger("ashiato.push")


def subscribe(person_id: str, endpoint: str, p256dh: str, auth: str, now: int) -> Refusal | None:
    """Remember an installed app. The same one again, or with another person at it, is one app."""
    if not (_is_endpoint(endpoint) and _is_point(p256dh) and len(_bytes(auth)) == 16):
        return Refusal("notices.push_address", {})
    row = {
        "id": _id_of(endpoint),
        "person_id": person_id,
        "endpoint": endpoint,
        "p256dh": p256dh,
        "auth": auth,
    }
    s = PushSubscription
    with transaction() as session:
        session.execute(delete(s).where(s.id == row["id"]))
        insert_rows(session, s, [row | {"made_at": now, "failures": 0}])
        old = select(s.id).where(s.person_id == person_id).order_by(s.made_at.desc(), s.id).offset(MOST_APPS)
        session.execute(_quiet(delete(s).where(s.id.in_(list(session.scalars(old))))))
    return None


def unsubscribe(person_id: str, endpoint: str) -> None:
    """Forget an installed app of this person."""
    s = PushSubscription
    with transaction() as session:
        session.execute(_quiet(delete(s).where(s.id == _id_of(endpoint), s.person_id == person_id)))


def plan(session: Session, notices: Sequence[Notice], now: int) -> None:
    """A row for each installed app of those who are told; the caller commits."""
    if not notices or session.scalar(select(PushSubscription.id).limit(1)) is None:
        return
    rows = []
    for notice in notices:
        people = [person.id for person in people_of(session, notice.log, notice.recipient)]
        apps = select(PushSubscription.id).where(PushSubscription.person_id.in_(people))
        rows += [
            {"notice": notice.id, "subscription": app, "made_at": now, "next_at": now, "attempts": 0}
            for app in session.scalars(apps)
        ]
    insert_rows(session, NoticePush, rows, only_new=True)


def is_due(session: Session, now: int) -> bool:
    """Whether any app is to be told now."""
    return session.scalar(select(NoticePush.notice).where(NoticePush.next_at <= now).limit(1)) is not None


def deliver(clock: Callable[[], int], stopping: Callable[[], bool] = bool) -> int:
    """Tell some of the apps that are due; answers how many heard it. Nothing is raised for what goes wrong.

    It ends soon even if push servers keep us waiting: mails come after.
    """
    _forget_people()
    told, until = 0, time.monotonic() + MOST_SECONDS
    for notice_id, app_id in _claim(clock()):
        if stopping() or time.monotonic() > until:
            break  # the rest is tried again in a minute
        told += _tell(notice_id, app_id, clock())
        db.session.remove()
    return told


def _claim(now: int) -> list[tuple[str, str]]:
    """Take some in hand: who dies over it leaves them to be tried again later, under the same topic."""
    p = NoticePush
    with transaction() as session:
        wanted = (
            select(p).where(p.next_at <= now).order_by(p.made_at, p.notice, p.subscription).limit(AT_ONCE)
        )
        rows = list(session.scalars(wanted.with_for_update(skip_locked=True)))
        for row in rows:
            row.attempts += 1
            row.next_at = now + outbox.wait_ms(row.attempts)
        session.flush()
        return [(row.notice, row.subscription) for row in rows]


def _tell(notice_id: str, app_id: str, now: int) -> bool:
    session = db.session()
    notice, app = session.get(Notice, notice_id), session.get(PushSubscription, app_id)
    row = session.get(NoticePush, (notice_id, app_id))
    late = row is None or now - row.made_at > LIVES_MS
    text = _text(session, notice) if notice and app and not late else None
    if text is None or notice is None or app is None:
        _done(notice_id, app_id)
        return False
    try:
        status = _send(app, notice, text)
    except Unreachable as problem:
        _log.warning("push: %s", problem)
        status = 0
    except Exception:  # a key that is none, say: the others still want to be told
        _log.exception("a push message could not be made")
        status = 0
    return _heard(notice_id, app_id, status)


def _text(session: Session, notice: Notice) -> bytes | None:
    """What the phone shows, as the worker reads it (static/pwa/sw.js); None: there is nothing to tell any more."""
    try:
        mail = current_app.extensions["notice_renderers"][notice.kind](session, notice)
    except Exception:
        _log.exception("a notice could not be written")
        return None
    if mail is None:
        return None
    base = current_app.config["PUBLIC_BASE"]
    path = next(
        (link.url.removeprefix(base) for link in mail.links if link.url.startswith(f"{base}/")), "/app/"
    )
    body = mail.lines[0] if mail.lines else ""
    said = {
        "title": mail.subject[:MOST_TEXT],
        "body": body[:MOST_TEXT],
        "url": path[:MOST_TEXT],
        "tag": notice.id,
    }
    return json.dumps(said, ensure_ascii=False).encode()


def _send(app: PushSubscription, notice: Notice, text: bytes) -> int:
    """The push server's status. Raises Unreachable."""
    from pywebpush import WebPusher  # type: ignore[import-untyped]  # slow to load, and only the sender needs it

    keys = {"p256dh": app.p256dh, "auth": app.auth}
    body = WebPusher({"endpoint": app.endpoint, "keys": keys}).encode(text, "aes128gcm")["body"]
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(LIVES_MS // 1000),
        "Topic": notice.id.replace("-", ""),  # a newer one takes the place of one that still waits
        "Urgency": "normal",
        **vapid.authorization(app.endpoint),
    }
    public = not current_app.config.get("PUSH_TO_THIS_MACHINE")
    limits: dict[str, Any] = {"limit": MOST_ANSWER, "within_s": ASK_WITHIN_S, "public_only": public}
    return fetch("POST", app.endpoint, body, headers, **limits).status


def _heard(notice_id: str, app_id: str, status: int) -> bool:
    """201: taken. 404, 410: the app is gone. Others are tried again until the day is over."""
    s = PushSubscription
    taken = 200 <= status < 300
    with transaction() as session:
        if taken or status in {400, 404, 410, 413}:
            _drop(session, notice_id, app_id)
        failures: Any = 0 if taken else s.failures + 1
        session.execute(_quiet(update(s).where(s.id == app_id).values(failures=failures)))
        gone = (s.id == app_id) if status in {404, 410} else (s.id == app_id) & (s.failures >= MOST_FAILURES)
        session.execute(_quiet(delete(s).where(gone)))
    return taken


def _done(notice_id: str, app_id: str) -> None:
    with transaction() as session:
        _drop(session, notice_id, app_id)


def _drop(session: Session, notice_id: str, app_id: str) -> None:
    p = NoticePush
    session.execute(_quiet(delete(p).where(p.notice == notice_id, p.subscription == app_id)))


def _forget_people() -> None:
    """Apps of people who have left or were forgotten."""
    s, gone = PushSubscription, or_(Person.state == PersonState.LEFT, Person.erased_ms.is_not(None))
    theirs = s.person_id.in_(select(Person.id).where(gone))
    found = db.session.scalar(select(func.count()).select_from(s).where(theirs))
    db.session.remove()
    if found:
        with transaction() as session:
            session.execute(_quiet(delete(s).where(theirs)))


def _is_endpoint(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    if current_app.config.get("PUSH_TO_THIS_MACHINE"):
        return True
    host = parts.hostname or ""
    named = "." in host and "@" not in parts.netloc and not _is_ip(host) and parts.scheme == "https"
    return named and port in {None, 443} and len(text) <= MOST_ENDPOINT and text.isascii()


def _is_ip(host: str) -> bool:
    """Push servers have names; what a name leads to is looked at when it is asked (`base.fetch`)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_point(text: str) -> bool:
    """Whether these are the 65 bytes of a point on P-256."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(text))
    except ValueError:
        return False
    return len(text) <= 100


def _bytes(text: str) -> bytes:
    """Base64 as browsers write it; what is none gives no bytes."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _id_of(endpoint: str) -> str:
    return sha256(endpoint.encode()).hexdigest()


def _quiet(statement: Any) -> Any:
    return statement.execution_options(synchronize_session=False)
