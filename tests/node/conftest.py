"""A log that can lie, a store in this process for quick questions, and nodes as real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.node import a_log
from tests.node.a_log import KEY, ORIGIN, ALog, Tree, entries
from webapp.kernel.tlog.checkpoints import origin_hash
from webapp.kernel.tlog.notes import COSIGNATURE, SigningKey
from webapp.node import store as store_module
from webapp.node import watching
from webapp.node.store import Store

WITNESS = SigningKey("shinjo.example/witness", COSIGNATURE, bytes([3]) * 32)
HASH = origin_hash(ORIGIN)
PATIENCE_S = 25
T = TypeVar("T")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A node's folder that knows the log's key. Nobody pulls the plug here: the disk need not be waited for."""
    monkeypatch.setattr(store_module, "_PRAGMAS", (*store_module._PRAGMAS, "synchronous = OFF"))  # noqa: SLF001
    store = Store(tmp_path / "node")
    store.claim()
    store.prepare()
    watching.pin(store, "http://127.0.0.1:1/log/063622", KEY.public.vkey)
    yield store
    store.close()


@pytest.fixture
def log() -> Iterator[ALog]:
    """A log of 300 entries at an address."""
    served, server = a_log.serve(Tree(entries(300)))
    yield served
    server.shutdown()
    server.server_close()


@dataclass
class ANode:
    """A node as a process of its own."""

    folder: Path
    port: int
    words: list[str]
    process: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, token: str = "") -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return _answer(urllib.request.Request(self.url + path, headers=headers))

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("/status")[1])
        return found

    def log(self) -> dict[str, Any]:
        found: dict[str, Any] = self.status()["logs"][0]
        return found

    def evidence(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.get("/evidence")[1])
        return found

    def add_checkpoint(self, body: bytes) -> tuple[int, bytes]:
        return _answer(urllib.request.Request(f"{self.url}/add-checkpoint", body, method="POST"))

    def wait_for(self, what: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The state of its log once `what` holds."""
        return until(lambda: (lambda found: found if what(found) else None)(self.log()))

    def said(self) -> str:
        """What stands on its terminal."""
        return self.folder.with_suffix(".log").read_text()

    def kill(self) -> None:
        """kill -9 to the process and its worker, in the middle of whatever they do."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def start(self) -> None:
        with (self.folder.with_suffix(".log")).open("ab") as out:
            self.process = subprocess.Popen(
                self.words,
                stdout=out,
                stderr=subprocess.STDOUT,
                process_group=0,
                cwd=Path(__file__).parents[2],
            )
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        def answers() -> bool:
            assert self.process.poll() is None, self.folder.with_suffix(".log").read_text()
            try:
                return self.get("/healthz")[0] == 200
            except OSError:
                return False

        until(answers)


@pytest.fixture
def a_node(tmp_path: Path) -> Iterator[Callable[..., ANode]]:
    """Start nodes: `a_node(log)`; unless `admitted=False` the log names it at once."""
    started: list[ANode] = []

    def start(log: ALog, *, admitted: bool = True, every: float = 0.15) -> ANode:
        number = len(started) + 1
        folder, port = tmp_path / f"node{number}", free_port()
        words = [sys.executable, "-m", "webapp.node", "run", "--store", str(folder), "--log", log.url]
        words += ["--port", str(port), "--every", str(every), "--name", f"n{number}.example"]
        node = ANode(folder, port, words)
        started.append(node)
        node.start()
        if admitted:
            log.admit(node.status(), node.url)
        return node

    yield start
    for node in started:
        if node.process.poll() is None:
            node.kill()


def until(what: Callable[[], T | None]) -> T:
    """Ask again and again until the answer is a true one."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.03)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answer(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as no:
        with no:
            return no.code, no.read()
