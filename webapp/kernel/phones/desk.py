"""What the pages show: the phones in one's care, one phone with what came after its loss, what was set aside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.identity.models import Organisation, Person, PersonState, Pseudonym
from webapp.kernel.identity.pseudonyms import NO_NAME
from webapp.kernel.identity.roles import Action, OrganisationKind, may
from webapp.kernel.intake.models import SetAside
from webapp.kernel.ledger.models import Log
from webapp.kernel.phones.entries import Reason
from webapp.kernel.phones.messages import DISCREPANCIES
from webapp.kernel.phones.models import PhoneKey, PhonePass
from webapp.kernel.phones.rules import holes
from webapp.kernel.reconciliation.models import DiscrepancyRow

MOST = 300
#: They have somebody of their own for their phones.
_ON_THEIR_OWN = (OrganisationKind.MUNICIPALITY, OrganisationKind.ITAD)


@dataclass(frozen=True, slots=True)
class Place:
    """A phone in one log. Times in ms."""

    log: str
    town: str
    enrolled_at: int
    last_at: int | None
    signed: int
    missing: int
    revoked_at: int | None
    reason: str
    lost_at: int | None
    after: str


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """A phone on screen; `places` are the logs in which one may see it. `until` (ms): a day pass."""

    dev: str
    name: str
    org: str
    until: int | None
    places: Sequence[Place]
    left: bool = False

    @property
    def short(self) -> str:
        """What tells this phone from others of the same person."""
        return self.dev[-6:].upper()

    @property
    def enrolled_at(self) -> int:
        """Since when it is known."""
        return min(place.enrolled_at for place in self.places)

    @property
    def last_at(self) -> int | None:
        """When a signed scan came last."""
        return max((place.last_at for place in self.places if place.last_at), default=None)

    @property
    def signed(self) -> int:
        """Signed scans."""
        return sum(place.signed for place in self.places)

    @property
    def missing(self) -> int:
        """Scans that other scans say there must be."""
        return sum(place.missing for place in self.places)

    @property
    def state(self) -> str:
        """in_use, waiting (for missing scans), left (its holder is), pass, partly (revoked in some logs) or revoked."""
        closed = [place for place in self.places if place.revoked_at is not None]
        if closed:
            return "revoked" if len(closed) == len(self.places) else "partly"
        if self.until is not None:
            return "pass"
        if self.left:
            return "left"
        return "waiting" if self.missing else "in_use"


@dataclass(frozen=True, slots=True)
class AsideLine:
    """Something that was refused for its signature."""

    received_at: int
    why: str
    step: str
    name: str
    said_at: int
    short: str
    uploader: str


def in_care(org: str) -> ColumnElement[bool]:
    """Organisations whose phones this one looks after: itself, and who works for it without managers of their own."""
    o = Organisation
    return or_(o.id == org, and_(o.invited_by == org, o.kind.not_in(_ON_THEIR_OWN)))


def _holders(org: str) -> Select[PhoneKey, str, PersonState, str, str]:
    """All phones in one's care or in one's own log, each with the person behind it."""
    k, p, o = PhoneKey, Pseudonym, Organisation
    home = func.coalesce(Person.organisation_id, p.organisation_id)
    own = select(Log.id).where(Log.organisation_id == org)
    return (
        select(k, Person.name, Person.state, o.name, Log.name)
        .join(Log, Log.id == k.log)
        .outerjoin(p, and_(p.log == k.log, p.pseudonym == k.holder))
        .outerjoin(Person, Person.id == p.person_id)
        .outerjoin(o, o.id == home)
        .where(or_(k.log.in_(own), in_care(org)))
        .execution_options(populate_existing=True)
    )


def phones(session: Session, org: str) -> list[PhoneLine]:
    """The phones that an organisation may see, those that spoke last first; at most MOST lines are read."""
    k = PhoneKey
    rows = session.execute(
        _holders(org).order_by(k.last_at.desc().nulls_last(), k.enrolled_at.desc(), k.dev).limit(MOST)
    )
    return _lines(rows)


def phone(session: Session, org: str, dev: str) -> PhoneLine:
    """One of them. Raises NotFound for every other."""
    found = _lines(session.execute(_holders(org).where(PhoneKey.dev == dev).order_by(PhoneKey.log)))
    if not found:
        raise NotFound
    return found[0]


def _lines(rows: Iterable[Any]) -> list[PhoneLine]:
    by_dev: dict[str, list[Any]] = {}
    for row in rows:
        by_dev.setdefault(row[0].dev, []).append(row)
    return [_line(dev, found) for dev, found in by_dev.items()]


def _line(dev: str, rows: Sequence[Any]) -> PhoneLine:
    key, name, state, org, _ = rows[0]
    shown = "代わりのドライバー" if key.until is not None and not name else name or NO_NAME
    return PhoneLine(
        dev, shown, org or "", key.until, [_place(row[0], row[4]) for row in rows], state == PersonState.LEFT
    )


def _place(key: PhoneKey, town: str) -> Place:
    runs = tuple((low, high) for low, high in key.runs)
    return Place(
        key.log,
        town,
        key.enrolled_at,
        key.last_at,
        sum(high - low + 1 for low, high in runs),
        sum(high - low + 1 for low, high in holes(runs, key.first).values()),
        key.revoked_at,
        Reason(key.reason).text if key.reason else "",
        key.lost_at,
        key.after,
    )


def questions(session: Session, line: PhoneLine) -> dict[str, int]:
    """Scans of a phone that are asked about, by what is asked: title → how many, without those that were settled."""
    d, told = DiscrepancyRow, dict[str, int]()
    logs = [place.log for place in line.places]
    mine = or_(d.scope == f"dev:{line.dev}", d.scope.startswith(f"dev:{line.dev}:", autoescape=True))
    rows = session.execute(
        select(d.code, d.causes)
        .where(d.log.in_(logs), mine, d.closed.is_(False))
        .order_by(d.code)
        .limit(MOST)
    )
    for code, causes in rows:
        title = DISCREPANCIES[code][0]
        told[title] = told.get(title, 0) + len(causes)
    return told


def candidates(session: Session, org: str) -> list[tuple[str, str]]:
    """People in one's care who scan, as (id, what to call them), by name."""
    p = Person
    rows = session.execute(
        select(p.id, p.name, p.roles, Organisation.name)
        .join(Organisation, Organisation.id == p.organisation_id)
        .where(in_care(org), p.state == PersonState.ACTIVE)
        .order_by(p.name, p.id)
    )
    return [(id, f"{name}（{home}）") for id, name, roles, home in rows if may(roles, Action.EVIDENCE_ADD)]


