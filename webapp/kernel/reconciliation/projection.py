"""Keep the discrepancy table equal to what the folds say about the scopes they looked at."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import replace as changed_to
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.rows import MOST, Lookup, column, insert_rows, update_rows
from webapp.kernel.intake.door import OK, Verdict
from webapp.kernel.ledger.models import LedgerEntry
from webapp.kernel.reconciliation.models import Cause, Closing, DiscrepancyRow

_COLUMNS = ("job", "severity", "params", "causes", "at", "closed")


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
    closed: bool = False
    before: str = ""  # the closing of the time before, if it went away and came back after that

    @property
    def id(self) -> str:
        """Derived from what it is about, so that the same discrepancy found again is the same one.

        One that comes back after it was settled is a new one.
        """
        again = (self.before,) if self.before else ()
        return derived_id(self.log, self.scope, self.code, self.key, *again)


#: (row, place of its closing in the log) → whether the discrepancy has been there ever since; the rooms know.
Lasted = Callable[[Row, int], bool]


def with_closings(session: Session, rows: Sequence[Row], lasted: Lasted) -> list[Row]:
    """The rows, each once, with what people decided: closed if a closing holds for it.

    One that went away after its closing and is back is open again, under another id.
    """
    told, asked = list[Row](), list(_merged(rows).values())
    while asked:
        closings, again = _closings_of(session, asked), list[Row]()
        for row in asked:
            if row.id not in closings:
                told.append(row)
            elif lasted(row, closings[row.id][1]):
                told.append(changed_to(row, closed=True))
            else:
                again.append(changed_to(row, before=closings[row.id][0]))
        asked = again
    return told


def id_before(session: Session, row: DiscrepancyRow) -> str:
    """The id under which this discrepancy was settled before it went away and came back; "" if it never was."""
    names = row.log, row.scope, row.code, row.key
    before, id = "", derived_id(*names)
    while id != row.id and (closing := session.get(Closing, id)) is not None:
        before, id = id, derived_id(*names, closing.entry)
    return before


def replace(session: Session, log: str, scopes: Collection[str], rows: Sequence[Row]) -> set[str]:
    """Make the table hold exactly `rows` (of `with_closings`) for these scopes. Returns the ids of scans whose
    findings changed.
    """
    held, wanted = _held(session, log, scopes), {row.id: row for row in rows}
    fresh = [row for key, row in wanted.items() if key not in held]
    other = [row for key, row in wanted.items() if key in held and not _same(held[key], row)]
    gone = held.keys() - wanted.keys()
    _delete(session, gone)
    _insert(session, fresh)
    _change(session, other, held)
    changed = [_changed(held[row.id], row) for row in other]
    return set().union(*changed, *(held[key]["causes"] for key in gone), *(row.causes for row in fresh))


_TOLD = (
    select(*map(column, (Cause.scan, DiscrepancyRow.code, DiscrepancyRow.severity, DiscrepancyRow.params)))
    .where(column(DiscrepancyRow.id) == column(Cause.discrepancy))
    .where(column(Cause.scan).in_(bindparam("scans", expanding=True)))
)
_OF_SCOPE = Lookup(
    DiscrepancyRow.id, DiscrepancyRow.job, DiscrepancyRow.severity, DiscrepancyRow.params, DiscrepancyRow.causes,
    DiscrepancyRow.at, DiscrepancyRow.closed, by=DiscrepancyRow.scope, same=[DiscrepancyRow.log],
)  # fmt: skip


def verdicts(session: Session, scans: Iterable[str]) -> dict[str, Verdict]:
    """What these scans are worth now: attention if anything blocks or warns, waiting if it only waits for
    others.
    """
    told: dict[str, list[tuple[str, str, dict[str, Any]]]] = {scan: [] for scan in scans}
    for part in _parts(told):
        for scan, code, severity, params in session.connection().execute(_TOLD, {"scans": part}):
            told[scan].append((code, severity, params))
    return {scan: _verdict(found) if found else OK for scan, found in told.items()}


def _verdict(found: list[tuple[str, str, dict[str, Any]]]) -> Verdict:
    found.sort(key=lambda one: (one[0], one[1], sorted(one[2].items())))
    waits = all(severity == "wait" for _, severity, _ in found)
    return Verdict("waiting" if waits else "attention", tuple(found))


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    everything = list(values)
    for start in range(0, len(everything), MOST):
        yield everything[start : start + MOST]


def _merged(rows: Sequence[Row]) -> dict[str, Row]:
    """Two findings of one name are one discrepancy with the scans of both."""
    found: dict[str, Row] = {}
    for row in rows:
        if (first := found.get(row.id)) is not None:
            row = changed_to(first, causes=sorted({*first.causes, *row.causes}), at=min(first.at, row.at))
        found[row.id] = row
    return found


_CLOSINGS = (
    select(column(Closing.discrepancy), column(Closing.entry), column(LedgerEntry.index))
    .where(column(LedgerEntry.log) == column(Closing.log), column(LedgerEntry.id) == column(Closing.entry))
    .where(column(Closing.discrepancy).in_(bindparam("ids", expanding=True)))
)


def _closings_of(session: Session, rows: Sequence[Row]) -> dict[str, tuple[str, int]]:
    """By id of the discrepancy: the entry that closed it, and its place in the log."""
    found: dict[str, tuple[str, int]] = {}
    for part in _parts(row.id for row in rows):
        told = session.connection().execute(_CLOSINGS, {"ids": part})
        found.update((key, (entry, index)) for key, entry, index in told)
    return found


def _held(session: Session, log: str, scopes: Collection[str]) -> dict[str, Mapping[str, Any]]:
    return {row.id: row._asdict() for row in _OF_SCOPE.rows(session, scopes, log=log)}


def _same(held: Mapping[str, Any], row: Row) -> bool:
    return all(held[name] == getattr(row, name) for name in _COLUMNS)


def _changed(held: Mapping[str, Any], row: Row) -> set[str]:
    """Scans that read differently now: all of them if the words changed, else those that came or went."""
    if (held["severity"], held["params"]) != (row.severity, row.params):
        return {*held["causes"], *row.causes}
    return set(held["causes"]) ^ set(row.causes)


def _delete(session: Session, ids: Collection[str]) -> None:
    for part in _parts(ids):
        session.execute(delete(Cause).where(Cause.discrepancy.in_(part)))
        session.execute(delete(DiscrepancyRow).where(DiscrepancyRow.id.in_(part)))


def _insert(session: Session, rows: Sequence[Row]) -> None:
    insert_rows(session, DiscrepancyRow, [{"id": row.id, **_told(row)} for row in rows])
    _add_causes(session, [(row, row.causes) for row in rows])


def _told(row: Row) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if name != "before"}


def _add_causes(session: Session, added: Iterable[tuple[Row, Collection[str]]]) -> None:
    rows = [{"discrepancy": row.id, "scan": scan, "log": row.log} for row, scans in added for scan in scans]
    insert_rows(session, Cause, rows)


def _change(session: Session, rows: Sequence[Row], held: Mapping[str, Mapping[str, Any]]) -> None:
    if not rows:
        return
    changes = [{"id": row.id} | {name: getattr(row, name) for name in _COLUMNS} for row in rows]
    update_rows(session, DiscrepancyRow, "id", changes)
    _add_causes(session, [(row, set(row.causes) - set(held[row.id]["causes"])) for row in rows])
    _drop_causes(
        session, [(row.id, scan) for row in rows for scan in set(held[row.id]["causes"]) - set(row.causes)]
    )


def _drop_causes(session: Session, pairs: Sequence[tuple[str, str]]) -> None:
    if pairs:
        table = Cause.__table__
        session.connection().execute(
            delete(table).where(  # type: ignore[arg-type]
                table.c.discrepancy == bindparam("b_discrepancy"), table.c.scan == bindparam("b_scan")
            ),
            [{"b_discrepancy": discrepancy, "b_scan": scan} for discrepancy, scan in pairs],
        )
