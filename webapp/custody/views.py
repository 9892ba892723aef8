"""Staff pages: consignments, the live board, import, labels, devices, discrepancies.

Contexts of the templates (all under custody/):
  consignments.html   jobs: [Job]                           consignment_new.html  shown, carriers, itads, form_id
  board.html          board: Board, live_url, can           board_live.html       board (the part that updates itself)
  devices.html        job, lines: [DeviceLine], total, page, step, text, steps: [(value, text)]
  cages.html          job, cages: [CageCard], free: [(code, shown)], shown, form_id
  labels.html         job, batches: [Batch], kinds: [(value, text)], shown, form_id
  questions.html      job, questions: [Question], closed: bool, total, page
  question.html       job, question, scans: [ScanLine], reasons: [(value, text)], error, form_id
  import_upload.html, import_preview.html
`shown` is a dict of what was typed; `error` a sentence or "".
"""

import hashlib
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.custody import desk, entries, packs, queries
from webapp.custody.forms import field_label, parse_asset_list
from webapp.custody.steps import KIND_TITLES, POLICY, TITLES, Step
from webapp.kernel.base.clock import from_date, now_ms
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.outcomes import AppError
from webapp.kernel.base.tabular import read_table
from webapp.kernel.base.web import sentence
from webapp.kernel.identity.login import current_person, login_required, require
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.api import door
from webapp.kernel.intake.service import Answer
from webapp.kernel.intake.submit import submit
from webapp.kernel.reconciliation.messages import REASONS
from webapp.kernel.reconciliation.service import CLOSED
from webapp.kernel.scanning import labels
from webapp.kernel.scanning.service import ISSUED, VOIDED

bp = Blueprint("custody", __name__, template_folder="templates")

LABEL_KINDS = [
    ("device", "端末"),
    ("cage", "かご車"),
    ("drive", "ドライブ"),
    ("lock", "錠"),
    ("seal", "封印"),
]


def _org() -> str:
    return current_person().organisation_id


def _job(job_id: str) -> queries.Job:
    return queries.job_of(_org(), job_id)


def _said(answer: Answer) -> str:
    """Why a command was refused, or ""."""
    return door().sentence(answer.refusal.code, answer.refusal.params) if answer.refusal else ""


def _can(job: queries.Job) -> dict[str, bool]:
    """What this person may do on the consignment: the town's officers manage it, the others look."""
    roles, ours = current_person().roles, job.municipality_id == _org()
    return {
        "manage": ours and may(roles, Action.CONSIGNMENT_IMPORT),
        "label": ours and may(roles, Action.CODES_ISSUE),
        "close": may(roles, Action.DISCREPANCY_CLOSE),
        "export": may(roles, Action.EXPORT),
    }


@bp.get("/consignments")
@require(Action.CONSIGNMENT_VIEW)
def consignments() -> ResponseReturnValue:
    """Every consignment this organisation works on."""
    return render_template(
        "custody/consignments.html",
        jobs=queries.jobs_of(_org()),
        can_create=may(current_person().roles, Action.CONSIGNMENT_CREATE),
    )


@bp.get("/consignments/new")
@require(Action.CONSIGNMENT_CREATE)
def new_consignment() -> ResponseReturnValue:
    """The form for a new consignment."""
    return _consignment_form({}, "")


def _consignment_form(shown: dict[str, Any], error: str) -> ResponseReturnValue:
    page = render_template(
        "custody/consignment_new.html",
        shown=shown,
        error=error,
        carriers=desk.partners(_org(), "carrier"),
        itads=desk.partners(_org(), "itad"),
        form_id=shown.get("id") or new_id(),
    )
    return page, 422 if error else 200


