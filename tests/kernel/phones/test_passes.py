"""A day pass: the officer's phone lets a substitute in, for one job and one day, without any network."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import NOW, Town, a_town, the_door
from tests.factories.identity import log_in
from tests.factories.phones import SignedPhone, an_enrolled_phone, post_scans, revoke
from webapp.kernel.base.clock import HOUR
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity.pseudonyms import people_by_pseudonym
from webapp.kernel.intake.models import SetAside
from webapp.kernel.intake.rebuild import check
from webapp.kernel.ledger.log import read
from webapp.kernel.phones import queries
from webapp.kernel.reconciliation.models import DiscrepancyRow

EVENING = NOW + 10 * HOUR


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=2, cages=1)


@pytest.fixture
def officers(town: Town) -> SignedPhone:
    return an_enrolled_phone(town, "officer", NOW)


@pytest.fixture
def substitute(town: Town) -> SignedPhone:
    """Somebody without an account; the officer's phone has given them a name."""
    return SignedPhone("p-0123456789abcdef0123", town.log, town.job)


@pytest.fixture
def receiver(app: Flask, town: Town) -> FlaskClient:
    """Whose phone brings everything home."""
    client = app.test_client()
    log_in(client, town.people["receiver"])
    return client


def said(receipts: list[dict[str, object]]) -> list[object]:
    return [receipt["code"] if receipt["status"] == "refused" else receipt["status"] for receipt in receipts]


def test_a_substitutes_scans_are_recorded_under_the_name_of_the_pass(
    town: Town, officers: SignedPhone, substitute: SignedPhone, receiver: FlaskClient
) -> None:
    day = officers.pass_for(substitute, NOW, EVENING)
    scan = substitute.scan("handed_over", town.cages[0], NOW + HOUR, body={"to": town.p("receiver")})
    assert said(post_scans(receiver, day, scan)) == ["recorded", "recorded"]
    passed, handed = list(read(db.session(), town.log))[-2:]
    assert (passed.by.actor, passed.by.roles) == (town.p("officer"), ("officer",))
    assert (handed.by.actor, handed.by.org, handed.by.roles) == (
        substitute.actor,
        town.carrier.id,
        ("driver",),
    )
    assert people_by_pseudonym(town.log, {substitute.actor})[substitute.actor].org == town.carrier.name
    (key,) = queries.passes_of(db.session(), town.log, town.job)
    assert (key.key, key.holder, key.until) == (substitute.key.base64, substitute.actor, EVENING)
    assert check(the_door(), town.log) == []


def test_what_comes_after_the_end_of_a_pass_is_recorded_and_asked_about(
    town: Town, officers: SignedPhone, substitute: SignedPhone, receiver: FlaskClient
) -> None:
    day = officers.pass_for(substitute, NOW, EVENING)
    late = substitute.scan("handed_over", town.cages[0], EVENING + 1)
    *_, receipt = post_scans(receiver, day, late)
    assert "PASS_OVER" in {finding["code"] for finding in receipt["findings"]}
    # the next day's pass is for the next day
    again = SignedPhone("p-00000000000000000abc", town.log, town.job)
    again.dev, again.key, again.seq, again.tip = (
        substitute.dev,
        substitute.key,
        substitute.seq,
        substitute.tip,
    )
    tomorrow = officers.pass_for(again, NOW + 20 * HOUR, NOW + 30 * HOUR)
    scan = again.scan("handed_over", town.cages[0], NOW + 21 * HOUR)
    *_, receipt = post_scans(receiver, tomorrow, scan)
    assert not {"PASS_OVER", "CHAIN_BROKEN"} & {finding["code"] for finding in receipt["findings"]}
    assert db.session.query(DiscrepancyRow).filter_by(code="PASS_OVER").one().causes == [orjson_id(late)]
    assert check(the_door(), town.log) == []


def test_a_pass_is_for_one_job(
    town: Town, officers: SignedPhone, substitute: SignedPhone, receiver: FlaskClient
) -> None:
    scan = substitute.scan("handed_over", town.cages[0], NOW, job=new_id())
    assert said(post_scans(receiver, officers.pass_for(substitute, NOW, EVENING), scan)) == [
        "recorded", "phones.wrong_job",
    ]  # fmt: skip
    assert db.session.query(SetAside).one().code == "phones.wrong_job"


def test_a_pass_that_no_officers_phone_has_signed_is_none(
    town: Town, officers: SignedPhone, substitute: SignedPhone, receiver: FlaskClient
) -> None:
    drivers = an_enrolled_phone(town, "driver", NOW)
    scan = substitute.scan("handed_over", town.cages[0], NOW)
    assert said(post_scans(receiver, drivers.pass_for(substitute, NOW, EVENING), scan)) == [
        "phones.pass_unsigned", "intake.unknown_key",
    ]  # fmt: skip
    forged = {**officers.pass_for(substitute, NOW, EVENING), "s": drivers.key.sign("x")}
    assert said(post_scans(receiver, forged)) == ["intake.signature"]
    unsigned = town.phones["officer"].command(
        "phone.pass", NOW, {"dev": substitute.dev, "key": substitute.key.base64, "holder": substitute.actor}
        | {"role": "driver", "job": town.job, "until": EVENING},
    )  # fmt: skip
    (answer,) = town.send("officer", unsigned)
    assert answer.refusal is not None
    assert answer.refusal.code == "phones.pass_unsigned"


def test_a_pass_is_for_a_day_a_job_a_role_and_nobodys_name(
    town: Town, officers: SignedPhone, substitute: SignedPhone, receiver: FlaskClient
) -> None:
    wrong: list[tuple[int, dict[str, str], str]] = [
        (NOW + 25 * HOUR, {}, "phones.pass_until"),
        (NOW, {}, "phones.pass_until"),
        (EVENING, {"job": new_id()}, "phones.pass_job"),
        (EVENING, {"role": "officer"}, "intake.malformed"),
        (EVENING, {"key": "A" * 87 + "="}, "phones.proof"),
        (EVENING, {"holder": town.p("driver")}, "phones.known_key"),
        (EVENING, {"dev": officers.dev}, "phones.known_key"),
    ]
    items = [officers.pass_for(substitute, NOW, until, **body) for until, body, _ in wrong]
    assert said(post_scans(receiver, *items)) == [code for *_, code in wrong]


def test_a_lost_phone_gives_no_passes(
    town: Town, officers: SignedPhone, substitute: SignedPhone, receiver: FlaskClient
) -> None:
    revoke(town, officers, NOW, NOW)
    assert said(post_scans(receiver, officers.pass_for(substitute, NOW, EVENING))) == ["phones.pass_revoked"]


def orjson_id(item: dict[str, str]) -> str:
    return item["p"].split('"id":"')[1][:36]


def test_a_server_whose_clock_was_put_back_folds_to_the_same(
    town: Town, officers: SignedPhone, receiver: FlaskClient
) -> None:
    (first,) = post_scans(
        receiver, officers.scan("registered", town.codes[0], NOW, body={"device": town.devices[0]})
    )
    assert first["status"] == "recorded"  # by today's clock; the next one by an earlier
    town.send(
        "officer", officers.scan("registered", town.codes[1], NOW, body={"device": town.devices[1]}), now=NOW
    )
    assert check(the_door(), town.log) == []
