"""Paper work of a consignment: its asset list, its labels, its export.

Contexts of the templates (all under custody/):
  import_upload.html   consignment {title, href}, error
  import_preview.html  draft, form_id, consignment, upload_href, field_label, kind_titles
  labels.html          job, batches: [Batch], kinds: [(value, text)], need, most, shown, errors, form_id
`shown` is what was typed; `errors` field → sentence, "" for the whole form.
"""

import hashlib
from collections.abc import Mapping

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.custody import desk, entries, staff
from webapp.custody.forms import field_label, parse_asset_list
from webapp.custody.queries import Job
from webapp.custody.steps import KIND_TITLES
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import AppError
from webapp.kernel.base.tabular import read_table
from webapp.kernel.base.web import sentence, whole_number
from webapp.kernel.identity.login import current_person, each_person, require
from webapp.kernel.identity.roles import Action
from webapp.kernel.intake.submit import carried_out, submit
from webapp.kernel.scanning import labels
from webapp.kernel.scanning.service import ISSUED, MAX_ISSUE, VOIDED

bp = Blueprint("custody_office", __name__)


@bp.get("/consignments/<job_id>/import")
@require(Action.CONSIGNMENT_IMPORT)
def import_form(job_id: str) -> ResponseReturnValue:
    """Choose the asset list."""
    return _upload_page(staff.job_of(job_id), "")


def _upload_page(job: Job, error: str) -> ResponseReturnValue:
    page = render_template("custody/import_upload.html", consignment=staff.crumb(job), job=job, error=error)
    return page, 422 if error else 200


@bp.post("/consignments/<job_id>/import")
@require(Action.CONSIGNMENT_IMPORT)
def upload_list(job_id: str) -> ResponseReturnValue:
    """Read the file, keep it as a draft, show the preview. Nothing is imported yet."""
    job, file = staff.job_of(job_id), request.files.get("file")
    data, name = (file.read(), file.filename or "") if file else (b"", "")
    try:
        assets = parse_asset_list(read_table(data, name))
    except AppError as problem:
        return _upload_page(job, sentence(current_app, problem.code, problem.params))
    draft = desk.keep_draft(job, assets, data, name, current_person().id, now_ms())
    return redirect(url_for("custody_office.preview", job_id=job.id, draft_id=draft), 303)


@bp.get("/consignments/<job_id>/import/<draft_id>")
@require(Action.CONSIGNMENT_IMPORT)
def preview(job_id: str, draft_id: str) -> ResponseReturnValue:
    """Every problem by row, before anything is imported."""
    job = staff.job_of(job_id)
    return render_template(
        "custody/import_preview.html",
        draft=desk.draft(job, draft_id),
        form_id=new_id(),
        consignment=staff.crumb(job),
        upload_href=url_for("custody_office.import_form", job_id=job.id),
        field_label=field_label,
        kind_titles=KIND_TITLES,
        job=job,
    )


@bp.post("/consignments/<job_id>/import/<draft_id>")
@require(Action.CONSIGNMENT_IMPORT)
def commit_import(job_id: str, draft_id: str) -> ResponseReturnValue:
    """「この内容で取り込む」. A second click finds the work done and says the same."""
    job, act = staff.job_of(job_id), request.form.get("id", "")
    held, error = desk.draft_or_none(job, draft_id), ""
    count = len(held.devices) if held else 0
    if (done := carried_out(job.log, act, entries.IMPORT_COMMITTED)) is not None:
        count = int(done["devices"])
    else:
        sha = held.file_sha256 if held else "0" * 64
        body = {"consignment": job.id, "draft": draft_id, "file_sha256": sha, "devices": count}
        error = staff.said(submit(entries.IMPORT_COMMITTED, job.log, body, act_id=act))
    flash(error or f"{count}台を取り込みました。", "error" if error else "ok")
    return redirect(url_for("custody.board", job_id=job.id), 303)


