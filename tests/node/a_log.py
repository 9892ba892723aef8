"""A small log served by a thread: it grows, forks, goes back, and sends wrong bytes, as a test asks."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from webapp.kernel.tlog import proofs, tiles
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import Frontier, leaf_hash
from webapp.kernel.tlog.notes import COSIGNATURE, SIGNATURE, Note, SigningKey, VerifyKey
from webapp.kernel.tlog.policies import Party, simple
from webapp.kernel.tlog.tiles import ENTRIES, HASH, WIDTH, Tile, parse_path
from webapp.kernel.tlog.witnessing import AddCheckpoint

ORIGIN = "ashiato.example/log/063622"
KEY = SigningKey(ORIGIN, SIGNATURE, bytes([7]) * 32)


class Tree:
    """Entries and the hashes over them."""

    def __init__(self, entries: list[bytes]) -> None:
        self.entries: list[bytes] = []
        self._frontier, self._tiles = Frontier(), dict[tuple[int, int], bytes]()
        self.add(entries)

    def add(self, entries: list[bytes]) -> None:
        for entry in entries:
            leaf = leaf_hash(entry)
            grown = [(0, self._frontier.size, leaf), *self._frontier.push(leaf)]
            for level, index, hashed in grown:
                place = (level, index // WIDTH)
                self._tiles[place] = self._tiles.get(place, b"") + hashed
            self.entries.append(entry)

    def node(self) -> proofs.Node:
        return tiles.node_from(lambda level, number: self._tiles.get((level, number), b""))

    def checkpoint(self, size: int | None = None, origin: str = ORIGIN) -> Checkpoint:
        size = len(self.entries) if size is None else size
        return Checkpoint(origin, size, proofs.root_of(size, self.node()))

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        return tuple(proofs.consistency_path(old, new, self.node()))

    def tile(self, tile: Tile) -> bytes:
        if tile.level == ENTRIES:
            found = self.entries[tile.start : tile.start + tile.width]
            return tiles.pack(found)
        return self._tiles.get((tile.level, tile.number), b"")[: tile.width * HASH]


def signed(checkpoint: Checkpoint, key: SigningKey = KEY) -> Note:
    return Note(checkpoint.text(), (key.sign(checkpoint.text()),))


def request(tree: Tree, old: int, new: int | None = None) -> bytes:
    """The body of add-checkpoint."""
    what = tree.checkpoint(new)
    return AddCheckpoint(old, tree.proof(old, what.size), signed(what)).render()


def entries(count: int, first: int = 0, word: str = "entry") -> list[bytes]:
    return [f"{word} {number}".encode() for number in range(first, first + count)]


def admission(vkey: str, mirror_vkey: str, url: str) -> bytes:
    """An entry that admits a node, as the town's officers write it."""
    node = vkey.split("+", maxsplit=1)[0]
    body = {"node": node, "vkey": vkey, "mirror_vkey": mirror_vkey, "url": url, "organisation": node}
    return _command("ledger.node_admitted", body)


def retirement(node: str) -> bytes:
    """An entry that retires it."""
    return _command("ledger.node_retired", {"node": node})


def _command(kind: str, body: dict[str, str]) -> bytes:
    return json.dumps({"v": 1, "kind": kind, "p": json.dumps({"body": body})}).encode()


@dataclass
class ALog:
    """The log at an address, and all that a test may turn. `wrong` replaces what a path answers."""

    tree: Tree
    url: str = ""
    key: SigningKey = KEY
    wrong: dict[str, bytes | int] = field(default_factory=dict)
    slow_s: float = 0.0
    requests: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    witnesses: dict[str, Party] = field(default_factory=dict)

    def answer(self, path: str) -> bytes | int:
        """What GET below the log's address gets: a body or a status."""
        self.asked.append(path)
        if path in self.wrong:
            return self.wrong[path]
        if path == "vkey":
            return f"{self.key.public.vkey}\n".encode()
        if path == "policy":
            return simple(Party(self.key.public, self.url), self.witnesses).render().encode()
        if path == "checkpoint":
            return signed(self.tree.checkpoint(), self.key).render()
        try:
            return self.tree.tile(parse_path(path)) or 404
        except ValueError:
            return 404

    def admit(self, status: dict[str, Any], url: str) -> None:
        """Name a node in the policy."""
        key = VerifyKey.parse(status["vkey"])
        assert key.kind == COSIGNATURE
        self.witnesses[key.name] = Party(key, url)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    log: ALog

    def do_GET(self) -> None:
        threading.Event().wait(self.log.slow_s)
        found = self.log.answer(self.path.removeprefix(f"{urlsplit(self.log.url).path}/"))
        body = found if isinstance(found, bytes) else b""
        self.send_response(200 if isinstance(found, bytes) else found)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/api/nodes/requests"
        self.log.requests.append(json.loads(raw))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A node that is killed in the middle of an answer is what some tests are about."""


def serve(tree: Tree, **told: Any) -> tuple[ALog, ThreadingHTTPServer]:
    """Start serving; the caller shuts the server down."""
    log = ALog(tree, **told)
    handler = type("Handler", (_Handler,), {"log": log})
    server = _Server(("127.0.0.1", 0), handler)
    log.url = f"http://127.0.0.1:{server.server_address[1]}/log/063622"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return log, server
