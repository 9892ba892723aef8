"""What phones fetch ahead: who am I, today's jobs, and the pack of each."""

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from webapp.custody import packs, queries
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.base.pwa import release
from webapp.kernel.identity.login import current_person, login_required, require
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.api import as_json, author_of
from webapp.kernel.ledger.models import Log

bp = Blueprint("custody_api", __name__)


@bp.get("/api/me")
@login_required
def me() -> ResponseReturnValue:
    """The person who is logged in, and under which name in which log."""
    person = current_person()
    author = author_of(person)
    organisation = person.organisation
    rows = db.session.query(Log).filter(Log.id.in_(author.pseudonyms)).order_by(Log.id)
    return as_json(
        {
            "person": {
                "id": person.id,
                "name": person.name,
                "login": person.login,
                "roles": list(person.roles),
            }
            | {
                "organisation": {
                    "id": organisation.id,
                    "name": organisation.name,
                    "kind": str(organisation.kind),
                }
            },
            "logs": [{"id": row.id, "name": row.name, "actor": author.pseudonyms[row.id]} for row in rows],
            "server_at": now_ms(),
            "build": release(current_app).build,
        }
    )


@bp.get("/api/jobs")
@login_required
def jobs() -> ResponseReturnValue:
    """Consignments this person's organisation works on; none for who has no part in them."""
    person = current_person()
    found = queries.jobs_of(person.organisation_id) if may(person.roles, Action.CONSIGNMENT_VIEW) else []
    revs = {log: packs.revision(log) for log in {job.log for job in found}}
    return as_json({"server_at": now_ms(), "jobs": [packs.summary(job, revs[job.log]) for job in found]})


@bp.get("/api/jobs/<job_id>/pack")
@require(Action.CONSIGNMENT_VIEW)
def pack(job_id: str) -> ResponseReturnValue:
    """All that a phone needs for this job; 304 if the phone has it already."""
    person = current_person()
    job = queries.job_of(person.organisation_id, job_id)
    etag = f"{packs.revision(job.log)}-{person.session_epoch}"
    if request.if_none_match.contains(etag):
        return "", 304, {"ETag": f'"{etag}"'}
    actor = author_of(person).pseudonyms.get(job.log)
    if actor is None:
        raise NotFound
    answer = as_json(packs.pack(job, person, actor, current_app.config["QR_PREFIXES"], now_ms()))
    answer.set_etag(etag)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
