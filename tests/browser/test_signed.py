"""Signed, chained scans in a real browser, on the real server: no network, kill -9, two tabs, a file carried over."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qrcode
from flask import Flask
from playwright.sync_api import Playwright, expect

from tests.browser.films import film, stickers
from tests.browser.handset import Handset, handset
from tests.browser.live import kill, phone, site
from tests.browser.server import Member, Place, a_place, ready_to_load
from tests.browser.test_strange import hear_of_it, newer
from webapp.kernel.phones import keys
from webapp.kernel.scanning.codes import show

KEEP = """async ({ codes, fields }) => {
  const base = document.querySelector('script[type=module]').src.replace(/main\\.js$/, '');
  const { openStore } = await import(`${base}kernel/store.js`);
  const { keep } = await import(`${base}intake/outbox.js`);
  globalThis.at_work = openStore().then((store) => Promise.all(codes.map((code) => keep(store, { ...fields, code }))));
}"""
ALTER = """async (id) => {
  const db = await new Promise((resolve, reject) => {
    const request = indexedDB.open('ashiato');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const scans = db.transaction('scans', 'readwrite').objectStore('scans');
  const row = await new Promise((resolve) => { scans.get(id).onsuccess = ({ target }) => resolve(target.result); });
  const other = { ...row, p: row.p.replace('"src":"camera"', '"src":"typed"') };
  await new Promise((resolve) => { scans.put(other).onsuccess = resolve; });
  db.close();
}"""


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("town")
    with a_place(sqlite_template, folder, devices=12, cages=1, prepare=ready_to_load) as running:
        yield running


def enrolled(phone: Handset, member: Member, token: str) -> None:
    """「この電話」: type what the office shows."""
    phone.open("/app/phone")
    expect(phone.page.get_by_text("まだ登録されていません")).to_be_visible()
    phone.page.get_by_label("登録コード（17文字）").fill(show(token).lower())
    phone.tap("この電話を登録する")
    expect(phone.page.get_by_text(f"{member.name}さんの電話として登録されています")).to_be_visible()


def fields(place: Place, phone: Handset) -> dict[str, str]:
    """What two tabs keep: loadings into the first cage."""
    actor = phone.page.evaluate("async () => (await (await fetch('/api/me')).json()).logs[0]")
    return {
        "log": actor["id"],
        "actor": actor["actor"],
        "step": "loaded",
        "job": place.job,
        "parent": place.cages[0],
    }


def chain_findings(place: Place, dev: str) -> list[str]:
    """What is asked about this phone's chain."""
    rows = place.rows("SELECT code, scope, causes FROM discrepancies")
    about = [(code, scope + causes) for code, scope, causes in rows if code.startswith(("CHAIN", "PHONE"))]
    own = {entry["scan"]["id"] for entry in place.entries() if entry["scan"]["dev"] == dev}
    return [code for code, text in about if dev in text or any(scan in text for scan in own)]


def test_scans_of_an_enrolled_phone_are_signed_and_chained_through_kill_9_and_two_tabs(
    playwright: Playwright, place: Place, tmp_path: Path
) -> None:
    # given an officer with a phone that nobody has enrolled, who enrols it
    officer = Handset(
        playwright,
        place,
        tmp_path / "officer",
        film(tmp_path / "cage.y4m", stickers(place, "device"), per_frame=12),
    )
    officer.switch_on().log_in(place.people["officer"])
    expect(officer.page.get_by_role("link", name="この電話を登録する")).to_be_visible()
    enrolled(officer, place.people["officer"], place.enrolment_code("officer"))
    said = fields(place, officer)
    public = officer.page.evaluate(
        "async () => (await (await fetch('/api/phones/self?dev=')).json()).replaceable"
    )
    officer.switch_off()  # a browser writes its cookies down when it feels like it: this is the next morning
    officer.switch_on()
    expect(officer.card(place.title)).to_be_visible()
    expect(officer.page.get_by_role("link", name="この電話を登録する")).to_have_count(0)

    # when the network is gone, a cage is loaded, and the browser is killed
    officer.flight_mode(on=True)
    officer.open(f"/app/job/{place.job}/load/{place.cages[0]}")
    expect(officer.figure).to_have_text("12/ 12台")
    kill(officer.profile)
    officer.switch_on(offline=True)
    before = officer.kept()
    assert len(before) == 12

    # and two tabs keep at the same moment
    tabs = [officer.page, officer.context.new_page()]
    tabs[1].goto(f"{place.url}/app/")
    for tab, codes in zip(tabs, (place.codes[:6], place.codes[6:]), strict=True):
        tab.evaluate(KEEP, {"codes": codes, "fields": said})
    for tab in tabs:
        tab.evaluate("() => globalThis.at_work.then(() => true)")
    tabs[1].close()

    # then, back in the network, the server has every scan once, signed by this phone, in one unbroken chain
    officer.open("/app/outbox")
    officer.flight_mode(on=False)
    officer.sync()
    rows = officer.kept()
    assert [row["seq"] for row in rows] == list(range(1, 25))
    assert {row["receipt"]["status"] for row in rows} == {"recorded"}
    by_id = {entry["scan"]["id"]: entry for entry in place.entries()}
    chain = [by_id[row["id"]] for row in rows]
    key = registered_key(place, rows[0]["dev"])
    assert public == [{"dev": rows[0]["dev"], "enrolled_at": public[0]["enrolled_at"], "last_at": None}]
    assert all(keys.verify(key, link["p"].encode(), link["s"]) for link in chain)
    assert [link["scan"]["prev"] for link in chain] == [
        "",
        *(keys.hash_of(link["p"].encode()) for link in chain[:-1]),
    ]
    assert chain_findings(place, rows[0]["dev"]) == []
    tip = officer.page.evaluate(
        "async (dev) => (await (await fetch(`/api/phones/self?dev=${dev}`)).json())", rows[0]["dev"]
    )
    assert tip["logs"][said["log"]]["tip"] == {"seq": 24, "hash": keys.hash_of(chain[-1]["p"].encode())}
    officer.switch_off()
    assert officer.complaints == []


def registered_key(place: Place, dev: str) -> str:
    ((key,),) = place.rows("SELECT key FROM phones WHERE dev = ?", dev)
    return str(key)


def test_a_scan_altered_on_the_phones_disk_is_refused_and_shown(
    playwright: Playwright, place: Place, tmp_path: Path
) -> None:
    # given a technician whose phone has looked at the QR on the office's screen
    picture = np.array(
        qrcode.make(f"{place.url}/E/{place.enrolment_code('technician')}".upper(), box_size=8).convert("L")
    )
    with handset(
        playwright, place, tmp_path / "technician", film(tmp_path / "screen.y4m", [picture], per_frame=1)
    ) as phone:
        phone.log_in(place.people["technician"])
        phone.open("/app/phone")
        phone.tap("QRを読む")
        expect(phone.page).to_have_url(re.compile(r"/app/phone/[0-9A-Z]{17}$"))
        phone.tap("この電話を登録する")
        expect(phone.page.get_by_text("さんの電話として登録されています")).to_be_visible()

        # when one of its scans is altered on its disk before it is sent
        said = fields(place, phone) | {
            "step": "sanitized",
            "parent": "",
            "body": {"result": "ok", "method": "purge", "tool": ""},
        }
        phone.flight_mode(on=True)
        phone.page.evaluate(KEEP, {"codes": place.codes[:3], "fields": said})
        phone.page.evaluate("() => globalThis.at_work.then(() => true)")
        row = phone.kept()[1]
        phone.page.evaluate(ALTER, row["id"])
        phone.flight_mode(on=False)

        # then the server refuses that one alone, and the phone shows it
        phone.open("/app/outbox")
        expect(phone.page.get_by_text("電話の署名を確かめられない記録です")).to_be_visible()
        states = [(each["state"], (each["receipt"] or {}).get("code")) for each in phone.kept()]
        assert states[1] == ("refused", "intake.signature")
        assert [states[0][0], states[2][0]] == ["sent", "sent"]
    assert row["id"] not in {entry["scan"]["id"] for entry in place.entries()}
    assert chain_findings(place, row["dev"]) == ["CHAIN_GAP"]


def test_a_file_of_unsent_scans_is_sent_by_somebody_else_and_counts_once(
    playwright: Playwright, place: Place, tmp_path: Path
) -> None:
    # given a driver's phone without network that holds a scan with a photo, signed
    with (
        handset(playwright, place, tmp_path / "driver") as phone,
        handset(playwright, place, tmp_path / "manager") as other,
    ):
        phone.log_in(place.people["receiver"])
        enrolled(phone, place.people["receiver"], place.enrolment_code("receiver"))
        said = fields(place, phone) | {"step": "counted"}
        phone.flight_mode(on=True)
        phone.page.evaluate(KEEP, {"codes": place.codes[:2], "fields": said})
        phone.page.evaluate("() => globalThis.at_work.then(() => true)")

        # when it logs out, it is asked first; it writes a file instead
        phone.open("/app/settings")
        phone.tap("ログアウト")
        expect(phone.page.get_by_text("送っていない記録があります")).to_be_visible()
        with phone.page.expect_download() as saved:
            phone.tap("ファイルに書き出す")
        assert re.fullmatch(r"ashiato-unsent-\d{8}-\d{4}\.json", saved.value.suggested_filename)
        saved.value.save_as(tmp_path / "unsent.json")
        phone.page.keyboard.press("Escape")

        # and somebody else takes it in
        other.log_in(place.people["officer"])
        other.open("/app/outbox")
        other.page.locator("input[type=file]").set_input_files(tmp_path / "unsent.json")
        expect(other.page.locator(".app-lines__state")).to_have_text([re.compile("送信済み|確認が必要")] * 2)
        expect(other.said).to_contain_text("2件 を取り込みました")

        # then the log has them as the first one's, and the first one's own sending changes nothing
        phone.flight_mode(on=False)
        phone.sync()
        assert [row["receipt"]["status"] for row in phone.kept()] == ["duplicate", "duplicate"]
    ids = [entry["scan"]["id"] for entry in place.entries()]
    assert all(ids.count(row) == 1 for row in {item["id"] for item in _scans(tmp_path / "unsent.json")})


BUSY = """async () => {
  const base = document.querySelector('script[type=module]').src.replace(/main\\.js$/, '');
  const { openStore } = await import(`${base}kernel/store.js`);
  const { makeKey } = await import(`${base}intake/keys.js`);
  const { keep } = await import(`${base}intake/outbox.js`);
  const store = await openStore();
  await store.setMeta('me', { person: { id: 'sato', roles: [], organisation: {} }, logs: [] });
  await makeKey(store);
  const fields = { log: '063622', step: 'loaded', actor: 'p-sato', code: 'HWVEN9XSYWCX7K2MP' };
  const pause = () => new Promise((resolve) => { setTimeout(resolve, 20); });
  const work = async () => { for (;; await pause()) console.info(`kept ${(await keep(store, fields)).id}`); };
  void work();
}"""
CHAIN = """async () => {
  const base = document.querySelector('script[type=module]').src.replace(/main\\.js$/, '');
  const { openStore } = await import(`${base}kernel/store.js`);
  const { hashOf, keyOf, verify } = await import(`${base}intake/keys.js`);
  const { keep, kept } = await import(`${base}intake/outbox.js`);
  const store = await openStore();
  await keep(store, { log: '063622', step: 'loaded', actor: 'p-sato', code: 'HWVEN9XSYWCX7K2MP' });
  const { base64 } = await keyOf(store);
  let prev = '';
  const links = [];
  for (const { id, p, s, seq } of await kept(store)) {
    links.push({ id, seq, good: JSON.parse(p).prev === prev && (await verify(base64, p, s)) });
    prev = await hashOf(p);
  }
  const files = performance.getEntriesByType('resource').map(({ name }) => name);
  return { links, files: files.filter((name) => name.includes('/static/pwa/') && name.endsWith('.js')) };
}"""


def test_a_release_taken_in_the_middle_of_a_job_loses_no_scan_and_mixes_no_modules(
    app: Flask, playwright: Playwright, tmp_path: Path
) -> None:
    with site(app) as running:
        # given a phone that keeps one scan after the other, and a new release that is offered
        context = phone(playwright, tmp_path / "phone")
        page = context.pages[0]
        told: list[str] = []
        page.on("console", lambda line: told.append(line.text[5:]) if line.text.startswith("kept ") else None)
        page.goto(f"{running.url}/app/")
        page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        page.reload()
        newer(app)
        hear_of_it(page)
        button = page.get_by_role("button", name="入れかえる")
        expect(button).to_be_visible()
        page.evaluate(BUSY)
        page.wait_for_timeout(300)

        # when it is taken all the same
        button.click()
        expect(page.locator("script[src*='/ffffffffffffffff/']")).to_have_count(1)

        # then every scan that was said to be kept is there, in one chain that goes on; no module is of the old release
        seen = page.evaluate(CHAIN)
        context.close()
    ids = [link["id"] for link in seen["links"]]
    assert len(told) > 3
    assert set(told) <= set(ids)
    assert [(link["seq"], link["good"]) for link in seen["links"]] == [(n + 1, True) for n in range(len(ids))]
    assert [name for name in seen["files"] if "f" * 16 not in name] == []


def _scans(path: Path) -> list[dict[str, Any]]:
    return [json.loads(item["p"]) for item in json.loads(path.read_text())["items"]]
