"""What rooms use: queue notices from their fold, say how each kind is written, look up who is behind a recipient."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.rows import insert_rows
from webapp.kernel.identity.models import Person, PersonState, Pseudonym
from webapp.kernel.identity.roles import Role
from webapp.kernel.ledger.models import Log
from webapp.kernel.notifications.entries import NoticeState, Reason
from webapp.kernel.notifications.mail import Link, Mail
from webapp.kernel.notifications.models import Notice

__all__ = [
    "Due",
    "Link",
    "Mail",
    "Renderer",
    "addresses",
    "link",
    "notice_id",
    "people_of",
    "queue",
    "register",
]

#: Writes the mail of a notice when it is about to go out, so that it says what holds then. None: nobody is to be told
#: any more. An exception is tried again later and delays nobody else's mail.
Renderer = Callable[[Session, Notice], Mail | None]


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that an entry makes due.

    `recipient` is "p-…" (a person), "shelter:<organisation id>" or "log:<code>" (the town's office). `caused_by` and
    `caused_at` are the entry's index and `recorded_at`. `facts`: what the renderer cannot read any more later; ASCII,
    nothing personal. `key` tells apart notices of one kind about one thing (say, the act's id). `merged`: another
    notice says it already; it stands on record and is never sent.
    """

    kind: str
    about: str
    recipient: str
    caused_by: int
    caused_at: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    merged: bool = False


def notice_id(log: str, due: Due) -> str:
    """The same notice has the same id whenever the log is folded."""
    return derived_id(log, due.kind, due.about, due.recipient, due.key)


def queue(session: Session, log: str, rows: Sequence[Due]) -> None:
    """Write notices in the transaction of what they tell about. One that is there already stays as it is.

    To be called from a room's `project`, and for each entry by itself: what is queued must follow from the entries up
    to that one, and not from where a batch ends, or a rebuild would give something else. `log` "" is for what stands
    in no log (a mail to confirm an address): it is sent in the same way, and no entry says so.
    """
    fresh = {"round": 0, "code": 0, "reason": Reason.NONE.value}
    insert_rows(
        session,
        Notice,
        [
            {"id": notice_id(log, due), "log": log, "kind": due.kind, "about": due.about}
            | {"recipient": due.recipient, "caused_by": due.caused_by, "caused_at": due.caused_at}
            | {"state": NoticeState.MERGED if due.merged else NoticeState.PENDING}
            | {"settled_at": due.caused_at if due.merged else None, "facts": dict(due.facts), **fresh}
            for due in rows
        ],
        only_new=True,
    )


def register(app: Flask, renderers: Mapping[str, tuple[str, Renderer]]) -> None:
    """Say what notices of these kinds are called on screen, and who writes them (`wiring.py`)."""
    titles, writers = (app.extensions.setdefault(name, {}) for name in ("notice_titles", "notice_renderers"))
    for kind, (title, renderer) in renderers.items():
        titles[kind], writers[kind] = title, renderer


def link(text: str, path: str) -> Link:
    """A button to a page of this site; `path` begins with a slash."""
    return Link(text, f"{current_app.config['PUBLIC_BASE']}{path}")


def people_of(session: Session, log: str, recipient: str) -> list[Person]:
    """Who is behind a recipient and is still here: the person; a shelter's staff; the office's people."""
    p = Person
    here = select(p).where(p.state != PersonState.LEFT, p.erased_ms.is_(None)).order_by(p.id)
    if recipient.startswith("p-"):
        named = here.join(Pseudonym, Pseudonym.person_id == p.id)
        return list(session.scalars(named.where(Pseudonym.log == log, Pseudonym.pseudonym == recipient)))
    kind, _, name = recipient.partition(":")
    if kind == "person":  # of notices that stand in no log
        return list(session.scalars(here.where(p.id == name)))
    role = Role.SHELTER if kind == "shelter" else Role.OFFICER
    organisation = name if kind == "shelter" else _owner(session, name)
    found = session.scalars(here.where(p.organisation_id == organisation))
    return [person for person in found if role in person.roles]


def addresses(session: Session, log: str, recipient: str) -> tuple[str, ...]:
    """Mail addresses of those people, each once. A shelter's own address lies where its room keeps it."""
    found = [person.email for person in people_of(session, log, recipient) if person.email]
    return tuple(dict.fromkeys(found))


def _owner(session: Session, log: str) -> str:
    return session.scalar(select(Log.organisation_id).where(Log.id == log)) or ""
