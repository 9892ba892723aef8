"""The log itself: checking all of it, its root from cold, a proof, the room it takes."""

import gc
import resource
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import event, func, select

from bench import site, town
from bench.progress import Progress
from bench.report import Figure, Part, median, percentile
from webapp.custody.entries import SCAN
from webapp.demo.phone import Phone
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.ledger import tree
from webapp.kernel.ledger.entries import By
from webapp.kernel.ledger.log import Draft, lock_heads
from webapp.kernel.ledger.models import LedgerEntry
from webapp.kernel.ledger.verification import verify
from webapp.kernel.tlog import proofs
from webapp.kernel.tlog.merkle import Frontier, leaf_hash

ENTRIES, ROUNDS, PROOFS = 1_000_000, 5, 200
#: What is hashed alone for comparison: as many of the same bytes as fit into memory without pushing anything out.
SAMPLE = 100_000


def run(folder: Path, progress: Progress, *, quick: bool = False) -> list[Part]:
    """Fill a log with scans; verify it, and rebuild a root over the same bytes with nothing but SHA-256."""
    count, rounds = (1_500, 1) if quick else (ENTRIES, ROUNDS)
    with site.application(folder) as app:
        made = town.settle(app, 1)
        before = _bytes_in(folder)
        _fill(made, count, progress)
        raws = list(db.session.scalars(select(LedgerEntry.raw).order_by(LedgerEntry.index).limit(SAMPLE)))
        whole, bare, passes = (
            [],
            [],
            count // len(raws),
        )  # both for about as long: neighbours disturb them alike
        progress.begin("verify: rounds", rounds)
        for _ in range(rounds):
            bare.append(_cpu(lambda: _repeated(lambda: _rebuilt(raws), passes)) / passes / len(raws))
            whole.append(_cpu(lambda: _verified(count)) / count)
            progress.step(1)
        progress.end()
        size = sum(map(len, raws)) / len(raws)
        raws.clear()
        parts = [_verify_part(count, median(whole), median(bare), size)]
        return [*parts, _proof_part(count, (_bytes_in(folder) - before) / count, size)]


def _fill(made: town.Town, count: int, progress: Progress) -> None:
    crew = made.crews[0]
    phone, by = Phone(crew.p("officer"), town.LOG), By(crew.p("officer"), made.orgs["town"], ("officer",))
    progress.begin(f"verify: a log of {count:,} entries", count)
    for start in range(0, count, 5_000):
        size = min(5_000, count - start)
        items = [phone.scan("loaded", "HWVEN9XSYWCX7K2MP", made.tick(), parent="x" * 17) for _ in range(size)]
        drafts = [Draft(new_id(), SCAN, by, {"p": item["p"], "s": ""}, {}) for item in items]
        with transaction() as session:
            lock_heads(session, [town.LOG]).append(session, town.LOG, drafts, now_ms())
        progress.step(size)
    progress.end()


def _verified(count: int) -> None:
    check = verify(db.session(), town.LOG)
    if check.fault or check.size != count:
        raise RuntimeError(f"the log is not whole: {check}")


def _repeated(work: Callable[[], None], times: int) -> None:
    for _ in range(times):
        work()


def _rebuilt(raws: list[bytes]) -> None:
    frontier = Frontier()
    for raw in raws:
        frontier.push(leaf_hash(raw))
    frontier.root()


def _cpu(work: Callable[[], None]) -> float:
    """Seconds of one core; neighbours count less than they would on the wall."""
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


def _peak_growth(work: Callable[[], None]) -> float:
    """By how many MiB the process' peak grew."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def _bytes_in(folder: Path) -> int:
    db.session.rollback()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(path.stat().st_size for path in folder.rglob("*.db*"))


def _verify_part(count: int, whole: float, bare: float, size: float) -> Part:
    grown = _peak_growth(lambda: _verified(count))
    figures = [
        Figure("entries a second", 1 / whole, "/s"),
        Figure("bare rebuild from memory", 1 / bare, "/s"),
        Figure("ratio", bare / whole, "", "≥ 0.5", met=bare / whole >= 0.5),
        Figure("growth of the peak of memory", grown, "MiB", "flat", met=grown < 32),
    ]
    note = (
        f"{count:,} scans of {size:.0f} bytes: read, hashed, filed under the right id, kind and time, tiles, tree, "
        f"head. CPU seconds of one core. The bare rebuild hashes leaves and tree of {min(count, SAMPLE):,} of the same "
        "entries that lie in memory, and does nothing else."
    )
    return Part("verify", "Verifying a log", figures, [note])


def _proof_part(count: int, room: float, size: float) -> Part:
    db.session.rollback()
    started = time.perf_counter()
    root = proofs.root_of(count, tree.node(db.session(), town.LOG))
    cold = time.perf_counter() - started
    taken, statements = _prove(count, root)
    p95 = percentile(taken, 0.95)
    figures = [
        Figure("root from cold, out of tiles", cold, "s", "< 2 s", met=cold < 2),
        Figure("inclusion proof, p50", percentile(taken, 0.5), "ms"),
        Figure("inclusion proof, p95", p95, "ms", "< 10 ms", met=p95 < 10),
        Figure("statements a proof, at most", max(statements), "", "O(log n)"),
        Figure("bytes on disk an entry", room, "B"),
        Figure("… of which the entry itself", size, "B"),
    ]
    notes = [f"{PROOFS} entries spread over the log, each proof made in a fresh session and checked."]
    return Part("proofs", f"Proofs in a log of {count:,}", figures, notes)


def _prove(count: int, root: bytes) -> tuple[list[float], list[int]]:
    taken, statements = list[float](), [0]
    event.listen(db.engine, "before_cursor_execute", lambda *_: statements.append(statements.pop() + 1))
    for number in range(PROOFS):
        index = number * (count - 1) // (PROOFS - 1)
        db.session.rollback()
        db.session.expunge_all()
        statements.append(0)
        started = time.perf_counter()
        path = proofs.inclusion_path(index, count, tree.node(db.session(), town.LOG))
        taken.append((time.perf_counter() - started) * 1000)
        entry = LedgerEntry.index == index
        leaf = db.session.scalar(select(LedgerEntry.leaf).where(LedgerEntry.log == town.LOG, entry))
        proofs.verify_inclusion(index, count, leaf or b"", path, root)
    assert db.session.scalar(select(func.count()).select_from(LedgerEntry)) == count
    return taken, [each - 1 for each in statements[1:]]
