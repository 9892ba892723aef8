"""No kind of entry has a place for a name, a note or a number that is somebody's."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.factories.custody import NOW, Town, a_town, issue_codes, the_door
from tests.kernel.intake.acts import changed
from webapp.custody import entries as kinds
from webapp.custody.steps import POLICY
from webapp.demo.phone import Phone
from webapp.demo.signed_phone import SignedPhone
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.crossings.entries import IN, OUT
from webapp.kernel.erasure.entries import REDACTED
from webapp.kernel.ledger.models import Head
from webapp.kernel.notifications.entries import RETRIED
from webapp.kernel.phones.entries import ENROLLED, PASS, REVOKED
from webapp.kernel.reconciliation.service import CLOSED
from webapp.kernel.scanning.service import ISSUED, VOIDED
from webapp.kernel.witnesses.room import ADMITTED, RETIRED
from webapp.supplies import entries as relief
from webapp.supplies.labels.cards_room import CARD_ISSUED, CARD_REVOKED

#: What nodes and their organisations are called is public; everything else is an id, a code or a word of a table.
PUBLIC = {ADMITTED, RETIRED}


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=2, cages=1)


def well_formed(town: Town) -> dict[str, dict[str, Any]]:
    """A body that each kind of command would take, or refuse for another reason than its form."""
    orgs = {"municipality": town.town.id, "carrier": town.carrier.id, "itad": town.itad.id}
    return {
        kinds.CONSIGNMENT_OPENED: {**orgs, "policy": POLICY},
        kinds.IMPORT_COMMITTED: {
            "consignment": town.job,
            "draft": town.job,
            "file_sha256": "0" * 64,
            "devices": 1,
        },
        kinds.CAGE_ADDED: {"consignment": town.job, "code": issue_codes(town, "cage", 1)[0], "label": "C-07"},
        kinds.EXPORTED: {"consignment": town.job, "label": "assets.csv"},
        kinds.EVIDENCE_VIEWED: {"consignment": town.job, "evidence": "0" * 64},
        ISSUED: {"kind": "device", "count": 1},
        VOIDED: {"code": town.codes[0], "replaced_by": town.codes[1]},
        CLOSED: {"discrepancy": town.job, "reason": "explained"},
        REDACTED: {"what": "device", "subject": town.devices[0], "basis": "request"},
        OUT: {"other": "062014", "count": 1},
        IN: {"other": "062014", "count": 1},
        **_of_phones(town),
        **_of_relief(town),
    }


def _of_phones(town: Town) -> dict[str, dict[str, Any]]:
    phone = SignedPhone(town.p("officer"), town.log, town.job)
    key: dict[str, Any] = {"dev": phone.dev, "key": phone.key.base64}
    return {
        ENROLLED: {**key, "holder": phone.actor, "from": 1, "after": "", "issuer": phone.actor},
        REVOKED: {"dev": phone.dev, "reason": "lost", "lost_at": NOW},
        PASS: {**key, "holder": phone.actor, "role": "driver", "job": town.job, "until": NOW + 1},
    }


def _of_relief(town: Town) -> dict[str, dict[str, Any]]:
    """The town has no disaster, and none of these things."""
    some, goods = new_id(), {"item": "W01", "variant": "", "quantity": 1}
    there = {"disaster": some, "shelter": some}
    of_match = (relief.DECLINED, relief.LOST, relief.CLOSED_SHORT)
    return {
        relief.DISASTER_OPENED: {"drill": True, "unverified_percent": 101},  # nobody may hold more than all
        relief.DISASTER_CHANGED: {"disaster": some, "unverified_percent": 0},
        relief.DISASTER_CLOSED: {"disaster": some},
        relief.SHELTER_SET: {
            "shelter": some,
            "receive_mode": "door",
            "accept_policy": "anyone",
            "common_id": "1",
        },
        relief.ITEM_SET: {"item": "Z01", "category": "food", "unit": "meal", "vol_ml": -1},
        relief.NEEDS_REGISTERED: {**there, "needs": [{"id": some, **goods}]},
        relief.NEED_CHANGED: {"need": some, "quantity": 1},
        relief.NEED_CONFIRMED: {"needs": [some]},
        relief.NEED_STOPPED: {"need": some},
        relief.REQUESTED: {"match": some, "offer": some, "shelter": some, "need": some, "quantity": 1},
        relief.SURPLUS_OFFERED: {**there, **goods},
        relief.OFFERED: {"disaster": some, **goods, "need": some},
        relief.SENDER_VERIFIED: {},
        relief.OFFER_WITHDRAWN: {"offer": some, "quantity": 1},
        relief.PACKED: {"match": some, "parcels": [{"quantity": 1}]},
        relief.QUANTITY_CHANGED: {"match": some, "quantity": 1},
        relief.CANCELLED: {"match": some, "by": "sender"},
        relief.SHIPPED: {"match": some, "quantity": 1},
        relief.EXPORTED: {"disaster": some, "label": "statistics.csv"},
        CARD_ISSUED: {
            "shelter": some,
            "number": 1,
            "holder": town.p("officer"),
            "token_hash": "0" * 64,
            "until": NOW,
        },
        CARD_REVOKED: {"card": some, "reason": "lost", "lost_at": NOW},
        RETRIED: {"notice": some},
        **{kind: {"match": some} for kind in of_match},
    }


def spoilt(body: dict[str, Any], word: str) -> Iterator[dict[str, Any]]:
    """The body with this word in each of its texts, and in a field of its own."""
    for name, value in body.items():
        if isinstance(value, str):
            yield {**body, name: word}
    yield {**body, "extra": word}


def size(town: Town) -> int:
    return db.session.get_one(Head, town.log, populate_existing=True).size


def test_every_command_that_exists_is_looked_at(town: Town) -> None:
    commands = {kind for room in the_door().rooms for kind in room.commands}
    assert well_formed(town).keys() == commands - PUBLIC


@pytest.mark.parametrize(
    "word", ["Yamada Hanako", "山田花子", "hanako@example.jp", "090-1234-5678", "5CD1234XYZ", "a note"]
)
def test_no_command_takes_a_name_a_note_or_a_serial_number(town: Town, word: str) -> None:
    phone, bodies = Phone(town.p("officer"), town.log), well_formed(town)
    before = size(town)
    for kind, body in bodies.items():
        items = [phone.command(kind, NOW, each, {"title": "x"}) for each in spoilt(body, word)]
        answers = town.send("officer", *items)
        assert all(answer.refusal for answer in answers), kind
    assert size(town) == before


@pytest.mark.parametrize(
    "field",
    ["code", "parent", "step", "place", "base", "said", "app", "src", "job", "dev", "boot", "prev", "commit"],
)
def test_no_field_of_a_scan_takes_a_name(town: Town, field: str) -> None:
    before = size(town)
    for word in ("Yamada Hanako", "山田花子", "SERIAL 0123"):
        item = town.phones["officer"].scan("loaded", town.codes[0], NOW, parent=town.cages[0])
        assert town.send("officer", changed(item, **{field: word}))[0].refusal is not None
    assert size(town) == before
