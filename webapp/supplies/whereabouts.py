"""Where the boxes of a shipment are, box by box, in the same words for its sender and for the shelters.

A shipment has one state and several boxes; one of them may be at a shelter that only sends it on. What a page says of
the shipment must be true of each of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.i18n import gettext, mark
from webapp.supplies.known import shelter_names
from webapp.supplies.models import Match, Parcel, ScanRow


class Where(StrEnum):
    """How a box stands. Taken in is: kept by a shelter that it was not meant for."""

    COUNTED = "counted"
    HERE = "here"
    TAKEN_IN = "taken_in"
    PASSING = "passing"
    ONWARD = "onward"
    COMING = "coming"

    @property
    def is_moving(self) -> bool:
        """Not yet where it will be used."""
        return self in (Where.PASSING, Where.ONWARD, Where.COMING)


class Place(NamedTuple):
    """A box: how it stands, and the shelter where that is so ("" on its way and seen by nobody)."""

    where: Where
    shelter: str


class Told(NamedTuple):
    """「2箱のうち1箱は瀬見集会所から転送中、1箱は輸送中」; `is_moving`: some box is not there yet."""

    text: str = ""
    is_moving: bool = False


def places(session: Session, rows: Sequence[Parcel], destinations: Mapping[str, str]) -> dict[str, Place]:
    """Label → where its box is. `destinations`: shipment → the shelter it goes to. At most one query."""
    strayed = [row.arrived_by for row in rows if row.arrived_shelter not in ("", destinations[row.match])]
    taken_in = _taken_in(session, strayed) if strayed else frozenset[str]()
    return {row.code: _place(row, destinations[row.match], taken_in) for row in rows}


def _taken_in(session: Session, scans: Iterable[str]) -> frozenset[str]:
    s = ScanRow
    rows = session.execute(select(s.id, s.body).where(s.id.in_(sorted(scans))))
    return frozenset(id for id, body in rows if body.get("accept"))


def _place(row: Parcel, destination: str, taken_in: frozenset[str]) -> Place:
    if row.counted_at:
        return Place(Where.COUNTED, row.counted_at)
    if row.forwarded_to:
        return Place(Where.ONWARD, row.arrived_shelter)
    if row.arrived_at is None:
        return Place(Where.COMING, "")
    if row.arrived_shelter == destination:
        return Place(Where.HERE, destination)
    return Place(Where.TAKEN_IN if row.arrived_by in taken_in else Where.PASSING, row.arrived_shelter)


def told(session: Session, matches: Iterable[Match]) -> dict[str, Told]:
    """Shipment → what there is to say of its boxes beyond its state; of those that were seen by somebody.

    A handful of queries, however many shipments.
    """
    seen = {match.id: match for match in matches if match.arrived_at is not None}
    if not seen:
        return {}
    p = Parcel
    rows = list(session.scalars(select(p).where(p.match.in_(sorted(seen)), p.void_at.is_(None))))
    stand = places(session, rows, {id: match.shelter for id, match in seen.items()})
    names = shelter_names(session, {place.shelter for place in stand.values()})
    of_match: dict[str, list[Place]] = {id: [] for id in seen}
    for row in rows:
        of_match[row.match].append(stand[row.code])
    return {id: _told(match, of_match[id], names) for id, match in seen.items()}


def _told(match: Match, boxes: Sequence[Place], names: Mapping[str, str]) -> Told:
    kinds = Counter(box if box.shelter != match.shelter else Place(box.where, "") for box in boxes)
    moving = not match.closed_short and any(box.where.is_moving for box in kinds)
    plain = len(kinds) < 2 and all(not box.shelter for box in kinds)
    if plain:
        return Told("", moving)
    order = sorted(kinds.items(), key=lambda pair: (list(Where).index(pair[0].where), pair[0]))
    parts = [
        (count, words(box, names.get(box.shelter, ""), closed=match.closed_short)) for box, count in order
    ]
    return Told(_sentence(len(boxes), parts), moving)


_AT_DESTINATION = {
    Where.COUNTED: mark("受領"),
    Where.HERE: mark("到着"),
    Where.TAKEN_IN: mark("ほかの避難所で受け取り"),
    Where.PASSING: mark("ほかの避難所にあり"),
    Where.ONWARD: mark("転送中"),
    Where.COMING: mark("輸送中"),
}
_AT_SHELTER = {
    Where.COUNTED: mark("%(shelter)sで受領"),
    Where.TAKEN_IN: mark("%(shelter)sで受け取り"),
    Where.PASSING: mark("%(shelter)sにあり"),
    Where.ONWARD: mark("%(shelter)sから転送中"),
}


def words(place: Place, name: str, *, closed: bool = False) -> str:
    """「瀬見集会所から転送中」. `name`: of the shelter, "" at the destination, or where it may not be named."""
    if closed and place.where == Where.COMING:
        return gettext(mark("未着"))
    at = _AT_SHELTER.get(place.where) if name else None
    return gettext(at) % {"shelter": name} if at else gettext(_AT_DESTINATION[place.where])


def _sentence(boxes: int, parts: Sequence[tuple[int, str]]) -> str:
    if len(parts) == 1:
        all_of_them = gettext(mark("%(boxes)s箱とも%(where)s"))
        return parts[0][1] if boxes == 1 else all_of_them % {"boxes": boxes, "where": parts[0][1]}
    some = gettext(mark("%(count)s箱は%(where)s"))
    listed = gettext(mark("、")).join(some % {"count": count, "where": where} for count, where in parts)
    return gettext(mark("%(boxes)s箱のうち%(parts)s")) % {"boxes": boxes, "parts": listed}
