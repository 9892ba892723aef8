"""Reads about phones: for other rooms, for phones themselves and for the pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.kernel.identity.models import Pseudonym
from webapp.kernel.phones.models import PhoneKey, PhonePass, PhoneScan


@dataclass(frozen=True, slots=True)
class PhoneKeyOut:
    """A key by which somebody's scans can be checked. `until` (ms): a day pass."""

    dev: str
    key: str
    holder: str
    until: int | None


class Tip(NamedTuple):
    """The last scan of a phone that a log has."""

    seq: int
    hash: str


def keys_of(session: Session, log: str, pseudonyms: Iterable[str]) -> list[PhoneKeyOut]:
    """Keys that are good in this log and belong to these people, in a stable order. Revoked ones are left out."""
    k = PhoneKey
    wanted = select(k.dev, k.key, k.holder).where(
        k.log == log, k.holder.in_(set(pseudonyms)), k.revoked_index.is_(None), k.until.is_(None)
    )
    return [PhoneKeyOut(*row, None) for row in session.execute(wanted.order_by(k.enrolled_index, k.dev))]


def passes_of(session: Session, log: str, job: str) -> list[PhoneKeyOut]:
    """Keys that a day pass makes good for this job, whether they are over or not: that is the reader's to compare."""
    k, p = PhoneKey, PhonePass
    wanted = (
        select(k.dev, k.key, p.holder, p.until)
        .join(p, (p.log == k.log) & (p.dev == k.dev))
        .where(p.log == log, p.job == job, k.revoked_index.is_(None))
    )
    return [PhoneKeyOut(*row) for row in session.execute(wanted.order_by(p.index))]


def tips(session: Session, dev: str) -> dict[str, Tip]:
    """The last signed scan of a phone, by log."""
    s = PhoneScan
    last = select(s.log, func.max(s.seq).label("seq")).where(s.dev == dev).group_by(s.log).subquery()
    rows = session.execute(
        select(s.log, s.seq, func.min(s.hash))
        .join(last, (last.c.log == s.log) & (last.c.seq == s.seq))
        .where(s.dev == dev)
        .group_by(s.log, s.seq)
    )
    return {log: Tip(seq, hashed) for log, seq, hashed in rows}


def named(session: Session, log: str, person_id: str) -> str:
    """The name of a person in a log that knows them already, or ""."""
    p = Pseudonym
    return session.scalar(select(p.pseudonym).where(p.log == log, p.person_id == person_id)) or ""


def phones_of(session: Session, person_id: str) -> Sequence[PhoneKey]:
    """A person's phones in all logs, the latest first; day passes are nobody's."""
    k, p = PhoneKey, Pseudonym
    wanted = (
        select(k)
        .join(p, (p.log == k.log) & (p.pseudonym == k.holder))
        .where(p.person_id == person_id, k.until.is_(None))
    )
    return session.scalars(
        wanted.order_by(k.enrolled_at.desc(), k.log, k.dev).execution_options(populate_existing=True)
    ).all()


def known_elsewhere(session: Session, dev: str, key: str, person_id: str) -> bool:
    """Whether this phone or this key is somebody else's, or another pair: neither may be enrolled again."""
    k, p = PhoneKey, Pseudonym
    rows = session.execute(
        select(k.dev, k.key, p.person_id)
        .outerjoin(p, (p.log == k.log) & (p.pseudonym == k.holder))
        .where((k.dev == dev) | (k.key == key))
    )
    return any(row != (dev, key, person_id) for row in map(tuple, rows))
