"""Whose scan is it? Asked by the door for each item of a batch: by its signature, not by who uploads it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.rows import Lookup
from webapp.kernel.identity.models import Person, Pseudonym
from webapp.kernel.identity.roles import Role
from webapp.kernel.intake.door import Author
from webapp.kernel.intake.signatures import Checked, Sealed, Signed
from webapp.kernel.phones.entries import ENROLLED
from webapp.kernel.phones.keys import verify
from webapp.kernel.phones.models import PhoneKey, PhonePass

#: (session, log, job, role) → the organisation that does this in that job, or ""; the rooms know.
Employer = Callable[[Session, str, str, str], str]
_KEYS = Lookup(
    PhoneKey.dev, PhoneKey.log, PhoneKey.key, PhoneKey.holder, PhoneKey.first, PhoneKey.revoked_index,
    by=PhoneKey.dev,
)  # fmt: skip
_PASSES = Lookup(
    PhonePass.log, PhonePass.holder, PhonePass.dev, PhonePass.job, PhonePass.role, by=PhonePass.holder
)
FORGED = Refusal("intake.signature", {})


def check(session: Session, items: Sequence[Sealed]) -> Checked:
    """Check every signature against the key of its phone, as far as that is known. One query, none without any."""
    signed = [item for item in items if item.item.s and item.act.dev]
    if not signed:
        return {}
    keys: dict[str, set[str]] = {}
    for row in _KEYS.rows(session, {item.act.dev for item in signed}):
        keys.setdefault(row.dev, set()).add(row.key)
    return {
        (item.content, key): verify(key, item.item.p.encode(), item.item.s)
        for item in signed
        for key in keys.get(item.act.dev, ())
    }


class Standing:
    """The phones of one batch, as they stand under the lock."""

    def __init__(
        self,
        session: Session,
        items: Sequence[Sealed],
        uploader: Author,
        checked: Checked,
        employer: Employer,
    ) -> None:
        self._session, self._uploader, self._checked, self._employer = session, uploader, checked, employer
        self._phones: dict[tuple[str, str], Any] = {}
        self._elsewhere: dict[str, Any] = {}
        devs = {item.act.dev for item in items} - {""}
        for row in _KEYS.rows(session, devs):
            self._phones[row.log, row.dev] = row
            if row.revoked_index is None:
                self._elsewhere[row.dev] = row
        self._myself = replace(uploader, signed=True) if self._phones else uploader
        # who only sends goods may be anybody, also whoever holds a phone that was stolen
        self._is_stranger = set(uploader.roles) <= {Role.SUPPORTER}
        carried = [item.act for item in items if self._is_carried(item)] if self._phones else []
        self._people = self._cards({(act.log, act.actor) for act in carried})
        self._passes = self._read_passes({act.actor for act in carried})

    def judge(self, item: Sealed) -> Signed | Refusal | None:
        """Whose it is by its signature; a refusal if it is forged, or unsigned where it must be; else None."""
        act = item.act
        if self._is_stranger and self._is_carried(item):
            return Refusal("intake.not_your_scan", {})
        if not self._phones:
            return Refusal("intake.unknown_key", {}) if self._is_carried(item) else None
        phone = self._phones.get((act.log, act.dev))
        if phone is None:
            return self._newcomer(item)
        if not item.item.s:
            return FORGED if act.seq >= phone.first else None
        if not self._is_good(item, phone.key):
            return FORGED
        return self._author(item, phone)

    def _is_carried(self, item: Sealed) -> bool:
        return item.act.actor != self._uploader.pseudonyms.get(item.act.log) and item.item.s != ""

    def _is_good(self, item: Sealed, key: str) -> bool:
        known = self._checked.get((item.content, key))
        return verify(key, item.item.p.encode(), item.item.s) if known is None else known

    def _author(self, item: Sealed, phone: Any) -> Signed | Refusal | None:
        act = item.act
        if act.actor == phone.holder and not self._is_carried(item):
            return Signed(self._myself)
        day = self._passes.get((act.log, act.actor))
        if day is not None and day.dev == act.dev:
            return self._substitute(item, day)
        if act.actor == phone.holder and (act.log, act.actor) in self._people:
            return Signed(self._people[act.log, act.actor])
        # somebody else at this phone: the login says who, as without a key
        return Refusal("intake.other_author", {}) if self._is_carried(item) else None

    def _substitute(self, item: Sealed, day: Any) -> Signed | Refusal:
        """A day pass is for one job. What comes after its end is recorded all the same, and asked about."""
        if item.act.job != day.job:
            return Refusal("phones.wrong_job", {})
        org = self._employer(self._session, day.log, day.job, day.role)
        return Signed(Author("", org, (day.role,), {day.log: day.holder}, signed=True))

    def _newcomer(self, item: Sealed) -> Signed | Refusal | None:
        """A phone that this log does not know. If another one does, as the same person's, it is enrolled here first."""
        act, known = item.act, self._elsewhere.get(item.act.dev)
        if known is None or not self._is_same_person(known, act.log, act.actor):
            return Refusal("intake.unknown_key", {}) if self._is_carried(item) else None
        if not item.item.s or not self._is_good(item, known.key):
            return FORGED
        if not self._is_carried(item):
            author = self._myself
        elif (found := self._cards({(act.log, act.actor)}).get((act.log, act.actor))) is not None:
            author = found
        else:
            return Refusal("intake.unknown_key", {})
        body = {"dev": act.dev, "key": known.key, "holder": act.actor, "from": 1, "after": ""}
        self._phones[act.log, act.dev] = known._replace(log=act.log, holder=act.actor, first=1)
        self._people[act.log, act.actor] = author
        return Signed(author, (ENROLLED, body | {"until": None, "issuer": ""}))

    def _is_same_person(self, known: Any, log: str, actor: str) -> bool:
        p = Pseudonym
        names = select(p.person_id).where(p.pseudonym.in_([known.holder, actor]), p.log.in_([known.log, log]))
        people = list(self._session.scalars(names))
        return len(people) == 2 and people[0] is not None and people[0] == people[1]

    def _cards(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Author]:
        """People behind pseudonyms as authors, with the organisation and the roles that they have."""
        wanted = set(names)
        if not wanted:
            return {}
        p = Pseudonym
        rows = self._session.execute(
            select(p.log, p.pseudonym, p.person_id, Person.roles)
            .add_columns(func.coalesce(Person.organisation_id, p.organisation_id))
            .outerjoin(Person, Person.id == p.person_id)
            .where(p.pseudonym.in_({name for _, name in wanted}))
        )
        return {
            (log, name): Author(person or "", org or "", tuple(roles or ()), {log: name}, signed=True)
            for log, name, person, roles, org in rows
            if (log, name) in wanted
        }

    def _read_passes(self, holders: Iterable[str]) -> dict[tuple[str, str], Any]:
        return {(row.log, row.holder): row for row in _PASSES.rows(self._session, set(holders))}
