"""Sixty stickers pass in front of the camera; what does not is found by eye, by ear, or by a scanner of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.browser.camera import make_video
from tests.browser.films import stickers
from tests.browser.handset import Handset
from tests.browser.server import Place, a_place

SHELF = 60
SWEEP_S = 15
TWO_SWEEPS_MS = 2 * SWEEP_S * 1_000 + 20_000  # a machine with other work may miss a sticker once
#: Tells what is spoken; headless browsers have no voice of their own.
OVERHEAR = "speechSynthesis.speak = (saying) => { (globalThis.spoken ??= []).push(saying.text); };"
UNPLUG = "document.querySelector('video').srcObject.getTracks().forEach((track) => track.stop())"
#: How dark a corner of the picture is made, 0 to 255; no sticker comes there.
VEIL = """() => document.querySelector('.app-eye__boxes').getContext('2d').getImageData(2, 2, 1, 1).data[3]"""


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "town"
    folder.mkdir()
    with a_place(sqlite_template, folder, devices=SHELF + 1, cages=1) as running:
        yield running


@pytest.fixture
def shelf(place: Place, tmp_path: Path) -> Path:
    """A phone that moves along sixty of them in fifteen seconds, six or so in the picture."""
    film = tmp_path / "shelf.y4m"
    pictures = stickers(place, "device", *range(SHELF))
    make_video(film, pictures, "belt", fps=10, seconds=SWEEP_S, labels_per_frame=6)
    return film


@pytest.mark.alone
def test_a_shelf_is_taken_in_two_passes_at_most_and_the_missing_one_is_found(
    playwright: Playwright, place: Place, shelf: Path, tmp_path: Path
) -> None:
    # given an officer who asked for a voice, and has no network where the shelf stands
    officer = Handset(playwright, place, tmp_path / "officer", shelf)
    officer.switch_on().log_in(place.people["officer"])
    officer.context.add_init_script(OVERHEAR)
    officer.open("/app/settings")
    officer.pick("話す")
    officer.flight_mode(on=True)

    # when the phone passes the shelf once or twice, and the camera is unplugged in between
    officer.open(f"/app/job/{place.job}/load/{place.cages[0]}")
    expect(officer.page.locator(".app-count__figure strong")).not_to_have_text("0")
    officer.page.evaluate(UNPLUG)
    expect(officer.figure).to_have_text(f"{SHELF}/ {SHELF + 1}台", timeout=TWO_SWEEPS_MS)

    # then the one that was not there is named, always in view, and on request only it is looked for
    expect(officer.page.get_by_text("あと 1台：")).to_be_visible()
    assert f"{SHELF}。あと1" in officer.page.evaluate("globalThis.spoken")
    assert officer.page.evaluate(VEIL) < 128
    officer.tap("足りない物だけ光らせる")
    officer.page.wait_for_function(f"() => ({VEIL})() > 128")
    officer.tap("足りない物だけ光らせる")

    # and a Bluetooth scanner, which types like a keyboard, ends it
    officer.page.keyboard.type(f"{place.url}/Q/{place.codes[SHELF]}".upper())
    officer.page.keyboard.press("Enter")
    expect(officer.page.get_by_text("すべて そろいました")).to_be_visible()
    kept = officer.kept()
    assert sorted(row["code"] for row in kept) == sorted(place.codes)
    assert [row["said"]["src"] for row in kept if row["code"] == place.codes[SHELF]] == ["wedge"]
    officer.switch_off()
    assert officer.complaints == []
