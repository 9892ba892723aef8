"""A throw-away PostgreSQL for tests: Debian's own server in a temporary folder, one database a test.

The server is the child of a small guard process, which ends it and removes the folder as soon as the tests
are gone, also when they were killed: the guard reads a pipe whose other end only the tests hold.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    import psycopg

READY, READY_WITHIN_S = "ready", 60
ROLE, TEMPLATE = "ashiato", "ashiato_template"
#: Tests can lose data in a power cut; they cannot lose minutes.
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
)
#: To copy a template as files takes a third of the time that it takes through the log. Older servers know no other way.
FILES = "STRATEGY FILE_COPY"
KNOWS_STRATEGIES = 150_000
#: What emptying cannot undo, if a test did it: something to a table, index or sequence, to their columns, to triggers.
SHAPE = """SELECT md5(string_agg(it, ',' ORDER BY it)) FROM (
  SELECT format('%s %s %s', oid, relnatts, relchecks) FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s', oid, tgenabled) FROM pg_trigger) AS every (it)"""
EMPTY = """DO $$ DECLARE it regclass; BEGIN
  SET LOCAL session_replication_role = replica;  -- no triggers, no foreign keys
  FOR it IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND relname <> 'alembic_version' LOOP EXECUTE format('DELETE FROM %s', it); END LOOP;
  FOR it IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
    LOOP PERFORM setval(it, 1, false); END LOOP;
END $$"""


class NoPostgres(Exception):
    """PostgreSQL cannot be started here; the message says why."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server."""

    folder: Path
    admin: "psycopg.Connection"
    used: dict[str, str] = field(default_factory=dict)  # databases that are empty again, and their shape

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of one of its databases."""
        return f"postgresql+psycopg://{ROLE}@/{database}?host={self.folder}"

    def make_template(self, build: Callable[[str], None]) -> None:
        """Let `build(url)` fill the database that all others copy. It must close its connections."""
        self._execute(f"CREATE DATABASE {TEMPLATE}")
        build(self.url(TEMPLATE))

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[str]:
        """The URL of a database as its template is; nobody is connected to it afterwards.

        What the last test left is emptied: a new copy of all those files takes ten times as long.
        """
        again = template == TEMPLATE and bool(self.used)
        name, shape = self.used.popitem() if again else self._copied(template)
        try:
            yield self.url(name)
        finally:
            if template == TEMPLATE and self._emptied(name, shape):
                self.used[name] = shape
            else:
                self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _copied(self, template: str) -> tuple[str, str]:
        name = f"test_{uuid4().hex}"
        how = FILES if self.admin.info.server_version >= KNOWS_STRATEGIES else ""
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} {how}")
        with self._inside(name) as own:
            return name, _shape(own)

    def _emptied(self, name: str, shape: str) -> bool:
        """False if a test has changed more than rows: then nobody gets this one again."""
        self._execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        with self._inside(name) as own:
            if _shape(own) != shape:
                return False
            own.execute(EMPTY)
        return True

    def _inside(self, name: str) -> "psycopg.Connection":
        import psycopg

        return psycopg.connect(host=str(self.folder), user=ROLE, dbname=name, autocommit=True)

    def _execute(self, statement: str) -> None:
        self.admin.execute(statement.encode())


def _shape(own: "psycopg.Connection") -> str:
    (shape,) = own.execute(SHAPE).fetchone() or ("",)
    return str(shape)


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """Start a server, end it afterwards. Raises NoPostgres, with the reason, where none can be had.

    `durable`: with the settings that PostgreSQL comes with, as a town runs it; a commit is on the disk.
    """
    import psycopg  # not at the top: the guard runs this file too and starts faster without it

    guard = subprocess.Popen(
        [sys.executable, __file__, str(_programs()), *([] if durable else FAST)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests; the guard cleans up after them
    )
    with guard:
        answer = (guard.stdout.readline() if guard.stdout else "").split()
        if answer[:1] != [READY]:
            raise NoPostgres("the server did not start; its own words are above")
        with psycopg.connect(host=answer[1], user=ROLE, dbname="postgres", autocommit=True) as admin:
            yield Cluster(Path(answer[1]), admin)
        guard.communicate()  # closes its input, which ends it


def _programs() -> Path:
    """The folder of initdb and postgres; the newest of Debian's, else the one on PATH."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: float(path.parts[-3]), default=None) or shutil.which("initdb")
    if newest is None:
        raise NoPostgres("initdb is missing: apt-get install postgresql")
    return Path(newest).resolve().parent


def _guard(programs: Path, settings: Sequence[str]) -> None:
    """Run a server until standard input ends, then leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="ashiato-pg-", dir="/tmp"))  # a socket's path is 107 bytes
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(1))
    try:
        _serve(programs, folder, settings)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(programs: Path, folder: Path, settings: Sequence[str]) -> None:
    user = _unprivileged()
    if user:
        shutil.chown(folder, user)
    data, locale = str(folder / "data"), ["--encoding=UTF8", "--locale=C.UTF-8"]
    make = [str(programs / "initdb"), "-D", data, "-U", ROLE, "-A", "trust", "--no-sync", *locale]
    subprocess.run(make, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    options = [word for setting in settings for word in ("-c", setting)]
    start = [str(programs / "postgres"), "-D", data, "-k", str(folder), "-c", "listen_addresses=", *options]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(start, user=user, cwd=folder, stderr=log) as server,
    ):
        try:
            _wait(programs, folder, server)
            sys.stdout.write(f"{READY} {folder}\n")
            sys.stdout.flush()
            sys.stdin.read()
        finally:
            server.send_signal(signal.SIGQUIT)  # at once, without a last checkpoint
            server.wait()


def _wait(programs: Path, folder: Path, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    ask = [str(programs / "pg_isready"), "-q", "-h", str(folder)]
    while subprocess.run(ask, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            sys.stderr.write((folder / "log").read_text(errors="replace"))
            sys.exit(1)
        time.sleep(0.05)


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: its own account then, or nobody's."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


if __name__ == "__main__":
    _guard(Path(sys.argv[1]), sys.argv[2:])
