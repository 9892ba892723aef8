"""Which shipments stand in which list of 到着物資, for one shelter or for a whole town."""

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import aliased

from webapp.supplies.models import Match, Parcel, ScanRow
from webapp.supplies.steps import MatchState, Step

#: Lists that are states of a shipment.
STATES = {
    "due": (MatchState.SHIPPED,),
    "here": (MatchState.ARRIVED,),
    "done": (MatchState.RECEIVED,),
    "asked": (MatchState.REQUESTED,),
    "ended": (MatchState.CANCELLED, MatchState.LOST, MatchState.LAPSED, MatchState.DECLINED),
}


def listed(log: str, disaster: str, shelter: str, view: str) -> list[ColumnElement[bool]]:
    """Conditions of a list: shipments to `shelter` and those of which it has or gets a box; "": of the whole town."""
    m = Match
    whole = [m.log == log, m.disaster == disaster, _of_view(log, shelter, view)]
    return [*whole, _ours(log, shelter, view)] if shelter else whole


def _of_view(log: str, shelter: str, view: str) -> ColumnElement[bool]:
    m, p = Match, Parcel
    if view == "differ":
        more = select(p.match).where(p.good + p.damaged + p.expired > p.quantity, p.counted_at != "")
        return or_(m.damaged > 0, m.expired > 0, m.missing > 0, m.id.in_(more))
    if view == "elsewhere":
        stray = or_(p.forwarded_to != "", (p.arrived_shelter != "") & (p.arrived_shelter != m.shelter))
        return or_(select(p.code).where(p.match == m.id, stray).exists(), m.id.in_(_sent_on(log, shelter)))
    return m.state.in_([state.value for state in STATES.get(view, STATES["due"])])


def _ours(log: str, shelter: str, view: str) -> ColumnElement[bool]:
    """Of a shelter: all that goes there; of what goes elsewhere the boxes that came, stayed or went on here."""
    m, p = Match, Parcel
    own, came, counted = m.shelter == shelter, p.arrived_shelter == shelter, p.counted_at == shelter
    if view == "due":
        return or_(own, _with(log, p.forwarded_to == shelter))
    if view == "here":  # less is on its way to the need than has left the offer: somebody has taken in a box
        return or_(own, _with(log, came & (p.counted_at == "")) & (m.transit < m.offer_transit))
    if view in ("done", "differ"):
        return or_(own, _with(log, counted))
    if view == "elsewhere":
        touched = _with(log, or_(came, counted, p.forwarded_to == shelter))
        return or_(own, touched, m.id.in_(_sent_on(log, shelter)))
    return own


def _with(log: str, box: ColumnElement[bool]) -> ColumnElement[bool]:
    """Shipments with such a box."""
    return Match.id.in_(select(Parcel.match).where(Parcel.log == log, box))


def _sent_on(log: str, shelter: str) -> Select[str]:
    """Shipments of which a box was sent on, by this shelter or by any; also after it has arrived."""
    s, p, undo = ScanRow, Parcel, aliased(ScanRow)
    undone = select(undo.id).where(undo.log == s.log, undo.target == s.id, undo.shelter == s.shelter)
    query = select(p.match).join(s, s.code == p.code)
    query = query.where(s.log == log, s.step == Step.FORWARDED.value, ~undone.exists())
    return query.where(s.shelter == shelter) if shelter else query
