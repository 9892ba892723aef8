"""POST /api/nodes/requests: a node of another organisation asks to be admitted. Nothing of it is believed here."""

from typing import Annotated

import orjson
from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import Malformed, TooLarge, Unprocessable
from webapp.kernel.intake.door import place_of
from webapp.kernel.ledger.models import LedgerNode, NodeRequest
from webapp.kernel.ledger.publication import log_of
from webapp.kernel.tlog.notes import NoteError
from webapp.kernel.witnesses.room import AdmitBody, Long, Name, admission, fault_of

bp = Blueprint("nodes", __name__)

MOST_BYTES = 8 * 1024
#: Requests that wait, of one log. The oldest goes when there is one more: who is serious asks again.
MOST_WAITING = 50


class NodeRequestIn(BaseModel):
    """What a node says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    log: Annotated[str, StringConstraints(min_length=1, max_length=16)]
    url: Long
    vkey: Long
    mirror_vkey: Long
    organisation: Name


class NodeRequestOut(BaseModel):
    """`admitted` (it is named in the policy), `retired` (for ever: make new keys), else `waiting` for an officer."""

    state: str


@bp.post("/api/nodes/requests")
@limiter.limit("30 per minute")
def ask() -> ResponseReturnValue:
    """Keep the request for the officers of that log to see; sending it again is harmless."""
    asked = _read()
    log_of(db.session(), asked.log)
    if known := _known(db.session(), asked):
        return {"state": "admitted" if known.retired_at is None else "retired"}
    row = NodeRequest(**asked.model_dump(), asked_at=now_ms())
    _demand_sound(row)
    with transaction() as session:
        session.merge(row)
        session.flush()
        _forget_the_oldest(session, asked.log)
    return {"state": "waiting"}, 202


def _read() -> NodeRequestIn:
    if (request.content_length or 0) > MOST_BYTES:
        raise TooLarge
    request.max_content_length = MOST_BYTES
    try:
        return NodeRequestIn.model_validate(orjson.loads(request.get_data(cache=False)))
    except ValidationError as problem:
        raise Unprocessable("witnesses.request_malformed", where=place_of(problem)) from problem
    except orjson.JSONDecodeError as problem:
        raise Malformed from problem


def _demand_sound(row: NodeRequest) -> None:
    """Raises Unprocessable for what could not be admitted anyway: keys that are none, an address that is none."""
    try:
        refusal = fault_of(AdmitBody(**admission(row)))
    except (NoteError, ValidationError) as problem:
        raise Unprocessable("witnesses.malformed_key", where="vkey") from problem
    if refusal:
        raise Unprocessable(refusal.code, **refusal.params)


def _known(session: Session, asked: NodeRequestIn) -> LedgerNode | None:
    mine = select(LedgerNode).where(LedgerNode.log == asked.log, LedgerNode.vkey == asked.vkey)
    return session.scalars(mine).first()


def _forget_the_oldest(session: Session, log: str) -> None:
    newest = select(NodeRequest.vkey).where(NodeRequest.log == log).order_by(NodeRequest.asked_at.desc())
    kept = list(session.scalars(newest.limit(MOST_WAITING)))
    session.execute(delete(NodeRequest).where(NodeRequest.log == log, NodeRequest.vkey.not_in(kept)))


def waiting(session: Session, log: str) -> list[NodeRequest]:
    """Requests that nobody has decided on, oldest first; those of nodes that are or were admitted are no longer."""
    known = select(LedgerNode.vkey).where(LedgerNode.log == log)
    query = select(NodeRequest).where(NodeRequest.log == log, NodeRequest.vkey.not_in(known))
    return list(session.scalars(query.order_by(NodeRequest.asked_at, NodeRequest.vkey)))
