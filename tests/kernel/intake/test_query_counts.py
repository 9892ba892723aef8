"""A batch costs the same number of statements, whatever its size and whatever lies around it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from tests.factories.custody import PHOTO, Journey, Town, a_draft, a_town, commit_draft, issue_codes, the_door
from tests.factories.identity import MORNING
from webapp.custody.models import Device
from webapp.kernel.base.clock import HOUR
from webapp.kernel.base.db import db
from webapp.kernel.intake.rebuild import rebuild


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements of this block."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def cost(town: Town, who: str, items: list[Any]) -> int:
    """Statements for one batch; nothing is remembered from the last, as between requests.

    The batch that completes a multiple of 256 entries also writes that tile: two statements, counted apart.
    """
    db.session().info.clear()
    with counted() as said:
        answers = town.send(who, *items)
    assert [answer.refusal for answer in answers if answer.refusal] == []
    tiles = [statement for statement in said if "ledger_tiles" in statement]
    assert len(tiles) in {0, 2}, tiles
    return len(said) - len(tiles)


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=220, cages=2)


def test_one_scan_costs_as_much_as_a_hundred(town: Town) -> None:
    j = Journey(town)
    town.send("officer", *j.register(0), *j.load(0))  # so that neither list nor cage is empty
    costs = {
        "registered": [cost(town, "officer", j.register(*part)) for part in (range(1, 2), range(2, 102))],
        "sanitized": [cost(town, "technician", j.sanitize(*part)) for part in (range(1, 2), range(2, 102))],
        "loaded": [cost(town, "officer", j.load(*part)) for part in (range(1, 2), range(2, 102))],
    }
    assert {step: few == many for step, (few, many) in costs.items()} == dict.fromkeys(costs, True), costs
    assert max(many for _, many in costs.values()) <= 26, costs


def test_a_hundred_discrepancies_cost_as_much_as_one(town: Town) -> None:
    j = Journey(town)
    town.send("officer", *j.load(0), *j.register(*range(1, 100)))
    town.send("officer", *j.register(100, 101))
    few, many = (cost(town, "officer", j.load(*part)) for part in (range(1, 2), range(2, 102)))
    assert few == many


def test_unknown_codes_and_found_devices_cost_no_more_when_there_are_many(town: Town) -> None:
    codes = issue_codes(town, "device", 202)
    phone = town.phones["officer"]

    def found(number: int) -> Any:
        body = {"device": "", "device_new": f"00000000-0000-7000-8000-{number:012}", "cls": "3"}
        return phone.scan("registered", codes[number], MORNING, body=body)

    assert cost(town, "officer", [found(1)]) == cost(town, "officer", [found(n) for n in range(2, 102)])
    scans = [phone.scan("loaded", code, MORNING, parent=town.cages[0]) for code in codes[101:]]
    town.send("officer", scans[0])
    assert cost(town, "officer", scans[1:2]) == cost(town, "officer", scans[2:])


def test_a_full_consignment_costs_as_much_as_an_empty_one(town: Town) -> None:
    j = Journey(town)
    few = cost(town, "officer", j.register(*range(5)))
    assert commit_draft(
        town, a_draft(town, 1_000, file_sha256="aa" * 32, first=500), 1_000, file_sha256="aa" * 32
    ).index
    town.codes += issue_codes(town, "device", 1_000)
    town.devices = [row.id for row in db.session.query(Device).order_by(Device.number)]
    for start in range(5, 1_005, 100):
        town.send("officer", *j.register(*range(start, start + 100)))
    assert cost(town, "officer", j.register(*range(1_005, 1_010))) == few


def test_a_full_cage_costs_as_much_as_an_empty_one(town: Town) -> None:
    j = Journey(town)
    town.send("officer", *j.register(*range(100)))
    town.send("officer", *j.register(*range(100, 200)))
    town.send("officer", *j.load(0))
    first = cost(town, "officer", j.load(1))
    town.send("officer", *j.load(*range(2, 100)))
    town.send("officer", *j.load(*range(100, 190)))
    assert cost(town, "officer", j.load(190)) == first


def test_counting_a_locked_cage_costs_the_same_for_one_and_for_all(town: Town) -> None:
    j = Journey(town)
    for part in (range(100), range(100, 160)):
        town.send("officer", *j.register(*part))
        town.send("technician", *j.sanitize(*part))
        town.send("officer", *j.load(*part))
    town.send("officer", j.lock(range(160)), j.hand_over())
    town.send("receiver", j.arrive(), j.open())
    assert cost(town, "receiver", j.count(0)) == cost(town, "receiver", j.count(*range(1, 101)))


def test_a_manifest_of_a_thousand_codes_fits_into_one_scan(town: Town) -> None:
    codes = [f"x-{n:020x}" for n in range(1_000)]
    body = {"seal": "1", "manifest": codes, "count": 1_000}
    scan = town.phones["officer"].scan("locked", town.cages[0], MORNING + HOUR, ev=[PHOTO], body=body)
    assert cost(town, "officer", [scan]) <= 25


def test_folding_again_does_not_ask_for_each_entry(town: Town) -> None:
    j = Journey(town)
    for start in range(0, 200, 100):
        town.send("officer", *j.register(*range(start, start + 100)))
    with counted() as said:
        rebuild(the_door(), town.log)
    asked = [
        text for text in said if not text.startswith("DELETE")
    ]  # each room's tables are emptied, once each
    assert len(asked) <= 32
