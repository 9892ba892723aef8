"""Anybody with a mail address can be a sender of goods: their uploads are counted, those of a phone are not."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.identity import a_person, log_in
from webapp.kernel.base.limits import limiter


@pytest.fixture
def limited(app: Flask) -> Iterator[Flask]:
    app.config["RATELIMIT_ENABLED"] = True
    limiter.init_app(app)
    yield app
    limiter.enabled = False
    limiter.reset()


def uploads(client: FlaskClient, times: int, items: int = 0) -> list[int]:
    batch = {"items": [{"p": "{}"}] * items}
    headers = {"X-Ashiato": "1"}
    return [client.post("/api/scans", json=batch, headers=headers).status_code for _ in range(times)]


def test_the_sixty_first_upload_of_a_sender_within_an_hour_is_refused_and_another_ones_is_not(
    limited: Flask,
) -> None:
    one, other = limited.test_client(), limited.test_client()
    log_in(one, a_person("supporter"))
    log_in(other, a_person("supporter"))
    answers = uploads(one, 61)
    assert (set(answers[:60]), answers[60]) == ({200}, 429)
    assert uploads(other, 1) == [200]


def test_a_sender_uploads_ten_at_a_time(limited: Flask) -> None:
    sender = limited.test_client()
    log_in(sender, a_person("supporter"))
    assert uploads(sender, 1, items=10) == [200]
    assert uploads(sender, 1, items=11) == [413]


def test_who_scans_is_not_counted(limited: Flask) -> None:
    officer = limited.test_client()
    log_in(officer, a_person("officer"))
    assert set(uploads(officer, 70)) == {200}
