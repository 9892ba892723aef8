"""A drill on five phones, from a need to its receipt: officer, shelter worker, citizen, another city, auditor.

One story, because each part needs what the others did. The shelter has no network when the boxes come.
"""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Playwright, expect

from tests.browser.drill_fold import fold, mails_told
from tests.browser.drill_town import DrillTown, a_drill_town
from tests.browser.films import film
from tests.browser.handset import Handset, browser, desk
from tests.kernel.scanning import paper
from tests.kernel.scanning.paper import Picture

DRILL = "令和8年度 総合防災訓練"
SHELTER, SHELTER_MAIL = "向町小学校 体育館", "mukaimachi@town.example.jp"
CITIZEN_MAIL, CITY_MAIL = "sakura@mail.example.jp", "relief@sendai.example.jp"
#: The page of figures: what each is called there.
TITLES = {
    "open": "残り", "requested": "送付依頼", "shipped": "発送", "good": "受領（良品）", "damaged": "破損",
    "missing": "不足", "outside": "外部からの到着",
}  # fmt: skip
#: Every mail of the drill.
MAILS = [
    (CITIZEN_MAIL, "メールアドレスの確認"), (SHELTER_MAIL, "申し出がありました"), (CITIZEN_MAIL, "送ってください"),
    (SHELTER_MAIL, "発送されました"), (CITY_MAIL, "送ってください"), (SHELTER_MAIL, "発送されました"),
    (CITIZEN_MAIL, "届きました"), (CITIZEN_MAIL, "数が違いました"), (CITY_MAIL, "届きました"),
]  # fmt: skip
#: … and as the page of figures counts them, the link to verify an account apart.
NUMBERED = {"①": 1, "②": 2, "③": 2, "④": 2, "送ったメール": 8, "送信待ち": 0}
#: Where both codes stand on a printed label: top, bottom, left, right.
CODES_MM = (23, 132, 5, 76)
WITHIN_5_S = 5_000
PASSWORD = "まどの外に三毛猫がいる"
#: 自治体標準オープンデータセット; a spreadsheet has eaten the telephone's first zero.
SITES = f"""全国地方公共団体コード,ID,名称,所在地_連結表記,緯度,経度,電話番号,連絡先メールアドレス,災害種別_地震
063622,1,{SHELTER},山形県最上郡最上町大字向町43,38.7609,140.5234,233433002,{SHELTER_MAIL},1
"""


@pytest.fixture
def town(sqlite_template: Path, tmp_path: Path) -> Iterator[DrillTown]:
    folder = tmp_path / "town"
    folder.mkdir()
    with a_drill_town(sqlite_template, folder) as running:
        yield running


class Hand:
    """A person before the site's pages, on a phone-size screen."""

    def __init__(self, town: DrillTown, page: Page) -> None:
        self.town, self.page = town, page

    def open(self, path: str) -> "Hand":
        """Type an address, or open a link that was sent."""
        self.page.goto(self.town.url + path if path.startswith("/") else path)
        return self

    def tap(self, words: str, *, exact: bool = False) -> "Hand":
        """The button or link that says this."""
        page = self.page
        named = page.get_by_role("button", name=words, exact=exact).or_(
            page.get_by_role("link", name=words, exact=exact)
        )
        named.first.click()
        return self

    def fill(self, **fields: str) -> "Hand":
        """Fields by their names."""
        for name, value in fields.items():
            self.page.locator(f"#{name}").fill(value)
        return self

    def pick(self, words: str) -> "Hand":
        """A choice by what it says."""
        self.page.locator("label.choice").filter(has_text=words).first.click()
        return self

    def sees(self, *words: str) -> "Hand":
        """All of these are on the page, soon."""
        for each in words:
            expect(self.page.locator("main")).to_contain_text(each)
        return self


