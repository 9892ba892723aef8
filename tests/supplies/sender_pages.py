"""A town that needs things, its browsers, and what newcomers send through the pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.factories import supplies as factory
from tests.factories.identity import PASSWORD, log_in
from tests.factories.supplies import Relief, a_relief
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Person
from webapp.kernel.notifications.mail import Mail
from webapp.kernel.notifications.models import Notice

ADDRESS, SECRET = "Hanako@example.jp", "三毛猫がまどの外にいる"


@dataclass
class Site:
    """A town that needs things, and browsers."""

    app: Flask
    relief: Relief

    def browser(self, who: str = "") -> FlaskClient:
        client = self.app.test_client()
        if who:
            assert log_in(client, self.relief.people[who]).status_code == 302
        return client

    def mails(self) -> list[tuple[str, Mail]]:
        """What would be sent now about accounts, the latest first."""
        db.session.rollback()
        writers = current_app.extensions["notice_renderers"]
        found = db.session.scalars(select(Notice).where(Notice.log == "").order_by(Notice.caused_at.desc()))
        written = [(notice.kind, writers[notice.kind](db.session(), notice)) for notice in found]
        return [(kind, mail) for kind, mail in written if mail is not None]


@pytest.fixture
def site(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(factory, "NOW", now_ms())
    with app.app_context():
        relief = a_relief()
        relief.now = now_ms()
        with transaction() as session:
            for who in ("citizen", "citizen2", "remote", "officer"):
                person = session.get_one(Person, relief.people[who].id)
                person.password_hash, person.email = passwords.make_hash(PASSWORD), f"{who}@example.jp"
                person.login = person.email
        for who in ("citizen", "citizen2", "remote", "officer"):
            db.session.refresh(relief.people[who])
        yield Site(app, relief)


def offer(client: FlaskClient, need: str, quantity: str = "40", **more: Any) -> TestResponse:
    return client.post("/send/new", data={"id": new_id(), "need": need, "quantity": quantity, **more})


def newcomer(
    client: FlaskClient, need: str, quantity: str = "40", mail: str = ADDRESS, **more: Any
) -> TestResponse:
    return offer(client, need, quantity, mail=mail, password=SECRET, **more)


def link_in(mail: Mail) -> str:
    return mail.links[0].url.removeprefix(current_app.config["PUBLIC_BASE"])


def error(answer: TestResponse, field: str) -> str:
    found = re.search(rf'id="{field}-error">.*?<span>(.*?)</span>', answer.get_data(as_text=True), re.DOTALL)
    return found[1] if found else ""


def requested(site: Site) -> str:
    made = site.relief.offer("citizen", 40, need=site.relief.need(100)).id
    match = site.relief.match_of(made).id
    assert site.relief.request(40, offer=made, match=match).refusal is None
    return match
