"""A signer as a process of its own, witnesses that answer over HTTP, and logs with something in them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.factories.identity import MORNING
from webapp.kernel.base.db import transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.ledger.entries import By
from webapp.kernel.ledger.log import Draft, lock_heads, open_log
from webapp.kernel.ledger.models import LedgerNode
from webapp.kernel.tlog import checkpoints, notes, witnessing
from webapp.kernel.tlog.checkpoints import Checkpoint, origin_hash
from webapp.kernel.tlog.notes import COSIGNATURE, SIGNATURE, SigningKey, VerifyKey
from webapp.signer.client import SignerClient, SignerUnavailable

LOG, ORIGIN = "063622", "log.example/063622"
BY = By("p-00000000000000000000", "org", ("officer",))


def a_log(log: str = LOG, *, entries: int = 0, organisation: str = "") -> str:
    """A log of its own, with so many entries."""
    with transaction() as session:
        open_log(session, log, f"log.example/{log}", "最上町", organisation or new_id(), MORNING)
    write(log, entries)
    return log


def write(log: str, entries: int, now: int = MORNING) -> None:
    """So many further entries, in one transaction."""
    drafts = [Draft(new_id(), "kernel.said", BY, {"body": {"number": n}}, {}) for n in range(entries)]
    with transaction() as session:
        lock_heads(session, [log]).append(session, log, drafts, now)


# --- the signer ---------------------------------------------------------------------------------------------------


def start_signer(folder: Path, *more: str, **options: Any) -> subprocess.Popen[str]:
    """`ashiato signer run`, once it answers or has ended."""
    command = [sys.executable, "-m", "webapp.signer", "run", "--dir", str(folder), *more]
    process = subprocess.Popen(command, text=True, stderr=subprocess.PIPE, **options)
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        try:
            SignerClient(folder / "signer.sock")._call({"op": "hello"})  # noqa: SLF001
        except SignerUnavailable:
            time.sleep(0.02)
        except Exception:  # a refusal is an answer
            break
    return process


def stop(process: subprocess.Popen[str], how: int = signal.SIGTERM) -> str:
    """End it; what it said."""
    if process.poll() is None:
        os.kill(process.pid, how)
    return process.communicate(timeout=20)[1]


@contextmanager
def a_signer(folder: Path, *more: str, **options: Any) -> Iterator[SignerClient]:
    """A signer that runs as long as the block."""
    process = start_signer(folder, *more, **options)
    try:
        yield SignerClient(folder / "signer.sock")
    finally:
        stop(process)


# --- witnesses ----------------------------------------------------------------------------------------------------

#: (path, body) → (status, headers, body), or None to go on as an honest witness does.
Answering = Callable[[str, bytes], tuple[int, dict[str, str], bytes] | None]


@dataclass
class Witness:
    """A witness in this process, over real HTTP. `instead` makes it lie, sleep or talk nonsense."""

    name: str
    log: VerifyKey | None = None
    key: SigningKey = field(init=False)
    mirror: SigningKey = field(init=False)
    kept: dict[str, tuple[Checkpoint, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    instead: Answering = lambda path, body: None
    at: int = MORNING // 1000
    url: str = ""

    def __post_init__(self) -> None:
        seed = self.name.encode().ljust(32, b".")[:32]
        self.key = SigningKey(f"{self.name}.example/w1", COSIGNATURE, seed)
        self.mirror = SigningKey(f"{self.name}.example/m1", SIGNATURE, seed[::-1])
        self._turn = threading.Lock()

    def answer(self, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """What it says to this request."""
        self.asked.append(path)
        if said := self.instead(path, body):
            return said
        with self._turn:
            return self._cosign(body) if path == "/add-checkpoint" else self._show(path)

    def _cosign(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        logs = {self.log.name: [self.log]} if self.log else {}
        outcome = witnessing.judge(
            body, logs, lambda origin: self.kept[origin][0] if origin in self.kept else None
        )
        if isinstance(outcome, witnessing.Refused):
            size = f"{outcome.size}\n" if outcome.status == 409 else outcome.reason
            return outcome.status, {"Content-Type": witnessing.SIZE_TYPE}, size.encode()
        line = self.key.sign(outcome.note.text, self.at)
        shown = outcome.note.with_signatures([line]).render()
        self.kept[outcome.checkpoint.origin] = (outcome.checkpoint, shown)
        return 200, {}, line.line().encode()

    def _show(self, path: str) -> tuple[int, dict[str, str], bytes]:
        for origin, (_, note) in self.kept.items():
            if path == f"/{origin_hash(origin)}/checkpoint":
                return 200, {}, note
        return 404, {}, b""

    def sees(self, note: bytes) -> None:
        """It has cosigned this some time ago."""
        parsed = notes.parse(note)
        checkpoint = checkpoints.parse(parsed.text)
        shown = parsed.with_signatures([self.key.sign(parsed.text, self.at)]).render()
        self.kept[checkpoint.origin] = (checkpoint, shown)


@contextmanager
def listening(*witnesses: Witness) -> Iterator[None]:
    """These witnesses answer as long as the block."""
    servers = [_serve(witness) for witness in witnesses]
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _serve(witness: Witness) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._reply(self.rfile.read(int(self.headers["Content-Length"])))

        def do_GET(self) -> None:
            self._reply(b"")

        def _reply(self, body: bytes) -> None:
            status, headers, said = witness.answer(self.path, body)
            try:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(said))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)
            except OSError:
                return  # whoever asked has hung up

        def log_message(self, format: str, *args: Any) -> None:
            return

    port = int(witness.url.rpartition(":")[2]) if witness.url else 0
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    witness.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


def admit(log: str, *witnesses: Witness) -> None:
    """As if officers had admitted them (tests of the room do it through the door)."""
    with transaction() as session:
        session.add_all(
            LedgerNode(
                log=log, name=w.key.name, url=w.url, vkey=w.key.public.vkey, mirror_vkey=w.mirror.public.vkey,
                organisation=w.name, admitted_at=number,
            )
            for number, w in enumerate(witnesses)
        )  # fmt: skip
