"""Pages: the proof of one entry on screen and on paper, for those who may read the log.

Templates (templates/documents/): proof.html and proof_sheet.html get `proof` (proofs.Proof).
"""

from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.limits import limiter
from webapp.kernel.documents import proofs, sheet
from webapp.kernel.identity.login import each_person, login_required
from webapp.kernel.ledger.members import demand_reader

bp = Blueprint("documents", __name__, template_folder="templates")


@bp.get("/ledger/<log>/proofs/<entry_id>")
@login_required
def proof(log: str, entry_id: str) -> ResponseReturnValue:
    """What is proven, and the QR that proves it."""
    found = proofs.read(db.session(), demand_reader(log), entry_id)
    return render_template("documents/proof.html", proof=found, base=current_app.config["PUBLIC_BASE"])


@bp.get("/ledger/<log>/proofs/<entry_id>.pdf")
@login_required
@limiter.limit("60 per minute", key_func=each_person)
def proof_pdf(log: str, entry_id: str) -> ResponseReturnValue:
    """The same on paper."""
    found = proofs.read(db.session(), demand_reader(log), entry_id)
    pdf = sheet.render(found, current_app.config["PUBLIC_BASE"], now_ms())
    return _file(pdf, "application/pdf", f'inline; filename="{log}-{found.index}.pdf"')


@bp.get("/ledger/<log>/proofs/<entry_id>.json")
@login_required
def entry(log: str, entry_id: str) -> ResponseReturnValue:
    """The exact bytes of the entry, which a `.tlog-proof` is about."""
    found = proofs.read(db.session(), demand_reader(log), entry_id)
    disposition = f'attachment; filename="{log}-{found.index}.json"'
    return _file(found.raw.encode(), "application/json", disposition)


def _file(body: bytes, kind: str, disposition: str) -> Response:
    answer = Response(body, content_type=kind)
    answer.headers["Content-Disposition"] = disposition
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
