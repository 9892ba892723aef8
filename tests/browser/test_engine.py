"""The engine of the phone app in a real browser: camera, worker, IndexedDB, service worker; no screens."""

import hashlib
import io
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from flask import Flask, Response, send_file
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Playwright

from tests.browser.camera import make_video
from tests.browser.live import Site, kill, phone, site
from tests.kernel.scanning.paper import printed
from webapp.kernel.base import pwa
from webapp.kernel.scanning import codes
from webapp.kernel.scanning.labels import Label, render_sheet

BASE = "https://ashiato.example"
HEAD = "<!doctype html><title>engine</title><link rel='icon' href='data:,'>"
PAGE = HEAD + "<body data-base='{base}'><video playsinline muted></video>"
SCRIPT = "<script type='module' src='/test/engine.js'></script>"


@pytest.fixture
def served(app: Flask, tmp_path: Path) -> Iterator[Site]:
    """The app, plus a page that holds the engine's parts and pictures to try them on."""

    @app.get("/test/engine")
    def engine_page() -> Response:
        build = pwa.release(app).build
        return Response(PAGE.format(base=f"/static/pwa/{build}/") + SCRIPT, mimetype="text/html")

    @app.get("/test/engine.js")
    def engine_script() -> Response:
        return send_file(Path(__file__).with_name("engine_page.js"), mimetype="text/javascript")

    @app.get("/test/pictures/<name>")
    def picture(name: str) -> Response:
        return send_file(tmp_path / name)

    with site(app) as running:
        yield running


def some_labels(count: int, seed: int = 7) -> list[Label]:
    rng = random.Random(seed)  # noqa: S311
    return [Label(codes.new_id(rng), "device", "最上町 端末", f"PC-{i:04}") for i in range(count)]


def wall_of(labels: list[Label], path: Path, seconds: float = 4) -> Path:
    make_video(path, render_sheet(labels, "65", base=BASE), labels_per_frame=12, seconds=seconds)
    return path


