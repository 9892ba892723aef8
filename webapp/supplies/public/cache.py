"""A page that everybody sees alike is made once for each state of its log, however many look at it.

Whatever changes what these pages say is an entry, so the size of the log tells whether a page still holds. After
`GOOD_FOR` seconds it is made anew all the same: ages (「3時間前」) and names of organisations move without an entry.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

from flask import current_app, session
from sqlalchemy import select

from webapp.kernel.base.db import db
from webapp.kernel.ledger.models import Head

GOOD_FOR, MOST_PAGES = 20.0, 128
_NAME = "relief_pages"


@dataclass
class _Page:
    """What was made last, for which size of the log. Its lock lets one make it while the others wait for that."""

    lock: Lock = field(default_factory=Lock)
    size: int = -1
    made: float = 0.0
    text: str = ""


class Pages:
    """The pages of one process."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[str, ...], _Page] = OrderedDict()
        self._lock = Lock()

    def text(self, key: tuple[str, ...], size: int, make: Callable[[], str]) -> str:
        """The page, made now unless it was made for this size of the log or a later one."""
        page = self._page(key)
        with page.lock:
            if page.size < size or monotonic() - page.made > GOOD_FOR:
                page.text, page.size, page.made = make(), size, monotonic()
            return page.text

    def _page(self, key: tuple[str, ...]) -> _Page:
        with self._lock:
            page = self._pages.setdefault(key, _Page())
            self._pages.move_to_end(key)
            while len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)
            return page


def shared(log: str, key: tuple[str, ...], make: Callable[[], str]) -> str:
    """The page of this log under `key` (address and language), from memory where it still holds.

    Who is to be told something on the next page (a flashed message) gets one of their own.
    """
    if "_flashes" in session:
        return make()
    pages: Pages = current_app.extensions.setdefault(_NAME, Pages())
    size = db.session.scalar(select(Head.size).where(Head.log == log))
    return make() if size is None else pages.text((log, *key), size, make)
