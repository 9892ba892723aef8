"""Boxes come to a gymnasium without a network; its phone starts cold, reads real labels, and tells the server later."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from playwright.sync_api import Playwright, expect

from tests.browser.boxes import Behind, codes_on, looked_at, told
from tests.browser.handset import Handset
from tests.browser.server import Member, Server
from tests.factories.identity import PASSWORD
from tests.factories.supplies import Relief, a_relief, numbers, offered, stock
from tests.kernel.scanning import paper
from tests.kernel.scanning.paper import Picture
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity.models import Organisation
from webapp.kernel.scanning.codes import show
from webapp.supplies.labels import card_pdf, cards
from webapp.supplies.labels import desk as label_desk
from webapp.supplies.models import Match


@dataclass
class Gym(Behind):
    """A town with two shelters; a box is on its way to each, `astray` a second one to the other. `codes` by shelter."""

    relief: Relief
    title: str
    other: str
    worker: Member
    codes: list[str]
    needs: list[str]
    offers: list[str]
    labels: list[Picture]
    card: Picture
    astray: str


@pytest.fixture
def gym(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gym]:
    with told(sqlite_template, tmp_path_factory.mktemp("town"), _settle) as town:
        yield town


def _settle(server: Server) -> Gym:
    relief = a_relief(password=PASSWORD)
    relief.now = now_ms()
    sent = [_on_its_way(relief, shelter, quantity) for shelter, quantity in enumerate((40, 25))]
    pictures = [
        codes_on(label_desk.pdf(db.session.get_one(Match, match), "two", now_ms())) for *_, match in sent
    ]
    names = [db.session.get_one(Organisation, id).name for id in relief.shelters]
    worker = relief.people["worker"]
    needs, offers, codes, _ = (list(column) for column in zip(*sent, strict=True))
    return Gym(
        server, relief, names[0], names[1], Member(str(worker.login), worker.name), codes, needs, offers, pictures,
        _card(relief), _on_its_way(relief, 1, 12)[2],
    )  # fmt: skip


def _on_its_way(relief: Relief, shelter: int, quantity: int) -> tuple[str, str, str, str]:
    """Need, offer, the code of the only box, and the shipment."""
    need = relief.need(100, shelter=shelter)
    offer = relief.offer("citizen", quantity, need=need).id
    match = relief.match_of(offer).id
    assert relief.request(quantity, offer=offer, match=match, shelter=shelter).refusal is None
    assert relief.ship("citizen", match, quantity).refusal is None
    return need, offer, relief.parcels_of(match)[0].code, match


def _card(relief: Relief) -> Picture:
    """The shelter's card, as a phone's camera sees it."""
    issued = cards.issue(relief.people["officer"], relief.log, relief.shelters[0], new_id(), now_ms())
    assert isinstance(issued, str)
    face = cards.printed(relief.log, issued, now_ms())
    assert isinstance(face, cards.CardFace)
    sheet = paper.printed(card_pdf.render(face, base="https://ashiato.example"))
    return next(
        _cut(sheet, code) for code in zxingcpp.read_barcodes(sheet) if code.text.startswith("ASHIATO-C")
    )


def _cut(sheet: Picture, code: zxingcpp.Barcode) -> Picture:
    """A symbol with its quiet zone."""
    first, last, room = code.position.top_left, code.position.bottom_right, 40
    part = sheet[first.y - room : last.y + room, first.x - room : last.x + room]
    return np.ascontiguousarray(part)


def without_a_label(phone: Handset, quantity: str, what: str = "毛布", *, until: str = "") -> None:
    """Blankets come from somewhere; `until`: the day on them, which is past."""
    phone.page.get_by_role("link", name="ラベルのない荷物").click()
    phone.page.get_by_label("品目をさがす").fill(what)
    phone.tap(what)
    phone.page.get_by_label("数（").fill(quantity)
    if until:
        phone.page.get_by_label("期限").fill(until)
        expect(phone.page.get_by_text("期限が過ぎています。使えない物として記録します")).to_be_visible()
    phone.tap("届いた物として記録する")


def test_boxes_are_received_without_a_network_and_the_server_hears_of_all(
    playwright: Playwright, gym: Gym, tmp_path: Path
) -> None:
    # given a shelter's phone that has fetched what is expected, and then a cold start without a network
    phone = Handset(playwright, gym, tmp_path / "phone")
    looked_at(phone, tmp_path, gym.labels)
    phone.switch_on().log_in(gym.worker)
    expect(phone.card(gym.title)).to_contain_text("これから届く 1箱")
    phone.switch_off()
    phone.switch_on(offline=True)
    page = phone.page

    # when two labels pass the camera, one of them of a box for the other shelter
    phone.tap("箱を受け取る")
    phone.tap("ここで受け取る")
    expect(phone.figure).to_have_text("2/ 2箱")
    expect(page.get_by_text("自治体の署名を確かめました")).to_be_visible()

    # then a second scan changes nothing
    phone.type_code(gym.codes[0], go="この番号で受け取る")
    expect(phone.said).to_contain_text("に受け取り済み")

    # when one is as listed, the other is not, and blankets come without a label
    phone.tap("一覧・数える（2箱）")
    page.get_by_role("link", name="紙おむつ").filter(has_text="40個").click()
    phone.tap("すべて記載どおり")
    expect(phone.said).to_contain_text("記録しました")
    page.get_by_role("link", name="紙おむつ").filter(has_text="25個").click()
    page.get_by_label("使える数").fill("20000")
    phone.tap("この数で記録する")
    expect(page.get_by_text("ラベルは25個です。20,000個でまちがいありませんか")).to_be_visible()
    phone.tap("数を直す")
    page.get_by_label("使える数").fill("２０")
    page.get_by_label("傷んだ数").fill("3")
    expect(page.get_by_text("不足 2個")).to_be_visible()
    phone.tap("この数で記録する")
    expect(page.get_by_text("受領した箱　2箱")).to_be_visible()
    without_a_label(phone, "120")
    expect(page.get_by_text("外部から　1件")).to_be_visible()

    # and a slip of the hand is taken back
    page.get_by_role("link", name="訂正").click()
    page.get_by_role("link", name="外部からの到着").click()
    phone.tap("この記録を取り消す")
    expect(page.get_by_text("外部から　1件")).to_have_count(0)
    without_a_label(phone, "12")
    expect(page.get_by_text("外部から　1件")).to_be_visible()

    # and some are past their date: said before they are recorded
    yesterday = datetime.now(UTC) + timedelta(hours=9, days=-1)
    without_a_label(phone, "7", until=f"{yesterday.month}月{yesterday.day}日")
    expect(page.get_by_text("外部から　2件")).to_be_visible()
    expect(page.get_by_text("期限切れ", exact=True)).to_be_visible()

    # and the network comes back
    phone.flight_mode(on=False)
    phone.sync()
    kept = phone.kept()
    steps = [row["step"] for row in kept]
    assert steps == ["arrived", "arrived", "counted", "counted", "outside", "void", "outside", "outside"]
    assert kept[-1]["said"]["body"]["best_before"] == int(f"{yesterday:%Y%m%d}")
    assert {row["state"] for row in kept} == {"sent"}
    assert all(isinstance(row["receipt"]["index"], int) for row in kept)

    # then every number of the server is right: the accepted box fills the need here, and opens the other's again
    here, there = gym.needs
    counted = gym.on_the_server(
        lambda: [*map(numbers, (here, there)), *map(offered, gym.offers), stock(gym.relief, 0, "B01", "")]
    )
    assert counted == [
        (100, 0, 0, 0, 60, 40), (100, 0, 0, 0, 0, 100), (40, 0, 0, 0, 40, 0, 0), (25, 0, 0, 0, 25, 0, 0), 12,
    ]  # fmt: skip
    phone.switch_off()
    assert phone.complaints == []


def test_a_shelters_card_makes_a_phone_that_nobody_has_logged_in_on_one_of_the_shelters(
    playwright: Playwright, gym: Gym, tmp_path: Path
) -> None:
    # given a phone with the app and nobody's login, in a gymnasium without a network
    phone = Handset(playwright, gym, tmp_path / "phone")
    looked_at(phone, tmp_path, [gym.card])
    phone.switch_on()
    phone.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    phone.switch_off()
    phone.switch_on(offline=True)

    # when it reads the shelter's card, and the number on a box is typed
    phone.tap("避難所のカードで始める")
    expect(phone.said).to_contain_text("の電話として使えます")
    phone.tap("箱を受け取る")
    phone.type_code(gym.codes[0], go="この番号で受け取る")
    expect(phone.said).to_contain_text("記録しました")
    phone.type_code(gym.astray, go="この番号で受け取る")
    expect(phone.said).to_contain_text("中身はまだ分かりません")

    # and beds come, though this phone has heard of no disaster yet
    phone.tap("一覧・数える（2箱）")
    without_a_label(phone, "12", "段ボールベッド")
    expect(phone.page.get_by_text("外部から　1件")).to_be_visible()

    # then both records are signed, and go out when the network is back, without any login
    rows = phone.kept()
    assert all(row["s"] for row in rows)
    phone.flight_mode(on=False)
    phone.sync()
    sent = [(row["step"], row["state"], row["receipt"]["verdict"]) for row in phone.kept()]
    assert sent == [("arrived", "sent", "ok"), ("arrived", "sent", "attention"), ("outside", "sent", "ok")]
    assert gym.on_the_server(lambda: stock(gym.relief, 0, "B02", "")) == 12, (
        "of the only disaster that is open"
    )

    # and the other shelter's box, which this phone could not know, is shown first, with what is in it and both ways on
    expect(phone.card(gym.title)).to_contain_text("別の避難所あての箱　1箱")
    phone.tap("送信箱")
    line = phone.page.locator("li").filter(has_text="12個")
    expect(line).to_contain_text("別の避難所あての荷物です")
    expect(line).to_contain_text(show(gym.astray))
    expect(line.get_by_role("button", name="ここで受け取る")).to_be_visible()
    phone.open(f"/app/relief/{gym.relief.shelters[0]}")
    expect(phone.page.locator("section h2").first).to_have_text("別の避難所あての箱　1箱")
    phone.tap(f"{gym.other} へ転送する")
    expect(phone.said).to_contain_text("転送を記録しました")
    expect(phone.page.get_by_text("転送した箱　1箱")).to_be_visible()
    expect(phone.page.get_by_text("別の避難所あての箱　1箱")).to_have_count(0)
    phone.switch_off()
    assert phone.complaints == []
