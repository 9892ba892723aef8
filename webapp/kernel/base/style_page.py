"""A page for us, never in production: every component once, at `/style`, to be looked at on a phone."""

import re
from pathlib import Path

from flask import Blueprint, Flask, current_app, render_template

bp = Blueprint("style", __name__)


def init(app: Flask) -> None:
    """Serve `/style` in debug and in tests; nowhere else."""
    if app.debug or app.testing:
        app.register_blueprint(bp)


@bp.get("/style")
def page() -> str:
    """Each component in each of its states."""
    return render_template(
        "style.html",
        menu=[("案件", "style.page"), ("部品", "style.page")],
        organisation="最上町役場 総務課",
        icons=_icons(),
        page_address="/style?page={}".format,
    )


def _icons() -> list[str]:
    text = (Path(current_app.static_folder or "") / "icons.svg").read_text()
    return re.findall(r'symbol id="([a-z-]+)"', text)
