"""Evacuation sites and the two layouts of their list; how it is written. Pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from webapp.kernel.base.tabular import write_csv

Layout = Literal["standard", "recommended"]
Encoding = Literal["cp932", "utf-8-sig"]

WORDS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "seeds" / "evacuation_sites.json").read_text("utf-8")
)
#: Words of the eight kinds of danger, in the order of the lists.
HAZARDS: tuple[str, ...] = tuple(WORDS["hazard_words"])
HAZARD_TEXTS: dict[str, str] = dict(zip(HAZARDS, WORDS["hazards"], strict=True))
LAYOUTS: dict[Layout, list[tuple[str, str]]] = {
    layout: [(name, label) for name, label in WORDS["layouts"][layout]]
    for layout in ("standard", "recommended")
}
LABELS: dict[str, str] = {
    name: label for layout in ("recommended", "standard") for name, label in LAYOUTS[layout]
}


@dataclass(frozen=True, slots=True)
class Site:
    """One line of the list. Coordinates in millionths of a degree, both or none; `code` six digits or "".

    `extra`: columns that are only carried through, by their field's name.
    """

    row: int
    name: str
    id: str = ""
    code: str = ""
    kana: str = ""
    prefecture: str = ""
    city: str = ""
    address: str = ""
    building: str = ""
    lat_e6: int | None = None
    lon_e6: int | None = None
    phone: str = ""
    mail: str = ""
    hazards: tuple[str, ...] = ()
    also_shelter: bool = False
    capacity: int | None = None
    note: str = ""
    extra: dict[str, str] = field(default_factory=dict)


def write_sites(
    sites: Iterable[Site], layout: Layout, encoding: Encoding, *, code: str = "", municipality: str = ""
) -> bytes:
    """The list in one of the layouts. `code` and `municipality`: whose it is, where a site does not say.

    Cells that a spreadsheet would run get an apostrophe in front, which `sites_csv.read_sites` takes off again.
    """
    columns = LAYOUTS[layout]
    rows: list[list[str]] = [[label for _, label in columns]]
    for number, site in enumerate(sites, start=1):
        cells = _cells(site, number, code, municipality)
        rows.append([cells.get(name, "") for name, _ in columns])
    return write_csv(rows, encoding)


def _cells(site: Site, number: int, code: str, municipality: str) -> dict[str, str]:
    placed = site.lat_e6 is not None and site.lon_e6 is not None
    own = site.code or code
    return {
        **site.extra,
        "code": own,
        "place_code": own,
        "city_code": own,
        "municipality": municipality or site.city,
        "id": site.id or str(number),
        "name": site.name,
        "kana": site.kana,
        "prefecture": site.prefecture,
        "city": site.city,
        "address": site.address,
        "building": site.building,
        "lat": _decimal(site.lat_e6) if placed else "",
        "lon": _decimal(site.lon_e6) if placed else "",
        "phone": site.phone,
        "mail": site.mail,
        **{word: "1" if word in site.hazards else "" for word in HAZARDS},
        "also_shelter": "1" if site.also_shelter else "",
        "capacity": "" if site.capacity is None else str(site.capacity),
        "note": site.note,
    }


def _decimal(e6: int | None) -> str:
    return f"{(e6 or 0) / 1e6:.6f}"
