"""The demo's officers admit whoever asks, through the door; once is enough."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from webapp.demo import cast, partners
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.ledger.models import LedgerEntry, LedgerNode, NodeRequest
from webapp.kernel.tlog.notes import COSIGNATURE, SIGNATURE, SigningKey


def request(log: str, number: int) -> NodeRequest:
    """A node that asks."""
    witness = SigningKey(f"n{number}.example/witness", COSIGNATURE, bytes([number]) * 32)
    mirror = SigningKey(f"n{number}.example/mirror", SIGNATURE, bytes([100 + number]) * 32)
    return NodeRequest(
        log=log,
        vkey=witness.public.vkey,
        mirror_vkey=mirror.public.vkey,
        url=f"http://127.0.0.1:{8000 + number}",
        organisation=f"団体{number}",
        asked_at=number,
    )


@pytest.fixture
def towns(app: Flask) -> Flask:
    """The demo's people and logs, with two nodes that ask to watch each."""
    with transaction() as session:
        cast.assemble(session, now_ms())
    with transaction() as session:
        session.add_all([request(log, number) for log in partners.OFFICERS for number in (1, 2)])
    return app


def test_every_node_that_asks_is_admitted_in_each_log_by_its_own_officer(towns: Flask) -> None:
    lines = list(partners.admit(towns))
    assert [line.split()[-1] for line in lines] == ["admitted"] * 4
    assert partners.admitted(db.session()) == 2
    assert set(db.session.scalars(select(LedgerNode.organisation))) == {"団体1", "団体2"}
    kinds = list(db.session.scalars(select(LedgerEntry.kind)))
    assert kinds == ["ledger.node_admitted"] * 4


def test_admitting_again_writes_nothing(towns: Flask) -> None:
    list(partners.admit(towns))
    assert list(partners.admit(towns)) == []
    assert db.session.scalar(select(func.count()).select_from(LedgerEntry)) == 4
