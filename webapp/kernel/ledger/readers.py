"""Where an audit reads a log: an address, a mirror's address, or a folder that somebody copied."""

import gzip
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.fetch import Unreachable, fetch
from webapp.kernel.ledger.audit import Read
from webapp.kernel.tlog import members, notes
from webapp.kernel.tlog.checkpoints import origin_hash
from webapp.kernel.tlog.notes import NoteError, Signature, SigningKey
from webapp.kernel.tlog.policies import Party, Policy

#: 256 entries of 65,535 bytes with their lengths.
MOST_BYTES = 256 * (65_535 + 2)
WITHIN_S = 30.0


class Said(Unreachable):
    """An answer that is not 200."""

    def __init__(self, name: str, status: int) -> None:
        self.status = status
        super().__init__(f"{name}: status {status}")


def folder(path: Path) -> Read:
    """Read below a folder that is laid out as tlog-tiles says."""

    def read(name: str) -> bytes:
        try:
            return (path / name).read_bytes()
        except OSError as problem:
            raise Unreachable(f"{name}: {problem.strerror}") from problem

    return read


def address(url: str, headers: Mapping[str, str], key: SigningKey | None) -> Read:
    """Read below an address, with these headers, or as the member node whose mirror key this is."""
    base = url.rstrip("/")

    def read(name: str) -> bytes:
        where = f"{base}/{name}"
        shown = {"Authorization": members.show(key, now_ms(), "GET", urlsplit(where).path)} if key else {}
        sent = {"Accept-Encoding": "gzip", **headers, **shown}
        answer = fetch("GET", where, headers=sent, limit=MOST_BYTES, within_s=WITHIN_S)
        if answer.status != 200:
            raise Said(name, answer.status)
        return (
            _unpacked(name, answer.body) if answer.headers.get("content-encoding") == "gzip" else answer.body
        )

    return read


def cosigned(read: Read, policy: Policy) -> Read:
    """The same, with cosignatures that the policy's witnesses show themselves where the served ones are too few.

    A mirror may have copied a checkpoint before it was cosigned.
    """

    def again(name: str) -> bytes:
        raw = read(name)
        if name != "checkpoint" or not _lacks_cosignatures(raw, policy):
            return raw
        note = notes.parse(raw)
        for witness in policy.witnesses.values():
            note = note.with_signatures(_shown_by(witness, note.text))
        return note.render()

    return again


def _lacks_cosignatures(raw: bytes, policy: Policy) -> bool:
    try:
        return not policy.judge(raw).is_enough
    except NoteError:
        return False  # the audit itself says what is wrong with it


def _shown_by(witness: Party, text: str) -> Iterable[Signature]:
    """The witness's own signature of just this text, if it shows it."""
    where = f"{witness.url.rstrip('/')}/{origin_hash(text.partition(chr(10))[0])}/checkpoint"
    try:
        shown = notes.parse(fetch("GET", where, limit=notes.MOST_BYTES, within_s=WITHIN_S).body)
        if shown.text == text and witness.key in notes.verified(shown, [witness.key]):
            return [line for line in shown.signatures if witness.key.made(line)]
    except (Unreachable, NoteError):
        return []
    return []


def _unpacked(name: str, packed: bytes) -> bytes:
    """Never more than a bundle can hold: what swells beyond that was made to hurt."""
    try:
        raw = gzip.GzipFile(fileobj=io.BytesIO(packed)).read(MOST_BYTES + 1)
    except (OSError, EOFError) as problem:
        raise Unreachable(f"{name}: not gzip") from problem
    if len(raw) > MOST_BYTES:
        raise Unreachable(f"{name}: too long")
    return raw
