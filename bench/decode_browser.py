"""The phone's pipeline in a real, headless Chromium, over the same grey pixels that the other decoders get."""

import gzip
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
from playwright.sync_api import Page, sync_playwright

from bench.decode_set import Photo, Read, sized
from bench.phone_app import CHROMIUM, FLAGS

HERE = Path(__file__).resolve().parent
PWA = HERE.parent / "webapp" / "static" / "pwa"
PAGE = (
    "<!doctype html><meta charset=utf-8><title>bench</title><link rel=icon href='data:,'>"
    "<body data-base='/bench/pwa/'><video playsinline muted></video>"
    "<script type=module src='/bench/page.js'></script>"
)
FILES = {
    "/bench/page.js": HERE / "decode_page.js",
    "/bench/plain-worker.js": HERE / "decode_plain_worker.js",
}
TYPES = {".js": "text/javascript", ".wasm": "application/wasm", ".json": "application/json"}
#: The browser gives its clock in 5 µs then, not in 100.
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
IMPORT = re.compile(r"""(?:\bfrom |\bimport\(?|new URL\()\s*['"](\.{1,2}/[^'"]+)['"]""")


class Server(BaseHTTPRequestHandler):
    """The phone app's modules, the bench's page, and photos as grey pixels."""

    def __init__(self, photos: Sequence[Photo], *rest: Any) -> None:
        self.photos = photos
        super().__init__(*rest)

    def do_GET(self) -> None:
        """Answer with a file, a page or pixels."""
        path = self.path.split("?")[0]
        if path == "/bench/":
            self._send(PAGE.encode(), "text/html")
        elif path.startswith("/bench/grey/"):
            _, size, number = path.rsplit("/", 2)
            grey, _ = sized(self.photos[int(number)], size)
            self._send(
                grey.tobytes(), "application/octet-stream", {"X-Size": f"{grey.shape[1]}x{grey.shape[0]}"}
            )
        else:
            self._file(FILES.get(path) or (PWA / path.removeprefix("/bench/pwa/")).resolve())

    def _file(self, path: Path) -> None:
        if not path.is_file() or not path.is_relative_to(HERE.parent):
            self.send_error(404)
            return
        self._send(path.read_bytes(), TYPES.get(path.suffix, "application/octet-stream"))

    def _send(self, body: bytes, kind: str, more: Mapping[str, str] | None = None) -> None:
        self.send_response(200)
        headers = {"Content-Type": kind, "Content-Length": str(len(body))} | dict(more or {})
        for name, value in (ISOLATED | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:
        """Nothing: a line a request would bury the figures."""


@contextmanager
def opened(photos: Sequence[Photo], film: Path | None = None) -> Iterator[Page]:
    """A page with the decoders, in a browser whose camera shows `film`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, photos))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    flags = [*FLAGS, "--autoplay-policy=no-user-gesture-required"]
    if film is not None:
        flags += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        flags += [f"--use-file-for-fake-video-capture={film}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page()
        page.set_default_timeout(300_000)
        page.goto(f"http://127.0.0.1:{server.server_port}/bench/")
        page.wait_for_selector("body[data-ready]", state="attached")
        try:
            yield page
        finally:
            browser.close()
            server.shutdown()
            server.server_close()


def ask(page: Page, what: str, *values: object) -> dict[str, Any]:
    """Call one of the page's functions."""
    answer: dict[str, Any] = page.evaluate(f"(values) => bench.{what}(...values)", list(values))
    return answer


def reads(found: Sequence[Mapping[str, Any]]) -> list[Read]:
    """What the page says, as every decoder says it."""
    return [Read(one["text"], (one["at"][0], one["at"][1])) for one in found]


def first_load() -> dict[str, int]:
    """Bytes of everything that scanning loads: modules, worker, wasm; raw, gzip -9, brotli 11."""
    files = closure([PWA / "scanning" / "scanner.js", PWA / "scanning" / "photo.js"])
    files |= {path for path in (PWA / "vendor" / "zxing-wasm").rglob("*") if path.suffix in {".js", ".wasm"}}
    bodies = [path.read_bytes() for path in files]
    return {
        "files": len(bodies),
        "raw": sum(map(len, bodies)),
        "gzip": sum(len(gzip.compress(body, 9)) for body in bodies),
        "brotli": sum(len(brotli.compress(body, quality=11)) for body in bodies),
    }


def closure(start: Sequence[Path]) -> set[Path]:
    """These modules and all that they import, workers too."""
    known, waiting = set[Path](), list(start)
    while waiting:
        path = waiting.pop().resolve()
        if path in known or not path.is_file():
            continue
        known.add(path)
        waiting += [
            path.parent / name for name in IMPORT.findall(path.read_text("utf-8")) if name.endswith(".js")
        ]
    return known
