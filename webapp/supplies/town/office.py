"""What the municipality's desk of this room reads and stages: disasters, shelters, lists of sites, the item master."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, select

from webapp.kernel.base.clock import DAY
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import Log
from webapp.supplies import catalogue
from webapp.supplies.known import DisasterCard, ShelterCard, disasters_of, shelters_of
from webapp.supplies.models import Disaster, Item, Shelter
from webapp.supplies.town.models import SiteDraft
from webapp.supplies.town.sites import Site
from webapp.supplies.town.sites_csv import Severity, SiteList

_SHELTER_FIELDS = (
    *("receive_mode", "accept_policy", "min_lot", "storage_ml", "hub", "shown", "open"),
    *("lat_e6", "lon_e6", "common_id", "heads"),
)


def own_log(org: str) -> str:
    """The log of a municipality. Raises NotFound for any other organisation."""
    found = db.session.scalar(select(Log.id).where(Log.organisation_id == org))
    if found is None:
        raise NotFound
    return found


# Disasters


def disasters(log: str) -> list[DisasterCard]:
    """Open ones, the latest first, then closed ones."""
    return disasters_of(db.session(), log, closed=True)


def disaster(log: str, disaster_id: str) -> tuple[DisasterCard, Disaster]:
    """One of this log. Raises NotFound."""
    row = db.session.get(Disaster, disaster_id)
    if row is None or row.log != log:
        raise NotFound
    return next(card for card in disasters(log) if card.id == disaster_id), row


# Shelters


def shelters(log: str) -> dict[str, ShelterCard]:
    """By id: open ones first, by name."""
    return shelters_of(db.session(), log)


def shelter(log: str, shelter_id: str) -> ShelterCard:
    """One of this log. Raises NotFound."""
    found = shelters(log).get(shelter_id)
    if found is None:
        raise NotFound
    return found


def body_of(row: Shelter) -> dict[str, Any]:
    """A shelter as the command would set it again."""
    return {"shelter": row.id} | {name: getattr(row, name) for name in _SHELTER_FIELDS}


# Lists of sites


@dataclass(frozen=True, slots=True)
class Change:
    """What importing one site would do: `act` new | changed | same; `shelter` the id, "" for a new one."""

    site: Site
    act: str
    shelter: str
    body: Mapping[str, Any]
    private: Mapping[str, Any]


#: A site without a word about it takes goods at its door from anyone, once it is opened.
_NEW: Mapping[str, Any] = {
    "receive_mode": "door",
    "accept_policy": "anyone",
    "min_lot": 0,
    "storage_ml": 0,
    "hub": "",
    "shown": True,
    "heads": {},
}
#: Columns of the list that the vault carries through, for the list that is written again.
_CARRIED = ("prefecture", "city", "hazards", "also_shelter", "capacity", "extra")


def keep_draft(log: str, found: SiteList, filename: str, person: str, now: int) -> str:
    """Stage a list for its preview; drafts older than a day go."""
    row = SiteDraft(
        id=new_id(),
        log=log,
        filename=filename[:200],
        layout=found.layout,
        uploaded_by=person,
        uploaded_at=now,
        rows=found.rows,
        sites=[asdict(site) for site in found.sites],
        problems=[{**asdict(problem), "severity": str(problem.severity)} for problem in found.problems],
    )
    with transaction() as session:
        session.execute(delete(SiteDraft).where(SiteDraft.uploaded_at < now - DAY))
        session.add(row)
    return row.id


def draft_or_none(log: str, draft_id: str) -> SiteDraft | None:
    """The draft as it was staged, if it is this log's and still there."""
    row = db.session.get(SiteDraft, draft_id)
    return row if row is not None and row.log == log else None


def drop_draft(draft_id: str) -> None:
    """It has been imported."""
    with transaction() as session:
        session.execute(delete(SiteDraft).where(SiteDraft.id == draft_id))


def changes(log: str, draft: SiteDraft, *, opened: bool = False) -> list[Change]:
    """What importing the draft would do, in its order. A shelter is known by its ID of the list, else by its name."""
    cards = shelters(log).values()
    by_id = {card.row.common_id: card for card in cards if card.row.common_id}
    by_name = {card.name: card for card in cards}
    sites = [Site(**{**line, "hazards": tuple(line["hazards"])}) for line in draft.sites]
    return [_change(site, by_id.get(site.id) or by_name.get(site.name), opened=opened) for site in sites]


