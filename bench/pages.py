"""The board and the public page of a small consignment beside those of a large one."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, event

from bench import clients, site, town
from bench.progress import Progress
from bench.report import Figure, Part, percentile
from bench.site import Server
from bench.town import Town
from webapp.kernel.base.db import db

FULL, QUICK = (100, 100_000, 200), (48, 96, 5)
"""Devices of the small and of the large consignment, requests of each page."""
FORGOTTEN = 50
"""One device in so many was never erased: an open question each, as in life."""


@dataclass(frozen=True, slots=True)
class Place:
    """A consignment that is served: what to ask for, and what was counted."""

    folder: Path
    devices: int
    job: str
    codes: Sequence[str]
    login: str
    statements: tuple[int, int]


def run(folder: Path, progress: Progress, *, quick: bool = False) -> list[Part]:
    """Fill both, count statements in this process, time the pages over HTTP in turn."""
    few, many, requests = QUICK if quick else FULL
    small, large = (_fill(folder / str(size), size, progress) for size in (few, many))
    workers = 1 if quick else 2
    with (
        site.served(small.folder, workers=workers) as one,
        site.served(large.folder, workers=workers) as other,
    ):
        times = _measure([(one, small), (other, large)], requests, progress)
    return [_part(small, large, times, requests)]


def _fill(folder: Path, devices: int, progress: Progress) -> Place:
    """All devices registered, erased but a few, loaded; every cage locked and handed over; through the door."""
    folder.mkdir()
    cages = -(-devices // town.IN_A_CAGE)
    with site.application(folder) as app:
        made = town.settle(app, 1)
        town.open_consignment(made, f"{devices:,}")
        progress.begin(f"pages: {devices:,} devices", 5 * devices)
        town.list_devices(made, devices, progress.step)
        made.codes += town.print_codes(made, "device", devices, progress.step)
        town.add_cages(made, cages)
        _tell(made, progress)
        progress.end()
        codes = random.Random(1).sample(made.codes, min(devices, 400))  # noqa: S311
        login = made.crews[0].logins["officer"]
        return Place(
            folder,
            devices,
            made.job,
            codes,
            login,
            (
                statements_of(app, f"/consignments/{made.job}", login),
                statements_of(app, f"/t/{codes[0]}", ""),
            ),
        )


def _tell(made: Town, progress: Progress) -> None:
    things = range(len(made.devices))
    crew = made.crews[0]
    for batch in town.batches(things, 100):
        made.receive(town.registered(made, crew, batch))
        erased = [n for n in batch if n % FORGOTTEN]
        made.receive(town.sanitized(made, crew, erased), "itad_technician")
        progress.step(2 * len(batch))
        db.session.remove()
    for cage in range(len(made.cages)):
        items = list(town.loaded(made, crew, cage))
        made.receive(items)
        progress.step(len(items) - 2)
        db.session.remove()


def statements_of(app: Flask, path: str, login: str) -> int:
    """SQL statements of one request, after one that warms up."""
    client = app.test_client()
    if login:
        app.config["WTF_CSRF_ENABLED"] = False
        form = {"login": login, "password": town.PASSWORD}
        Context().run(client.post, "/login", data=form)
    Context().run(client.get, path)
    with _statements() as seen:
        answer = Context().run(client.get, path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return len(seen)


@contextmanager
def _statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


Times = dict[str, tuple[list[float], list[float]]]


def _measure(places: Sequence[tuple[Server, Place]], requests: int, progress: Progress) -> Times:
    """Seconds of each page, the small and the large in turn; the first of each is not counted."""
    seconds: Times = {"board": ([], []), "public": ([], [])}
    lines = [HTTPConnection("127.0.0.1", server.port, timeout=60) for server, _ in places]
    cookies = [clients.log_in(server.port, place.login, town.PASSWORD) for server, place in places]
    progress.begin("pages: requests", requests)
    for number in range(-5, requests):
        for side, (_, place) in enumerate(places):
            asked = {
                "board": f"/consignments/{place.job}",
                "public": f"/t/{place.codes[number % len(place.codes)]}",
            }
            for name, path in asked.items():
                headers = {"Cookie": cookies[side], "X-Forwarded-For": f"192.0.2.{number % 250}"}
                took = _get(lines[side], path, headers)
                if number >= 0:
                    seconds[name][side].append(took)
        if number >= 0:
            progress.step(1)
    progress.end()
    for line in lines:
        line.close()
    return seconds


def _get(line: HTTPConnection, path: str, headers: dict[str, str]) -> float:
    started = time.perf_counter()
    line.request("GET", path, headers=headers)
    answer = line.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return time.perf_counter() - started


def _part(small: Place, large: Place, times: Times, requests: int) -> Part:
    few_devices, devices = small.devices, large.devices
    figures = []
    for place, (name, title) in enumerate((("board", "board"), ("public", "public page"))):
        few, many = small.statements[place], large.statements[place]
        figures.append(Figure(f"{title}: statements, {few_devices} devices", few))
        figures.append(Figure(f"{title}: statements, {devices:,}", many, "", "the same", met=few == many))
        one, other = (percentile(side, 0.95) * 1000 for side in times[name])
        figures.append(Figure(f"{title}: p95, {few_devices} devices", one, "ms"))
        figures.append(Figure(f"{title}: p95, {devices:,}", other, "ms"))
        figures.append(Figure(f"{title}: ratio of the p95", other / one, "", "≤ 2", met=other / one <= 2))
        halves = [percentile(side, 0.5) for side in times[name]]
        figures.append(Figure(f"{title}: ratio of the p50", halves[1] / halves[0]))
    notes = [
        (
            f"{requests} requests of each page over HTTP, small and large in turn; every device is registered and "
            f"in a locked cage of {town.IN_A_CAGE} that was handed over; one in {FORGOTTEN} was never erased."
        ),
    ]
    return Part("pages", f"Board and public page, {few_devices} and {devices:,} devices", figures, notes)
