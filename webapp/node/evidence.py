"""What the log said, held against our own copy of it. Two histories under one key are kept for ever."""

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from webapp.kernel.tlog import checkpoints, notes
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.drills import is_drill
from webapp.kernel.tlog.notes import NoteError, Signature, VerifyKey
from webapp.node import tree

#: Another history; a smaller log than before, again and again; the lie of an exercise.
CONTRADICTION, ROLLBACK, DRILL = "contradiction", "rollback", "drill"
#: Only the log's own key can make these grow, and nobody needs more to see that it lies.
MOST_PIECES, MOST_UNEXAMINED, MOST_SHOWN = 1_000, 100, 1_000


@dataclass(frozen=True, slots=True)
class Told:
    """A checkpoint that the log signed, the note that says it, and who showed it to us."""

    checkpoint: Checkpoint
    note: bytes
    shown_by: str


def told(raw: bytes, keys: list[VerifyKey], shown_by: str) -> Told:
    """Read a signed note. Raises NoteError unless the first of `keys`, the log's, signed it under its own origin.

    The signatures of unknown keys are left out of what is kept.
    """
    note = notes.parse(raw)
    signed = notes.verified(note, keys)
    checkpoint = checkpoints.parse(note.text)
    if keys[0] not in signed or checkpoint.origin != keys[0].name:
        raise NoteError("the log did not sign this checkpoint")
    mine = [line for line in note.signatures if any(key.made(line) for key in signed)]
    return Told(checkpoint, notes.Note(note.text, ()).with_signatures(mine).render(), shown_by)


def with_cosignatures(what: Told, raw: bytes, witnesses: Iterable[VerifyKey]) -> Told:
    """The same with the good cosignatures of these witnesses: with them a copy alone proves what was agreed upon.

    A bad one is left out: it is no reason to do without the entries.
    """
    known, good = list(witnesses), list[Signature]()
    for line in notes.parse(raw).signatures:
        for key in known:
            if key.made(line):
                with suppress(NoteError):
                    key.verify(what.checkpoint.text(), line.blob)
                    good.append(line)
    note = notes.parse(what.note).with_signatures(good).render()
    return Told(what.checkpoint, note, what.shown_by)


def examine(sql: sqlite3.Connection, what: Told, now: int) -> bool:
    """Whether it is part of our copy. Another history is kept as evidence; what is beyond our copy waits.

    `sql` is inside a unit of work. Raises Damaged rather than accuse anybody with a broken disk.
    """
    origin, size = what.checkpoint.origin, what.checkpoint.size
    if size > tree.copy_of(sql, origin).size:
        _wait(sql, what)
        return True
    ours = tree.root_at(sql, origin, size)
    if ours == what.checkpoint.root:
        return True
    tree.check(sql, origin)
    honest = Checkpoint(origin, size, ours)
    keep(sql, what, DRILL if is_drill(what.checkpoint, honest) else CONTRADICTION, ours, now)
    return False


def examine_waiting(sql: sqlite3.Connection, origin: str, now: int) -> None:
    """Look at what has waited until our copy was long enough."""
    reached = tree.copy_of(sql, origin).size
    rows = sql.execute(
        "SELECT text, note, shown_by FROM unexamined WHERE origin = ? AND size <= ?", (origin, reached)
    ).fetchall()
    for text, note, shown_by in rows:
        examine(sql, Told(checkpoints.parse(text), note, shown_by), now)
        sql.execute("DELETE FROM unexamined WHERE origin = ? AND text = ?", (origin, text))


def keep(sql: sqlite3.Connection, what: Told, kind: str, root: bytes, now: int, ours: bytes = b"") -> None:
    """Keep what was told beside our own signed note; the same lie is kept once. `root`: ours at that size."""
    origin = what.checkpoint.origin
    count = sql.execute("SELECT count(*) FROM evidence WHERE origin = ?", (origin,)).fetchone()[0]
    if count < MOST_PIECES:
        beside = ours or _beside(sql, origin, what.checkpoint.size)
        row = (origin, what.checkpoint.text(), kind, what.checkpoint.size, root, beside, what.note)
        sql.execute(
            "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, what.shown_by, now)
        )


def remember(sql: sqlite3.Connection, what: Told) -> None:
    """Keep a note that belongs to our copy: beside a lie of the same size it proves the lie without any tree."""
    origin = what.checkpoint.origin
    sql.execute("INSERT OR REPLACE INTO shown VALUES (?, ?, ?)", (origin, what.checkpoint.size, what.note))
    sql.execute(
        "DELETE FROM shown WHERE origin = ? AND size <= (SELECT size FROM shown WHERE origin = ?"
        " ORDER BY size DESC LIMIT 1 OFFSET ?)",
        (origin, origin, MOST_SHOWN),
    )


def _beside(sql: sqlite3.Connection, origin: str, size: int) -> bytes | None:
    """Our signed note of this size, or else the next larger one, or else the largest."""
    row = sql.execute(
        "SELECT note FROM shown WHERE origin = ? ORDER BY size < ?, abs(size - ?) LIMIT 1",
        (origin, size, size),
    ).fetchone()
    return bytes(row[0]) if row else None


def _wait(sql: sqlite3.Connection, what: Told) -> None:
    """Those that our copy reaches first stay: a log that signs sizes far off must not push a near lie out."""
    origin = what.checkpoint.origin
    row = (origin, what.checkpoint.text(), what.checkpoint.size, what.note, what.shown_by)
    sql.execute("INSERT OR IGNORE INTO unexamined VALUES (?, ?, ?, ?, ?)", row)
    sql.execute(
        "DELETE FROM unexamined WHERE origin = ? AND text IN"
        " (SELECT text FROM unexamined WHERE origin = ? ORDER BY size LIMIT -1 OFFSET ?)",
        (origin, origin, MOST_UNEXAMINED),
    )
