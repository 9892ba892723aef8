"""What every browser test starts from: Chromium, driven."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.browser.live import CHROMIUM


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Fails, and does not skip, where there is no Chromium: half of the product runs in it."""
    assert Path(CHROMIUM).exists(), f"{CHROMIUM} is missing: sudo apt-get install -y chromium"
    with sync_playwright() as started:
        yield started
