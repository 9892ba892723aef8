"""Phones that send over keep-alive connections, each in a thread, in processes beside the server's."""

import multiprocessing
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from http.client import HTTPConnection
from multiprocessing.synchronize import Barrier
from typing import Any
from urllib.parse import urlencode

from bench.site import Server

Shot = tuple[str, bytes]
"""(session cookie, body) of one upload."""


@dataclass(frozen=True, slots=True)
class Load:
    """What was seen: seconds of each request, status and body of each answer, the time from first to last, and the
    CPU seconds of the server in it."""

    seconds: list[float]
    answers: list[tuple[int, bytes]]
    wall: float
    cpu: float


def log_in(port: int, login: str, password: str, address: str = "198.51.100.1") -> str:
    """Log in as a browser does, over HTTP; the session cookie."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/login", headers={"X-Forwarded-For": address})
    page = connection.getresponse()
    cookie, text = _cookie(page.headers.get_all("Set-Cookie", [])), page.read().decode()
    found = re.search(r'name="csrf_token" value="([^"]+)"', text)
    token = unescape(found.group(1)) if found else ""
    form = urlencode({"csrf_token": token, "login": login, "password": password, "remember": "1"})
    headers = {
        "Cookie": cookie,
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Forwarded-For": address,
    }
    connection.request("POST", "/login", form, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 302:
        raise RuntimeError(f"{login} cannot log in: {answer.status}")
    return _cookie(answer.headers.get_all("Set-Cookie", []))


def _cookie(lines: Sequence[str]) -> str:
    return "; ".join(line.partition(";")[0] for line in lines)


def send(server: Server, lanes: Sequence[Sequence[Shot]], processes: int = 2) -> Load:
    """Every lane sends its uploads one after the other over one connection, all lanes at once."""
    context = multiprocessing.get_context("spawn")
    processes = min(processes, len(lanes))
    barrier, queue = context.Barrier(processes), context.Queue()
    shares = [lanes[number::processes] for number in range(processes)]
    workers = [context.Process(target=_work, args=(server.port, share, barrier, queue)) for share in shares]
    used = server.cpu()
    for worker in workers:
        worker.start()
    results = [queue.get(timeout=600) for _ in workers]
    for worker in workers:
        worker.join()
    used = server.cpu() - used
    wall = max(r[1] for r in results) - min(r[0] for r in results)
    return Load([s for r in results for s in r[2]], [a for r in results for a in r[3]], wall, used)


def _work(port: int, lanes: Sequence[Sequence[Shot]], barrier: Barrier, queue: Any) -> None:
    seconds: list[float] = []
    answers: list[tuple[int, bytes]] = []
    threads = [threading.Thread(target=_lane, args=(port, lane, seconds, answers)) for lane in lanes]
    barrier.wait(timeout=120)
    started = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put((started, time.time(), seconds, answers))


def _lane(port: int, shots: Sequence[Shot], seconds: list[float], answers: list[tuple[int, bytes]]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    for cookie, body in shots:
        headers = {"Cookie": cookie, "X-Ashiato": "1", "Content-Type": "application/json"}
        started = time.perf_counter()
        connection.request("POST", "/api/scans", body, headers)
        response = connection.getresponse()
        read = response.read()
        seconds.append(time.perf_counter() - started)
        answers.append((response.status, read))
    connection.close()
