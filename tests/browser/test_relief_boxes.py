"""What is not as it should be reaches a hub without a network: a box for others; labels void, forged, unknown, none."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from flask import current_app
from playwright.sync_api import Playwright, expect

from tests.browser.boxes import Behind, codes_on, looked_at, told
from tests.browser.camera import peel
from tests.browser.handset import Handset
from tests.browser.server import Member, Server
from tests.factories.identity import PASSWORD
from tests.factories.supplies import Relief, a_relief, numbers
from tests.kernel.scanning.paper import Picture
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.identity.models import Organisation
from webapp.kernel.intake.api import door
from webapp.kernel.scanning import codes
from webapp.kernel.scanning.labels import Label, render_sheet
from webapp.supplies import entries as kinds
from webapp.supplies.labels import desk as label_desk
from webapp.supplies.labels import keys as label_keys
from webapp.supplies.labels import label
from webapp.supplies.labels import pdf as label_pdf
from webapp.supplies.models import Match, Parcel

JAN = "4901234567894"


@dataclass
class Hub(Behind):
    """A hub and a school behind it; labels as they are stuck on boxes, their codes, and needs of the two."""

    relief: Relief
    title: str
    school: str
    worker: Member
    labels: dict[str, Picture]
    codes: dict[str, str]
    school_need: str
    profile: Path = Path()

    @property
    def app(self) -> str:
        """Where the hub's own screen is."""
        return f"/app/relief/{self.relief.shelters[0]}"


