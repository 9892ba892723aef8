"""Draw the PNG icons from their SVG sources: `.venv/bin/python deploy/icons.py` (needs Chromium)."""

import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).resolve().parents[1] / "webapp" / "static" / "icons"
CHROMIUM = "/usr/bin/chromium"
WANTED = {
    "icon-192.png": ("app", 192),
    "icon-512.png": ("app", 512),
    "maskable-192.png": ("maskable", 192),
    "maskable-512.png": ("maskable", 512),
    "apple-touch-icon.png": ("maskable", 180),
    "favicon-32.png": ("favicon", 32),
    "favicon-48.png": ("favicon", 48),
}


def main() -> None:
    """Write every PNG beside its source, without metadata and with a small palette."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, (source, size) in WANTED.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(_page((FOLDER / f"{source}.svg").read_text(), size))
            page.screenshot(path=FOLDER / name, omit_background=True)
            Image.open(FOLDER / name).quantize(64).save(FOLDER / name, optimize=True)
            sys.stdout.write(f"{name} {(FOLDER / name).stat().st_size} bytes\n")
        browser.close()
    Image.open(FOLDER / "favicon-48.png").save(
        FOLDER.parent / "favicon.ico", sizes=[(16, 16), (32, 32), (48, 48)]
    )


def _page(svg: str, size: int) -> str:
    style = f"*{{margin:0}}body{{background:transparent}}svg{{display:block;width:{size}px;height:{size}px}}"
    return f"<!doctype html><style>{style}</style>{svg}"


if __name__ == "__main__":
    main()
