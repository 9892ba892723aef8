"""What was typed into a form outlives a lost network, a reload and "back"; without scripts the form is as any other."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect
from sqlalchemy import select

from tests.browser.boxes import Behind, told
from tests.browser.live import CHROMIUM, FLAGS, visitor
from tests.browser.server import Member, Server
from tests.factories.identity import PASSWORD
from tests.factories.supplies import Relief, a_relief
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.supplies.models import Need

LOST, BACK = "入力は残っています", "入力した内容を戻しました"
HEADS = "heads?people=60&infants=4"


@dataclass
class Shelter(Behind):
    """A shelter with one need, and who works there."""

    relief: Relief
    worker: Member
    need: str

    @property
    def desk(self) -> str:
        """The address of its desk."""
        return f"{self.server.url}/desk/{self.relief.shelters[0]}"

    def required(self, item: str) -> list[int]:
        """How many of an item are registered, the oldest first."""
        wanted = select(Need.required).where(Need.item == item).order_by(Need.index)
        return list(self.on_the_server(lambda: db.session.scalars(wanted).all()))


@pytest.fixture
def shelter(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelter]:
    with told(sqlite_template, tmp_path_factory.mktemp("town"), _settle) as town:
        yield town


def _settle(server: Server) -> Shelter:
    relief = a_relief(password=PASSWORD)
    relief.now = now_ms()
    worker = relief.people["worker"]
    return Shelter(server, relief, Member(str(worker.login), worker.name), relief.need(100))


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield running
    running.close()


@pytest.fixture
def page(chromium: Browser, shelter: Shelter) -> Iterator[Page]:
    """Of a phone on which the shelter's worker is logged in; some tests end that."""
    context = visitor(chromium)
    log_in(context.pages[0], shelter)
    yield context.pages[0]
    context.close()


def log_in(page: Page, shelter: Shelter) -> None:
    page.goto(f"{shelter.server.url}/login")
    page.fill("[name=login]", shelter.worker.login)
    page.fill("[name=password]", shelter.worker.password)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(lambda address: "/login" not in address)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def test_a_number_typed_without_a_network_is_registered_once_when_it_is_back(
    page: Page, shelter: Shelter
) -> None:
    page.goto(f"{shelter.desk}/needs/new?item=B01")
    page.get_by_label("いくつ必要ですか").fill("３０")
    # when the network is gone at the press, twice
    page.context.set_offline(True)
    press(page, "登録する")
    expect(page.get_by_text(LOST)).to_be_visible()
    press(page, "登録する")
    expect(page.get_by_label("いくつ必要ですか")).to_have_value("３０")
    # and there again
    page.context.set_offline(False)
    press(page, "登録する")
    expect(page.get_by_text("を登録しました")).to_be_visible()
    assert shelter.required("B01") == [30]
    # then the next form is empty, also with "back"
    page.go_back()
    expect(page.get_by_label("いくつ必要ですか")).to_have_value("")
    expect(page.get_by_text(BACK)).to_be_hidden()


def test_what_was_typed_is_there_after_a_reload_and_can_be_emptied(page: Page, shelter: Shelter) -> None:
    page.goto(f"{shelter.desk}/needs/new?item=H03")
    page.get_by_label("いくつ必要ですか").fill("70")
    page.get_by_text("急ぎ", exact=True).click()
    page.reload()
    expect(page.get_by_text(BACK)).to_be_visible()
    expect(page.get_by_label("いくつ必要ですか")).to_have_value("70")
    expect(page.locator("[name=priority][value='1']")).to_be_checked()
    press(page, "入力を消して、はじめから")
    expect(page.get_by_label("いくつ必要ですか")).to_have_value("")
    page.reload()
    expect(page.get_by_text(BACK)).to_be_hidden()
    expect(page.get_by_label("いくつ必要ですか")).to_have_value("")


def test_the_corrected_list_comes_back_whole_or_not_at_all(page: Page, shelter: Shelter) -> None:
    page.goto(f"{shelter.desk}/{HEADS}")
    worked_out = page.locator("[name='quantity.W02.']").input_value()
    page.fill("[name='quantity.W02.']", "33")
    page.uncheck("[name='use.H01.']")
    # when it is left and come back to, and reloaded
    page.goto(shelter.desk)
    page.go_back()
    page.reload()
    # then numbers and ticks are those of the person
    expect(page.get_by_text(BACK)).to_be_visible()
    expect(page.locator("[name='quantity.W02.']")).to_have_value("33")
    expect(page.locator("[name='use.H01.']")).not_to_be_checked()
    # or, emptied, those that were worked out
    press(page, "入力を消して、はじめから")
    expect(page.locator("[name='quantity.W02.']")).to_have_value(worked_out)
    expect(page.locator("[name='use.H01.']")).to_be_checked()


