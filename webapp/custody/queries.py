"""Reads for screens, as frozen values: no ORM object reaches a template.

Each costs the same number of queries whatever the size of the consignment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, literal, select, union_all

from webapp.custody.messages import discrepancy_text, discrepancy_title
from webapp.custody.models import Cage, Consignment, Device, Party, ScanRow
from webapp.custody.steps import KIND_TITLES
from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.identity.models import Organisation
from webapp.kernel.identity.pseudonyms import PersonCard, people_by_pseudonym
from webapp.kernel.ledger import vault
from webapp.kernel.reconciliation.messages import REASONS
from webapp.kernel.reconciliation.models import Closing, DiscrepancyRow
from webapp.kernel.scanning.codes import is_valid, show

COUNTS = ("listed", "registered", "sanitized", "departed", "received", "destroyed", "ended")
PAGE = 50
PLACES = ("town", "road", "centre")
ON_BOARD = 20  # discrepancies and cages; the rest is on their own pages
NAMED = 3  # things that a cage card names before it says how many more
_COUNTED = frozenset({"opened", "count_closed"})
_FIRST = {"block": 0, "warn": 1, "wait": 2}


@dataclass(frozen=True, slots=True)
class Job:
    """A consignment as lists show it. `counts` has one number for each of COUNTS."""

    id: str
    log: str
    title: str
    municipality: str
    carrier: str
    itad: str
    due_at: int | None
    opened_at: int
    counts: Mapping[str, int] = field(hash=False)
    data_bearing: int = 0
    open: int = 0
    municipality_id: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A discrepancy in words: what, which, who and when; `closed` says how it was settled."""

    id: str
    job: str
    code: str
    severity: str
    title: str
    text: str
    what: str
    who: str
    at: int
    causes: int
    closed: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class CageCard:
    """A cage on the board. `total` is the manifest once it is frozen, before that what is loaded.

    `absent` of the manifest are not counted yet; the first of them are `missing`, as (code, name).
    """

    code: str
    shown: str
    name: str
    step: str
    step_text: str
    seal: str
    done: int
    total: int
    holder: str
    at: int | None
    note: str
    complete: bool
    place: str
    absent: int = 0
    missing: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the live board shows: the first cages, and how many of all stand where (`PLACES`)."""

    job: Job
    questions: Sequence[Question]
    open_total: int
    cages: Sequence[CageCard]
    placed: Mapping[str, int] = field(hash=False)
    rev: int

    @property
    def cage_total(self) -> int:
        """All cages of the consignment."""
        return sum(self.placed.values())


def visible(org: str) -> Select[Any]:
    """Consignments this organisation is a party to."""
    return select(Consignment).join(Party, Party.consignment == Consignment.id).where(Party.org == org)


def jobs_of(org: str) -> list[Job]:
    """Consignments of an organisation, newest first: five queries however many there are."""
    rows = db.session.scalars(visible(org).order_by(Consignment.opened_at.desc(), Consignment.id)).all()
    return _jobs(rows)


def job_of(org: str, consignment: str) -> Job:
    """One consignment. Raises NotFound for others' consignments as for those that do not exist."""
    row = db.session.scalar(visible(org).where(Consignment.id == consignment))
    if row is None:
        raise NotFound
    return _jobs([row])[0]


def _jobs(rows: Sequence[Consignment]) -> list[Job]:
    if not rows:
        return []
    names = _organisation_names({org for row in rows for org in (row.municipality, row.carrier, row.itad)})
    titles: dict[str, Any] = {}
    for log in {row.log for row in rows}:
        titles |= vault.read(db.session(), log, [vault.of_act(row.id) for row in rows if row.log == log])
    opened = _open_counts([row.id for row in rows])
    return [_job(row, names, titles.get(vault.of_act(row.id), {}), opened.get(row.id, 0)) for row in rows]


def _job(row: Consignment, names: Mapping[str, str], private: Mapping[str, Any], opened: int) -> Job:
    return Job(
        row.id,
        row.log,
        str(private.get("title", "案件")),
        names.get(row.municipality, ""),
        names.get(row.carrier, ""),
        names.get(row.itad, ""),
        row.due_at,
        row.opened_at,
        {name: getattr(row, name) for name in COUNTS},
        row.data_bearing,
        opened,
        row.municipality,
    )