@bp.post("/consignments/new")
@require(Action.CONSIGNMENT_CREATE)
def open_consignment() -> ResponseReturnValue:
    """Open it; a double click opens one."""
    form = request.form
    title = form.get("title", "").strip()[:80]
    try:
        due = from_date(form["due"]) if form.get("due") else None
    except ValueError:
        return _consignment_form(form.to_dict(), "期限の日付を確かめてください。")
    body = {"municipality": _org(), "carrier": form.get("carrier", ""), "itad": form.get("itad", "")}
    answer = submit(
        entries.CONSIGNMENT_OPENED,
        desk.own_log(_org()),
        {**body, "due_at": due, "policy": POLICY},
        {"title": title} if title else None,
        act_id=form.get("id", ""),
    )
    if error := _said(answer):
        return _consignment_form(form.to_dict(), error)
    return redirect(url_for("custody.board", job_id=answer.id))


@bp.get("/consignments/<job_id>")
@require(Action.CONSIGNMENT_VIEW)
def board(job_id: str) -> ResponseReturnValue:
    """The live board."""
    job = _job(job_id)
    return render_template(
        "custody/board.html",
        board=queries.board_of(job, packs.revision(job.log)),
        can=_can(job),
        live_url=url_for("custody.board_live", job_id=job.id),
        now=now_ms(),
    )


@bp.get("/consignments/<job_id>/live")
@require(Action.CONSIGNMENT_VIEW)
def board_live(job_id: str) -> ResponseReturnValue:
    """The part of the board that changes; 204 if nothing has happened in the log since `rev`."""
    job = _job(job_id)
    rev = packs.revision(job.log)
    if request.args.get("rev", -1, type=int) == rev:
        return "", 204
    page = render_template(
        "custody/board_live.html", board=queries.board_of(job, rev), can=_can(job), now=now_ms()
    )
    return page, 200, {"Cache-Control": "no-store", "X-Rev": str(rev)}


@bp.get("/consignments/<job_id>/devices")
@require(Action.CONSIGNMENT_VIEW)
def devices(job_id: str) -> ResponseReturnValue:
    """The devices of a consignment, a page at a time."""
    job, page = _job(job_id), max(1, request.args.get("page", 1, type=int))
    step = request.args.get("step", "")
    lines, total = queries.devices_of(job, step=step, page=page)
    steps = [("", "すべて"), ("none", "未登録"), *((s, TITLES[s]) for s in Step if s not in desk.CAGE_ONLY)]
    return render_template(
        "custody/devices.html",
        job=job,
        lines=lines,
        total=total,
        page=page,
        step=step,
        steps=steps,
        per=queries.PAGE,
    )


@bp.get("/consignments/<job_id>/import")
@require(Action.CONSIGNMENT_IMPORT)
def import_form(job_id: str) -> ResponseReturnValue:
    """Choose the asset list."""
    job = _job(job_id)
    return render_template("custody/import_upload.html", consignment=_crumb(job), job=job, error="")


def _crumb(job: queries.Job) -> dict[str, str]:
    return {"title": job.title, "href": url_for("custody.board", job_id=job.id)}


@bp.post("/consignments/<job_id>/import")
@require(Action.CONSIGNMENT_IMPORT)
def upload_list(job_id: str) -> ResponseReturnValue:
    """Read the file, keep it as a draft, show the preview. Nothing is imported yet."""
    job, file = _job(job_id), request.files.get("file")
    data = file.read() if file else b""
    try:
        assets = parse_asset_list(read_table(data, (file.filename or "") if file else ""))
    except AppError as problem:
        error = sentence(current_app, problem.code, problem.params)
        page = render_template("custody/import_upload.html", consignment=_crumb(job), job=job, error=error)
        return page, 422
    name = (file.filename or "") if file else ""
    draft = desk.keep_draft(job, assets, data, name, current_person().id, now_ms())
    return redirect(url_for("custody.preview", job_id=job.id, draft_id=draft), 303)


@bp.get("/consignments/<job_id>/import/<draft_id>")
@require(Action.CONSIGNMENT_IMPORT)
def preview(job_id: str, draft_id: str) -> ResponseReturnValue:
    """Every problem by row, before anything is imported."""
    job = _job(job_id)
    return render_template(
        "custody/import_preview.html",
        draft=desk.draft(job, draft_id),
        form_id=new_id(),
        consignment=_crumb(job),
        upload_href=url_for("custody.import_form", job_id=job.id),
        field_label=field_label,
        kind_titles=KIND_TITLES,
        job=job,
    )


