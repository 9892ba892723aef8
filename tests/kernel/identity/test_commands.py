"""The first steps on an empty server."""

from contextvars import Context

import pytest

from tests.factories.identity import a_person, an_organisation, found, log_in, the_person
from webapp.kernel.base.db import db
from webapp.kernel.identity.commands import organisation_group, person_group
from webapp.kernel.identity.models import Organisation

LONG = "むらさきの牛が鐘をつく"


@pytest.fixture
def run(app):
    """As from a shell: the command finds no app context but the one it makes."""
    runner = app.test_cli_runner()

    def invoke(group, *words):
        result = Context().run(runner.invoke, group, words)
        db.session.expire_all()
        return result

    return invoke


def test_from_an_empty_server_to_an_administrator_who_is_in(run, client):
    made = run(organisation_group, "add", "最上町", "--kind", "municipality", "--lg-code", "063622")
    assert made.exit_code == 0
    told = run(
        person_group, "add", "sato", "--name", "佐藤 花", "--organisation", "063622", "--role", "admin"
    )
    path = found(r"(/reset/\S+)", told.output)
    client.post(path, data={"password": LONG, "again": LONG})
    assert log_in(client, the_person("sato"), LONG).status_code == 302
    assert client.get("/people").status_code == 200


def test_a_reset_link_is_printed_for_a_login_that_exists(run, client):
    person = a_person()
    assert "/reset/" in run(person_group, "reset-link", person.login).output
    assert "いません" in run(person_group, "reset-link", "nobody").output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("最上町", "--kind", "municipality", "--lg-code", "063623"), "6桁"),
        (("最上町", "--kind", "municipality"), "6桁"),
        (("運送", "--kind", "carrier", "--lg-code", "063622"), "6桁"),
        ((" ", "--kind", "carrier"), "名前"),
        (("運送", "--kind", "carrier", "--phone", "でんわ"), "電話番号"),
    ],
)
def test_a_wrong_organisation_is_refused_in_words(run, words, sentence):
    answer = run(organisation_group, "add", *words)
    assert answer.exit_code == 1
    assert sentence in answer.output
    assert db.session.query(Organisation).count() == 0


def test_a_town_is_entered_once(run):
    an_organisation(lg_code="063622")
    answer = run(organisation_group, "add", "最上町", "--kind", "municipality", "--lg-code", "063622")
    assert "すでに登録" in answer.output


def test_a_role_of_another_kind_of_organisation_is_refused(run):
    town = an_organisation()
    answer = run(person_group, "add", "sato", "--name", "佐藤", "--organisation", town.id, "--role", "driver")
    assert answer.exit_code == 1
    assert "付けられない役割" in answer.output


def test_an_unknown_organisation_is_refused(run):
    answer = run(person_group, "add", "sato", "--name", "佐藤", "--organisation", "x", "--role", "driver")
    assert "この組織はありません" in answer.output
