"""Small things that people stumble over: a second tap, a dead end, words that contradict each other."""

import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import CDPSession, Locator, Page, Playwright, expect

from tests.browser.handset import PATIENCE_MS, Handset, a_photo, handset
from tests.browser.server import Place, a_place
from tests.factories.custody import Journey, Town
from webapp.kernel.scanning.codes import show

UNKNOWN = "HWVEN9XSYWCX7K2MP"
HEIGHT_IN_LINES = """(element) => {
  const style = getComputedStyle(element);
  return element.getBoundingClientRect().height / parseFloat(style.lineHeight);
}"""
HOLD_THE_LOCK = "() => { navigator.locks.request('ashiato-sync', () => new Promise(() => {})); }"


def at_the_dock(town: Town, journey: Journey) -> None:
    """One PC lies counted at the centre; two more are erased, the last is only registered."""
    town.send("officer", *journey.register(0, 1, 2, 3))
    town.send("technician", *journey.sanitize(0, 1, 2))
    town.send("officer", *journey.load(0), journey.lock([0]), journey.hand_over())
    town.send("receiver", journey.arrive(), journey.open(), *journey.count(0), journey.close_count(1))
    town.send("operator", town.phones["operator"].scan("drive_extracted", town.codes[0], journey.tick()))


def all_locked(town: Town, journey: Journey) -> None:
    """The only cage is locked, and one PC stands beside it."""
    town.send("officer", *journey.register(0, 1))
    town.send("technician", *journey.sanitize(0, 1))
    town.send("officer", *journey.load(0), journey.lock([0]))


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("dock")
    with a_place(sqlite_template, folder, devices=4, cages=2, prepare=at_the_dock) as running:
        yield running


@pytest.fixture
def untouched(sqlite_template: Path, tmp_path: Path) -> Iterator[Place]:
    """The same, and nobody else loads anything there."""
    with a_place(sqlite_template, tmp_path, devices=4, cages=2, prepare=at_the_dock) as running:
        yield running


