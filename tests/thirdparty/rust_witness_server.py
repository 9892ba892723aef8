"""`python rust_witness_server.py STATE ORIGIN VKEY`: the witness of the package `witness-log` behind a socket.

Everything that is decided is decided in Rust; this file carries bytes there and back.
"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from witness_log import WitnessService

NAME, SEED = "witness.rust.example/w1", bytes([77]) * 32


def make(state: Path, origin: str, vkey: str) -> WitnessService:
    """A witness that remembers, and watches this one log."""
    if not state.exists():
        WitnessService.create_state(str(state))
    witness = WitnessService.new(NAME, SEED, str(state))
    witness.add_log(origin, vkey)
    return witness


class Handler(BaseHTTPRequestHandler):
    """POST /add-checkpoint, and nothing else."""

    witness: WitnessService

    def do_POST(self) -> None:
        """Hand the body over, and the answer back."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, kind, text = 404, "text/plain", ""
        if self.path == "/add-checkpoint":
            status, kind, text = self.witness.handle_add_checkpoint_http(body.decode())
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


if __name__ == "__main__":
    Handler.witness = make(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    server = HTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"vkey {Handler.witness.vkey()}\nhttp://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
