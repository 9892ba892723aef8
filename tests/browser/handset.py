"""A phone in somebody's hand, and a desk: what people tap and read, nothing else."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, FilePayload, Locator, Page, Playwright, expect

from tests.browser.live import CHROMIUM, FLAGS, phone
from tests.browser.server import Member
from tests.kernel.scanning.paper import Picture

PATIENCE_MS = 20_000


class Address(Protocol):
    """Where a phone leads."""

    @property
    def url(self) -> str:
        """The address people type."""

    @property
    def title(self) -> str:
        """What the card on the phone's first screen says."""


#: Tells each sentence of the bar 「記録しました」 to the test at once; the browser may die the next moment.
LISTEN = """addEventListener('DOMContentLoaded', () => {
  const tell = () => {
    const words = document.querySelector('.app-said:not([hidden]) .app-said__words')?.innerText;
    if (words) console.info(`said ${words.replaceAll('\\n', '｜')}`);
  };
  new MutationObserver(tell).observe(document.body, { subtree: true, childList: true });
});"""
expect.set_options(timeout=PATIENCE_MS)


class Handset:
    """One phone: a browser profile on disk, a camera that sees `film`, and the person who holds it."""

    def __init__(
        self,
        playwright: Playwright,
        place: Address,
        folder: Path,
        film: Path | None = None,
        *,
        allowed: bool = True,
    ) -> None:
        self.playwright, self.place, self.profile, self.film = playwright, place, folder, film
        self.allowed = allowed
        self.complaints: list[str] = []
        self.heard: list[str] = []
        self.context: BrowserContext
        self.page: Page

    def switch_on(
        self, path: str = "/app/", *, offline: bool = False, program: str | Path = CHROMIUM
    ) -> "Handset":
        """Start the browser cold and open the app; `offline`: in aeroplane mode from the first moment."""
        self.context = phone(self.playwright, self.profile, self.film, allowed=self.allowed, program=program)
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(LISTEN)
        self.page = self.context.pages[0]
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)
        self.flight_mode(on=offline)
        self.open(path)
        return self

    def _hear(self, message: Any) -> None:
        if message.text.startswith("said "):
            self.heard.append(message.text.removeprefix("said "))
        network = "net::" in message.text or "Failed to load resource" in message.text
        if message.type == "error" and not network:
            self.complaints.append(message.text)

    def switch_off(self) -> None:
        """Close the app and the browser."""
        self.context.close()

    def flight_mode(self, *, on: bool) -> None:
        """No network at all."""
        self.context.set_offline(on)

    def open(self, path: str) -> None:
        """Type an address."""
        self.page.goto(self.place.url + path)

    def log_in(self, member: Member) -> "Handset":
        """As everybody does it, staying logged in; returns when today's jobs are on the phone."""
        self.open("/login?next=/app/")
        self.fill_in_login(member)
        self.page.wait_for_url("**/app/")
        expect(self.card(self.place.title)).not_to_contain_text("…")
        self.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        return self

    def fill_in_login(self, member: Member) -> None:
        """The login form, which is on the screen."""
        self.page.get_by_label("ログインID").fill(member.login)
        self.page.get_by_label("パスワード").fill(member.password)
        self.page.get_by_label("30日間").check()
        self.tap("ログイン")

    def card(self, title: str) -> Locator:
        """The card of a job or a cage."""
        return self.page.locator("article.card").filter(has_text=title)

    def tap(self, words: str, *, exact: bool = True) -> None:
        """The button or link that says this."""
        page = self.page
        named = page.get_by_role("button", name=words, exact=exact).or_(
            page.get_by_role("link", name=words, exact=exact)
        )
        named.first.click()

    def pick(self, words: str) -> None:
        """A choice on a form."""
        self.page.locator("label.choice").filter(has_text=words).click()

    def take_photo(self, colour: str = "navy") -> None:
        """Take the photo that the form asks for."""
        self.page.locator("input[type=file]").set_input_files(a_photo(colour))
        expect(self.page.get_by_text("写真を撮りました")).to_be_visible()

    @property
    def said(self) -> Locator:
        """The bar that tells what was just recorded."""
        return self.page.locator(".app-said")

    @property
    def figure(self) -> Locator:
        """The large figure of a sweep: 7 / 12台."""
        return self.page.locator(".app-count__figure")

    @property
    def chip(self) -> Locator:
        """The truth about network and disk, on every screen."""
        return self.page.locator(".app-net")

    def sync(self) -> None:
        """「今すぐ送る」, then home; returns when everything is on the server and the jobs are fresh.

        Who stands before the outbox already stays there: what the app is sending by itself is not cut off.
        """
        if not self.page.url.endswith("/app/outbox"):
            self.open("/app/outbox")
        with self.page.expect_response("**/api/jobs"):
            self.tap("今すぐ送る")
        expect(self.page.get_by_text("未送信の記録はありません。")).to_be_visible()
        expect(self.page.get_by_text("送っていない写真")).to_have_count(0)
        expect(self.chip).to_contain_text("最新")
        self.open("/app/")

    def type_code(self, code: str, go: str = "この番号で記録する") -> None:
        """Type an ID from a sticker."""
        self.tap("番号を入力")
        self.page.get_by_label("追跡ID（17文字）").fill(code)
        self.tap(go)

    def kept(self) -> list[dict[str, Any]]:
        """Every scan on this phone's disk, oldest first, with what became of it."""
        rows: list[dict[str, Any]] = self.page.evaluate(
            """async () => {
              const base = document.querySelector('script[type=module]').src.replace(/main\\.js$/, '');
              const { openStore } = await import(`${base}kernel/store.js`);
              const { kept } = await import(`${base}intake/outbox.js`);
              const rows = await kept(await openStore());
              return rows.map(({ p, ...row }) => ({ ...row, said: JSON.parse(p) }));
            }"""
        )
        return rows


def a_photo(of: str | Picture = "navy") -> FilePayload:
    """What a phone's camera app hands over: a wall in one colour, or this picture."""
    image = Image.new("RGB", (800, 600), of) if isinstance(of, str) else Image.fromarray(of)
    data = io.BytesIO()
    image.save(data, "JPEG")
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()}


@contextmanager
def handset(
    playwright: Playwright, place: Address, folder: Path, film: Path | None = None, *, allowed: bool = True
) -> Iterator[Handset]:
    """A phone that is switched on, and off at the end. Raises AssertionError if a script failed on it."""
    one = Handset(playwright, place, folder, film, allowed=allowed)
    one.switch_on()
    try:
        yield one
    finally:
        one.switch_off()
    assert one.complaints == []


@contextmanager
def browser(playwright: Playwright, more: Sequence[str] = ()) -> Iterator[Browser]:
    """A browser at a desk, with `more` flags."""
    running = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=[*FLAGS, *more])
    try:
        yield running
    finally:
        running.close()


def desk(
    running: Browser, place: Address, member: Member | None = None, *, home: str = "", **how: Any
) -> Page:
    """A page of its own at a desk, logged in as `member`, on the page `home` or wherever the login leads them."""
    how = {"viewport": {"width": 390, "height": 844}, "locale": "ja-JP", "timezone_id": "Asia/Tokyo"} | how
    context = running.new_context(**how)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    if member is not None:
        page.goto(f"{place.url}/login" + (f"?next={home}" if home else ""))
        page.get_by_label("ログインID").fill(member.login)
        page.get_by_label("パスワード").fill(member.password)
        page.get_by_role("button", name="ログイン", exact=True).click()
        page.wait_for_url(lambda url: "/login" not in url)
    return page
