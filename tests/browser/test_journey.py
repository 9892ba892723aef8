"""An officer loads a cage where there is no network, on a phone that is started cold; nothing is ever lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.browser.camera import make_video, peel
from tests.browser.handset import Handset, browser, desk
from tests.browser.live import kill
from tests.browser.server import Place, a_place

PORTRAIT = (720, 1080)


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with a_place(sqlite_template, tmp_path_factory.mktemp("town"), devices=12, cages=2) as running:
        yield running


def labels(playwright: Playwright, place: Place) -> dict[str, bytes]:
    """The label sheets, downloaded by the officer from the page 「ラベル」."""
    with browser(playwright) as running:
        page = desk(running, place, place.people["officer"])
        url = f"{place.url}/consignments/{place.job}/labels/{{}}.pdf"
        return {kind: page.request.get(url.format(batch)).body() for kind, batch in place.batches.items()}


@pytest.fixture(scope="module")
def film(playwright: Playwright, place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve stickers in one picture, then the sticker of the cage."""
    path = tmp_path_factory.mktemp("film") / "cage.y4m"
    sheets = labels(playwright, place)
    stickers = [*peel(sheets["device"]), *peel(sheets["cage"])[:1]]
    pictures = [sticker.picture for sticker in stickers]
    make_video(path, pictures, size=PORTRAIT, fps=10, seconds=4, labels_per_frame=12)
    return path


def test_a_cage_loaded_without_network_is_on_the_board_when_the_network_is_back(
    playwright: Playwright, place: Place, film: Path, tmp_path: Path
) -> None:
    # given an officer whose phone has fetched the job
    officer = Handset(playwright, place, tmp_path / "officer", film)
    officer.switch_on().log_in(place.people["officer"])
    officer.switch_off()

    # when the server is gone, the phone in aeroplane mode and the app started cold
    place.server.kill()
    officer.switch_on(offline=True)
    expect(officer.card(place.title)).to_contain_text("積込　あと 12台")

    # and the officer scans the cage and what goes into it
    officer.tap("かご車に積み込む")
    expect(officer.page).to_have_url(f"{place.url}/app/job/{place.job}/load/{place.cages[0]}")
    expect(officer.figure).to_have_text("12/ 12台")
    officer.page.screenshot(path="/tmp/shot_load.png")
    officer.switch_off()
