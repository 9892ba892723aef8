"""Every page and every screen can be read, reached and touched: by eye, by ear, by thumb, in the dark."""

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect
from werkzeug.routing import Rule

from tests.browser.handset import browser, desk
from tests.browser.inspector import LARGE, faults, inspected
from tests.browser.server import Place, a_place
from tests.factories.custody import Journey, Town, a_draft
from tests.factories.identity import PASSWORD, a_person
from tests.factories.supplies import a_relief
from webapp.app import create_app
from webapp.demo.phone import Phone
from webapp.kernel.base.db import transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.notifications.sink import keep_in
from webapp.kernel.places.models import Place as PlaceRow

VISITORS = ["", "officer", "admin", "auditor", "driver", "manager", "worker", "citizen"]
NO_PAGE = ("/api/", "/log/", "/static/", "/app", "/sw.js", "/manifest", "/healthz", "/q/", "/Q/")
NOT_HTML = (".csv", ".pdf", "/live", "/figures")
FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
UNKNOWN = "HWVEN9XSYWCX7K2MP"


def half_way(town: Town, journey: Journey) -> None:
    """One cage is counted and lacks a PC, one PC is destroyed; the other cage is being loaded."""
    town.people["admin"] = a_person("admin", town.town)
    town.people["auditor"] = a_person("auditor", town.town)
    town.send("officer", *journey.register(0, 1, 2, 3))
    town.send("technician", *journey.sanitize(0, 1, 2, 3))
    town.send("officer", *journey.load(0, 1, 2), journey.lock([0, 1]), journey.hand_over())
    town.send("receiver", journey.arrive(seal="7734021"), journey.open(), *journey.count(0))
    town.send("receiver", journey.close_count(1))
    town.send("operator", *journey.destroy(0))
    desk_phone = Phone(town.p("officer"), town.log)
    town.send("officer", desk_phone.command("codes.voided", journey.tick(), {"code": town.codes[4]}))
    a_draft(town, 3, first=10)
    _own_a_place(town)
    _after_an_earthquake(town)


def _own_a_place(town: Town) -> None:
    where = PlaceRow(
        id=new_id(), organisation_id=town.town.id, name="最上町役場", kind="town_hall", address="向町"
    )
    with transaction() as session:
        session.add(where)


def _after_an_earthquake(town: Town) -> None:
    """Shelters need things: one pledge waits for its answer, goods are on their way, others are offered to anybody."""
    relief = a_relief(town.log, town=town.town, password=PASSWORD)
    need = relief.need(20)
    relief.offer("citizen", 5, need=need)
    sent = relief.match_of(relief.offer("citizen", 8, need=need).id)
    assert relief.request(8, offer=sent.offer, match=sent.id).refusal is None
    assert relief.ship("citizen", sent.id, 8).refusal is None
    relief.offer("citizen", 30, item="B01", variant="")
    town.people |= {who: relief.people[who] for who in ("worker", "citizen")}


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("town")
    keep_in(folder / "mails")(
        b"To: a@example.jp\r\nFrom: b@example.jp\r\nSubject: told\r\n\r\nhttps://example.jp/x\r\n"
    )
    site = "tests.browser.remembered:app"
    with a_place(sqlite_template, folder, devices=5, cages=2, prepare=half_way, site=site) as running:
        yield running


@pytest.fixture(scope="module")
def window(playwright: Playwright) -> Iterator[Browser]:
    with browser(playwright, FAKE_CAMERA) as running:
        yield running


def one(place: Place, query: str) -> str:
    """A single value from the town's database."""
    with sqlite3.connect(place.server.folder / "test.db") as database:
        return str(database.execute(query).fetchone()[0])