@pytest.fixture(scope="module")
def hub(
    playwright: Playwright, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """The town, and in `profile` a phone that has fetched what the hub expects."""
    with told(sqlite_template, tmp_path_factory.mktemp("town"), _settle) as town:
        town.profile = tmp_path_factory.mktemp("phone") / "fetched"
        phone = Handset(playwright, town, town.profile).switch_on().log_in(town.worker)
        expect(phone.card(town.title)).to_contain_text("これから届く 2箱")
        phone.switch_off()
        yield town


def _settle(server: Server) -> Hub:
    relief = a_relief(password=PASSWORD)
    relief.now = now_ms()
    here, school = relief.shelters
    behind = {"shelter": school, "receive_mode": "hub", "accept_policy": "anyone", "hub": here}
    assert relief.say("officer", kinds.SHELTER_SET, behind, {"name": "学校"}).refusal is None
    need, onward = _on_its_way(relief, 25, shelter=1)
    _, forged = _on_its_way(relief, 40)
    _, old = _on_its_way(relief, 30)
    sent = {"onward": onward, "void": old, "forged": forged}
    of = {name: relief.parcels_of(match)[0].code for name, match in sent.items()}
    labels = {name: _printed(match) for name, match in sent.items() if name != "forged"}
    labels["forged"] = _forged(relief, forged)
    boxes = {"match": old, "parcels": [{"quantity": 30}]}  # packed anew: the first label is void from now on
    assert relief.say("citizen", kinds.PACKED, boxes).refusal is None
    of["standing"] = relief.parcels_of(old)[0].code
    for match, quantity in ((onward, 25), (forged, 40)):
        assert relief.ship("citizen", match, quantity).refusal is None
    of["unknown"] = codes.new_id()
    sheet = render_sheet([Label(of["unknown"], "parcel", "")], "65", base=server.url)
    labels["unknown"] = peel(sheet)[0].picture
    bars = zxingcpp.create_barcode(JAN, zxingcpp.BarcodeFormat.EAN13)
    labels["goods"] = np.ascontiguousarray(bars.to_image(scale=6, add_quiet_zones=True))
    hub, beyond = (db.session.get_one(Organisation, id).name for id in relief.shelters)
    worker = relief.people["worker"]
    return Hub(server, relief, hub, beyond, Member(str(worker.login), worker.name), labels, of, need)


def _on_its_way(relief: Relief, quantity: int, *, shelter: int = 0) -> tuple[str, str]:
    """A need, and the shipment of the one box that was asked for."""
    need = relief.need(100, shelter=shelter)
    offer = relief.offer("citizen", quantity, need=need).id
    match = relief.match_of(offer).id
    assert relief.request(quantity, offer=offer, match=match, shelter=shelter).refusal is None
    return need, match


def _printed(match: str) -> Picture:
    return codes_on(label_desk.pdf(db.session.get_one(Match, match), "two", now_ms()))


def _forged(relief: Relief, id: str) -> Picture:
    """Somebody has changed what the large QR says, ten times as much, and has no key to sign it."""
    match = db.session.get_one(Match, id)
    key = label_keys.make_sure(door(), relief.log, now_ms())
    (face,) = label_desk.faces_of(db.session(), match, relief.parcels_of(id), key)
    read = label.read(face.text)
    assert isinstance(read, label.Label)
    more = label.encode(
        replace(read.contents, quantity=400), key.key_id, lambda _bytes: read.sealed.signature
    )
    return codes_on(label_pdf.render([replace(face, text=more)], "two", base=current_app.config["QR_BASE"]))


@contextmanager
def offline(
    playwright: Playwright, hub: Hub, folder: Path, seen: Sequence[str], path: str
) -> Iterator[Handset]:
    """The hub's phone, started cold without a network, with these before its camera."""
    shutil.copytree(hub.profile, folder / "phone")
    phone = Handset(playwright, hub, folder / "phone")
    looked_at(phone, folder, [hub.labels[name] for name in seen])
    phone.switch_on(hub.app + path, offline=True)
    try:
        yield phone
    finally:
        phone.switch_off()
    assert phone.complaints == []


def test_a_box_for_another_shelter_is_sent_on_from_the_hub(
    playwright: Playwright, hub: Hub, tmp_path: Path
) -> None:
    with offline(playwright, hub, tmp_path, ["onward"], "/scan") as phone:
        # given a box that is read while nobody knows yet what to do with it
        expect(phone.page.get_by_text(f"{hub.school} あての箱です")).to_be_visible()
        phone.tap("閉じる")
        expect(phone.said).to_contain_text("まだ記録していません")
        assert phone.kept() == []

        # when it is read again, and the person says that it goes on
        phone.open(f"{hub.app}/scan")
        phone.tap(f"{hub.school} へ転送する")

        # then that is on the disk, and nobody is asked again for the other code of the same label
        expect(phone.said).to_contain_text("転送を記録しました")
        expect(phone.page.get_by_text("自治体の署名を確かめました")).to_be_visible()
        expect(phone.page.locator("dialog[open]")).to_have_count(0)
        phone.tap("一覧")
        expect(phone.page.get_by_text("転送した箱　1箱")).to_be_visible()
        assert [row["step"] for row in phone.kept()] == ["forwarded"]

        # and the server knows where it is, and still counts it as on its way to the school
        phone.flight_mode(on=False)
        phone.sync()
        (row,) = phone.kept()
    assert (row["said"]["body"], row["receipt"]["verdict"]) == ({"to": hub.relief.shelters[1]}, "ok")
    box, need = hub.on_the_server(
        lambda: (db.session.get_one(Parcel, hub.codes["onward"]).forwarded_to, numbers(hub.school_need))
    )
    assert (box, need) == (hub.relief.shelters[1], (100, 0, 0, 25, 0, 75))


def test_a_void_label_says_so_and_its_box_has_arrived_all_the_same(
    playwright: Playwright, hub: Hub, tmp_path: Path
) -> None:
    with offline(playwright, hub, tmp_path, ["void"], "/scan") as phone:
        expect(phone.said).to_contain_text("無効になったラベルの荷物です")
        expect(phone.said).to_contain_text("記録しました")
        expect(phone.figure).to_have_text("1/ 2箱")
        phone.flight_mode(on=False)
        phone.sync()
        (row,) = phone.kept()
    assert (row["step"], row["code"], row["said"]["said"]) == ("arrived", hub.codes["void"], "attention")
    assert [each["code"] for each in row["receipt"]["findings"]] == ["PARCEL_VOID"]
    arrived = hub.on_the_server(lambda: db.session.get_one(Parcel, hub.codes["standing"]).arrived_at)
    assert arrived is not None


def test_what_a_forged_label_says_is_refused_and_its_box_is_taken_in_by_its_number(
    playwright: Playwright, hub: Hub, tmp_path: Path
) -> None:
    with offline(playwright, hub, tmp_path, ["forged"], "/scan") as phone:
        expect(phone.said).to_contain_text("署名が合いません")
        expect(phone.said).to_contain_text("中身の記載は使いません")
        expect(phone.figure).to_have_text("1/ 2箱")
        expect(phone.page.locator(".app-box")).to_contain_text("40個")
        expect(phone.page.get_by_text("400")).to_have_count(0)
        expect(phone.page.get_by_text("自治体の署名を確かめました")).to_have_count(0)
        (row,) = phone.kept()
    assert (row["step"], row["code"]) == ("arrived", hub.codes["forged"])
    assert "box" not in row["summary"], "nothing of what it says is kept"


def test_a_label_that_nobody_knows_is_kept_and_said_to_be_unknown(
    playwright: Playwright, hub: Hub, tmp_path: Path
) -> None:
    with offline(playwright, hub, tmp_path, ["unknown"], "/scan") as phone:
        expect(phone.said).to_contain_text("記録しました。中身はまだ分かりません")
        expect(phone.page.locator(".app-box")).to_contain_text("中身のわからない箱")
        (row,) = phone.kept()
    assert (row["step"], row["code"], row["said"]["said"]) == ("arrived", hub.codes["unknown"], "unknown")


def test_a_barcode_of_goods_is_the_item_that_it_was_entered_as_before_and_records_nothing_by_itself(
    playwright: Playwright, hub: Hub, tmp_path: Path
) -> None:
    with offline(playwright, hub, tmp_path, ["goods"], "/outside") as phone:
        # given a barcode that this phone has never seen: a person says what it is
        phone.tap("商品のバーコードを読む")
        expect(phone.page.get_by_text(f"JAN {JAN}")).to_be_visible()
        assert phone.kept() == []
        phone.page.get_by_role("link", name="紙おむつ（乳児・小児）").first.click()
        expect(phone.page.get_by_text(f"JAN {JAN}")).to_be_visible()
        phone.pick("M・パンツ")
        phone.page.get_by_label("数（個）").fill("48")
        phone.tap("届いた物として記録する")

        # when the next package of the kind comes, then item and size are there, and only the number is asked for
        phone.tap("ラベルのない荷物", exact=False)
        phone.tap("商品のバーコードを読む")
        expect(phone.page.get_by_role("heading", name="紙おむつ（乳児・小児）")).to_be_visible()
        expect(phone.page.locator(".notice")).to_contain_text("品目です：紙おむつ（乳児・小児） M・パンツ")
        assert len(phone.kept()) == 1
        phone.page.get_by_label("数（個）").fill("24")
        phone.tap("届いた物として記録する")
        expect(phone.page.get_by_text("外部から　2件")).to_be_visible()
        kept = [row["said"]["body"] for row in phone.kept()]
    assert kept == [
        {"item": "I05", "variant": "M-pants", "quantity": 48, "best_before": 0},
        {"item": "I05", "variant": "M-pants", "quantity": 24, "best_before": 0},
    ]


def test_the_figures_of_a_barcode_that_cannot_be_read_are_typed_and_checked(
    playwright: Playwright, hub: Hub, tmp_path: Path
) -> None:
    with offline(playwright, hub, tmp_path, ["void"], "/outside") as phone:
        phone.tap("商品のバーコードを読む")
        # what the camera sees is one of our labels, which belongs elsewhere
        expect(phone.page.get_by_text("ラベルのある箱です")).to_be_visible()
        phone.page.get_by_label("バーコードの数字").fill(f"{JAN[:-1]}5")
        phone.tap("この数字で品目をさがす")
        expect(phone.page.get_by_text("＊数字が合いません")).to_be_visible()
        phone.page.get_by_label("バーコードの数字").fill(JAN)
        phone.tap("この数字で品目をさがす")
        expect(phone.page.get_by_text(f"JAN {JAN}")).to_be_visible()
        assert phone.kept() == []
