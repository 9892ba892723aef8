"""Answers add-checkpoint (C2SP tlog-witness): looks, writes down, and only then cosigns."""

import sqlite3
from dataclasses import dataclass

from webapp.kernel.tlog import witnessing
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.drills import is_drill
from webapp.kernel.tlog.notes import Note, SigningKey, VerifyKey
from webapp.kernel.tlog.witnessing import Accepted, Refused
from webapp.node import evidence
from webapp.node.evidence import Told
from webapp.node.store import Store
from webapp.node.tree import Damaged

PLAIN = "text/plain; charset=utf-8"
#: Who showed us a checkpoint that came by add-checkpoint.
SUBMITTED = "add-checkpoint"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    type: str = PLAIN


def add_checkpoint(store: Store, key: SigningKey, raw: bytes, now: int) -> Answer:
    """Decide, persist and cosign in one unit of work; `now` in ms. Statuses as the specification says.

    503 where the clock stands before our last cosignature (a time once signed stays signed) or the disk takes
    nothing: then nothing is cosigned, and the next request is judged anew.
    """
    try:
        with store.writing() as sql:
            return _decide(sql, key, raw, now)
    except sqlite3.Error as problem:
        return Answer(503, f"nothing can be written here: {problem}\n".encode())


def latest(sql: sqlite3.Connection, origin: str) -> Checkpoint | None:
    """What this witness cosigned last."""
    row = sql.execute("SELECT size, root FROM cosigned WHERE origin = ?", (origin,)).fetchone()
    return Checkpoint(origin, row[0], row[1]) if row else None


def latest_note(sql: sqlite3.Connection, origin: str) -> bytes | None:
    """The same with the log's signature and our cosignature."""
    row = sql.execute("SELECT note FROM cosigned WHERE origin = ?", (origin,)).fetchone()
    return bytes(row[0]) if row else None


def _decide(sql: sqlite3.Connection, key: SigningKey, raw: bytes, now: int) -> Answer:
    rows = sql.execute("SELECT origin, vkey FROM logs").fetchall()
    logs = {origin: [VerifyKey.parse(vkey)] for origin, vkey in rows}
    judged = witnessing.judge(raw, logs, lambda origin: latest(sql, origin))
    if isinstance(judged, Refused):
        if judged.evidence:
            _keep(sql, raw, logs, judged, now)
        return _no(judged)
    log = logs[judged.checkpoint.origin]
    if not _is_in_our_copy(sql, evidence.told(judged.note.render(), log, SUBMITTED), now):
        # beyond the specification: it extends what we cosigned, and yet our copy of the entries says otherwise
        return Answer(422, b"our copy of this log has another root\n")
    last_s = sql.execute("SELECT max(at_s) FROM cosigned").fetchone()[0] or 0
    if now // 1000 < last_s:
        return Answer(503, b"our clock stands before our last cosignature\n")
    return _yes(sql, key, judged, log, now // 1000)


def _is_in_our_copy(sql: sqlite3.Connection, what: Told, now: int) -> bool:
    try:
        return evidence.examine(sql, what, now)
    except Damaged:
        return True  # what was cosigned is a record of its own; a damaged copy is said in /status


def _no(refused: Refused) -> Answer:
    if refused.status == 409:
        return Answer(409, f"{refused.size}\n".encode(), witnessing.SIZE_TYPE)
    return Answer(refused.status, f"{refused.reason}\n".encode())


def _yes(
    sql: sqlite3.Connection, key: SigningKey, accepted: Accepted, log: list[VerifyKey], at_s: int
) -> Answer:
    new = accepted.checkpoint
    mine = key.sign(new.text(), at_s)
    by_log = [line for line in accepted.note.signatures if any(each.made(line) for each in log)]
    note = Note(new.text(), ()).with_signatures([*by_log, mine]).render()
    row = (new.origin, new.size, new.root, note, at_s)
    sql.execute("INSERT OR REPLACE INTO cosigned VALUES (?, ?, ?, ?, ?)", row)
    return Answer(200, mine.line().encode())


def _keep(
    sql: sqlite3.Connection, raw: bytes, logs: dict[str, list[VerifyKey]], refused: Refused, now: int
) -> None:
    """A contradiction stands by itself; a suspicion is held against our copy, now or when it is long enough."""
    asked = witnessing.parse(raw)
    origin = asked.note.text.split("\n", 1)[0]
    what = evidence.told(asked.note.render(), logs[origin], SUBMITTED)
    last = latest(sql, origin)
    if refused.evidence == witnessing.CONTRADICTION and last is not None:
        kind = evidence.DRILL if is_drill(what.checkpoint, last) else evidence.CONTRADICTION
        evidence.keep(sql, what, kind, last.root, now, ours=latest_note(sql, origin) or b"")
    else:
        _is_in_our_copy(sql, what, now)
