"""Hand-over between two phones without any network: each sees the other's screen, and nothing else connects them."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp
from playwright.sync_api import Playwright, expect

from tests.browser.camera import make_video
from tests.browser.films import PORTRAIT
from tests.browser.handset import Handset
from tests.browser.live import CHROMIUM
from tests.browser.server import Place, a_place
from tests.browser.test_residents import faults, too_wide
from tests.browser.test_signed import enrolled
from tests.factories.custody import Journey, Town
from tests.kernel.scanning.paper import Picture
from webapp.custody import exchange

SYMBOL = ".app-symbol__picture"
#: The job pack on the phone's disk names the keys of both phones.
HAS_BOTH_KEYS = """() => new Promise((resolve, reject) => {
  const request = indexedDB.open('ashiato');
  request.onerror = reject;
  request.onsuccess = () => {
    const packs = request.result.transaction('packs').objectStore('packs').getAll();
    packs.onsuccess = () => {
      request.result.close();
      resolve(packs.result.some(({ pack }) => pack.phones.length === 2));
    };
  };
})"""


def locked(town: Town, journey: Journey) -> None:
    """Three cages, one for each test, are loaded, locked and sealed, and stand at the dock."""
    town.send("officer", *journey.register(0, 1, 2, 3))
    town.send("technician", *journey.sanitize(0, 1, 2, 3))
    town.send("officer", *journey.load(0, 1), *journey.load(2, cage=1), *journey.load(3, cage=2))
    town.send("officer", journey.lock([0, 1]), journey.lock([2], cage=1, seal="7734013"))
    town.send("officer", journey.lock([3], cage=2, seal="7734014"))


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("town")
    with a_place(sqlite_template, folder, devices=4, cages=3, prepare=locked) as running:
        yield running


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Path | str:
    """A Chromium that runs in a network namespace with nothing in it, where this machine lets us make one.

    Elsewhere the browser's own aeroplane mode has to do.
    """
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode:
        return CHROMIUM
    program = tmp_path_factory.mktemp("island") / "chromium"
    program.write_text(f'#!/bin/sh\nexec unshare -n -- {CHROMIUM} "$@"\n')
    program.chmod(0o755)
    return program


Phones = Callable[[str], Handset]


@pytest.fixture(scope="module")
def phones(
    playwright: Playwright, place: Place, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Handset]]:
    """The phones of officer and driver: enrolled, with the job and each other's key, and switched off."""
    given = {}
    for who in ("officer", "driver"):
        one = Handset(playwright, place, tmp_path_factory.mktemp(who))
        given[who] = one.switch_on().log_in(place.people[who])
        enrolled(one, place.people[who], place.enrolment_code(who))
    for one in given.values():
        one.sync()
        while not one.page.evaluate(HAS_BOTH_KEYS):  # the suite's own time limit ends it
            one.page.wait_for_timeout(100)
        one.switch_off()
    yield given
    assert [one.complaints for one in given.values()] == [[], []]


def seen_by_the_other(one: Handset, film: Path) -> Path:
    """This phone's screen before the other phone's camera: held a little askew, in a hand that is not still."""
    make_video(film, [screen_of(one)], size=PORTRAIT, fps=10, seconds=2, labels_per_frame=1)
    return film


