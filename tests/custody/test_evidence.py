"""Whose photos one may see, and that a look leaves a trace."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask

from tests.factories.custody import NOW, Journey, Town, a_town
from tests.factories.identity import log_in
from webapp.custody.entries import EVIDENCE_VIEWED
from webapp.demo.pictures import photo
from webapp.kernel.base.db import db
from webapp.kernel.evidence import service
from webapp.kernel.ledger.models import LedgerEntry


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=1, cages=1)


def sent(app: Flask, town: Town, who: str) -> str:
    """A photo that this person has uploaded."""
    data = photo("Cage", who, NOW, 3)
    name = sha256(data).hexdigest()
    root = Path(app.config["EVIDENCE_DIR"])
    service.receive(root, name, BytesIO(data), uploader=town.people[who].id, now=NOW)
    return name


def named(town: Town, who: str, name: str) -> None:
    """A scan of this person's that names the photo."""
    j = Journey(town)
    town.send(who, town.phones[who].scan("arrived", town.cages[0], j.tick(), ev=[name], body={"seal": "1"}))


def status(app: Flask, town: Town, who: str, name: str) -> int:
    client = app.test_client()
    log_in(client, town.people[who])
    with client.get(f"/api/evidence/{name}") as answer:
        return answer.status_code


def looks() -> int:
    return db.session.query(LedgerEntry).filter_by(kind=EVIDENCE_VIEWED).count()


def test_the_officer_sees_the_receivers_photo_and_the_log_says_so_once_a_day(app: Flask, town: Town) -> None:
    name = sent(app, town, "receiver")
    named(town, "receiver", name)
    assert [status(app, town, "officer", name) for _ in range(2)] == [200, 200]
    assert looks() == 1


def test_the_driver_sees_no_photo_and_a_stranger_not_even_that_there_is_one(app: Flask, town: Town) -> None:
    name = sent(app, town, "receiver")
    named(town, "receiver", name)
    other = a_town("062014")
    assert (status(app, town, "driver", name), status(app, other, "officer", name)) == (404, 404)


def test_naming_somebody_elses_photo_in_a_scan_of_ones_own_shows_nothing(app: Flask, town: Town) -> None:
    name = sent(app, town, "receiver")
    other = a_town("062014", cages=1)
    named(other, "officer", name)
    assert status(app, other, "officer", name) == 404


def test_ones_own_photo_is_seen_without_a_trace(app: Flask, town: Town) -> None:
    name = sent(app, town, "receiver")
    named(town, "receiver", name)
    assert status(app, town, "receiver", name) == 200
    assert looks() == 0
