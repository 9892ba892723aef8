"""Which nodes watch a log is decided by its officers, and stands in the log."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import Town, a_town, an_author, the_door
from tests.factories.identity import MORNING, a_person
from tests.factories.ledger import Witness
from webapp.cli import make_cli
from webapp.demo.phone import Phone
from webapp.kernel.base.db import db
from webapp.kernel.intake.rebuild import check
from webapp.kernel.intake.service import Answer
from webapp.kernel.ledger import publication
from webapp.kernel.ledger.models import LedgerNode, NodeRequest
from webapp.kernel.witnesses import room
from webapp.kernel.witnesses.api import MOST_WAITING, waiting

SHINJO, UNIVERSITY = Witness("shinjo"), Witness("university")


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town()


def body_of(node: Witness, **other: str) -> dict[str, str]:
    usual = {
        "node": node.key.name, "url": f"https://{node.name}.example/node", "organisation": node.name,
        "vkey": node.key.public.vkey, "mirror_vkey": node.mirror.public.vkey,
    }  # fmt: skip
    return usual | other


def decide(town: Town, kind: str, body: dict[str, str], who: str = "officer") -> Answer:
    phone = Phone(town.p(who), town.log)
    (answer,) = town.send(who, phone.command(kind, MORNING, body))
    return answer


def admit(town: Town, node_: Witness, who: str = "officer", **other: str) -> str:
    """The code of the refusal, or nothing."""
    answer = decide(town, room.ADMITTED, body_of(node_) | other, who)
    return answer.refusal.code if answer.refusal else ""


def names(town: Town) -> list[str]:
    return [node.name for node in publication.nodes(db.session(), town.log)]


def test_an_officer_admits_and_retires_a_node(town: Town) -> None:
    assert admit(town, SHINJO) == admit(town, UNIVERSITY) == ""
    assert names(town) == [SHINJO.key.name, UNIVERSITY.key.name]
    assert decide(town, room.RETIRED, {"node": SHINJO.key.name}).refusal is None
    assert names(town) == [UNIVERSITY.key.name]
    assert check(the_door(), town.log) == []


def test_an_administrator_of_the_town_may_and_nobody_else(town: Town) -> None:
    admin = a_person("admin", town.town)
    town.authors["admin"] = an_author(admin, town.log)
    stranger = a_person("officer")
    town.authors["stranger"] = an_author(stranger, town.log)
    refused = {who: admit(town, SHINJO, who) for who in ("driver", "manager", "stranger")}
    assert set(refused.values()) == {"witnesses.not_allowed"}
    assert admit(town, SHINJO, "admin") == ""


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"vkey": "nonsense"}, "witnesses.malformed_key"),
        ({"vkey": SHINJO.mirror.public.vkey}, "witnesses.malformed_key"),
        ({"mirror_vkey": "x+1+y"}, "witnesses.malformed_key"),
        ({"mirror_vkey": SHINJO.key.public.vkey}, "witnesses.one_key"),
        ({"node": "another"}, "witnesses.name_differs"),
        ({"url": "ftp://shinjo.example"}, "witnesses.malformed_url"),
        ({"url": "https://shinjo.example/#part"}, "witnesses.malformed_url"),
        ({"url": "https://shinjo.example/?a=1"}, "witnesses.malformed_url"),
        ({"url": "http://"}, "witnesses.malformed_url"),
        ({"url": "http://x:99999999"}, "witnesses.malformed_url"),
        ({"organisation": " 最 上 町 "}, "witnesses.own_node"),
        ({"surprise": "a field that nobody foresaw"}, "intake.malformed"),
    ],
)
def test_a_node_that_is_not_as_it_should_be_is_refused(town: Town, other: dict[str, str], code: str) -> None:
    db.session.execute(db.text("UPDATE logs SET name = '最上町'"))
    db.session.commit()
    assert admit(town, SHINJO, **other) == code
    assert names(town) == []


def test_an_organisation_has_one_node(town: Town) -> None:
    admit(town, SHINJO)
    assert admit(town, UNIVERSITY, organisation="ＳＨＩＮＪＯ") == "witnesses.second_of_organisation"
    decide(town, room.RETIRED, {"node": SHINJO.key.name})
    assert admit(town, UNIVERSITY, organisation="shinjo") == ""


def test_a_key_counts_once_for_ever(town: Town) -> None:
    admit(town, SHINJO)
    assert admit(town, SHINJO, organisation="other") == "witnesses.key_known"
    mirrored = {"mirror_vkey": SHINJO.mirror.public.vkey}
    assert admit(town, UNIVERSITY, **mirrored) == "witnesses.key_known"
    decide(town, room.RETIRED, {"node": SHINJO.key.name})
    assert admit(town, SHINJO) == "witnesses.key_known"


def test_a_node_that_is_gone_cannot_be_retired(town: Town) -> None:
    assert decide(town, room.RETIRED, {"node": "nobody"}).refusal.code == "witnesses.unknown_node"
    admit(town, SHINJO)
    decide(town, room.RETIRED, {"node": SHINJO.key.name})
    assert decide(town, room.RETIRED, {"node": SHINJO.key.name}).refusal.code == "witnesses.unknown_node"


# --- asking -------------------------------------------------------------------------------------------------------


def ask(client: FlaskClient, town: Town, node: Witness, **other: Any) -> Any:
    said = body_of(node, log=town.log) | other
    del said["node"]
    return client.post("/api/nodes/requests", json=said, headers={"X-Ashiato": "1"})


def test_a_node_asks_as_often_as_it_likes_and_waits_once(town: Town, client: FlaskClient) -> None:
    first, second = ask(client, town, SHINJO), ask(client, town, SHINJO)
    assert (first.status_code, first.json, second.status_code) == (202, {"state": "waiting"}, 202)
    assert [row.organisation for row in waiting(db.session(), town.log)] == ["shinjo"]


def test_a_node_that_was_admitted_is_told_so(town: Town, client: FlaskClient) -> None:
    ask(client, town, SHINJO)
    admit(town, SHINJO)
    assert ask(client, town, SHINJO).json == {"state": "admitted"}
    assert waiting(db.session(), town.log) == []
    decide(town, room.RETIRED, {"node": SHINJO.key.name})
    assert ask(client, town, SHINJO).json == {"state": "retired"}


@pytest.mark.parametrize(
    ("other", "status"),
    [({"vkey": "x"}, 422), ({"log": "999999"}, 404), ({"more": 1}, 422), ({"url": "x" * 300}, 422)],
)
def test_a_malformed_request_is_not_kept(town: Town, client: FlaskClient, other: Any, status: int) -> None:
    assert ask(client, town, SHINJO, **other).status_code == status
    assert db.session.query(NodeRequest).count() == 0


def test_a_request_without_the_header_or_too_long_is_not_read(town: Town, client: FlaskClient) -> None:
    assert client.post("/api/nodes/requests", json={}).status_code == 403
    headers = {"X-Ashiato": "1"}
    assert client.post("/api/nodes/requests", data=b"x" * 9_000, headers=headers).status_code == 413
    assert client.post("/api/nodes/requests", data=b"{", headers=headers).status_code == 400


def test_requests_cannot_fill_the_database(town: Town, client: FlaskClient) -> None:
    for number in range(MOST_WAITING + 5):
        ask(client, town, Witness(f"flood{number}"))
    assert db.session.query(NodeRequest).count() == MOST_WAITING


# --- the command line ---------------------------------------------------------------------------------------------


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(make_cli(lambda: app), words)


def test_an_officer_admits_on_the_command_line(app: Flask, town: Town, client: FlaskClient) -> None:
    ask(client, town, SHINJO)
    listed = run(app, "node", "requests", town.log)
    assert SHINJO.key.public.vkey in listed.output
    login = str(town.people["officer"].login)
    done = run(app, "node", "admit", town.log, SHINJO.key.public.vkey, "--as", login)
    assert (done.exit_code, names(town)) == (0, [SHINJO.key.name])
    refused = run(app, "node", "retire", town.log, SHINJO.key.name, "--as", str(town.people["driver"].login))
    assert (refused.exit_code, "自治体の職員" in refused.output) == (1, True)
    assert run(app, "node", "retire", town.log, SHINJO.key.name, "--as", login).exit_code == 0
    assert db.session.query(LedgerNode).one().retired_at is not None


def test_who_has_not_asked_or_is_nobody_is_not_admitted(app: Flask, town: Town, client: FlaskClient) -> None:
    vkey = SHINJO.key.public.vkey
    assert run(app, "node", "admit", town.log, vkey, "--as", "x").exit_code == 1
    ask(client, town, SHINJO)
    assert run(app, "node", "admit", town.log, vkey, "--as", "nobody").exit_code == 1