@pytest.fixture(scope="module")
def pages(place: Place) -> list[str]:
    """An address for every page that the site has; a new route without an example here is a KeyError."""
    ids = {
        "identity.person": one(
            place, f"SELECT id FROM people WHERE login = '{place.people['officer2'].login}'"
        ),
        "identity.organisation": one(place, "SELECT id FROM organisations WHERE kind = 'municipality'"),
        "places.place": one(place, "SELECT id FROM places"),
        "erasure.ask_device": one(place, f"SELECT id FROM custody_devices WHERE code = '{place.codes[0]}'"),
        "erasure.ask_person": one(
            place, f"SELECT id FROM people WHERE login = '{place.people['driver2'].login}'"
        ),
    }
    about = {
        "job_id": place.job,
        "draft_id": one(place, "SELECT id FROM custody_import_drafts"),
        "question_id": one(place, "SELECT id FROM discrepancies WHERE code = 'MISSING'"),
        "code": place.codes[0],
        "device_id": one(place, f"SELECT id FROM custody_devices WHERE code = '{place.codes[0]}'"),
        "token": "no-such-link",
        "log": one(place, "SELECT id FROM logs"),
        "entry_id": one(place, "SELECT id FROM ledger_entries WHERE kind = 'custody.scan' LIMIT 1"),
        "node": "no-such-node",
        "dev": "no-such-phone",
        "disaster_id": one(place, "SELECT id FROM supplies_disasters"),
        "shelter_id": one(place, "SELECT shelter FROM supplies_matches"),
        "need_id": one(place, "SELECT id FROM supplies_needs"),
        "offer_id": one(place, "SELECT id FROM supplies_offers WHERE need = ''"),
        "match_id": one(place, "SELECT id FROM supplies_matches WHERE shipped_at IS NOT NULL"),
        "card_id": "no-such-card",
        "name": next((place.server.folder / "mails").glob("*.eml")).stem,
    }
    rules = [
        rule
        for rule in create_app({"TESTING": True, "SECRET_KEY": "x"}).url_map.iter_rules()
        if is_page(rule)
    ]
    return sorted(an_example(rule, about, ids) for rule in rules) + in_other_states(place)


def an_example(rule: Rule, about: dict[str, str], ids: dict[str, str]) -> str:
    """The rule with its holes filled."""
    person = ids["identity.person"] if rule.endpoint.startswith("identity.") else ""
    values = about | {"id": ids.get(rule.endpoint, person)}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda hole: values[hole[1]], rule.rule)


def is_page(rule: Rule) -> bool:
    """Whether people see it as a page of the site."""
    return (
        "GET" in (rule.methods or ())
        and not rule.rule.startswith(NO_PAGE)
        and not rule.rule.endswith(NOT_HTML)
        and "/live/" not in rule.rule
    )


def in_other_states(place: Place) -> list[str]:
    """Pages that look different with other contents, and an address that is none."""
    return [
        "/?lang=en",
        "/?lang=easy",
        f"/t/{place.codes[1]}",
        f"/t/{place.codes[0]}/detail?lang=en",
        f"/t/{place.codes[4]}",
        f"/t/{place.cages[0]}",
        f"/t/{UNKNOWN}",
        "/t?id=ABC",
        "/t?id=",
        "/nowhere",
        f"/consignments/{place.job}/questions?closed=1",
        f"/consignments/{place.job}/devices?text=T-0001",
        "/people?left=1",
    ]


@pytest.fixture(scope="session")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What has been looked at, by any worker: role by role most pages differ in nothing but figures and names."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "looked-at"
    folder.mkdir(exist_ok=True)
    return folder


def is_new(html: str, looked_at: Path) -> bool:
    """Whether nobody has looked at a page with such a head (role by role another menu) or such a body yet.

    The login form keeps in a hidden field where it was asked for: it is the same form before each of forty pages.
    """
    hidden = r'<input type="hidden" name="next" value="[^"]*">|value="[^"]{40,}"|'
    secrets = hidden + r'[0-9a-f]{8}-[0-9a-f-]{27}|[0-9A-Z-]{17,20}|[\d:]+| aria-current="page"'
    head, main, body = re.sub(secrets, "", html.partition("<body")[2]).partition("<main")
    fresh = [_is_first(part, looked_at) for part in (head, main + body)]
    return any(fresh)


def _is_first(part: str, looked_at: Path) -> bool:
    try:
        (looked_at / hashlib.sha256(part.encode()).hexdigest()).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def visit(page: Page, address: str) -> None:
    """Open an address, and wait for the first screen where it leads into the app (/login does, once logged in)."""
    page.goto(address)
    expect(page.locator("main[aria-busy=true], .app-shield")).to_have_count(0)


def at_a_desk(window: Browser, place: Place, who: str, home: str = "/account") -> Page:
    """Somebody of the town, logged in on a page which is none of the app's: there are no screens to wait for."""
    return inspected(desk(window, place, place.people[who] if who else None, home=home))


