"""Another program that has the write lock of SQLite when somebody here wants it."""

import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from threading import Timer, get_ident
from typing import Any
from unittest.mock import patch

from flask import current_app
from sqlalchemy import event

from webapp.kernel.base.db import db


@dataclass
class Meanwhile:
    """What happened while the lock was somebody else's: `rehearsed` tells whether we went through our work."""

    rehearsed: bool = False
    answers: list[Any] = field(default_factory=list)


@contextmanager
def another_writer(then: Callable[[], Any] = lambda: None, patience: float = 20) -> Iterator[Meanwhile]:
    """It has the lock until whoever waits for it here has gone through its work; after that it does `then` first.

    `then` is done in a thread of its own with doors of its own, as in another process. Who does nothing while waiting
    gets the lock after `patience` seconds.
    """
    seen, me, begun = Meanwhile(), get_ident(), list[str]()
    held = os.open(f"{db.engine.url.database}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX)
    given_up = Timer(patience, fcntl.flock, [held, fcntl.LOCK_UN])

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if get_ident() == me and statement == "BEGIN":
            begun.append(statement)

    def ended(_connection: Any) -> None:
        if get_ident() == me and begun and not seen.rehearsed:
            seen.rehearsed = True
            fcntl.flock(held, fcntl.LOCK_UN)
            seen.answers.append(_elsewhere(then))

    event.listen(db.engine, "before_cursor_execute", note)
    event.listen(db.engine, "rollback", ended)
    given_up.start()
    try:
        with patch("webapp.kernel.intake.service.one_at_a_time", nullcontext):
            yield seen
    finally:
        given_up.cancel()
        given_up.join()
        event.remove(db.engine, "before_cursor_execute", note)
        event.remove(db.engine, "rollback", ended)
        os.close(held)


def _elsewhere(work: Callable[[], Any]) -> Any:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001

    def run() -> Any:
        with app.app_context():
            return work()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(60)
