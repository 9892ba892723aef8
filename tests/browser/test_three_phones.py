"""The whole path on three phones and at two desks: from the town hall to the shredder, with a seal that changed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser.films import film, stickers
from tests.browser.handset import Handset, browser, desk, handset
from tests.browser.server import Place, a_place
from webapp.kernel.scanning.codes import show

Phones = Callable[..., Handset]


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "town"
    folder.mkdir()
    with a_place(sqlite_template, folder, devices=3, cages=1) as running:
        yield running


@pytest.fixture
def phones(playwright: Playwright, place: Place, tmp_path: Path) -> Iterator[Phones]:
    """Gives somebody a phone of their own; `seen` are the numbers of the stickers before its camera."""
    with ExitStack() as all_of_them:

        def give(who: str, *seen: int) -> Handset:
            path = tmp_path / f"{who}.y4m"
            look = film(path, stickers(place, "device", *seen), per_frame=len(seen)) if seen else None
            one = all_of_them.enter_context(handset(playwright, place, tmp_path / who, look))
            return one.log_in(place.people[who])

        yield give


@pytest.fixture
def office(playwright: Playwright) -> Iterator[Browser]:
    with browser(playwright) as running:
        yield running


def load_lock_and_hand_over(officer: Handset, place: Place) -> None:
    """The officer's part, at the dock."""
    officer.open(f"/app/job/{place.job}/load/{place.cages[0]}")
    expect(officer.figure).to_have_text("3/ 3台")
    officer.tap("施錠へ進む")
    officer.page.get_by_label("封印番号").fill("7734012")
    officer.take_photo()
    officer.tap("施錠・封印を記録する")
    officer.tap("引渡をする")
    officer.pick(place.people["driver"].name)
    officer.tap("相手の電話が使えない")
    officer.tap("1両 の引渡だけを記録する")
    expect(officer.said).to_contain_text(f"{place.people['driver'].name} さんへの引渡")


def drive_and_hand_over(driver: Handset, place: Place) -> None:
    """The driver's part: told the number of PCs and the seal, not what they are."""
    driver.sync()
    expect(driver.card(place.title)).to_contain_text("かご車 1両")
    driver.tap("引渡をする")
    expect(driver.page.get_by_text("C-01　3台")).to_be_visible()
    driver.pick(place.people["receiver"].name)
    driver.tap("相手の電話が使えない")
    driver.tap("1両 の引渡だけを記録する")
    expect(driver.said).to_contain_text("記録しました")


def arrive_with_another_seal(receiver: Handset) -> None:
    """The seal that left was 7734012."""
    receiver.sync()
    receiver.tap("到着を記録する")
    receiver.pick("異常なし")
    receiver.page.get_by_label("いまの封印番号").fill("7734021")
    expect(receiver.page.get_by_text("番号が違います：施錠時 7734012 → 到着時 7734021")).to_be_visible()
    receiver.take_photo("maroon")
    receiver.tap("到着を記録する")
    expect(receiver.said).to_have_attribute("data-verdict", "attention")
    expect(receiver.said).to_contain_text("封印番号が違います")
    expect(receiver.said).to_contain_text("記録しました")


def open_and_count_two(receiver: Handset, place: Place) -> None:
    """With a second person; the third PC is not in the cage."""
    receiver.tap("開錠する")
    receiver.pick(place.people["checker"].name)
    receiver.tap("開錠を記録して検数へ")
    expect(receiver.figure).to_have_text("2/ 3台")
    expect(receiver.page.locator(".app-left")).to_contain_text("あと 1台：T-0003 ノートPC")
    receiver.tap("検数を終える")
    expect(receiver.page.get_by_text("1台 見つかっていません")).to_be_visible()
    receiver.page.get_by_label("数えた台数").fill("２")
    receiver.tap("検数を終える")
    expect(receiver.said).to_contain_text("足りません")


def destroy_one(operator: Handset, place: Place) -> None:
    """Drive out, then into the shredder, with a checker and a photo."""
    operator.sync()
    operator.open(f"/app/job/{place.job}/extract")
    expect(operator.figure).to_have_text("1/ 2台")
    operator.open(f"/app/job/{place.job}/destroy")
    operator.pick(place.people["checker"].name)
    operator.page.get_by_label("破片の大きさ").fill("20")
    operator.tap("スキャンをはじめる")
    expect(operator.page.locator(".app-match__name")).to_contain_text("T-0001")
    operator.tap("写真を撮る")
    expect(operator.page.get_by_text("写真を撮りました")).to_be_visible()
    operator.tap("破壊を記録する")
    expect(operator.said).to_contain_text("記録しました")
    operator.sync()


def look_up(resident: Page, place: Place) -> None:
    """As people copy it from a sticker: small letters, with the spaces of the print."""
    resident.goto(place.url)
    resident.get_by_label("追跡ID", exact=True).fill(show(place.codes[0]).lower().replace("-", " "))
    resident.get_by_role("button", name="調べる").click()
    expect(resident).to_have_url(f"{place.url}/t/{place.codes[0]}")


def test_from_the_town_hall_to_the_shredder(place: Place, phones: Phones, office: Browser) -> None:
    # given the board, open on the officer's desk
    board = desk(office, place, place.people["officer"])
    board.goto(f"{place.url}/consignments/{place.job}")
    questions = board.locator(".discrepancies")

    # when officer, driver and receiver each do their part on a phone of their own
    officer = phones("officer", 0, 1, 2)
    load_lock_and_hand_over(officer, place)
    officer.sync()
    driver = phones("driver")
    drive_and_hand_over(driver, place)
    driver.sync()
    receiver = phones("receiver", 0, 1)
    arrive_with_another_seal(receiver)
    receiver.sync()

    # then the board tells of the seal, by itself
    expect(questions).to_contain_text("封印番号が違います", timeout=10_000)
    expect(questions).to_contain_text("7734021")

    # and of the PC that was not in the cage, by name
    receiver.open(f"/app/job/{place.job}")
    open_and_count_two(receiver, place)
    receiver.sync()
    expect(questions).to_contain_text("足りません", timeout=10_000)
    expect(questions).to_contain_text("T-0003")

    # and when one is destroyed, a resident reads it, in three languages
    destroy_one(phones("operator", 0), place)
    resident = desk(office, place)
    look_up(resident, place)
    standing = resident.locator(".standing__title")
    expect(standing).to_have_text("終了")
    resident.get_by_role("link", name="English").click()
    expect(standing).to_have_text("Finished")
    resident.get_by_role("link", name="やさしい日本語").click()
    expect(standing).not_to_have_text("Finished")
    resident.get_by_role("link", name="日本語", exact=True).click()
    resident.get_by_role("link", name="詳しいページへ").click()
    expect(resident.get_by_role("heading", name="詳しい足あと")).to_be_visible()
    expect(resident.locator("body")).not_to_contain_text(place.people["operator"].name)
    expect(resident.locator("body")).not_to_contain_text("SER00001")
