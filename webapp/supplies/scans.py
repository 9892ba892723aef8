"""Boxes and their scans, as both the decisions and the fold see them."""

from operator import attrgetter
from typing import Any

from webapp.kernel.base.workbench import Workbench
from webapp.kernel.intake.clock import half_width
from webapp.kernel.ledger.entries import Recorded
from webapp.supplies.models import Parcel, ScanRow
from webapp.supplies.rules import day_of
from webapp.supplies.steps import Step


def good_labels(bench: Workbench, match: str) -> list[Parcel]:
    """The parcels of a shipment whose labels are good, in order."""
    good = [parcel for parcel in bench.find(Parcel, match=match) if parcel.void_at is None]
    return sorted(good, key=attrgetter("k"))


def scan_row(entry: Recorded) -> dict[str, Any]:
    """What the entry says, in effective time, by attribute of `ScanRow`."""
    data, body = entry.data, entry.data.get("body", {})
    off, step = data.get("off"), data.get("step", "")
    return {
        "id": entry.id, "log": entry.log, "index": entry.index, "code": data.get("code", ""), "step": step,
        "shelter": data.get("place", ""), "disaster": data.get("job", ""), "at": data["at"] + (off or 0),
        "err": half_width(off, data.get("off_age"), data.get("off_err"), data.get("mono", 0)),
        "recorded_at": entry.recorded_at, "actor": entry.by.actor, "org": entry.by.org, "dev": data.get("dev", ""),
        "target": body.get("target", "") if step == Step.VOID else "", "body": dict(body),
    }  # fmt: skip


def was_past(outside: ScanRow) -> bool:
    """Goods without a label that were past their date when they came: expired, whatever their number."""
    return 0 < int(outside.body.get("best_before", 0)) < day_of(outside.at)