def screen_of(one: Handset) -> Picture:
    """The whole screen with its QR, three pixels for one, as a phone has them."""
    expect(one.page.locator(SYMBOL)).to_be_visible()
    one.page.evaluate("scrollTo(0, 0)")
    screen = cv2.imdecode(np.frombuffer(one.page.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert screen is not None
    return np.asarray(cv2.resize(screen, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST), np.uint8)


def words_on(one: Handset) -> list[str]:
    """The eight words on the screen."""
    expect(one.page.locator(".app-words__word")).to_have_count(8)
    return one.page.locator(".app-words__word").all_inner_texts()


def recorded(place: Place, cage: int, *steps: str) -> list[dict[str, Any]]:
    """What the log holds of these steps of a cage: the entries."""
    here = [entry for entry in place.entries() if entry["scan"]["code"] == place.cages[cage]]
    return [entry for entry in here if entry["scan"]["step"] in steps]


def questions(place: Place, cage: int) -> list[str]:
    asked = place.rows("SELECT code FROM discrepancies WHERE scope = ?", place.cages[cage])
    return sorted(code for (code,) in asked)


def offer(officer: Handset, place: Place) -> None:
    """The officer chooses the driver and shows the QR."""
    officer.open(f"/app/job/{place.job}/handover/{place.cages[0]}")
    officer.pick(place.people["driver"].name)
    officer.tap("1両を 相手に読んでもらう")
    expect(officer.page.locator(SYMBOL)).to_be_visible()


def test_two_phones_on_an_island_hand_a_cage_over_and_either_one_reports_it(
    place: Place, phones: dict[str, Handset], island: Path | str, tmp_path: Path
) -> None:
    officer, driver = phones["officer"], phones["driver"]
    # given two phones in an empty network namespace, and the officer's screen before the driver's camera
    officer.switch_on(offline=True, program=island)
    offer(officer, place)
    driver.film = seen_by_the_other(officer, tmp_path / "offer.y4m")
    officer.switch_off()  # killed in the middle

    # when the driver reads it, compares, and takes the cage
    driver.switch_on(offline=True, program=island)
    driver.open(f"/app/job/{place.job}")
    driver.tap("受け取る")
    expect(driver.page.get_by_role("heading", name="C-01　2台")).to_be_visible()
    expect(driver.page.get_by_text("7734012")).to_be_visible()
    expect(driver.page.get_by_text("この電話の控えと同じです")).to_be_visible()
    expect(driver.page.get_by_text("相手の署名を確かめました")).to_be_visible()
    driver.tap("1両を 受け取る")
    expect(driver.said).to_contain_text("記録しました")
    officer.film = seen_by_the_other(driver, tmp_path / "answer.y4m")
    driver.tap("八つのことばを くらべる")
    said_by_driver = words_on(driver)
    driver.switch_off()

    # and the officer's app comes back to where it was, and reads the answer
    officer.switch_on(offline=True, program=island)
    officer.open(f"/app/job/{place.job}/handover")
    officer.tap("続きから")
    officer.tap("相手の返事を読む")
    expect(officer.said).to_contain_text("記録しました")

    # then both screens show the same eight words
    assert words_on(officer) == said_by_driver
    expect(officer.page.get_by_text("相手の署名を確かめました")).to_be_visible()
    officer.tap("同じでした")
    officer.switch_off()
    assert recorded(place, 0, "handed_over", "accepted") == []

    # and when one of them finds the network, both signatures are on record, by their authors
    officer.switch_on()
    officer.sync()
    entries = recorded(place, 0, "handed_over", "accepted")
    said = [entry["scan"] for entry in entries]
    assert [scan["step"] for scan in said] == ["handed_over", "accepted"]
    assert [entry["by"]["actor"] for entry in entries] == [scan["actor"] for scan in said]
    assert all(len(entry["s"]) == 88 for entry in entries)
    assert questions(place, 0) == []
    officer.switch_off()

    # and when the other one does too, nothing is there twice
    driver.switch_on()
    driver.sync()
    assert recorded(place, 0, "handed_over", "accepted") == entries
    assert questions(place, 0) == []
    driver.switch_off()


def photo_of(one: Handset, path: Path) -> Path:
    """This phone's screen as a photo, taken from near."""
    cv2.imwrite(str(path), screen_of(one))
    return path


def read_photo(one: Handset, picture: Path) -> None:
    """「写真で読む」: for a phone whose camera shows nothing."""
    one.page.set_input_files("input[type=file]", picture)


def forged(picture: Path, path: Path) -> Path:
    """The same QR with another number of devices in it, and the signature as it was."""
    text = zxingcpp.read_barcode(cv2.imread(str(picture))).text
    kind, signed = exchange.decode(text)
    other = [pair._replace(p=pair.p.replace('"count":1', '"count":9')) for pair in signed]
    assert other != signed
    modules = zxingcpp.create_barcode(exchange.encode(kind, other), zxingcpp.BarcodeFormat.QRCode)
    cv2.imwrite(str(path), np.asarray(modules.to_image(scale=6)))
    return path


def is_for_everybody(one: Handset) -> None:
    assert (faults(one.page), too_wide(one.page)) == ([], 0)


def test_a_cage_is_refused_with_a_reason_by_photos_alone_and_a_forged_one_is_not_even_shown(
    place: Place, phones: dict[str, Handset], tmp_path: Path
) -> None:
    officer, driver = phones["officer"], phones["driver"]
    officer.film = driver.film = None  # phones without a working camera
    officer.switch_on(offline=True)
    driver.switch_on(offline=True)
    officer.open(f"/app/job/{place.job}/handover/{place.cages[1]}")
    is_for_everybody(officer)
    officer.pick(place.people["driver"].name)
    officer.tap("1両を 相手に読んでもらう")
    offered = photo_of(officer, tmp_path / "offer.png")
    is_for_everybody(officer)

    # somebody who changes a figure in it gets no further than the signature
    driver.open("/app/take")
    read_photo(driver, forged(offered, tmp_path / "forged.png"))
    expect(driver.said).to_contain_text("署名が合いません")
    # an answer is no offer, and a sticker neither
    read_photo(driver, offered)
    expect(driver.page.get_by_role("heading", name="C-02　1台")).to_be_visible()
    is_for_everybody(driver)

    # the app is closed with the question open, and comes back to it
    driver.open("/app/")
    driver.tap("続きから")
    driver.tap("このかご車を断る")
    driver.pick("封印が違う・切れている")
    driver.tap("この理由で断る")
    driver.tap("1両を断る")
    expect(driver.page.get_by_text("C-02　断りました（封印が違う・切れている）")).to_be_visible()
    answer = photo_of(driver, tmp_path / "answer.png")
    is_for_everybody(driver)

    # the officer reads the refusal; the cage has not left
    officer.tap("相手の返事を読む")
    read_photo(officer, answer)
    expect(officer.page.get_by_text("C-02　断られました（封印が違う・切れている）")).to_be_visible()
    is_for_everybody(officer)
    said_by_officer = words_on(officer)
    driver.tap("八つのことばを くらべる")
    assert words_on(driver) == said_by_officer
    is_for_everybody(driver)
    driver.tap("違います")
    expect(driver.page.get_by_text("かご車を動かさないでください")).to_be_visible()
    officer.tap("同じでした")
    expect(officer.page.get_by_text("施錠・封印済み　封印 7734013")).to_be_visible()

    # the driver's phone alone finds the network
    driver.flight_mode(on=False)
    driver.sync()
    assert [entry["scan"]["step"] for entry in recorded(place, 1, "declined")] == ["declined"]
    assert questions(place, 1) == ["HANDOVER_DECLINED"]
    officer.switch_off()
    driver.switch_off()


def test_a_substitute_without_an_account_takes_a_cage_with_a_day_pass_from_the_officers_screen(
    playwright: Playwright, place: Place, phones: dict[str, Handset], tmp_path: Path
) -> None:
    officer = phones["officer"]
    officer.film = None
    substitute = Handset(playwright, place, tmp_path / "substitute")
    substitute.switch_on()  # the app was opened once, and nobody has logged in
    expect(substitute.page.get_by_role("link", name="当日券で使う")).to_be_visible()
    substitute.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    substitute.flight_mode(on=True)
    officer.switch_on(offline=True)

    # given a pass: the substitute's phone before the officer's camera, and back
    substitute.open("/app/guest")
    officer.open(f"/app/job/{place.job}/handover/{place.cages[2]}")
    officer.tap("代わりの運転手に当日券を出す")
    read_photo(officer, photo_of(substitute, tmp_path / "phone.png"))
    expect(officer.page.get_by_text("まで（12時間）")).to_be_visible()
    day_pass = photo_of(officer, tmp_path / "pass.png")
    is_for_everybody(officer)
    substitute.tap("当日券を読む")
    read_photo(substitute, day_pass)
    expect(substitute.page.get_by_role("heading", name=place.title)).to_be_visible()

    # when the cage is handed over to the substitute
    officer.open(f"/app/job/{place.job}/handover/{place.cages[2]}")
    officer.pick("代わりのドライバー")
    officer.tap("1両を 相手に読んでもらう")
    substitute.tap("受け取る")
    read_photo(substitute, photo_of(officer, tmp_path / "offer.png"))
    expect(substitute.page.get_by_text("相手の署名を確かめました")).to_be_visible()
    expect(substitute.page.get_by_text("この電話の控えと同じです")).to_be_visible()
    substitute.tap("1両を 受け取る")
    answer = photo_of(substitute, tmp_path / "answer.png")
    officer.tap("相手の返事を読む")
    read_photo(officer, answer)
    expect(officer.page.get_by_text("相手の署名を確かめました")).to_be_visible()
    said_by_officer = words_on(officer)
    substitute.tap("八つのことばを くらべる")
    assert words_on(substitute) == said_by_officer
    officer.tap("同じでした")

    # then the officer's phone brings home what the substitute's phone has signed
    officer.flight_mode(on=False)
    officer.sync()
    last = recorded(place, 2, "handed_over", "accepted")[-1]
    signed = last["scan"]
    assert (signed["step"], last["by"]["actor"], last["by"]["roles"]) == (
        "accepted",
        signed["actor"],
        ["driver"],
    )
    assert "HANDOVER_UNANSWERED" not in questions(place, 2)
    officer.switch_off()
    substitute.switch_off()
    assert substitute.complaints == []
