"""The demo's officers admit the nodes that ask, through the door, as they would do on the page."""

from collections import Counter
from collections.abc import Iterator

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.demo.cast import KANEYAMA, MOGAMI
from webapp.demo.phone import Phone
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.identity.models import Person
from webapp.kernel.intake.api import author_of
from webapp.kernel.intake.service import Door
from webapp.kernel.ledger.models import LedgerNode
from webapp.kernel.witnesses import room
from webapp.kernel.witnesses.api import waiting

OFFICERS = {MOGAMI: "officer", KANEYAMA: "kaneyama"}


def admit(app: Flask) -> Iterator[str]:
    """Say yes to every request that waits in the demo's logs. Answers a line for each."""
    door: Door = app.extensions["door"]
    for log, login in OFFICERS.items():
        officer = db.session.scalars(select(Person).where(Person.login == login)).one()
        author = author_of(officer)
        phone = Phone(author.pseudonyms[log], log)
        for asked in waiting(db.session(), log):
            now = now_ms()
            item = phone.command(room.ADMITTED, now, room.admission(asked))
            (answer,) = door.receive([item], author, now)
            yield f"{log}  {asked.organisation}  {answer.refusal.code if answer.refusal else 'admitted'}"


def admitted(session: Session) -> int:
    """How many nodes the log with the fewest has."""
    counts = Counter(session.scalars(select(LedgerNode.log).where(LedgerNode.retired_at.is_(None))))
    return min(counts[log] for log in OFFICERS)
