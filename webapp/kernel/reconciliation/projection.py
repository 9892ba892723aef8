"""Keep the discrepancy table equal to what the folds say about the scopes they looked at."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import replace as changed_to
from typing import Any

import orjson
from sqlalchemy.orm import Session

from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.rows import MOST, Lookup, Written, delete_rows, insert_rows, update_rows
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


def replace(session: Session, log: str, scopes: Collection[str], rows: Sequence[Row]) -> dict[str, Verdict]:
    """Make the table hold exactly `rows` (of `with_closings`) for these scopes. Answers what those scans are worth
    now whose findings changed: attention if anything blocks or warns, waiting if it only waits for others.
    """
    held, wanted = _held(session, log, scopes), {row.id: row for row in rows}
    fresh = [row for key, row in wanted.items() if key not in held]
    other = [row for key, row in wanted.items() if key in held and not _same(held[key], row)]
    gone = held.keys() - wanted.keys()
    each = [_changed(held[row.id], row) for row in other]
    changed = set[str]().union(*each, *(held[key]["causes"] for key in gone), *(row.causes for row in fresh))
    verdicts = _worth(
        session, changed, held.keys(), wanted.values()
    )  # reads, and so ahead of what is written
    _delete(session, gone)
    _insert(session, fresh)
    _change(session, other, held)
    return verdicts


_TOLD = Written(
    "SELECT c.scan, d.id, d.code, d.severity, d.params FROM discrepancy_causes c"
    " JOIN discrepancies d ON d.id = c.discrepancy WHERE c.scan IN (*)"
)
_OF_SCOPE = Lookup(
    DiscrepancyRow.id, DiscrepancyRow.job, DiscrepancyRow.severity, DiscrepancyRow.params, DiscrepancyRow.causes,
    DiscrepancyRow.at, DiscrepancyRow.closed, by=DiscrepancyRow.scope, same=[DiscrepancyRow.log],
)  # fmt: skip


def _worth(
    session: Session, scans: Collection[str], replaced: Collection[str], rows: Iterable[Row]
) -> dict[str, Verdict]:
    """What scans are worth by `rows`, and by what the table holds beside those that they replace."""
    told: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {scan: [] for scan in scans}
    for part in _parts(sorted(told)):
        for scan, id, code, severity, params in _TOLD.run(session, part):
            if id not in replaced:
                said = orjson.loads(params) if isinstance(params, str) else params
                told[scan].append((code, severity, said))
    for row in rows:
        for scan in told.keys() & row.causes:
            told[scan].append((row.code, row.severity, row.params))
    return {scan: _verdict(found) if found else OK for scan, found in told.items()}


def _verdict(found: list[tuple[str, str, Mapping[str, Any]]]) -> Verdict:
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


#: By key alone: with the log beside it SQLite's planner might read all closings of the log.
_CLOSINGS = Lookup(Closing.discrepancy, Closing.entry, Closing.log, by=Closing.discrepancy)
_PLACES = Lookup(LedgerEntry.id, LedgerEntry.index, by=LedgerEntry.id, same=[LedgerEntry.log])


def _closings_of(session: Session, rows: Sequence[Row]) -> dict[str, tuple[str, int]]:
    """By id of the discrepancy: the entry that closed it, and its place in the log."""
    logs = {row.id: row.log for row in rows}
    closings = [row for row in _CLOSINGS.rows(session, logs) if row.log == logs[row.discrepancy]]
    if not closings:
        return {}
    entries = {row.entry for row in closings}
    places = {row.id: row.index for row in _PLACES.rows(session, entries, log=rows[0].log)}
    return {row.discrepancy: (row.entry, places[row.entry]) for row in closings}


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
    keys = [(id,) for id in ids]
    delete_rows(session, Cause, ("discrepancy",), keys)
    delete_rows(session, DiscrepancyRow, ("id",), keys)


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
    dropped = [(row.id, scan) for row in rows for scan in set(held[row.id]["causes"]) - set(row.causes)]
    delete_rows(session, Cause, ("discrepancy", "scan"), dropped)
