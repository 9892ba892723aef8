"""Phones that send over keep-alive connections, each in a thread, in light processes beside the server's.

`python -m bench.clients` is such a process: it reads its share from its standard input, says that it is ready,
waits for a line, sends, and writes what it saw.
"""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:  # the processes start faster without the application
    from bench.site import Server

Shot = tuple[str, bytes]
"""(session cookie, body) of one upload."""
Asked = tuple[str, bytes, str]
"""(session cookie, nothing, address) of a page that is asked for."""
Lane = Sequence[Shot] | Sequence[Asked]
Seen = tuple[float, float, list[float], list[tuple[int, bytes]]]
"""Start and end, seconds of each request, status and body of each answer."""


@dataclass(frozen=True, slots=True)
class Load:
    """What was seen: seconds of each request, status and body of each answer, seconds from first to last, and the
    CPU seconds of the server in between."""

    seconds: list[float]
    answers: list[tuple[int, bytes]]
    wall: float
    cpu: float


def log_in(port: int, login: str, password: str, address: str = "198.51.100.1") -> str:
    """Log in as a browser does, over HTTP; the session cookie."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", "/login", headers={"X-Forwarded-For": address})
        page = connection.getresponse()
        cookie, text = _cookie(page.headers.get_all("Set-Cookie", [])), page.read().decode()
        found = re.search(r'name="csrf_token" value="([^"]+)"', text)
        token = unescape(found.group(1)) if found else ""
        form = urlencode({"csrf_token": token, "login": login, "password": password, "remember": "1"})
        headers = {"Cookie": cookie, "X-Forwarded-For": address}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("POST", "/login", form, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 302:
            raise RuntimeError(f"{login} cannot log in: {answer.status}")
        return _cookie(answer.headers.get_all("Set-Cookie", []))


def _cookie(lines: Sequence[str]) -> str:
    return "; ".join(line.partition(";")[0] for line in lines)


def send(server: Server, lanes: Sequence[Lane], processes: int = 2) -> Load:
    """Every lane sends its uploads one after the other over one connection, all lanes at once."""
    processes = min(processes, len(lanes))
    return _run(server, [lanes[number::processes] for number in range(processes)])[0]


def together(server: Server, crowds: Sequence[Sequence[Lane]]) -> list[Load]:
    """Several crowds at once, a process each; what each of them saw. CPU is the server's for all of them."""
    return _run(server, crowds, apart=True)


def _run(server: Server, shares: Sequence[Sequence[Lane]], *, apart: bool = False) -> list[Load]:
    workers = [_start(server.port, share) for share in shares]
    used = server.cpu()
    for worker in workers:
        _pipe(worker.stdin).write(b"go\n")
        _pipe(worker.stdin).close()
    results: list[Seen] = [pickle.load(_pipe(worker.stdout)) for worker in workers]  # noqa: S301  (our own)
    used = server.cpu() - used
    for worker in workers:
        _pipe(worker.stdout).close()
        worker.wait(timeout=60)
    return [_load([r], used) for r in results] if apart else [_load(results, used)]


def _load(results: Sequence[Seen], used: float) -> Load:
    wall = max(r[1] for r in results) - min(r[0] for r in results)
    return Load([s for r in results for s in r[2]], [a for r in results for a in r[3]], wall, used)


def _start(port: int, lanes: Sequence[Lane]) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "bench.clients"]
    root = Path(__file__).resolve().parents[1]
    worker = subprocess.Popen(argv, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pickle.dump((port, lanes), _pipe(worker.stdin))
    _pipe(worker.stdin).flush()
    if _pipe(worker.stdout).readline() != b"ready\n":
        raise RuntimeError("a client did not start")
    return worker


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("not a pipe")
    return pipe


def _work() -> None:
    port, lanes = pickle.load(sys.stdin.buffer)  # noqa: S301  (our own)
    seconds: list[float] = []
    answers: list[tuple[int, bytes]] = []
    threads = [threading.Thread(target=_lane, args=(port, lane, seconds, answers)) for lane in lanes]
    sys.stdout.buffer.write(b"ready\n")
    sys.stdout.buffer.flush()
    sys.stdin.buffer.readline()
    started = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pickle.dump((started, time.time(), seconds, answers), sys.stdout.buffer)


def _lane(port: int, shots: Lane, seconds: list[float], answers: list[tuple[int, bytes]]) -> None:
    with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        for cookie, body, *page in shots:
            headers = {"Cookie": cookie, "X-Ashiato": "1", "Content-Type": "application/json"}
            headers["X-Forwarded-For"] = f"192.0.2.{threading.get_ident() % 250}"
            started = time.perf_counter()
            connection.request(
                "GET" if page else "POST", page[0] if page else "/api/scans", body or None, headers
            )
            response = connection.getresponse()
            read = response.read()
            seconds.append(time.perf_counter() - started)
            answers.append((response.status, read))


if __name__ == "__main__":
    _work()