def test_a_drill_on_five_phones_from_need_to_receipt(
    playwright: Playwright, town: DrillTown, tmp_path: Path
) -> None:
    phone = Handset(playwright, town, tmp_path / "phone")
    with browser(playwright) as running:
        officer, auditor, city = (Hand(town, desk(running, town, who)) for who in town.people.values())
        citizen, worker = Hand(town, desk(running, town)), Hand(town, phone.switch_on("/").page)
        the_town_makes_ready(officer, worker)
        the_shelter_says_what_it_needs(worker)
        a_citizen_pledges(citizen)
        the_shelter_asks_for_fewer(worker)
        labels = the_citizen_sends_two_boxes(citizen)
        number = another_city_sends_blankets(city, worker)
        officer.open("/board")
        auditor.open("/board").tap("集計")
        phone.switch_off()
        phone.film = film(tmp_path / "boxes.y4m", labels_on_boxes(labels), per_frame=1)
        two_boxes_come_without_a_network(phone)
        all_screens_follow(phone, officer, auditor)
        a_box_is_typed_at_the_desk(Hand(town, phone.page), number)
        the_senders_are_told(citizen, city)
        the_auditor_adds_up(auditor)
        every_mail_is_in_the_sink_once(town)
        phone.switch_off()
    assert phone.complaints == []


def the_town_makes_ready(officer: Hand, worker: Hand) -> None:
    """The drill is opened, the list of shelters read in, and its worker gets an account."""
    officer.open("/supplies/disasters/new").fill(name=DRILL).pick("訓練").tap("この内容で登録する")
    officer.sees(DRILL)
    officer.open("/supplies/shelters/import")
    officer.page.locator("#file").set_input_files(
        {"name": "063622_evacuation_space.csv", "mimeType": "text/csv", "buffer": SITES.encode("cp932")}
    )
    officer.tap("中身を確かめる").sees("新しく 1か所", "0233433002")
    officer.pick("すぐ開設中にする").tap("1か所を取り込む").sees("1か所を取り込みました")
    officer.tap(SHELTER).tap("この避難所の利用者を追加")
    officer.fill(name="田中 美代子", login="tanaka").pick("避難所担当").tap("追加する")
    worker.open(officer.page.locator("a.code").inner_text())
    worker.fill(password=PASSWORD, again=PASSWORD).tap("設定する")
    worker.fill(login="tanaka", password=PASSWORD).pick("30日間").tap("ログイン", exact=True)


def the_shelter_says_what_it_needs(worker: Hand) -> None:
    """Head-counts become a three-day list, one line is corrected; diapers by hand."""
    worker.open("/desk").sees(SHELTER, "訓練").tap("人数から3日分").fill(
        people="120", elderly="31", women="20"
    )
    worker.tap("3日分の一覧を出す").sees("120人の3日分")
    water = worker.page.locator("li.picks__row").filter(has_text="飲料水 2L")
    water.get_by_role("textbox").fill("１００")
    worker.tap("印をつけた物を登録する").sees("登録しました")
    worker.open("/desk").tap("必要物資を登録").fill(words="おむつ").tap("さがす").tap(
        "紙おむつ（乳児・小児）"
    )
    worker.page.get_by_text("M", exact=True).click()
    worker.fill(quantity="100").tap("登録する", exact=True).sees("登録しました")


def a_citizen_pledges(citizen: Hand) -> None:
    """Without an account, in one page. The pledge holds once the link of the mail was opened."""
    citizen.open("/").tap("災害のとき").sees("練習のため").tap("最上町").fill(q="おむつ").tap("さがす").tap(
        "紙おむつ"
    )
    citizen.sees("これは訓練です", SHELTER).tap("これを送る")
    citizen.fill(quantity="８０", mail=CITIZEN_MAIL, password=PASSWORD).tap("この数を申し出る")
    citizen.sees("メールを見てください")
    assert citizen.town.mails(SHELTER_MAIL) == []
    link = link_in(citizen.town.mail(CITIZEN_MAIL, "メールアドレスの確認"), "/send/verify/")
    citizen.open(link).tap("はい、わたしです").sees("返事を待っています", "80個")


