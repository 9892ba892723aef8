"""How entries become phones, chains and findings. The same number of queries whatever the size of a batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple, cast

import orjson
from sqlalchemy import case, insert, update
from sqlalchemy.orm import Session

from webapp.kernel.base.rows import Lookup, Written, insert_rows
from webapp.kernel.intake.door import Verdict
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.phones.entries import ENROLLED, PASS, REVOKED
from webapp.kernel.phones.models import PhoneKey, PhonePass, PhoneScan
from webapp.kernel.phones.rules import (
    SEVERITY,
    Finding,
    Found,
    Link,
    Loss,
    Runs,
    Start,
    after_loss,
    findings_at,
    has,
    holes,
    joined,
    positions,
)
from webapp.kernel.reconciliation.projection import Row, replace, with_closings

#: Everything that is folded from a log.
TABLES = (PhoneScan, PhonePass, PhoneKey)


class Phone(NamedTuple):
    """A phone of one log, as far as its chain goes."""

    dev: str
    holder: str
    first: int
    seam_hash: str
    until: int | None
    enrolled_index: int
    revoked_index: int | None
    lost_at: int | None
    runs: Runs

    @property
    def start(self) -> Start:
        """Where its chain begins."""
        return Start(self.first, self.seam_hash)


_PHONES = Lookup(
    PhoneKey.dev, PhoneKey.holder, PhoneKey.first, PhoneKey.seam_hash, PhoneKey.until, PhoneKey.enrolled_index,
    PhoneKey.revoked_index, PhoneKey.lost_at, PhoneKey.runs, by=PhoneKey.dev, same=[PhoneKey.log],
)  # fmt: skip
_COLUMNS = "dev, id, seq, hash, prev, at, recorded_at, idx, job"
_AT = Written(f"SELECT {_COLUMNS} FROM phone_scans WHERE log = ? AND dev IN (*) AND seq IN (*)")  # noqa: S608
_OUT_OF_HANDS = Written(
    f"SELECT {_COLUMNS} FROM phone_scans WHERE log = ? AND dev = ? AND (at >= ? OR idx > ?)"  # noqa: S608
)
_OVER = Written(
    "SELECT s.dev, s.id, s.seq, s.hash, s.prev, s.at, s.recorded_at, s.idx, s.job FROM phone_scans s"
    " JOIN phone_passes p ON p.log = s.log AND p.holder = s.actor WHERE s.log = ? AND s.dev = ? AND s.at > p.until"
)
#: Our clock may have been put back between two batches: the latest counts, however the log is cut into runs.
_GROWN = Written(
    "UPDATE phones SET runs = ?, last_at = CASE WHEN last_at > ? THEN last_at ELSE ? END WHERE log = ? AND dev = ?"
)


def project(session: Session, log: str, recorded: Sequence[Recorded]) -> Mapping[str, Verdict]:
    """Fold entries of one log, in the order of the log. Answers the verdicts of all scans they may have changed."""
    commands = [(handler, entry) for entry in recorded if (handler := _HANDLERS.get(entry.kind))]
    for handler, entry in commands:
        handler(session, entry)
    told = {dev for handler, entry in commands if handler is _revoked for dev in [_body(entry)["dev"]]}
    scans = [entry for entry in recorded if entry.data.get("seq") and entry.data.get("dev")]
    devs = {entry.data["dev"] for entry in scans} | told
    if not devs:
        return {}
    phones = {row.dev: _phone(row) for row in _PHONES.rows(session, devs, log=log)}
    return _Fold(session, log, phones).take(scans, told) if phones else {}


def _phone(row: Any) -> Phone:
    return Phone(**{**row._asdict(), "runs": tuple((low, high) for low, high in row.runs)})


def _body(entry: Recorded) -> Mapping[str, Any]:
    """The body, whether the entry came as an act or was written by us."""
    data = entry.data
    found: Mapping[str, Any] = data["body"] if "kind" in data else data
    return found


def _enrolled(session: Session, entry: Recorded) -> None:
    body = _body(entry)
    seam = body.get("seam") or {}
    _add(
        session, entry, body,
        first=body["from"], after=body.get("after", ""), seam_seq=seam.get("seq", 0),
        seam_hash=seam.get("hash", ""), until=body.get("until"), issuer=body.get("issuer", ""),
    )  # fmt: skip


def _passed(session: Session, entry: Recorded) -> None:
    """A further pass for the same phone goes on with its chain."""
    body, issuer = _body(entry), entry.by.actor
    row = {name: body[name] for name in ("holder", "dev", "job", "role", "until")}
    session.execute(insert(PhonePass).values(log=entry.log, issuer=issuer, index=entry.index, **row))
    known = session.execute(
        update(PhoneKey)
        .where(PhoneKey.log == entry.log, PhoneKey.dev == body["dev"])
        .values(until=case((PhoneKey.until.is_(None), None), else_=body["until"]))
        .values(holder=case((PhoneKey.until.is_(None), PhoneKey.holder), else_=body["holder"]))
        .execution_options(synchronize_session=False)
    )
    if not cast(Any, known).rowcount:
        _add(
            session, entry, body,
            first=1, after="", seam_seq=0, seam_hash="", until=body["until"], issuer=issuer,
        )  # fmt: skip


def _add(session: Session, entry: Recorded, body: Mapping[str, Any], **fields: Any) -> None:
    row = {"log": entry.log, "dev": body["dev"], "key": body["key"], "holder": body["holder"]}
    row |= {"reason": "", "runs": [], "enrolled_index": entry.index, "enrolled_at": entry.recorded_at}
    session.execute(insert(PhoneKey).values(**row | fields))


def _revoked(session: Session, entry: Recorded) -> None:
    body = _body(entry)
    session.execute(
        update(PhoneKey)
        .where(PhoneKey.log == entry.log, PhoneKey.dev == body["dev"], PhoneKey.revoked_index.is_(None))
        .values(revoked_index=entry.index, revoked_at=entry.recorded_at, reason=body["reason"])
        .values(lost_at=body["lost_at"])
        .execution_options(synchronize_session=False)
    )


_HANDLERS = {ENROLLED: _enrolled, PASS: _passed, REVOKED: _revoked}
_Links = dict[int, list[Link]]


@dataclass(slots=True)
class _Chain:
    """What a run of entries adds to one phone's chain, and the old links that it touches."""

    phone: Phone
    new: list[Link]
    before: Runs = ()
    after: Runs = ()
    about: set[int] = field(default_factory=set)
    old: _Links = field(default_factory=dict)
    _fresh: _Links = field(default_factory=dict)
    _both: _Links = field(default_factory=dict)
    _gaps_before: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    _gaps_after: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for link in self.new:
            self._fresh.setdefault(link.seq, []).append(link)
        self.before, self.after = self.phone.runs, joined(self.phone.runs, self._fresh)
        self.about = positions(self._fresh, self.before, self.after, self.phone.first)
        first = self.phone.first
        self._gaps_before, self._gaps_after = holes(self.before, first), holes(self.after, first)

    def touched(self) -> set[int]:
        """Numbers that are there and are looked at again."""
        return {n for at in self.about for n in (at - 1, at) if has(self.before, n)}

    def told_before(self, seq: int) -> list[Found]:
        """What the table says about a number."""
        return self._told(seq, self.old, self._gaps_before) if seq in self.old else []

    def told_now(self, seq: int) -> list[Found]:
        """What is to be said about it now."""
        return self._told(seq, self._both, self._gaps_after)

    def _told(self, seq: int, links: _Links, gaps: Mapping[int, tuple[int, int]]) -> list[Found]:
        return findings_at(seq, links.get(seq, ()), links.get(seq - 1, ()), gaps, self.phone.start)

    def add_old(self, links: Iterable[Link]) -> None:
        """What is there already at the numbers in question."""
        for link in links:
            self.old.setdefault(link.seq, []).append(link)
        self._both = {**self.old, **self._fresh}
        self._both |= {
            seq: [*self.old[seq], *self._fresh[seq]] for seq in self.old.keys() & self._fresh.keys()
        }

    def link(self, id: str) -> Link:
        """The link of a scan that is here. Raises StopIteration for others."""
        return next(x for x in (*self.new, *(y for at in self.old.values() for y in at)) if x.id == id)


