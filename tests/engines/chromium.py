"""Chromium: Debian's, driven through Playwright as in `tests/browser`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    ElementHandle,
    Error,
    Page,
    Playwright,
    sync_playwright,
)

from tests.browser.live import kill, phone
from tests.engines.engine import CALL, PATIENCE_S, Redrawn

#: What Playwright says of an element, and of a page, that is no longer there.
GONE = ("not attached", "context was destroyed")


@contextmanager
def gone() -> Iterator[None]:
    """Playwright's words for Redrawn."""
    try:
        yield
    except Error as problem:
        if any(words in problem.message for words in GONE):
            raise Redrawn from problem
        raise


class Chromium:
    """See `Engine`."""

    def __init__(self, folder: Path) -> None:
        self.complaints: list[str] = []
        self._profile = folder / "profile"
        self._started = sync_playwright()
        self._playwright: Playwright = self._started.__enter__()
        self._context: BrowserContext | None = None
        self._page: Page

    def start(self) -> None:
        self._context = phone(self._playwright, self._profile)
        self._context.set_default_timeout(PATIENCE_S * 1000)
        self._context.grant_permissions(["camera"])  # and there is none, as in the others
        self._context.on("weberror", lambda problem: self.complaints.append(str(problem.error)))
        self._context.on("console", self._hear)
        self._page = self._context.pages[0]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def open(self, url: str) -> None:
        self._page.goto(url)

    def tab(self, number: int) -> None:
        assert self._context
        if number >= len(self._context.pages):
            self._context.new_page()
        self._page = self._context.pages[number]

    def run(self, function: str, *words: Any) -> Any:
        call = f"(words) => ({CALL.replace('{function}', function)})(words)"
        with gone():
            return json.loads(self._page.evaluate(call, json.dumps(words)))

    def find(self, function: str, *words: Any) -> ElementHandle | None:
        with gone():
            return self._page.evaluate_handle(f"(words) => ({function})(...words)", list(words)).as_element()

    def click(self, element: ElementHandle) -> None:
        with gone():
            element.click()

    def write(self, element: ElementHandle, text: str) -> None:
        with gone():
            element.type(text)

    def upload(self, element: ElementHandle, path: Path) -> None:
        with gone():
            element.set_input_files(path)

    def stop(self) -> None:
        assert self._context
        self._context.close()
        self._context = None

    def kill(self) -> None:
        if self._context is not None:
            kill(self._profile)
        self._context = None

    def close(self) -> None:
        self.kill()
        self._started.__exit__()
