"""Web server, signer, publisher and nodes as real processes that can be killed at any instant and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATIENCE_S = 60


def free_port() -> int:
    """Nobody listens there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(met: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
    """Wait for it. Raises AssertionError with `what` after a while."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether somebody says 200 there."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False


@dataclass
class Program:
    """A process with its children. `is_up` tells when it can be used."""

    name: str
    words: Sequence[str]
    environment: dict[str, str]
    log: Path
    is_up: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin it, and return when it is up."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.words, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        until(lambda: self.is_up() or self._has_ended(), f"{self.name} did not start: {self.tail()}")
        assert not self._has_ended(), f"{self.name} ended: {self.tail()}"

    def kill(self) -> None:
        """As a power cut does it: the process and all its children, at once."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Politely."""
        if not self._has_ended():
            self._end(signal.SIGTERM)

    def _end(self, how: int) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, how)
        self.process.wait(timeout=30)

    def _has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def tail(self) -> str:
        """Its last words."""
        return self.log.read_text(errors="replace")[-1500:] if self.log.exists() else ""


@dataclass
class House:
    """Everything that `make run` runs, over a database in `folder`."""

    folder: Path
    log: str
    port: int = field(default_factory=free_port)
    node_ports: list[int] = field(default_factory=lambda: [free_port() for _ in range(4)])
    programs: dict[str, Program] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the site is."""
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Start all of it: signer first, nodes last."""
        ashiato, python = str(BIN / "ashiato"), (sys.executable, "-m")
        signer = self.folder / "signer"
        gunicorn = [str(BIN / "gunicorn"), "--config", str(ROOT / "deploy" / "gunicorn_conf.py"), "wsgi:app"]
        words = [*python, "webapp.signer", "run", "--dir", str(signer)]
        self._add("signer", words, (signer / "signer.sock").exists)
        self._add("web", gunicorn, lambda: answers(f"{self.url}/healthz"))
        self._add("publisher", [ashiato, "ledger", "publish", "--every", "0.5"], lambda: True)
        for number, port in enumerate(self.node_ports, 1):
            where = f"http://127.0.0.1:{port}"
            words = ["run", "--store", str(self.folder / f"node{number}"), "--port", str(port)]
            words += ["--log", f"{self.url}/log/{self.log}", "--url", where, "--every", "0.5"]
            words += ["--name", f"node{number}.example", "--organisation", f"団体{number}"]
            self._add(f"node{number}", [*python, "webapp.node", *words], partial(answers, f"{where}/healthz"))

    def _add(self, name: str, words: Sequence[str], is_up: Callable[[], bool]) -> None:
        self.programs[name] = Program(name, words, self._environment(), self.folder / f"{name}.log", is_up)
        self.programs[name].start()

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "WEB_CONCURRENCY": "2",
            "SECRET_KEY": "soak",
            "ASHIATO_INSTANCE": str(self.folder),
            "DATABASE_URL": f"sqlite:///{self.folder / 'test.db'}",
            "EVIDENCE_DIR": str(self.folder / "evidence"),
            "PUBLIC_BASE": self.url,
            "TRUSTED_PROXIES": "1",
        }

    def close(self) -> None:
        """Stop everything that still runs."""
        for program in reversed(self.programs.values()):
            program.stop()