@bp.post("/consignments/<job_id>/import/<draft_id>")
@require(Action.CONSIGNMENT_IMPORT)
def commit_import(job_id: str, draft_id: str) -> ResponseReturnValue:
    """「この内容で取り込む」."""
    job = _job(job_id)
    held = desk.draft_or_none(job, draft_id)
    sha, count = (held.file_sha256, len(held.devices)) if held else ("0" * 64, 0)
    body = {"consignment": job.id, "draft": draft_id, "file_sha256": sha, "devices": count}
    answer = submit(entries.IMPORT_COMMITTED, job.log, body, act_id=request.form.get("id", ""))
    error = _said(answer)
    flash(error or f"{count}台を取り込みました。", "error" if error else "ok")
    return redirect(url_for("custody.board", job_id=job.id), 303)


@bp.get("/consignments/<job_id>/cages")
@require(Action.CONSIGNMENT_VIEW)
def cages(job_id: str) -> ResponseReturnValue:
    """Cages of a consignment, and the form that adds one."""
    return _cages_page(_job(job_id), {}, "")


def _cages_page(job: queries.Job, shown: dict[str, Any], error: str) -> ResponseReturnValue:
    page = render_template(
        "custody/cages.html",
        job=job,
        cages=queries.cages_of(job, limit=500),
        free=desk.free_codes(job.log, "cage"),
        shown=shown,
        error=error,
        can=_can(job),
        form_id=new_id(),
    )
    return page, 422 if error else 200


@bp.post("/consignments/<job_id>/cages")
@require(Action.CONSIGNMENT_IMPORT)
def add_cage(job_id: str) -> ResponseReturnValue:
    """Name a cage and bind its label."""
    job, form = _job(job_id), request.form
    body = {
        "consignment": job.id,
        "code": form.get("code", ""),
        "label": form.get("label", "").strip().upper(),
    }
    answer = submit(entries.CAGE_ADDED, job.log, body, act_id=form.get("id", ""))
    if error := _said(answer):
        return _cages_page(job, form.to_dict(), error)
    flash(f"かご車 {body['label']} を加えました。", "ok")
    return redirect(url_for("custody.cages", job_id=job.id), 303)


@bp.get("/consignments/<job_id>/labels")
@require(Action.CODES_ISSUE)
def label_sheets(job_id: str) -> ResponseReturnValue:
    """Sheets that were issued, and the form that issues more."""
    return _labels_page(_job(job_id), {}, "")


def _labels_page(job: queries.Job, shown: dict[str, Any], error: str) -> ResponseReturnValue:
    page = render_template(
        "custody/labels.html",
        job=job,
        batches=desk.batches(job.log),
        kinds=LABEL_KINDS,
        shown=shown,
        error=error,
        form_id=new_id(),
        most=labels.MAX_LABELS,
    )
    return page, 422 if error else 200


@bp.post("/consignments/<job_id>/labels")
@require(Action.CODES_ISSUE)
def issue_labels(job_id: str) -> ResponseReturnValue:
    """Issue codes; their sheet is then there to print, as often as needed."""
    job, form = _job(job_id), request.form
    body = {"kind": form.get("kind", ""), "count": form.get("count", 0, type=int)}
    answer = submit(ISSUED, job.log, body, act_id=form.get("id", ""))
    if error := _said(answer):
        return _labels_page(job, form.to_dict(), error)
    flash(f"ラベル {body['count']}枚 を発行しました。印刷してください。", "ok")
    return redirect(url_for("custody.label_sheets", job_id=job.id), 303)


