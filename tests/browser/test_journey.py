"""An officer loads a cage without a network, on a phone that is started cold; nothing is ever lost."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect

from tests.browser.films import film, stickers
from tests.browser.handset import Handset, browser, desk
from tests.browser.live import kill
from tests.browser.server import Place, a_place


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "town"
    folder.mkdir()
    with a_place(sqlite_template, folder, devices=12, cages=2) as running:
        yield running


@pytest.fixture
def cage_of_twelve(place: Place, tmp_path: Path) -> Path:
    """Twelve stickers in one picture, then the sticker of the cage."""
    pictures = [*stickers(place, "device"), *stickers(place, "cage", 0)]
    return film(tmp_path / "cage.y4m", pictures, per_frame=12)


def recorded(place: Place, step: str) -> list[dict[str, Any]]:
    """What the log itself holds about a step."""
    return [entry["scan"] for entry in place.entries() if entry["scan"]["step"] == step]


def load_the_cage(officer: Handset, place: Place) -> None:
    """By camera: the cage's own sticker, then what goes into it."""
    officer.tap("かご車に積み込む")
    expect(officer.page).to_have_url(f"{place.url}/app/job/{place.job}/load/{place.cages[0]}")
    expect(officer.figure).to_have_text("12/ 12台")
    expect(officer.page.get_by_text("すべて そろいました")).to_be_visible()
    expect(officer.said.get_by_text("記録しました")).to_be_visible()


def lock_the_cage(officer: Handset) -> None:
    """With a seal, typed in full width, and a photo."""
    officer.tap("施錠へ進む")
    officer.page.get_by_label("封印番号").fill("７７３４０１２")
    officer.take_photo()
    officer.tap("施錠・封印を記録する")
    expect(officer.said).to_contain_text("記録しました")


def test_a_cage_loaded_without_network_is_on_the_board_when_the_network_is_back(
    playwright: Playwright, place: Place, cage_of_twelve: Path, tmp_path: Path
) -> None:
    # given an officer whose phone has fetched the job, and the board open on a desk
    officer = Handset(playwright, place, tmp_path / "officer", cage_of_twelve)
    officer.switch_on().log_in(place.people["officer"])
    officer.switch_off()
    with browser(playwright) as office:
        board = desk(office, place, place.people["officer"])
        board.goto(f"{place.url}/consignments/{place.job}")

        # when the server is gone, the phone in aeroplane mode and the app started cold
        place.server.kill()
        officer.switch_on(offline=True)
        expect(officer.card(place.title)).to_contain_text("積込　あと 12台")
        load_the_cage(officer, place)
        lock_the_cage(officer)

        # then all of it waits on the phone, and the phone says so
        expect(officer.chip).to_have_text("圏外・未送信 13")
        officer.tap("通信の状態", exact=False)
        expect(officer.page.locator(".app-lines__state")).to_have_text([re.compile("端末内に保存")] * 13)
        kept = officer.kept()
        assert sorted(row["code"] for row in kept[:12]) == sorted(place.codes)
        assert [(row["seq"], row["state"]) for row in kept] == [(n, "pending") for n in range(1, 14)]
        expect(board.locator("#live-chip")).to_have_attribute("data-kind", "offline")

        # and when the network is back, it is sent without a tap, and the board follows within 5 s
        place.server.start()
        officer.flight_mode(on=False)
        expect(officer.page.get_by_text("未送信の記録はありません。")).to_be_visible()
        expect(officer.chip).to_contain_text("最新")
        cage = board.locator("article.card").filter(has_text="C-01")
        expect(cage).to_contain_text("施錠", timeout=5_000)
        expect(cage).to_contain_text("12")

    receipts = [row["receipt"] for row in officer.kept()]
    assert [(receipt["status"], receipt["verdict"]) for receipt in receipts] == [("recorded", "ok")] * 13
    assert len({receipt["index"] for receipt in receipts}) == 13
    officer.switch_off()
    assert officer.complaints == []


def test_what_was_said_to_be_recorded_is_there_after_kill_9_and_lands_once(
    playwright: Playwright, place: Place, cage_of_twelve: Path, tmp_path: Path
) -> None:
    # given an officer who logged in this morning and is scanning, with the network on
    officer = Handset(playwright, place, tmp_path / "officer", cage_of_twelve)
    officer.switch_on().log_in(place.people["officer"])
    officer.switch_off()
    officer.switch_on()

    # when the browser is killed right after the first 「記録しました」
    with officer.page.expect_console_message(lambda message: message.text.startswith("said 記録しました")):
        officer.open(f"/app/job/{place.job}/load/{place.cages[0]}")
    kill(officer.profile)
    told = {re.search(r"T-\d{4}", words)[0] for words in officer.heard if words.startswith("記録しました")}  # type: ignore[index]
    assert told

    # then every scan it spoke of is there again
    officer.switch_on()
    kept = officer.kept()
    codes = [row["code"] for row in kept]
    assert told <= {place.names[code] for code in codes}
    assert len(set(codes)) == len(codes)
    assert [row["seq"] for row in kept] == list(range(1, len(kept) + 1))

    # and each lands once
    officer.sync()
    assert {row["receipt"]["status"] for row in officer.kept()} <= {"recorded", "duplicate"}
    loaded = recorded(place, "loaded")
    assert sorted(scan["code"] for scan in loaded) == sorted(codes)
    assert sorted(scan["id"] for scan in loaded) == sorted(row["id"] for row in kept)
    officer.switch_off()
    assert officer.complaints == []
