"""What phones ask about logs: how far each one is, and whose signatures count."""

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.db import db
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import AppError
from webapp.kernel.identity.login import login_required
from webapp.kernel.ledger import publication, signing
from webapp.kernel.ledger.models import Log

bp = Blueprint("ledger_states", __name__)


class LedgerStateOut(BaseModel):
    """How many entries of a log are recorded, signed, cosigned by a quorum, and anchored on a chain."""

    recorded: int
    signed: int
    cosigned: int
    anchored: int


class PolicyOut(BaseModel):
    """A log, its municipality's name, and its C2SP tlog-policy."""

    log: str
    name: str
    text: str


class PoliciesOut(BaseModel):
    """GET /api/ledger/policies."""

    policies: list[PolicyOut]


@bp.get("/api/ledger/<log>/state")
@login_required
def state(log: str) -> ResponseReturnValue:
    """Sizes: an entry of index i is signed if i < signed, and so on. For everybody with an account."""
    session = db.session()
    recorded = publication.head(session, log).size
    signed, cosigned = publication.latest(session, log), publication.latest_cosigned(session, log)
    anchored = current_app.extensions.get("anchored_size")
    said = LedgerStateOut(
        recorded=recorded,
        signed=signed.size if signed else 0,
        cosigned=cosigned.size if cosigned else 0,
        anchored=anchored(session, log) if anchored else 0,
    )
    return said.model_dump(), 200, {"Cache-Control": "private, no-store"}


@bp.get("/api/ledger/policies")
@limiter.limit("60 per minute")
def policies() -> ResponseReturnValue:
    """The policies of all logs that are served here, as `/log/<log>/policy` says them. Public."""
    session = db.session()
    found = [_policy(session, log) for log in session.scalars(select(Log).order_by(Log.id))]
    said = PoliciesOut(policies=[each for each in found if each])
    return said.model_dump(), 200, {"Cache-Control": "public, max-age=60"}


def _policy(session: Session, log: Log) -> PolicyOut | None:
    try:
        key = signing.vkey(log.origin)
    except AppError:  # this log's signer was never heard: there is nothing to verify with yet
        return None
    text = publication.policy(session, log.id, key, signing.url_of(log.id)).render()
    return PolicyOut(log=log.id, name=log.name, text=text)
