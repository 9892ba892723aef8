"""What does not belong here, buttons of the phone itself, and a new release."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import qrcode
from flask import Flask
from playwright.sync_api import Page, Playwright, expect

from tests.browser.films import film, stickers
from tests.browser.handset import Handset, handset
from tests.browser.live import phone, site
from tests.browser.server import Place, a_place, ready_to_load
from tests.factories.custody import Journey, Town
from tests.kernel.scanning.paper import Picture
from webapp.kernel.base import pwa
from webapp.kernel.scanning.codes import show

LIGHT = """
MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true, zoom: { min: 1, max: 3, step: 0.1 } });
MediaStreamTrack.prototype.applyConstraints = async function (wanted) {
  (globalThis.asked ??= []).push(...wanted.advanced);
};
"""


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("town")
    with a_place(sqlite_template, folder, devices=5, cages=3, prepare=one_in_another_cage) as running:
        yield running


def one_in_another_cage(town: Town, journey: Journey) -> None:
    """Everything is ready to load, and T-0002 is in the cage C-02 already."""
    ready_to_load(town, journey)
    town.send("officer", *journey.load(1, cage=1))


def foreign_sticker() -> Picture:
    """A QR of somebody else's, about as large as ours."""
    return np.array(qrcode.make("https://evil.example/q/HWVEN9XSYWCX7K2MP", box_size=8).convert("L"))


