"""The demo is told through the door like everything else: it must be whole, and leave everybody something to do."""

from collections import Counter

import pytest
from flask import Flask

from webapp.custody.models import Cage, Consignment
from webapp.demo import story
from webapp.demo.cast import CAST, KANEYAMA, MOGAMI
from webapp.kernel.base.db import db
from webapp.kernel.intake.rebuild import check
from webapp.kernel.ledger.verification import verify
from webapp.kernel.notifications.models import Notice
from webapp.kernel.reconciliation.models import DiscrepancyRow

#: Everybody whom the story makes due to be told can be told.
TOLD = {"held": 4, "requested": 4, "shipped": 3, "arrived": 2, "differed": 1}


@pytest.fixture
def told(app: Flask) -> Flask:
    """An application with the demo story in it."""
    story.tell(app, lambda _steps: None)
    return app


def test_the_story_stands_mid_way_with_two_questions_and_whole_logs(told: Flask) -> None:
    assert sorted(row.code for row in db.session.query(DiscrepancyRow)) == ["MISSING", "SEAL_MISMATCH"]
    mogami = db.session.query(Consignment).filter_by(log=MOGAMI).one()
    assert (mogami.listed, mogami.data_bearing, mogami.ended) == (219, 160, 31)
    steps = [cage.step for cage in db.session.query(Cage).filter_by(log=MOGAMI).order_by(Cage.name)]
    assert steps == ["count_closed", "arrived", "handed_over", "", ""]
    waiting = db.session.query(Notice).filter_by(log=MOGAMI).all()
    mails = [told.extensions["notice_renderers"][notice.kind](db.session(), notice) for notice in waiting]
    assert Counter(notice.kind.removeprefix("supplies.") for notice in waiting) == TOLD
    assert all(mail.to and mail.to[0].endswith(".example") for mail in mails)
    for log in (MOGAMI, KANEYAMA):
        assert (verify(db.session(), log).fault, check(told.extensions["door"], log)) == ("", [])


def test_the_accounts_are_listed_and_a_second_telling_is_refused(told: Flask) -> None:
    lines = list(story.accounts())
    assert all(any(member.login in line for line in lines) for member in CAST)
    with pytest.raises(story.AlreadyTold):
        story.tell(told, lambda _steps: None)
