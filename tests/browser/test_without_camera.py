"""No permission, no camera: typing and photos do the same work."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.browser.films import film, stickers
from tests.browser.handset import Handset, a_photo, handset
from tests.browser.server import Place, a_place
from tests.kernel.scanning.paper import printed
from webapp.kernel.scanning.codes import ALPHABET, show


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with a_place(sqlite_template, tmp_path_factory.mktemp("town"), devices=3, cages=2) as running:
        yield running


def misread(code: str) -> str:
    """One wrong character in the middle."""
    other = next(letter for letter in ALPHABET if letter != code[8])
    return code[:8] + other + code[9:]


def test_without_permission_the_id_is_typed(playwright: Playwright, place: Place, tmp_path: Path) -> None:
    # given an officer who refused the camera
    look = film(tmp_path / "film.y4m", stickers(place, "device", 0), per_frame=1)
    with handset(playwright, place, tmp_path / "phone", look, allowed=False) as officer:
        officer.log_in(place.people["officer"])
        officer.open(f"/app/job/{place.job}/load/{place.cages[0]}")
        expect(officer.page.get_by_text("カメラの使用が許可されていません。")).to_be_visible()

        # when an ID is typed, the field tells how far it is and whether it can be right
        officer.tap("番号を入力")
        field = officer.page.get_by_label("追跡ID（17文字）")
        answer = officer.page.locator(".app-code__answer")
        field.fill(place.codes[0][:9])
        expect(answer).to_have_text("あと 8文字")
        field.fill(misread(place.codes[0]))
        expect(answer).to_contain_text("番号が合いません")
        officer.tap("この番号で記録する")
        expect(field).to_have_attribute("aria-invalid", "true")
        field.fill(show(place.codes[0]).lower())
        expect(answer).to_have_text("番号は正しく打てています")
        officer.tap("この番号で記録する")

        # then it is recorded as the camera would have done, and says how it was read
        expect(officer.said).to_contain_text("記録しました")
        expect(officer.said).to_contain_text(place.names[place.codes[0]])
        assert [(row["code"], row["said"]["src"]) for row in officer.kept()] == [(place.codes[0], "typed")]


def test_without_a_camera_a_photo_is_read_and_the_cage_is_locked(
    playwright: Playwright, place: Place, tmp_path: Path
) -> None:
    # given a tablet without a camera
    officer = Handset(playwright, place, tmp_path / "phone")
    officer.switch_on()
    officer.context.grant_permissions(["camera"])
    officer.log_in(place.people["officer"])
    officer.open(f"/app/job/{place.job}/load/{place.cages[1]}")
    expect(officer.page.get_by_text("この端末ではカメラを使えません。")).to_be_visible()

    # when it is given a photo of the labels
    officer.page.get_by_label("写真で読む").set_input_files(a_photo(printed(place.sheets["device"], dpi=150)))

    # then all labels on it are recorded, and the cage can be locked
    expect(officer.figure.locator("strong")).to_have_text("3")
    assert {row["said"]["src"] for row in officer.kept()} == {"photo"}
    officer.tap("施錠へ進む")
    officer.page.get_by_label("封印番号").fill("7734013")
    officer.take_photo()
    officer.tap("施錠・封印を記録する")
    expect(officer.said).to_contain_text("C-02 の施錠・封印")

    # and a photo without a code says what to do instead
    officer.open(f"/app/job/{place.job}/load/{place.cages[0]}")
    officer.page.get_by_label("写真で読む").set_input_files(a_photo("grey"))
    expect(officer.said).to_contain_text("写真からコードを読めませんでした")
    officer.switch_off()
    assert officer.complaints == []
