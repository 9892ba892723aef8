"""What a node knows, on its own disk: one SQLite file in a folder that only one node uses at a time."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: A cosignature or an entry that was acknowledged survives a power cut; a waiter gives up after ten seconds.
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "busy_timeout = 10000",
    "journal_size_limit = 4194304",
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS logs (
    url TEXT PRIMARY KEY, origin TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE, vkey TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cosigned (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL, at_s INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS copies (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, frontier BLOB NOT NULL, note BLOB);
CREATE TABLE IF NOT EXISTS tiles (
    origin TEXT NOT NULL, level INTEGER NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (origin, level, number));
CREATE TABLE IF NOT EXISTS shown (
    origin TEXT NOT NULL, size INTEGER NOT NULL, note BLOB NOT NULL, PRIMARY KEY (origin, size));
CREATE TABLE IF NOT EXISTS unexamined (
    origin TEXT NOT NULL, text TEXT NOT NULL, size INTEGER NOT NULL, note BLOB NOT NULL, shown_by TEXT NOT NULL,
    PRIMARY KEY (origin, text));
CREATE TABLE IF NOT EXISTS evidence (
    origin TEXT NOT NULL, told TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL,
    ours BLOB, theirs BLOB NOT NULL, shown_by TEXT NOT NULL, found_at INTEGER NOT NULL,
    PRIMARY KEY (origin, told, kind));
CREATE TABLE IF NOT EXISTS members (
    origin TEXT NOT NULL, name TEXT NOT NULL, vkey TEXT NOT NULL, mirror_vkey TEXT NOT NULL, url TEXT NOT NULL,
    retired INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (origin, name));
CREATE TABLE IF NOT EXISTS pulses (
    origin TEXT PRIMARY KEY, log_size INTEGER NOT NULL, last_ok_at INTEGER, failure TEXT NOT NULL);
"""


class StoreTaken(Exception):
    """Another node works in this folder."""


class Store:
    """The folder of a node. Every thread gets its own connection; `claim` first, unless one only looks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._of_thread = threading.local()
        self._lock: int | None = None

    def claim(self) -> None:
        """Make the folder ours until this process ends. Raises StoreTaken if it is another's.

        The lock passes to children that are forked; it falls with the last of them, however they end.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise StoreTaken(str(self.folder)) from None

    def prepare(self) -> None:
        """Make the tables that are missing."""
        connection = self._open()
        connection.executescript(_SCHEMA)
        connection.close()

    def reading(self) -> sqlite3.Connection:
        """This thread's connection, for single statements."""
        found: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if found is None:
            found = self._of_thread.connection = self._open()
        return found

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One unit of work: the write lock is taken at once, all of it is on disk when the block ends, or nothing."""
        connection = self.reading()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Let go of this thread's connection and of the folder."""
        self.forget()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def forget(self) -> None:
        """Let go of this thread's connection: SQLite must not be carried across a fork."""
        connection: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is not None:
            connection.close()
            del self._of_thread.connection

    def fact(self, name: str) -> str:
        """A setting that was kept, "" if none was."""
        row = self.reading().execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def keep_fact(self, name: str, value: str) -> None:
        """Keep a setting."""
        with self.writing() as sql:
            sql.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.folder / "node.db", isolation_level=None, timeout=10)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection
