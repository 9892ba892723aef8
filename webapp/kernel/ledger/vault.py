"""Commitments and their openings. An entry holds the commitment; the vault holds salt and data, and forgets."""

import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.rows import Lookup, insert_rows, update_rows
from webapp.kernel.ledger.entries import canonical
from webapp.kernel.ledger.models import VaultRecord


@dataclass(frozen=True)
class Opening:
    """Salt (64 hex digits) and data that open a commitment."""

    salt: str
    data: Mapping[str, Any]

    @cached_property
    def commit(self) -> str:
        """64 hex digits: HMAC-SHA256 keyed with the salt over the canonical data. Raises NotCanonical."""
        return hmac.digest(bytes.fromhex(self.salt), canonical(dict(self.data)), "sha256").hex()


def seal(data: Mapping[str, Any]) -> Opening:
    """A fresh 256-bit salt for this data: without it nobody can guess what was committed to."""
    return Opening(secrets.token_hex(32), dict(data))


_COMMITS = Lookup(VaultRecord.commit, VaultRecord.erased_at, by=VaultRecord.commit)
_OF_SUBJECT = Lookup(
    VaultRecord.commit, VaultRecord.erased_at, by=VaultRecord.subject, same=[VaultRecord.log]
)


def of_act(act_id: str) -> str:
    """The subject of what an act brought itself: apart from things, so that no scan can overlay what a list says."""
    return f"act:{act_id}"


def keep(session: Session, log: str, openings: Iterable[tuple[str, Opening]]) -> None:
    """Store openings as (subject, opening). One that is there already stays as it is."""
    rows = [
        {"commit": opening.commit, "log": log, "subject": subject}
        | {"salt": opening.salt, "data": dict(opening.data)}
        for subject, opening in openings
    ]
    insert_rows(session, VaultRecord, rows, only_new=True)


def read(session: Session, log: str, subjects: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What is known about these subjects; later facts of a subject overlay earlier ones. Erased ones are absent."""
    wanted, found = list(dict.fromkeys(subjects)), dict[str, dict[str, Any]]()
    for start in range(0, len(wanted), 500):
        rows = session.execute(
            select(VaultRecord.subject, VaultRecord.data)
            .where(VaultRecord.log == log, VaultRecord.subject.in_(wanted[start : start + 500]))
            .order_by(VaultRecord.commit)
        )
        for subject, data in rows:
            if data is not None:
                found.setdefault(subject, {}).update(data)
    return found


def commits_of(session: Session, log: str, subjects: Iterable[str]) -> list[str]:
    """Commitments of these subjects that can still be opened."""
    rows = _OF_SUBJECT.rows(session, dict.fromkeys(subjects), log=log)
    return sorted(row.commit for row in rows if row.erased_at is None)


def erase(session: Session, log: str, subject: str, now: int) -> int:
    """Delete data and salt of a subject; the commitments in the log can never be opened again. Returns how many."""
    commits = commits_of(session, log, [subject])
    erase_commits(session, log, commits, now)
    return len(commits)


def erase_commits(session: Session, log: str, commits: Sequence[str], now: int) -> None:
    """Delete data and salt behind these commitments. What is not here yet will not be taken in later either."""
    here = {row.commit: row for row in _COMMITS.rows(session, commits)}
    gone = {"salt": None, "data": None, "erased_at": now}
    found = [{"commit": key, **gone} for key, row in here.items() if row.erased_at is None]
    update_rows(session, VaultRecord, "commit", found)
    unseen = [{"commit": key, "log": log, "subject": "", **gone} for key in commits if key not in here]
    insert_rows(session, VaultRecord, unseen)
