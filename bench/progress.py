"""One line a part that moves while it works."""

import sys
from typing import Any

from tqdm import tqdm


class Progress:
    """The line of the part that runs. In a log it is written once, at the end."""

    def __init__(self, *, silent: bool = False) -> None:
        self._silent = silent
        self._bar: Any = None

    def begin(self, title: str, total: int) -> None:
        """A new line."""
        self._bar = tqdm(total=total, desc=title, file=sys.stderr, disable=self._silent, unit="", leave=True)

    def step(self, count: int) -> None:
        """So much more is done."""
        self._bar.update(count)

    def end(self) -> None:
        """The line stays as it is."""
        self._bar.close()
