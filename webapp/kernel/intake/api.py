"""The door over HTTP. Safe to send again: the same act gets the same receipt."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from sqlalchemy import select

from webapp.kernel.base.clock import SECOND, now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import Malformed, TooLarge
from webapp.kernel.base.web import sentence, whole_number
from webapp.kernel.identity.login import current_person, each_person, login_required
from webapp.kernel.identity.models import Person
from webapp.kernel.identity.pseudonyms import pseudonym
from webapp.kernel.identity.roles import Role
from webapp.kernel.intake.door import Author, Verdict
from webapp.kernel.intake.format import MAX_BYTES, MAX_ITEMS, Batch
from webapp.kernel.intake.models import Receipt
from webapp.kernel.intake.receipts import held
from webapp.kernel.intake.service import Answer, Door

bp = Blueprint("intake", __name__)

#: A batch carries the time at which it came in, and may wait this long for its lock before others can see it.
OVERLAP_MS = 60 * SECOND
#: Anybody with a mail address can be a sender of goods, and has no phone full of scans.
MOST_OF_SENDERS = 10


def door() -> Door:
    """The door of this application."""
    found: Door = current_app.extensions["door"]
    return found


def author_of(person: Person) -> Author:
    """The person as the door knows them: a pseudonym in each log they work in, made on first use."""
    known = current_app.extensions["authors"]
    logs = sorted(door().logs_of(db.session(), person.organisation_id))
    key = (person.id, person.session_epoch, tuple(logs), tuple(person.roles), person.organisation_id)
    if key not in known:
        with transaction() as session:
            names = {log: pseudonym(session, log, person.id) for log in logs}
        known.clear() if len(known) > 5_000 else None
        known[key] = Author(person.id, person.organisation_id, tuple(person.roles), names)
    author: Author = known[key]
    return author


def _scans() -> bool:
    """Whether this person was entered for more than sending goods: a sender can be anybody."""
    return not set(current_person().roles) <= {Role.SUPPORTER}


@bp.post("/api/scans")
@login_required
def post_scans() -> ResponseReturnValue:
    """Take up to 100 acts of one phone; each gets its own answer. Of who only sends goods, 10, and 60 times an hour."""
    return _taken() if _scans() else _of_senders()


@limiter.limit("60 per hour", key_func=each_person)
def _of_senders() -> ResponseReturnValue:
    return _taken()


def _taken() -> ResponseReturnValue:
    if (request.content_length or 0) > MAX_BYTES:
        raise TooLarge("intake.too_many", most=str(MAX_ITEMS))  # not even read
    request.max_content_length = MAX_BYTES  # a body without a length is cut off there
    batch = _batch(request.get_data(cache=False))
    if len(batch.items) > MOST_OF_SENDERS and not _scans():
        raise TooLarge("intake.too_many", most=str(MOST_OF_SENDERS))
    now = now_ms()
    answers = door().receive(batch.items, author_of(current_person()), now)
    return as_json({"server_at": now, "receipts": [receipt(answer) for answer in answers]})


def _batch(raw: bytes) -> Batch:
    try:
        batch = Batch.model_validate(orjson.loads(raw))
    except (orjson.JSONDecodeError, ValidationError) as problem:
        raise Malformed("intake.not_json") from problem
    if len(batch.items) > MAX_ITEMS:
        raise TooLarge("intake.too_many", most=str(MAX_ITEMS))
    return batch


def receipt(answer: Answer) -> dict[str, Any]:
    """An answer of the door as the API gives it."""
    if answer.refusal is not None:
        code, params = answer.refusal.code, answer.refusal.params
        return {
            "id": answer.id,
            "status": "refused",
            "code": code,
            "text": sentence(current_app, code, params),
        }
    status = "duplicate" if answer.duplicate else "recorded"
    place = {"id": answer.id, "status": status, "log": answer.log, "index": answer.index}
    return place | {"verdict": answer.verdict.verdict, "findings": findings(answer.verdict)}


def findings(verdict: Verdict) -> list[dict[str, str]]:
    """Findings in words."""
    return [
        {"code": code, "severity": severity, "text": door().sentence(code, params)}
        for code, severity, params in verdict.findings
    ]


@bp.get("/api/verdicts")
@login_required
def get_verdicts() -> ResponseReturnValue:
    """Verdicts that changed since `since` for scans of the phone `dev`, of logs this person works in.

    What was typed into forms has no phone: nobody asks for it here, or everybody would learn all ids of a log.
    """
    since = whole_number("since", most=2**52)
    author, dev, now, r = author_of(current_person()), request.args.get("dev", ""), now_ms(), Receipt
    mine = (
        r.dev == dev,
        r.dev != "",
        r.rev > min(since, now) - OVERLAP_MS,
        r.log.in_(list(author.pseudonyms)),
    )
    rows = db.session.execute(select(r.id, r.verdict, r.findings).where(*mine).order_by(r.rev, r.id))
    return as_json({"rev": now, "verdicts": [_verdict(row) for row in rows]})


def _verdict(row: Any) -> dict[str, Any]:
    verdict = held(row.verdict, row.findings)
    return {"id": row.id, "verdict": verdict.verdict, "findings": findings(verdict)}


def as_json(value: Mapping[str, Any] | Sequence[Any] | Iterable[Any], status: int = 200) -> Response:
    """JSON that no cache keeps."""
    answer = Response(orjson.dumps(value), status, mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