@bp.get("/consignments/<job_id>/labels")
@require(Action.CODES_ISSUE)
def label_sheets(job_id: str) -> ResponseReturnValue:
    """Sheets that were issued, and the form that issues more."""
    return _labels_page(staff.own_job_of(job_id), {}, {})


def _labels_page(job: Job, shown: Mapping[str, str], errors: Mapping[str, str]) -> ResponseReturnValue:
    page = render_template(
        "custody/labels.html",
        job=job,
        batches=desk.batches(job.log),
        kinds=list(desk.KINDS.items()),
        need=desk.label_need(job),
        shown=shown,
        errors=errors,
        form_id=new_id(),
        most=MAX_ISSUE,
    )
    return page, 422 if errors else 200


@bp.post("/consignments/<job_id>/labels")
@require(Action.CODES_ISSUE)
def issue_labels(job_id: str) -> ResponseReturnValue:
    """Issue codes; their sheet is then there to print, as often as needed."""
    job, form = staff.own_job_of(job_id), request.form
    body = {"kind": form.get("kind", ""), "count": form.get("count", 0, type=int)}
    answer = submit(ISSUED, job.log, body, act_id=form.get("id", ""))
    if errors := staff.errors(answer):
        return _labels_page(job, form.to_dict(), errors)
    flash(f"ラベル {body['count']}枚 を発行しました。「印刷する」から用紙に印刷してください。", "ok")
    return redirect(url_for("custody_office.label_sheets", job_id=job.id, _anchor="issued"), 303)


@bp.get("/consignments/<job_id>/labels/<batch>.pdf")
@require(Action.CODES_ISSUE)
@limiter.limit("20 per minute", key_func=each_person)
def label_pdf(job_id: str, batch: str) -> ResponseReturnValue:
    """The sheet as an A4 PDF: `layout` 65 or 24, `skip` places left empty, `part` of a large batch."""
    job, chosen = staff.own_job_of(job_id), _layout()
    skip = whole_number("skip", most=64)
    stickers = desk.stickers(job, batch, max(1, whole_number("part", 1)))
    skip = min(max(skip, 0), labels.PER_SHEET[chosen] - 1)
    pdf = labels.render_sheet(stickers, chosen, skip, base=current_app.config["QR_BASE"])
    headers = {"Content-Type": "application/pdf", "Cache-Control": "private, no-store"}
    return pdf, 200, headers | {"Content-Disposition": f'inline; filename="labels-{batch[:8]}.pdf"'}


def _layout() -> labels.Layout:
    return "24" if request.args.get("layout") == "24" else "65"


@bp.post("/consignments/<job_id>/labels/void")
@require(Action.CODES_VOID)
def void_label(job_id: str) -> ResponseReturnValue:
    """Void a lost or damaged label; with a new one its thing goes on under that."""
    job, form = staff.own_job_of(job_id), request.form
    body = {name: desk.code_in(form.get(name, "")) for name in ("code", "replaced_by")}
    answer = submit(VOIDED, job.log, body, act_id=form.get("id", ""))
    if errors := staff.errors(answer):
        return _labels_page(job, {**form, "void": "1"}, errors)
    flash("ラベルを無効にしました。", "ok")
    return redirect(url_for("custody_office.label_sheets", job_id=job.id), 303)


@bp.get("/consignments/<job_id>/assets.csv")
@require(Action.EXPORT)
def export_csv(job_id: str) -> ResponseReturnValue:
    """All devices with where they stand, as CSV for Excel (UTF-8 with BOM, formula cells neutralised)."""
    job = staff.job_of(job_id)
    submit(entries.EXPORTED, job.log, {"consignment": job.id, "label": "assets.csv"})
    name = hashlib.sha256(job.id.encode()).hexdigest()[:8]
    headers = {"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "private, no-store"}
    attached = {"Content-Disposition": f'attachment; filename="assets-{name}.csv"'}
    return desk.assets_csv(job), 200, headers | attached