def barcode(text: str, path: Path) -> Path:
    """A maker's Code 128 on a desk, held still: a film of one picture."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128)
    bars = np.asarray(code.to_image(scale=4), np.uint8)
    desk = np.full((720, 1280), 200, np.uint8)
    desk[200 : 200 + bars.shape[0], 200 : 200 + bars.shape[1]] = bars
    grey = np.full(720 * 1280 // 2, 128, np.uint8)
    path.write_bytes(b"YUV4MPEG2 W1280 H720 F20:1 C420jpeg\nFRAME\n" + desk.tobytes() + grey.tobytes())
    return path


def opened(context: BrowserContext, served: Site, faults: list[str] | None = None) -> Page:
    page = context.pages[0] if context.pages else context.new_page()
    heard = faults if faults is not None else []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(f"{served.url}/test/engine")
    page.wait_for_selector("body[data-ready]", state="attached")
    return page


def kept_codes(page: Page) -> list[str]:
    rows: list[str] = page.evaluate(
        "async () => (await engine.kept(engine.store)).map(({ p }) => JSON.parse(p).code)"
    )
    return rows


def wall(page: Page, count: int, **how: bool) -> dict[str, Any]:
    seen: dict[str, Any] = page.evaluate(
        "(how) => engine.scanWall(how)", {"count": count, "prefixes": [BASE], **how}
    )
    return seen


def test_a_wall_of_our_labels_is_read_kept_and_survives_kill_9(
    playwright: Playwright, served: Site, tmp_path: Path
) -> None:
    # given a phone before a wall of 12 of our own stickers
    labels = some_labels(12)
    film = wall_of(labels, tmp_path / "wall.y4m")
    profile = tmp_path / "profile"
    faults: list[str] = []
    context = phone(playwright, profile, film)
    page = opened(context, served, faults)

    # when it looks at them
    seen = wall(page, 12)

    # then each is one event, several to a frame (how soon it is on disk and heard: python -m bench.decode)
    wanted = {label.id for label in labels}
    assert {code["id"] for code in seen["seen"]} == wanted
    assert len(seen["seen"]) == 12
    assert seen["most"] > 1
    assert seen["sizes"] == ["1280x720"]
    assert faults == []

    # and when the browser is killed the very next moment, every scan is there again
    before = kept_codes(page)
    kill(profile)
    context = phone(playwright, profile, film)
    page = opened(context, served)
    assert set(before) == wanted
    assert kept_codes(page) == before
    context.close()


def test_labels_that_pass_by_are_one_event_each(playwright: Playwright, served: Site, tmp_path: Path) -> None:
    labels = some_labels(24, seed=9)
    sheet = render_sheet(labels, "65", base=BASE)
    make_video(tmp_path / "belt.y4m", sheet, "belt", labels_per_frame=6, seconds=6)
    context = phone(playwright, tmp_path / "profile", tmp_path / "belt.y4m")
    seen = wall(opened(context, served), 24)
    assert len({code["id"] for code in seen["seen"]}) >= 22  # the film starts anywhere
    context.close()


def test_a_makers_serial_is_read_where_it_is_asked_for(
    playwright: Playwright, served: Site, tmp_path: Path
) -> None:
    film = barcode("PF3X9K2Q", tmp_path / "serial.y4m")
    context = phone(playwright, tmp_path / "profile", film)
    seen = wall(opened(context, served), 1, serial=True)
    assert [(code["kind"], code["text"]) for code in seen["seen"]] == [("serial", "PF3X9K2Q")]
    context.close()


WORKER_DIES = """async () => {
  const made = [];
  globalThis.Worker = class extends Worker { constructor(...how) { super(...how); made.push(this); } };
  const decoder = new engine.Decoder({ once: 4_000, live: 4_000, photo: 4_000 });
  await decoder.ready;
  made[0].terminate();
  const ask = () => decoder.decode(new ImageData(64, 64)).then((reads) => reads.length, ({ message }) => message);
  return [await ask(), await ask(), made.length];
}"""


def test_a_decoder_whose_worker_died_fails_one_picture_and_reads_the_next(
    playwright: Playwright, served: Site, tmp_path: Path
) -> None:
    context = phone(playwright, tmp_path / "profile")
    assert opened(context, served).evaluate(WORKER_DIES) == ["decoder.hangs", 0, 2]
    context.close()


def test_ten_thousand_scans_land_once_each(playwright: Playwright, served: Site, tmp_path: Path) -> None:
    context = phone(playwright, tmp_path / "profile")
    page = opened(context, served)
    page.set_default_timeout(180_000)
    told = page.evaluate("(how) => engine.sendAll(how)", {"count": 10_000, "limit": 37})
    assert (told["landed"], told["most"]) == (10_000, 1)
    assert (told["counts"]["pending"], told["counts"]["sent"]) == (0, 10_000)
    context.close()


def test_two_tabs_never_give_out_one_number_twice(
    playwright: Playwright, served: Site, tmp_path: Path
) -> None:
    context = phone(playwright, tmp_path / "profile")
    first = opened(context, served)
    second = context.new_page()
    second.goto(f"{served.url}/test/engine")
    second.wait_for_selector("body[data-ready]", state="attached")
    for page in (first, second):  # started, not awaited: both keep at the same time
        page.evaluate("() => { globalThis.done = engine.keepSome(100); }")
    for page in (first, second):
        page.evaluate("() => globalThis.done.then(() => true)")
    seqs = first.evaluate("async () => (await engine.kept(engine.store)).map(({ seq }) => seq)")
    assert sorted(seqs) == list(range(1, 201))
    context.close()


def test_a_camera_that_the_phone_took_away_comes_back(
    playwright: Playwright, served: Site, tmp_path: Path
) -> None:
    context = phone(playwright, tmp_path / "profile", barcode("X", tmp_path / "desk.y4m"))
    camera = opened(context, served).evaluate("() => engine.loseCamera()")
    assert camera["said"] == ["live", "restarting", "live"]
    assert (camera["plays"], camera["after"], camera["shown"]) == ("live", "ended", None)
    context.close()


def test_without_permission_the_camera_says_why(playwright: Playwright, served: Site, tmp_path: Path) -> None:
    film = barcode("X", tmp_path / "desk.y4m")
    denied = phone(playwright, tmp_path / "denied", film, allowed=False)
    assert opened(denied, served).evaluate("() => engine.cameraTrouble()") == "camera.denied"
    denied.close()
    blind = phone(playwright, tmp_path / "blind")
    blind.grant_permissions(["camera"])
    assert opened(blind, served).evaluate("() => engine.cameraTrouble()") == "camera.none"
    blind.close()


def test_a_photo_leaves_place_and_camera_behind_before_it_is_hashed(
    playwright: Playwright, served: Site, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretPhone"
    exif[0x0112] = 6  # taken upright, stored lying down
    Image.linear_gradient("L").resize((3000, 2000)).convert("RGB").save(tmp_path / "photo.jpg", exif=exif)
    assert b"SecretPhone" in (tmp_path / "photo.jpg").read_bytes()
    context = phone(playwright, tmp_path / "profile")
    photo = opened(context, served).evaluate("() => engine.photoOf('/test/pictures/photo.jpg')")
    context.close()

    data = bytes(photo["bytes"])
    assert hashlib.sha256(data).hexdigest() == photo["sha256"]
    assert b"SecretPhone" not in data
    assert b"Exif" not in data
    assert (photo["type"], photo["width"], photo["height"]) == ("image/jpeg", 1067, 1600)
    assert Image.open(io.BytesIO(data)).size == (1067, 1600)


def test_a_text_file_is_no_photo(playwright: Playwright, served: Site, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("not a picture")
    context = phone(playwright, tmp_path / "profile")
    page = opened(context, served)
    code = page.evaluate(
        "() => engine.photoOf('/test/pictures/notes.jpg').then(() => '', ({ code }) => code)"
    )
    assert code == "photo.not_an_image"
    context.close()


def test_the_codes_on_a_photo_are_read_on_the_phone(
    playwright: Playwright, served: Site, tmp_path: Path
) -> None:
    labels = some_labels(24, seed=5)
    Image.fromarray(printed(render_sheet(labels, "24", base=BASE), dpi=200)).save(tmp_path / "sheet.jpg")
    context = phone(playwright, tmp_path / "profile")
    page = opened(context, served)
    found = page.evaluate("(prefixes) => engine.decodeAt('/test/pictures/sheet.jpg', prefixes)", [BASE])
    assert {code["id"] for code in found} == {label.id for label in labels}
    context.close()


def test_the_app_starts_cold_with_the_server_gone(
    playwright: Playwright, served: Site, tmp_path: Path
) -> None:
    # given a phone that has opened the app once
    profile = tmp_path / "profile"
    context = phone(playwright, profile)
    page = context.new_page()
    page.goto(f"{served.url}/app/")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    context.close()

    # when the server is gone and the app starts again, at any of its addresses
    served.stop()
    context = phone(playwright, profile)
    page = context.new_page()
    for address in ("/app/", "/app/job/1234/load?cage=5"):
        answer = page.goto(served.url + address)

        # then page, modules, tables and the reader come from the phone
        assert answer
        assert answer.status == 200
        assert answer.from_service_worker
        build = re.search(r"/static/pwa/([0-9a-f]{16})/main\.js", page.content())
        assert build
        for path in ("main.js", "scanning/decode-worker.js", "vendor/zxing-wasm/zxing_reader.wasm"):
            url = f"/static/pwa/{build[1]}/{path}"
            assert page.evaluate("async (url) => (await fetch(url)).status", url) == 200

    # and nothing else is answered in the server's name
    assert page.evaluate("() => fetch('/api/me').then(() => 'answered', () => 'nobody')") == "nobody"
    context.close()


def test_a_new_release_waits_until_it_is_asked_for(
    app: Flask, playwright: Playwright, served: Site, tmp_path: Path
) -> None:
    context = phone(playwright, tmp_path / "profile")
    page = context.new_page()
    page.goto(f"{served.url}/app/")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.reload()
    first = pwa.release(app)

    # given the server has a new release
    shell = first.shell.replace(first.build.encode(), b"f" * 16).replace(b"</body>", b"<!-- 2 --></body>")
    app.extensions["pwa"] = pwa.Release("f" * 16, first.files, shell, first.worker)
    page.evaluate(
        """async () => {
          const registration = await navigator.serviceWorker.getRegistration('/app/');
          await registration.update();
          while (!registration.waiting) await new Promise((resolve) => setTimeout(resolve, 50));
        }"""
    )

    # then the old one goes on, also over a reload, until the page asks
    page.reload()
    assert first.build in page.content()
    page.wait_for_load_state(
        "networkidle"
    )  # a worker that is still being asked for something is kept, for minutes
    page.evaluate(
        """async () => {
          const registration = await navigator.serviceWorker.getRegistration('/app/');
          const over = new Promise((resolve) =>
            navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
          registration.waiting.postMessage({ type: 'apply-update' });
          await over;
        }"""
    )
    page.reload()
    assert "f" * 16 in page.content()
    names = page.evaluate("async () => (await caches.keys()).sort()")
    assert names == sorted(
        [f"shell-{first.build}", "shell-" + "f" * 16]
    )  # a tab on the old one may be at work
    context.close()