def set_aside(session: Session, org: str) -> int:
    """How much was set aside in the logs of one's own organisation."""
    own = select(Log.id).where(Log.organisation_id == org)
    return session.scalar(select(func.count()).where(SetAside.log.in_(own))) or 0


def aside(session: Session, org: str) -> list[AsideLine]:
    """What was set aside in the logs of one's own organisation, the latest first."""
    a, p = SetAside, Pseudonym
    own = select(Log.id).where(Log.organisation_id == org)
    rows = session.execute(
        select(a, Person.name)
        .outerjoin(Person, Person.id == a.uploader)
        .where(a.log.in_(own))
        .order_by(a.received_at.desc(), a.key)
        .limit(MOST)
    ).all()
    said = {row[0].key: orjson.loads(row[0].p) for row in rows}
    actors = {act["actor"] for act in said.values()}
    found = session.execute(
        select(p.pseudonym, Person.name).join(Person, Person.id == p.person_id).where(p.pseudonym.in_(actors))
    )
    names = {row.pseudonym: row.name for row in found}
    return [_aside(row[0], row[1], said[row[0].key], names) for row in rows]


def _aside(row: SetAside, uploader: str | None, act: dict[str, Any], names: dict[str, str]) -> AsideLine:
    who = names.get(act["actor"], act["actor"])
    short = row.dev[-6:].upper()
    return AsideLine(
        row.received_at, row.code, act.get("step", ""), who, act["at"], short, uploader or NO_NAME
    )


def passes(session: Session, dev: str) -> list[PhonePass]:
    """The day passes of a phone, the latest first."""
    p = PhonePass
    return list(session.scalars(select(p).where(p.dev == dev).order_by(p.index.desc())))
