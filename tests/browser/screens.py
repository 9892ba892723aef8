"""Pictures of every screen on a phone (390 × 844): `make screens`, into docs/screens/.

The demo story is told into a database of its own, the site is served from this process, and Chromium walks
through the pages as its people do. The camera films stickers of that database, so what
a picture shows as read was read.
"""

import io
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

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
SEAL = "7734099"


class Album:
    """Saves what a page shows, small enough to lie in a repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.saved: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, page: Page, name: str) -> None:
        """The screen as it is now, as `name`.png with a small palette."""
        page.wait_for_timeout(500)
        picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        small = picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
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
        if login != "admin":  # who has no part in consignments sees none
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


def residents(studio: Studio, code: str) -> None:
    """What anybody sees."""
    with studio.person("") as walk:
        walk.see("/", "web-01-home")
        walk.see(f"/t/{code}", "web-02-result")
        walk.see(f"/t/{code}/detail", "web-03-detail")
        walk.see("/?lang=en", "web-04-home-english")
        walk.see("/login", "web-05-login")
        walk.see("/app/", "app-00-first-start", until("はじめに一度"))


def desk(studio: Studio) -> None:
    """The officer's and the administrator's pages."""
    with studio.person("officer") as walk:
        job = walk.pack("最上")["job"]["id"]
        walk.see("/consignments", "web-10-consignments")
        walk.see("/consignments/new", "web-11-consignment-new")
        walk.see(f"/consignments/{job}", "web-12-board")
        walk.see(f"/consignments/{job}/devices", "web-13-devices")
        walk.see(f"/consignments/{job}/cages", "web-14-cages")
        walk.see(f"/consignments/{job}/questions", "web-15-discrepancies")
        walk.page.locator(f"a[href*='/consignments/{job}/questions/']").first.click()
        studio.album.add(walk.page, "web-16-discrepancy")
        walk.see("/account", "web-17-account")
    with studio.person("admin") as walk:
        walk.see("/people", "web-20-people")
        walk.see("/people/new", "web-21-person-new")
        walk.see("/organisations", "web-22-organisations")


def officer(studio: Studio) -> None:
    """The officer's phone: registration, the cage, what is typed, what is undone."""
    with studio.person("officer") as walk:
        pack = walk.pack("最上")
        job = f"/app/job/{pack['job']['id']}"
        walk.see("/app/", "app-01-home", seen(".card__missing"))
        walk.see(job, "app-02-job")
        walk.see(f"{job}/cage/{pack['cages'][0]['code']}", "app-03-cage")
        walk.see(f"{job}/register", "app-04-no-camera", until("カメラを使えません"))
        walk.see(f"{job}/register", "app-05-typed", type_code)
        walk.see("/app/settings", "app-06-settings")
    with studio.person("technician") as walk:
        walk.see(f"{job}/erase", "app-07-erase")


def type_code(page: Page) -> None:
    """Part of an ID in the sheet that asks for one."""
    page.get_by_role("button", name="番号を入力", exact=True).click()
    page.get_by_label("追跡ID").fill("hwve n9xs ywcx")


def cage(studio: Studio) -> None:
    """Kaneyama's cage, loaded without network, locked, handed over, sent."""
    with studio.person("kaneyama") as walk:
        pack = walk.pack("金山")
    job = f"/app/job/{pack['job']['id']}"
    codes, empty = [device["code"] for device in pack["devices"]], pack["cages"][0]["code"]
    with studio.person("kaneyama", studio.film("eleven", codes[:11])) as walk:
        walk.page.context.set_offline(True)
        walk.see(f"{job}/load/{empty}", "app-10-load-one-missing", until("あと 1台"))
    with studio.person("kaneyama", studio.film("twelve", codes)) as walk:
        page = walk.page
        page.context.set_offline(True)
        walk.see(f"{job}/load/{empty}", "app-11-load-complete", until("すべて そろいました"))
        walk.see("/app/", "app-12-home-offline")
        walk.see("/app/outbox", "app-13-outbox-offline")
        walk.see("/app/correct", "app-14-correct")
        page.locator(".app-lines a").first.click()
        studio.album.add(page, "app-15-correct-reason")
        walk.see(f"{job}/lock/{empty}", "app-16-lock")
        page.get_by_label("封印番号").fill(SEAL)
        photograph(page)
        tap(page, "施錠・封印を記録する")
        page.get_by_text("記録しました").first.wait_for()
        studio.album.add(page, "app-17-locked")
        walk.see(f"{job}/handover", "app-18-hand-over", lambda page: tap(page, "斎藤"))
        page.context.set_offline(False)
        page.goto(f"{walk.url}/app/outbox")
        page.get_by_text("送信済み").first.wait_for()
        studio.album.add(page, "app-19-outbox-sent")


def receiver(studio: Studio) -> None:
    """The dock: arrival with another seal, opening, counting, the shredder."""
    with studio.person("receiver") as walk:
        pack = walk.pack("最上")
    job = f"/app/job/{pack['job']['id']}"
    cages = {each["name"]: each for each in pack["cages"]}
    coming, waiting = cages["C-03"], cages["C-02"]
    with studio.person("driver") as walk:
        walk.see("/app/", "app-20-driver-home", seen(".card__missing"))
        walk.see(f"{job}/handover", "app-21-driver-hand-over")
    with studio.person("receiver", studio.film("dock", waiting["manifest"][:11])) as walk:
        walk.see(f"{job}/arrive/{coming['code']}", "app-22-arrive", another_seal)
        walk.see(f"{job}/open/{waiting['code']}", "app-23-open", lambda page: tap(page, "加藤"))
        tap(walk.page, "開錠を記録して検数へ")
        until("あと 37台")(walk.page)
        studio.album.add(walk.page, "app-24-count")
        walk.see(f"{job}/close/{waiting['code']}", "app-24-count-close")
    ready = next(each for each in pack["devices"] if each["step"] == "counted" and each["cls"] == 3)
    with studio.person("operator", studio.film("one", [ready["code"]])) as walk:
        walk.see(f"{job}/destroy", "app-25-destroy")
        walk.see(f"{job}/extract", "app-26-extract", until("記録しました"))
        walk.see("/app/scan", "app-27-what-is-this", seen(".app-match"))
        walk.see(f"{job}/destroy/scan?m=shred&mm=20", "app-28-destroy-scan", seen(".app-match"))


def another_seal(page: Page) -> None:
    """An unbroken seal with a number it did not leave with."""
    tap(page, "異常なし")
    page.get_by_label("いまの封印番号").fill("7734091")


def main() -> None:
    """Take all pictures."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as room, sync_playwright() as playwright:
        folder = Path(room)
        with demo_site(folder) as running:
            studio = Studio(playwright, folder, running)
            with studio.person("officer") as walk:
                done = [each for each in walk.pack("最上")["devices"] if "destroyed" in each["done"]]
            residents(studio, done[0]["code"])
            for part in (desk, officer, receiver, cage):
                part(studio)
            print(f"{len(studio.album.saved)} screens in {OUT}")  # noqa: T201


if __name__ == "__main__":
    main()
