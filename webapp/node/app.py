"""The node over HTTP: add-checkpoint and the latest checkpoint for everybody, entries and tiles for members."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from webapp.kernel.base.clock import now_ms
from webapp.kernel.tlog import tiles, witnessing
from webapp.node import status, tree, witness
from webapp.node.access import may_read
from webapp.node.keys import Keys
from webapp.node.store import Store
from webapp.node.watching import Watch

bp = Blueprint("node", __name__)
_FOREVER = "private, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Node:
    """All that answers need. `watches` say how the rounds go."""

    store: Store
    keys: Keys
    name: str
    organisation: str
    watches: Sequence[Watch]


def create_app(node: Node) -> Flask:
    """The node's own application; it shares nothing with the town's."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = witnessing.MOST_BYTES
    app.extensions["node"] = node
    app.register_blueprint(bp)
    app.register_error_handler(sqlite3.Error, _cannot_serve)
    return app


def _node() -> Node:
    found: Node = current_app.extensions["node"]
    return found


@bp.post("/add-checkpoint")
def add_checkpoint() -> ResponseReturnValue:
    """C2SP tlog-witness."""
    answer = witness.add_checkpoint(_node().store, _node().keys.witness, request.get_data(), now_ms())
    return Response(answer.body, answer.status, content_type=answer.type)


@bp.get("/<hashed>/checkpoint")
def cosigned(hashed: str) -> ResponseReturnValue:
    """C2SP tlog-witness: what this witness cosigned last of a log."""
    sql = _node().store.reading()
    note = witness.latest_note(sql, _origin(sql, hashed))
    return _text(note) if note else abort(404)


@bp.get("/mirror/<hashed>/checkpoint")
def copied(hashed: str) -> ResponseReturnValue:
    """The signed checkpoint that our copy has reached."""
    sql = _node().store.reading()
    note = tree.copy_of(sql, _origin(sql, hashed)).note
    return _text(note) if note else abort(404)


@bp.get("/mirror/<hashed>/vkey")
def pinned(hashed: str) -> ResponseReturnValue:
    """The log's key as we pinned it: a town that lost everything learns from here what its log's key was."""
    row = _node().store.reading().execute("SELECT vkey FROM logs WHERE hash = ?", (hashed,)).fetchone()
    return _text(f"{row[0]}\n".encode()) if row else abort(404)


@bp.get("/mirror/<hashed>/<path:path>")
def copied_tile(hashed: str, path: str) -> ResponseReturnValue:
    """C2SP tlog-tiles, for members and token holders."""
    node = _node()
    sql = node.store.reading()
    origin = _origin(sql, hashed)
    if not may_read(
        node.store, origin, request.headers.get("Authorization", ""), "GET", request.path, now_ms()
    ):
        abort(Response("members only\n", 401, {"WWW-Authenticate": "Bearer"}, content_type=witness.PLAIN))
    try:
        raw = tree.served(sql, origin, tiles.parse_path(path))
    except (ValueError, LookupError):
        abort(404)
    return Response(raw, content_type="application/octet-stream", headers={"Cache-Control": _FOREVER})


@bp.get("/evidence")
def evidence() -> ResponseReturnValue:
    """Two histories under one key, for everybody to check."""
    return _fresh(jsonify(status.evidence_of(_node().store.reading())))


@bp.get("/status")
def node_status() -> ResponseReturnValue:
    """How this node is."""
    node = _node()
    sql = node.store.reading()
    logs = [status.of_log(sql, watch.pulse) for watch in node.watches]
    return _fresh(
        jsonify(
            name=node.name,
            organisation=node.organisation,
            vkey=node.keys.witness.public.vkey,
            mirror_vkey=node.keys.mirror.public.vkey,
            words=node.keys.words(),
            logs=logs,
            now=now_ms(),
        )
    )


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Whether the node answers and its store can be read."""
    _node().store.reading().execute("SELECT 1 FROM logs").fetchone()
    return _fresh(jsonify(status="ok", at=now_ms()))


def _origin(sql: sqlite3.Connection, hashed: str) -> str:
    row = sql.execute("SELECT origin FROM logs WHERE hash = ?", (hashed,)).fetchone()
    return str(row[0]) if row else abort(404)


def _text(body: bytes) -> Response:
    return _fresh(Response(body, content_type=witness.PLAIN))


def _fresh(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _cannot_serve(problem: sqlite3.Error) -> ResponseReturnValue:
    return Response(f"the store does not answer: {problem}\n", 503, content_type=witness.PLAIN)
