"""Two server processes and four phones that record the same things at once: the log is whole, and judged as one."""

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from bench import clients, intake, site, town
from tests.conftest import ON_POSTGRES
from tests.factories.custody import the_door
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.intake.rebuild import check
from webapp.kernel.ledger.models import Head
from webapp.kernel.ledger.verification import verify
from webapp.kernel.reconciliation.models import DiscrepancyRow

pytestmark = pytest.mark.skipif(ON_POSTGRES, reason="about the one write lock of a SQLite file")
CREWS, CAGES = 4, 2


def test_four_phones_that_record_the_same_things_at_once(tmp_path: Path) -> None:
    # given four crews who all work on the same two cages
    with site.application(tmp_path) as app:
        made = town.settle(app, CREWS)
        town.open_consignment(made, "four crews")
        town.stocked(made, CAGES, lambda *_: None)
        before = db.session.get_one(Head, town.LOG).size
        journeys = [list(town.journey(made, crew, range(CAGES))) for crew in made.crews]
        # when they send it all at the same time
        with site.served(tmp_path) as server:
            cookies = [intake._log_in(server.port, number, crew) for number, crew in enumerate(made.crews)]  # noqa: SLF001
            lanes = [
                [(mine[role], _upload(batch)) for role, items in journey for batch in town.batches(items)]
                for mine, journey in zip(cookies, journeys, strict=True)
            ]
            answers = clients.send(server, lanes).answers
        # then every scan has a place of its own
        receipts = [
            receipt for status, body in answers if status == 200 for receipt in orjson.loads(body)["receipts"]
        ]
        assert {receipt["status"] for receipt in receipts} == {"recorded"}
        places = sorted(receipt["index"] for receipt in receipts)
        sent = sum(len(items) for journey in journeys for _, items in journey)
        assert places == list(range(before, before + sent))
        # and what was judged batch by batch is what the whole log comes to
        db.session.rollback()
        assert verify(db.session(), town.LOG).fault == ""
        assert check(the_door(), town.LOG) == []
        found = Counter(row.code for row in db.session.query(DiscrepancyRow))
        assert found["DOUBLE_SCAN"] >= CAGES * town.IN_A_CAGE


def _upload(batch: Any) -> bytes:
    return orjson.dumps({"dev": "", "sent_at": now_ms(), "items": batch})
