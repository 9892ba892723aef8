"""A resident with a phone and no account: scans a sticker, takes its photo, types its ID; three languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser.camera import make_video, peel
from tests.browser.handset import browser
from tests.browser.live import Site, phone, site, visitor
from tests.factories.custody import Journey, Town, a_town
from webapp.kernel.base.i18n import LANGUAGES
from webapp.kernel.scanning.codes import show
from webapp.kernel.scanning.labels import Label, render_sheet

AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text()
#: What axe finds; of its rules for these, none reads style sheets, so that it need not fetch all of them once more.
RULES = """axe.run(document, {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  preload: { assets: ['media'] },
  resultTypes: ['violations'],
})"""


@pytest.fixture(scope="module")
def window(playwright: Playwright) -> Iterator[Browser]:
    """Where residents come and go whose camera nobody asks for."""
    with browser(playwright) as running:
        yield running


@pytest.fixture
def town(app: Flask) -> Town:
    """One notebook, registered and erased."""
    town = a_town(devices=1, cages=1)
    journey = Journey(town)
    town.send("officer", *journey.register(0))
    town.send("technician", *journey.sanitize(0))
    return town


@pytest.fixture
def served(app: Flask, town: Town) -> Iterator[Site]:
    """The site, whose labels carry its own address."""
    with site(app) as running:
        app.config["QR_PREFIXES"] = [running.url]
        yield running


def sheet(served: Site, *codes: str) -> bytes:
    """Stickers of the town as they come out of the printer."""
    return render_sheet([Label(code, "device", "最上町") for code in codes], "24", base=served.url)


def test_a_sticker_held_before_the_camera_opens_its_page(
    playwright: Playwright, served: Site, town: Town, tmp_path: Path
) -> None:
    # given the sticker of a device of this town before the camera
    film = tmp_path / "film.y4m"
    make_video(film, sheet(served, town.codes[0]), layout="24", fps=10, seconds=2, labels_per_frame=1)
    with phone(playwright, tmp_path / "profile", film) as browser:
        page = browser.pages[0]
        page.goto(served.url)
        # when a resident presses the one big button
        page.get_by_role("button", name="シールを読む").click()
        # then the page of the device is there
        page.wait_for_url(f"{served.url}/t/{town.codes[0]}")
        expect(page.get_by_role("heading", name="データ消去")).to_be_visible()


def test_a_photo_of_a_sticker_opens_its_page(
    window: Browser, served: Site, town: Town, tmp_path: Path
) -> None:
    picture = Image.new("RGB", (1600, 1200), "#888888")
    picture.paste(Image.fromarray(peel(sheet(served, town.codes[0]), "24")[0].picture), (400, 300))
    picture.save(tmp_path / "photo.jpg")
    with visitor(window) as browser:
        page = browser.pages[0]
        page.goto(served.url)
        expect(page.get_by_text("写真で読む")).to_be_visible()
        page.set_input_files("#find-photo", tmp_path / "photo.jpg")
        page.wait_for_url(f"{served.url}/t/{town.codes[0]}")


def test_a_photo_without_a_code_says_what_to_do(window: Browser, served: Site, tmp_path: Path) -> None:
    Image.new("RGB", (800, 600), "#888888").save(tmp_path / "photo.jpg")
    with visitor(window) as browser:
        page = browser.pages[0]
        page.goto(served.url)
        page.set_input_files("#find-photo", tmp_path / "photo.jpg")
        expect(page.get_by_text("もう一度、近くで撮ってください")).to_be_visible()


def test_a_phone_that_refuses_the_camera_offers_the_other_ways(
    playwright: Playwright, served: Site, tmp_path: Path
) -> None:
    with phone(playwright, tmp_path / "profile", allowed=False) as browser:
        page = browser.pages[0]
        page.goto(served.url)
        page.get_by_role("button", name="シールを読む").click()
        expect(page.get_by_text("写真で読むか、番号を入れてください")).to_be_visible()


def test_an_id_is_typed_without_any_script(window: Browser, served: Site, town: Town, tmp_path: Path) -> None:
    # given a browser that runs no scripts
    with visitor(window) as browser:
        page = browser.pages[0]
        page.route("**/*.js", lambda route: route.abort())
        page.goto(served.url)
        # when the ID is typed as it is printed, in small letters
        page.get_by_label("追跡ID", exact=True).fill(show(town.codes[0]).lower())
        page.get_by_role("button", name="調べる").click()
        page.get_by_role("link", name="詳しいページへ").click()
        # then required stands beside done
        expect(page.get_by_text("必要").first).to_be_visible()
        assert page.url == f"{served.url}/t/{town.codes[0]}/detail"


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_page_is_for_everybody(
    window: Browser, served: Site, town: Town, tmp_path: Path, language: str
) -> None:
    code = town.codes[0]
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    addresses = ["/", f"/t/{code}", f"/t/{code}/detail", f"/t?id={wrong}", f"/t/{town.cages[0]}", "/nowhere"]
    with visitor(window) as browser:
        page = browser.pages[0]
        for address in addresses:
            page.goto(served.url + address + ("&" if "?" in address else "?") + f"lang={language}")
            assert faults(page) == [], address
            assert too_wide(page) == 0, address


def faults(page: Page) -> list[str]:
    """What axe finds wrong."""
    page.evaluate(AXE)
    found = page.evaluate(RULES)
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in found["violations"]]


def too_wide(page: Page) -> int:
    """Pixels that stick out of a window of 320 px at 200 % text."""
    page.set_viewport_size({"width": 320, "height": 700})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": 390, "height": 844})
    return max(0, int(width) - 320)