def the_shelter_asks_for_fewer(worker: Hand) -> None:
    """The desk that is open says so by itself; mail ① is there, and leads to the same place."""
    expect(worker.page.locator("#live")).to_contain_text("返事を待っている申し出", timeout=WITHIN_5_S)
    mail = worker.town.mail(SHELTER_MAIL, "申し出がありました")
    assert "訓練" in str(mail["Subject"])
    assert CITIZEN_MAIL not in text_of(mail)
    worker.open(link_in(mail, "/desk/")).fill(quantity="60").tap("この数で頼む").sees("60個")


def the_citizen_sends_two_boxes(citizen: Hand) -> bytes:
    """Mail ③ leads to the page with address and labels. Answers the PDF of the labels."""
    mail = citizen.town.mail(CITIZEN_MAIL, "送ってください")
    assert "向町43" in text_of(mail)
    citizen.open(link_in(mail, "/send/")).sees("山形県最上郡最上町大字向町43").tap("箱の数を変える")
    citizen.fill(count="2").tap("この箱数でラベルを作る").sees("2箱")
    labels = citizen.page.get_by_role("link", name="ラベルを印刷する").get_attribute("href")
    printed = citizen.page.request.get(f"{citizen.town.url}{labels}")
    assert printed.headers["content-type"] == "application/pdf"
    citizen.tap("発送しました").tap("発送", exact=True).sees("発送を記録しました", "輸送中")
    citizen.town.mail(SHELTER_MAIL, "発送されました: 紙おむつ")
    return printed.body()


def another_city_sends_blankets(city: Hand, worker: Hand) -> str:
    """A free offer; the shelter takes a part of it, the rest stays offered. Answers the number on the box."""
    city.open("/relief").tap("最上町").tap("提供", exact=True).tap("提供したい物を登録する")
    city.page.locator("#item").select_option(label="毛布")
    city.tap("次へ").fill(quantity="300").tap("この数を申し出る").sees("提供中", "300")
    worker.open("/desk").tap("提供物資をさがす").tap("毛布").fill(quantity="50").tap("送ってもらう").sees(
        "50"
    )
    city.open(link_in(city.town.mail(CITY_MAIL, "送ってください"), "/send/")).sees("1箱")
    city.tap("手で書く")
    number = city.page.locator(".pen").inner_text()
    city.tap("書きました").tap("発送", exact=True).sees("輸送中").open("/send").sees("250")
    return number


def link_in(mail: EmailMessage, path: str) -> str:
    """The address in a mail that leads there."""
    found = re.search(rf"https?://\S+{re.escape(path)}\S*", text_of(mail))
    assert found is not None, text_of(mail)
    return found[0]


def text_of(mail: EmailMessage) -> str:
    """What a mail says in plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def labels_on_boxes(printed: bytes) -> list[Picture]:
    """Both codes of each label, cut from the sheet of two."""
    sheet = paper.printed(printed)
    middle = sheet.shape[0] // 2
    top, bottom, left, right = (round(mm * paper.DPI / 25.4) for mm in CODES_MM)
    return [np.ascontiguousarray(half[top:bottom, left:right]) for half in (sheet[:middle], sheet[middle:])]


def a_box_is_typed_at_the_desk(worker: Hand, number: str) -> None:
    """The blankets' box bears a number in somebody's handwriting."""
    worker.open("/desk").tap("箱を受け取る").fill(code=number.lower()).tap("到着を記録する").sees(
        "到着を記録しました", "毛布"
    )
    worker.tap("すべて記載どおり").sees("受け取りを記録しました")


def the_auditor_adds_up(auditor: Hand) -> None:
    """The figures on the page are those of the log's raw lines, and the log is whole."""
    town, told = auditor.town, fold(auditor.town.entries())
    auditor.open("/board").tap("集計")
    for name, count in NUMBERED.items():
        expect(fact(auditor.page, name)).to_have_text(f"{count}通")
    shown = {name: facts_of(auditor.page)[title] for name, title in TITLES.items()}
    assert shown == {name: f"{told[name]:,}" for name in TITLES}
    assert (
        facts_of(auditor.page)["必要物資（終わったものも含む）"]
        == f"{told['needs']}件、必要数 {told['required']:,}"
    )
    checked = town.ashiato("ledger", "verify")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def every_mail_is_in_the_sink_once(town: DrillTown) -> None:
    """Those that were expected, no other, none twice; and the log names each."""
    subjects = sorted(
        (str(mail["To"]), str(mail["Subject"]).split("】")[-1].split(":")[0]) for mail in town.mails()
    )
    assert subjects == sorted(MAILS)
    ids = [str(mail["Message-ID"]).strip("<>").split("@")[0] for mail in town.mails()]
    told = mails_told(town.entries())
    assert len(set(told)) == len(told)
    account = [id for id in ids if id not in told]
    assert (len(account), sorted([*account, *told])) == (1, sorted(ids)), "an account is no matter of the log"


