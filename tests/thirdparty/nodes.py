"""Our own program for other organisations, as a process: to be measured by what others' do."""

import json
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TypeVar

from tests.thirdparty.judges import Witness, process
from tests.thirdparty.writing import KEY
from webapp.kernel.tlog.notes import VerifyKey
from webapp.node.access import TOKEN
from webapp.node.store import Store

ROOT = Path(__file__).parents[2]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Node:
    """A running node of ours: where, its two keys, and the secret that opens its copy."""

    url: str
    key: VerifyKey
    mirror: VerifyKey
    token: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def node(folder: Path, log: str, vkey: str) -> Iterator[Node]:
    """Our own program for other organisations, as a process: witness and mirror."""
    url = f"http://127.0.0.1:{free_port()}"
    words: list[str | Path] = [sys.executable, "-m", "webapp.node", "run", "--store", folder, "--log", log]
    words += ["--port", url.rpartition(":")[2], "--name", "node.shinjo.example", "--every", "0.1"]
    with process([*words, "--vkey", vkey], ROOT, folder.with_suffix(".said")):
        said = until(lambda: read(f"{url}/status"))
        keys = json.loads(said)
        token = Store(folder).fact(TOKEN)
        yield Node(url, VerifyKey.parse(keys["vkey"]), VerifyKey.parse(keys["mirror_vkey"]), token)


def read(url: str, **headers: str) -> bytes:
    """What is at this address; nothing as long as nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return bytes(answer.read())
    except (OSError, HTTPException):
        return b""


def until(found: Callable[[], Found]) -> Found:
    """What is found, as soon as it is something."""
    deadline = time.monotonic() + 30
    while not (it := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return it


@contextmanager
def our_witness(folder: Path) -> Iterator[Witness]:
    """The same without a log to copy: nobody answers at the address it was told."""
    with node(folder, "http://127.0.0.1:9/log/063622", KEY.public.vkey) as running:
        yield Witness(running.key, int(running.url.rpartition(":")[2]))