def _organisation_names(ids: Iterable[str]) -> dict[str, str]:
    rows = db.session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(set(ids))))
    return {row.id: row.name for row in rows}


def _open_counts(jobs: Sequence[str]) -> dict[str, int]:
    d = DiscrepancyRow
    query = select(d.job, func.count().label("open")).where(d.job.in_(jobs), d.closed.is_(False))
    return {row.job: row.open for row in db.session.execute(query.group_by(d.job))}


def board_of(job: Job, rev: int, *, inside: bool = True) -> Board:
    """The live board of a consignment: what blocks first, then what warns, then what waits.

    Without `inside` no device is named: for who carries the cages and may not know what lies in them.
    """
    found, cages = questions_of(job, limit=ON_BOARD, inside=inside), cages_of(job, limit=ON_BOARD)
    return Board(job, found, job.open, cages, _placed(job), rev)


def _placed(job: Job) -> dict[str, int]:
    query = select(Cage.step, func.count().label("cages")).where(Cage.consignment == job.id)
    placed = dict.fromkeys(PLACES, 0)
    for row in db.session.execute(query.group_by(Cage.step)):
        placed[place_of(row.step)] += row.cages
    return placed


def place_of(step: str) -> str:
    """Where a cage stands that has come to this step: one of `PLACES`."""
    return {"": "town", "locked": "town", "handed_over": "road"}.get(step, "centre")


def questions_of(
    job: Job, *, closed: bool = False, limit: int = PAGE, offset: int = 0, inside: bool = True
) -> list[Question]:
    """Discrepancies of a consignment, the blocking ones first, each with the newest first."""
    d, most = DiscrepancyRow, limit + offset
    # the first of each severity in the order of their index: a hundred thousand questions are not sorted for a page
    firsts = union_all(*(_of_severity(job.id, severity, closed=closed, most=most) for severity in _FIRST))
    found = firsts.subquery()
    query = select(d).join(found, found.c.id == d.id).order_by(found.c.rank, d.at.desc(), d.id)
    rows = db.session.scalars(query.limit(limit).offset(offset)).all()
    return _questions(job.log, rows, inside=inside)


def _of_severity(job: str, severity: str, *, closed: bool, most: int) -> Select[Any]:
    d = DiscrepancyRow
    query = select(d.id, literal(_FIRST[severity]).label("rank"))
    where = (d.job == job, d.closed.is_(closed), d.severity == severity)
    return select(query.where(*where).order_by(d.at.desc(), d.id).limit(most).subquery())


def question_of(job: Job, discrepancy: str, *, inside: bool = True) -> Question:
    """One discrepancy. Raises NotFound if it is not this consignment's, or has gone by itself."""
    row = db.session.get(DiscrepancyRow, discrepancy)
    if row is None or row.job != job.id:
        raise NotFound
    return _questions(job.log, [row], inside=inside)[0]


def _questions(log: str, rows: Sequence[DiscrepancyRow], *, inside: bool) -> list[Question]:
    scans = _first_causes(log, rows)
    values = [str(value) for row in rows for value in row.params.values()] + [row.scope for row in rows]
    names = _names_of_codes(log, {value for value in values if is_valid(value)}, inside=inside)
    pseudonyms = {value for value in values if value.startswith("p-")} | {
        scan.actor for scan in scans.values()
    }
    people = people_by_pseudonym(log, pseudonyms)
    closings = _closings([row.id for row in rows if row.closed])
    return [_question(row, scans.get(row.id), names, people, closings) for row in rows]


def _first_causes(log: str, rows: Sequence[DiscrepancyRow]) -> dict[str, Any]:
    wanted = {cause for row in rows for cause in row.causes[:20]}
    s = ScanRow
    query = select(s.id, s.actor, s.at, s.index).where(s.with_ids(log, wanted))
    found = {scan.id: scan for scan in db.session.execute(query)} if wanted else {}
    firsts = {}
    for row in rows:
        scans = [found[cause] for cause in row.causes if cause in found]
        if scans:
            firsts[row.id] = min(scans, key=lambda scan: (scan.at, scan.id))
    return firsts


