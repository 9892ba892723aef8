"""Keep the discrepancy table equal to what the folds say about the scopes they looked at."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from webapp.kernel.base.ids import derived_id
from webapp.kernel.reconciliation.models import Closing, DiscrepancyRow


@dataclass(frozen=True, slots=True)
class Row:
    """A discrepancy as the table holds it."""

    log: str
    job: str
    scope: str
    code: str
    severity: str
    key: str
    params: dict[str, Any]
    causes: list[str]
    at: int

    @property
    def id(self) -> str:
        """Derived from what it is about, so that the same discrepancy found again is the same one."""
        return derived_id(self.log, self.scope, self.code, self.key)


def replace(session: Session, log: str, scopes: Collection[str], rows: Sequence[Row]) -> set[str]:
    """Make the table hold exactly `rows` for these scopes. Returns the ids of scans whose findings changed."""
    held = _held(session, log, scopes)
    wanted = {row.id: row for row in rows}
    fresh = [row for key, row in wanted.items() if key not in held]
    gone = [key for key in held if key not in wanted]
    other = [row for key, row in wanted.items() if key in held and not _same(held[key], row)]
    if gone:
        session.execute(delete(DiscrepancyRow).where(DiscrepancyRow.id.in_(gone)))
    if fresh:
        closed = _closed(session, [row.id for row in fresh])
        values = [{"id": row.id, "closed": row.id in closed, **asdict(row)} for row in fresh]
        session.execute(insert(DiscrepancyRow), values)
    if other:
        _change(session, other)
    touched = [held[key]["causes"] for key in (*gone, *(row.id for row in other))]
    return set().union(*touched, *(row.causes for row in (*fresh, *other)))


def _held(session: Session, log: str, scopes: Collection[str]) -> dict[str, dict[str, Any]]:
    if not scopes:
        return {}
    d = DiscrepancyRow
    rows = session.execute(
        select(d.id, d.job, d.severity, d.params, d.causes, d.at).where(d.log == log, d.scope.in_(scopes))
    )
    return {row.id: dict(row._mapping) for row in rows}  # noqa: SLF001  (SQLAlchemy's public name for it)


def _same(held: dict[str, Any], row: Row) -> bool:
    return all(held[name] == getattr(row, name) for name in ("job", "severity", "params", "causes", "at"))


def _closed(session: Session, ids: Collection[str]) -> set[str]:
    return set(session.scalars(select(Closing.discrepancy).where(Closing.discrepancy.in_(ids))))


def _change(session: Session, rows: Sequence[Row]) -> None:
    table = DiscrepancyRow.__table__
    session.connection().execute(
        update(table)  # type: ignore[arg-type]
        .where(table.c.id == bindparam("b_id"))
        .values({name: bindparam(f"b_{name}") for name in ("job", "severity", "params", "causes", "at")}),
        [
            {"b_id": row.id, "b_job": row.job, "b_severity": row.severity, "b_params": row.params}
            | {"b_causes": row.causes, "b_at": row.at}
            for row in rows
        ],
    )
