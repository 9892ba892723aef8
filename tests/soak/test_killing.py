"""Kill −9 of web, signer, publisher and nodes at random instants: the log stays one log, and no receipt is broken.

20 rounds in `make test`; `make soak` makes 500 and writes down what it saw (SOAK_ROUNDS, SOAK_SEED, SOAK_REPORT).
"""

import json
import os
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from bench import clients
from tests.conftest import ON_POSTGRES
from tests.factories.custody import Journey, Town, a_town
from tests.factories.identity import PASSWORD
from tests.soak.house import House, until
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.ledger.models import Head, LedgerEntry, NodeRequest, NodeState, SignedCheckpoint
from webapp.kernel.ledger.verification import verify
from webapp.kernel.witnesses import room

ROUNDS = int(os.environ.get("SOAK_ROUNDS", "20"))
SEED = int(os.environ.get("SOAK_SEED", "20261121"))
VICTIMS = ("web", "web", "signer", "publisher", "node1", "node2", "node3", "node4")
PATIENCE_S = 90


@dataclass
class Feeder:
    """A phone that sends without pause, and sends again whatever got no answer."""

    town: Town
    url: str
    cookie: str
    receipts: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    cut: int = 0

    def run(self, stop: threading.Event) -> None:
        journey, number = Journey(self.town), 0
        while not stop.is_set():
            items = journey.register(*((number + n) % 40 for n in range(10)))
            number += 10
            body = json.dumps({"dev": "", "sent_at": now_ms(), "items": items}).encode()
            while not self._sent(body) and not stop.is_set():
                self.cut += 1
                time.sleep(0.1)

    def _sent(self, body: bytes) -> bool:
        headers = {"Cookie": self.cookie, "X-Ashiato": "1", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/scans", body, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                self._keep(json.loads(answer.read())["receipts"])
        except (OSError, HTTPException, ValueError):
            return False
        return True

    def _keep(self, receipts: list[dict[str, Any]]) -> None:
        for receipt in receipts:
            first = self.receipts.setdefault(receipt["id"], receipt["index"])
            if receipt["status"] == "refused" or first != receipt["index"]:
                self.faults.append(str(receipt))


@pytest.fixture
def town(app: Flask) -> Town:
    """A town that registers PCs."""
    return a_town(devices=40)


@pytest.fixture
def house(town: Town, tmp_path: Path):
    """All processes, four admitted nodes."""
    house = House(tmp_path, town.log)
    try:
        house.open()
        _admit(town)
        yield house
    finally:
        house.close()


def _admit(town: Town) -> None:
    """The officer admits the four as they ask."""

    def admitted() -> bool:
        db.session.rollback()
        asking = {row.vkey: row for row in db.session.scalars(select(NodeRequest))}
        for vkey in asking.keys() - done:
            item = town.phones["officer"].command(room.ADMITTED, now_ms(), dict(room.admission(asking[vkey])))
            (answer,) = town.send("officer", item, now=now_ms())
            assert answer.refusal is None, answer.refusal
            done.add(vkey)
        return len(done) == 4

    done: set[str] = set()
    until(admitted, "four nodes ask to be admitted", PATIENCE_S)


@pytest.mark.alone
@pytest.mark.skipif(ON_POSTGRES, reason="the processes share a SQLite file here")
def test_whatever_is_killed_the_log_is_whole_and_every_receipt_holds(house: House, town: Town) -> None:
    # given a phone that never stops sending
    rng, killed, stop = random.Random(SEED), Counter[str](), threading.Event()  # noqa: S311
    cookie = clients.log_in(house.port, str(town.people["officer"].login), PASSWORD)
    feeder = Feeder(town, house.url, cookie)
    thread = threading.Thread(target=feeder.run, args=(stop,))
    thread.start()
    try:
        # when processes are killed one after the other, some of them in the middle of what they do
        for _ in range(ROUNDS):
            time.sleep(rng.uniform(0, 0.6))
            victim = house.programs[rng.choice(VICTIMS)]
            victim.kill()
            killed[victim.name.rstrip("1234")] += 1
            assert whole(town.log)
            victim.start()
    finally:
        stop.set()
        thread.join(timeout=60)
    # then the log is one log, and what phones were told stands where they were told
    assert whole(town.log)
    assert feeder.faults == []
    assert recorded(town.log, feeder.receipts) == feeder.receipts
    # and once everything is up again, all of it is cosigned, and nobody has seen two histories
    until(lambda: cosigned(town.log) == size(town.log), "all is cosigned", PATIENCE_S)
    assert disagreeing(town.log) == 0
    assert whole(town.log)
    _report(killed, len(feeder.receipts), feeder.cut, size(town.log))


def whole(log: str) -> bool:
    """Every leaf, tile, root and signed checkpoint."""
    db.session.rollback()
    check = verify(db.session(), log)
    assert check.fault == "", check
    return True


def recorded(log: str, receipts: dict[str, int]) -> dict[str, int]:
    """Where the entries of these receipts stand."""
    db.session.rollback()
    rows = db.session.execute(select(LedgerEntry.id, LedgerEntry.index).where(LedgerEntry.log == log)).all()
    return {id: index for id, index in rows if id in receipts}


def size(log: str) -> int:
    db.session.rollback()
    return db.session.scalar(select(Head.size).where(Head.log == log)) or 0


def cosigned(log: str) -> int:
    db.session.rollback()
    query = select(func.max(SignedCheckpoint.size)).where(SignedCheckpoint.log == log)
    return db.session.scalar(query.where(SignedCheckpoint.cosigned_at.is_not(None))) or 0


def disagreeing(log: str) -> int:
    query = select(func.count()).select_from(NodeState).where(NodeState.log == log)
    return db.session.scalar(query.where(NodeState.disagreed_at.is_not(None))) or 0


def _report(killed: Counter[str], receipts: int, cut: int, entries: int) -> None:
    """A line for the books, where somebody asked for one."""
    path = os.environ.get("SOAK_REPORT")
    if path:
        what = ", ".join(f"{name} {count}" for name, count in sorted(killed.items()))
        line = f"| {time.strftime('%Y-%m-%d')} | {ROUNDS} | {SEED} | {what} | {receipts:,} | {cut:,} | {entries:,} |\n"
        with Path(path).open("a", encoding="utf-8") as book:
            book.write(line)
