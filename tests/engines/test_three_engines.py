"""The day without a network, in the engines of Chrome, Safari and Firefox: nothing is lost, nothing lands twice."""

from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from tests.browser.films import stickers
from tests.browser.live import site
from tests.browser.server import Place, a_place
from tests.engines.chromium import Chromium
from tests.engines.engine import Engine
from tests.engines.firefox import Firefox
from tests.engines.hand import APP, Hand
from tests.engines.webkit import WebKit
from webapp.kernel.scanning.codes import show

ENGINES: dict[str, Callable[[Path], Engine]] = {"chromium": Chromium, "webkit": WebKit, "firefox": Firefox}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    folder = tmp_path / "engine"
    folder.mkdir()
    made = ENGINES[request.param](folder)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "town"
    folder.mkdir()
    with a_place(sqlite_template, folder, devices=4, cages=1) as running:
        yield running


@pytest.fixture
def three_labels(place: Place, tmp_path: Path) -> Path:
    """A photo of three stickers on a grey desk."""
    desk = Image.new("L", (1600, 1200), 190)
    for number, picture in enumerate(stickers(place, "device", 0, 1, 2)):
        sticker = Image.fromarray(picture)
        desk.paste(sticker, (80 + number * 480, 300 + number * 90))
    desk.save(tmp_path / "IMG_0001.jpg")
    return tmp_path / "IMG_0001.jpg"


def landed(place: Place) -> Counter[str]:
    """How often each scan stands in the log, by its id."""
    return Counter(entry["scan"]["id"] for entry in place.entries())


def chained(rows: list[dict[str, Any]]) -> bool:
    """Whether each scan is signed, bears the number after the one before, and carries its hash."""
    hashes = ["", *(sha256(row["p"].encode()).hexdigest() for row in rows)]
    numbered = [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    return numbered and all(row["s"] for row in rows) and [row["said"]["prev"] for row in rows] == hashes[:-1]


def test_a_day_without_network_survives_kill_9_and_lands_once(
    engine: Engine, place: Place, three_labels: Path
) -> None:
    # given an officer who has opened the app, enrolled the phone, fetched the job and gone home
    officer = Hand(engine, place)
    officer.log_in(place.people["officer"])
    officer.open("/app/phone")
    officer.write("登録コード", show(place.enrolment_code("officer")).lower())
    officer.tap("この電話を登録する")
    officer.reads("#app", "の電話として登録されています")
    engine.stop()

    # when the server is gone, the app is started cold, three labels are read from a photo, and one is typed
    place.server.kill()
    engine.start()
    officer.open(f"/app/job/{place.job}/load/{place.cages[0]}")
    officer.reads(".app-eye", "この端末ではカメラを使えません。")
    officer.upload("写真で読む", three_labels)
    officer.reads(".app-count__figure", "3 / 4台")
    officer.tap("番号を入力")
    officer.write("追跡ID", show(place.codes[3]).lower())
    officer.tap("この番号で記録する")
    officer.reads(".app-count__figure", "4 / 4台")

    # and the browser is killed the very next moment and started again, still without a server
    engine.kill()
    engine.start()
    officer.open(f"/app/job/{place.job}/load/{place.cages[0]}")

    # then all of it is there, and the cage can be locked
    officer.reads(".app-net", "圏外・未送信 4")
    officer.tap("施錠へ進む")
    officer.write("封印番号", "7734012")
    officer.photograph(three_labels)
    officer.tap("施錠・封印を記録する")
    officer.reads(".app-said", "記録しました")
    waiting = officer.kept()
    assert {row["code"] for row in waiting[:4]} == set(place.codes)
    assert [row["said"]["src"] for row in waiting] == ["photo", "photo", "photo", "typed", "form"]
    assert {row["state"] for row in waiting} == {"pending"}
    assert chained(waiting)

    # and when the server is back, it finds nothing wrong with any, and has each once
    place.server.start()
    officer.open("/app/outbox")
    officer.reads("#app", "未送信の記録はありません。")
    officer.reads(".app-net", "最新")
    sent = officer.kept()
    assert [row["p"] for row in sent] == [row["p"] for row in waiting]
    assert [row["receipt"]["status"] for row in sent] == ["recorded"] * 5
    assert {row["receipt"]["verdict"] for row in sent} == {"ok"}
    assert {landed(place)[row["id"]] for row in sent} == {1}
    engine.stop()
    assert engine.complaints == []


#: Keep scans in a store of this test's own, as two tabs of the app do.
DESK = f"""async (name, count) => {{ {APP}
  const paths = ['kernel/store.js', 'intake/outbox.js', 'intake/keys.js'];
  const [{{ openStore }}, {{ keep, kept }}, {{ makeKey }}] = await Promise.all(paths.map(app));
  const store = await openStore('tabs');
  await store.setMeta('me', {{ person: {{ id: 'sato' }}, logs: [] }});
  await makeKey(store);
  const heard = new Promise((resolve) => store.watch(['kept'], () => resolve('news')));
  const loaded = {{ log: '063622', step: 'loaded', actor: 'p-sato', parent: '', job: '' }};
  const scan = (n) => ({{ ...loaded, code: `${{name}}${{n}}` }});
  globalThis.desk = {{
    work: () => Promise.all(Array.from({{ length: count }}, (_, n) => keep(store, scan(n)))),
    heard: () => heard,
    kept: async () => (await kept(store)).map(({{ p, s, seq }}) => ({{ p, s, seq, said: JSON.parse(p) }})),
  }};
}}"""
#: What the app takes for granted, each tried.
GROUND = """async () => {
  const text = 'あしあと'.repeat(100);
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = await new Response(packed).arrayBuffer();
  const back = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const database = await new Promise((resolve) => {
    const request = indexedDB.open('ground');
    request.onupgradeneeded = () => request.result.createObjectStore('ground');
    request.onsuccess = () => resolve(request.result);
  });
  return {
    packed: bytes.byteLength < text.length && (await new Response(back).text()) === text,
    durability: database.transaction('ground', 'readwrite', { durability: 'strict' }).durability,
    locks: typeof navigator.locks.request, secure: isSecureContext,
  };
}"""


def test_two_tabs_at_once_make_one_chain_and_hear_of_each_other(engine: Engine, app: Flask) -> None:
    with site(app) as running:
        # given the app open in two tabs
        for tab, name in enumerate("AB"):
            engine.tab(tab)
            engine.open(f"{running.url}/app/")
            engine.run(DESK, name, 30)

        # when both keep thirty scans, the first still at it when the second begins
        for tab in (0, 1):
            engine.tab(tab)
            engine.run("() => { globalThis.atWork = desk.work(); }")

        # then each has heard of the other, and all sixty are one signed chain
        for tab in (0, 1):
            engine.tab(tab)
            assert engine.run("() => desk.heard()") == "news"
            engine.run("async () => { await atWork; }")
        rows = engine.run("() => desk.kept()")
        assert len(rows) == 60
        assert chained(rows)

        ground = {"packed": True, "durability": "strict", "locks": "function", "secure": True}
        assert engine.run(GROUND) == ground
    engine.stop()
    assert engine.complaints == []
