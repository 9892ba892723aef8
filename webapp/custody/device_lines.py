"""The devices of a consignment as lines of a list, of a search and of a CSV file."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, tuple_

from webapp.custody.models import Cage, Device
from webapp.custody.queries import PAGE, Job
from webapp.custody.steps import CLASS_TITLES, KIND_TITLES, TITLES
from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import VaultRecord
from webapp.kernel.scanning.codes import is_valid, normalise, show

CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device in a list. Staff only: asset number and model come out of the vault."""

    id: str
    number: int
    code: str
    shown: str
    asset: str
    kind_text: str
    model: str
    cls: str
    class_text: str
    place: str
    step: str
    step_text: str
    cage: str
    ended: bool


def devices_of(
    job: Job, *, step: str = "", cage: str = "", text: str = "", page: int = 1
) -> tuple[list[DeviceLine], int]:
    """One page of the consignment's devices in list order, and how many there are in all.

    `text` is looked for in the tracking ID, the 管理番号 and the 製造番号.
    """
    query = select(Device).where(Device.consignment == job.id)
    if step:
        query = query.where(Device.step == ("" if step == "none" else step))
    if cage:
        query = query.where(Device.cage == cage)
    if text:
        query = query.where(_holds(job.log, text))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.scalars(
        query.order_by(Device.number, Device.id).limit(PAGE).offset((page - 1) * PAGE)
    ).all()
    return _lines(job, rows), total


def _holds(log: str, text: str) -> ColumnElement[bool]:
    """Devices whose ID begins with the text, or whose asset number or serial holds it."""
    v, plain = VaultRecord, unicodedata.normalize("NFKC", text).strip()
    named = [v.data[name].as_string().icontains(plain, autoescape=True) for name in ("asset", "serial")]
    code = normalise(plain) or re.sub(r"[\s-]", "", plain).upper()
    private = select(v.subject).where(v.log == log, or_(*named))
    return or_(Device.code.startswith(code, autoescape=True), Device.id.in_(private))


def every_device(job: Job) -> Iterator[DeviceLine]:
    """All devices of a consignment in list order, read CHUNK at a time."""
    after = (-1, "")
    while True:
        query = select(Device).where(Device.consignment == job.id, tuple_(Device.number, Device.id) > after)
        rows = db.session.scalars(query.order_by(Device.number, Device.id).limit(CHUNK)).all()
        yield from _lines(job, rows)
        if len(rows) < CHUNK:
            return
        after = (rows[-1].number, rows[-1].id)


def device_of(job: Job, device: str) -> DeviceLine:
    """One device of the consignment. Raises NotFound."""
    row = db.session.scalar(select(Device).where(Device.id == device, Device.consignment == job.id))
    if row is None:
        raise NotFound
    return _lines(job, [row])[0]


def _lines(job: Job, rows: Sequence[Device]) -> list[DeviceLine]:
    private = vault.read(db.session(), job.log, [row.id for row in rows])
    cages = db.session.execute(select(Cage.code, Cage.name).where(Cage.consignment == job.id))
    names: dict[str, str] = {row.code: row.name for row in cages}
    return [_line(row, private.get(row.id, {}), names) for row in rows]


def _line(row: Device, private: Mapping[str, Any], cages: Mapping[str, str]) -> DeviceLine:
    return DeviceLine(
        row.id,
        row.number,
        row.code or "",
        show(row.code) if row.code and is_valid(row.code) else "",
        str(private.get("asset", "")),
        KIND_TITLES.get(row.kind, ""),
        " ".join(str(private[name]) for name in ("maker", "model") if private.get(name)),
        row.cls,
        CLASS_TITLES.get(row.cls, ""),
        str(private.get("place", "")),
        row.step,
        TITLES.get(row.step, "未登録"),
        cages.get(row.cage, ""),
        row.ended,
    )
