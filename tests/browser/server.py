"""The site as people run it: gunicorn and a SQLite file, in a process of its own that can lose its power."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from tests.conftest import settings_for
from tests.factories.custody import Journey, Town, a_town, issue_codes
from tests.factories.identity import PASSWORD
from webapp.app import create_app
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.identity.models import Person
from webapp.kernel.phones import enrolment
from webapp.kernel.scanning.models import IssuedCode

ROOT = Path(__file__).parents[2]
GUNICORN = Path(sys.executable).with_name("gunicorn")
READY_WITHIN_S = 60


class Server:
    """gunicorn on a free port of this machine; `folder` holds the database and the photos."""

    def __init__(self, folder: Path, more: Mapping[str, str] | None = None, site: str = "wsgi:app") -> None:
        self.folder, self._more, self._site = folder, more or {}, site
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        """How this site is set up; `ashiato` commands with it work on the same site."""
        return os.environ | {
            "ASHIATO_INSTANCE": str(self.folder),
            "DATABASE_URL": f"sqlite:///{self.folder / 'test.db'}",
            "EVIDENCE_DIR": str(self.folder / "evidence"),
            "MAIL_SINK": str(self.folder / "mails"),
            "SECRET_KEY": "test",
            "PUBLIC_BASE": self.url,
            "QR_BASE": self.url,
            "QR_PREFIXES": self.url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "1",
            "WEB_THREADS": "4",
            **self._more,
        }

    def start(self) -> None:
        """Serve, and return when it answers. Raises AssertionError with the log if it does not."""
        command = [str(GUNICORN), "--config", str(ROOT / "deploy" / "gunicorn_conf.py"), self._site]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._answers():
            gone = self._process.poll() is not None or time.monotonic() > deadline
            assert not gone, (self.folder / "server.log").read_text()[-4000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """A power cut: no goodbye, no answer from an open connection. Harmless when it is down."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's account."""

    login: str
    name: str
    password: str = PASSWORD


@dataclass(frozen=True, slots=True)
class Place:
    """A town behind a real server: who works there, and what is stuck on what."""

    server: Server
    title: str
    job: str
    people: dict[str, Member]
    names: dict[str, str]  # code → 管理番号
    codes: list[str]
    cages: list[str]
    spare: list[str]  # issued and stuck on nothing
    sheets: "Sheets"

    @property
    def url(self) -> str:
        """The address people type."""
        return self.server.url

    def rows(self, query: str, *words: str) -> list[tuple[Any, ...]]:
        """What the town's database says, past the server."""
        with sqlite3.connect(self.server.folder / "test.db") as database:
            return database.execute(query, words).fetchall()

    def entries(self) -> list[dict[str, Any]]:
        """The log's entries about scans, oldest first; under `scan`, what the phone said."""
        rows = self.rows("SELECT raw FROM ledger_entries WHERE kind = 'custody.scan' ORDER BY idx")
        entries = [json.loads(raw) for (raw,) in rows]
        return [{**entry, "scan": json.loads(entry["p"])} for entry in entries]

    def enrolment_code(self, who: str) -> str:
        """What the office's screen shows this person: a fresh code for one phone."""
        folder = self.server.folder
        with create_app(settings_for(f"sqlite:///{folder / 'test.db'}", folder)).app_context():
            ids = {person.login: person.id for person in db.session.query(Person)}
            for_whom, by_whom = (ids[self.people[name].login] for name in (who, "officer"))
            code = enrolment.issue(for_whom, by_whom, now_ms())
            db.session.remove()
            db.engine.dispose()
        assert isinstance(code, str)
        return code


class Sheets(dict[str, bytes]):
    """ "device", "spare" or "cage" → the PDF of their labels, printed when somebody asks: it takes seconds."""

    def __init__(self, app: Flask, officer: Member, addresses: dict[str, str]) -> None:
        super().__init__()
        self._app, self._officer, self._addresses = app, officer, addresses

    def __missing__(self, kind: str) -> bytes:
        with self._app.app_context():
            client = self._app.test_client()
            client.post("/login", data={"login": self._officer.login, "password": self._officer.password})
            sheet = self[kind] = bytes(client.get(self._addresses[kind]).data)
            db.session.remove()
            db.engine.dispose()
        return sheet


Prepare = Callable[[Town, Journey], object]


def ready_to_load(town: Town, journey: Journey) -> None:
    """Everything is registered and erased, with a witness."""
    everything = range(len(town.codes))
    town.send("officer", *journey.register(*everything))
    town.send("technician", *journey.sanitize(*everything))


@contextmanager
def a_place(
    template: Path,
    folder: Path,
    *,
    devices: int = 12,
    cages: int = 1,
    prepare: Prepare = ready_to_load,
    site: str = "wsgi:app",
) -> Iterator[Place]:
    """A town told through the door into a fresh database, and its server running; killed at the end."""
    shutil.copyfile(template, folder / "test.db")
    server = Server(folder, site=site)
    base = {"PUBLIC_BASE": server.url, "QR_BASE": server.url, "QR_PREFIXES": [server.url]}
    app = create_app(settings_for(f"sqlite:///{folder / 'test.db'}", folder) | base)
    place = _settle(app, server, devices, cages, prepare)
    try:
        server.start()
        yield place
    finally:
        server.kill()


def _settle(app: Flask, server: Server, devices: int, cages: int, prepare: Prepare) -> Place:
    with app.app_context():
        town = a_town(devices=devices, cages=cages)
        spare = issue_codes(town, "device", 2)
        prepare(town, Journey(town))
        people = {who: Member(str(person.login), person.name) for who, person in town.people.items()}
        first = {"device": town.codes[0], "cage": town.cages[0], "spare": spare[0]}
        place = Place(
            server=server,
            title="最上町 2026-001",
            job=town.job,
            people=people,
            names={code: f"T-{number:04}" for number, code in enumerate(town.codes, 1)},
            codes=town.codes,
            cages=town.cages,
            spare=spare,
            sheets=Sheets(app, people["officer"], _label_pages(town, first)),
        )
        db.session.remove()
        db.engine.dispose()
    return place


def _label_pages(town: Town, first: dict[str, str]) -> dict[str, str]:
    """Where the officer downloads the label sheets, by the first code on each."""
    batches = {kind: db.session.get_one(IssuedCode, code).batch for kind, code in first.items()}
    return {kind: f"/consignments/{town.job}/labels/{batch}.pdf" for kind, batch in batches.items()}