def test_after_an_error_the_wrong_number_is_in_sight_and_back_leads_back(
    page: Page, shelter: Shelter
) -> None:
    page.goto(f"{shelter.desk}/heads")
    page.get_by_label("避難している人").fill("６０人")
    page.context.set_offline(True)
    press(page, "3日分の一覧を出す")
    expect(page.get_by_text(LOST)).to_be_visible()
    page.context.set_offline(False)
    press(page, "3日分の一覧を出す")
    page.wait_for_url("**people=*")
    page.fill("[name='quantity.H08.']", "たくさん")
    press(page, "印をつけた物を登録する")
    wrong = page.locator("[name='quantity.H08.']")
    expect(wrong).to_be_focused()
    expect(wrong).to_be_in_viewport()
    expect(wrong).to_have_value("たくさん")
    # when the browser's "back" is pressed
    page.go_back()
    # then it is the page of the heads, and not one of the browser's
    expect(page.get_by_label("避難している人")).to_be_visible()
    page.go_forward()
    expect(page.locator("[name='quantity.H08.']")).to_have_value("たくさん")
    page.fill("[name='quantity.H08.']", "12")
    press(page, "印をつけた物を登録する")
    expect(page.get_by_text("品目を登録しました")).to_be_visible()
    assert shelter.required("H08") == [12]
    page.go_back()
    expect(page.get_by_text(BACK)).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_contain_text("60人の3日分")


def test_who_was_logged_out_meanwhile_finds_the_numbers_again(page: Page, shelter: Shelter) -> None:
    page.goto(f"{shelter.desk}/needs/new?item=H05")
    page.get_by_label("いくつ必要ですか").fill("44")
    # when the session has ended before the press
    page.context.clear_cookies()
    press(page, "登録する")
    expect(page.get_by_role("heading", name="送られた内容を読めませんでした")).to_be_visible()
    log_in(page, shelter)
    page.goto(f"{shelter.desk}/needs/new?item=H05")
    expect(page.get_by_label("いくつ必要ですか")).to_have_value("44")
    press(page, "登録する")
    expect(page.get_by_text("を登録しました")).to_be_visible()
    assert shelter.required("H05") == [44]


def test_a_password_is_never_kept_and_nothing_after_logging_out(page: Page, shelter: Shelter) -> None:
    page.goto(f"{shelter.desk}/needs/new?item=W01")
    page.get_by_label("いくつ必要ですか").fill("7")
    assert page.evaluate("Object.keys(sessionStorage).length") == 1
    page.goto(f"{shelter.server.url}/account")
    press(page, "ログアウト")
    page.wait_for_url("**/login*")
    assert page.evaluate("Object.keys(sessionStorage).length") == 0
    # when somebody without an account offers something
    page.goto(f"{shelter.server.url}/send/new?need={shelter.need}")
    page.get_by_label("送れる数").fill("5")
    page.get_by_label("メールアドレス").fill("hanako@example.jp")
    page.get_by_label("パスワード").fill("secret secret 8")
    kept = page.evaluate("JSON.stringify({...sessionStorage})")
    assert re.search(r'\\"quantity\\":\\"5\\"', kept)
    assert "secret" not in kept
    # and it stands there still after a question of the server's
    page.get_by_label("送れる数").fill("500")
    press(page, "この数を申し出る")
    expect(page.get_by_text("必要な数より 400個 多いです")).to_be_visible()
    expect(page.get_by_label("パスワード")).to_have_value("secret secret 8")


def test_without_scripts_a_form_is_as_any_other_and_no_tick_stands_beside_another_number(
    chromium: Browser, shelter: Shelter
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    log_in(page, shelter)
    page.goto(f"{shelter.desk}/{HEADS}")
    page.uncheck("[name='use.H01.']")
    page.fill("[name='quantity.W02.']", "33")
    page.goto(shelter.desk)
    page.go_back()
    # then ticks and numbers are both as they were worked out, or both as they were left
    left = page.locator("[name='quantity.W02.']").input_value() == "33"
    assert page.locator("[name='use.H01.']").is_checked() is not left
    page.goto(f"{shelter.desk}/needs/new?item=T01")
    page.get_by_label("いくつ必要ですか").fill("6")
    press(page, "登録する")
    expect(page.get_by_text("を登録しました")).to_be_visible()
    context.close()
