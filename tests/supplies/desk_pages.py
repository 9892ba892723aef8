"""A shelter's worker and an officer before their browsers: whose pages these are, and what they say."""

import re

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories.identity import found
from tests.factories.supplies import Relief, a_relief
from webapp.kernel.base.clock import DAY, now_ms
from webapp.kernel.base.db import transaction
from webapp.kernel.identity.models import Organisation

NAMES = ("中央公民館", "最上中学校体育館")


def a_town_now() -> Relief:
    """A town whose disaster is of today."""
    relief = a_relief()
    relief.now = now_ms()
    with transaction() as session:
        for shelter, name in zip(relief.shelters, NAMES, strict=True):
            session.get_one(Organisation, shelter).name = name
    return relief


def enter(app: Flask, relief: Relief, who: str) -> FlaskClient:
    """A browser in which this person is logged in."""
    client, person = app.test_client(), relief.people[who]
    with client.session_transaction() as session:
        session["_user_id"] = f"{person.id}:{person.session_epoch}"
        session["until"] = now_ms() + DAY
    return client


def desk(relief: Relief, path: str = "", shelter: int = 0) -> str:
    """An address of a shelter's desk."""
    return f"/desk/{relief.shelters[shelter]}{path}"


def page(client: FlaskClient, path: str) -> str:
    """What a page says, without its tags."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return words(answer)


def words(answer: TestResponse) -> str:
    """What people read of an answer."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def form_id(client: FlaskClient, path: str) -> str:
    """The id that a page's first form carries."""
    return found(r'name="id" value="([0-9a-f-]{36})"', client.get(path).text)
