"""A real EVM node of our own (`anvil` from npm): started, killed, restarted, made to forget and to re-organise."""

import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from webapp.kernel.base.settings import ROOT

CHAIN_ID = 77
#: The first of the keys that every anvil knows; money there is play money.
KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


def program() -> Path:
    """The node's binary, from npm or from PATH."""
    ours = sorted((ROOT / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil*"))
    found = str(ours[0]) if ours else shutil.which("anvil")
    if not found and platform.machine() != "x86_64":
        pytest.skip("npm has anvil for x86-64 only; one on PATH would do")
    assert found, "npm ci brings anvil"
    return Path(found)


class NodeError(Exception):
    """The node's own words."""


@dataclass
class Node:
    """One process on one port. `restart` brings up what `stop` wrote down; `kill` writes nothing down."""

    folder: Path
    chain_id: int = CHAIN_ID
    port: int = field(default=0)
    process: "subprocess.Popen[bytes] | None" = None
    holding: bool = False

    def start(self) -> "Node":
        """Start it and wait until it answers."""
        self.port, self.holding = self.port or _free_port(), False
        words = ["--silent", "--port", str(self.port), "--chain-id", str(self.chain_id)]
        state = ["--state", str(self.folder / "chain.json")]
        self.process = subprocess.Popen([program(), *words, *state], cwd=self.folder)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.ask("eth_chainId")
            except OSError:
                assert time.monotonic() < deadline, "anvil does not answer"
                time.sleep(0.02)
            else:
                return self

    def stop(self) -> None:
        """End it; it writes its blocks down, not what waits to be mined."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None

    @property
    def url(self) -> str:
        """Its JSON-RPC address."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, *arguments: Any) -> Any:
        """One JSON-RPC call. Raises OSError if nobody listens, NodeError if the node says no."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(arguments)})
        request = Request(self.url, body.encode(), {"Content-Type": "application/json"})
        with urlopen(request, timeout=20) as answer:
            found = json.load(answer)
        if "error" in found:
            raise NodeError(found["error"]["message"])
        return found["result"]

    def hold(self) -> None:
        """Mine nothing until told to."""
        self.ask("evm_setAutomine", *[False])
        self.holding = True

    def settle(self) -> None:
        """Wait until what was sent is mined: that happens at once, but not in the same instant."""
        deadline = time.monotonic() + 10
        while self.process is not None and not self.holding and self.waiting():
            assert time.monotonic() < deadline, "the node mines nothing"
            time.sleep(0.01)

    def mine(self, blocks: int = 1) -> None:
        """Mine what waits."""
        self.ask("anvil_mine", hex(blocks))

    def waiting(self) -> list[dict[str, Any]]:
        """Transactions in the pool."""
        pool = self.ask("txpool_content")
        return [
            each for part in ("pending", "queued") for one in pool[part].values() for each in one.values()
        ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def key_file(folder: Path) -> Path:
    """The play key in a file that only we can read."""
    path = folder / "key"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(KEY)
    return path
