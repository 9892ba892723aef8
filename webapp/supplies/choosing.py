"""Which disaster a page of desk and boards is about where a town has several, and what waits in the others.

What somebody has chosen is remembered until they log out. Addresses name the disaster wherever there is more than one:
a form in an older tab never goes into another disaster than the one that it showed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import session as browser
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.supplies.known import DisasterCard
from webapp.supplies.models import Match, Need
from webapp.supplies.steps import MatchState

_KEPT = "disasters"


@dataclass(frozen=True, slots=True)
class Waits:
    """What wants somebody's hand in a disaster: `needs` that are not covered, `pledges` without an answer."""

    needs: int = 0
    pledges: int = 0

    @property
    def any(self) -> bool:
        """Whether anything does."""
        return bool(self.needs or self.pledges)


@dataclass(frozen=True, slots=True)
class Choice:
    """All disasters of a town, the one that a page is about, and what waits in those that are open."""

    cards: Sequence[DisasterCard]
    about: DisasterCard | None
    waits: Mapping[str, Waits] = field(default_factory=dict)

    @property
    def others(self) -> list[tuple[DisasterCard, Waits]]:
        """The other ones that are open: where something waits first, the real thing before a drill."""
        found = [(one, self.waits.get(one.id, Waits())) for one in self._but_this() if one.closed_at is None]
        return sorted(found, key=lambda pair: (pair[0].drill, not pair[1].any))

    @property
    def over(self) -> list[DisasterCard]:
        """The other ones that are closed."""
        return [one for one in self._but_this() if one.closed_at is not None]

    def _but_this(self) -> list[DisasterCard]:
        return [one for one in self.cards if self.about is None or one.id != self.about.id]


def choice(session: Session, cards: Sequence[DisasterCard], wanted: str = "", shelter: str = "") -> Choice:
    """The disaster `wanted`, else what `chosen` says; with what waits in all that are open (of this shelter alone)."""
    waits = waiting(session, cards, shelter)
    named = next((one for one in cards if one.id == wanted), None)
    return Choice(cards, named or _remembered(cards) or usual(cards, waits), waits)


def chosen(
    session: Session, cards: Sequence[DisasterCard], wanted: str = "", shelter: str = ""
) -> DisasterCard | None:
    """The disaster `wanted`; else the one that this person has chosen, if it is open; else the usual one."""
    named = next((one for one in cards if one.id == wanted), None) or _remembered(cards)
    return named or usual(cards, waiting(session, cards, shelter))


def remember(cards: Sequence[DisasterCard], wanted: str) -> None:
    """Stay with this disaster on the pages to come, if it is one of these and open."""
    for one in cards:
        if one.id == wanted and one.closed_at is None and len(_open(cards)) > 1:
            kept: dict[str, Any] = browser.get(_KEPT, {})
            if kept.get(one.log) != one.id:
                browser[_KEPT] = {**kept, one.log: one.id}


def _remembered(cards: Sequence[DisasterCard]) -> DisasterCard | None:
    kept: dict[str, Any] = browser.get(_KEPT, {})
    return next((one for one in _open(cards) if kept.get(one.log) == one.id), None)


def usual(cards: Sequence[DisasterCard], waits: Mapping[str, Waits]) -> DisasterCard | None:
    """Of the open ones the latest real one where something waits; else the latest, the real thing before a drill."""
    found = _open(cards) or list(cards)
    busy = [one for one in found if not one.drill and waits.get(one.id, Waits()).any]
    return next(iter([*busy, *(one for one in found if not one.drill), *found]), None)


def waiting(session: Session, cards: Sequence[DisasterCard], shelter: str = "") -> dict[str, Waits]:
    """What waits in each that is open, in two queries; nothing is asked where there is no choice."""
    ids = [one.id for one in _open(cards)]
    if len(ids) < 2:
        return {}
    n, m = Need, Match
    needs = select(n.disaster, func.count()).where(n.disaster.in_(ids), n.open > 0)
    pledges = select(m.disaster, func.count()).where(m.disaster.in_(ids), m.state == MatchState.PLEDGED.value)
    if shelter:
        needs, pledges = needs.where(n.shelter == shelter), pledges.where(m.shelter == shelter)
    lacking = dict(session.execute(needs.group_by(n.disaster)).all())
    silent = dict(session.execute(pledges.group_by(m.disaster)).all())
    return {id: Waits(lacking.get(id, 0), silent.get(id, 0)) for id in ids}


def _open(cards: Sequence[DisasterCard]) -> list[DisasterCard]:
    return [one for one in cards if one.closed_at is None]
