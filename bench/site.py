"""The real application over a database in a folder of its own, in this process and behind gunicorn."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from alembic import command
from flask import Flask

from webapp.app import create_app
from webapp.cli import alembic_config
from webapp.kernel.base.db import db

ROOT = Path(__file__).resolve().parents[1]
SECRET = "a bench has no secrets"  # noqa: S105


def database(folder: Path) -> Path:
    """The database file of a site in `folder`."""
    return folder / "ashiato.db"


@contextmanager
def application(folder: Path, url: str = "") -> Iterator[Flask]:
    """The application in this process, its schema made by the migrations; inside its context. `url`: not SQLite."""
    url = url or f"sqlite:///{database(folder)}"
    app = create_app(
        {"SECRET_KEY": SECRET, "SQLALCHEMY_DATABASE_URI": url, "EVIDENCE_DIR": str(folder / "evidence")}
        | {"INSTANCE": str(folder), "LOG_LEVEL": "WARNING", "RATELIMIT_ENABLED": False}
    )
    with app.app_context():
        command.upgrade(alembic_config(url), "head")
        yield app
        db.session.remove()
        db.engine.dispose()


@dataclass(frozen=True, slots=True)
class Server:
    """A running gunicorn."""

    port: int
    pid: int

    def cpu(self) -> float:
        """CPU seconds that it and its workers have used: what neighbours on the machine change least."""
        return sum(_cpu(pid) for pid in (self.pid, *_children(self.pid)))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(
    folder: Path, target: str = "wsgi:app", options: Sequence[str] = (), *, workers: int = 2
) -> Iterator[Server]:
    """gunicorn with the settings of production. Clients stand behind a proxy as phones do."""
    port = free_port()
    argv = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        str(ROOT / "deploy" / "gunicorn_conf.py"),
        *options,
        target,
    ]
    with (folder / f"server-{port}.log").open("wb") as log:
        server = subprocess.Popen(
            argv, cwd=ROOT, env=environment(folder, port, workers), stdout=log, stderr=log
        )
    try:
        _wait(port, server, folder / f"server-{port}.log")
        yield Server(port, server.pid)
    finally:
        server.terminate()
        server.wait(timeout=30)


def environment(folder: Path, port: int, workers: int) -> dict[str, str]:
    """What a process of ours is told: nothing of this shell but where programs are."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "LC_ALL"}}
    return kept | {
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "WEB_CONCURRENCY": str(workers),
        "SECRET_KEY": SECRET,
        "ASHIATO_INSTANCE": str(folder),
        "DATABASE_URL": f"sqlite:///{database(folder)}",
        "EVIDENCE_DIR": str(folder / "evidence"),
        "PUBLIC_BASE": f"http://127.0.0.1:{port}",
        "TRUSTED_PROXIES": "1",
    }


def free_port() -> int:
    """A port on which nobody listens right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    raise RuntimeError(f"gunicorn did not start: {log.read_text(errors='replace')[-2000:]}")
