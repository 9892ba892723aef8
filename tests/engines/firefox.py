"""Firefox: Debian's ESR, which speaks WebDriver BiDi itself."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.engines.bidi import Session
from tests.engines.engine import CALL, HEIGHT, WIDTH, Driven, Program

#: A browser that was killed asks nothing at its next start, and nothing of it calls home.
PREFERENCES: dict[str, Any] = {
    "browser.sessionstore.resume_from_crash": False,
    "toolkit.startup.max_resumed_crashes": -1,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "intl.accept_languages": "ja-JP",
    # everything but this machine goes to a proxy that is not there
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.no_proxies_on": "127.0.0.1",
}


class Firefox(Driven):
    """See `Engine`."""

    def __init__(self, folder: Path) -> None:
        self.complaints: list[str] = []
        self._folder, self._profile = folder, folder / "profile"
        self._profile.mkdir()
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()
        ]
        (self._profile / "user.js").write_text("\n".join(lines))
        self._session: Session | None = None
        self._tabs: list[str] = []
        self._tab = ""

    def start(self) -> None:
        told = self._profile / "WebDriverBiDiServer.json"
        told.unlink(missing_ok=True)
        command = shutil.which("firefox-esr") or "firefox"  # on other systems it has the shorter name
        size = ["--width", str(WIDTH), "--height", str(HEIGHT)]
        quiet = ["--headless", "--no-remote", "--remote-debugging-port", "0", *size]
        words = [command, *quiet, "--profile", str(self._profile)]
        self._program = Program(
            words, self._folder / "firefox.log", {"TZ": "Asia/Tokyo", "HOME": str(self._folder)}
        )
        self._session = Session(self._program.until(lambda: _port(told)))
        self._tabs = [each["context"] for each in self._session.send("browsingContext.getTree")["contexts"]]
        self.tab(0)

    def open(self, url: str) -> None:
        self._session.send("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def tab(self, number: int) -> None:
        if number >= len(self._tabs):
            self._tabs.append(self._session.send("browsingContext.create", type="tab")["context"])
        self._tab = self._tabs[number]
        size = {"width": WIDTH, "height": HEIGHT}
        self._session.send("browsingContext.setViewport", context=self._tab, viewport=size)

    def run(self, function: str, *words: Any) -> Any:
        said = self._session.call(self._tab, CALL.replace("{function}", function), json.dumps(words))
        return json.loads(said["value"])

    def find(self, function: str, *words: Any) -> Any:
        found = self._session.call(
            self._tab, f"(words) => ({function})(...JSON.parse(words))", json.dumps(words)
        )
        return None if found["type"] == "null" else found

    def click(self, element: Any) -> None:
        self._session.press(self._tab, element)

    def write(self, element: Any, text: str) -> None:
        self.click(element)
        self._session.strike(self._tab, text)

    def upload(self, element: Any, path: Path) -> None:
        self._session.send(
            "input.setFiles", context=self._tab, element={"sharedId": element["sharedId"]}, files=[str(path)]
        )

    def stop(self) -> None:
        assert self._program
        assert self._session
        self._session.send("browser.close")
        self._program.wait()
        self.kill()

    def _hang_up(self) -> None:
        if self._session is not None:
            self._session.close()
            self.complaints += self._session.errors
            self._session = None

    def close(self) -> None:
        self.kill()


def _port(told: Path) -> int | None:
    """Where it listens, once it has written that down."""
    try:
        return int(json.loads(told.read_text())["ws_port"])
    except (FileNotFoundError, json.JSONDecodeError):
        return None
