"""Looks at a page as WCAG 2.2 AA, a small screen, large letters and a thumb do."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text()
ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
#: The one rule that reads style sheets (css-orientation-lock, experimental) is not among ALL: axe need not fetch all of
#: them once more. Into sounds and films it looks.
LOOK = """async (runOnly) => {
  const preload = { assets: ['media'] };
  const found = await axe.run(document, { runOnly, preload, resultTypes: ['violations'] });
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => {
    const why = node.any.map(({ message }) => message).join(' ');
    return `${id}: ${node.target.join(' ')} ${node.html.slice(0, 120)} ${why.slice(0, 160)}`;
  }));
}"""
TALL = "() => document.scrollingElement.scrollHeight"
WIDTHS = "() => [document.scrollingElement.scrollWidth, innerWidth]"
LARGE = "(size) => { document.documentElement.style.fontSize = size; }"
#: A control is as large as what answers to a touch: its label, or the card that its link covers. Links in running
#: text are exempt (WCAG 2.5.8), and what only a screen reader or a keyboard meets.
SMALL_TARGETS = """() => {
  const wanted = 44;
  const round = (size) => Math.round(size * 10) / 10;
  const touched = (control) => {
    if (control.matches('[type=radio], [type=checkbox]')) return control.labels[0] ?? control;
    const cover = getComputedStyle(control, '::after');
    const covers = cover.position === 'absolute' && cover.content !== 'none';
    return covers ? control.offsetParent ?? control.closest('.card') : control;
  };
  const small = [];
  const controls = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
  for (const control of document.querySelectorAll(controls)) {
    if (!control.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (control.closest('.visually-hidden, .skip')) continue;
    if (control.matches('a') && getComputedStyle(control).display === 'inline') continue;
    const { width, height } = touched(control).getBoundingClientRect();
    if (width < wanted - 0.5 || height < wanted - 0.5) {
      small.push(`target ${round(width)}×${round(height)}: ${control.outerHTML.slice(0, 120)}`);
    }
  }
  return small;
}"""


def inspected(page: Page) -> Page:
    """The same, where `faults` can look at every page from the next one on: axe is sent and compiled once."""
    page.context.add_init_script(AXE)
    return page


def faults(page: Page) -> list[str]:
    """Everything wrong with an `inspected` page as it is now, a line each; the page is left as it was."""
    size: Any = page.viewport_size
    # as tall as the page: what stands behind the bar at the foot now would scroll up from there
    tall = max(size["height"], page.evaluate(TALL))
    page.set_viewport_size({"width": size["width"], "height": tall})
    found: list[str] = page.evaluate(LOOK, ALL) + page.evaluate(SMALL_TARGETS)
    page.emulate_media(color_scheme="dark")
    found += [f"dark {line}" for line in page.evaluate(LOOK, CONTRAST)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(size)
    return found + too_wide(page)


def too_wide(page: Page) -> list[str]:
    """Whether one has to scroll sideways at 320 px, or with letters twice as large."""
    size: Any = page.viewport_size
    found = []
    page.set_viewport_size({"width": 320, "height": 844})
    found += _sideways(page, "at 320 px")
    page.set_viewport_size(size)
    page.evaluate(LARGE, "200%")
    found += _sideways(page, "with text at 200 %")
    page.evaluate(LARGE, "")
    return found


def _sideways(page: Page, when: str) -> list[str]:
    wide, room = page.evaluate(WIDTHS)
    return [f"scrolls sideways {when}: {wide} px in {room}"] if wide > room else []