def with_the_app(window: Browser, place: Place, who: str) -> Page:
    """The same in the app, which has today's jobs."""
    page = at_a_desk(window, place, who, home="/app/")
    expect(page.locator("article.card").first).not_to_contain_text("…")
    return page


@pytest.mark.parametrize("who", VISITORS)
def test_every_page_can_be_read_and_touched_by_everybody(
    place: Place, pages: list[str], window: Browser, looked_at: Path, who: str
) -> None:
    page = at_a_desk(window, place, who)
    wrong, read = [], 0
    for path in pages:
        answer = page.request.get(place.url + path)
        assert answer.status in (200, 403, 404, 409, 410), f"{path}: {answer.status}"
        is_html = "html" in answer.headers.get("content-type", "")
        read += is_html
        if is_html and is_new(answer.text(), looked_at):
            visit(page, place.url + path)
            wrong += [f"{path}  {fault}" for fault in faults(page)]
    page.context.close()
    assert read > 0
    assert not wrong, "\n".join(wrong)


def test_the_page_behind_a_reset_link_too(place: Place, window: Browser) -> None:
    """Its address is a secret that only this test can know."""
    page = at_a_desk(window, place, "admin")
    person = one(place, f"SELECT id FROM people WHERE login = '{place.people['officer2'].login}'")
    page.goto(f"{place.url}/people/{person}")
    page.get_by_role("button", name=re.compile("リンク")).first.click()
    expect(page.locator("body")).to_contain_text("/reset/")
    wrong = faults(page)
    address = re.search(r"https?://\S+/reset/\S+", page.locator("body").inner_text())
    assert address is not None
    page.context.clear_cookies()
    page.goto(address[0])
    wrong += faults(page)
    assert not wrong, "\n".join(wrong)


def gym(place: Place, *, other: bool = False) -> str:
    """Where the app shows the shelter to which a box is on its way, or another one."""
    meant = one(place, "SELECT shelter FROM supplies_matches WHERE shipped_at IS NOT NULL")
    return "/app/relief/" + one(
        place, f"SELECT id FROM supplies_shelters WHERE (id = '{meant}') != {int(other)}"
    )


SCREENS = {
    "": ["/app/", "/app/login", "/app/typed", "/app/outbox", "/app/settings", "/app/phone", "/app/scan",
         "/app/card", "/app/nowhere"],
    "officer": [
        "/app/", "/app/outbox", "/app/correct", "/app/settings", "/app/phone", "/app/phone/HWVEN9XSYWCX7K2MP",
        "/app/scan", "{job}", "{job}/register",
        "{job}/load", "{job}/load/{b}", "{job}/lock", "{job}/lock/{b}", "{job}/handover", "{job}/cage/{a}",
        "{job}/cage/{b}", "/app/job/unknown", "/app/scan?code={code}",
        "{gym}", "{gym}/scan", "{gym}/count/{box}", "{gym}/outside?jan=4901234567894",
        "{gym}/outside/I05?jan=4901234567894",
    ],
    "technician": ["{job}/erase", "{job}/erase/scan?r=ok&m=purge", "{job}/onsite", "{job}/onsite/scan"],
    "driver": ["/app/", "{job}", "{job}/cage/{a}", "{job}/handover"],
    "receiver": [
        "{job}", "{job}/arrive", "{job}/arrive/{b}", "{job}/open", "{job}/open/{b}", "{job}/count",
        "{job}/count/{a}", "{job}/close/{a}",
    ],
    "operator": ["{job}", "{job}/extract", "{job}/destroy", "{job}/destroy/scan?m=shred&mm=20"],
}  # fmt: skip


@pytest.mark.parametrize("who", SCREENS)
def test_every_screen_of_the_app_can_be_read_and_touched(place: Place, window: Browser, who: str) -> None:
    page = with_the_app(window, place, who) if who else at_a_desk(window, place, who)
    names = {"job": f"/app/job/{place.job}", "a": place.cages[0], "b": place.cages[1], "code": place.codes[0]}
    names |= {"gym": gym(place), "box": one(place, "SELECT code FROM supplies_parcels")}
    wrong = []
    for path in SCREENS[who]:
        visit(page, place.url + path.format(**names))
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator("[data-state=starting]")).to_have_count(0)
        expect(page.get_by_text("受け取っています")).to_have_count(0)
        wrong += [f"{path}  {fault}" for fault in faults(page)]
    page.context.close()
    assert not wrong, "\n".join(wrong)


