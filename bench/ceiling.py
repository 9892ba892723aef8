"""The ceilings: the least that any server of this kind does with a batch. `gunicorn bench.ceiling:app`, `…:least`.

Both parse the same request and insert into the same kind of file (WAL, every commit synced), in one transaction a
batch, with the driver itself. No login, no rule, no log, no answer for each item. `app` inserts as many rows as
intake does: for each scan its entry, its receipt and its line in the read tables. `least` inserts one row an item.
"""

import os
import sqlite3
import threading
from pathlib import Path

import orjson
from flask import Flask, Response, request

#: Rows that intake inserts for a scan of `town.journey`; `bench.intake` counts whether that is still so.
ROWS = 3.48
#: Bytes of the rows beside the first, which holds the scan as it came: ids, codes, instants.
SMALL = 200


class _Store:
    """A file of its own, one connection for each thread."""

    def __init__(self, name: str) -> None:
        self._file = Path(os.environ.get("ASHIATO_INSTANCE", ".")) / name
        self._local = threading.local()

    def connection(self) -> sqlite3.Connection:
        """Open, with its tables."""
        held: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if held is None:
            held = sqlite3.connect(self._file, isolation_level=None, timeout=30)
            held.execute("PRAGMA journal_mode = WAL")
            held.execute("PRAGMA synchronous = FULL")
            held.execute(
                "CREATE TABLE IF NOT EXISTS scans (id INTEGER PRIMARY KEY, p TEXT NOT NULL, s TEXT NOT NULL)"
            )
            held.execute("CREATE TABLE IF NOT EXISTS beside (id INTEGER PRIMARY KEY, p TEXT NOT NULL)")
            self._local.connection = held
        return held


def _create(name: str, rows: float) -> Flask:
    made, store = Flask(name), _Store(f"{name}.db")

    @made.get("/healthz")
    def healthz() -> Response:
        store.connection()
        return Response("{}", mimetype="application/json")

    @made.post("/api/scans")
    def post_scans() -> Response:
        items = orjson.loads(request.get_data(cache=False))["items"]
        connection = store.connection()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO scans (p, s) VALUES (?, ?)", [(item["p"], item["s"]) for item in items]
        )
        beside, left = [(item["p"][:SMALL],) for item in items], round((rows - 1) * len(items))
        for start in range(0, left, len(items)):
            connection.executemany("INSERT INTO beside (p) VALUES (?)", beside[: left - start])
        connection.execute("COMMIT")
        return Response(orjson.dumps({"stored": len(items)}), mimetype="application/json")

    return made


app = _create("ceiling", ROWS)
least = _create("least", 1)