def fact(page: Page, name: str) -> Locator:
    """What a list of facts says under this name."""
    return page.locator(".facts__fact").filter(has_text=name).locator("dd")


def facts_of(page: Page) -> dict[str, str]:
    """Names and values of all lists of facts on a page."""
    rows = page.locator(".facts__fact")
    return dict(zip(rows.locator("dt").all_inner_texts(), rows.locator("dd").all_inner_texts(), strict=True))


def the_senders_are_told(citizen: Hand, city: Hand) -> None:
    """Mail ④ leads to the page of the box, which knows no name and no address; what was damaged is said as well."""
    mail = citizen.town.mail(CITIZEN_MAIL, "届きました")
    citizen.open(link_in(mail, "/t/")).sees("これは訓練です", "受領")
    expect(citizen.page.locator("main")).not_to_contain_text("山形県")
    assert "傷んでいたもの： 3個" in text_of(citizen.town.mail(CITIZEN_MAIL, "数が違いました"))
    citizen.open("/send").sees("受領")
    city.town.mail(CITY_MAIL, "届きました")
    city.open("/send").sees("受領", "あと 250")


def two_boxes_come_without_a_network(phone: Handset) -> None:
    """The app, started cold in aeroplane mode, reads both codes of a label and says in Japanese what is in the box."""
    phone.switch_on()
    expect(phone.card(SHELTER)).to_contain_text("これから届く 3箱")
    phone.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    phone.switch_off()
    phone.switch_on(offline=True)
    phone.tap("箱を受け取る")
    expect(phone.figure).to_have_text("2/ 3箱")
    box = phone.page.locator(".app-box")
    for words in ("訓練", "紙おむつ（乳児・小児） M", "30個", "2個口", "自治体の署名を確かめました"):
        expect(box).to_contain_text(words)
    phone.tap("一覧・数える", exact=False)
    phone.page.get_by_role("link", name="1/2").click()
    phone.tap("すべて記載どおり")
    phone.page.get_by_role("link", name="2/2").click()
    phone.page.get_by_label("使える数").fill("２６")
    phone.page.get_by_label("傷んだ数").fill("3")
    phone.tap("この数で記録する")
    phone.tap("ラベルのない荷物", exact=False)
    phone.tap("飲料水 2L")
    phone.page.get_by_label("数（本）").fill("24")
    phone.tap("届いた物として記録する")
    expect(phone.chip).to_have_text("圏外・未送信 5")


def all_screens_follow(phone: Handset, officer: Hand, auditor: Hand) -> None:
    """With the network everything is sent without a tap, and who looks on sees it within five seconds."""
    board = officer.page.locator("#live")
    expect(board).not_to_contain_text("到着")
    assert "supplies.scan" not in {each["kind"] for each in officer.town.entries()}
    phone.flight_mode(on=False)
    expect(phone.chip).to_contain_text("最新")
    expect(board).to_contain_text("到着 80", timeout=WITHIN_5_S)
    expect(fact(auditor.page, "受領（良品）")).to_have_text("56", timeout=WITHIN_5_S)
    receipts = [row["receipt"] for row in phone.kept()]
    assert [receipt["status"] for receipt in receipts] == ["recorded"] * 5
    assert [receipt["verdict"] for receipt in receipts] == ["ok", "ok", "ok", "attention", "ok"], (
        "three packs are wet"
    )
