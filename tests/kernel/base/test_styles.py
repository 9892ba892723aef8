"""One style sheet for all pages, in one file, kept for ever under the name of its bytes."""

import gzip
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from webapp.kernel.base import styles

CSS = Path(styles.__file__).resolve().parents[2] / "static" / "css"


def address(client: FlaskClient) -> str:
    """Where a page says that its style sheet is."""
    (found,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', client.get("/").text)
    return str(found)


def test_a_page_has_one_style_sheet_that_imports_nothing_and_holds_every_component(
    client: FlaskClient,
) -> None:
    sheet = client.get(address(client)).text
    assert "@import" not in sheet
    names = re.findall(r'@import "([^"]+)";', (CSS / "app.css").read_text("utf-8"))
    parts = [(CSS / name).read_text("utf-8") for name in names]
    places = [sheet.index(part) for part in parts]
    assert len(parts) > 30
    assert places == sorted(places)
    assert sheet.index("@layer tokens, base, layout, components, app, print;") < places[0]


def test_it_may_be_kept_for_ever_and_is_packed(client: FlaskClient) -> None:
    plain = client.get(address(client))
    packed = client.get(address(client), headers={"Accept-Encoding": "gzip"})
    assert plain.mimetype == "text/css"
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 3


def test_a_page_of_another_release_gets_the_present_sheet_and_does_not_keep_it(client: FlaskClient) -> None:
    answer = client.get("/static/styles/0123456789abcdef.css")
    assert answer.data == client.get(address(client)).data
    assert answer.headers["Cache-Control"] == "no-cache"


def test_another_sheet_has_another_name(tmp_path: Path) -> None:
    (tmp_path / "part.css").write_text("a { color: red; }")
    (tmp_path / "app.css").write_text('@import "part.css";\n')
    before = styles.joined(tmp_path)
    (tmp_path / "part.css").write_text("a { color: blue; }")
    after = styles.joined(tmp_path)
    assert b"red" in before.data
    assert b"blue" in after.data
    assert before.sha256 != after.sha256


def test_a_sheet_that_is_missing_is_heard_of_at_once(tmp_path: Path) -> None:
    (tmp_path / "app.css").write_text('@import "gone.css";\n')
    with pytest.raises(FileNotFoundError, match=r"gone\.css"):
        styles.joined(tmp_path)
