"""Who is asking: Flask-Login behind one typed file.

A session is a signed cookie that names a person, the epoch of their sessions and the time until which it is
good: 12 hours at a desk, 30 days on a phone (renewed once a day, so that a driver stays logged in through
days without signal). Flask-Login's own remember cookie carries no date and is not used. Every request asks
the database once whether the person is still there: leavers, stopped people and changed passwords end a
session at the next tap.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, cast
from urllib.parse import urlsplit

import flask_login
from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.kernel.base.clock import DAY, HOUR, now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import AppError, Forbidden
from webapp.kernel.base.rows import Written
from webapp.kernel.identity import roles
from webapp.kernel.identity.messages import SENTENCES
from webapp.kernel.identity.models import Person, PersonState
from webapp.kernel.identity.roles import Action

AT_A_DESK, ON_A_PHONE = 12 * HOUR, 30 * DAY

#: People of whom a process remembers what the database said.
MOST_SEEN = 2_000
_ROW = Written(
    "SELECT people.*, organisations.* FROM people JOIN organisations ON organisations.id = people.organisation_id"
    " WHERE people.id = ?"
)

P = ParamSpec("P")


class LoginNeeded(AppError):
    """Nobody is logged in where somebody must be."""

    status = 401
    code = "identity.login_needed"


class _User(flask_login.UserMixin):  # type: ignore[misc]
    """What Flask-Login carries about: our person and nothing of its own."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def get_id(self) -> str:
        """What the cookie says."""
        return f"{self.person.id}:{self.person.session_epoch}"


def init(app: Flask) -> None:
    """Attach sessions to the app; templates get `me()` (Person or None) and `may("people.manage")`."""
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False  # a late answer must not bring back an ended session
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(milliseconds=ON_A_PHONE)
    manager = flask_login.LoginManager()
    manager.session_protection = (
        None  # a phone that changes cells stays in; nothing here asks for a "fresh" login
    )
    app.extensions["people"] = {}
    manager.user_loader(_load)
    manager.init_app(app, add_context_processor=False)
    app.after_request(_keep_private)
    app.jinja_env.globals.update(me=person_or_none, may=_may)


def current_person() -> Person:
    """Who is asking: detached (read only), `.organisation` loaded, no further query. Raises LoginNeeded."""
    person = person_or_none()
    if person is None:
        raise LoginNeeded
    return person


def person_or_none() -> Person | None:
    """Who is asking, if they said so. Costs nothing without a session, one query a request with one."""
    user = flask_login.current_user
    return cast(Person, user.person) if user.is_authenticated else None


def each_person() -> str:
    """Counts a rate limit by person: phones of one office share an address. Below `login_required`."""
    return current_person().id


def login_required(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let only people with an account in. Under /api/ the answer is 401 in JSON, elsewhere the login page."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        return _ask_who() if person_or_none() is None else view(*args, **kwargs)

    return guarded


def require(
    action: Action,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Let only people in whose roles allow `action`. Raises Forbidden("identity.not_allowed") for others."""

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def allowed(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            demand(action)
            return view(*args, **kwargs)

        return login_required(allowed)

    return decorate


def demand(action: Action) -> Person:
    """The person asking, if they may do this. Raises LoginNeeded or Forbidden("identity.not_allowed")."""
    person = current_person()
    if not roles.may(person.roles, action):
        raise Forbidden("identity.not_allowed")
    return person


def begin_session(person: Person, *, remember: bool, now: int) -> None:
    """Start a fresh session for a person who has proved who they are; what the old one held is dropped."""
    session.clear()
    session.permanent = remember
    session["until"] = now + (ON_A_PHONE if remember else AT_A_DESK)
    flask_login.login_user(_User(person))


def go_on(person: Person, *, now: int) -> None:
    """Keep this browser logged in after its person's epoch has moved (a changed password)."""
    begin_session(person, remember=session.permanent, now=now)


def end_session() -> None:
    """Forget who was here."""
    flask_login.logout_user()
    session.clear()


def safe_next(target: str | None) -> str:
    """`target` if it is a path on this site, else "". Browsers read a backslash as a slash and skip tabs."""
    text = target or ""
    parts = urlsplit(text)
    odd = "\\" in text or any(ord(char) <= 0x20 or ord(char) == 0x7F for char in text)
    local = text.startswith("/") and not text.startswith("//") and not (parts.scheme or parts.netloc)
    return text if local and not odd else ""


def _load(cookie_id: str) -> _User | None:
    person_id, _, epoch = cookie_id.partition(":")
    now = now_ms()
    if session.get("until", 0) < now:
        return None
    person = _as_it_stands(person_id)
    if person is None or person.state != PersonState.ACTIVE or str(person.session_epoch) != epoch:
        return None
    if not person.organisation.active:
        return None
    _renew(now)
    return _User(person)


def _as_it_stands(person_id: str) -> Person | None:
    """The person with their organisation, detached. What the database says is asked for every time; an object is made
    of it only where it is not what it was the last time, because that costs ten times as much as to ask.
    """
    seen: dict[str, tuple[object, Person]] = current_app.extensions["people"]
    row = next(iter(_ROW.run(db.session(), person_id)), None)
    known = seen.get(person_id)
    if row is None or known is None or known[0] != row:
        seen.pop(person_id, None)
        person = db.session.get(Person, person_id, populate_existing=True)
        if person is None:
            return None
        db.session.expunge(person)
        if _ROW.run(db.session(), person_id) != [row]:
            return person  # changed in this very moment: what was read last belongs to no row that was seen
        seen.clear() if len(seen) > MOST_SEEN else None
        known = seen[person_id] = row, person
    return known[1]


def _keep_private(response: Response) -> Response:
    """A page made for somebody stays in no cache: "back" shows nothing after logging out at a shared desk."""
    user = g.get("_login_user")
    if user is not None and user.is_authenticated and response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def _renew(now: int) -> None:
    if session.permanent and session["until"] < now + ON_A_PHONE - DAY:
        session["until"] = now + ON_A_PHONE


def _ask_who() -> ResponseReturnValue:
    if request.path.startswith("/api/"):
        return {"code": LoginNeeded.code, "text": SENTENCES[LoginNeeded.code]}, LoginNeeded.status
    target = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("identity.login", next=safe_next(target) or None))


def _may(action: str) -> bool:
    person = person_or_none()
    return person is not None and roles.may(person.roles, Action(action))
