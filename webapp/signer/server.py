"""The signer's door: JSON lines over a socket file that only its own user can open."""

import json
import logging
import os
import signal
import socketserver
import threading
from pathlib import Path
from typing import Any

from webapp.signer import witnesses
from webapp.signer.signer import Signer
from webapp.signer.store import Folder

#: A policy of many nodes is the longest thing that is said here.
MOST_BYTES = 256 * 1024
IDLE_S = 60
#: A socket's address holds no more (sun_path).
MOST_PATH = 107
_log = logging.getLogger("ashiato.signer")


class _Handler(socketserver.StreamRequestHandler):
    timeout = IDLE_S
    server: "Server"

    def handle(self) -> None:
        """One answer a line, until the other side hangs up or says something that is no line."""
        try:
            while line := self.rfile.readline(MOST_BYTES + 1):
                self.wfile.write(json.dumps(self._answer(line)).encode() + b"\n")
                if len(line) > MOST_BYTES:
                    return
        except OSError:
            return  # it hung up, or was idle for too long

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line) if len(line) <= MOST_BYTES else None
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            return {"refused": "malformed", "text": "one JSON object a line", "last": 0}
        answer = self.server.signer.answer(request)
        if "refused" in answer:
            _log.warning("refused %s for %s: %s", answer["refused"], request.get("origin"), answer["text"])
        return answer


class Server(socketserver.ThreadingUnixStreamServer):
    """One thread a connection."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: Path, signer: Signer) -> None:
        self.signer = signer
        if len(os.fsencode(path)) > MOST_PATH:
            raise ValueError(f"{path} is too long for a socket")
        path.unlink(missing_ok=True)  # we hold the lock: nobody answers there
        before = os.umask(0o177)
        try:
            super().__init__(str(path), _Handler)
        finally:
            os.umask(before)


def run(path: Path, *, drills: bool = False) -> None:
    """Hold the folder and answer until SIGTERM or SIGINT. Raises SignerRuns if another signer holds it."""
    folder = Folder(path)
    held = folder.lock()
    signer = Signer(folder, witnesses.ask_all, drills_allowed=drills)
    for fault in signer.faults():
        _log.error("%s", fault)
    with Server(path / "signer.sock", signer) as server:
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, lambda *_: threading.Thread(target=server.shutdown).start())
        _log.info("listening in %s; %s logs", path, len(signer.origins()))
        server.serve_forever(poll_interval=0.2)
    (path / "signer.sock").unlink(missing_ok=True)
    os.close(held)
