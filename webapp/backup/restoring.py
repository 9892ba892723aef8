"""Putting a backup back: the whole file is read and checked before anything here is changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from alembic import command
from alembic.config import Config
from flask import current_app
from sqlalchemy import Connection, Table

from webapp.backup import tables
from webapp.backup.archive import reading
from webapp.backup.box import BoxError
from webapp.backup.people import people_in
from webapp.backup.taking import MAIN, VAULT, VERSION, Told
from webapp.kernel.base.db import db, transaction
from webapp.kernel.erasure.again import erase_again
from webapp.kernel.evidence import store
from webapp.kernel.identity.pseudonyms import adopt
from webapp.kernel.ledger.log import lock_heads, read
from webapp.kernel.ledger.verification import verify

_PART = re.compile(r"tables/([a-z_]{1,63})/\d{6}\.jsonl")
_PHOTO = re.compile(r"evidence/([0-9a-f]{64})")
_SIGNER = re.compile(r"signer/([0-9A-Za-z_-]{1,32}/key|policy-[0-9A-Za-z_-]{1,32}\.txt)")


class CannotRestore(Exception):
    """The text says why, in the operator's words; nothing was changed unless it says so."""


@dataclass(slots=True)
class Contents:
    """What a file says about itself, and what was found in it."""

    meta: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    photos: int = 0
    signer: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Restored:
    """A log after restoring. `fault` is empty when its root is the one that was written down with the backup."""

    log: str
    origin: str
    size: int
    root: str
    fault: str = ""


def examine(path: Path, key: bytes, purpose: str) -> Contents:
    """Read a file to its end without keeping anything. Raises BoxError if it is not whole or not one of ours."""
    found, rows = Contents(), dict[str, int]()
    for name, raw in reading(path, key, purpose):
        _examine(found, rows, name, raw)
    if found.meta.get("version") != VERSION:
        raise BoxError("a backup of a newer version")
    if rows != {name: count for name, count in found.counts.items() if count}:
        raise BoxError("rows are missing")
    return found


def _examine(found: Contents, rows: dict[str, int], name: str, raw: bytes) -> None:
    if name == "meta.json":
        found.meta = orjson.loads(raw)
    elif name == "counts.json":
        found.counts = orjson.loads(raw)
    elif part := _PART.fullmatch(name):
        rows[part[1]] = rows.get(part[1], 0) + raw.count(b"\n") + bool(raw)
    elif photo := _PHOTO.fullmatch(name):
        if sha256(raw).hexdigest() != photo[1]:
            raise BoxError(f"photo {photo[1]} is not the one that was kept")
        found.photos += 1
    elif key := _SIGNER.fullmatch(name):
        found.signer[key[1]] = raw
    else:
        raise BoxError(f"no part of ours: {name[:80]}")


def is_empty() -> bool:
    """Whether this instance has no log, no person, no organisation."""
    with tables.snapshot(db.engine) as connection:
        found = tables.tables_of(connection)
        watched = [
            found[name] for name in ("logs", "people", "organisations", "ledger_entries") if name in found
        ]
        return not any(tables.count(connection, table) for table in watched)


def restore(main: Path, vault: Path | None, key: bytes, schema: Config, told: Told = id) -> list[Restored]:
    """Replace everything here by the backup; `schema` is Alembic's configuration for this database.

    Without `vault` names, logins and serial numbers stay away: every trail is there, its people are pseudonyms.
    Raises BoxError (then nothing was changed) and CannotRestore.
    """
    whole = examine(main, key, MAIN)
    private = examine(vault, key, VAULT) if vault else None
    if private and private.meta["revision"] != whole.meta["revision"]:
        raise CannotRestore("the two files are of different versions of Ashiato")
    _fresh_schema(schema, whole.meta["revision"])
    with transaction() as session:
        connection = session.connection()
        found = tables.tables_of(connection)
        _put(connection, found, whole, reading(main, key, MAIN), told)
        if vault and private:  # people after their organisations
            _put(connection, found, private, reading(vault, key, VAULT), told)
    command.upgrade(schema, "head")
    _put_signer(whole.signer)
    return [_settled(each) for each in whole.meta["logs"]]


def _fresh_schema(schema: Config, revision: str) -> None:
    """Empty tables as that version had them. Whatever was here is gone."""
    db.session.remove()
    db.engine.dispose()
    command.downgrade(schema, "base")
    command.upgrade(schema, revision)


def _put(
    connection: Connection,
    found: dict[str, Table],
    whole: Contents,
    parts: Iterator[tuple[str, bytes]],
    told: Told,
) -> None:
    root = Path(current_app.config["EVIDENCE_DIR"])
    allowed = found.keys() & whole.meta["tables"].keys()
    for name, raw in parts:
        if part := _PART.fullmatch(name):
            if part[1] not in allowed:
                raise CannotRestore(f"this version has no table {part[1]}; the database is empty now")
            told(tables.put(connection, found[part[1]], whole.meta["tables"][part[1]], raw))
        elif photo := _PHOTO.fullmatch(name):
            store.keep(root, photo[1], raw)
            told(1)


def _put_signer(files: dict[str, bytes]) -> None:
    """Keys come back only where none are: a signer that is here knows better what it signed last."""
    folder = Path(current_app.config.get("SIGNER_DIR") or Path(current_app.config["INSTANCE"]) / "signer")
    for name, raw in files.items():
        target = folder / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.touch(mode=0o600)
            target.write_bytes(raw)


def _settled(said: dict[str, Any]) -> Restored:
    """What the log says was erased is erased here too, whatever the files held; then the root is compared."""
    log = said["log"]
    with transaction() as session:
        lock_heads(session, [log])
        erase_again(session, log)
        adopt(session, log, people_in(read(session, log)))
    found = verify(db.session(), log)
    same = (found.size, found.root) == (said["size"], said["root"])
    fault = found.fault or ("" if same else f"the backup said {said['size']} entries, root {said['root']}")
    return Restored(log, said["origin"], found.size, found.root, fault)
