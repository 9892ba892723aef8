"""The workers of the web server share the connections, so that all cores have something to do."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from bench.site import free_port

ROOT = Path(__file__).parents[2]
Start = Callable[[str, list[tuple[str, str]]], Any]


def app(_environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Answers who answers."""
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(str(os.getpid()))))])
    return [str(os.getpid()).encode()]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """gunicorn with our settings, two workers and the application above."""
    port = free_port()
    told = {"PORT": str(port), "WEB_CONCURRENCY": "2", "ASHIATO_INSTANCE": str(tmp_path)}
    argv = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "deploy/gunicorn_conf.py",
        "tests.deploy.test_workers:app",
    ]
    server = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, **told})
    try:
        yield port
    finally:
        server.terminate()
        server.wait(30)


def who_answers(connection: HTTPConnection) -> int:
    """The worker at the other end; waits until there is one."""
    until = time.monotonic() + 60
    while True:
        try:
            connection.request("GET", "/")
            return int(connection.getresponse().read())
        except (OSError, HTTPException):
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def shares(port: int, connections: int) -> Counter[int]:
    """Connections by worker, all open at the end."""
    with ExitStack() as stack:
        opened = (HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(connections))
        return Counter(who_answers(stack.enter_context(closing(connection))) for connection in opened)


def settled(port: int, gone: int = 0) -> Counter[int]:
    """Shares once two workers are up and have let go of what was there before."""
    until = time.monotonic() + 60
    while len(shares(port, 12).keys() - {gone}) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(0.5)
    return shares(port, 12)


def test_a_new_connection_goes_to_the_worker_that_has_fewer(port: int) -> None:
    found = settled(port)
    assert len(found) == 2
    assert min(found.values()) >= 4  # not always six: a busy machine may wake the right one late


def test_a_worker_that_takes_the_place_of_a_dead_one_has_its_share_too(port: int) -> None:
    first, second = settled(port)
    os.kill(first, signal.SIGKILL)
    found = settled(port, gone=first)
    assert first not in found
    assert second in found
    assert min(found.values()) >= 4
