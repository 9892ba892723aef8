"""Pictures of relief supplies: citizens, senders, a shelter, the town, and a label."""

from PIL import Image
from playwright.sync_api import Page

from tests.browser.camera import make_video
from tests.browser.studio import FILM_SIZE, Studio, Walk, tap, until
from tests.kernel.scanning import paper
from webapp.demo.cast import MOGAMI


def relief(studio: Studio) -> None:
    """From the list that everybody sees to the town's figures."""
    _anybody(studio)
    printed = _citizen(studio)
    _shelter(studio)
    _town(studio)
    _phone(studio, printed)


def _anybody(studio: Studio) -> None:
    with studio.person("") as walk:
        walk.see("/relief", "relief-01-towns")
        walk.see(f"/relief/{MOGAMI}", "relief-02-needs")
        walk.page.locator("article.ask a").first.click()
        walk.page.get_by_text("これを送る").wait_for()
        studio.album.add(walk.page, "relief-03-need")
        tap(walk.page, "これを送る")
        walk.page.get_by_label("メールアドレス").wait_for()
        studio.album.add(walk.page, "relief-04-pledge")
        walk.see(f"/relief/{MOGAMI}/have?item=I05&variant=M-pants&quantity=40", "relief-05-who-needs-it")


def _citizen(studio: Studio) -> bytes:
    """Answers the label of their box, which is on its way to another shelter than the one below."""
    with studio.person("citizen") as walk:
        walk.see("/send", "relief-10-mine")
        tap(walk.page, "箱とラベルへ進む")
        walk.page.get_by_text("ラベルを印刷する").wait_for()
        studio.album.add(walk.page, "relief-11-shipment")
        shipment = walk.page.url
        printed = walk.page.request.get(f"{shipment}/labels.pdf?layout=one").body()
        studio.album.keep(Image.fromarray(paper.printed(printed, dpi=100)), "relief-12-label")
        walk.page.goto(f"{shipment}/hand")
        studio.album.add(walk.page, "relief-13-label-by-hand")
    return printed


def _shelter(studio: Studio) -> None:
    with studio.person("shelter") as walk:
        walk.see("/desk", "relief-20-desk")
        home = walk.page.url
        _from(walk, home, "/heads?people=180&infants=3&elderly=52", "relief-21-three-days")
        walk.page.goto(home)
        tap(walk.page, "数を変える・断る")
        studio.album.add(walk.page, "relief-22-pledge-answer")
        _from(walk, home, "/offers", "relief-23-offers")
        _from(walk, home, "/arrivals", "relief-24-arrivals")
        walk.page.locator(".things__link").first.click()
        walk.page.locator("#boxes").wait_for()
        studio.album.add(walk.page, "relief-25-shipment-in")
        walk.page.locator(".things__link").last.click()
        until("中身を数える")(walk.page)
        studio.album.add(walk.page, "relief-26-box")


def _from(walk: Walk, home: str, path: str, name: str) -> None:
    """A page below the shelter's home."""
    walk.see(home.removeprefix(walk.url).partition("?")[0] + path, name)


def _town(studio: Studio) -> None:
    with studio.person("officer") as walk:
        walk.see("/board", "relief-30-board", _settled)
        walk.see("/board/statistics", "relief-31-figures")
        walk.see("/desk/arrivals", "relief-32-town-arrivals")
        walk.see("/supplies/shelters", "relief-33-shelters")
        walk.see("/supplies", "relief-34-town")


def _settled(page: Page) -> None:
    page.locator("#live").wait_for()


def _phone(studio: Studio, printed: bytes) -> None:
    """A shelter's phone: what is due, boxes before the camera without a network, a count, a box for others."""
    with studio.person("shelter") as walk:
        pack = walk.page.evaluate(PACK)
        app = f"/app/relief/{pack['shelter']['id']}"
        walk.see("/app/", "relief-40-app-home", until("これから届く"))
        walk.see(app, "relief-41-app-shelter", until("これから届く"))
    here = {"shelter": pack["shelter"]["id"], "state": "shipped", "scans": []}
    due = [box["code"] for box in pack["parcels"] if here.items() <= box.items()][:2]
    with studio.person("shelter", studio.film("boxes", due)) as walk:
        _fetched(walk, app)
        walk.page.context.set_offline(True)
        walk.see(f"{app}/scan", "relief-42-app-boxes", until("記録しました"))
        walk.see(f"{app}/count/{due[0]}", "relief-43-app-count")
        walk.see(f"{app}/outside", "relief-44-app-outside")
    sheet = paper.printed(printed)
    codes = sheet[round(0.07 * len(sheet)) : round(0.45 * len(sheet)), : round(0.36 * sheet.shape[1])]
    path = studio.folder / "label.y4m"
    make_video(path, [codes], size=FILM_SIZE, fps=10, seconds=2, labels_per_frame=1)
    with studio.person("shelter", path) as walk:
        _fetched(walk, app)
        walk.see(f"{app}/scan", "relief-45-app-box-for-others", until("この箱をどうしますか"))


#: The pack of one's own shelter, as the server gives it.
PACK = """async () => {
  const { shelters } = await (await fetch('/api/relief/shelters')).json();
  return (await fetch(`/api/relief/shelters/${shelters[0].id}/pack`)).json();
}"""


def _fetched(walk: Walk, app: str) -> None:
    """The phone has the shelter's list on its disk."""
    walk.page.goto(walk.url + app)
    until("これから届く")(walk.page)
    until("現在。")(walk.page)
