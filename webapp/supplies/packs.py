"""Shelter packs: all that a phone needs to receive goods at a shelter, from a cold start without a network.

The scans of each parcel travel as they are, and the phone folds them together with its own: its fold and
`rules.story` are one (tests/vectors/parcel_stories.json).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp.kernel.identity.models import Organisation
from webapp.kernel.ledger.models import Head, Log
from webapp.supplies import catalogue
from webapp.supplies.known import bar_of, disasters_of, item_text, items_of
from webapp.supplies.labels import keys as label_keys
from webapp.supplies.models import Item, Match, Need, Offer, Parcel, ScanRow, Shelter
from webapp.supplies.steps import MatchState

#: More boxes than this are not carried ahead: the latest labels stay, the rest is known when the network is back.
MOST_BOXES = 4_000
_COMING = (MatchState.REQUESTED, MatchState.SHIPPED, MatchState.ARRIVED, MatchState.LOST)


class Place(NamedTuple):
    """A shelter, as the list of somebody's shelters has it. `rev`: entries of its log, as text."""

    id: str
    log: str
    name: str
    town: str
    open: bool
    rev: str


def places(session: Session, organisation_id: str) -> list[Place]:
    """The shelter that this organisation is, or all those of the municipality that it is; open ones first."""
    s, o, town = Shelter, Organisation, Log
    query = select(s.id, s.log, o.name, town.name, s.open, Head.size).join(o, o.id == s.id)
    query = query.join(town, town.id == s.log).outerjoin(Head, Head.log == s.log)
    query = query.where(or_(s.id == organisation_id, town.organisation_id == organisation_id))
    rows = session.execute(query.order_by(s.open.desc(), o.name, s.id)).all()
    return [Place(*row[:5], rev=str(row[5] or 0)) for row in rows]


def summary(place: Place) -> dict[str, Any]:
    """One shelter of the list."""
    return place._asdict()


def pack(session: Session, place: Place, actor: str, prefixes: Sequence[str], now: int) -> dict[str, Any]:
    """The pack of one shelter for one person. As many queries for a thousand boxes as for one."""
    items = items_of(session, place.log)
    disasters = disasters_of(session, place.log)
    boxes = _boxes(session, place.log, [card.id for card in disasters])
    scans = _scans(session, place.log, [card.id for card in disasters])
    return {
        "rev": place.rev,
        "server_at": now,
        "shelter": summary(place),
        "actor": actor,
        "disasters": [{"id": card.id, "name": card.name, "drill": card.drill} for card in disasters],
        "shelters": _neighbours(session, place.log),
        "parcels": [_box(row, match, offer, items, scans) for row, match, offer in boxes],
        "needs": _needs(session, place.id, [card.id for card in disasters], items),
        "items": _own_items(session, place.log, items),
        "label_keys": label_keys.public_keys(session, place.log),
        "codes": {"prefixes": list(prefixes)},
    }


def _neighbours(session: Session, log: str) -> list[dict[str, Any]]:
    """Every shelter of the town: a box can be meant for each of them."""
    s, o = Shelter, Organisation
    query = select(s.id, o.name, s.open).join(o, o.id == s.id).where(s.log == log)
    rows = session.execute(query.order_by(o.name, s.id))
    return [{"id": row.id, "name": row.name, "open": row.open} for row in rows]


def _boxes(session: Session, log: str, disasters: Sequence[str]) -> list[tuple[Parcel, Match, Offer]]:
    """Boxes of open disasters: all those under way in the town, and those that have come."""
    p, m = Parcel, Match
    query = select(p, m, Offer).join(m, m.id == p.match).join(Offer, Offer.id == m.offer)
    query = query.where(p.log == log, m.disaster.in_(disasters))
    found = session.execute(query.order_by(p.labelled_at.desc(), p.code).limit(MOST_BOXES)).all()
    return [(row[0], row[1], row[2]) for row in found]


def _scans(session: Session, log: str, disasters: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """What was scanned of each code. Who: the shelter or the town, never the person."""
    found: dict[str, list[dict[str, Any]]] = {}
    row, codes = ScanRow, select(Parcel.code).join(Match, Match.id == Parcel.match)
    ours = (row.log == log, row.code.in_(codes.where(Parcel.log == log, Match.disaster.in_(disasters))))
    columns = row.id, row.code, row.step, row.shelter, row.at, row.body, row.org
    for scan in session.execute(select(*columns).where(*ours)):
        who = "shelter" if scan.org == scan.shelter else "town"
        told = {"id": scan.id, "step": scan.step, "place": scan.shelter, "at": scan.at, "body": scan.body}
        found.setdefault(scan.code, []).append({**told, "who": who})
    return found


def _box(
    row: Parcel,
    match: Match,
    offer: Offer,
    items: Mapping[str, catalogue.Item],
    scans: Mapping[str, Any],
) -> dict[str, Any]:
    """A box as its label says it. `void`: its label is good no more; `replaced_by` the one that stands for it."""
    item = items.get(match.item) or catalogue.BASE.get(match.item)
    return {
        "code": row.code,
        "k": row.k,
        "n": row.n,
        "item": match.item,
        "variant": offer.variant,
        "text": item_text(items, match.item, offer.variant),
        "unit": catalogue.unit_text(item.unit) if item else "",
        "quantity": row.quantity,
        "best_before": row.best_before,
        "allergens": offer.allergens,
        "edible": item.is_eaten if item else False,
        "match": match.id,
        "state": match.state,
        "expected": match.state in _COMING and not match.closed_short,
        "stopped": match.ended_by == "stop",
        "shelter": match.shelter,
        "disaster": match.disaster,
        "eta": match.eta,
        "void": row.void_at is not None,
        "replaced_by": row.replaced_by,
        "scans": scans.get(row.code, []),
    }


def _needs(
    session: Session, shelter: str, disasters: Sequence[str], items: Mapping[str, catalogue.Item]
) -> list[dict[str, Any]]:
    """What the shelter needs and how far it is covered, in the order of registration."""
    n = Need
    mine = (n.shelter == shelter, n.disaster.in_(disasters), n.stopped_at.is_(None), n.expired_at.is_(None))
    return [_need(need, items) for need in session.scalars(select(n).where(*mine).order_by(n.index, n.id))]


def _need(need: Need, items: Mapping[str, catalogue.Item]) -> dict[str, Any]:
    bar, item = bar_of(need), items.get(need.item) or catalogue.BASE.get(need.item)
    return {
        "id": need.id,
        "disaster": need.disaster,
        "item": need.item,
        "variant": need.variant,
        "text": item_text(items, need.item, need.variant),
        "unit": catalogue.unit_text(item.unit) if item else "",
        "required": bar.required,
        "open": bar.open,
        "promised": bar.promised,
        "requested": need.requested,
        "on_the_way": bar.on_the_way,
        "arrived": bar.arrived,
    }


def _own_items(session: Session, log: str, items: Mapping[str, catalogue.Item]) -> dict[str, Any]:
    """What the town has changed of the base list, which every phone has: null where it is switched off."""
    own: dict[str, Any] = {}
    for code in session.scalars(select(Item.code).where(Item.log == log).order_by(Item.code)):
        item = items.get(code)
        own[code] = None if item is None else _item(item)
    return own


def _item(item: catalogue.Item) -> dict[str, Any]:
    return {
        "name": item.name_ja,
        "unit": item.unit,
        "category": item.category,
        "variants": dict(item.variants),
        "sizes": [word for word, _ in item.variants],
        "edible": item.is_eaten,
    }
