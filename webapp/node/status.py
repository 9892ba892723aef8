"""What a node says about itself: to its own people, to the town's status page, to whoever asks."""

import sqlite3
from typing import Any

from webapp.kernel.base.clock import show_full
from webapp.kernel.tlog import checkpoints, notes, words
from webapp.node import tree, witness
from webapp.node.keys import Keys
from webapp.node.messages import SENTENCES
from webapp.node.watching import Pulse


def of_log(sql: sqlite3.Connection, pulse: Pulse) -> dict[str, Any]:
    """One log: sizes, when all was well last (ms), what is wrong, how much evidence there is.

    `unexamined`: checkpoints that the log signed for others and that are beyond what it shows us so far.
    """
    last, copy = witness.latest(sql, pulse.origin), tree.copy_of(sql, pulse.origin)
    cosigned = last.size if last else 0
    # the last look may be older than our own signature; a log that went back is shown as it is
    size = pulse.log_size if pulse.failure == "node.smaller" else max(pulse.log_size, cosigned, copy.size)
    return {
        "origin": pulse.origin,
        "size": cosigned,
        "mirrored": copy.size,
        "log_size": size,
        "behind": max(size - copy.size, 0),
        "admitted": pulse.admitted,
        "last_ok_at": pulse.last_ok_at,
        "failure": pulse.failure,
        "text": SENTENCES.get(pulse.failure, ""),
        **_counts(sql, pulse.origin),
    }


def kept(sql: sqlite3.Connection) -> list[dict[str, Any]]:
    """The same from the store alone, for a look while the node runs or is stopped."""
    rows = sql.execute("SELECT origin, log_size, last_ok_at, failure FROM pulses ORDER BY origin").fetchall()
    return [of_log(sql, Pulse(*row)) for row in rows]


def evidence_of(sql: sqlite3.Connection) -> list[dict[str, Any]]:
    """Every pair of notes that contradict each other, oldest first. Both are the log's own signed words."""
    rows = sql.execute(
        "SELECT origin, kind, size, root, ours, theirs, shown_by, found_at FROM evidence ORDER BY found_at, told"
    )
    return [
        {
            "origin": origin,
            "kind": kind,
            "size": size,
            "our_root": notes.encode64(root),
            "notes": [note.decode() for note in (ours, theirs) if note],
            "shown_by": shown_by,
            "found_at": found_at,
        }
        for origin, kind, size, root, ours, theirs, shown_by, found_at in rows
    ]


def lines(sql: sqlite3.Connection, pair: Keys) -> list[str]:
    """For the terminal, in Japanese. The words of the keys are those that the officer sees before admitting it."""
    found = [f"鍵の八つの言葉  {' '.join(pair.words())}"]
    for log in kept(sql):
        found += [
            f"ログ    {log['origin']}",
            f"  連署  {log['size']} 件まで    写し  {log['mirrored']} 件    ログ  {log['log_size']} 件",
            f"  最後に確かめた時刻  {show_full(log['last_ok_at'])}",
            f"  状態  {log['text'] or '正常'}",
            f"  食い違いの証拠  {log['evidence']} 件（ほかに訓練 {log['drills']} 件）",
        ]
        if log["unexamined"]:
            found.append(f"  ほかの相手には見せ、ここにはまだ見せていない署名  {log['unexamined']} 件")
        if log["mirrored"]:
            spoken = words_at(sql, log["origin"], log["mirrored"])
            found.append(f"  八つの言葉（{log['mirrored']} 件）  {' '.join(spoken)}")
    return found if len(found) > 1 else [*found, "まだどのログにもつながっていません。"]


def words_at(sql: sqlite3.Connection, origin: str, size: int) -> list[str]:
    """The eight words for our copy at this size. Raises LookupError if we hold fewer entries."""
    return words.of_checkpoint(checkpoints.Checkpoint(origin, size, tree.root_at(sql, origin, size)))


def _counts(sql: sqlite3.Connection, origin: str) -> dict[str, int]:
    rows = dict(sql.execute("SELECT kind, count(*) FROM evidence WHERE origin = ? GROUP BY kind", (origin,)))
    drills = rows.pop("drill", 0)
    waits = sql.execute("SELECT count(*) FROM unexamined WHERE origin = ?", (origin,)).fetchone()[0]
    return {"evidence": sum(rows.values()), "drills": drills, "unexamined": waits}
