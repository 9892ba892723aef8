"""What staff pages need besides the board: partners, drafts, label sheets, the scans behind a discrepancy."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import case, delete, func, or_, select, union

from webapp.custody.device_lines import every_device
from webapp.custody.forms import AssetList
from webapp.custody.models import Cage, Device, ImportDraft, ScanRow
from webapp.custody.queries import Job
from webapp.custody.steps import CAGE_STEPS, TITLES, Step
from webapp.kernel.base.clock import HOUR
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.base.tabular import write_csv
from webapp.kernel.evidence.queries import present
from webapp.kernel.identity.models import Organisation
from webapp.kernel.identity.pseudonyms import people_by_pseudonym
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import Log
from webapp.kernel.reconciliation.messages import REASONS
from webapp.kernel.reconciliation.models import Closing, DiscrepancyRow
from webapp.kernel.reconciliation.projection import id_before
from webapp.kernel.scanning.codes import is_valid, normalise, show
from webapp.kernel.scanning.labels import MAX_LABELS, Label
from webapp.kernel.scanning.models import IssuedCode
from webapp.kernel.scanning.service import MAX_ISSUE

CAGE_ONLY = frozenset({*CAGE_STEPS, Step.VOID})
DRAFT_LIFE = 24 * HOUR
KINDS = {"device": "端末", "cage": "かご車", "drive": "ドライブ", "lock": "錠", "seal": "封印"}


@dataclass(frozen=True, slots=True)
class Draft:
    """An uploaded list before it is confirmed."""

    id: str
    filename: str
    file_sha256: str
    title: str
    rows: int
    counts: Mapping[str, int] = field(hash=False)
    problems: Sequence[Mapping[str, Any]] = ()
    devices: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Codes issued together: one or more sheets to print."""

    id: str
    kind_text: str
    count: int
    used: int
    void: int
    issued_at: int
    parts: int


