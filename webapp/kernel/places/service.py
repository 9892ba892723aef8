"""What changes places. Each function is one transaction; an expected no is a Refusal."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from webapp.kernel.base.db import transaction
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.places.models import Place, PlaceKind

Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PlaceFields:
    """What a form says about a place. `position`: "latitude, longitude" in degrees as maps copy it, or ""."""

    name: str
    kind: str
    address: str = ""
    position: str = ""
    active: bool = True


def add_place(id: str, organisation_id: str, fields: PlaceFields) -> Place | Refusal:
    """Enter a place of this organisation. The id is made in the page: sent twice, it is one place."""
    refusal = _problem(fields)
    if refusal is not None:
        return refusal
    with transaction() as session:
        known = session.get(Place, id)
        if known is not None:
            return known if known.organisation_id == organisation_id else Refusal("places.id_taken")
        place = _write(Place(id=id, organisation_id=organisation_id), fields)
        session.add(place)
        return place


def change_place(place_id: str, fields: PlaceFields) -> Place | Refusal:
    """Change everything about a place but whose it is."""
    refusal = _problem(fields)
    if refusal is not None:
        return refusal
    with transaction() as session:
        return _write(session.get_one(Place, place_id), fields)


def parse_position(text: str) -> Position | Refusal | None:
    """Degrees as people copy them from a map → micro-degrees, rounded half to even; "" is no position."""
    plain = unicodedata.normalize("NFKC", text).replace("、", ",").strip()
    if not plain:
        return None
    found = re.fullmatch(r"(-?\d{1,3}(?:\.\d{1,15})?)\s*[, ]\s*(-?\d{1,3}(?:\.\d{1,15})?)", plain)
    if found is None:
        return Refusal("places.position_malformed")
    lat, lon = (round(Decimal(degrees) * 1_000_000) for degrees in found.groups())
    inside = abs(lat) <= 90_000_000 and abs(lon) <= 180_000_000
    return (lat, lon) if inside else Refusal("places.position_outside")


def show_position(lat_e6: int | None, lon_e6: int | None) -> str:
    """What `parse_position` reads back as the same position, or ""."""
    if lat_e6 is None or lon_e6 is None:
        return ""
    return f"{Decimal(lat_e6) / 1_000_000:f}, {Decimal(lon_e6) / 1_000_000:f}"


def _problem(fields: PlaceFields) -> Refusal | None:
    if not fields.name.strip():
        return Refusal("places.name_missing")
    if not any(fields.kind == kind.value for kind in PlaceKind):
        return Refusal("places.kind_missing")
    position = parse_position(fields.position)
    return position if isinstance(position, Refusal) else None


def _write(place: Place, fields: PlaceFields) -> Place:
    position = parse_position(fields.position)
    place.name, place.kind = " ".join(fields.name.split()), PlaceKind(fields.kind)
    place.address, place.active = " ".join(fields.address.split()), fields.active
    place.lat_e6, place.lon_e6 = position if isinstance(position, tuple) else (None, None)
    return place
