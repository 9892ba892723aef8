"""Habits of the look: what the CSP and the design system forbid is nowhere, every part is as it is named."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from webapp.app import create_app
from webapp.kernel.base import i18n

WEBAPP = Path(i18n.__file__).resolve().parents[2]
CSS = WEBAPP / "static" / "css"
SPRITE = (WEBAPP / "static" / "icons.svg").read_text()
PAGES = [path for path in WEBAPP.rglob("templates/**/*.html") if path.name != "labels.html"]
COMPONENTS = [path for path in (CSS / "components").glob("*.css") if not path.name.startswith("app-")]
FORBIDDEN = {
    "an inline style": r"\sstyle=|<style",
    "an inline script": r"<script(?![^>]*\ssrc=)|\son[a-z]+=\"",
    "a placeholder": r"placeholder",
    "a disabled or readonly field": r"\b(?:disabled|readonly)\b(?![^>]*aria-hidden)",
    "another site": r"(?:src|href)=\"(?:https?:)?//",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(what: str) -> None:
    found = {path.name for path in PAGES if re.search(FORBIDDEN[what], without_comments(path.read_text()))}
    assert found == set()


def test_only_the_tokens_know_a_colour() -> None:
    files = [*COMPONENTS, CSS / "base.css", CSS / "layout.css"]
    assert {path.name for path in files if re.search(r"#[0-9a-fA-F]{3,8}\b", path.read_text())} == set()


def test_every_component_is_part_of_the_one_style_sheet() -> None:
    imported = set(re.findall(r'@import "components/([a-z-]+\.css)"', (CSS / "app.css").read_text()))
    assert imported == {path.name for path in COMPONENTS}


def test_every_style_stands_in_a_layer() -> None:
    for path in [*COMPONENTS, CSS / "base.css", CSS / "layout.css", CSS / "tokens.css"]:
        outside = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL).lstrip()
        assert outside.startswith("@layer "), path.name


def test_every_token_that_is_used_is_defined() -> None:
    defined = set(re.findall(r"(--[a-z0-9-]+):", (CSS / "tokens.css").read_text()))
    used = {
        token
        for path in CSS.rglob("*.css")
        for token in re.findall(r"var\((--[a-z0-9-]+)\)", path.read_text())
    }
    own = {token for path in CSS.rglob("*.css") for token in re.findall(r"(--[a-z0-9-]+):", path.read_text())}
    assert used - defined - own == set()


def test_every_icon_that_is_named_is_drawn_once() -> None:
    drawn = re.findall(r'<symbol id="([a-z-]+)"', SPRITE)
    named = {name for path in PAGES for name in re.findall(r'icon(?:_name=|\()"([a-z-]+)"', path.read_text())}
    assert len(drawn) == len(set(drawn))
    assert named - set(drawn) == set()


def test_the_style_page_shows_every_component_in_tests(client: FlaskClient) -> None:
    page = client.get("/style")
    assert page.status_code == 200
    for block in (
        "card",
        "ring",
        "flow",
        "timeline",
        "discrepancy",
        "table",
        "pager",
        "bars",
        "progress",
        "notice",
    ):
        assert f'class="{block}' in page.text, block


def test_the_style_page_is_not_there_otherwise(tmp_path: Path) -> None:
    site = create_app({"SECRET_KEY": "x", "SQLALCHEMY_DATABASE_URI": "sqlite://", "INSTANCE": str(tmp_path)})
    assert "style.page" not in site.view_functions


def without_comments(text: str) -> str:
    """A template without its `{# … #}`."""
    return re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
