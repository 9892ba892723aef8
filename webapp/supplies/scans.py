"""An entry as a scan of this room's table."""

from typing import Any

from webapp.kernel.intake.clock import half_width
from webapp.kernel.ledger.entries import Recorded
from webapp.supplies.models import ScanRow
from webapp.supplies.steps import Step

_COLUMNS = tuple(column.key for column in ScanRow.__mapper__.column_attrs)


def scan_row(entry: Recorded) -> ScanRow:
    """What the entry says, in effective time. It belongs to no session."""
    data, body = entry.data, entry.data.get("body", {})
    off = data.get("off")
    return ScanRow(
        id=entry.id,
        log=entry.log,
        index=entry.index,
        code=data.get("code", ""),
        step=data.get("step", ""),
        shelter=data.get("place", ""),
        disaster=data.get("job", ""),
        at=data["at"] + (off or 0),
        err=half_width(off, data.get("off_age"), data.get("off_err"), data.get("mono", 0)),
        recorded_at=entry.recorded_at,
        actor=entry.by.actor,
        org=entry.by.org,
        dev=data.get("dev", ""),
        target=body.get("target", "") if data.get("step") == Step.VOID else "",
        body=dict(body),
    )


def columns_of(row: ScanRow) -> dict[str, Any]:
    """Its values by attribute, as `base.rows` inserts them."""
    return {name: getattr(row, name) for name in _COLUMNS}
