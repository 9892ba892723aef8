"""Somebody who holds a phone, whatever engine is in it: what they tap, type and read."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.browser.server import Member, Place
from tests.engines.engine import PATIENCE_S, Engine, Redrawn

#: When a finger on its middle would meet it, and not a pane or a dialog above.
MEETS = """const meets = (it) => {
    if (!it?.checkVisibility()) return null;
    it.scrollIntoView({ block: 'center' });
    const { x, y, width, height } = it.getBoundingClientRect();
    return it.contains(document.elementFromPoint(x + width / 2, y + height / 2)) ? it : null;
  };"""
LABELLED = """const labelled = (words) =>
    [...document.querySelectorAll('label')].find((label) => label.innerText.includes(words));"""
#: A button or link that says exactly this.
BUTTON = f"""(words) => {{
  {MEETS}
  const named = (it) => (it.getAttribute('aria-label') ?? it.innerText).trim() === words;
  return meets([...document.querySelectorAll('button, a[href]')].find((it) => it.checkVisibility() && named(it)));
}}"""
#: The text field, the label of a box to tick, the hidden field behind a button that asks for a photo.
FIELD = f"(words) => {{ {MEETS} {LABELLED} return meets(labelled(words)?.control); }}"
BOX = f"(words) => {{ {MEETS} {LABELLED} return meets(labelled(words)); }}"
FILE = f"(words) => {{ {LABELLED} return labelled(words)?.control ?? null; }}"
ANY = "(selector) => document.querySelector(selector)"
#: What stands in the field with this label: nothing to look at once it has gone.
VALUE = f"(words) => {{ {LABELLED} return labelled(words)?.control?.value ?? null; }}"
EMPTIED = f"""(words) => {{ {LABELLED} const field = labelled(words)?.control;
  if (field) {{ field.value = ''; field.dispatchEvent(new Event('input', {{ bubbles: true }})); }} }}"""
TEXT = """(selector) => [...document.querySelectorAll(selector)]
  .map((it) => it.innerText.replace(/\\s+/g, ' ').trim()).join('｜')"""
#: The app's own modules, at the address of the present release.
APP = """const app = (path) =>
  import(document.querySelector('script[type=module]').src.replace(/main\\.js$/, path));"""
KEPT = f"""async () => {{ {APP}
  const [{{ openStore }}, {{ kept }}] = await Promise.all(['kernel/store.js', 'intake/outbox.js'].map(app));
  return (await kept(await openStore())).map(({{ p, ...row }}) => ({{ ...row, p, said: JSON.parse(p) }}));
}}"""


def letters(text: str) -> str:
    """What was typed, whatever the field made of its case and its hyphens."""
    return "".join(it for it in text.casefold() if it.isalnum())


class Hand:
    """One person with one phone."""

    def __init__(self, engine: Engine, place: Place) -> None:
        self.engine, self.place = engine, place

    def open(self, path: str) -> None:
        """Type an address of the site."""
        self.engine.open(self.place.url + path)

    def log_in(self, member: Member) -> None:
        """Staying logged in; returns when today's jobs and the app itself are on the phone."""
        self.open("/login?next=/app/")
        self.write("ログインID", member.login)
        self.write("パスワード", member.password)
        self._act(BOX, "30日間", self.engine.click)
        self.tap("ログイン")
        self.reads("article.card", self.place.title)
        self.reads(".app-net", "最新")
        self.engine.run("async () => { await navigator.serviceWorker.ready; }")

    def tap(self, words: str) -> None:
        """The button or link that says exactly this."""
        self._act(BUTTON, words, self.engine.click)

    def write(self, label: str, text: str) -> None:
        """Into the field with this label; whoever types looks at what stands there: a key can be lost on its way."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            self._act(FIELD, label, lambda field: self.engine.write(field, text))
            with suppress(Redrawn):
                if (stands := self.engine.run(VALUE, label)) is None or letters(stands) == letters(text):
                    return
                self.engine.run(EMPTIED, label)
        raise AssertionError(f"「{text}」 cannot be typed into 「{label}」")

    def upload(self, label: str, path: Path) -> None:
        """Give a photo to the field with this label."""
        self._act(FILE, label, lambda field: self.engine.upload(field, path))

    def photograph(self, path: Path) -> None:
        """Give the photo that the form asks for."""
        self._act(ANY, "input[type=file]", lambda field: self.engine.upload(field, path))
        self.reads("#app", "写真を撮りました")

    def reads(self, selector: str, words: str) -> str:
        """Wait until this stands there. Raises AssertionError with what stands on the screen instead."""
        text = ""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with suppress(Redrawn):
                text = str(self.engine.run(TEXT, selector))
            if words in text:
                return text
            time.sleep(0.05)
        raise AssertionError(
            f"「{words}」 is not in {selector}: 「{text}」; screen: {self.engine.run(TEXT, 'body')}"
        )

    def kept(self) -> list[dict[str, Any]]:
        """Every scan on this phone's disk, oldest first."""
        rows: list[dict[str, Any]] = self.engine.run(KEPT)
        return rows

    def _act(self, function: str, words: str, act: Callable[[Any], None]) -> None:
        """As soon as it is there, and again if the screen was drawn anew under the finger."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with suppress(Redrawn):
                if (found := self.engine.find(function, words)) is not None:
                    return act(found)
            time.sleep(0.05)
        raise AssertionError(f"no 「{words}」 on the screen: {self.engine.run(TEXT, 'body')}")
