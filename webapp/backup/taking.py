"""Taking a backup: two files out of one snapshot of the database, photos after it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from flask import current_app
from sqlalchemy import Connection, Table, select

from webapp.backup import tables
from webapp.backup.archive import Parts, writing
from webapp.kernel.base.clock import DAY, jst, now_ms
from webapp.kernel.base.db import db, private_tables
from webapp.kernel.erasure.storage import settle
from webapp.kernel.evidence import store
from webapp.kernel.ledger.models import Head, Log
from webapp.kernel.tlog.merkle import Frontier

MAIN, VAULT = "main", "vault"
VERSION = 1
Told = Callable[[int], object]


@dataclass(slots=True)
class Taken:
    """What a backup holds, in numbers. `missing`: photos that the database names and the disk does not have."""

    main: Path
    vault: Path
    rows: int = 0
    photos: int = 0
    keys: int = 0
    missing: list[str] = field(default_factory=list)
    logs: list[dict[str, Any]] = field(default_factory=list)
    pruned: list[Path] = field(default_factory=list)


def names_in(target: Path, now: int) -> tuple[Path, Path]:
    """Where the two files go: into a folder under the moment's name, or beside each other under the name given."""
    if target.is_dir():
        target = target / f"ashiato-{jst(now):%Y%m%d-%H%M%S}.main"
    return target, target.with_suffix(".vault")


def take(target: Path, key: bytes, *, keep_days: int, signer: Path | None = None, told: Told = id) -> Taken:
    """Write a backup of this instance; `signer`: the folder of the signer whose keys go into the main file too.

    Vault files in the same folder that are older than `keep_days` are deleted: with them goes what was erased since.
    `told(n)` is called as rows and photos go by. Raises FileExistsError, OSError.
    """
    settle(patient=True)
    now = now_ms()
    taken = Taken(*names_in(target, now))
    with tables.snapshot(db.engine) as connection:
        found = tables.tables_of(connection)
        private = set(private_tables())
        meta = _meta(connection, found, now)
        taken.logs = meta["logs"]
        with writing(taken.vault, key, VAULT) as vault:
            _put_tables(vault, connection, [found[n] for n in found if n in private], meta, taken, told)
        with writing(taken.main, key, MAIN) as main:
            _put_tables(main, connection, [found[n] for n in found if n not in private], meta, taken, told)
            _put_photos(main, connection, found["evidence_files"], taken, told)
            for name, raw in _signer_files(signer):
                main.put(f"signer/{name}", raw)
                taken.keys += name.endswith("/key")
    taken.pruned = prune(taken.vault.parent, keep_days, now)
    return taken


def size_of() -> int:
    """Rows and photos that a backup will have, for a progress bar."""
    with tables.snapshot(db.engine) as connection:
        found = tables.tables_of(connection)
        return sum(tables.count(connection, table) for table in (*found.values(), found["evidence_files"]))


def prune(folder: Path, keep_days: int, now: int) -> list[Path]:
    """Delete vault files of backups that were made more than `keep_days` ago; nothing else is touched."""
    old = [
        path
        for path in sorted(folder.glob("*.vault"))
        if path.is_file() and path.stat().st_mtime * 1000 < now - keep_days * DAY
    ]
    for path in old:
        path.unlink()
    return old


def _meta(connection: Connection, found: dict[str, Table], now: int) -> dict[str, Any]:
    heads = connection.execute(
        select(Log.id, Log.origin, Head.size, Head.frontier).join(Head, Head.log == Log.id)
    )
    logs = [
        {"log": log, "origin": origin, "size": size, "root": Frontier.from_bytes(size, raw).root().hex()}
        for log, origin, size, raw in heads
    ]
    return {
        "version": VERSION,
        "made_at": now,
        "revision": tables.revision_of(connection),
        "logs": logs,
        "tables": {name: tables.columns_of(table) for name, table in found.items()},
    }


def _put_tables(
    parts: Parts, connection: Connection, wanted: list[Table], meta: dict[str, Any], taken: Taken, told: Told
) -> None:
    """`meta.json` first, then the rows in the order in which they can be put back, then how many there were."""
    parts.put("meta.json", orjson.dumps(meta))
    counts: dict[str, int] = {}
    for table in wanted:
        name = str(table.name)  # else a kind of text that JSON does not know
        counts[name] = 0
        for number, (lines, rows) in enumerate(tables.parts_of(connection, table)):
            parts.put(f"tables/{name}/{number:06}.jsonl", lines)
            counts[name] += rows
            told(rows)
        taken.rows += counts[name]
    parts.put("counts.json", orjson.dumps(counts))


def _put_photos(parts: Parts, connection: Connection, files: Table, taken: Taken, told: Told) -> None:
    root = Path(current_app.config["EVIDENCE_DIR"])
    for sha256 in connection.execute(select(files.c.sha256).order_by(files.c.sha256)).scalars():
        try:
            parts.put(f"evidence/{sha256}", store.place(root, sha256).read_bytes())
            taken.photos += 1
        except FileNotFoundError:
            taken.missing.append(sha256)
        told(1)


def _signer_files(folder: Path | None) -> Iterator[tuple[str, bytes]]:
    """Keys, and whom to ask at the start. Never `last`: an old one could be taken for the newest."""
    if folder is None:
        return
    if not any(folder.glob("*/key")):
        raise PermissionError(f"no signer's key can be read in {folder}")
    for path in sorted(folder.glob("*/key")):
        yield f"{path.parent.name}/key", path.read_bytes()
    for path in sorted(folder.glob("policy-*.txt")):
        yield path.name, path.read_bytes()
