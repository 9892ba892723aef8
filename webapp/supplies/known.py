"""What every screen of this room reads: names of disasters, shelters and items, and a need with its bar.

Names come from the vault and from organisations, in one query each, whatever the size of the town.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.identity.models import Organisation
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import Log
from webapp.supplies import catalogue
from webapp.supplies.models import Disaster, Item, Need, Parcel, Shelter
from webapp.supplies.steps import MatchState


@dataclass(frozen=True, slots=True)
class DisasterCard:
    """A disaster on screen. `drill`: everything of it bears 「訓練」."""

    id: str
    log: str
    name: str
    drill: bool
    opened_at: int
    closed_at: int | None
    municipality: str


@dataclass(frozen=True, slots=True)
class ShelterCard:
    """A shelter as its town and its staff see it. `private`: address, mail, contact, phone, note, as entered."""

    id: str
    log: str
    name: str
    phone: str
    row: Shelter
    private: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bar:
    """How far a need is covered: open, promised, on the way, arrived; they sum to what is required or more.

    `requested`: what the shelter has asked for of what is promised; None where that is not told apart.
    """

    required: int
    open: int
    promised: int
    on_the_way: int
    arrived: int
    requested: int | None = None

    @property
    def met(self) -> bool:
        """Nothing is wanted any more but its arrival."""
        return self.on_the_way + self.arrived >= self.required


def bar_of(need: Need) -> Bar:
    """The bar of a need."""
    promised, there = need.pledged + need.requested, need.good + need.filled
    return Bar(need.required, need.open, promised, need.transit, there, need.requested)


def disasters_of(session: Session, log: str | None = None, *, closed: bool = False) -> list[DisasterCard]:
    """Disasters of one log, or of all: open ones first, drills after what is real, the latest first."""
    d, o = Disaster, Organisation
    query = select(d, o.name).join(Log, Log.id == d.log).join(o, o.id == Log.organisation_id)
    query = query.where(d.log == log) if log is not None else query
    query = query if closed else query.where(d.closed_at.is_(None))
    rows = session.execute(query.order_by(d.closed_at.is_not(None), d.drill, d.opened_at.desc(), d.id)).all()
    names = _opened(session, [(row.log, row.details) for row, _ in rows])
    return [
        DisasterCard(
            row.id, row.log, str(names.get(row.details, {}).get("name", "")), row.drill, row.opened_at,
            row.closed_at, town,
        )
        for row, town in rows
    ]  # fmt: skip


def shelters_of(session: Session, log: str) -> dict[str, ShelterCard]:
    """Every shelter of a town by id, open ones first, by name."""
    s, o = Shelter, Organisation
    query = select(s, o.name, o.phone).join(o, o.id == s.id).where(s.log == log)
    rows = session.execute(query.order_by(s.open.desc(), o.name, s.id)).all()
    told = _opened(session, [(row.log, row.details) for row, _, _ in rows])
    return {
        row.id: ShelterCard(row.id, row.log, name, phone, row, told.get(row.details, {}))
        for row, name, phone in rows
    }


def shelter_names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Names alone, without the vault."""
    o = Organisation
    found = session.execute(select(o.id, o.name).where(o.id.in_(sorted(set(ids) - {""}))))
    return {row.id: row.name for row in found}


def shelters_where_staff(session: Session, organisation_id: str) -> list[Shelter]:
    """The shelter that this organisation is, or all those of the municipality that it is."""
    s = Shelter
    query = select(s).outerjoin(Log, Log.id == s.log)
    ours = query.where((s.id == organisation_id) | (Log.organisation_id == organisation_id))
    return list(session.scalars(ours.order_by(s.id)))


def items_of(session: Session, log: str) -> dict[str, catalogue.Item]:
    """The items of a town by code: the base list with what the town has changed, added and switched off."""
    rows = list(session.scalars(select(Item).where(Item.log == log)))
    names = _opened(session, [(row.log, row.details) for row in rows])
    items = dict(catalogue.BASE)
    for row in rows:
        items.pop(row.code, None)
        if row.active:
            items[row.code] = _own(row, names.get(row.details, {}))
    return dict(sorted(items.items()))


def _own(row: Item, told: Mapping[str, Any]) -> catalogue.Item:
    """The empty word among the variants says that one can do without."""
    base, name = catalogue.BASE.get(row.code), str(told.get("name", ""))
    words = (dict(base.variants) if base else {}) | told.get("variants", {})
    return catalogue.Item(
        code=row.code,
        name_ja=name or (base.name_ja if base else row.code),
        name_en=base.name_en if base else (name or row.code),
        category=row.category,
        unit=row.unit,
        variants=tuple((word, words.get(word, word)) for word in row.variants if word),
        shelf_life=row.shelf_life,  # type: ignore[arg-type]
        tags=frozenset(row.tags),
        vol_ml=row.vol_ml,
        grams=row.grams,
        variant_needed=bool(row.variants) and "" not in row.variants,
        name_easy=base.name_easy if base and not name else "",
        reading=base.reading if base else "",
        also=base.also if base else "",
        variants_in=base.variants_in if base else (),
    )


def item_text(items: Mapping[str, catalogue.Item], code: str, variant: str, language: str = "ja") -> str:
    """「紙おむつ（乳児・小児） M」 for this reader; an item that is switched off keeps its name of the base list."""
    item = items.get(code) or catalogue.BASE.get(code)
    if item is None:
        return code
    kind, between = item.variant_text(variant, language), ", " if language == "en" else " "
    return f"{item.name(language)}{between}{kind}" if kind else item.name(language)


def labels_of(session: Session, match: str) -> list[Parcel]:
    """The parcels of a shipment whose labels are good, in order."""
    p = Parcel
    return list(session.scalars(select(p).where(p.match == match, p.void_at.is_(None)).order_by(p.k)))


def state_text(state: str) -> str:
    """A shipment's state on screen."""
    return MatchState(state).text


def _opened(session: Session, acts: Iterable[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Act → what its opening in the vault says; erased ones are absent."""
    by_log: dict[str, list[str]] = {}
    for log, act in acts:
        by_log.setdefault(log, []).append(act)
    found: dict[str, dict[str, Any]] = {}
    for log, ids in by_log.items():
        told = vault.read(session, log, [vault.of_act(act) for act in ids])
        found |= {act: told[vault.of_act(act)] for act in ids if vault.of_act(act) in told}
    return found
