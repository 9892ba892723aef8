"""Boxes with real labels before a phone's camera, and the town behind it that printed them."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tests.browser.films import film
from tests.browser.handset import Handset
from tests.browser.server import Server
from tests.conftest import settings_for
from tests.kernel.scanning import paper
from tests.kernel.scanning.paper import Picture
from webapp.app import create_app
from webapp.kernel.base.db import db

#: Where both codes stand on a printed label: top, bottom, left, right.
CODES_MM = (23, 132, 5, 76)
T = TypeVar("T")


@dataclass
class Behind:
    """The address of a town, and a look into its tables."""

    server: Server

    @property
    def url(self) -> str:
        """The address people type."""
        return self.server.url

    def on_the_server(self, ask: Callable[[], Any]) -> Any:
        """What the read tables say now."""
        folder = self.server.folder
        with create_app(settings_for(f"sqlite:///{folder / 'test.db'}", folder)).app_context():
            answer = ask()
            db.session.remove()
            db.engine.dispose()
        return answer


@contextmanager
def told(template: Path, folder: Path, settle: Callable[[Server], T]) -> Iterator[T]:
    """A town that `settle` has told, behind a server of its own while the block runs."""
    shutil.copyfile(template, folder / "test.db")
    server = Server(folder)
    base = {"PUBLIC_BASE": server.url, "QR_BASE": server.url, "QR_PREFIXES": [server.url]}
    with create_app(settings_for(f"sqlite:///{folder / 'test.db'}", folder) | base).app_context():
        town = settle(server)
        db.session.remove()
        db.engine.dispose()
    try:
        server.start()
        yield town
    finally:
        server.kill()


def codes_on(printed: Any) -> Picture:
    """Both codes of the first label of a sheet of two, cut out."""
    assert isinstance(printed, bytes), printed
    sheet = paper.printed(printed)
    top, bottom, left, right = (round(mm * paper.DPI / 25.4) for mm in CODES_MM)
    return np.ascontiguousarray(sheet[top:bottom, left:right])


def looked_at(phone: Handset, folder: Path, films: Sequence[Picture]) -> None:
    """The phone's camera sees these, one after the other, from the next start on."""
    phone.film = film(folder / "boxes.y4m", films, per_frame=1)
