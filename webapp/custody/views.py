"""Staff pages of a consignment: list, live board, devices, cages, discrepancies. See also office_views.

Contexts of the templates (all under custody/); `can` is `staff.can`, `now` ms:
  consignments.html     jobs: [Job], can_create, can_scan, now
  consignment_new.html  shown, errors, carriers, itads, form_id
  board.html            board: Board, todos: [Todo], live_url, can, now
  board_live.html       board, can, now (the part that updates itself)
  devices.html          job, lines: [DeviceLine], total, page, per, step, cage, text, steps, cages
  device.html           job, line: DeviceLine, scans: [ScanLine], states: {index: State}, can
  cages.html            job, cages: [CageCard], free: [(code, shown)], shown, errors, can, form_id, now
  questions.html        job, questions: [Question], closed: bool, total, page, per, now
  question.html         job, question, closing, scans: [ScanLine], reasons, shown, errors, can, form_id, now
`shown` is what was typed; `errors` field → sentence, "" for the whole form.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.custody import desk, device_lines, entries, packs, queries, staff
from webapp.custody.steps import POLICY, TITLES, Step
from webapp.kernel.base.clock import from_date, now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.outcomes import Forbidden
from webapp.kernel.base.web import whole_number
from webapp.kernel.identity.login import current_person, login_required, require
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.submit import submit
from webapp.kernel.ledger import publication
from webapp.kernel.reconciliation.messages import REASONS
from webapp.kernel.reconciliation.service import CLOSED

bp = Blueprint("custody", __name__, template_folder="templates")

WRONG_DATE = "期限の日付を確かめてください。"
NOTHING: Mapping[str, str] = {}


def _page() -> int:
    return max(1, whole_number("page", 1))


@bp.get("/consignments")
@require(Action.CONSIGNMENT_VIEW)
def consignments() -> ResponseReturnValue:
    """Every consignment this organisation works on."""
    return render_template(
        "custody/consignments.html",
        jobs=queries.jobs_of(staff.org()),
        can_create=may(current_person().roles, Action.CONSIGNMENT_CREATE),
        can_scan=may(current_person().roles, Action.EVIDENCE_ADD),
        now=now_ms(),
    )


@bp.get("/consignments/new")
@require(Action.CONSIGNMENT_CREATE)
def new_consignment() -> ResponseReturnValue:
    """The form for a new consignment."""
    return _consignment_form(NOTHING, NOTHING)


def _consignment_form(shown: Mapping[str, str], errors: Mapping[str, str]) -> ResponseReturnValue:
    page = render_template(
        "custody/consignment_new.html",
        shown=shown,
        errors=errors,
        carriers=desk.partners(staff.org(), "carrier"),
        itads=desk.partners(staff.org(), "itad"),
        form_id=new_id(),
    )
    return page, 422 if errors else 200


@bp.post("/consignments/new")
@require(Action.CONSIGNMENT_CREATE)
def open_consignment() -> ResponseReturnValue:
    """Open it; a double click opens one."""
    form = request.form
    title = form.get("title", "").strip()[:80]
    try:
        due = from_date(form["due"]) if form.get("due") else None
    except ValueError:
        return _consignment_form(form.to_dict(), {"due": WRONG_DATE})
    parties = {"municipality": staff.org(), "carrier": form.get("carrier", ""), "itad": form.get("itad", "")}
    body = {**parties, "due_at": due, "policy": POLICY}
    private = {"title": title} if title else None
    act = form.get("id", "")
    answer = submit(entries.CONSIGNMENT_OPENED, desk.own_log(staff.org()), body, private, act_id=act)
    if errors := staff.errors(answer):
        return _consignment_form(form.to_dict(), errors)
    return redirect(url_for("custody.board", job_id=answer.id), 303)


@bp.get("/consignments/<job_id>")
@require(Action.CONSIGNMENT_VIEW)
def board(job_id: str) -> ResponseReturnValue:
    """The live board."""
    job = staff.job_of(job_id)
    return render_template(
        "custody/board.html",
        board=queries.board_of(job, packs.revision(job.log), inside=staff.sees_inside()),
        todos=desk.first_steps(job),
        can=staff.can(job),
        live_url=url_for("custody.board_live", job_id=job.id),
        now=now_ms(),
    )


@bp.get("/consignments/<job_id>/live")
@require(Action.CONSIGNMENT_VIEW)
def board_live(job_id: str) -> ResponseReturnValue:
    """The part of the board that changes; 204 if nothing has happened in the log since `rev`."""
    job = staff.job_of(job_id)
    rev = packs.revision(job.log)
    fresh = {"Cache-Control": "no-store", "X-Rev": str(rev)}
    if request.args.get("rev", -1, type=int) == rev:
        return "", 204, fresh
    found, can = queries.board_of(job, rev, inside=staff.sees_inside()), staff.can(job)
    return render_template("custody/board_live.html", board=found, can=can, now=now_ms()), 200, fresh


@bp.get("/consignments/<job_id>/devices")
@require(Action.CONSIGNMENT_VIEW)
def devices(job_id: str) -> ResponseReturnValue:
    """The devices, a page at a time. Raises Forbidden for who may not know what cages hold."""
    job, page = staff.job_of(job_id), _page()
    if not staff.sees_inside():
        raise Forbidden("identity.not_allowed")
    asked = {name: request.args.get(name, "").strip()[:64] for name in ("step", "cage", "text")}
    lines, total = device_lines.devices_of(job, **asked, page=page)
    found = {"lines": lines, "total": total, "page": page, "per": queries.PAGE}
    return render_template(
        "custody/devices.html", job=job, **asked, **found, **_choices(job), can=staff.can(job)
    )


@bp.get("/consignments/<job_id>/devices/<device_id>")
@require(Action.CONSIGNMENT_VIEW)
def device(job_id: str, device_id: str) -> ResponseReturnValue:
    """One device: what was recorded about it, how far each entry of the log is, and where its proof is."""
    job = staff.job_of(job_id)
    if not staff.sees_inside():
        raise Forbidden("identity.not_allowed")
    line = device_lines.device_of(job, device_id)
    scans = desk.scans_about(job, line.code) if line.code else []
    states = publication.state_of(db.session(), job.log, [scan.index for scan in scans])
    return render_template(
        "custody/device.html", job=job, line=line, scans=scans, states=states, can=staff.can(job)
    )


def _choices(job: queries.Job) -> dict[str, list[tuple[str, str]]]:
    steps = [("", "すべて"), ("none", "未登録"), *((s, TITLES[s]) for s in Step if s not in desk.CAGE_ONLY)]
    return {"steps": steps, "cages": [("", "すべて"), *desk.cage_names(job)]}


@bp.get("/consignments/<job_id>/cages")
@require(Action.CONSIGNMENT_VIEW)
def cages(job_id: str) -> ResponseReturnValue:
    """Cages of a consignment, and the form that adds one."""
    return _cages_page(staff.job_of(job_id), NOTHING, NOTHING)


def _cages_page(job: queries.Job, shown: Mapping[str, str], errors: Mapping[str, str]) -> ResponseReturnValue:
    page = render_template(
        "custody/cages.html",
        job=job,
        cages=queries.cages_of(job, limit=500),
        free=desk.free_codes(job.log, "cage"),
        shown=shown,
        errors=errors,
        can=staff.can(job),
        form_id=new_id(),
        now=now_ms(),
    )
    return page, 422 if errors else 200


@bp.post("/consignments/<job_id>/cages")
@require(Action.CONSIGNMENT_IMPORT)
def add_cage(job_id: str) -> ResponseReturnValue:
    """Name a cage and bind its label."""
    job, form = staff.job_of(job_id), request.form
    name = form.get("label", "").strip().upper()
    body = {"consignment": job.id, "code": form.get("code", ""), "label": name}
    answer = submit(entries.CAGE_ADDED, job.log, body, act_id=form.get("id", ""))
    if errors := staff.errors(answer):
        return _cages_page(job, form.to_dict(), errors)
    flash(f"かご車 {name} を加えました。", "ok")
    return redirect(url_for("custody.cages", job_id=job.id), 303)


@bp.get("/consignments/<job_id>/questions")
@require(Action.CONSIGNMENT_VIEW)
def questions(job_id: str) -> ResponseReturnValue:
    """Discrepancies: open ones, or with ?closed=1 settled ones."""
    job, closed, page = staff.job_of(job_id), request.args.get("closed") == "1", _page()
    inside, start = staff.sees_inside(), (page - 1) * queries.PAGE
    found = queries.questions_of(job, closed=closed, offset=start, inside=inside)
    total = desk.settled(job) if closed else job.open
    pages = {"page": page, "per": queries.PAGE, "total": total, "now": now_ms()}
    return render_template("custody/questions.html", job=job, questions=found, closed=closed, **pages)


@bp.get("/consignments/<job_id>/questions/<question_id>")
@require(Action.CONSIGNMENT_VIEW)
def question(job_id: str, question_id: str) -> ResponseReturnValue:
    """One discrepancy with the scans it concerns."""
    return _question_page(staff.job_of(job_id), question_id, NOTHING, NOTHING)


def _question_page(
    job: queries.Job, question_id: str, shown: Mapping[str, str], errors: Mapping[str, str]
) -> ResponseReturnValue:
    inside = staff.sees_inside()
    page: dict[str, Any] = {
        "question": queries.question_of(job, question_id, inside=inside),
        "scans": desk.scans_of(job, question_id, inside=inside),
        "closing": desk.closing_of(job, question_id),
        "before": desk.closing_before(job, question_id),
        "reasons": list(REASONS.items()),
    }
    form = {"shown": shown, "errors": errors, "form_id": new_id()}
    html = render_template("custody/question.html", job=job, can=staff.can(job), now=now_ms(), **page, **form)
    return html, 422 if errors else 200


@bp.post("/consignments/<job_id>/questions/<question_id>")
@login_required
def close_question(job_id: str, question_id: str) -> ResponseReturnValue:
    """Settle it with a reason; of two people one wins and the other is told."""
    job, form = staff.job_of(job_id), request.form
    body = {"discrepancy": question_id, "reason": form.get("reason", "")}
    note = form.get("note", "").strip()[:500]
    answer = submit(CLOSED, job.log, body, {"note": note} if note else None, act_id=form.get("id", ""))
    if errors := staff.errors(answer):
        return _question_page(job, question_id, form.to_dict(), errors)
    flash("解決済みにしました。", "ok")
    return redirect(url_for("custody.questions", job_id=job.id), 303)
