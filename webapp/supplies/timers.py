"""What becomes due because time passes: pledges that nobody answers, needs and offers whose day is over, late boxes.

Time comes in as an argument, what is due is decided under the lock of the log, and each becomes an entry whose id says
what it is about: however often and by however many it is looked, nothing happens twice, and the fold knows no clock.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import DAY
from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.rows import Lookup
from webapp.kernel.intake.machine import Fact, append_decided
from webapp.kernel.intake.service import Door
from webapp.kernel.ledger.models import LedgerEntry
from webapp.supplies import entries as kinds
from webapp.supplies.catalogue import MINIMUM_LIFE_DAYS
from webapp.supplies.models import Disaster, Match, Need, Offer
from webapp.supplies.rules import day_of
from webapp.supplies.steps import ASK_AFTER_MS, NEED_GRACE_MS, PLEDGE_LIVES_MS, MatchState, OfferState

#: Facts of one transaction: whoever waits for the log does not wait long.
MOST = 100


def logs(session: Session) -> list[str]:
    """The logs in which anything can become due."""
    return list(session.scalars(select(Disaster.log).distinct().order_by(Disaster.log)))


def due(session: Session, log: str, now: int) -> list[Fact]:
    """At most `MOST` facts that are due at `now` (ms) and do not stand in the log."""
    return list(islice(_fresh(session, log, now), MOST))


def tick(door: Door, session: Session, log: str, now: int) -> int:
    """Write down everything that is due at `now`; answers how much it was. `session` only looks, without the lock."""
    written = 0
    while due(session, log, now):
        recorded = append_decided(door, log, lambda held: due(held, log, now), now)
        written += len(recorded)
        if not recorded:
            break
    session.rollback()
    return written


def _fresh(session: Session, log: str, now: int) -> Iterator[Fact]:
    for found in (_lapsed, _needs, _offers, _late):
        facts = found(session, log, now)
        known = _known(session, log, [fact.id for fact in facts])
        yield from (fact for fact in facts if fact.id not in known)


_ENTRIES = Lookup(LedgerEntry.id, by=LedgerEntry.id, same=[LedgerEntry.log])


def _known(session: Session, log: str, ids: Sequence[str]) -> set[str]:
    """What is asked about stays asked about: its shipment can be on the way for long."""
    return {row.id for row in _ENTRIES.rows(session, ids, log=log)}


def _lapsed(session: Session, log: str, now: int) -> list[Fact]:
    """A pledge that nobody has answered for 48 hours frees what it holds."""
    m = Match
    silent = select(m.id).where(
        m.log == log, m.state == MatchState.PLEDGED, m.pledged_at <= now - PLEDGE_LIVES_MS
    )
    found = session.scalars(silent.order_by(m.pledged_at, m.id).limit(MOST))
    return [Fact(derived_id(match, kinds.LAPSED), kinds.LAPSED, {"match": match}) for match in found]


def _needs(session: Session, log: str, now: int) -> list[Fact]:
    """A need whose day is past, and which nobody has confirmed since, is shown no longer."""
    n, before = Need, now - NEED_GRACE_MS
    over = select(n.id, n.need_by, n.confirmed_at).where(
        n.log == log, n.stopped_at.is_(None), n.expired_at.is_(None), n.open > 0,
        n.need_by <= before, n.confirmed_at <= before, _of_open_disaster(n.disaster),
    )  # fmt: skip
    rows = session.execute(over.order_by(n.need_by, n.id).limit(MOST))
    return [
        Fact(derived_id(id, kinds.NEED_EXPIRED, f"{by},{confirmed}"), kinds.NEED_EXPIRED, {"need": id})
        for id, by, confirmed in rows
    ]


def _offers(session: Session, log: str, now: int) -> list[Fact]:
    """What is not there any longer, or would not be good for long enough when it arrives."""
    o = Offer
    live = (
        o.log == log, o.state.in_([OfferState.ACTIVE.value, OfferState.UNVERIFIED.value]), o.avail > 0,
        _of_open_disaster(o.disaster),
    )  # fmt: skip
    over = select(o.id).where(*live, or_(o.available_until < now, _too_near(session, live, now)))
    found = session.scalars(over.order_by(o.offered_at, o.id).limit(MOST))
    return [
        Fact(derived_id(offer, kinds.OFFER_EXPIRED), kinds.OFFER_EXPIRED, {"offer": offer}) for offer in found
    ]


def _too_near(session: Session, live: Sequence[ColumnElement[bool]], now: int) -> ColumnElement[bool]:
    """Its date less than `MINIMUM_LIFE_DAYS` after it can be there: as `catalogue.fits` has it."""
    o = Offer
    days = session.scalars(select(o.eta_days).where(*live, o.best_before > 0).distinct())
    near = [(o.eta_days == eta) & (o.best_before < _good_until(now, eta)) for eta in days]
    return (o.best_before > 0) & or_(*near) if near else o.id.is_(None)


def _good_until(now: int, eta_days: int) -> int:
    """The earliest date (yyyymmdd) with which goods can still be sent."""
    return day_of(now + (eta_days + MINIMUM_LIFE_DAYS) * DAY)


def _late(session: Session, log: str, now: int) -> list[Fact]:
    """Three days after it was due nobody has seen it: both sides are asked, nothing is taken back."""
    m = Match
    expected = func.coalesce(m.eta, m.shipped_at)
    unseen = (m.log == log, m.state == MatchState.SHIPPED, m.arrived_at.is_(None))
    late = select(m.id).where(*unseen, expected <= now - ASK_AFTER_MS)
    found = session.scalars(late.order_by(m.id))
    return [Fact(derived_id(match, kinds.ASKED), kinds.ASKED, {"match": match}) for match in found]


def _of_open_disaster(column: ColumnElement[str] | object) -> ColumnElement[bool]:
    still = select(Disaster.id).where(Disaster.closed_at.is_(None))
    return column.in_(still)  # type: ignore[union-attr]
