"""Proof on paper: a printed page before the camera of a phone without a network; a resident's phone; and forgeries."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.browser.camera import make_video
from tests.browser.films import PORTRAIT
from tests.browser.handset import browser
from tests.browser.live import Site, phone, site, visitor
from tests.browser.test_residents import faults, too_wide
from tests.conftest import Browser as Client
from tests.conftest import settings_for
from tests.factories.custody import Journey, Town, a_town
from tests.factories.identity import PASSWORD, log_in
from tests.factories.ledger import Witness, a_signer, admit, listening
from tests.kernel.scanning.paper import Picture, printed
from tests.kernel.tlog import shared_vectors
from webapp.app import create_app
from webapp.kernel.base.db import db
from webapp.kernel.documents import symbols
from webapp.kernel.identity.models import Person
from webapp.kernel.ledger.models import LedgerEntry, Log
from webapp.kernel.tlog import base45, paper
from webapp.kernel.tlog.notes import SigningKey
from webapp.kernel.witnesses.publisher import Publisher

WORD = ".proof__word"
WITHOUT_ED25519 = """const all = SubtleCrypto.prototype.importKey;
SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...more) {
  if ((algorithm.name ?? algorithm) === 'Ed25519') throw new DOMException('no such algorithm', 'NotSupportedError');
  return all.call(this, format, key, algorithm, ...more);
};"""


@dataclass
class Proven:
    """A running site, a town in it, the login of its officer, and the printed proof of an erasure."""

    app: Flask
    site: Site
    town: Town
    login: str
    page: Picture
    text: str
    provisional: str
    """The same proof before anybody but the log had signed."""


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One for all tests of this file: they read what is proven, and write down nothing."""
    folder = tmp_path_factory.mktemp("proven")
    shutil.copyfile(sqlite_template, folder / "test.db")
    app = create_app(settings_for(f"sqlite:///{folder / 'test.db'}", folder))
    app.test_client_class = Client
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def window(playwright: Playwright) -> Iterator[Browser]:
    """Where visitors come and go whom no camera has to see."""
    with browser(playwright) as running:
        yield running


@pytest.fixture(scope="module")
def proven(app: Flask) -> Iterator[Proven]:
    """Erased, signed, cosigned by four, printed: it takes seconds, and nobody changes it afterwards."""
    town = a_town(devices=1, cages=1)
    journey = Journey(town)
    town.send("officer", *journey.register(0))
    town.send("technician", *journey.sanitize(0))
    ids = {name: person.id for name, person in town.people.items()}
    witnesses = [Witness(name) for name in ("shinjo", "funagata", "oishida", "obanazawa")]
    with (
        site(app) as running,
        a_signer(Path(app.config["INSTANCE"]) / "signer") as signer,
        listening(*witnesses),
    ):
        app.config["PUBLIC_BASE"] = running.url
        key = signer.open(town.log, db.session.get_one(Log, town.log).origin)
        for witness in witnesses:
            witness.log = key
        entry = next(
            e.id for e in db.session.query(LedgerEntry).filter_by(log=town.log) if b"sanitized" in e.raw
        )
        client = app.test_client()
        log_in(client, town.people["officer"])
        Publisher(signer).round()
        provisional = on_paper(client.get(f"/ledger/{town.log}/proofs/{entry}.pdf").data)[1]
        admit(town.log, *witnesses)
        Publisher(signer).round()
        page, text = on_paper(client.get(f"/ledger/{town.log}/proofs/{entry}.pdf").data)
        login = db.session.get_one(Person, ids["officer"]).login or ""
        yield Proven(app, running, town, login, page, text, provisional)


def on_paper(pdf: bytes) -> tuple[Picture, str]:
    """The large QR cut from the first page as it is printed, and its text."""
    sheet = printed(pdf, 1)
    code = next(code for code in zxingcpp.read_barcodes(sheet) if code.text.startswith(paper.PREFIX))
    corners = code.position
    left, top = corners.top_left.x - 50, corners.top_left.y - 50
    right, bottom = corners.bottom_right.x + 50, corners.bottom_right.y + 50
    return np.asarray(sheet[top:bottom, left:right], np.uint8), code.text