def test_the_app_can_be_read_before_it_has_drawn_its_first_screen(place: Place, window: Browser) -> None:
    """A slow phone shows this for seconds; and who asks for /login while logged in lands here."""
    page = at_a_desk(window, place, "officer")
    page.route("**/main.js", lambda script: script.abort())
    page.goto(f"{place.url}/login")
    expect(page.get_by_text("読み込んでいます")).to_be_visible()
    expect(page.locator("main[aria-busy=true]")).to_have_count(1)
    wrong = faults(page)
    page.context.close()
    assert not wrong, "\n".join(wrong)


#: Where the words of the bar end, and where the foot that covers them begins.
EDGES = """() => [document.querySelector('.app-said__words strong').getBoundingClientRect().bottom,
  document.querySelector('.app-foot').getBoundingClientRect().top]"""


def test_what_was_recorded_can_be_read_without_scrolling_however_large_the_letters(
    place: Place, window: Browser
) -> None:
    page = with_the_app(window, place, "officer2")
    page.goto(f"{place.url}/app/job/{place.job}/load/{place.cages[1]}")
    for size in ("100%", "200%"):
        page.evaluate(LARGE, size)
        page.get_by_role("button", name="番号を入力").click()
        page.get_by_label("追跡ID（17文字）").fill(place.codes[2])
        page.get_by_role("button", name="この番号で記録する").click()
        expect(page.locator(".app-said")).not_to_have_attribute("data-verdict", "rest")
        page.evaluate("() => scrollTo(0, 0)")
        words, foot = page.evaluate(EDGES)
        assert words <= foot, size
    page.context.close()


def test_the_bar_and_the_sheets_can_be_read_and_touched(place: Place, window: Browser) -> None:
    """What is there only after an act: the four verdicts, the typing sheet, errors of a form."""
    page = with_the_app(window, place, "officer")
    wrong = []
    page.goto(f"{place.url}/app/job/{place.job}/load/{place.cages[1]}")
    for code, verdict in [(3, "ok"), (3, "again"), (0, "attention"), (4, "unknown")]:
        page.get_by_role("button", name="番号を入力").click()
        wrong += [f"sheet  {fault}" for fault in faults(page)] if verdict == "ok" else []
        page.get_by_label("追跡ID（17文字）").fill(place.codes[code])
        page.get_by_role("button", name="この番号で記録する").click()
        expect(page.locator(".app-said")).to_have_attribute("data-verdict", verdict)
        wrong += [f"{verdict}  {fault}" for fault in faults(page)]
    page.goto(f"{place.url}/app/job/{place.job}/lock/{place.cages[1]}")
    page.get_by_role("button", name="施錠・封印を記録する").click()
    expect(page.get_by_text("＊封印番号を入力してください")).to_be_visible()
    wrong += [f"errors  {fault}" for fault in faults(page)]
    page.goto(f"{place.url}/app/outbox")
    expect(page.locator(".app-lines > li")).to_have_count(3)
    wrong += [f"outbox  {fault}" for fault in faults(page)]
    wrong += of_boxes_and_goods(page, place)
    page.context.close()
    assert not wrong, "\n".join(wrong)


def of_boxes_and_goods(page: Page, place: Place) -> list[str]:
    """A box for others asks what becomes of it; goods without a label have a barcode."""
    page.goto(place.url + gym(place, other=True) + "/scan")
    page.get_by_role("button", name="番号を入力").click()
    page.get_by_label("追跡ID（17文字）").fill(one(place, "SELECT code FROM supplies_parcels"))
    page.get_by_role("button", name="この番号で受け取る").click()
    expect(page.get_by_text("この箱をどうしますか")).to_be_visible()
    wrong = [f"elsewhere  {fault}" for fault in faults(page)]
    page.goto(place.url + gym(place) + "/outside")
    page.get_by_role("button", name="商品のバーコードを読む").click()
    page.get_by_label("バーコードの数字").fill("1")
    page.get_by_role("button", name="この数字で品目をさがす").click()
    expect(page.get_by_text("＊数字が合いません")).to_be_visible()
    expect(page.locator("[data-state=starting]")).to_have_count(0)
    return wrong + [f"barcode  {fault}" for fault in faults(page)]
