"""`ashiato ledger verify` beside the bare hashing that it cannot do without."""

import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select

from bench import site, town
from bench.progress import Progress
from bench.report import Figure, Part, median
from webapp.custody.entries import SCAN
from webapp.demo.phone import Phone
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.ledger.entries import By
from webapp.kernel.ledger.log import Draft, lock_heads, verify
from webapp.kernel.ledger.models import LedgerEntry

ENTRIES, ROUNDS = 100_000, 3


def run(folder: Path, progress: Progress, *, quick: bool = False) -> list[Part]:
    """Fill a log with scans, verify it, and hash the same bytes alone."""
    count, rounds = (500, 1) if quick else (ENTRIES, ROUNDS)
    with site.application(folder) as app:
        made = town.settle(app, 1)
        _fill(made, count, progress)
        raws = list(db.session.scalars(select(LedgerEntry.raw)))
        whole, bare = [], []
        progress.begin("verify: rounds", rounds)
        for _ in range(rounds):
            whole.append(_seconds(lambda: _verified(count)))
            bare.append(_seconds(lambda: _hashed(raws)))
            progress.step(1)
        progress.end()
    size = sum(map(len, raws)) / len(raws)
    return [_part(count, median(whole), median(bare), size)]


def _fill(made: town.Town, count: int, progress: Progress) -> None:
    crew = made.crews[0]
    phone, by = Phone(crew.p("officer"), town.LOG), By(crew.p("officer"), made.orgs["town"], ("officer",))
    progress.begin(f"verify: a log of {count:,} entries", count)
    for start in range(0, count, 500):
        size = min(500, count - start)
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


def _hashed(raws: list[bytes]) -> None:
    for raw in raws:
        sha256(b"\x00" + raw).digest()


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _part(count: int, whole: float, bare: float, size: float) -> Part:
    figures = [
        Figure("entries a second", count / whole, "/s"),
        Figure("bare SHA-256 of the same bytes", count / bare, "/s"),
        Figure("ratio", bare / whole),
    ]
    notes = [
        f"{count:,} scans of {size:.0f} bytes: read, hashed, decoded, filed under the right id and kind, tree, head."
    ]
    return Part("verify", "Verifying a log", figures, notes)
