"""The live board on a screen: it follows what phones do, says when it cannot, and works without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, Playwright, expect

from tests.browser.live import CHROMIUM, FLAGS, Site, phone, site
from tests.factories.custody import Journey, Town, a_town
from tests.factories.identity import PASSWORD

SOON = 6_000  # boards follow changes within 5 s


@pytest.fixture
def town(app: Flask) -> Town:
    """Two notebooks, loaded into a locked cage."""
    town = a_town(devices=2, cages=2)
    j = Journey(town)
    town.send("officer", *j.register(0, 1))
    town.send("technician", *j.sanitize(0, 1))
    town.send("officer", *j.load(0, 1), j.lock([0, 1]))
    return town


@pytest.fixture
def served(app: Flask, town: Town) -> Iterator[Site]:
    """The site on a port of its own."""
    with site(app) as running:
        yield running


def log_in(page: Page, served: Site, town: Town) -> None:
    """The officer, at the board."""
    page.goto(f"{served.url}/login")
    page.fill("[name=login]", str(town.people["officer"].login))
    page.fill("[name=password]", PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/app/**")
    page.goto(f"{served.url}/consignments/{town.job}")


def test_the_board_follows_a_hand_over_and_keeps_the_focus(
    playwright: Playwright, served: Site, town: Town, tmp_path: Path
) -> None:
    with phone(playwright, tmp_path / "profile") as browser:
        page = browser.pages[0]
        log_in(page, served, town)
        road = page.locator("[data-stop=road]")
        expect(road).not_to_contain_text("C-01")
        page.locator(".journey__cage", has_text="C-02").focus()
        # when a phone reports that the driver has taken the cage
        town.send("officer", Journey(town, at=Journey(town).at + 3_600_000).hand_over())
        # then the board shows it on the road, says so once, and the focus has not moved
        expect(road).to_contain_text("C-01", timeout=SOON)
        expect(page.locator("#live-said")).to_contain_text("出庫 2台")
        expect(page.locator(".journey__cage", has_text="C-02")).to_be_focused()


def test_the_board_says_how_old_it_is_while_nobody_answers(
    playwright: Playwright, served: Site, town: Town, tmp_path: Path
) -> None:
    with phone(playwright, tmp_path / "profile") as browser:
        page = browser.pages[0]
        log_in(page, served, town)
        chip = page.locator("#live-chip")
        expect(chip).to_contain_text("最新")
        browser.set_offline(True)
        expect(chip).to_contain_text("更新できません", timeout=SOON)
        browser.set_offline(False)
        expect(chip).to_contain_text("最新", timeout=SOON)


def test_the_board_stops_asking_when_somebody_has_to_log_in(
    playwright: Playwright, served: Site, town: Town, tmp_path: Path
) -> None:
    with phone(playwright, tmp_path / "profile") as browser:
        page = browser.pages[0]
        log_in(page, served, town)
        browser.clear_cookies()
        expect(page.locator("#live-chip")).to_have_text("もう一度ログインしてください", timeout=SOON)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(SOON)
        assert asked == []


def test_the_board_can_be_read_without_scripts(playwright: Playwright, served: Site, town: Town) -> None:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    page = browser.new_context(java_script_enabled=False).new_page()
    log_in(page, served, town)
    expect(page.locator("[data-stop=town]")).to_contain_text("C-01")
    page.get_by_role("link", name="最新の内容にする").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    browser.close()
