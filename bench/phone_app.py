"""First load of the phone app in Chromium: what crosses the wire, and how long it takes, cold and warm."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

from bench import clients, site, town
from bench.progress import Progress
from bench.report import Figure, Part, median
from bench.site import Server

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
ROUNDS = 5
#: The screen is there, and the worker holds everything that is needed without a network.
SHOWN = (
    "() => document.querySelector('#app') && !document.querySelector('.app-boot')"
    " && document.querySelector('h1, button, a')"
)
KEPT = "() => navigator.serviceWorker.ready.then((worker) => worker.active.state === 'activated')"


def run(folder: Path, progress: Progress, *, quick: bool = False) -> list[Part]:
    """Cold: a fresh profile each time. Warm: the same profile, opened again."""
    rounds = 1 if quick else ROUNDS
    with site.application(folder) as app:
        made = town.settle(app, 1)
        town.open_consignment(made, "phone")
    log = folder / "access.log"
    argv = ("--access-logfile", str(log), "--access-logformat", "%(U)s %(B)s")
    with site.served(folder, options=argv, workers=1 if quick else 2) as server:
        cookie = clients.log_in(server.port, made.crews[0].logins["officer"], town.PASSWORD)
        seen: list[Mapping[str, float]] = []
        progress.begin("phone app: first loads", rounds)
        for _ in range(rounds):
            seen.append(_load(server, cookie, log))
            progress.step(1)
        progress.end()
        raw = _raw(server, [line.split()[0] for line in log.read_text().splitlines()])
    return [_part(seen, raw, rounds)]


def _load(server: Server, cookie: str, log: Path) -> Mapping[str, float]:
    with _browser(server, cookie) as context:
        before = _lines(log)
        page = context.new_page()
        shown, kept = _open(page, server)
        cold = _lines(log)[len(before) :]
        page.close()
        page = context.new_page()
        warm_shown, _ = _open(page, server)
        page.wait_for_timeout(300)
        warm = _lines(log)[len(before) + len(cold) :]
        page.close()
    return {
        "shown": shown, "kept": kept, "warm": warm_shown, "bytes": sum(size for _, size in cold),
        "requests": len(cold), "again": sum(size for _, size in warm), "again_requests": len(warm),
    }  # fmt: skip


@contextmanager
def _browser(server: Server, cookie: str) -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, locale="ja-JP", timezone_id="Asia/Tokyo"
        )
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{server.port}"}])
        yield context
        browser.close()


def _open(page: Page, server: Server) -> tuple[float, float]:
    """Seconds until the first screen stands, and until everything is kept."""
    started = time.perf_counter()
    page.goto(f"http://127.0.0.1:{server.port}/app/", wait_until="commit")
    page.wait_for_function(SHOWN)
    shown = time.perf_counter() - started
    page.wait_for_function(KEPT)
    return shown, time.perf_counter() - started


def _lines(log: Path) -> list[tuple[str, int]]:
    pairs = (line.split() for line in log.read_text().splitlines())
    return [(path, int(size)) for path, size in pairs if path != "/healthz" and size.isdigit()]


def _raw(server: Server, paths: list[str]) -> int:
    """Bytes of the same files when the browser knows no packing."""
    total = 0
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        for path in {path for path in paths if path.startswith(("/static/pwa/", "/app/", "/sw.js"))}:
            connection.request("GET", path, headers={"Accept-Encoding": "identity"})
            total += len(connection.getresponse().read())
    return total


def _part(seen: list[Mapping[str, float]], raw: int, rounds: int) -> Part:
    middle = {name: median([one[name] for one in seen]) for name in seen[0]}
    figures = [
        Figure("files, unpacked", raw / 1000, "kB"),
        Figure("cold: bytes as served", middle["bytes"] / 1000, "kB"),
        Figure("cold: requests", middle["requests"]),
        Figure("cold: first screen", middle["shown"] * 1000, "ms"),
        Figure("cold: everything kept for offline use", middle["kept"] * 1000, "ms"),
        Figure("warm: bytes as served", middle["again"] / 1000, "kB"),
        Figure("warm: requests", middle["again_requests"]),
        Figure("warm: first screen", middle["warm"] * 1000, "ms"),
    ]
    notes = [
        (
            f"Chromium, headless, 390×844, over loopback; the middle of {rounds} fresh profiles. A cold load fetches "
            "what the page needs and, beside it, everything that the service worker keeps. Bytes are bodies as packed."
        ),
    ]
    return Part("phone", "First load of the phone app", figures, notes)