@pytest.fixture(scope="module")
def odd_stickers(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two foreign QRs; then a label of ours that is on no list, and a PC of the job."""
    foreign = foreign_sticker()
    pictures = [foreign, foreign, *stickers(place, "spare", 0), *stickers(place, "device", 0)]
    return film(tmp_path_factory.mktemp("film") / "odd.y4m", pictures, per_frame=2)


@pytest.fixture
def officer(playwright: Playwright, place: Place, odd_stickers: Path, tmp_path: Path) -> Iterator[Handset]:
    """Logged in, with the odd stickers before the camera."""
    with handset(playwright, place, tmp_path / "phone", odd_stickers) as one:
        yield one.log_in(place.people["officer"])


def test_a_foreign_qr_is_never_opened_and_an_unknown_label_waits(officer: Handset, place: Place) -> None:
    # given an officer who scans them all
    requests: list[str] = []
    officer.page.on("request", lambda request: requests.append(request.url))
    officer.open(f"/app/job/{place.job}/load/{place.cages[0]}")
    expect(officer.figure.locator("strong")).to_have_text("2")

    # then the PC is recorded, the label without a PC too, and that is said
    assert any(f"名簿にない番号です｜{show(place.spare[0])}" in words for words in officer.heard)
    assert {row["code"] for row in officer.kept()} == {place.codes[0], place.spare[0]}

    # and the foreign one is named; nothing of it is fetched, recorded or opened
    expect(officer.said).to_contain_text("この仕事のコードではありません")
    assert [url for url in requests if "evil" in url] == []
    assert len(officer.context.pages) == 1

    # and on the server the unknown label waits for its record
    officer.sync()
    officer.open("/app/outbox")
    expect(officer.page.get_by_text("ほかの記録待ち")).to_have_count(1)


def test_what_needs_a_person_is_not_talked_over_by_its_neighbour(
    playwright: Playwright, place: Place, tmp_path: Path
) -> None:
    # given a PC that belongs here and one that was put into another cage, in one picture
    look = film(tmp_path / "film.y4m", stickers(place, "device", 1, 3), per_frame=2)
    with handset(playwright, place, tmp_path / "phone", look) as officer:
        officer.log_in(place.people["officer2"])
        officer.open(f"/app/job/{place.job}/load/{place.cages[2]}")
        # when both are recorded
        expect(officer.figure.locator("strong")).to_have_text("2")
        # then the bar tells of the other cage, and what is missing is named
        expect(officer.said).to_have_attribute("data-verdict", "attention")
        expect(officer.said).to_contain_text("かご車が違います")
        expect(officer.said).to_contain_text("T-0002")
        expect(officer.page.locator(".app-left")).to_contain_text("T-0005")

        # and the outbox names both cages when the server has agreed
        officer.sync()
        officer.open("/app/outbox")
        reason = officer.page.locator(".app-lines__reason")
        expect(reason).to_have_text("本来のかご車 C-02 → 実際 C-03")


def test_the_torch_is_offered_only_where_there_is_one(officer: Handset, place: Place) -> None:
    officer.open("/app/scan")
    expect(officer.page.locator(".app-eye")).to_have_attribute("data-state", "on")
    expect(officer.page.get_by_role("button", name="番号を入力")).to_be_visible()
    expect(officer.page.get_by_role("button", name="ライト")).to_have_count(0)

    officer.context.add_init_script(LIGHT)
    officer.open("/app/scan")
    officer.tap("ライト")
    light = officer.page.get_by_role("button", name="ライト 消す")
    expect(light).to_have_attribute("aria-pressed", "true")
    officer.tap("ズーム 2倍")
    expect(officer.page.get_by_role("button", name="ズーム 3倍")).to_be_visible()
    assert officer.page.evaluate("() => asked") == [{"torch": True}, {"zoom": 2}]


def test_back_leads_where_one_came_from(officer: Handset, place: Place) -> None:
    # given home → job → scanning
    page, job = officer.page, f"{place.url}/app/job/{place.job}"
    officer.tap(place.title)
    officer.tap("かご車に積み込む")
    page.locator(f"a[href$='{place.cages[0]}']").click()
    expect(officer.figure).to_be_visible()

    # when the phone's back button or the arrow is pressed, then each leads one up, and home is the end
    page.go_back()
    expect(page.get_by_role("heading", name="積込")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(job)
    expect(page.get_by_role("heading", name=place.title)).to_be_visible()
    officer.tap("戻る")
    expect(page).to_have_url(f"{place.url}/app/")
    expect(page.get_by_role("heading", name="今日の仕事")).to_be_visible()


def test_back_closes_a_sheet(officer: Handset, place: Place) -> None:
    officer.open("/app/")
    officer.tap("スキャン")
    officer.tap("番号を入力")
    expect(officer.page.get_by_role("dialog")).to_be_visible()
    officer.page.go_back()
    expect(officer.page.get_by_role("dialog")).to_have_count(0)


def test_a_session_that_ended_loses_nothing(officer: Handset, place: Place) -> None:
    # given an officer whose session has ended without their knowing
    officer.open(f"/app/job/{place.job}/load/{place.cages[1]}")
    officer.context.clear_cookies()

    # when they go on recording, it is kept, and the phone asks for a login
    officer.type_code(place.codes[2])
    expect(officer.said).to_contain_text("記録しました")
    expect(officer.chip).to_contain_text("ログインしてください・未送信")

    # then it is sent once they have logged in
    officer.tap("通信の状態", exact=False)
    officer.tap("ログインする")
    officer.fill_in_login(place.people["officer"])
    expect(officer.page).to_have_url(f"{place.url}/app/outbox")
    expect(officer.page.get_by_text("未送信の記録はありません。")).to_be_visible()
    assert {row["state"] for row in officer.kept()} == {"sent"}


def newer(app: Flask) -> None:
    """The server has a new release from now on."""
    first = pwa.release(app)
    shell = first.shell.replace(first.build.encode(), b"f" * 16).replace(b"</body>", b"<!-- 2 --></body>")
    app.extensions["pwa"] = replace(first, build="f" * 16, shell=shell)


def hear_of_it(page: Page) -> None:
    """What the hourly look would do."""
    page.evaluate("async () => (await navigator.serviceWorker.getRegistration()).update()")


def test_a_new_release_is_offered_between_jobs_and_taken_with_one_tap(
    app: Flask, playwright: Playwright, tmp_path: Path
) -> None:
    with site(app) as running:
        # given the app, open on a phone, and a new release on the server
        context = phone(playwright, tmp_path / "phone")
        page = context.pages[0]
        page.goto(f"{running.url}/app/")
        page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        page.reload()
        newer(app)
        hear_of_it(page)

        # then it is offered, but not while scanning
        offer = page.get_by_text("新しい版があります。")
        expect(offer).to_be_visible()
        page.evaluate(
            """() => {
              history.pushState({ place: 1 }, '', '/app/scan');
              dispatchEvent(new PopStateEvent('popstate'));
            }"""
        )
        expect(page.locator(".app-eye")).to_be_visible()
        expect(offer).to_have_count(0)

        # and one tap exchanges it
        page.go_back()
        page.get_by_role("button", name="入れかえる").click()
        expect(page.locator("script[src*='/ffffffffffffffff/']")).to_have_count(1)
        context.close()