def _change(site: Site, card: ShelterCard | None, *, opened: bool) -> Change:
    told = {"name": site.name, "kana": site.kana, "address": site.address, "building": site.building}
    told |= {"phone": site.phone, "mail": site.mail, "note": site.note}
    carried = {name: value for name, value in asdict(site).items() if name in _CARRIED and value}
    carried["hazards"] = list(site.hazards)
    # what the list does not say stays as it is
    place: dict[str, Any] = {"lat_e6": site.lat_e6, "lon_e6": site.lon_e6} if site.lat_e6 is not None else {}
    place |= {"common_id": site.id} if site.id else {}
    said = {name: text for name, text in told.items() if text} | {"site": carried}
    if card is None:
        return Change(site, "new", "", {**_NEW, **place, "open": opened}, said)
    body = {**body_of(card.row), **place}
    private = {**card.private, **said}
    same = body == body_of(card.row) and private == dict(card.private)
    return Change(site, "same" if same else "changed", card.id, body, private)


def site_of(card: ShelterCard) -> Site:
    """A shelter as a line of the municipal list."""
    told = card.private
    carried = told.get("site", {})
    words = {name: str(told.get(name, "")) for name in ("kana", "address", "building", "mail", "note")}
    return Site(
        row=0,
        name=card.name,
        id=card.row.common_id,
        lat_e6=card.row.lat_e6,
        lon_e6=card.row.lon_e6,
        phone=card.phone,
        hazards=tuple(carried.get("hazards", ())),
        also_shelter=bool(carried.get("also_shelter")),
        capacity=carried.get("capacity"),
        prefecture=carried.get("prefecture", ""),
        city=carried.get("city", ""),
        extra=dict(carried.get("extra", {})),
        **words,
    )


def problems_of(draft: SiteDraft, severity: Severity) -> Sequence[Mapping[str, Any]]:
    """Findings of one severity, by row."""
    return [problem for problem in draft.problems if problem["severity"] == severity]


# Items


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item of the master on the desk. `own`: not of the base list; `texts`: word → text of its variants."""

    item: catalogue.Item
    active: bool
    own: bool
    texts: Mapping[str, str]


def items(log: str) -> list[ItemLine]:
    """The base list and the municipality's own items, switched off ones too, by code."""
    rows = {row.code: row for row in db.session.scalars(select(Item).where(Item.log == log))}
    subjects = {code: vault.of_act(row.details) for code, row in rows.items()}
    told = vault.read(db.session(), log, subjects.values())
    lines = [
        ItemLine(item, rows[code].active if code in rows else True, own=False, texts=dict(item.variants))
        for code, item in catalogue.BASE.items()
    ]
    for code, row in rows.items():
        if code not in catalogue.BASE:
            lines.append(_own(row, told.get(subjects[code], {})))
    return sorted(lines, key=lambda line: line.item.code)


def _own(row: Item, told: Mapping[str, Any]) -> ItemLine:
    texts = {word: str(told.get("variants", {}).get(word, word)) for word in row.variants if word}
    item = catalogue.Item(
        code=row.code,
        name_ja=str(told.get("name", row.code)),
        name_en=str(told.get("name", row.code)),
        category=row.category,
        unit=row.unit,
        variants=tuple(texts.items()),
        shelf_life=row.shelf_life,  # type: ignore[arg-type]
        tags=frozenset(row.tags),
        vol_ml=row.vol_ml,
        grams=row.grams,
        variant_needed=bool(texts),
    )
    return ItemLine(item, row.active, own=True, texts=texts)


def own_item(log: str, code: str) -> ItemLine:
    """One of the municipality's own items. Raises NotFound."""
    found = next((line for line in items(log) if line.own and line.item.code == code), None)
    if found is None:
        raise NotFound
    return found


def free_code(log: str) -> str:
    """The code that the municipality's next own item gets: X001, X002, …"""
    taken = set(db.session.scalars(select(Item.code).where(Item.log == log)))
    return next(code for n in range(1, 10_000) if (code := f"X{n:03}") not in taken)
