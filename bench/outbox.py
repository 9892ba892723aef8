"""Signed scans on a phone: how many a second are kept with strict durability, how long thousands take to be sent."""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import orjson
from playwright.sync_api import Page, sync_playwright

from bench import clients, site, town
from bench.phone_app import CHROMIUM, FLAGS
from bench.progress import Progress
from bench.report import Figure, Part, percentile
from bench.site import Server
from bench.town import Town
from webapp.kernel.base.clock import now_ms
from webapp.kernel.phones import enrolment

PAGE = (Path(__file__).parent / "outbox_page.js").read_text("utf-8").strip().rstrip(";")
PAGE = PAGE[PAGE.index("async") :]
FRAME, BATCH = 12, 100
HEADERS = {"X-Ashiato": "1", "Content-Type": "application/json"}


def run(folder: Path, progress: Progress, *, quick: bool = False) -> list[Part]:
    """One phone, enrolled; half of the devices are sent by it, half by a bare client in the same batches."""
    waiting, kept = (96, 24) if quick else (5_000, 600)
    with site.application(folder) as app:
        made = town.settle(app, 1)
        town.open_consignment(made, "outbox")
        cages = -(-2 * waiting // town.IN_A_CAGE)
        progress.begin("outbox: devices and labels", 2 * cages * town.IN_A_CAGE + cages)
        town.stocked(made, cages, progress.step)
        progress.end()
        officer = made.crews[0].authors["officer"].person_id
        token = enrolment.issue(officer, officer, now_ms())
    with site.served(folder, workers=1 if quick else 2) as server:
        seen = _phone(server, made, str(token), waiting, kept)
    return _parts(seen, waiting, kept)


def _phone(server: Server, made: Town, token: str, waiting: int, kept: int) -> Mapping[str, Any]:
    base = f"http://127.0.0.1:{server.port}"
    cookie = clients.log_in(server.port, made.crews[0].logins["officer"], town.PASSWORD)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        context = browser.new_context()
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": base}])
        page = context.new_page()
        page.set_default_timeout(300_000)
        page.goto(f"{base}/verify")  # a page of the app that sends nothing by itself
        page.evaluate(PAGE)
        seen = _walk(page, made, token, waiting, kept)
        seen["ceiling"] = _ceiling(server, cookie, seen.pop("items"))
        browser.close()
    return seen


def _walk(page: Page, made: Town, token: str, waiting: int, kept: int) -> dict[str, Any]:
    """Unsigned first, as before the enrolment; then signed, one by one and in frames; then all of it is sent."""
    me = page.evaluate("() => bench.begin('')")
    scans = [
        {"code": code, "device": device, "job": made.job, "actor": me["actor"], "log": me["id"]}
        for code, device in zip(made.codes, made.devices, strict=True)
    ]
    unsigned = page.evaluate("(scans) => bench.oneByOne(scans)", scans[:kept])
    page.evaluate("(person) => bench.send(person)", me["person"])
    page.evaluate("(token) => bench.begin(token)", token)
    signed = page.evaluate("(scans) => bench.oneByOne(scans)", scans[:kept])
    bare = page.evaluate("(count) => bench.bare(count)", kept)
    frames = page.evaluate("([scans, size]) => bench.frames(scans, size)", [scans[:kept], FRAME])
    page.evaluate("(person) => bench.send(person)", me["person"])
    page.evaluate("([scans, size]) => bench.frames(scans, size)", [scans[:waiting], 50])
    sent = page.evaluate("(person) => bench.send(person)", me["person"])
    page.evaluate("([scans, size]) => bench.frames(scans, size)", [scans[waiting : 2 * waiting], 50])
    items = page.evaluate("() => bench.items()")
    return {
        "unsigned": unsigned,
        "signed": signed,
        "bare": bare,
        "frames": frames,
        "sent": sent,
        "items": items,
    }


def _ceiling(server: Server, cookie: str, items: Sequence[Any]) -> float:
    """Seconds in which the server takes as many scans of this phone over one connection, and nothing in between."""
    bodies = [orjson.dumps({"dev": "", "sent_at": 0, "items": batch}) for batch in town.batches(items, BATCH)]
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=120)) as connection:
        started = time.perf_counter()
        answers = []
        for body in bodies:
            connection.request("POST", "/api/scans", body, HEADERS | {"Cookie": cookie})
            answers.append(connection.getresponse().read())
        took = time.perf_counter() - started
    receipts = [receipt for answer in answers for receipt in orjson.loads(answer)["receipts"]]
    if {receipt["status"] for receipt in receipts} != {"recorded"}:
        raise RuntimeError("the server did not record them all")
    return took


def _parts(seen: Mapping[str, Any], waiting: int, kept: int) -> list[Part]:
    if seen["sent"]["pending"] or seen["sent"]["refused"]:
        raise RuntimeError(f"not all of it was sent: {seen['sent']}")
    rate = {name: 1000 * kept / sum(seen[name]) for name in ("unsigned", "signed", "bare", "frames")}
    sending, ceiling = waiting / (seen["sent"]["took"] / 1000), waiting / seen["ceiling"]
    keeping = [
        Figure("one after the other, signed and chained", rate["signed"], "/s"),
        Figure("… each, p95", percentile(seen["signed"], 0.95), "ms"),
        Figure("… beside one bare strict transaction each", rate["signed"] / rate["bare"]),
        Figure("one after the other, unsigned", rate["unsigned"], "/s"),
        Figure(f"{FRAME} codes of one frame at a time, signed", rate["frames"], "/s"),
        Figure("… a frame, p95", percentile(seen["frames"], 0.95), "ms"),
    ]
    syncing = [
        Figure(f"{waiting:,} waiting scans sent", seen["sent"]["took"] / 1000, "s"),
        Figure("that is", sending, "/s"),
        Figure("the server's batch ceiling", ceiling, "/s"),
        Figure("ratio", sending / ceiling),
    ]
    return [
        Part("outbox", "Signed scans kept on the phone", keeping, [
            (f"Chromium, headless; {kept} scans each, serial numbers sealed behind a salt, ECDSA P-256, every "
            "transaction with strict durability. Bare: the same rows put into the same table, nothing else.")]),
        Part("sync", "Sending what waited", syncing, [
            ("From the first request to the last receipt on the phone's disk, batches of 100 over one connection; the "
            "server checks each signature. Ceiling: as many scans of the same phone from a client that only posts.")]),
    ]  # fmt: skip
