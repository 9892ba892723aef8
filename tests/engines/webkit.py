"""WebKit: Debian's WebKitGTK, driven by its own WebKitWebDriver through Selenium, on a screen that nobody sees."""

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.common.exceptions import (
    ElementClickInterceptedException,
    JavascriptException,
    StaleElementReferenceException,
)
from selenium.webdriver import Remote
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.file_detector import UselessFileDetector
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.webkitgtk.options import Options

from tests.engines.engine import CALL, HEIGHT, PATIENCE_S, WIDTH, Driven, Program, Redrawn, answers, free_port

DRIVER = "/usr/bin/WebKitWebDriver"
PYTHON = "/usr/bin/python3"  # Debian's, which has python3-gi
WINDOW = Path(__file__).with_name("webkit_window.py")
#: A server that is not there; and Debian's build installs no apps, so it does not know where a manifest may come from.
HARMLESS = ("CONSOLE NETWORK ERROR", "Unrecognized Content-Security-Policy directive 'manifest-src'")
#: What is told of an element, or of a script, whose page has changed under it.
GONE = (StaleElementReferenceException, ElementClickInterceptedException, JavascriptException)
#: A promise's answer, or what it threw.
AWAIT = """const [words, done] = arguments;
({call})(words).then((said) => done([said]), (error) => done([null, `${{error}}`]));"""


@contextmanager
def gone() -> Iterator[None]:
    """Selenium's words for Redrawn."""
    try:
        yield
    except GONE as stale:
        raise Redrawn from stale


class Screen:
    """An X server without a screen, at a number that it chose itself."""

    def __init__(self, folder: Path) -> None:
        number = folder / "display"
        server = "Xvfb -displayfd 3 -screen 0 1024x1024x24 -nolisten tcp -noreset"
        words = ["sh", "-c", f"exec 3>{shlex.quote(str(number))}; exec {server}"]
        self._server = Program(words, folder / "xvfb.log")
        self.name = self._server.until(lambda: self._number(number))

    def _number(self, path: Path) -> str | None:
        text = path.read_text() if path.exists() else ""
        return f":{text.strip()}" if text.endswith("\n") else None

    def close(self) -> None:
        """Take it away."""
        self._server.kill()


class WebKit(Driven):
    """See `Engine`."""

    def __init__(self, folder: Path) -> None:
        self.complaints: list[str] = []
        self._folder, self._profile = folder, folder / "profile"
        self._profile.mkdir()
        self._screen: Screen | None = None
        self._driver: Remote | None = None
        self._heard = 0
        self._tabs: list[str] = []

    def start(self) -> None:
        self._screen = self._screen or Screen(self._folder)
        port = free_port()
        env = {"DISPLAY": self._screen.name, "NO_AT_BRIDGE": "1", "TZ": "Asia/Tokyo"}
        # no graphics card: pictures are painted by the processor and shared as memory
        env |= {"WEBKIT_DISABLE_DMABUF_RENDERER": "1", "LIBGL_ALWAYS_SOFTWARE": "1"}
        self._program = Program([DRIVER, f"--port={port}"], self._folder / "webkit.log", env)
        self._program.until(lambda: answers(port))
        options = Options()
        options.binary_location = PYTHON
        for word in (WINDOW, self._profile, WIDTH, HEIGHT):
            options.add_argument(str(word))
        there = ClientConfig(remote_server_addr=f"http://127.0.0.1:{port}", timeout=60)
        here = UselessFileDetector()  # files are on this machine: nothing to send to the driver
        self._driver = Remote(RemoteConnection(client_config=there), file_detector=here, options=options)
        self._driver.set_script_timeout(PATIENCE_S)
        self._tabs = [self._driver.current_window_handle]

    def open(self, url: str) -> None:
        assert self._driver
        self._driver.get(url)

    def tab(self, number: int) -> None:
        assert self._driver
        if number >= len(self._tabs):
            self._driver.switch_to.new_window("tab")
            self._tabs.append(self._driver.current_window_handle)
        self._driver.switch_to.window(self._tabs[number])

    def run(self, function: str, *words: Any) -> Any:
        call = AWAIT.format(call=CALL.replace("{function}", function))
        with gone():
            said, *problem = self._driver.execute_async_script(call, json.dumps(words))
        assert not problem, problem[0]
        return json.loads(said)

    def find(self, function: str, *words: Any) -> Any:
        with gone():
            return self._driver.execute_script(f"return ({function})(...arguments);", *words)

    def click(self, element: Any) -> None:
        with gone():
            element.click()

    def write(self, element: Any, text: str) -> None:
        with gone():
            element.send_keys(text)

    def upload(self, element: Any, path: Path) -> None:
        self.write(element, str(path))

    def stop(self) -> None:
        assert self._driver
        self._driver.close()
        self.kill()

    def _hang_up(self) -> None:
        if self._driver is not None:
            self._driver.command_executor.close()
            self._driver = None
            self._listen()

    def close(self) -> None:
        self.kill()
        if self._screen is not None:
            self._screen.close()

    def _listen(self) -> None:
        lines = (self._folder / "webkit.log").read_text(errors="replace").splitlines()
        errors = [line for line in lines[self._heard :] if "CONSOLE" in line and " ERROR " in line]
        self.complaints += [line for line in errors if not any(words in line for words in HARMLESS)]
        self._heard = len(lines)
