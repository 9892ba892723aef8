"""What phones ask about themselves: enrol me; who am I here? Tokens come in bodies, never in addresses."""

from typing import Annotated

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import Malformed, Refusal
from webapp.kernel.base.web import sentence
from webapp.kernel.identity.login import current_person, each_person, login_required
from webapp.kernel.identity.models import Person
from webapp.kernel.intake.api import as_json
from webapp.kernel.intake.format import Millis, Uuid
from webapp.kernel.phones import enrolment, queries
from webapp.kernel.phones.enrolment import Wish
from webapp.kernel.phones.entries import Key, Number, OptionalDev
from webapp.kernel.phones.keys import key_id

bp = Blueprint("phones_api", __name__)


class StorageIn(BaseModel):
    """What the phone found out about its own memory: whether it keeps what it is given."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    kept: bool = False
    persisted: bool = False


class EnrolIn(BaseModel):
    """A phone that wants to be known. `proof` signs "ashiato/enrol/v1", token, dev and key, a line each."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    token: Annotated[str, StringConstraints(max_length=64)]
    dev: Uuid
    key: Key
    proof: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z+/]{86}==$")]
    after: OptionalDev = ""
    next: dict[Annotated[str, StringConstraints(max_length=16)], Number] = {}
    storage: StorageIn = StorageIn()


class PlaceOut(BaseModel):
    """From which number on scans are signed, and the hash that the first of them names ("": none)."""

    first: int = Field(alias="from")
    prev: str


class EnrolOut(BaseModel):
    """The phone is known in these logs."""

    dev: str
    key_id: str
    logs: dict[str, PlaceOut]


class TipOut(BaseModel):
    """The last signed scan that the log has."""

    seq: int
    hash: str


class SelfLogOut(BaseModel):
    """This phone in one log."""

    first: int = Field(alias="from")
    prev: str
    tip: TipOut | None


class ReplaceableOut(BaseModel):
    """Another phone of the same person, whose place this one may take."""

    dev: str
    enrolled_at: Millis
    last_at: Millis | None


class SelfOut(BaseModel):
    """GET /api/phones/self. `state`: enrolled, revoked or unknown."""

    state: str
    key_id: str
    logs: dict[str, SelfLogOut]
    replaceable: list[ReplaceableOut]


@bp.post("/api/phones/enrol")
@login_required
@limiter.limit("10 per minute", key_func=each_person)
def enrol() -> ResponseReturnValue:
    """Bind this phone's key to the person who is logged in, by a code that was shown for them."""
    try:
        wish = EnrolIn.model_validate_json(request.get_data(cache=False))
    except ValidationError as problem:
        raise Malformed from problem
    asked = Wish(wish.token, wish.dev, wish.key, wish.proof, wish.after, wish.next)
    outcome = enrolment.enrol(current_person(), asked, now_ms())
    if isinstance(outcome, Refusal):
        said = sentence(current_app, outcome.code, outcome.params)
        return as_json(
            {"code": outcome.code, "text": said}, 409 if outcome.code == "phones.known_key" else 422
        )
    logs = {log: {"from": place.first, "prev": place.prev} for log, place in outcome.items()}
    return as_json({"dev": wish.dev, "key_id": key_id(wish.key), "logs": logs}, 201)


@bp.get("/api/phones/self")
@login_required
def myself() -> ResponseReturnValue:
    """What is known here of the phone `dev` of the person who is logged in, and which others it could replace."""
    return as_json(_self(current_person(), request.args.get("dev", "")))


def _self(person: Person, dev: str) -> dict[str, object]:
    rows = queries.phones_of(db.session(), person.id)
    mine = [row for row in rows if row.dev == dev]
    good = [row for row in mine if row.revoked_index is None]
    tips = queries.tips(db.session(), dev) if mine else {}
    logs = {
        row.log: {"from": row.first, "prev": row.seam_hash}
        | {"tip": tips[row.log]._asdict() if row.log in tips else None}
        for row in good
    }
    state = "enrolled" if good else "revoked" if mine else "unknown"
    others = {row.dev: row for row in reversed(rows) if row.dev != dev and row.revoked_index is None}
    return {
        "state": state,
        "key_id": key_id(mine[0].key) if mine else "",
        "logs": logs,
        "replaceable": [
            {"dev": row.dev, "enrolled_at": row.enrolled_at, "last_at": row.last_at}
            for row in others.values()
        ],
    }
