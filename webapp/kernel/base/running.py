"""Whether the site or its publisher runs on this instance: what is put back must not change under their hands."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def announce(folder: Path) -> int:
    """Say, until this process and its children end, that something runs here. Answers the file that holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "running", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


@contextmanager
def announced(folder: Path) -> Iterator[None]:
    """The same while a block runs."""
    lock = announce(folder)
    try:
        yield
    finally:
        os.close(lock)


def runs(folder: Path) -> bool:
    """Whether anybody announced it and has not ended since, however they ended."""
    try:
        lock = os.open(folder / "running", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
