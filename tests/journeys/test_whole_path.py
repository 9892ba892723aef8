"""One consignment from the town hall to the shredder."""

from flask import Flask

from tests.factories.custody import Journey, a_town, walk
from webapp.custody.models import Cage, Consignment, Device
from webapp.kernel.base.db import db
from webapp.kernel.ledger.verification import verify
from webapp.kernel.reconciliation.models import DiscrepancyRow


def test_every_device_of_a_clean_journey_ends_and_no_question_is_open(app: Flask) -> None:
    # given a consignment of three PCs and one cage
    town = a_town(devices=3, cages=1)
    # when everybody does what the policy asks
    walk(app, town, range(3))
    # then all three have ended, and nothing is open
    job = db.session.get_one(Consignment, town.job)
    devices = db.session.query(Device).order_by(Device.number)
    assert [(device.code, device.ended) for device in devices] == [(code, True) for code in town.codes]
    assert db.session.query(DiscrepancyRow).all() == []
    counts = (job.listed, job.registered, job.sanitized, job.departed, job.received, job.destroyed, job.ended)
    assert counts == (3, 3, 3, 3, 3, 3, 3)
    assert db.session.query(Cage).one().step == "count_closed"
    assert verify(db.session(), town.log).fault == ""


def test_a_device_that_is_not_counted_is_named(app: Flask) -> None:
    town = a_town(devices=3, cages=1)
    j = Journey(town)
    town.send("officer", *j.register(0, 1, 2))
    town.send("technician", *j.sanitize(0, 1, 2))
    town.send("officer", *j.load(0, 1, 2), j.lock([0, 1, 2]), j.hand_over())
    answers = town.send("receiver", j.arrive(seal="7734021"), j.open(), *j.count(0, 1), j.close_count(3))
    found = {row.code: row.params for row in db.session.query(DiscrepancyRow)}
    assert found["MISSING"] == {"device": town.codes[2]}
    assert found["SEAL_MISMATCH"] == {"sealed": "7734012", "seen": "7734021", "step": "arrived"}
    assert found["COUNT_BALANCE"] == {"declared": "3", "scanned": "2"}
    assert [a.verdict.verdict for a in answers] == ["attention", "ok", "ok", "ok", "attention"]
