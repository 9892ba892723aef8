"""Pictures of every screen on a phone (390 × 844): `make screens`, into docs/screens/.

The demo story is told into a database of its own, the site is served from this process, and Chromium walks
through the pages as its people do. The camera films stickers of that database, so what
a picture shows as read was read. `python -m tests.browser.screens relief` takes those of one part alone.
"""

import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.relief_screens import relief
from tests.browser.studio import OUT, Studio, demo_site, photograph, seen, tap, until

SEAL = "7734099"


def residents(studio: Studio, code: str) -> None:
    """What anybody sees."""
    with studio.person("") as walk:
        walk.see("/", "web-01-home")
        walk.see(f"/t/{code}", "web-02-result")
        walk.see(f"/t/{code}/detail", "web-03-detail")
        walk.see("/?lang=en", "web-04-home-english")
        walk.see("/login", "web-05-login")
        walk.see("/app/", "app-00-first-start", until("はじめに一度"))


def desk(studio: Studio) -> None:
    """The officer's and the administrator's pages."""
    with studio.person("officer") as walk:
        job = walk.pack("最上")["job"]["id"]
        walk.see("/consignments", "web-10-consignments")
        walk.see("/consignments/new", "web-11-consignment-new")
        walk.see(f"/consignments/{job}", "web-12-board")
        walk.see(f"/consignments/{job}/devices", "web-13-devices")
        walk.see(f"/consignments/{job}/cages", "web-14-cages")
        walk.see(f"/consignments/{job}/questions", "web-15-discrepancies")
        walk.page.locator(f"a[href*='/consignments/{job}/questions/']").first.click()
        studio.album.add(walk.page, "web-16-discrepancy")
        walk.see("/account", "web-17-account")
    with studio.person("admin") as walk:
        walk.see("/people", "web-20-people")
        walk.see("/people/new", "web-21-person-new")
        walk.see("/organisations", "web-22-organisations")


def officer(studio: Studio) -> None:
    """The officer's phone: registration, the cage, what is typed, what is undone."""
    with studio.person("officer") as walk:
        pack = walk.pack("最上")
        job = f"/app/job/{pack['job']['id']}"
        walk.see("/app/", "app-01-home", seen(".card__missing"))
        walk.see(job, "app-02-job")
        walk.see(f"{job}/cage/{pack['cages'][0]['code']}", "app-03-cage")
        walk.see(f"{job}/register", "app-04-no-camera", until("カメラを使えません"))
        walk.see(f"{job}/register", "app-05-typed", type_code)
        walk.see("/app/settings", "app-06-settings")
    with studio.person("technician") as walk:
        walk.see(f"{job}/erase", "app-07-erase")


def type_code(page: Page) -> None:
    """Part of an ID in the sheet that asks for one."""
    page.get_by_role("button", name="番号を入力", exact=True).click()
    page.get_by_label("追跡ID").fill("hwve n9xs ywcx")


def cage(studio: Studio) -> None:
    """Kaneyama's cage, loaded without network, locked, handed over, sent."""
    with studio.person("kaneyama") as walk:
        pack = walk.pack("金山")
    job = f"/app/job/{pack['job']['id']}"
    codes, empty = [device["code"] for device in pack["devices"]], pack["cages"][0]["code"]
    with studio.person("kaneyama", studio.film("eleven", codes[:11])) as walk:
        walk.page.context.set_offline(True)
        walk.see(f"{job}/load/{empty}", "app-10-load-one-missing", until("あと 1台"))
    with studio.person("kaneyama", studio.film("twelve", codes)) as walk:
        page = walk.page
        page.context.set_offline(True)
        walk.see(f"{job}/load/{empty}", "app-11-load-complete", until("すべて そろいました"))
        walk.see("/app/", "app-12-home-offline")
        walk.see("/app/outbox", "app-13-outbox-offline")
        walk.see("/app/correct", "app-14-correct")
        page.locator(".app-lines a").first.click()
        studio.album.add(page, "app-15-correct-reason")
        walk.see(f"{job}/lock/{empty}", "app-16-lock")
        page.get_by_label("封印番号").fill(SEAL)
        photograph(page)
        tap(page, "施錠・封印を記録する")
        page.get_by_text("記録しました").first.wait_for()
        studio.album.add(page, "app-17-locked")
        walk.see(f"{job}/handover", "app-18-hand-over", lambda page: tap(page, "斎藤"))
        page.context.set_offline(False)
        page.goto(f"{walk.url}/app/outbox")
        page.get_by_text("送信済み").first.wait_for()
        studio.album.add(page, "app-19-outbox-sent")


def receiver(studio: Studio) -> None:
    """The dock: arrival with another seal, opening, counting, the shredder."""
    with studio.person("receiver") as walk:
        pack = walk.pack("最上")
    job = f"/app/job/{pack['job']['id']}"
    cages = {each["name"]: each for each in pack["cages"]}
    coming, waiting = cages["C-03"], cages["C-02"]
    with studio.person("driver") as walk:
        walk.see("/app/", "app-20-driver-home", seen(".card__missing"))
        walk.see(f"{job}/handover", "app-21-driver-hand-over")
    with studio.person("receiver", studio.film("dock", waiting["manifest"][:11])) as walk:
        walk.see(f"{job}/arrive/{coming['code']}", "app-22-arrive", another_seal)
        walk.see(f"{job}/open/{waiting['code']}", "app-23-open", lambda page: tap(page, "加藤"))
        tap(walk.page, "開錠を記録して検数へ")
        until("あと 37台")(walk.page)
        studio.album.add(walk.page, "app-24-count")
        walk.see(f"{job}/close/{waiting['code']}", "app-24-count-close")
    ready = next(each for each in pack["devices"] if each["step"] == "counted" and each["cls"] == 3)
    with studio.person("operator", studio.film("one", [ready["code"]])) as walk:
        walk.see(f"{job}/destroy", "app-25-destroy")
        walk.see(f"{job}/extract", "app-26-extract", until("記録しました"))
        walk.see("/app/scan", "app-27-what-is-this", seen(".app-match"))
        walk.see(f"{job}/destroy/scan?m=shred&mm=20", "app-28-destroy-scan", seen(".app-match"))


def another_seal(page: Page) -> None:
    """An unbroken seal with a number it did not leave with."""
    tap(page, "異常なし")
    page.get_by_label("いまの封印番号").fill("7734091")


def everybody(studio: Studio) -> None:
    """What residents see of a device that has come to its end."""
    with studio.person("officer") as walk:
        done = [each for each in walk.pack("最上")["devices"] if "destroyed" in each["done"]]
    residents(studio, done[0]["code"])


PARTS: tuple[Callable[[Studio], None], ...] = (everybody, desk, officer, receiver, cage, relief)


def main() -> None:
    """Take all pictures, or those of the parts that are named."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    wanted = [part for part in PARTS if part.__name__ in sys.argv[1:]] or PARTS
    with tempfile.TemporaryDirectory() as room, sync_playwright() as playwright:
        folder = Path(room)
        with demo_site(folder) as running:
            studio = Studio(playwright, folder, running)
            for part in wanted:
                part(studio)
            print(f"{len(studio.album.saved)} screens in {OUT}")  # noqa: T201


if __name__ == "__main__":
    main()
