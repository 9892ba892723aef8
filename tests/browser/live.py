"""The site on a port of its own, and a Chromium whose profile outlives it."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Playwright
from werkzeug.serving import make_server

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

#: No style and no script changes while a test runs: a browser need not ask for all of them again with every page.
UNCHANGED_S = 3_600


class Site:
    """An app behind a real socket; `stop()` is a power cut."""

    def __init__(self, app: Flask) -> None:
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more answers, not even a refusal from an open connection."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def site(app: Flask) -> Iterator[Site]:
    """A running site, stopped at the end whatever happens."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = UNCHANGED_S
    running = Site(app)
    try:
        yield running
    finally:
        running.stop()


def phone(
    playwright: Playwright,
    profile: Path,
    camera: Path | None = None,
    *,
    allowed: bool = True,
    program: str | Path = CHROMIUM,
) -> BrowserContext:
    """A phone-sized browser on a profile on disk; `camera` is the film it sees, `program` what starts it."""
    flags = [*FLAGS]
    if camera is not None:
        flags += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={camera}"]
    if camera is not None and allowed:
        flags += ["--use-fake-ui-for-media-stream"]
    return playwright.chromium.launch_persistent_context(
        str(profile),
        executable_path=program,
        headless=True,
        args=flags,
        viewport={"width": 390, "height": 844},
        locale="ja-JP",
        timezone_id="Asia/Tokyo",
    )


def visitor(running: Browser) -> BrowserContext:
    """The same size in a browser that runs already: for who needs neither a camera nor a profile that outlives it."""
    context = running.new_context(
        viewport={"width": 390, "height": 844}, locale="ja-JP", timezone_id="Asia/Tokyo"
    )
    context.new_page()
    return context


def kill(profile: Path) -> None:
    """SIGKILL the browser of this profile, as a phone does that needs the memory."""
    victims = [pid for pid in _pids() if f"--user-data-dir={profile}" in _command(pid)]
    assert victims, "the browser runs"
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    while any(f"--user-data-dir={profile}" in _command(pid) for pid in victims):
        time.sleep(0.05)
    for name in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
        (profile / name).unlink(missing_ok=True)


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _command(pid: int) -> str:
    """The command line of a browser's first process; "" for any other."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    return "" if any(word.startswith("--type=") for word in words) else " ".join(words)