class _Fold:
    """One run of entries over the phones that it touches."""

    def __init__(self, session: Session, log: str, phones: Mapping[str, Phone]) -> None:
        self._session, self._log, self._phones = session, log, phones
        self._places: dict[str, int] = {}
        self._actors: dict[str, str] = {}

    def take(self, scans: Sequence[Recorded], told: Iterable[str]) -> Mapping[str, Verdict]:
        """File the scans, work out again what they and the reports of losses touch; verdicts that changed."""
        signed = self._signed(scans)
        self._actors = {entry.id: entry.data["actor"] for entries in signed.values() for entry in entries}
        chains = {dev: _Chain(self._phones[dev], list(map(_link, each))) for dev, each in signed.items()}
        self._read(chains)
        rows, scopes = self._along(chains)
        self._file(chains)
        substitutes = {
            dev
            for dev, entries in signed.items()
            if any(entry.data["actor"] != self._phones[dev].holder for entry in entries)
            or self._phones[dev].until is not None
        }
        for dev in sorted({*told, *chains}):
            if (phone := self._phones.get(dev)) and (phone.lost_at is not None or dev in substitutes):
                scopes.add(_scope(dev))
                rows += self._out_of_hands(phone)
        if not scopes:
            return {}
        return replace(self._session, self._log, scopes, with_closings(self._session, rows, self._lasted))

    def _signed(self, scans: Sequence[Recorded]) -> dict[str, list[Recorded]]:
        """Signed scans by phone: from its first number on, and after it was enrolled. The door has checked them."""
        found: dict[str, list[Recorded]] = {}
        for entry in scans:
            phone = self._phones.get(entry.data["dev"])
            if phone and entry.data["seq"] >= phone.first and entry.index > phone.enrolled_index:
                found.setdefault(phone.dev, []).append(entry)
        return found

    def _read(self, chains: Mapping[str, _Chain]) -> None:
        """The links there are already at the numbers in question, of all phones at once."""
        wanted = sorted({n for chain in chains.values() for n in chain.touched()})
        found: dict[str, list[Link]] = {}
        for dev, *values in _AT.run(self._session, self._log, sorted(chains), wanted) if wanted else ():
            found.setdefault(dev, []).append(Link(*values))
        for dev, chain in chains.items():
            chain.add_old(found.get(dev, ()))

    def _along(self, chains: Mapping[str, _Chain]) -> tuple[list[Row], set[str]]:
        """Findings by number: only where there is, or was, something to say."""
        rows, scopes = [], set()
        for dev, chain in chains.items():
            self._places |= {link.id: link.place for link in (*chain.new, *_all(chain.old))}
            for seq in sorted(chain.about):
                now = chain.told_now(seq)
                if now or chain.told_before(seq):
                    scopes.add(f"{_scope(dev)}:{seq}")
                    rows += [self._row(chain, seq, found) for found in now]
        return rows, scopes

    def _row(self, chain: _Chain, seq: int, found: Found) -> Row:
        causes = [chain.link(id) for id in found.causes]
        params = {"holder": chain.phone.holder, "seq": str(seq)}
        if found.code is Finding.CHAIN_GAP:
            params |= {
                "low": str(found.low),
                "high": str(found.high),
                "count": str(found.high - found.low + 1),
            }
        return self._told(f"{_scope(chain.phone.dev)}:{seq}", found.code, found.key, params, causes)

    def _told(
        self, scope: str, code: Finding, key: str, params: dict[str, str], causes: Sequence[Link]
    ) -> Row:
        first = min(causes, key=lambda link: (link.at, link.id))
        job = next((link.job for link in sorted(causes, key=lambda x: (x.at, x.id)) if link.job), "")
        ids = sorted(link.id for link in causes)
        return Row(self._log, job, scope, str(code), SEVERITY[code], key, params, ids, first.at)

    def _file(self, chains: Mapping[str, _Chain]) -> None:
        rows = [
            {"log": self._log, "dev": dev, "actor": self._actors[link.id], **_columns(link)}
            for dev, chain in chains.items()
            for link in chain.new
        ]
        insert_rows(self._session, PhoneScan, rows)
        grown = []
        for dev, chain in chains.items():
            last = max(link.recorded_at for link in chain.new)
            grown.append((orjson.dumps(chain.after).decode(), last, last, self._log, dev))
        _GROWN.run_each(self._session, grown)

    def _out_of_hands(self, phone: Phone) -> list[Row]:
        """Scans of a phone that was lost, or whose pass is over: one question for each consignment."""
        told: dict[tuple[Finding, str], list[Link]] = {}
        for code, link in [*self._lost(phone), *self._over(phone)]:
            self._places[link.id] = link.place
            told.setdefault((code, link.job), []).append(link)
        return [
            self._told(_scope(phone.dev), code, job, {"holder": phone.holder}, causes)
            for (code, job), causes in sorted(told.items())
        ]

    def _lost(self, phone: Phone) -> list[tuple[Finding, Link]]:
        if phone.lost_at is None or phone.revoked_index is None:
            return []
        loss = Loss(phone.lost_at, phone.revoked_index)
        found = _OUT_OF_HANDS.run(self._session, self._log, phone.dev, loss.lost_at, loss.index)
        links = {link.id: link for link in (Link(*values) for _, *values in found)}
        followers = sorted({link.seq + 1 for link in links.values() if link.place > loss.index})
        if followers:  # one of these may have been here before the report
            held = _AT.run(self._session, self._log, [phone.dev], followers)
            links |= {link.id: link for link in (Link(*values) for _, *values in held)}
        return [(code, links[id]) for id, code in after_loss(links.values(), loss).items()]

    def _over(self, phone: Phone) -> list[tuple[Finding, Link]]:
        found = _OVER.run(self._session, self._log, phone.dev)
        return [(Finding.PASS_OVER, Link(*values)) for _, *values in found]

    def _lasted(self, row: Row, closed: int) -> bool:
        """What was settled stays settled until a further scan is found to be concerned."""
        return all(self._places.get(cause, -1) < closed for cause in row.causes)


def _all(links: _Links) -> list[Link]:
    return [link for at in links.values() for link in at]


def _columns(link: Link) -> dict[str, Any]:
    values = link._asdict()
    return {"index": values.pop("place"), **values}


def _scope(dev: str) -> str:
    return f"dev:{dev}"


def _link(entry: Recorded) -> Link:
    data = entry.data
    return Link(
        entry.id,
        data["seq"],
        sha256(orjson.dumps(data)).hexdigest(),  # the door takes no other writing of it
        data.get("prev", ""),
        data["at"] + (data.get("off") or 0),
        entry.recorded_at,
        entry.index,
        data.get("job", ""),
    )
