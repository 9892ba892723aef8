"""Pages: how the log is watched, who asks to watch it, the evidence, the fire drill; and why it cannot be rewritten.

Templates (templates/witnesses/) and what they are given:
  ledger.html       logs: [LogStatus], live_url, rev, now, drills, told (a drill in words), can_admit
  ledger_live.html  the part that updates itself
  evidence.html     organisation, at, evidence (text)
  public_why.html   nothing: it is true for every town
"""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.i18n import for_residents
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.identity.login import current_person, require
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.api import door
from webapp.kernel.intake.submit import submit
from webapp.kernel.ledger.models import LedgerNode, Log, NodeRequest, NodeState
from webapp.kernel.witnesses import drill as drilling
from webapp.kernel.witnesses import drills, queries, room
from webapp.kernel.witnesses.drills import Kept
from webapp.kernel.witnesses.messages import SENTENCES

bp = Blueprint("witnesses", __name__, template_folder="templates")


@bp.get("/why")
@for_residents
def why() -> ResponseReturnValue:
    """Why the record cannot be rewritten, for people."""
    return render_template("witnesses/public_why.html")


@bp.get("/ledger")
@require(Action.LEDGER_READ)
def ledger() -> ResponseReturnValue:
    """How the logs of one's organisation are watched."""
    return render_template("witnesses/ledger.html", live_url=url_for("witnesses.ledger_live"), **_shown())


@bp.get("/ledger/live")
@require(Action.LEDGER_READ)
def ledger_live() -> ResponseReturnValue:
    """The part of the page that changes; 204 if it is as it was at `rev`."""
    shown = _shown()
    fresh = {"Cache-Control": "no-store", "X-Rev": str(shown["rev"])}
    if request.args.get("rev") == shown["rev"]:
        return "", 204, fresh
    return render_template("witnesses/ledger_live.html", **shown), 200, fresh


@bp.post("/ledger/<log>/nodes")
@require(Action.NODE_ADMIT)
def admit(log: str) -> ResponseReturnValue:
    """Let a node that has asked become one of those that watch: a command, written in the log."""
    asked = db.session.get(NodeRequest, (_own(log).id, request.form.get("vkey", "")))
    if asked is None:
        raise NotFound
    answer = submit(room.ADMITTED, log, room.admission(asked), act_id=request.form.get("act", ""))
    if answer.refusal:
        flash(door().sentence(answer.refusal.code, answer.refusal.params), "error")
    else:
        flash(SENTENCES["witnesses.admitted"].format(who=asked.organisation), "ok")
    return redirect(url_for("witnesses.ledger"))


@bp.get("/ledger/<log>/evidence/<path:node>")
@require(Action.LEDGER_READ)
def evidence(log: str, node: str) -> ResponseReturnValue:
    """The two notes by which a node shows another history."""
    state = db.session.get(NodeState, (_own(log).id, node))
    if state is None or state.evidence is None:
        raise NotFound
    known = db.session.get(LedgerNode, (log, node))
    return render_template(
        "witnesses/evidence.html",
        organisation=known.organisation if known else node,
        at=state.disagreed_at,
        evidence=state.evidence.decode(errors="replace"),
    )


@bp.post("/ledger/<log>/drill")
@require(Action.LEDGER_READ)
@limiter.limit("6 per minute")
def drill(log: str) -> ResponseReturnValue:
    """Show one node a lie that is known as an exercise, and say who noticed it and when. Only in test mode."""
    if not current_app.config["LEDGER_DRILL"]:
        raise NotFound
    found = drilling.run(db.session(), _own(log))
    done = Kept(now_ms(), found.code, found.organisation, found.took_ms, found.size)
    drills.keep(log, done)
    flash(_told(done), "ok" if found.noticed else "error")
    return redirect(url_for("witnesses.ledger"))


def _told(drill: Kept) -> str:
    seconds = f"{max(drill.took_ms, 10) / 1000:.2f}"
    return SENTENCES[drill.code].format(who=drill.organisation, seconds=seconds, size=drill.size)


def _own(log: str) -> Log:
    """The log of one's own organisation. Raises NotFound for all others."""
    known = db.session.get(Log, log)
    if known is None or known.organisation_id != current_person().organisation_id:
        raise NotFound
    return known


def _shown() -> dict[str, object]:
    person, now = current_person(), now_ms()
    logs = [
        queries.status_of(db.session(), log, now)
        for log in queries.logs_of(db.session(), person.organisation_id)
    ]
    return {
        "logs": logs,
        "now": now,
        "rev": queries.revision(logs),
        "drills": current_app.config["LEDGER_DRILL"],
        "can_admit": may(person.roles, Action.NODE_ADMIT),
        "new_id": new_id,
        "told": _told,
    }
