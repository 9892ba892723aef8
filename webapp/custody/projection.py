"""How entries become read tables: file the new scans, then fold again every thing they touch."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from webapp.custody import entries as kinds
from webapp.custody.entries import effective, is_skewed
from webapp.custody.models import Cage, Consignment, Device, Import, ManifestLine, Party, Photo, ScanRow
from webapp.custody.refold import refold
from webapp.custody.scene import Touched, first_scans
from webapp.custody.steps import Step
from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.rows import insert_rows
from webapp.kernel.intake.clock import half_width
from webapp.kernel.intake.door import Verdict
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.reconciliation.models import DiscrepancyRow
from webapp.kernel.reconciliation.service import CLOSED
from webapp.kernel.scanning import service as codes

#: Everything that is folded from a log.
TABLES = (Photo, ScanRow, ManifestLine, Device, Cage, Import, Party, Consignment)


def project(session: Session, log: str, recorded: Sequence[Recorded]) -> Mapping[str, Verdict]:
    """Fold entries of one log, in the order of the log. Answers the verdicts of all scans they may have changed."""
    touched = Touched()
    scans = [entry for entry in recorded if entry.kind == kinds.SCAN]
    for entry in recorded:
        if handler := _HANDLERS.get(entry.kind):
            handler(session, entry, touched)
    if scans:
        _file(session, log, scans, touched)
    verdicts = refold(session, log, touched) if touched else {}
    _keep(session, touched)
    return verdicts


def _consignment_opened(session: Session, entry: Recorded, _touched: Touched) -> None:
    body = entry.data["body"]
    session.execute(
        insert(Consignment).values(
            id=entry.id,
            log=entry.log,
            municipality=body["municipality"],
            carrier=body["carrier"],
            itad=body["itad"],
            due_at=body.get("due_at"),
            policy=body["policy"],
            opened_at=entry.recorded_at,
        )
    )
    orgs = {body["municipality"], body["carrier"], body["itad"]}
    rows = [{"consignment": entry.id, "org": org, "log": entry.log} for org in sorted(orgs)]
    session.execute(insert(Party), rows)


def _import_committed(session: Session, entry: Recorded, _touched: Touched) -> None:
    body = entry.data["body"]
    session.execute(
        insert(Import).values(
            consignment=body["consignment"],
            file_sha256=body["file_sha256"],
            log=entry.log,
            entry=entry.id,
            devices=body["devices"],
        )
    )


def _assets_listed(session: Session, entry: Recorded, _touched: Touched) -> None:
    consignment, devices = entry.data["consignment"], entry.data["devices"]
    session.execute(
        insert(Device),
        [
            {"id": d["id"], "log": entry.log, "consignment": consignment, "number": d["number"]}
            | {"cls": d["cls"], "kind": d["kind"], "listed": True}
            for d in devices
        ],
    )
    bearing = sum(1 for d in devices if d["cls"] != "0")
    session.execute(
        update(Consignment)
        .where(Consignment.id == consignment)
        .values(listed=Consignment.listed + len(devices), data_bearing=Consignment.data_bearing + bearing)
        .execution_options(synchronize_session=False)
    )


def _cage_added(session: Session, entry: Recorded, touched: Touched) -> None:
    body = entry.data["body"]
    session.execute(
        insert(Cage).values(
            code=body["code"],
            log=entry.log,
            consignment=body["consignment"],
            name=body["label"],
            added_at=entry.recorded_at,
        )
    )
    touched.codes.add(body["code"])


def _code_voided(session: Session, entry: Recorded, touched: Touched) -> None:
    """The thing goes on under the new code: its scans are filed there from now on."""
    old, new = entry.data["body"]["code"], entry.data["body"].get("replaced_by") or ""
    if new:
        query = select(ScanRow.code).where(ScanRow.log == entry.log, ScanRow.parent == old).distinct()
        touched.codes |= set(session.scalars(query))
        _file_anew(session, entry.log, old, new)
        for table, column in _FILED_UNDER:
            if table is Cage and session.get(Cage, new, populate_existing=True) is not None:
                continue  # two cages became one: its scans are those of both
            session.execute(
                update(table)
                .where(table.log == entry.log, column == old)
                .values({column.key: new})
                .execution_options(synchronize_session=False)
            )
    touched.codes |= {old, new} - {""}
    touched.renamed |= {old, new} - {""}


def _file_anew(session: Session, log: str, old: str, new: str) -> None:
    """Two histories become one, whichever was filed first."""
    if firsts := first_scans(session, log, {old, new}):
        session.execute(
            update(ScanRow)
            .where(ScanRow.filed_under(log, firsts))
            .values(code=new, first=min(firsts.values()))
            .execution_options(synchronize_session=False)
        )


def _settled(session: Session, entry: Recorded, touched: Touched) -> None:
    """A device may have come to its end by what somebody has decided."""
    d = DiscrepancyRow
    scope = session.scalar(select(d.scope).where(d.id == entry.data["body"]["discrepancy"]))
    if scope and ":" not in scope:  # a device or a cage; not a phone, not a cage that nobody has added
        touched.codes.add(scope)


_FILED_UNDER: tuple[tuple[Any, Any], ...] = (
    (ScanRow, ScanRow.parent),
    (ManifestLine, ManifestLine.cage),
    (ManifestLine, ManifestLine.code),
    (Device, Device.code),
    (Cage, Cage.code),
)
_HANDLERS = {
    kinds.CONSIGNMENT_OPENED: _consignment_opened,
    kinds.IMPORT_COMMITTED: _import_committed,
    kinds.ASSETS_LISTED: _assets_listed,
    kinds.CAGE_ADDED: _cage_added,
    codes.VOIDED: _code_voided,
    CLOSED: _settled,
}


def _file(session: Session, log: str, scans: Sequence[Recorded], touched: Touched) -> None:
    current = codes.replacements(session, log)
    rows = [_row(entry, current) for entry in scans]
    firsts = first_scans(session, log, {row["code"] for row in rows})
    for row in rows:
        row["first"] = firsts.setdefault(row["code"], row["index"])
    touched.scans = rows
    touched.lines = [line for row in rows if row["step"] == Step.LOCKED for line in _lines(row, current)]
    touched.current = current
    touched.codes |= {row["code"] for row in rows}
    touched.boots |= {row["boot"] for row in rows if row["skewed"]}


def _keep(session: Session, touched: Touched) -> None:
    """Write the new scans. Everything about them is known by now: what was just written need not be read back."""
    insert_rows(session, ScanRow, touched.scans)
    insert_rows(session, Photo, [photo for row in touched.scans for photo in _photos(row)])
    insert_rows(session, ManifestLine, touched.lines)


def _photos(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for sha256 in dict.fromkeys(row["photos"]):
        yield {"sha256": sha256, "scan": row["id"], "log": row["log"], "job": row["job"], "org": row["org"]}


def _lines(row: Mapping[str, Any], current: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for place, code in enumerate(row["body"].get("manifest", ())):
        yield {
            "log": row["log"], "index": row["index"], "place": place,
            "cage": row["code"], "code": current.get(code, code),
        }  # fmt: skip


def _row(entry: Recorded, current: Mapping[str, str]) -> dict[str, Any]:
    data = entry.data
    code, parent, body = data.get("code", ""), data.get("parent", ""), data.get("body", {})
    at, off = data["at"], data.get("off")
    return {
        "log": entry.log,
        "index": entry.index,
        "id": entry.id,
        "code": current.get(code, code),
        "parent": current.get(parent, parent),
        "step": data.get("step", ""),
        "at": effective(at, off),
        "recorded_at": entry.recorded_at,
        "actor": entry.by.actor,
        "org": entry.by.org,
        "roles": list(entry.by.roles),
        "witnesses": list(data.get("wit", ())),
        "photos": list(data.get("ev", ())),
        "job": data.get("job", ""),
        "body": _with_digest(data) if data.get("step") == Step.HANDED_OVER else body,
        "device": _device(entry.log, body) if data.get("step") == Step.REGISTERED else "",
        "target": body.get("target", "") if data.get("step") == Step.VOID else "",
        "dev": data.get("dev", ""),
        "err": half_width(off, data.get("off_age"), data.get("off_err"), data.get("mono", 0)),
        "boot": data.get("boot", ""),
        "skewed": is_skewed(at, off, entry.recorded_at),
    }


def _with_digest(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a hand-over says, and the hash of its words. The door takes no other bytes than these for them."""
    return {**data.get("body", {}), kinds.DIGEST: hashlib.sha256(orjson.dumps(data)).hexdigest()}


def _device(log: str, body: Mapping[str, Any]) -> str:
    """The device that a registration binds; one that is on no list gets an id that no other log can claim."""
    found = body.get("device_new", "")
    return str(body.get("device") or (derived_id(log, found) if found else ""))
