"""Pages: the places of one's organisation."""

from dataclasses import dataclass, field

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.kernel.base.ids import is_id, new_id
from webapp.kernel.base.outcomes import Malformed, Refusal
from webapp.kernel.identity.login import current_person, require
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.places import queries, service
from webapp.kernel.places.messages import SENTENCES
from webapp.kernel.places.models import PlaceKind
from webapp.kernel.places.queries import PlaceLine
from webapp.kernel.places.service import PlaceFields

bp = Blueprint("places", __name__, template_folder="templates")

FIELD_OF = {
    "places.name_missing": "name",
    "places.kind_missing": "kind",
    "places.position_malformed": "position",
    "places.position_outside": "position",
}
KINDS = [("", "選んでください"), *((kind.value, kind.text) for kind in PlaceKind)]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the form shows: what was typed, and what is wrong with it by field ("" = the whole)."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)


def say_also(app: Flask, text: str, endpoint: str, action: Action) -> None:
    """Tell those who may do this, below their places, where something is entered that they may look for here."""
    app.extensions["places_also"] = (text, endpoint, action)


def _also() -> tuple[str, str] | None:
    text, endpoint, action = current_app.extensions.get("places_also", ("", "", None))
    return (text, url_for(endpoint)) if action and may(current_person().roles, action) else None


@bp.get("/places")
@require(Action.PLACES_MANAGE)
def places() -> ResponseReturnValue:
    """The list."""
    found = queries.places_of(current_person().organisation_id)
    return render_template("places/places.html", places=found, also=_also())


@bp.get("/places/new")
@require(Action.PLACES_MANAGE)
def new_place() -> ResponseReturnValue:
    """An empty form with the id that the place will have."""
    return _form(Shown({"id": new_id(), "active": "1"}))


@bp.post("/places/new")
@require(Action.PLACES_MANAGE)
def add_place() -> ResponseReturnValue:
    """Enter a place."""
    id = request.form.get("id", "")
    if not is_id(id):
        raise Malformed
    added = service.add_place(id, current_person().organisation_id, _fields(active=True))
    return _form(_again(added)) if isinstance(added, Refusal) else _done("場所を登録しました。")


@bp.get("/places/<id>")
@require(Action.PLACES_MANAGE)
def place(id: str) -> ResponseReturnValue:
    """The filled form."""
    found = queries.place_of(current_person().organisation_id, id)
    shown = {
        "name": found.name,
        "kind": found.kind.value,
        "address": found.address,
        "position": found.position,
    }
    return _form(Shown(shown | {"active": "1" if found.active else ""}), found)


@bp.post("/places/<id>")
@require(Action.PLACES_MANAGE)
def change_place(id: str) -> ResponseReturnValue:
    """Take the form."""
    found = queries.place_of(current_person().organisation_id, id)
    changed = service.change_place(found.id, _fields(active="active" in request.form))
    return _form(_again(changed), found) if isinstance(changed, Refusal) else _done("変更しました。")


def _fields(*, active: bool) -> PlaceFields:
    name, kind, address, position = (
        request.form.get(key, "") for key in ("name", "kind", "address", "position")
    )
    return PlaceFields(name, kind, address, position, active)


def _again(refusal: Refusal) -> Shown:
    where = FIELD_OF.get(refusal.code, "")
    return Shown(request.form.to_dict(), {where: SENTENCES[refusal.code]})


def _form(shown: Shown, found: PlaceLine | None = None) -> ResponseReturnValue:
    page = render_template("places/place_form.html", shown=shown, place=found, kinds=KINDS)
    return page, 422 if shown.errors else 200


def _done(sentence: str) -> ResponseReturnValue:
    flash(sentence, "ok")
    return redirect(url_for("places.places"))
