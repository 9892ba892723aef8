"""What the receiving side reads about shipments: expected, arrived, received, elsewhere; who scanned them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from webapp.kernel.identity.models import Organisation
from webapp.kernel.identity.pseudonyms import PersonCard, people_by_pseudonym
from webapp.kernel.ledger import vault
from webapp.kernel.scanning.codes import show
from webapp.supplies import catalogue, whereabouts
from webapp.supplies.desk.home import PAGE, Sign, day_text, days_until, end_of_day, unit_of, volume_of
from webapp.supplies.desk.lists import STATES, listed
from webapp.supplies.known import item_text, shelter_names
from webapp.supplies.models import Match, Offer, Parcel, ScanRow
from webapp.supplies.quantities import show_day
from webapp.supplies.scans import was_past
from webapp.supplies.steps import LOST_AFTER_MS, STEP_TITLES, MatchState, Step
from webapp.supplies.whereabouts import Place, Told, Where

#: Views of the list and their names.
VIEWS = {
    "due": "これから届く",
    "here": "数え待ち",
    "done": "受領済み",
    "differ": "数の差あり",
    "elsewhere": "転送・別の避難所",
    "outside": "外部から",
    "asked": "発送待ち",
    "ended": "取り消し・不着",
}


@dataclass(frozen=True, slots=True)
class Town:
    """Where to look: a municipality's log, one of its shelters or "" for all, one disaster, items and the time."""

    log: str
    shelter: str
    disaster: str
    items: Mapping[str, catalogue.Item]
    now: int


@dataclass(frozen=True, slots=True)
class Shipment:
    """A shipment in a list. `vol_ml` of what is in it; `day` when it is due, in words.

    `boxes`: where its boxes are, in words, if there is more to say of them than the state does.
    """

    row: Match
    title: str
    unit: str
    sender: str
    shelter: str
    vol_ml: int
    day: str
    sign: Sign
    boxes: str = ""

    @property
    def volume(self) -> str:
        """「1.4 m³」."""
        return volume_text(self.vol_ml)


@dataclass(frozen=True, slots=True)
class Coming:
    """What is expected on a day: shipments, boxes, mL."""

    shipments: int
    boxes: int
    vol_ml: int

    @property
    def volume(self) -> str:
        """「1.4 m³」."""
        return volume_text(self.vol_ml)


@dataclass(frozen=True, slots=True)
class ScanLine:
    """One scan in words. `undone`: somebody took it back."""

    id: str
    step: str
    step_text: str
    what: str
    who: str
    where: str
    at: int
    undone: bool


@dataclass(frozen=True, slots=True)
class ParcelCard:
    """A parcel: what its label says, what was found, where it stands."""

    row: Parcel
    shown: str
    sign: Sign
    where: str
    forwarded: str
    counted: str
    stands: Where

    @property
    def dated(self) -> str:
        """「2027年3月1日」, or ""."""
        return show_day(self.row.best_before) if self.row.best_before else ""


def volume_text(vol_ml: int) -> str:
    """「1.4 m³」; a little is less than 0.1."""
    return f"{vol_ml / 1_000_000:,.1f} m³" if vol_ml >= 100_000 else "0.1 m³未満"


# Lists


def shipments(session: Session, town: Town, view: str, offset: int) -> tuple[list[Shipment], int]:
    """A page of shipments of a view; what comes first first, what is over the latest first."""
    m = Match
    query = select(m).where(*listed(town.log, town.disaster, town.shelter, view))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    soon = view in ("due", "asked", "here")
    order = (m.eta.is_(None), m.eta, m.shipped_at) if soon else (_last().desc(),)
    rows = list(session.scalars(query.order_by(*order, m.id).limit(PAGE).offset(offset)))
    return lines(session, town, rows), total


def _last() -> ColumnElement[int]:
    m = Match
    return func.coalesce(m.received_at, m.ended_at, m.arrived_at, m.shipped_at, m.requested_at, 0)


def counts(session: Session, town: Town) -> dict[str, int]:
    """View → shipments, for the views that are a state, and for what is at another shelter than on its label."""
    return {
        view: session.scalar(
            select(func.count())
            .select_from(Match)
            .where(*listed(town.log, town.disaster, town.shelter, view))
        )
        or 0
        for view in (*STATES, "elsewhere")
    }


def lines(session: Session, town: Town, rows: Sequence[Match]) -> list[Shipment]:
    """Shipments with their words."""
    names = shelter_names(session, [row.shelter for row in rows])
    senders, told = _senders(session, rows), whereabouts.told(session, rows)
    boxes = [told.get(row.id, Told()) for row in rows]
    return [
        Shipment(
            row, item_text(town.items, row.item, row.variant), unit_of(town.items, row.item),
            senders.get(row.offer, ""), names.get(row.shelter, ""),
            volume_of(town.items, row.item, row.quantity), _due(row, town.now), sign_of(row, town.now, here),
            here.text,
        )
        for row, here in zip(rows, boxes, strict=True)
    ]  # fmt: skip


