"""The ceiling: the least that any server of this kind does with a batch. `gunicorn bench.ceiling:app`.

Parses the same request and inserts one row an item into one table of the same kind of file (WAL, every commit synced),
in one transaction a batch, with the driver itself. No login, no rule, no log, no answer for each item.
"""

import os
import sqlite3
import threading
from pathlib import Path

import orjson
from flask import Flask, Response, request

FILE = Path(os.environ.get("ASHIATO_INSTANCE", ".")) / "ceiling.db"
INSERT = "INSERT INTO scans (p, s) VALUES (?, ?)"

app = Flask(__name__)
_local = threading.local()


def _connection() -> sqlite3.Connection:
    """One for each thread."""
    held: sqlite3.Connection | None = getattr(_local, "connection", None)
    if held is None:
        held = sqlite3.connect(FILE, isolation_level=None, timeout=30)
        held.execute("PRAGMA journal_mode = WAL")
        held.execute("PRAGMA synchronous = FULL")
        held.execute(
            "CREATE TABLE IF NOT EXISTS scans (id INTEGER PRIMARY KEY, p TEXT NOT NULL, s TEXT NOT NULL)"
        )
        _local.connection = held
    return held


@app.get("/healthz")
def healthz() -> Response:
    """Whether it stands."""
    _connection()
    return Response("{}", mimetype="application/json")


@app.post("/api/scans")
def post_scans() -> Response:
    """Parse, insert, commit."""
    items = orjson.loads(request.get_data(cache=False))["items"]
    connection = _connection()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(INSERT, [(item["p"], item["s"]) for item in items])
    connection.execute("COMMIT")
    return Response(orjson.dumps({"stored": len(items)}), mimetype="application/json")
