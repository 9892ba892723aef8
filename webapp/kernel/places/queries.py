"""Reads for the screens: an organisation sees its own places."""

from dataclasses import dataclass

from sqlalchemy import select

from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.places.models import Place, PlaceKind
from webapp.kernel.places.service import show_position


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A place on screen."""

    id: str
    name: str
    kind: PlaceKind
    address: str
    position: str
    active: bool


def places_of(organisation_id: str, *, only_active: bool = False) -> list[PlaceLine]:
    """The places of an organisation, those in use first, by name."""
    wanted = select(Place).where(Place.organisation_id == organisation_id)
    wanted = wanted.where(Place.active) if only_active else wanted
    found = db.session.scalars(wanted.order_by(Place.active.desc(), Place.name, Place.id))
    return [_line(place) for place in found]


def place_of(organisation_id: str, place_id: str) -> PlaceLine:
    """One place of this organisation. Raises NotFound for every other, as if there were none."""
    place = db.session.get(Place, place_id)
    if place is None or place.organisation_id != organisation_id:
        raise NotFound
    return _line(place)


def names_of(place_ids: set[str]) -> dict[str, str]:
    """Names by id, in one query; unknown ids are left out."""
    found = db.session.execute(select(Place.id, Place.name).where(Place.id.in_(place_ids)))
    return dict(found.all())


def _line(place: Place) -> PlaceLine:
    position = show_position(place.lat_e6, place.lon_e6)
    return PlaceLine(place.id, place.name, place.kind, place.address, position, place.active)
