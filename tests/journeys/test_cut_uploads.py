"""The line breaks at every byte of an upload and of its answer: each scan stands in the log once, whatever was cut."""

import json
import shutil
import socket
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import orjson
import pytest

from bench.clients import log_in
from tests.browser.server import Server
from tests.conftest import settings_for
from tests.factories.custody import NOW, a_town
from tests.factories.identity import PASSWORD
from tests.factories.phones import SignedPhone, an_enrolled_phone
from webapp.app import create_app
from webapp.kernel.base.db import db


@dataclass
class Line:
    """A phone's way to a real server, which can be cut."""

    server: Server
    cookie: str
    phone: SignedPhone
    code: str
    made: int = 0

    def scans(self, count: int) -> list[dict[str, Any]]:
        """Signed and chained, each of its own."""
        self.made += count
        return [self.phone.scan("loaded", self.code, NOW + self.made) for _ in range(count)]

    def request(self, items: list[dict[str, Any]]) -> bytes:
        """The bytes of an upload, as they cross the wire."""
        body = orjson.dumps({"dev": self.phone.dev, "sent_at": NOW, "items": items})
        head = (
            f"POST /api/scans HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\nX-Ashiato: 1\r\n"
            f"Cookie: {self.cookie}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    @contextmanager
    def open(self, data: bytes) -> Iterator[socket.socket]:
        """Send these bytes; hang up at the end, whatever has arrived."""
        with closing(socket.create_connection(("127.0.0.1", self.server.port), timeout=30)) as wire:
            wire.sendall(data)
            yield wire

    def send(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Upload in whole; the receipts."""
        with closing(HTTPConnection("127.0.0.1", self.server.port, timeout=60)) as connection:
            body = orjson.dumps({"dev": self.phone.dev, "sent_at": NOW, "items": items})
            connection.request("POST", "/api/scans", body, {"X-Ashiato": "1", "Cookie": self.cookie})
            answer = json.loads(connection.getresponse().read())
        receipts: list[dict[str, Any]] = answer["receipts"]
        return receipts

    def recorded(self) -> Counter[str]:
        """How often each scan stands in the log."""
        with sqlite3.connect(self.server.folder / "test.db") as database:
            rows = database.execute("SELECT raw FROM ledger_entries WHERE kind = 'custody.scan'").fetchall()
        return Counter(json.loads(json.loads(raw)["p"])["id"] for (raw,) in rows)


@pytest.fixture
def line(sqlite_template: Path, tmp_path: Path) -> Iterator[Line]:
    shutil.copyfile(sqlite_template, tmp_path / "test.db")
    server = Server(tmp_path)
    with create_app(settings_for(f"sqlite:///{tmp_path / 'test.db'}", tmp_path)).app_context():
        town = a_town(devices=1)
        phone = an_enrolled_phone(town, "officer", NOW)
        login, code = str(town.people["officer"].login), town.codes[0]
        db.session.remove()
        db.engine.dispose()
    try:
        server.start()
        yield Line(server, log_in(server.port, login, PASSWORD), phone, code)
    finally:
        server.kill()


def _id(item: dict[str, Any]) -> str:
    return str(orjson.loads(item["p"])["id"])


def test_an_upload_cut_at_any_byte_of_request_or_answer_lands_once(line: Line) -> None:
    # given the unluckiest phone: its request is cut behind each of its bytes in turn
    waiting = line.scans(2)
    whole = line.request(waiting)
    for end in range(len(whole)):
        with line.open(whole[:end]):
            pass
    assert [line.recorded()[_id(item)] for item in waiting] == [0, 0], "half a request records nothing"

    # and then the answer, behind each byte that it has: the phone has no receipt, and sends again
    end, complete = 0, False
    while not complete:
        with line.open(whole) as wire:
            complete = _is_whole(_read(wire, end))
        end += 1
    assert end > 1_000

    # when at last everything gets through
    receipts = line.send(waiting)

    # then each scan has its receipt, and stands in the log once
    assert [each["status"] for each in receipts] == ["duplicate", "duplicate"]
    assert [line.recorded()[_id(item)] for item in waiting] == [1, 1]


def _read(wire: socket.socket, most: int) -> bytes:
    """So many bytes of the answer, and no more."""
    data = b""
    while len(data) < most and not _is_whole(data):
        got = wire.recv(most - len(data))
        assert got, "the server hung up"
        data += got
    return data


def _is_whole(data: bytes) -> bool:
    """Whether this is an answer to its last byte."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return False
    told = next(each for each in head.lower().split(b"\r\n") if each.startswith(b"content-length: "))
    return len(body) == int(told[len("content-length: ") :])
