"""The door under load: batches of fifty, and single scans from twenty phones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import orjson
from flask import Flask
from sqlalchemy import func, select

from bench import clients, site, town
from bench.ceiling import ROWS
from bench.clients import Load, Shot
from bench.progress import Progress
from bench.report import Figure, Part, median, percentile
from bench.site import Server
from bench.town import Crew, Town
from webapp.custody.models import ManifestLine, ScanRow
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.intake.models import Receipt
from webapp.kernel.ledger.models import LedgerEntry, VaultRecord

LANES = 4
#: Tables that a scan adds rows to.
WRITTEN = (LedgerEntry, Receipt, ScanRow, VaultRecord, ManifestLine)
Sizes = tuple[int, int, int, int]
"""Rounds, cages a lane and round, phones, single scans a phone."""
FULL: Sizes = (5, 20, 20, 40)
QUICK: Sizes = (1, 1, 2, 3)


def run(folder: Path, progress: Progress, *, quick: bool = False) -> list[Part]:
    """Both parts over one town. The ceiling is measured in turn with the real thing."""
    rounds, cages, phones, singles = QUICK if quick else FULL
    with site.application(folder) as app:
        made = _prepare(app, LANES * (1 + rounds * cages) + phones, phones, progress)
        with (
            site.served(folder) as real,
            site.served(folder, "bench.ceiling:app") as bare,
            site.served(folder, "bench.ceiling:least") as least,
        ):
            cookies = [_log_in(real.port, number, crew) for number, crew in enumerate(made.crews)]
            bench = _Bench(made, cookies, real, bare, least)
            progress.begin("intake: batches of 50", rounds + 1)
            bench.round(1)  # the first requests of a process are slower; not counted
            progress.step(1)
            before, pairs = _rows(), []
            for _ in range(rounds):
                pairs.append(bench.round(cages))
                progress.step(1)
            progress.end()
            written = (_rows() - before) / sum(each.events for each in pairs)
            alone = bench.singles(phones, singles)
    return [_batches_part(pairs, written), _singles_part(alone, phones)]


def _rows() -> int:
    """Rows of everything that a scan adds to."""
    db.session.rollback()
    counted = (db.session.scalar(select(func.count()).select_from(table)) or 0 for table in WRITTEN)
    return sum(counted)


class Round(NamedTuple):
    """The same uploads to the two ceilings and to the real thing."""

    bare: Load
    least: Load
    real: Load
    events: int


@dataclass
class _Bench:
    """The servers and what the phones have in hand. Each cage is used once."""

    made: Town
    cookies: Sequence[dict[str, str]]
    real: Server
    bare: Server
    least: Server
    used: int = 0

    def round(self, cages: int) -> Round:
        """`cages` cages a lane, to the ceilings and then to the real thing."""
        lanes = []
        for number in range(LANES):
            steps = town.journey(self.made, self.made.crews[number], range(self.used, self.used + cages))
            mine = self.cookies[number]
            lanes.append([shot for role, items in steps for shot in _shots(mine[role], items, town.BATCH)])
            self.used += cages
        return self._send(lanes)

    def _send(self, lanes: Sequence[Sequence[Shot]]) -> Round:
        bare, least, real = (clients.send(server, lanes) for server in (self.bare, self.least, self.real))
        return Round(bare, least, real, _events(lanes))

    def singles(self, phones: int, each: int) -> Round:
        """Phones that register the first devices of a cage of their own, one by one."""
        lanes = []
        for number in range(phones):
            _, items = next(town.journey(self.made, self.made.crews[number], [self.used + number]))
            lanes.append(list(_shots(self.cookies[number]["officer"], items[:each], 1)))
        return self._send(lanes)


def _prepare(app: Flask, cages: int, crews: int, progress: Progress) -> Town:
    progress.begin("intake: a town with its list and labels", 2 * cages * town.IN_A_CAGE)
    made = town.settle(app, max(crews, LANES))
    town.open_consignment(made, "bench")
    town.stocked(made, cages, progress.step)
    progress.end()
    return made


def _log_in(port: int, number: int, crew: Crew) -> dict[str, str]:
    """Lanes need all their people, the phones of the second part only an officer."""
    roles = ("officer", "itad_technician", "driver", "itad_receiver") if number < LANES else ("officer",)
    wanted = {role: crew.logins[role] for role in roles}
    address = f"198.51.100.{number + 1}"
    return {role: clients.log_in(port, login, town.PASSWORD, address) for role, login in wanted.items()}


def _shots(cookie: str, items: Sequence[object], size: int) -> Iterable[Shot]:
    for batch in town.batches(items, size):
        yield cookie, orjson.dumps({"dev": "", "sent_at": now_ms(), "items": batch})


def _events(lanes: Sequence[Sequence[Shot]]) -> int:
    return sum(len(orjson.loads(body)["items"]) for lane in lanes for _, body in lane)


def _check(load: Load, events: int) -> float:
    """Every scan was recorded; the share whose verdict is ok."""
    receipts = [r for status, body in load.answers if status == 200 for r in orjson.loads(body)["receipts"]]
    recorded = [r for r in receipts if r["status"] == "recorded"]
    if len(recorded) != events:
        refused = [r for r in receipts if r["status"] != "recorded"]
        failed = [f"{status} {body[:200]!r}" for status, body in load.answers if status != 200]
        raise RuntimeError(f"{len(recorded)} of {events} scans were recorded: {[*failed, *refused][:2]}")
    return sum(1 for r in recorded if r["verdict"] == "ok") / events


def _batches_part(pairs: Sequence[Round], written: float) -> Part:
    if round(written, 2) != ROWS:
        raise RuntimeError(f"intake inserts {written:.2f} rows a scan, the ceiling {ROWS}")
    fine = [_check(each.real, each.events) for each in pairs]
    rates, tops, leasts = (
        [each.events / load(each).wall for each in pairs]
        for load in (attrgetter("real"), attrgetter("bare"), attrgetter("least"))
    )
    ratio = median([rate / top for rate, top in zip(rates, tops, strict=True)])
    to_least = median([rate / top for rate, top in zip(rates, leasts, strict=True)])
    waits = [second * 1000 for each in pairs for second in each.real.seconds]
    rate, cpu = median(rates), median([each.real.cpu / each.events for each in pairs])
    bare = median([each.bare.cpu / each.events for each in pairs])
    figures = [
        Figure("events a second", rate, "/s", "≥ 3,000", met=rate >= 3_000),
        Figure(f"ceiling, {ROWS} rows a scan", median(tops), "/s"),
        Figure("ratio to that ceiling", ratio, "", "≥ 0.12", met=ratio >= 0.12),
        Figure("ceiling, one row a scan", median(leasts), "/s"),
        Figure("ratio to that one", to_least),
        Figure("CPU of the server a scan", cpu * 1e6, "µs"),
        Figure(f"CPU of the ceiling a scan of {ROWS} rows", bare * 1e6, "µs"),
        Figure("CPU of the ceiling to ours", bare / cpu, ""),
        Figure("batch p50", percentile(waits, 0.5), "ms"),
        Figure("batch p95", percentile(waits, 0.95), "ms"),
        Figure("batch p99", percentile(waits, 0.99), "ms"),
    ]
    spread = ", ".join(f"{a:,.0f}/{b:,.0f}/{c:,.0f}" for a, b, c in zip(rates, tops, leasts, strict=True))
    notes = [
        (
            f"{len(pairs)} rounds of {pairs[0].events:,} scans by {LANES} connections, in turn with the ceilings; "
            f"the middle one counts. All rounds: {spread}."
        ),
        (
            f"Intake inserted {written:.2f} rows a scan into entries, receipts, read tables and vault, and so does the "
            "first ceiling. Until 15:00 of 2026-11-22 that inserted 3, which made the ratio about 0.005 smaller."
        ),
        (
            "Registered, sanitized, loaded, locked, handed over, arrived, opened, counted, closed: cages of "
            f"{town.IN_A_CAGE}, every field, serials into the vault; {min(fine):.0%} of the verdicts were ok."
        ),
        "Clients run on the same cores as the server.",
        "Where neighbours keep the disk busy the ceiling suffers more and flatters us; the ratio of CPU does not.",
    ]
    return Part("intake", "Intake over HTTP, batches of 50 scans", figures, notes)


def _singles_part(found: Round, phones: int) -> Part:
    _check(found.real, found.events)
    waits, top = [[s * 1000 for s in load.seconds] for load in (found.real, found.bare)]
    figures = [Figure("scans a second", found.events / found.real.wall, "/s")]
    figures += [Figure(f"p{n}", percentile(waits, n / 100), "ms") for n in (50, 95, 99)]
    figures += [Figure(f"ceiling p{n}", percentile(top, n / 100), "ms") for n in (50, 95, 99)]
    notes = [
        f"{phones} phones, each sends its next scan as soon as the last is answered: {found.events:,} scans."
    ]
    return Part("singles", f"Single scans, {phones} phones at once", figures, notes)