@pytest.fixture(scope="module")
def full(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("full")
    with a_place(sqlite_template, folder, devices=2, cages=1, prepare=all_locked) as running:
        yield running


@pytest.fixture
def phone(playwright: Playwright, place: Place, tmp_path: Path) -> Iterator[Handset]:
    """Without a camera, in nobody's hand yet."""
    with handset(playwright, place, tmp_path / "phone") as one:
        yield one


def tap_twice(page: Page, button: Locator) -> None:
    """As an impatient thumb does: the same spot, again, before the eye has seen what the first did."""
    button.scroll_into_view_if_needed()
    expect(page.locator(".app-shield")).to_have_count(0)
    box = button.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    page.wait_for_timeout(120)
    page.mouse.click(x, y)
    page.wait_for_timeout(600)


def photograph(phone: Handset, colour: str = "navy") -> None:
    """The photo that a destruction asks for; there is another field, for photos of stickers."""
    phone.page.get_by_label("破壊後の写真").set_input_files(a_photo(colour))
    expect(phone.page.get_by_text("写真を撮りました")).to_be_visible()


def test_a_double_tap_on_the_typing_sheet_records_once_and_goes_nowhere(
    playwright: Playwright, untouched: Place, tmp_path: Path
) -> None:
    place = untouched
    with handset(playwright, place, tmp_path / "phone") as phone:
        _double_tap(phone, place)


def _double_tap(phone: Handset, place: Place) -> None:
    # given an officer who types an ID into the cage that is being loaded, where 「施錠へ進む」 lies behind the sheet
    phone.log_in(place.people["officer"])
    address = f"/app/job/{place.job}/load/{place.cages[1]}"
    phone.open(address)
    phone.type_code(place.codes[1])
    expect(phone.figure.locator("strong")).to_have_text("1")
    phone.tap("番号を入力")
    phone.page.get_by_label("追跡ID（17文字）").fill(place.codes[2])
    # when the button is tapped twice
    tap_twice(phone.page, phone.page.get_by_role("button", name="この番号で記録する"))
    # then it is recorded once, and loading goes on
    expect(phone.figure.locator("strong")).to_have_text("2")
    assert phone.page.url.endswith(address)
    assert [row["code"] for row in phone.kept()] == place.codes[1:3]


def test_a_double_tap_on_a_form_records_once_and_presses_nothing_on_the_next_screen(
    phone: Handset, place: Place
) -> None:
    # given a PC in the hand of the person at the shredder
    phone.log_in(place.people["operator"])
    phone.open(f"/app/job/{place.job}/destroy/scan?m=shred&mm=20")
    phone.type_code(place.codes[0])
    # then the bar says that it was read, and does not look like a record yet
    expect(phone.said).to_contain_text("端末のシールを読みました")
    expect(phone.said).to_have_attribute("data-verdict", "read")
    # when the photo is taken and the button tapped twice
    photograph(phone)
    tap_twice(phone.page, phone.page.get_by_role("button", name="破壊を記録する"))
    # then there is one record, and the screen waits for the next PC
    expect(phone.said).to_have_attribute("data-verdict", re.compile("ok|attention"))
    assert phone.page.url.endswith("mm=20")
    assert [row["step"] for row in phone.kept()] == ["destroyed"]


def test_without_a_camera_nothing_promises_that_it_can_read(phone: Handset, place: Place) -> None:
    phone.log_in(place.people["officer"])
    phone.open(f"/app/job/{place.job}/load/{place.cages[1]}")
    expect(phone.page.get_by_text("この端末ではカメラを使えません。")).to_be_visible()
    expect(phone.said).to_contain_text("番号か写真で読みます")
    expect(phone.page.get_by_text("シールを枠に")).to_have_count(0)


def test_an_id_stays_in_one_piece_in_a_narrow_column(phone: Handset, place: Place) -> None:
    phone.page.set_viewport_size({"width": 320, "height": 844})
    phone.log_in(place.people["officer"])
    phone.open(f"/app/scan?code={UNKNOWN}")
    id = phone.said.locator(".app-id")
    expect(id).to_have_text(show(UNKNOWN))
    assert id.evaluate(HEIGHT_IN_LINES) < 1.5
    phone.open(f"/app/job/{place.job}/load/{place.cages[1]}")
    phone.type_code(place.spare[1])
    phone.page.get_by_role("link", name="訂正する").click()
    fact = phone.page.locator("dd .app-id")
    expect(fact).to_have_text(show(place.spare[1]))
    assert fact.evaluate(HEIGHT_IN_LINES) < 1.5
    phone.open(f"/t/{place.codes[0]}")
    assert phone.page.locator(".page__sub .code").evaluate(HEIGHT_IN_LINES) < 1.5


def test_a_photo_that_was_refused_is_explained_and_can_be_sent_again(phone: Handset, place: Place) -> None:
    # given a server that does not take a photo
    why = "24時間に送れる写真の量（1人 1 GB）を超えました。"
    refusal = f'{{"code": "evidence.quota_person", "text": "{why}"}}'
    phone.context.route(
        "**/api/evidence/*",
        lambda sent: sent.fulfill(status=422, content_type="application/json", body=refusal),
    )
    phone.log_in(place.people["operator"])
    phone.open(f"/app/job/{place.job}/destroy/scan?m=shred&mm=20")
    phone.type_code(place.codes[3])
    photograph(phone, "green")
    phone.tap("破壊を記録する")
    # then the chip says so, and the outbox says why
    expect(phone.chip).to_contain_text("要確認 1")
    phone.open("/app/outbox")
    refused = phone.page.locator("li", has_text="写真だけ届いていません")
    expect(refused).to_contain_text(why)
    expect(refused).to_contain_text("粉砕")
    expect(refused.get_by_role("link", name="訂正して撮り直す")).to_be_visible()
    # when the server takes photos again
    phone.context.unroute("**/api/evidence/*")
    refused.get_by_role("button", name="もう一度送る").click()
    # then it is sent
    expect(refused).to_have_count(0)
    expect(phone.chip).to_contain_text("最新")


def test_a_second_tab_knows_how_things_stand(phone: Handset, place: Place) -> None:
    # given a tab that is busy with sending
    phone.log_in(place.people["officer"])
    expect(phone.chip).to_contain_text("最新")
    phone.page.evaluate(HOLD_THE_LOCK)
    # when another one is opened
    second = phone.context.new_page()
    second.goto(f"{place.url}/app/")
    # then it shows what the first knows, and what that hears later
    expect(second.locator(".app-net")).to_contain_text("最新")
    phone.page.evaluate("() => dispatchEvent(new Event('offline'))")
    expect(second.locator(".app-net")).to_contain_text("圏外")


def test_a_tool_with_a_japanese_name_is_recorded_offline_and_its_name_stays_out_of_the_log(
    phone: Handset, place: Place
) -> None:
    # given a technician in a cellar
    phone.log_in(place.people["technician"])
    phone.flight_mode(on=True)
    phone.open(f"/app/job/{place.job}/erase")
    # when they erase with something that is on no list
    phone.pick("その他のソフト")
    phone.page.get_by_label("ソフトの名前・版など").fill("消去太郎 7.4（鈴木さんのUSB）")
    phone.pick(place.people["officer"].name)
    phone.tap("スキャンをはじめる")
    phone.type_code(place.codes[3])
    expect(phone.said).to_contain_text("記録しました")
    (row,) = phone.kept()
    assert row["said"]["body"] == {"result": "ok", "method": "purge", "tool": "other"}
    assert row["open"]["data"] == {"tool": "消去太郎 7.4（鈴木さんのUSB）"}
    # then the server takes it, the log holds the commitment, and only the vault the words
    phone.flight_mode(on=False)
    phone.sync()
    assert [row["state"] for row in phone.kept()] == ["sent"]
    entries = [bytes(raw).decode() for (raw,) in place.rows("SELECT raw FROM ledger_entries")]
    vault = [str(data) for (data,) in place.rows("SELECT data FROM vault_records")]
    assert not any("消去太郎" in entry for entry in entries)
    assert sum(row["said"]["commit"] in entry for entry in entries) == 1
    assert any("消去太郎" in data or "\\u6d88\\u53bb\\u592a\\u90ce" in data for data in vault)


def test_what_is_not_on_the_list_can_be_the_reason_of_a_correction(phone: Handset, place: Place) -> None:
    phone.log_in(place.people["officer2"])
    phone.open(f"/app/job/{place.job}/load/{place.cages[1]}")
    phone.type_code(place.spare[0])
    phone.page.get_by_role("link", name="訂正する").click()
    phone.pick("一覧にない物")
    phone.tap("取り消しを記録する")
    expect(phone.said).to_contain_text("取り消し")
    assert [row["said"]["body"].get("reason") for row in phone.kept()] == [None, "not_listed"]
    phone.sync()
    assert [row["state"] for row in phone.kept()] == ["sent", "sent"]


def test_when_every_cage_is_locked_loading_says_so_and_shows_the_ways_on(
    playwright: Playwright, full: Place, tmp_path: Path
) -> None:
    with handset(playwright, full, tmp_path / "phone") as officer:
        officer.log_in(full.people["officer"])
        # when the officer wants to load the PC that is left
        officer.open(f"/app/job/{full.job}/load")
        # then the screen says why that cannot be, and offers another cage or the hand-over
        note = officer.page.locator(".notice", has_text="積み込めるかご車がありません")
        expect(note).to_contain_text("C-01 は施錠・封印済みです。")
        expect(officer.page.get_by_role("link", name="かご車を加える")).to_be_visible()
        officer.tap("引渡へ進む")
        expect(officer.page.get_by_role("heading", name="引渡", exact=True)).to_be_visible()
        # and so does the cage itself
        officer.open(f"/app/job/{full.job}/load/{full.cages[0]}")
        expect(officer.page.locator(".notice", has_text="C-01 は施錠・封印済みです")).to_be_visible()
        expect(officer.page.get_by_role("link", name="別のかご車をえらぶ")).to_be_visible()
        expect(officer.page.get_by_role("link", name="施錠へ進む")).to_have_count(0)
        officer.tap("引渡へ進む")
        expect(officer.page.get_by_role("heading", name="引渡", exact=True)).to_be_visible()


#: The browser company's server cannot be reached from here; everything else of the browser is its own.
SUBSCRIBED = """(keys) => {
  const one = { endpoint: 'https://push.example.com/a1' };
  one.unsubscribe = async () => delete globalThis.ours;
  one.toJSON = () => ({ endpoint: one.endpoint, expirationTime: null, keys });
  PushManager.prototype.subscribe = async () => (globalThis.ours = one);
  PushManager.prototype.getSubscription = async () => globalThis.ours ?? null;
}"""


SHOWN = """async () => {
  const all = await (await navigator.serviceWorker.ready).getNotifications();
  return all.map(({title, body, tag, data}) => [title, body, tag, data]);
}"""


def pushed(page: Page, worker: CDPSession, message: dict[str, str]) -> list[list[str]]:
    """What this phone shows after one more message. The browser's own tool loses one now and then while the machine is
    busy, without the worker hearing of it: it is sent again, as push services do.
    """
    shown: list[list[str]] = page.evaluate(SHOWN)
    before, deadline = len(shown), time.monotonic() + PATIENCE_MS / 1000
    while len(shown) == before and time.monotonic() < deadline:
        worker.send("ServiceWorker.deliverPushMessage", message)
        again = time.monotonic() + 3
        while len(shown) == before and time.monotonic() < again:
            page.wait_for_timeout(50)
            shown = page.evaluate(SHOWN)
    return sorted(shown)


def test_messages_are_switched_on_and_off_in_the_settings_and_shown_whatever_they_hold(
    phone: Handset, place: Place
) -> None:
    phone.log_in(place.people["officer"])
    phone.open("/app/settings")
    expect(phone.page.get_by_role("radio", name="受け取らない")).to_be_checked()
    phone.context.grant_permissions(["notifications"], origin=place.url)
    point = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )
    phone.page.evaluate(
        SUBSCRIBED, {"p256dh": urlsafe_b64encode(point).decode().rstrip("="), "auth": "A" * 22}
    )
    for words, answer, endpoints in (
        ("受け取る", "この電話に通知します。", [("https://push.example.com/a1",)]),
        ("受け取らない", "この電話には通知しません。", []),
    ):
        phone.page.get_by_role("radio", name=words, exact=True).check()
        expect(phone.page.get_by_text(answer)).to_be_visible()
        assert place.rows("SELECT endpoint FROM push_subscriptions") == endpoints
    worker = phone.context.new_cdp_session(phone.page)
    registrations: list[dict[str, Any]] = []
    worker.on(
        "ServiceWorker.workerRegistrationUpdated", lambda told: registrations.extend(told["registrations"])
    )
    worker.send("ServiceWorker.enable")
    phone.page.wait_for_timeout(100)
    said = {"title": "② 発送されました", "body": "おむつ M 40個", "url": "/app/outbox", "tag": "n1"}
    message = {
        "origin": place.url,
        "registrationId": registrations[-1]["registrationId"],
        "data": json.dumps(said),
    }
    first, second = ["② 発送されました", "おむつ M 40個", "n1", "/app/outbox"], ["足あと", "", "", "/app/"]
    assert pushed(phone.page, worker, message) == [first]
    assert pushed(phone.page, worker, message | {"data": "no JSON"}) == [first, second]