@dataclass(frozen=True, slots=True)
class LabelNeed:
    """Device stickers a consignment still wants: `missing` things have none, `free` stickers are unused."""

    missing: int
    free: int

    @property
    def count(self) -> int:
        """Stickers to print now, in whole sheets of 65; at least one sheet."""
        short = max(self.missing - self.free, 1)
        return min(-(-short // 65) * 65, MAX_ISSUE // 65 * 65)


@dataclass(frozen=True, slots=True)
class Todo:
    """One of the first things to do on a new consignment. `key`: list | labels | cages | register."""

    key: str
    done: bool


@dataclass(frozen=True, slots=True)
class ClosingCard:
    """How and by whom a discrepancy was settled."""

    reason: str
    who: str
    at: int
    note: str


@dataclass(frozen=True, slots=True)
class ScanLine:
    """One scan in words. `photos` are (sha256, whether the bytes have arrived); `cause`: it is questioned."""

    id: str
    step_text: str
    shown: str
    who: str
    at: int
    recorded_at: int
    index: int
    photos: Sequence[tuple[str, bool]] = ()
    cause: bool = True
    err: int | None = 0  # how far `at` may be off, ms; None: nothing tells


def own_log(org: str) -> str:
    """The log of a municipality. Raises NotFound for any other organisation."""
    found = db.session.scalar(select(Log.id).where(Log.organisation_id == org))
    if found is None:
        raise NotFound
    return found


def partners(org: str, kind: str) -> list[tuple[str, str]]:
    """Organisations of a kind that this municipality, or nobody in particular, has entered, as (id, name)."""
    ours = or_(Organisation.invited_by == org, Organisation.invited_by.is_(None))
    query = select(Organisation.id, Organisation.name).where(
        Organisation.kind == kind, Organisation.active.is_(True), ours
    )
    return [(row.id, row.name) for row in db.session.execute(query.order_by(Organisation.name))]


def keep_draft(job: Job, assets: AssetList, data: bytes, filename: str, person: str, now: int) -> str:
    """Stage a list for its preview; drafts older than a day go."""
    row = ImportDraft(
        id=new_id(),
        log=job.log,
        consignment=job.id,
        filename=filename[:200],
        file_sha256=hashlib.sha256(data).hexdigest(),
        uploaded_by=person,
        uploaded_at=now,
        rows=assets.rows,
        devices=[
            {**asdict(d), "id": new_id(), "cls": str(d.cls), "kind": str(d.kind), "lease": int(d.lease)}
            for d in assets.devices
        ],
        problems=[{**asdict(p), "severity": str(p.severity)} for p in assets.problems],
    )
    with transaction() as session:
        session.execute(delete(ImportDraft).where(ImportDraft.uploaded_at < now - DRAFT_LIFE))
        session.add(row)
    return row.id


def draft_or_none(job: Job, draft_id: str) -> ImportDraft | None:
    """The draft as it was staged, if it is this consignment's and still there."""
    row = db.session.get(ImportDraft, draft_id)
    return row if row is not None and row.consignment == job.id else None


def draft(job: Job, draft_id: str) -> Draft:
    """The draft for its preview. Raises NotFound."""
    row = draft_or_none(job, draft_id)
    if row is None:
        raise NotFound
    return Draft(
        row.id, row.filename, row.file_sha256, "", row.rows, _counts(row), row.problems, row.devices[:5]
    )


def _counts(row: ImportDraft) -> dict[str, int]:
    names = ("notebook", "desktop", "tablet", "server", "monitor", "other", "error", "warning", "info")
    found = dict.fromkeys(names, 0)
    for device in row.devices:
        found[device["kind"]] += 1
    for problem in row.problems:
        found[problem["severity"]] += 1
    return {**found, "pc": found["notebook"] + found["desktop"]}


def free_codes(log: str, kind: str) -> list[tuple[str, str]]:
    """Codes of a kind that are on no cage yet and not void, as (code, shown)."""
    c = IssuedCode
    query = (
        select(c.id)
        .outerjoin(Cage, Cage.code == c.id)
        .where(c.log == log, c.kind == kind, c.void_at.is_(None), Cage.code.is_(None))
        .order_by(c.issued_at, c.batch, c.number)
        .limit(200)
    )
    return [(code, show(code)) for code in db.session.scalars(query)]


def batches(log: str) -> list[Batch]:
    """Issued batches, newest first. `used` are on a device or a cage; the others are bound to nothing."""
    c = IssuedCode
    query = (
        select(
            c.batch,
            func.min(c.kind),
            func.count(),
            func.count(Device.code) + func.count(Cage.code),
            func.sum(case((c.void_at.is_not(None), 1), else_=0)),
            func.min(c.issued_at),
        )
        .outerjoin(Device, (Device.code == c.id) & (Device.log == c.log))
        .outerjoin(Cage, Cage.code == c.id)
        .where(c.log == log)
        .group_by(c.batch)
        .order_by(func.min(c.issued_at).desc(), c.batch)
        .limit(50)
    )
    return [
        Batch(batch, KINDS.get(kind, kind), count, used, void, at, -(-count // MAX_LABELS))
        for batch, kind, count, used, void, at in db.session.execute(query)
    ]


def label_need(job: Job) -> LabelNeed:
    """Device stickers against things that have none yet."""
    c = IssuedCode
    query = (
        select(func.count())
        .select_from(c)
        .outerjoin(Device, (Device.code == c.id) & (Device.log == c.log))
        .where(c.log == job.log, c.kind == "device", c.void_at.is_(None), Device.id.is_(None))
    )
    return LabelNeed(max(job.counts["listed"] - job.counts["registered"], 0), db.session.scalar(query) or 0)


def first_steps(job: Job) -> list[Todo]:
    """What a new consignment wants, in order; empty once it is under way."""
    caged = db.session.scalar(select(Cage.code).where(Cage.consignment == job.id).limit(1)) is not None
    listed, begun = job.counts["listed"] > 0, job.counts["registered"] > 0
    if listed and caged and begun:
        return []
    need = label_need(job)
    labelled = listed and (begun or need.free >= need.missing)
    done = {"list": listed, "labels": labelled, "cages": caged, "register": begun}
    return [Todo(key, finished) for key, finished in done.items()]


def cage_names(job: Job) -> list[tuple[str, str]]:
    """The cages of a consignment as (code, name)."""
    query = select(Cage.code, Cage.name).where(Cage.consignment == job.id).order_by(Cage.name)
    return [(row.code, row.name) for row in db.session.execute(query)]


def settled(job: Job) -> int:
    """How many discrepancies people have closed."""
    d = DiscrepancyRow
    query = select(func.count()).select_from(d).where(d.job == job.id, d.closed.is_(True))
    return db.session.scalar(query) or 0


def closing_of(job: Job, discrepancy: str) -> ClosingCard | None:
    """Who settled a discrepancy, when, why and with which words; None while it is open."""
    row = db.session.get(Closing, discrepancy)
    if row is None or row.log != job.log:
        return None
    who = people_by_pseudonym(job.log, {row.actor}).get(row.actor)
    subject = vault.of_act(row.entry)
    note = vault.read(db.session(), job.log, [subject]).get(subject, {}).get("note", "")
    return ClosingCard(REASONS[row.reason], f"{who.role_text} {who.name}" if who else "", row.at, str(note))


def closing_before(job: Job, discrepancy: str) -> ClosingCard | None:
    """How a discrepancy was settled before it went away and came back; None if it is here for the first time."""
    row = db.session.get(DiscrepancyRow, discrepancy)
    before = id_before(db.session(), row) if row is not None else ""
    return closing_of(job, before) if before else None


def stickers(job: Job, batch: str, part: int) -> list[Label]:
    """The labels of a batch in sheet order, without void ones. Raises NotFound if there are none."""
    c = IssuedCode
    rows = db.session.execute(
        select(c.id, c.kind)
        .where(c.log == job.log, c.batch == batch, c.void_at.is_(None))
        .order_by(c.number)
        .limit(MAX_LABELS)
        .offset((part - 1) * MAX_LABELS)
    ).all()
    if not rows:
        raise NotFound
    cages = db.session.execute(select(Cage.code, Cage.name).where(Cage.log == job.log))
    names = {cage.code: cage.name for cage in cages}
    return [Label(row.id, row.kind, job.municipality, names.get(row.id, "")) for row in rows]


def code_in(text: str) -> str:
    """A typed code in the form it is stored in; what is none stays as typed, and the command refuses it."""
    return normalise(text) or text.strip()[:40]


def scans_of(job: Job, discrepancy: str, *, inside: bool = True) -> list[ScanLine]:
    """The scans behind a discrepancy among those of its thing, the earliest first; at most 100.

    Without `inside` only those of cages: devices are not for everybody to know.
    """
    row = db.session.get(DiscrepancyRow, discrepancy)
    if row is None or row.job != job.id:
        raise NotFound
    s, causes = ScanRow, set(row.causes[:50])
    about = [code for code in (row.scope, str(row.params.get("device", ""))) if is_valid(code)]
    query = select(s.id, s.step, s.code, s.actor, s.at, s.recorded_at, s.index, s.photos, s.err, s.dev)
    conditions = s.with_ids(job.log, causes), s.filed_under(job.log, about)
    places = union(
        *(select(s.index).where(condition) for condition in conditions)
    )  # an OR would read the whole log
    query = query.where(s.log == job.log, s.index.in_(places))
    if not inside:
        query = query.where(s.step.in_(CAGE_STEPS))
    found = db.session.execute(query.order_by(s.at, s.id).limit(100)).all()
    return _scan_lines(job, found, causes)


def scans_about(job: Job, code: str) -> list[ScanLine]:
    """What was recorded about a device's code and about the cage it lies in, the earliest first; at most 100."""
    s, d = ScanRow, Device
    cages = select(d.cage).where(d.log == job.log, d.code == code, d.cage != "")
    places = union(
        select(s.index).where(s.filed_under(job.log, [code])),
        select(s.index).where(s.filed_under(job.log, cages), s.step.in_(CAGE_STEPS)),
    )
    query = select(s.id, s.step, s.code, s.actor, s.at, s.recorded_at, s.index, s.photos, s.err, s.dev)
    query = query.where(s.log == job.log, s.index.in_(places)).order_by(s.at, s.id).limit(100)
    return _scan_lines(job, db.session.execute(query).all(), set())


def _scan_lines(job: Job, found: Sequence[Any], causes: set[str]) -> list[ScanLine]:
    people = people_by_pseudonym(job.log, {scan.actor for scan in found})
    here = present([sha for scan in found for sha in scan.photos])
    return [_scan_line(scan, people, here, causes) for scan in found]


def _scan_line(scan: Any, people: Mapping[str, Any], here: set[str], causes: set[str]) -> ScanLine:
    who = people.get(scan.actor)
    return ScanLine(
        scan.id,
        TITLES.get(scan.step, scan.step),
        show(scan.code) if is_valid(scan.code) else scan.code,
        f"{who.role_text} {who.name}" if who else "",
        scan.at,
        scan.recorded_at,
        scan.index,
        [(sha, sha in here) for sha in scan.photos],
        scan.id in causes,
        scan.err if scan.dev else 0,  # what was said in a form has the server's own time
    )


def assets_csv(job: Job) -> bytes:
    """The consignment's devices as CSV: UTF-8 with BOM, cells that would run as formulas neutralised."""
    return write_csv(_asset_rows(job), "utf-8-sig")


def _asset_rows(job: Job) -> Iterator[Sequence[object]]:
    yield ("番号", "追跡ID", "管理番号", "種別", "機種", "区分", "設置場所", "状態", "かご車", "終了")
    for d in every_device(job):
        ended = "終了" if d.ended else ""
        head = (d.number, d.shown, d.asset, d.kind_text, d.model, d.class_text, d.place)
        yield (*head, d.step_text, d.cage, ended)
