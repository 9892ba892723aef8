"""Every kind of entry that was ever written can still be folded, to the same tables.

`tests/vectors/golden_log.json` holds two logs as bytes and what they came to. A new kind or version adds lines (with
`golden_of` after a story that has one); lines that are there are never changed: somebody's log holds them.
"""

import json
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import insert, update

from tests.factories.custody import the_door
from tests.factories.identity import MORNING
from webapp.custody.models import Cage, Device
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.crossings.models import CrossingHalf
from webapp.kernel.erasure.entries import ERASED
from webapp.kernel.erasure.models import Redaction
from webapp.kernel.intake.rebuild import check, rebuild
from webapp.kernel.ledger.entries import decode
from webapp.kernel.ledger.log import open_log, read
from webapp.kernel.ledger.models import Head, LedgerEntry, LedgerNode
from webapp.kernel.ledger.verification import verify
from webapp.kernel.notifications.entries import AFTER
from webapp.kernel.notifications.models import Notice
from webapp.kernel.reconciliation.models import DiscrepancyRow
from webapp.kernel.tlog.merkle import Frontier, leaf_hash
from webapp.supplies import entries as kinds
from webapp.supplies.models import Match, Need, Offer, Parcel, Stock

GOLDEN = Path(__file__).parents[1] / "vectors" / "golden_log.json"


def board(log: str) -> dict[str, Any]:
    """What a log comes to, as people see it."""
    d, c, q, n = Device, Cage, DiscrepancyRow, LedgerNode
    devices = db.session.query(d.id, d.code, d.step, d.cage, d.ended).filter(d.log == log).order_by(d.id)
    cages = db.session.query(c.code, c.step, c.manifest, c.counted).filter(c.log == log).order_by(c.code)
    found = db.session.query(q.code, q.scope, q.key, q.closed).filter(q.log == log).order_by(q.id)
    nodes = db.session.query(n.name, n.organisation, n.retired_at).filter(n.log == log).order_by(n.name)
    r, x = Redaction, CrossingHalf
    erased = db.session.query(r.what, r.subject, r.basis, r.count).filter(r.log == log).order_by(r.id)
    crossed = db.session.query(x.is_out, x.other, x.commit, x.count).filter(x.log == log).order_by(x.index)
    relief = {name: rows for name, rows in _relief(log).items() if rows}
    return relief | {
        "nodes": [list(row) for row in nodes],
        "erased": [list(row) for row in erased],
        "crossings": [list(row) for row in crossed],
        "devices": [list(row) for row in devices],
        "cages": [list(row) for row in cages],
        "discrepancies": [list(row) for row in found],
    }


def _relief(log: str) -> dict[str, list[Any]]:
    """Needs and offers with their numbers, shipments, parcels, stocks, and what people are told."""
    columns: dict[str, tuple[Any, ...]] = {
        "needs": (
            Need.id,
            Need.required,
            Need.pledged,
            Need.requested,
            Need.transit,
            Need.good,
            Need.filled,
            Need.open,
        ),
        "offers": (
            Offer.id,
            Offer.offered,
            Offer.held,
            Offer.requested,
            Offer.delivered,
            Offer.avail,
            Offer.state,
        ),
        "shipments": (Match.id, Match.need, Match.state, Match.quantity, Match.ended_by),
        "parcels": (
            Parcel.code,
            Parcel.quantity,
            Parcel.good,
            Parcel.damaged,
            Parcel.expired,
            Parcel.missing,
        ),
        "stocks": (Stock.shelter, Stock.item, Stock.variant, Stock.quantity),
        "notices": (Notice.id, Notice.kind, Notice.state, Notice.code),
    }
    found = {name: db.session.query(*row).filter(row[0].class_.log == log) for name, row in columns.items()}
    return {name: sorted(list(map(str, row)) for row in rows) for name, rows in found.items()}


def write(log: str, lines: list[str]) -> None:
    """Put these bytes into a fresh log as they are."""
    frontier, rows = Frontier(), []
    for index, line in enumerate(lines):
        raw = line.encode()
        entry = decode(index, raw)
        frontier.push(leaf_hash(raw))
        place = {"log": log, "index": index, "id": entry.id, "kind": entry.kind}
        rows.append(place | {"recorded_at": entry.recorded_at, "leaf": leaf_hash(raw), "raw": raw})
    with transaction() as session:
        open_log(session, log, f"log.example/{log}", "", new_id(), MORNING)
        session.execute(insert(LedgerEntry), rows)
        head = {"size": frontier.size, "frontier": frontier.to_bytes()}
        session.execute(update(Head).where(Head.log == log).values(**head))


def test_the_golden_log_folds_to_the_same_tables_for_ever(app: Flask) -> None:
    golden = json.loads(GOLDEN.read_text())
    for log, held in golden.items():
        write(log, held["entries"])
    for log in sorted(golden):  # the town whose sticker strays into the other's log comes first
        rebuild(the_door(), log)
    for log, held in golden.items():
        assert verify(db.session(), log).root == held["root"]
        assert json.loads(json.dumps(board(log))) == held["board"]
        assert check(the_door(), log) == []


def test_the_golden_log_holds_every_kind_that_the_rooms_fold(app: Flask) -> None:
    golden = json.loads(GOLDEN.read_text())
    held = {json.loads(line)["kind"] for log in golden.values() for line in log["entries"]}
    rooms = the_door().rooms
    wanted = {kind for room in rooms for kind in (*room.observations, *room.commands)}
    ours = {"custody.assets_listed", "codes.printed", ERASED, "supplies.label_key", "supplies.asked", *AFTER}
    ours |= {kinds.HELD, kinds.OFFER_ACTIVATED, kinds.OFFER_EXPIRED, kinds.LABELLED, kinds.LAPSED}
    ours |= {kinds.NEED_MADE, kinds.NEED_RAISED, kinds.NEED_EXPIRED}
    assert wanted | ours == held


def golden_of(*logs: str) -> str:
    """The file's text for these logs of the present database."""
    made = {
        log: {
            "root": verify(db.session(), log).root,
            "board": board(log),
            "entries": [row.raw.decode() for row in _entries(log)],
        }
        for log in logs
    }
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def _entries(log: str) -> list[LedgerEntry]:
    assert list(read(db.session(), log))
    return db.session.query(LedgerEntry).filter_by(log=log).order_by(LedgerEntry.index).all()