def photo(path: Path, text: str) -> Path:
    """A photo of a QR with this text: on a desk, a little askew, out of focus."""
    symbol = symbols.symbol(text)
    modules = np.full((symbol.side, symbol.side), 255, np.uint8)
    for run in symbol.path.split("z")[:-1]:
        place, length = run.removeprefix("M").split("h")[:2]
        x, y = map(int, place.split(" "))
        modules[y, x : x + int(length.split("v")[0])] = 0
    large = cv2.resize(modules, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    turn = cv2.getRotationMatrix2D((large.shape[1] / 2, large.shape[0] / 2), 4, 0.9)
    seen = cv2.warpAffine(large, turn, (large.shape[1], large.shape[0]), borderValue=120)
    cv2.imwrite(str(path), cv2.GaussianBlur(seen, (0, 0), 1.2))
    return path


def changed(text: str, at: int) -> str:
    """The same QR text with one bit of its payload turned over."""
    raw = bytearray(base45.decode(text.removeprefix(paper.PREFIX)))
    raw[at] ^= 1
    return paper.PREFIX + base45.encode(bytes(raw))


def opened(browser: BrowserContext, proven: Proven) -> Page:
    """/verify, opened once with a network: from now on there is none."""
    page = browser.pages[0]
    page.goto(f"{proven.site.url}/verify")
    expect(page.get_by_text("この端末が信じている台帳")).to_be_visible()
    expect(page.get_by_text("4のうち 3以上")).to_be_visible()
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    browser.set_offline(True)
    page.goto(f"{proven.site.url}/verify")
    return page


def test_a_phone_in_flight_mode_says_that_the_printed_proof_is_genuine(
    playwright: Playwright, proven: Proven, tmp_path: Path
) -> None:
    # given the phone of an officer that was online once, and the printed page before its camera
    film = tmp_path / "film.y4m"
    near = cv2.resize(proven.page, None, fx=1.35, fy=1.35, interpolation=cv2.INTER_AREA)
    make_video(film, [np.asarray(near, np.uint8)], size=PORTRAIT, fps=10, seconds=2, labels_per_frame=1)
    with phone(playwright, tmp_path / "profile") as browser:
        page = browser.pages[0]
        page.goto(f"{proven.site.url}/login?next=/app/")
        page.get_by_label("ログインID").fill(proven.login)
        page.get_by_label("パスワード").fill(PASSWORD)
        page.get_by_label("30日間").check()
        page.get_by_role("button", name="ログイン").click()
        page.wait_for_url("**/app/")
        page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        page.get_by_role("link", name="証明を確かめる").click()
        expect(page.get_by_text("4のうち 3以上")).to_be_visible()
    # when the app is started cold in flight mode, and the page is scanned
    with phone(playwright, tmp_path / "profile", film) as browser:
        browser.set_offline(True)
        page = browser.pages[0]
        page.goto(f"{proven.site.url}/app/verify")
        page.get_by_role("button", name="QRを読む").click()
        # then it says so, who cosigned, and what was recorded
        expect(page.locator(WORD)).to_have_text("真正")
        expect(page.get_by_text("shinjo.example/w1")).to_be_visible()
        expect(page.get_by_text("データ消去")).to_be_visible()
        expect(page.get_by_text("4のうち 3以上").first).to_be_visible()
        # and the scanner of every day knows such a QR too
        page.goto(f"{proven.site.url}/app/scan")
        expect(page.locator(WORD)).to_have_text("真正")
        assert page.url.endswith("/app/verify")


def test_a_resident_without_an_account_and_without_a_network_sees_that_a_byte_was_changed(
    window: Browser, proven: Proven, tmp_path: Path
) -> None:
    length = len(base45.decode(proven.text.removeprefix(paper.PREFIX)))
    with visitor(window) as browser:
        page = opened(browser, proven)
        page.set_input_files("input[type=file][accept='image/*']", photo(tmp_path / "good.png", proven.text))
        expect(page.locator(WORD)).to_have_text("真正")
        # a byte of the path, of the entry, and of a signature
        for number, at in enumerate((80, length - 20, length // 2)):
            page.get_by_role("button", name="ほかの証明を確かめる").click()
            forged = photo(tmp_path / f"forged{number}.png", changed(proven.text, at))
            page.set_input_files("input[type=file][accept='image/*']", forged)
            expect(page.locator(WORD)).to_have_text("改ざんの疑い")
            expect(page.get_by_text("データ消去")).to_have_count(0)


def test_a_browser_that_lacks_ed25519_checks_with_our_own_copy_without_a_network(
    window: Browser, proven: Proven, tmp_path: Path
) -> None:
    with visitor(window) as browser:
        # given a browser as they were in 2024
        browser.add_init_script(WITHOUT_ED25519)
        page = opened(browser, proven)
        for name, text, word in (
            ("good", proven.text, "真正"),
            ("forged", changed(proven.text, 80), "改ざんの疑い"),
        ):
            page.goto(f"{proven.site.url}/verify")
            page.set_input_files("input[type=file][accept='image/*']", photo(tmp_path / f"{name}.png", text))
            expect(page.locator(WORD)).to_have_text(word)


def test_a_log_that_the_phone_does_not_know_is_not_called_forged(
    window: Browser, proven: Proven, tmp_path: Path
) -> None:
    with visitor(window) as browser:
        page = opened(browser, proven)
        page.set_input_files(
            "input[type=file][accept='image/*']",
            photo(tmp_path / "other.png", shared_vectors.papers()["ours"]),
        )
        expect(page.locator(WORD)).to_have_text("この台帳の鍵を持っていません")
        expect(page.get_by_text("下の内容は、確かめられていません。")).to_be_visible()


def test_a_proof_with_too_few_cosignatures_says_so(window: Browser, proven: Proven, tmp_path: Path) -> None:
    with visitor(window) as browser:
        page = opened(browser, proven)
        page.get_by_text("ファイルや文字で確かめる").click()
        page.get_by_label("QRの文字").fill(proven.provisional)
        page.get_by_role("button", name="確かめる", exact=True).click()
        expect(page.locator(WORD)).to_have_text("署名が足りない")


def test_a_changed_policy_is_a_question_and_never_taken_silently(
    window: Browser, proven: Proven, tmp_path: Path
) -> None:
    with visitor(window) as browser:
        page = opened(browser, proven)
        browser.set_offline(False)
        # given that the town's server suddenly says another key for its log
        proven.app.extensions["log_vkeys"] = {}
        page.route("**/api/ledger/policies", lambda route: route.fulfill(json=another_key(proven)))
        page.goto(f"{proven.site.url}/verify")
        expect(page.get_by_text("台帳の鍵が変わっています")).to_be_visible()
        # when the person does not accept it, then the old paper is still good, and the question is gone
        page.get_by_role("button", name="受け入れない").click()
        expect(page.get_by_text("台帳の鍵が変わっています")).to_have_count(0)
        page.set_input_files("input[type=file][accept='image/*']", photo(tmp_path / "good.png", proven.text))
        expect(page.locator(WORD)).to_have_text("真正")


def another_key(proven: Proven) -> dict[str, list[dict[str, str]]]:
    """What a server says that has lost its key, or was taken over."""
    origin = paper.decode(proven.text).origin
    key = SigningKey(origin, 1, bytes([77]) * 32).public
    return {
        "policies": [{"log": proven.town.log, "name": "最上町", "text": f"log {key.vkey}\nquorum none\n"}]
    }


def test_the_page_and_its_answers_are_for_everybody(window: Browser, proven: Proven, tmp_path: Path) -> None:
    papers = [proven.text, changed(proven.text, 80), shared_vectors.papers()["ours"], proven.provisional]
    with visitor(window) as browser:
        page = opened(browser, proven)
        page.get_by_text("ファイルや文字で確かめる").click()
        assert (faults(page), too_wide(page)) == ([], 0)
        for text in papers:
            page.goto(f"{proven.site.url}/verify")
            page.get_by_text("ファイルや文字で確かめる").click()
            page.get_by_label("QRの文字").fill(text)
            page.get_by_role("button", name="確かめる", exact=True).click()
            expect(page.locator(WORD)).to_be_visible()
            assert (faults(page), too_wide(page)) == ([], 0)


def test_the_pages_at_the_desk_are_for_everybody(window: Browser, proven: Proven, tmp_path: Path) -> None:
    town = proven.town
    with visitor(window) as browser:
        page = browser.pages[0]
        page.goto(f"{proven.site.url}/login?next=/consignments/{town.job}/devices/{town.devices[0]}")
        page.get_by_label("ログインID").fill(proven.login)
        page.get_by_label("パスワード").fill(PASSWORD)
        page.get_by_role("button", name="ログイン").click()
        # from the device to the proof of its erasure
        expect(page.get_by_text("連署済").first).to_be_visible()
        assert (faults(page), too_wide(page)) == ([], 0)
        page.get_by_role("link", name="この記録の証明").last.click()
        expect(page.get_by_role("img", name="証明のQR")).to_be_visible()
        assert (faults(page), too_wide(page)) == ([], 0)
