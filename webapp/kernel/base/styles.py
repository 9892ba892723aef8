"""The style sheet of all pages as one file: css/app.css with what it imports, under the hash of its bytes.

A component stays a file of its own in the source. A browser that followed the imports would ask for forty files one
by one, and once more for each page: on a phone in a queue that is the longest part of the wait.
"""

import re
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, url_for

from webapp.kernel.base import packing
from webapp.kernel.base.packing import File

bp = Blueprint("styles", __name__)

_IMPORT = re.compile(r'^@import "([^"]+)";$', re.MULTILINE)


def init(app: Flask) -> None:
    """Templates get `style_sheet()`, its address."""
    app.jinja_env.globals.update(style_sheet=_address)


def joined(folder: Path) -> File:
    """`app.css` of this folder with the text of each sheet in the place of its import. Raises FileNotFoundError."""
    whole = (folder / "app.css").read_text("utf-8")
    return packing.file_of(_IMPORT.sub(lambda found: (folder / found[1]).read_text("utf-8"), whole).encode())


def _sheet() -> File:
    known: File | None = current_app.extensions.get("styles")
    if known is None or current_app.debug:
        known = current_app.extensions["styles"] = joined(Path(str(current_app.static_folder)) / "css")
    return known


def _address() -> str:
    return url_for("styles.sheet", build=_sheet().sha256[:16])


@bp.get("/static/styles/<build>.css")
def sheet(build: str) -> Response:
    """The present sheet. A page of another release gets it too, but may not keep it."""
    now = _sheet()
    response = packing.answer(now, "app.css", "text/css")
    if build != now.sha256[:16]:
        response.headers["Cache-Control"] = "no-cache"
    return response