@bp.get("/consignments/<job_id>/labels/<batch>.pdf")
@require(Action.CODES_ISSUE)
def label_pdf(job_id: str, batch: str) -> ResponseReturnValue:
    """The sheet as an A4 PDF: `layout` 65 or 24, `skip` places left empty, `part` of a large batch."""
    job, layout = _job(job_id), request.args.get("layout", "65")
    skip = request.args.get("skip", 0, type=int)
    stickers = desk.stickers(job, batch, max(1, request.args.get("part", 1, type=int)))
    chosen: labels.Layout = "24" if layout == "24" else "65"
    skip = min(max(skip, 0), labels.PER_SHEET[chosen] - 1)
    pdf = labels.render_sheet(stickers, chosen, skip, base=current_app.config["QR_BASE"])
    headers = {"Content-Type": "application/pdf", "Cache-Control": "private, no-store"}
    return pdf, 200, headers | {"Content-Disposition": f'inline; filename="labels-{batch[:8]}.pdf"'}


@bp.post("/consignments/<job_id>/labels/void")
@require(Action.CODES_VOID)
def void_label(job_id: str) -> ResponseReturnValue:
    """Void a lost or damaged label; with a new one its thing goes on under that."""
    job, form = _job(job_id), request.form
    body = {
        "code": desk.code_in(form.get("code", "")),
        "replaced_by": desk.code_in(form.get("replaced_by", "")),
    }
    answer = submit(VOIDED, job.log, body, act_id=form.get("id", ""))
    if error := _said(answer):
        return _labels_page(job, form.to_dict(), error)
    flash("ラベルを無効にしました。", "ok")
    return redirect(url_for("custody.label_sheets", job_id=job.id), 303)


@bp.get("/consignments/<job_id>/questions")
@require(Action.CONSIGNMENT_VIEW)
def questions(job_id: str) -> ResponseReturnValue:
    """Discrepancies: open ones, or with ?closed=1 settled ones."""
    job, closed = _job(job_id), request.args.get("closed") == "1"
    page = max(1, request.args.get("page", 1, type=int))
    found = queries.questions_of(job, closed=closed, offset=(page - 1) * queries.PAGE)
    return render_template(
        "custody/questions.html",
        job=job,
        questions=found,
        closed=closed,
        page=page,
        total=job.open,
        per=queries.PAGE,
    )


@bp.get("/consignments/<job_id>/questions/<question_id>")
@require(Action.CONSIGNMENT_VIEW)
def question(job_id: str, question_id: str) -> ResponseReturnValue:
    """One discrepancy with the scans it concerns."""
    return _question_page(_job(job_id), question_id, "")


def _question_page(job: queries.Job, question_id: str, error: str) -> ResponseReturnValue:
    page = render_template(
        "custody/question.html",
        job=job,
        question=queries.question_of(job, question_id),
        scans=desk.scans_of(job, question_id),
        reasons=list(REASONS.items()),
        error=error,
        can=_can(job),
        form_id=new_id(),
    )
    return page, 422 if error else 200


@bp.post("/consignments/<job_id>/questions/<question_id>")
@login_required
def close_question(job_id: str, question_id: str) -> ResponseReturnValue:
    """Settle it with a reason; of two people one wins and the other is told."""
    job, form = _job(job_id), request.form
    body = {"discrepancy": question_id, "reason": form.get("reason", "")}
    note = form.get("note", "").strip()[:500]
    answer = submit(CLOSED, job.log, body, {"note": note} if note else None, act_id=form.get("id", ""))
    if error := _said(answer):
        return _question_page(job, question_id, error)
    flash("解決済みにしました。", "ok")
    return redirect(url_for("custody.questions", job_id=job.id), 303)


@bp.get("/consignments/<job_id>/assets.csv")
@require(Action.EXPORT)
def export_csv(job_id: str) -> ResponseReturnValue:
    """All devices with where they stand, as CSV for Excel (UTF-8 with BOM, formula cells neutralised)."""
    job = _job(job_id)
    body = {"consignment": job.id, "label": "assets.csv"}
    submit(entries.EXPORTED, job.log, body)
    name = hashlib.sha256(job.id.encode()).hexdigest()[:8]
    headers = {"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "private, no-store"}
    return (
        desk.assets_csv(job),
        200,
        headers | {"Content-Disposition": f'attachment; filename="assets-{name}.csv"'},
    )
