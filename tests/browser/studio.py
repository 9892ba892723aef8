"""What pictures of screens are taken with: an album, the demo site, and people with phones who walk through it."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Playwright

from tests.browser.camera import make_video
from tests.browser.live import Site, phone, site
from tests.conftest import build_schema, settings_for
from webapp.app import create_app
from webapp.demo import story
from webapp.demo.cast import PASSWORD
from webapp.kernel.scanning.labels import Label, render_sheet

OUT = Path(__file__).parents[2] / "docs" / "screens"
COLOURS = 160
FILM_SIZE = (720, 1080)
#: Who has no part in consignments sees none on the first screen of the app.
WITHOUT_JOBS = {"admin", "shelter", "sendai", "company", "citizen"}


class Album:
    """Saves what a page shows, small enough to lie in a repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.saved: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, page: Page, name: str) -> None:
        """The screen as it is now, as `name`.png with a small palette."""
        page.wait_for_timeout(500)
        self.keep(Image.open(io.BytesIO(page.screenshot(animations="disabled"))), name)

    def keep(self, picture: Image.Image, name: str) -> None:
        """A picture of anything else, a printed page for instance."""
        small = picture.convert("RGB").quantize(
            COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
        small.save(self.folder / f"{name}.png", optimize=True)
        self.saved.append(name)
        print(f"  {name}.png", flush=True)  # noqa: T201 a command tells how far it is


class Walk:
    """One person with one phone on the demo site."""

    def __init__(self, album: Album, running: Site, context: BrowserContext, login: str) -> None:
        self.album, self.url = album, running.url
        self.page = context.pages[0] if context.pages else context.new_page()
        if login:
            self._log_in(login)

    def _log_in(self, login: str) -> None:
        self.page.goto(f"{self.url}/login?next=/app/")
        self.page.get_by_label("ログインID").fill(login)
        self.page.get_by_label("パスワード").fill(PASSWORD)
        self.page.locator("form[action='/login'] button").click()
        self.page.wait_for_url("**/app/")
        if login not in WITHOUT_JOBS:
            self.page.locator(".app-cards .card__link").first.wait_for()
        self.page.evaluate("async () => { await navigator.serviceWorker.ready; }")

    def packs(self) -> list[dict[str, Any]]:
        """The job packs of this person, as the server gives them."""
        found: list[dict[str, Any]] = self.page.evaluate(
            """async () => {
              const { jobs } = await (await fetch('/api/jobs')).json();
              return Promise.all(jobs.map(async (job) => (await fetch(`/api/jobs/${job.id}/pack`)).json()));
            }"""
        )
        return found

    def pack(self, municipality: str) -> dict[str, Any]:
        """The pack of one town's job."""
        return next(pack for pack in self.packs() if municipality in pack["job"]["municipality"])

    def see(self, path: str, name: str, act: Callable[[Page], object] | None = None) -> None:
        """Open an address, do something there, and keep the picture."""
        self.page.goto(self.url + path)
        self.page.locator("h1").first.wait_for()
        if act:
            act(self.page)
        self.album.add(self.page, name)


def until(words: str) -> Callable[[Page], object]:
    """Waits until the page says this."""
    return lambda page: page.get_by_text(words).first.wait_for()


def seen(selector: str) -> Callable[[Page], object]:
    """Waits until this is on the page."""
    return lambda page: page.locator(selector).first.wait_for()


def tap(page: Page, words: str) -> None:
    """The button, link or choice that says this."""
    named = page.get_by_role("button", name=words).or_(page.get_by_role("link", name=words))
    named.or_(page.locator("label.choice").filter(has_text=words)).first.click()


def photograph(page: Page) -> None:
    """A photo of a closed door, for the field that asks for one."""
    data = io.BytesIO()
    Image.linear_gradient("L").resize((800, 600)).convert("RGB").save(data, "JPEG")
    field = page.locator("input[type=file]").first
    field.set_input_files({"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()})
    page.get_by_text("写真を撮りました").wait_for()


def film(folder: Path, name: str, codes: Sequence[str], base: str) -> Path:
    """The stickers of these codes, all in one picture."""
    path = folder / f"{name}.y4m"
    sheet = render_sheet([Label(code, "device", "デモ") for code in codes], "65", base=base)
    make_video(path, sheet, size=FILM_SIZE, fps=10, seconds=2, labels_per_frame=len(codes))
    return path


@contextmanager
def demo_site(folder: Path) -> Iterator[Site]:
    """The demo story behind a socket. Its labels lead to this very address."""
    url = f"sqlite:///{folder / 'demo.db'}"
    build_schema(url, folder)
    app = create_app(settings_for(url, folder))
    with app.app_context():
        story.tell(app, lambda _done: None)
    with site(app) as running:
        at_its_own_address(app, running.url)
        yield running


def at_its_own_address(app: Flask, url: str) -> None:
    """What the labels say is where the site stands."""
    app.config.update(PUBLIC_BASE=url, QR_BASE=url, QR_PREFIXES=[url])


class Studio:
    """Everything a session of pictures needs; `person` opens a phone."""

    def __init__(self, playwright: Playwright, folder: Path, running: Site) -> None:
        self.playwright, self.folder, self.running = playwright, folder, running
        self.album = Album(OUT)
        self._phones = 0

    @contextmanager
    def person(self, login: str, camera: Path | None = None) -> Iterator[Walk]:
        """Somebody with a phone of their own; `camera` is the film it sees; "" = nobody is logged in."""
        self._phones += 1
        context = phone(self.playwright, self.folder / f"phone-{self._phones}", camera)
        try:
            yield Walk(self.album, self.running, context, login)
        finally:
            context.close()

    def film(self, name: str, codes: Sequence[str]) -> Path:
        """See `film`."""
        return film(self.folder, name, codes, self.running.url)
