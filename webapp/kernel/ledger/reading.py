"""Reads of a log's lines by what names them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from webapp.kernel.base.rows import Lookup
from webapp.kernel.ledger.models import LedgerEntry

_BY_ID = Lookup(LedgerEntry.id, LedgerEntry.index, LedgerEntry.raw, by=LedgerEntry.id, same=[LedgerEntry.log])


def entries_by_id(session: Session, log: str, ids: Iterable[str]) -> list[Any]:
    """(id, index, raw) of those of these entries that the log has, in no order."""
    return _BY_ID.rows(session, dict.fromkeys(ids), log=log)