def _senders(session: Session, rows: Sequence[Match]) -> dict[str, str]:
    """Offer → the organisation that sends; citizens are not named."""
    o, org, shelter = Offer, Organisation, Organisation.__table__.alias()
    query = select(o.id, o.individual, org.name, shelter.c.name).join(org, org.id == o.org)
    query = query.outerjoin(shelter, shelter.c.id == o.shelter).where(o.id.in_({row.offer for row in rows}))
    return {
        offer: f"{other}の余り" if other else ("個人の方" if individual else name)
        for offer, individual, name, other in session.execute(query)
    }


def _due(row: Match, now: int) -> str:
    if row.state != MatchState.SHIPPED or row.eta is None:
        return ""
    return day_text(row.eta, now)


def sign_of(row: Match, now: int, boxes: Told) -> Sign:
    """How a shipment stands, as a tag."""
    state = MatchState(row.state)
    if state == MatchState.ARRIVED and boxes.is_moving:
        return "warn", "一部到着"
    if state == MatchState.SHIPPED and row.eta is not None and days_until(row.eta, now) < 0:
        return "error", "遅れています"
    if state == MatchState.RECEIVED and (row.damaged or row.expired or row.missing):
        return "warn", "受領・差あり"
    kinds = {
        MatchState.SHIPPED: ("info", "輸送中"),
        MatchState.ARRIVED: ("warn", "数え待ち"),
        MatchState.RECEIVED: ("ok", "受領"),
        MatchState.LOST: ("error", "不着"),
        MatchState.REQUESTED: ("info", "発送待ち"),
    }
    return kinds.get(state, ("plain", state.text))


def due_today(session: Session, town: Town) -> list[Shipment]:
    """What a shelter has to look out for: due today or late, and what stands there and is not counted."""
    m = Match
    due = (m.state == MatchState.SHIPPED.value) & (m.eta <= end_of_day(town.now))
    here = m.state == MatchState.ARRIVED.value
    ours = (m.log == town.log, m.shelter == town.shelter, m.disaster == town.disaster)
    query = select(m).where(*ours, or_(due, here))
    return lines(session, town, list(session.scalars(query.order_by(m.state, m.eta, m.id).limit(30))))


def coming_on(session: Session, town: Town, days: int) -> Coming:
    """What is expected so many days from now (0: today, with all that is late)."""
    m = Match
    query = select(m.item, func.sum(m.transit), func.sum(m.parcels), func.count())
    ours = (m.log == town.log, m.disaster == town.disaster, m.state == MatchState.SHIPPED.value)
    query = query.where(*ours, m.eta <= end_of_day(town.now, days))
    query = query.where(m.shelter == town.shelter) if town.shelter else query
    query = query.where(m.eta > end_of_day(town.now, days - 1)) if days else query
    rows = session.execute(query.group_by(m.item)).all()
    volume = sum(volume_of(town.items, item, int(quantity or 0)) for item, quantity, _, _ in rows)
    return Coming(sum(row[3] for row in rows), sum(int(row[2] or 0) for row in rows), volume)


# One shipment, one parcel


def parcels_of(session: Session, match: Match) -> list[ParcelCard]:
    """Its parcels: good labels in order, then void ones that somebody has read."""
    p = Parcel
    query = select(p).where(p.match == match.id, or_(p.void_at.is_(None), p.arrived_at.is_not(None)))
    rows = list(session.scalars(query.order_by(p.void_at.is_not(None), p.k, p.labelled_at)))
    return cards(session, rows)


def cards(session: Session, rows: Sequence[Parcel]) -> list[ParcelCard]:
    """Parcels with their words."""
    matches = select(Match.id, Match.shelter).where(Match.id.in_({row.match for row in rows}))
    stand = whereabouts.places(session, rows, dict(session.execute(matches).all()))
    asked = {name for row in rows for name in (row.arrived_shelter, row.forwarded_to, row.counted_at)}
    names = shelter_names(session, asked)
    return [
        ParcelCard(
            row, show(row.code), parcel_sign(row, stand[row.code], names), names.get(row.arrived_shelter, ""),
            names.get(row.forwarded_to, ""), names.get(row.counted_at, ""), stand[row.code].where,
        )
        for row in rows
    ]  # fmt: skip


