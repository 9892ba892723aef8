"""What the phones of shelters fetch ahead: whose shelters, and the pack of each."""

from typing import Any

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.identity.login import current_person, login_required, require
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.api import as_json, author_of
from webapp.supplies import packs

bp = Blueprint("supplies_api", __name__)


class ShelterOut(BaseModel):
    """A shelter at which this person may receive goods. A pack with the same `rev` is fresh."""

    id: str
    log: str
    name: str
    town: str
    open: bool
    rev: str


class SheltersOut(BaseModel):
    """GET /api/relief/shelters."""

    server_at: int
    shelters: list[ShelterOut]


class ShelterPackOut(BaseModel):
    """GET /api/relief/shelters/{shelter_id}/pack: all that a phone needs to receive goods there."""

    rev: str
    server_at: int
    shelter: ShelterOut
    actor: str = Field(description="the person's pseudonym in this log")
    disasters: list[dict[str, Any]]
    shelters: list[dict[str, Any]] = Field(description="of the town: id, name, open")
    parcels: list[dict[str, Any]] = Field(description="of the town's open disasters, with their scans")
    needs: list[dict[str, Any]] = Field(description="of this shelter, with how far each is covered")
    items: dict[str, dict[str, Any] | None] = Field(description="changed by the town; null: switched off")
    label_keys: list[dict[str, str]]
    codes: dict[str, list[str]]


@bp.get("/api/relief/shelters")
@login_required
def shelters() -> ResponseReturnValue:
    """Shelters at which this person may receive goods; none for everybody else."""
    person = current_person()
    allowed = may(person.roles, Action.SCAN_PARCEL)
    found = packs.places(db.session(), person.organisation_id) if allowed else []
    return as_json({"server_at": now_ms(), "shelters": [packs.summary(place) for place in found]})


@bp.get("/api/relief/shelters/<shelter_id>/pack")
@require(Action.SCAN_PARCEL)
def pack(shelter_id: str) -> ResponseReturnValue:
    """All that a phone needs at this shelter; 304 if the phone has it already."""
    person = current_person()
    mine = packs.places(db.session(), person.organisation_id)
    place = next((each for each in mine if each.id == shelter_id), None)
    if place is None:
        raise NotFound
    etag = f"{place.rev}-{person.session_epoch}"
    if request.if_none_match.contains(etag):
        return "", 304, {"ETag": f'"{etag}"'}
    actor = author_of(person).pseudonyms.get(place.log)
    if actor is None:
        raise NotFound
    told = packs.pack(db.session(), place, actor, current_app.config["QR_PREFIXES"], now_ms())
    answer = as_json(told)
    answer.set_etag(etag)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
