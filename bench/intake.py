"""The door under load: batches of fifty, and single scans from twenty phones."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson
from flask import Flask

from bench import clients, site, town
from bench.clients import Load, Shot
from bench.progress import Progress
from bench.report import Figure, Part, median, percentile
from bench.site import Server
from bench.town import Crew, Town
from webapp.kernel.base.clock import now_ms

LANES = 4
Sizes = tuple[int, int, int, int]
"""Rounds, cages a lane and round, phones, single scans a phone."""
FULL: Sizes = (4, 25, 20, 40)
QUICK: Sizes = (1, 1, 2, 3)


def run(folder: Path, progress: Progress, *, quick: bool = False) -> list[Part]:
    """Both parts over one town. The ceiling is measured in turn with the real thing."""
    rounds, cages, phones, singles = QUICK if quick else FULL
    with site.application(folder) as app:
        made = _prepare(app, rounds * LANES * cages + phones, phones, progress)
        with site.served(folder) as real, site.served(folder, "bench.ceiling:app") as bare:
            cookies = [_log_in(real.port, number, crew) for number, crew in enumerate(made.crews)]
            progress.begin("intake: batches of 50", rounds * 2)
            pairs = []
            for number in range(rounds):
                lanes = _lanes(made, cookies, number * LANES * cages, cages)
                ceiling = clients.send(bare, lanes)
                progress.step(1)
                pairs.append((ceiling, clients.send(real, lanes), _events(lanes)))
                progress.step(1)
            progress.end()
            alone = _singles(made, cookies, real, bare, rounds * LANES * cages, phones, singles)
    return [_batches_part(pairs), _singles_part(*alone, phones)]


def _prepare(app: Flask, cages: int, crews: int, progress: Progress) -> Town:
    progress.begin("intake: a town with its list and labels", 2 * cages * town.IN_A_CAGE)
    made = town.settle(app, max(crews, LANES))
    town.open_consignment(made, "bench")
    town.stocked(made, cages, progress.step)
    progress.end()
    return made


def _log_in(port: int, number: int, crew: Crew) -> dict[str, str]:
    """Lanes need all their people, the phones of the second part only an officer."""
    wanted = crew.logins if number < LANES else {"officer": crew.logins["officer"]}
    address = f"198.51.100.{number + 1}"
    return {role: clients.log_in(port, login, town.PASSWORD, address) for role, login in wanted.items()}


def _lanes(made: Town, cookies: Sequence[dict[str, str]], first: int, cages: int) -> list[list[Shot]]:
    lanes = []
    for number in range(LANES):
        start = first + number * cages
        steps = town.journey(made, made.crews[number], range(start, start + cages))
        lanes.append(
            [shot for role, items in steps for shot in _shots(cookies[number][role], items, town.BATCH)]
        )
    return lanes


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
        told = next((body[:300] for status, body in load.answers if status != 200), receipts[:1])
        raise RuntimeError(f"{len(recorded)} of {events} scans were recorded: {told!r}")
    return sum(1 for r in recorded if r["verdict"] == "ok") / events


def _batches_part(pairs: Sequence[tuple[Load, Load, int]]) -> Part:
    fine = [_check(real, events) for _, real, events in pairs]
    rates = [events / real.wall for _, real, events in pairs]
    bare = [events / ceiling.wall for ceiling, _, events in pairs]
    ratios = [rate / top for rate, top in zip(rates, bare, strict=True)]
    waits = [second * 1000 for _, real, _ in pairs for second in real.seconds]
    ratio, rate = median(ratios), median(rates)
    cpu = median([real.cpu / events for _, real, events in pairs])
    least = median([ceiling.cpu / events for ceiling, _, events in pairs])
    figures = [
        Figure("events a second", rate, "/s", "≥ 3,000", met=rate >= 3_000),
        Figure("ceiling: rows a second", median(bare), "/s"),
        Figure("ratio to the ceiling", ratio, "", "≥ 0.12", met=ratio >= 0.12),
        Figure("CPU of the server a scan", cpu * 1e6, "µs"),
        Figure("ceiling: CPU a row", least * 1e6, "µs"),
        Figure("CPU of the ceiling to ours", least / cpu, ""),
        Figure("batch p50", percentile(waits, 0.5), "ms"),
        Figure("batch p95", percentile(waits, 0.95), "ms"),
        Figure("batch p99", percentile(waits, 0.99), "ms"),
    ]
    spread = ", ".join(f"{rate:,.0f}/{top:,.0f}" for rate, top in zip(rates, bare, strict=True))
    notes = [
        f"{len(pairs)} rounds of {pairs[0][2]:,} scans by {LANES} connections, in turn with the ceiling; "
        f"the middle one counts. All rounds: {spread}.",
        "Registered, sanitized, loaded, locked, handed over, arrived, opened, counted, closed: cages of "
        f"{town.IN_A_CAGE}, every field, serials into the vault; {min(fine):.0%} of the verdicts were ok.",
        "Clients run on the same cores as the server.",
    ]
    return Part("intake", "Intake over HTTP, batches of 50 scans", figures, notes)


def _singles(
    made: Town,
    cookies: Sequence[dict[str, str]],
    real: Server,
    bare: Server,
    first: int,
    phones: int,
    each: int,
) -> tuple[Load, Load, int]:
    lanes = []
    for number in range(phones):
        crew = made.crews[number]
        _, items = next(town.journey(made, crew, [first + number]))
        lanes.append(list(_shots(cookies[number]["officer"], items[:each], 1)))
    return clients.send(bare, lanes), clients.send(real, lanes), phones * each


def _singles_part(ceiling: Load, real: Load, events: int, phones: int) -> Part:
    _check(real, events)
    waits, top = [s * 1000 for s in real.seconds], [s * 1000 for s in ceiling.seconds]
    figures = [Figure("scans a second", events / real.wall, "/s")]
    figures += [Figure(f"p{n}", percentile(waits, n / 100), "ms") for n in (50, 95, 99)]
    figures += [Figure(f"ceiling p{n}", percentile(top, n / 100), "ms") for n in (50, 95, 99)]
    notes = [f"{phones} phones, each sends its next scan as soon as the last is answered: {events:,} scans."]
    return Part("singles", f"Single scans, {phones} phones at once", figures, notes)
