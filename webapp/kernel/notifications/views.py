"""Pages: what became of notices, how one wants to be told, the one click that stops it, and the local mailbox.

Templates (templates/notices/) and what they are given:
  notices.html      lines: [NoticeLine], items: tabs by state, page, pages, url(page), new_id
  mine.html         mode, modes, email
  public_stop.html  known: the address is one of ours, done
  mails.html        mails: [Received], to
  one_mail.html     received: Received, parts: text cut into (text, is it an address)
"""

import re
from pathlib import Path

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.kernel.base import csrf
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.i18n import for_residents
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.base.web import whole_number
from webapp.kernel.identity.login import current_person, login_required, require
from webapp.kernel.identity.roles import Action
from webapp.kernel.intake.api import door
from webapp.kernel.intake.submit import submit
from webapp.kernel.notifications import desk, digest, mailbox
from webapp.kernel.notifications.entries import RETRIED, NoticeState
from webapp.kernel.notifications.messages import SENTENCES, STATES
from webapp.kernel.notifications.models import Notice

bp = Blueprint("notices", __name__, template_folder="templates")

_ADDRESS = re.compile(r"(https?://[^\s<>]+)")


@bp.get("/notices")
@require(Action.NOTICES_VIEW)
def notices() -> ResponseReturnValue:
    """What waits, what was sent, what was refused and in which words."""
    session = db.session()
    logs = [log.id for log in desk.logs_of(session, current_person().organisation_id)]
    wanted = request.args.get("state", "")
    state = NoticeState(wanted) if wanted in set(NoticeState) else None
    counts = desk.counts(session, logs)
    total = counts[state] if state else sum(counts.values())
    pages = max(-(-total // desk.PAGE), 1)
    page = min(max(whole_number("page", 1), 1), pages)
    shown = {"items": _tabs(counts, state), "page": page, "pages": pages, "new_id": new_id}
    return render_template(
        "notices/notices.html",
        lines=desk.lines(session, logs, state, page),
        url=lambda number: url_for("notices.notices", state=wanted or None, page=number),
        **shown,
    )


def _tabs(counts: dict[NoticeState, int], chosen: NoticeState | None) -> list[tuple[str, str, bool]]:
    """All of them, and each state that there is."""
    each = [
        (f"{STATES[state]} {count}", url_for("notices.notices", state=state.value), state == chosen)
        for state, count in counts.items()
        if count or state == chosen
    ]
    return [("すべて", url_for("notices.notices"), chosen is None), *each]


@bp.post("/notices/<id>/retry")
@require(Action.NOTICES_VIEW)
def retry(id: str) -> ResponseReturnValue:
    """Have one tried again: a command, written in the log."""
    found = db.session.get(Notice, id)
    if found is None or not found.log:
        raise NotFound
    answer = submit(RETRIED, found.log, {"notice": id}, act_id=request.form.get("act", ""))
    if answer.refusal:
        flash(door().sentence(answer.refusal.code, answer.refusal.params), "error")
    else:
        flash(SENTENCES["notices.retried"], "ok")
    return redirect(url_for("notices.notices"))


@bp.get("/notices/mine")
@login_required
def mine() -> ResponseReturnValue:
    """How one wants to be told."""
    person = current_person()
    mode = digest.mode_of(db.session(), person.id)
    return render_template(
        "notices/mine.html", mode=mode, modes=list(digest.MODES.items()), email=person.email
    )


@bp.post("/notices/mine")
@login_required
def choose() -> ResponseReturnValue:
    """Remember how one wants to be told."""
    mode = request.form.get("mode", "")
    if mode in digest.MODES:
        digest.choose(current_person().id, mode, now_ms())
        flash(SENTENCES["notices.chosen"], "ok")
    return redirect(url_for("notices.mine"))


@bp.get("/notices/stop/<token>")
@for_residents
def stop(token: str) -> ResponseReturnValue:
    """Asks once: programs that look at every link in a mail must not stop anything."""
    return render_template("notices/public_stop.html", known=digest.person_of(token) is not None, done=False)


@bp.post("/notices/stop/<token>")
@csrf.address_is_enough
@for_residents
@limiter.limit("60 per hour")
def stopped(token: str) -> ResponseReturnValue:
    """Stop this person's mails. Mail programs come here by themselves when somebody presses their button (RFC 8058)."""
    person_id = digest.person_of(token)
    if person_id is None:
        raise NotFound
    digest.choose(person_id, "none", now_ms())
    return render_template("notices/public_stop.html", known=True, done=True)


@bp.get("/mails")
def mails() -> ResponseReturnValue:
    """The mails that left this machine's own trial site: they went into a folder and nowhere else."""
    to = request.args.get("to", "").strip()
    return render_template("notices/mails.html", mails=mailbox.latest(_folder(), to), to=to), 200, _FRESH


@bp.get("/mails/<name>")
def one_mail(name: str) -> ResponseReturnValue:
    """One of them, as its reader would see it."""
    found = mailbox.read(_folder(), name)
    if found is None:
        raise NotFound
    parts = [(part, bool(place % 2)) for place, part in enumerate(_ADDRESS.split(found.text))]
    return render_template("notices/one_mail.html", received=found, parts=parts), 200, _FRESH


_FRESH = {"Cache-Control": "no-store"}


def _folder() -> Path:
    """Raises NotFound where mails go to real people."""
    folder = current_app.config["MAIL_SINK"]
    if not folder or current_app.config["PRODUCTION"]:
        raise NotFound
    return Path(folder)
