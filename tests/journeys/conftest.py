"""After every journey the tables are what a fresh fold of the log gives."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.factories.custody import the_door
from webapp.kernel.base.db import db
from webapp.kernel.intake.rebuild import check
from webapp.kernel.ledger.models import Log
from webapp.kernel.ledger.verification import verify


@pytest.fixture(autouse=True)
def _folding_again_changes_nothing(request: pytest.FixtureRequest) -> Iterator[None]:
    if "app" not in request.fixturenames:
        yield
        return
    app: Flask = request.getfixturevalue("app")
    yield
    with app.app_context():
        for log in db.session.query(Log.id).all():
            assert check(the_door(), log.id) == []
            assert verify(db.session(), log.id).fault == ""
