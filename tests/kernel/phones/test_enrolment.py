"""A phone gets a person: by a code that is good once, for ten minutes, for that person."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import Town, a_town, the_door
from tests.factories.identity import log_in
from tests.factories.phones import HEADERS, SignedPhone, an_enrolled_phone, post_scans, wish
from webapp.kernel.base.clock import MINUTE, now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.identity.pseudonyms import pseudonym
from webapp.kernel.intake.rebuild import check
from webapp.kernel.ledger.log import read
from webapp.kernel.phones import enrolment, queries
from webapp.kernel.phones.entries import ENROLLED, REVOKED
from webapp.kernel.phones.models import EnrolmentCode, PhoneKey


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=2)


def a_code(town: Town, who: str = "driver", *, age: int = 0) -> str:
    token = enrolment.issue(town.people[who].id, town.people["officer"].id, now_ms() - age)
    assert isinstance(token, str)
    return token


def as_(app: Flask, town: Town, who: str) -> FlaskClient:
    client = app.test_client()
    log_in(client, town.people[who])
    return client


def ask(client: FlaskClient, asked: dict[str, Any]) -> tuple[int, Any]:
    answer = client.post("/api/phones/enrol", json=asked, headers=HEADERS)
    return answer.status_code, answer.json


def refused(client: FlaskClient, asked: dict[str, Any]) -> str:
    status, told = ask(client, asked)
    assert status in {409, 422}
    assert not told["text"].isascii()
    return str(told["code"])


def test_a_phone_is_enrolled_in_every_log_its_person_works_in(app: Flask, town: Town) -> None:
    phone = SignedPhone(town.p("driver"), town.log)
    status, told = ask(as_(app, town, "driver"), wish(phone, a_code(town)))
    assert status == 201
    assert told["logs"] == {town.log: {"from": 1, "prev": ""}}
    assert len(told["key_id"]) == 32
    (key,) = queries.keys_of(db.session(), town.log, [town.p("driver")])
    assert (key.dev, key.key, key.until) == (phone.dev, phone.key.base64, None)


def test_a_code_may_be_typed_as_people_type(app: Flask, town: Town) -> None:
    phone, token = SignedPhone(town.p("driver"), town.log), a_code(town)
    typed = f"{token[:4]} {token[4:8]}-{token[8:12]}-{token[12:]}".lower()
    assert ask(as_(app, town, "driver"), wish(phone, typed))[0] == 201


def test_who_asks_again_because_the_answer_was_lost_gets_it_again(app: Flask, town: Town) -> None:
    phone, client = SignedPhone(town.p("driver"), town.log), as_(app, town, "driver")
    asked = wish(phone, a_code(town))
    assert ask(client, asked) == ask(client, asked)
    assert [entry.kind for entry in read(db.session(), town.log)].count(ENROLLED) == 1


def test_a_code_is_good_for_one_phone(app: Flask, town: Town) -> None:
    client, token = as_(app, town, "driver"), a_code(town)
    first, second = (SignedPhone(town.p("driver"), town.log) for _ in range(2))
    assert ask(client, wish(first, token))[0] == 201
    assert refused(client, wish(second, token)) == "phones.token"


def test_a_code_is_over_after_ten_minutes(app: Flask, town: Town) -> None:
    phone = SignedPhone(town.p("driver"), town.log)
    assert refused(as_(app, town, "driver"), wish(phone, a_code(town, age=10 * MINUTE))) == "phones.token"


def test_a_newer_code_ends_the_older(app: Flask, town: Town) -> None:
    phone, older = SignedPhone(town.p("driver"), town.log), a_code(town)
    a_code(town)
    assert refused(as_(app, town, "driver"), wish(phone, older)) == "phones.token"


def test_a_code_is_good_for_its_person_alone(app: Flask, town: Town) -> None:
    phone, token = SignedPhone(town.p("driver2"), town.log), a_code(town, "driver")
    assert refused(as_(app, town, "driver2"), wish(phone, token)) == "phones.token"
    mine = SignedPhone(town.p("driver"), town.log)
    assert ask(as_(app, town, "driver"), wish(mine, token))[0] == 201  # and is not used up by it


def test_only_its_hash_is_kept(town: Town) -> None:
    token = a_code(town)
    held = db.session.query(EnrolmentCode).one()
    assert token not in {held.token_hash, held.key, held.dev}


def test_a_key_is_enrolled_by_who_holds_it(app: Flask, town: Town) -> None:
    mine, other = (SignedPhone(town.p("driver"), town.log) for _ in range(2))
    token = a_code(town)
    asked = wish(mine, token, key=other.key.base64)
    assert refused(as_(app, town, "driver"), asked) == "phones.proof"


def test_a_phone_that_is_somebodys_is_nobody_elses(app: Flask, town: Town) -> None:
    taken = an_enrolled_phone(town, "officer", now_ms())
    again = taken.clone()
    again.actor = town.p("driver")
    assert refused(as_(app, town, "driver"), wish(again, a_code(town))) == "phones.known_key"


def test_what_is_not_of_the_form_is_malformed(app: Flask, town: Town) -> None:
    phone, client = SignedPhone(town.p("driver"), town.log), as_(app, town, "driver")
    asked = wish(phone, a_code(town))
    for wrong in ({"token": 5}, {"dev": "x"}, {"key": "AAAA"}, {"next": {"063622": 0}}, {"more": 1}):
        assert ask(client, asked | wrong)[0] == 400


def test_nobody_enrols_past_the_code(town: Town) -> None:
    phone = SignedPhone(town.p("driver"), town.log)
    body = {"dev": phone.dev, "key": phone.key.base64, "holder": town.p("driver"), "from": 1}
    (answer,) = town.send("driver", town.phones["driver"].command(ENROLLED, now_ms(), body))
    assert answer.refusal is not None
    assert answer.refusal.code == "phones.token"


def test_a_lost_key_is_replaced_with_a_seam_that_everybody_can_see(app: Flask, town: Town) -> None:
    # given a phone that has scanned, and lost its memory
    old = an_enrolled_phone(town, "officer", now_ms())
    client = as_(app, town, "officer")
    post_scans(
        client,
        *(old.scan("registered", town.codes[n], now_ms(), body={"device": town.devices[n]}) for n in (0, 1)),
    )
    # when its holder enrols the new one in its place
    mine = client.get("/api/phones/self?dev=01a1f000-0000-7000-8000-000000000000").json
    assert (mine["state"], [each["dev"] for each in mine["replaceable"]]) == ("unknown", [old.dev])
    new = SignedPhone(town.p("officer"), town.log, town.job)
    token = a_code(town, "officer")
    _, told = ask(client, wish(new, token, after=old.dev))
    # then it goes on from the old one's end, the log says so, and the old key is closed
    assert told["logs"][town.log] == {"from": 1, "prev": old.tip}
    kinds = {entry.kind: entry.data for entry in read(db.session(), town.log)}
    assert kinds[ENROLLED]["body"]["seam"] == {"seq": 2, "hash": old.tip}
    assert {**kinds[REVOKED]} | {"lost_at": 0} == {"dev": old.dev, "reason": "replaced", "lost_at": 0}
    new.tip = told["logs"][town.log]["prev"]
    (receipt,) = post_scans(client, new.scan("sanitize_failed", town.codes[0], now_ms()))
    assert "CHAIN_BROKEN" not in {finding["code"] for finding in receipt["findings"]}
    assert client.get(f"/api/phones/self?dev={old.dev}").json["state"] == "revoked"
    assert check(the_door(), town.log) == []


def test_nobody_takes_the_place_of_another_persons_phone(app: Flask, town: Town) -> None:
    old = an_enrolled_phone(town, "officer", now_ms())
    new = SignedPhone(town.p("driver"), town.log)
    assert refused(as_(app, town, "driver"), wish(new, a_code(town), after=old.dev)) == "phones.replaces"


def test_a_phone_learns_where_its_chain_stands(app: Flask, town: Town) -> None:
    phone, client = an_enrolled_phone(town, "officer", now_ms()), as_(app, town, "officer")
    post_scans(client, phone.scan("registered", town.codes[0], now_ms(), body={"device": town.devices[0]}))
    told = client.get(f"/api/phones/self?dev={phone.dev}").json
    assert told["state"] == "enrolled"
    assert told["logs"][town.log] == {"from": 1, "prev": "", "tip": {"seq": 1, "hash": phone.tip}}
    # and of somebody else's phone nothing
    assert as_(app, town, "driver").get(f"/api/phones/self?dev={phone.dev}").json["state"] == "unknown"


def test_a_log_that_its_holder_comes_to_later_learns_of_the_phone_with_the_first_signed_scan(
    app: Flask, town: Town
) -> None:
    # given an officer's phone that the log does not know, though another log does
    phone = an_enrolled_phone(town, "officer", now_ms())
    with transaction() as session:
        name = pseudonym(session, "999999", town.people["officer"].id)
        session.query(PhoneKey).update({"log": "999999", "holder": name})
    # when it scans here
    client = as_(app, town, "officer")
    scan = phone.scan("registered", town.codes[0], now_ms(), body={"device": town.devices[0]})
    unsigned = {**phone.clone().scan("registered", town.codes[1], now_ms()), "s": ""}
    receipts = post_scans(client, unsigned, scan)
    # then what is unsigned is refused, and the phone is enrolled ahead of the scan
    assert [receipt["code"] if "code" in receipt else receipt["status"] for receipt in receipts] == [
        "intake.signature", "recorded",
    ]  # fmt: skip
    entries = list(read(db.session(), town.log))
    assert [entry.kind for entry in entries[-2:]] == [ENROLLED, "custody.scan"]
    assert entries[-2].by == entries[-1].by