def parcel_sign(row: Parcel, place: Place, names: Mapping[str, str]) -> Sign:
    """How a parcel stands, as a tag."""
    if row.void_at is not None and not row.replaced_by:
        return "error", "無効のラベル"
    if place.where == Where.COUNTED:
        odd = row.damaged or row.expired or row.missing or row.good > row.quantity
        return ("warn", "受領・差あり") if odd else ("ok", "受領")
    if place.where in (Where.PASSING, Where.ONWARD):
        return "info", whereabouts.words(place, names.get(place.shelter, ""))
    return ("plain", "未着") if place.where == Where.COMING else ("warn", "数え待ち")


def scans_of(session: Session, town: Town, codes: Iterable[str]) -> list[ScanLine]:
    """What was scanned of these parcels, the latest first."""
    s = ScanRow
    query = select(s).where(s.log == town.log, s.code.in_(sorted(set(codes))))
    rows = session.scalars(query.order_by(s.at.desc(), s.id.desc()).limit(200))
    return scan_lines(session, town, list(rows))


def outside_scans(session: Session, town: Town, offset: int) -> tuple[list[ScanLine], int]:
    """Goods without our label, the latest first; also those of which nobody knows the disaster yet."""
    s = ScanRow
    mine = s.disaster.in_((town.disaster, ""))
    query = select(s).where(s.log == town.log, mine, s.step == Step.OUTSIDE.value)
    query = query.where(s.shelter == town.shelter) if town.shelter else query
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(query.order_by(s.at.desc(), s.id.desc()).limit(PAGE).offset(offset))
    return scan_lines(session, town, list(rows)), total


def scan_lines(session: Session, town: Town, rows: Sequence[ScanRow]) -> list[ScanLine]:
    """Scans with the names of who made them, as far as this log still knows them."""
    people = people_by_pseudonym(town.log, {row.actor for row in rows})
    asked = {row.shelter for row in rows} | {str(row.body.get("to", "")) for row in rows}
    names = shelter_names(session, asked)
    undone = _undone(session, town.log, [row.id for row in rows])
    return [
        ScanLine(
            row.id, row.step, STEP_TITLES[Step(row.step)], _what(town, row, names), _who(people.get(row.actor)),
            names.get(row.shelter, ""), row.at, row.id in undone,
        )
        for row in rows
    ]  # fmt: skip


def _undone(session: Session, log: str, ids: Sequence[str]) -> set[str]:
    s, told = ScanRow, ScanRow.__table__.alias()
    taken_back = select(s.target).join(told, (told.c.id == s.target) & (told.c.shelter == s.shelter))
    return set(session.scalars(taken_back.where(s.log == log, s.target.in_(ids)))) if ids else set()


def _who(card: PersonCard | None) -> str:
    return f"{card.role_text} {card.name}".strip() if card else ""


def _what(town: Town, row: ScanRow, names: Mapping[str, str]) -> str:
    """The scan's own words: counts, where it was sent on to, what came."""
    body: Mapping[str, Any] = row.body
    if row.step == Step.COUNTED:
        return _count_text(body)
    if row.step == Step.FORWARDED:
        return f"{names.get(str(body.get('to', '')), '')}へ"
    if row.step == Step.OUTSIDE:
        title = item_text(town.items, body["item"], body.get("variant", ""))
        unplaced = "" if row.disaster else "（どの災害の物資か未定）"
        expired = "（期限切れ）" if was_past(row) else ""
        return f"{title} {body['quantity']:,}{unit_of(town.items, body['item'])}{expired}{unplaced}"
    return "ここで受け入れ" if body.get("accept") else ""


def _count_text(body: Mapping[str, Any]) -> str:
    if body.get("as_listed"):
        return "すべて記載どおり"
    words = {"good": "良", "damaged": "破損", "expired": "期限切れ", "missing": "不足"}
    return "・".join(f"{text} {body[name]}" for name, text in words.items() if body.get(name)) or "0"


def may_be_lost(row: Match, now: int) -> bool:
    """Ten days after it was due, the municipality may say that it will not come."""
    due = row.eta or row.shipped_at or now
    return row.state == MatchState.SHIPPED and row.arrived_at is None and now >= due + LOST_AFTER_MS


def may_be_closed(row: Match) -> bool:
    """Some of it has come, or was seen on its way: the receiver may say that the rest will not come."""
    return row.state in (MatchState.SHIPPED, MatchState.ARRIVED) and row.arrived_at is not None


def tracking_of(session: Session, row: Match) -> str:
    """The carrier's number, as the sender told it."""
    subject = vault.of_act(row.shipping) if row.shipping else ""
    return (
        str(vault.read(session, row.log, [subject]).get(subject, {}).get("tracking", "")) if subject else ""
    )
