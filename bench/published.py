"""From the receipt to 連署済: real signer, publisher and four nodes, while phones send as fast as they can.

And what the ledger itself costs of an intake transaction.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import orjson
from flask import Flask
from sqlalchemy import func, select, text

from bench import clients, site, town
from bench.progress import Progress
from bench.report import Figure, Part, percentile
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.ledger.log import Heads
from webapp.kernel.ledger.models import Head, NodeRequest, NodeState, SignedCheckpoint
from webapp.kernel.tlog.policies import least_of
from webapp.kernel.witnesses import room

NODES, LANES, PATIENCE_S = 4, 4, 90
FULL, QUICK = 40, 1
"""Cages a lane."""


def run(folder: Path, progress: Progress, *, quick: bool = False) -> list[Part]:
    """Two parts: the share of the ledger in process, then the whole over HTTP with every process running."""
    cages = QUICK if quick else FULL
    with site.application(folder) as app:
        progress.begin("published: a town", LANES * (cages + 1) * town.IN_A_CAGE)
        made = town.settle(app, LANES)
        town.open_consignment(made, "bench")
        town.stocked(made, LANES * (cages + 1), progress.step)
        progress.end()
        share = _share(made, range(LANES * cages, LANES * (cages + 1)))
        with site.served(folder) as server, ExitStack() as running:
            running.enter_context(
                _program(app, sys.executable, "-m", "webapp.signer", "run", "--dir", str(folder / "signer"))
            )
            running.enter_context(_command(app, server, "ledger", "publish"))
            for number in range(NODES):
                running.enter_context(_node(app, server, number))
            _admit(made)
            progress.begin("published: under load", 1)
            found = _load(made, server, cages)
            progress.end()
    return [share, found]


@contextmanager
def _program(app: Flask, *argv: str, **more: str) -> Iterator[None]:
    """A process of ours, with its words in a file, ended at the end."""
    folder = Path(app.config["INSTANCE"])
    environment = site.environment(folder, 0, 1) | more
    with (folder / f"program-{time.monotonic_ns()}.log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=site.ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _signer(app: Flask, folder: Path) -> Any:
    return _program(app, sys.executable, "-m", "webapp.signer", "run", "--dir", str(folder))


def _command(app: Flask, server: site.Server, *words: str) -> Any:
    return _program(
        app,
        str(Path(sys.executable).with_name("ashiato")),
        *words,
        PUBLIC_BASE=f"http://127.0.0.1:{server.port}",
    )


def _node(app: Flask, server: site.Server, number: int) -> Any:
    port = site.free_port()
    words = ("--log", f"http://127.0.0.1:{server.port}/log/{town.LOG}", "--port", str(port))
    where = ("--store", str(Path(app.config["INSTANCE"]) / f"node{number}"))
    who = ("--name", f"node{number}.example", "--organisation", f"団体{number}")
    return _program(
        app,
        sys.executable,
        "-m",
        "webapp.node",
        "run",
        *where,
        *words,
        *who,
        "--url",
        f"http://127.0.0.1:{port}",
    )


def _admit(made: town.Town) -> None:
    """The officer admits each node once it has asked; then everything there is gets cosigned."""
    until = time.monotonic() + PATIENCE_S
    admitted: set[str] = set()
    while len(admitted) < NODES:
        _demand(until, "the nodes did not ask")
        db.session.rollback()
        for asked in db.session.scalars(select(NodeRequest)).all():
            if asked.vkey not in admitted:
                admitted.add(asked.vkey)
                made.command(room.ADMITTED, dict(room.admission(asked)))
        time.sleep(0.2)
    _wait_for(lambda: _cosigned() == _size(), until, "the nodes did not cosign what was there")


def _load(made: town.Town, server: site.Server, cages: int) -> Part:
    start = _size()
    lanes = []
    for number in range(LANES):
        crew = made.crews[number]
        cookies = {
            role: clients.log_in(server.port, crew.logins[role], town.PASSWORD) for role in crew.logins
        }
        steps = town.journey(made, crew, range(number * cages, (number + 1) * cages))
        lanes.append([(cookies[r], _body(batch)) for r, items in steps for batch in town.batches(items, 50)])
    load = clients.send(server, lanes)
    db.session.rollback()
    count = _size() - start
    _wait_for(
        lambda: _cosigned() == start + count, time.monotonic() + PATIENCE_S, "not everything was cosigned"
    )
    waits = _waits(start)
    late = db.session.scalar(
        select(func.count()).select_from(NodeState).where(NodeState.disagreed_at.is_not(None))
    )
    p95 = percentile(waits, 0.95)
    figures = [
        Figure("events a second meanwhile", count / load.wall, "/s"),
        Figure("receipt → 連署済, p50", percentile(waits, 0.5), "s"),
        Figure("receipt → 連署済, p95", p95, "s", "≤ 6 s", met=p95 <= 6),
        Figure("receipt → 連署済, the slowest", max(waits), "s"),
        Figure("nodes that disagreed", float(late or 0), "", "0", met=not late),
    ]
    note = (
        f"{count:,} scans in batches of 50 by {LANES} connections, as fast as they go; signer, publisher, {NODES} "
        f"nodes (quorum {least_of(NODES)}), server and clients share the cores. A wait is from the entry's own "
        "time to the moment when the first checkpoint that holds it had its quorum."
    )
    return Part("published", "連署済 under load", figures, [note])


def _waits(start: int) -> list[float]:
    """Seconds of every entry from `start` on."""
    rows = db.session.execute(
        text(
            "SELECT e.recorded_at, (SELECT min(c.cosigned_at) FROM ledger_checkpoints c "
            "WHERE c.log = e.log AND c.size > e.idx) FROM ledger_entries e WHERE e.log = :log AND e.idx >= :start"
        ),
        {"log": town.LOG, "start": start},
    )
    return [(cosigned - recorded) / 1000 for recorded, cosigned in rows]


def _share(made: town.Town, cages: Sequence[int]) -> Part:
    """Time inside `Heads.append` as a part of the whole door."""
    spent = {"door": 0.0, "ledger": 0.0}
    append = Heads.append
    Heads.append = _timed(append, spent, "ledger")  # type: ignore[method-assign]
    receive = _timed(made.receive, spent, "door")
    try:
        for role, items in town.journey(made, made.crews[0], cages):
            for batch in town.batches(items, 50):
                receive(batch, role)
    finally:
        Heads.append = append  # type: ignore[method-assign]
    share = spent["ledger"] / spent["door"]
    figures = [Figure("share of the ledger", share, "", "≤ 0.25", met=share <= 0.25)]
    note = (
        "Encoding, hashing, tiles, entries and head against the whole of intake (parsing, rules, read tables, commit), "
        "batches of 50 in this process; wall clock."
    )
    return Part("ledger-share", "What the ledger costs of intake", figures, [note])


def _timed(work: Callable[..., Any], spent: dict[str, float], key: str) -> Callable[..., Any]:
    def timed(*args: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return work(*args, **named)
        finally:
            spent[key] += time.perf_counter() - started

    return timed


def _body(batch: Sequence[object]) -> bytes:
    return orjson.dumps({"dev": "", "sent_at": now_ms(), "items": batch})


def _size() -> int:
    db.session.rollback()
    return db.session.scalar(select(Head.size).where(Head.log == town.LOG)) or 0


def _cosigned() -> int:
    db.session.rollback()
    query = select(func.max(SignedCheckpoint.size)).where(SignedCheckpoint.cosigned_at.is_not(None))
    return db.session.scalar(query) or 0


def _wait_for(met: Callable[[], bool], until: float, otherwise: str) -> None:
    while not met():
        _demand(until, otherwise)
        time.sleep(0.1)


def _demand(until: float, otherwise: str) -> None:
    if time.monotonic() > until:
        raise RuntimeError(otherwise)