def _closings(ids: Sequence[str]) -> dict[str, str]:
    query = select(Closing.discrepancy, Closing.reason).where(Closing.discrepancy.in_(ids))
    return {row.discrepancy: REASONS[row.reason] for row in db.session.execute(query)} if ids else {}


def _question(
    row: DiscrepancyRow,
    scan: Any,
    names: Mapping[str, str],
    people: Mapping[str, PersonCard],
    closings: Mapping[str, str],
) -> Question:
    shown = {name: _put(str(value), names, people) for name, value in row.params.items()}
    who = people.get(scan.actor) if scan else None
    what = names.get(row.scope, show(row.scope) if is_valid(row.scope) else "")
    return Question(
        row.id,
        row.job,
        row.code,
        row.severity,
        discrepancy_title(row.code),
        discrepancy_text(row.code, shown),
        what,
        f"{who.role_text} {who.name}" if who else "",
        row.at,
        len(row.causes),
        closings.get(row.id, ""),
        row.scope,
    )


def _put(value: str, names: Mapping[str, str], people: Mapping[str, PersonCard]) -> str:
    if value in names:
        return names[value]
    return people[value].name if value in people else value


def _names_of_codes(log: str, codes: set[str], *, inside: bool = True) -> dict[str, str]:
    """「ノートPC MGM-0042」 or 「かご車 C-01」 for codes of this log; 「端末」 where it must not be said which."""
    if not codes:
        return {}
    cages = db.session.execute(select(Cage.code, Cage.name).where(Cage.log == log, Cage.code.in_(codes)))
    names = {row.code: f"かご車 {row.name}" for row in cages}
    if not inside:
        return dict.fromkeys(codes, "端末") | names
    d = Device
    rows = db.session.execute(select(d.id, d.code, d.kind).where(d.log == log, d.code.in_(codes))).all()
    private = vault.read(db.session(), log, [row.id for row in rows])
    for row in rows:
        asset = private.get(row.id, {}).get("asset", "")
        names[row.code] = f"{KIND_TITLES.get(row.kind, '')} {asset or show(row.code)}"
    return names


def cages_of(job: Job, limit: int = PAGE, offset: int = 0) -> list[CageCard]:
    """Cages of a consignment by name."""
    query = select(Cage).where(Cage.consignment == job.id).order_by(Cage.name).limit(limit).offset(offset)
    rows = db.session.scalars(query).all()
    people = people_by_pseudonym(job.log, {row.holder for row in rows if row.holder})
    absent = {row.code: sorted(set(row.manifest) - set(row.counted)) for row in rows if row.step in _COUNTED}
    names = _names_of_codes(job.log, {code for codes in absent.values() for code in codes[:NAMED]})
    return [_cage(row, people, absent.get(row.code, []), names) for row in rows]


def _cage(
    row: Cage, people: Mapping[str, PersonCard], absent: Sequence[str], names: Mapping[str, str]
) -> CageCard:
    counting = row.step in {"arrived", "opened", "count_closed"}
    total = len(row.manifest) if row.locked_at is not None else len(row.loaded)
    done = len(set(row.counted) & set(row.manifest)) if counting else total
    times = (row.closed_at, row.opened_at, row.arrived_at, row.departed_at, row.locked_at)
    holder = people.get(row.holder)
    return CageCard(
        row.code,
        show(row.code),
        row.name,
        row.step,
        _cage_state(row),
        row.seal,
        done,
        total,
        f"{holder.org} {holder.name}" if holder else "",
        next((at for at in times if at is not None), None),
        _cage_note(row, done, total),
        row.closed_at is not None and done == total,
        place_of(row.step),
        len(absent),
        [(code, names.get(code, show(code))) for code in absent[:NAMED]],
    )


def _cage_state(row: Cage) -> str:
    if not row.step:
        return "積込中" if row.loaded else "空"
    return {
        "locked": "施錠済・引渡待ち",
        "handed_over": "輸送中",
        "arrived": "到着・開錠待ち",
        "opened": "検数中",
    }.get(row.step, "開錠・検数済")


def _cage_note(row: Cage, done: int, total: int) -> str:
    if row.step in _COUNTED:
        return f"{done} / {total}台" + ("　不足なし" if done == total else "")
    return (f"{total}台" if total else "") + (f"　封印 {row.seal}" if row.seal else "")
