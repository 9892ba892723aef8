"""What a signature is worth at the door: forgeries are set aside, carried scans are their signers, chains hold."""

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import NOW, Town, a_town, the_door
from tests.factories.identity import a_person, an_organisation, log_in
from tests.factories.phones import SignedPhone, an_enrolled_phone, post_scans, revoke, signed_again
from tests.kernel.intake.test_query_counts import counted
from webapp.kernel.base.clock import HOUR, MINUTE
from webapp.kernel.base.db import db
from webapp.kernel.intake.models import SetAside
from webapp.kernel.intake.rebuild import check, rebuild
from webapp.kernel.ledger.log import read
from webapp.kernel.ledger.models import LedgerEntry
from webapp.kernel.reconciliation.models import DiscrepancyRow


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=4, cages=1)


@pytest.fixture
def phone(town: Town) -> SignedPhone:
    return an_enrolled_phone(town, "officer", NOW)


@pytest.fixture
def officer(app: Flask, town: Town) -> FlaskClient:
    return as_(app, town, "officer")


def as_(app: Flask, town: Town, who: str) -> FlaskClient:
    client = app.test_client()
    log_in(client, town.people[who])
    return client


def register(town: Town, phone: SignedPhone, number: int, at: int = NOW) -> dict[str, object]:
    return phone.scan("registered", town.codes[number], at, body={"device": town.devices[number]})


def said(receipts: list[dict[str, object]]) -> list[object]:
    return [receipt["code"] if receipt["status"] == "refused" else receipt["status"] for receipt in receipts]


def codes(receipt: dict[str, list[dict[str, str]]]) -> set[str]:
    return {finding["code"] for finding in receipt["findings"]}


def open_codes(town: Town) -> list[str]:
    rows = db.session.query(DiscrepancyRow).filter_by(log=town.log, closed=False)
    return sorted(row.code for row in rows if row.scope.startswith("dev:"))


def test_signed_scans_are_recorded_with_their_signature(
    town: Town, phone: SignedPhone, officer: FlaskClient
) -> None:
    items = [register(town, phone, n) for n in range(3)]
    assert said(post_scans(officer, *items)) == ["recorded"] * 3
    held = db.session.query(LedgerEntry).filter_by(log=town.log).order_by(LedgerEntry.index).all()[-1]
    assert orjson.loads(held.raw)["s"] == items[-1]["s"]
    assert open_codes(town) == []
    assert check(the_door(), town.log) == []


def test_a_forged_signature_is_refused_and_kept_for_a_person_to_see(
    town: Town, phone: SignedPhone, officer: FlaskClient
) -> None:
    forged = SignedPhone(phone.actor, town.log, town.job)
    forged.dev = phone.dev  # says it is this phone, and has another key
    item = register(town, forged, 0)
    assert said(post_scans(officer, item)) == ["intake.signature"]
    held = db.session.query(SetAside).one()
    assert (held.p, held.s, held.dev) == (item["p"], item["s"], phone.dev)
    assert all(entry.kind != "custody.scan" for entry in read(db.session(), town.log))


def test_a_scan_that_was_altered_by_one_byte_is_refused(
    town: Town, phone: SignedPhone, officer: FlaskClient
) -> None:
    item = register(town, phone, 0)
    altered = {**item, "p": str(item["p"]).replace(f'"at":{NOW}', f'"at":{NOW + 1}')}
    assert said(post_scans(officer, altered, item)) == ["intake.signature", "recorded"]
    assert said(post_scans(officer, altered)) == ["intake.signature"]


def test_an_unsigned_scan_of_an_enrolled_phone_is_refused(
    town: Town, phone: SignedPhone, officer: FlaskClient
) -> None:
    assert said(post_scans(officer, {**register(town, phone, 0), "s": ""})) == ["intake.signature"]


def test_a_phone_without_a_key_works_as_ever(town: Town, phone: SignedPhone, officer: FlaskClient) -> None:
    body = {"device": town.devices[0]}
    item = town.phones["officer"].scan("registered", town.codes[0], NOW, body=body)
    assert said(post_scans(officer, item)) == ["recorded"]
    unknown = SignedPhone(town.p("officer"), town.log, town.job)  # it has a key that nobody has seen
    assert said(post_scans(officer, register(town, unknown, 1))) == ["recorded"]


def test_somebody_elses_key_makes_nobody_that_person(app: Flask, town: Town, phone: SignedPhone) -> None:
    mallory = an_enrolled_phone(town, "driver", NOW)
    as_officer = signed_again(mallory, register(town, mallory, 0), actor=town.p("officer"))
    assert said(post_scans(as_(app, town, "driver"), as_officer)) == ["intake.other_author"]
    under_their_phone = signed_again(
        mallory, register(town, mallory, 0), actor=town.p("officer"), dev=phone.dev
    )
    assert said(post_scans(as_(app, town, "driver"), under_their_phone)) == ["intake.signature"]


def test_a_signed_scan_is_its_signers_whoever_carries_it(app: Flask, town: Town, phone: SignedPhone) -> None:
    item = register(town, phone, 0)
    assert said(post_scans(as_(app, town, "driver"), item)) == ["recorded"]
    entry = list(read(db.session(), town.log))[-1]
    assert (entry.by.actor, entry.by.org, entry.by.roles) == (town.p("officer"), town.town.id, ("officer",))
    # and its signer may bring it too: it is one event
    assert said(post_scans(as_(app, town, "officer"), item)) == ["duplicate"]


def test_who_has_no_part_in_a_log_carries_nothing_into_it(app: Flask, town: Town, phone: SignedPhone) -> None:
    stranger = app.test_client()
    log_in(stranger, a_person("driver", an_organisation("carrier")))
    assert said(post_scans(stranger, register(town, phone, 0))) == ["intake.not_a_party"]
    assert db.session.query(SetAside).count() == 0


def test_a_carried_scan_whose_key_has_not_come_yet_is_asked_for_again(app: Flask, town: Town) -> None:
    unknown = SignedPhone(town.p("officer"), town.log, town.job)
    assert said(post_scans(as_(app, town, "driver"), register(town, unknown, 0))) == ["intake.unknown_key"]


def test_an_old_batch_that_is_sent_again_changes_nothing(
    town: Town, phone: SignedPhone, officer: FlaskClient
) -> None:
    items = [register(town, phone, n) for n in range(3)]
    post_scans(officer, *items)
    before = len(list(read(db.session(), town.log)))
    assert said(post_scans(officer, *items)) == ["duplicate"] * 3
    assert len(list(read(db.session(), town.log))) == before
    assert open_codes(town) == []


def test_a_gap_waits_and_closes_by_itself(town: Town, phone: SignedPhone, officer: FlaskClient) -> None:
    one, two, three = (register(town, phone, n) for n in range(3))
    *_, last = post_scans(officer, one, three)
    assert (last["verdict"], codes(last)) == ("waiting", {"CHAIN_GAP"})
    assert last["findings"][0]["text"] == "この人の電話の記録が1件、まだ届いていません。"
    post_scans(officer, two)
    assert open_codes(town) == []
    (told,) = officer.get(f"/api/verdicts?dev={phone.dev}").json["verdicts"][-1:]
    assert told["verdict"] == "ok"


def test_a_chain_that_was_cut_and_joined_again_does_not_hold(
    town: Town, phone: SignedPhone, officer: FlaskClient
) -> None:
    one, _dropped, three = (register(town, phone, n) for n in range(3))
    joined = signed_again(
        phone, three, seq=2
    )  # the thief renumbers, and cannot know the hash that belongs there
    *_, last = post_scans(officer, one, joined)
    assert codes(last) == {"CHAIN_BROKEN"}
    assert open_codes(town) == ["CHAIN_BROKEN"]
    assert check(the_door(), town.log) == []


def test_a_cloned_phone_shows_as_a_fork_in_either_order(
    town: Town, phone: SignedPhone, officer: FlaskClient
) -> None:
    register(town, phone, 0)
    clone = phone.clone()
    mine, theirs = register(town, phone, 1), register(town, clone, 2)
    first, second = post_scans(officer, mine, theirs)
    assert codes(first) == codes(second) == {"CHAIN_GAP", "CHAIN_FORK"}
    assert open_codes(town) == ["CHAIN_FORK", "CHAIN_GAP"]
    for size in (1, 2, 3):  # however the log is cut
        rebuild(the_door(), town.log, size)
        assert check(the_door(), town.log) == []


def test_of_a_lost_phone_before_and_after_are_told_apart(app: Flask, town: Town, phone: SignedPhone) -> None:
    # given a scan that was sent in time, one that waited on the phone, one of the thief and one dated back
    carrier = as_(app, town, "driver")
    sent = register(town, phone, 0, NOW - 3 * HOUR)
    post_scans(carrier, sent)
    waiting, thief, dated_back = (
        register(town, phone, 1, NOW - 2 * HOUR),
        register(town, phone, 2, NOW - 5 * MINUTE),
        register(town, phone, 3, NOW - 4 * HOUR),
    )
    # when the phone is reported, and the rest comes in later
    assert revoke(town, phone, NOW - HOUR, NOW) == ""
    receipts = post_scans(carrier, waiting, thief, dated_back)
    # then each is recorded and told for what it is
    assert [codes(receipt) & {"PHONE_LOST", "PHONE_REPORTED_LOST"} for receipt in receipts] == [
        {"PHONE_REPORTED_LOST"}, {"PHONE_LOST"}, {"PHONE_LOST"},
    ]  # fmt: skip
    assert said(post_scans(carrier, sent)) == ["duplicate"]
    assert open_codes(town) == ["PHONE_LOST", "PHONE_REPORTED_LOST"]
    assert check(the_door(), town.log) == []


def test_what_was_recorded_after_the_loss_is_found_when_the_loss_is_reported(
    town: Town, phone: SignedPhone, officer: FlaskClient
) -> None:
    (receipt,) = post_scans(officer, register(town, phone, 0))
    assert receipt["verdict"] == "ok"
    assert revoke(town, phone, NOW - HOUR, NOW) == ""
    assert open_codes(town) == ["PHONE_LOST"]


def test_a_settled_question_is_open_again_when_another_scan_is_concerned(
    app: Flask, town: Town, phone: SignedPhone, officer: FlaskClient
) -> None:
    revoke(town, phone, NOW - HOUR, NOW)
    post_scans(officer, register(town, phone, 0))
    (row,) = db.session.query(DiscrepancyRow).filter_by(code="PHONE_LOST")
    closing = town.phones["officer"].command(
        "reconciliation.closed", NOW, {"discrepancy": row.id, "reason": "explained"}
    )
    assert said(post_scans(officer, closing)) == ["recorded"]
    assert open_codes(town) == []
    post_scans(officer, register(town, phone, 1))
    assert open_codes(town) == ["PHONE_LOST"]
    assert check(the_door(), town.log) == []


def test_only_who_has_to_do_with_a_phone_reports_it(town: Town, phone: SignedPhone) -> None:
    assert revoke(town, phone, NOW, NOW, who="driver") == "phones.unknown"
    assert revoke(town, phone, NOW + HOUR, NOW) == "phones.lost_later"
    assert revoke(town, phone, NOW, NOW, who="officer2") == ""
    assert revoke(town, phone, NOW, NOW) == "phones.already_revoked"


def test_a_hundred_signed_scans_cost_as_many_statements_as_one(app: Flask) -> None:
    wide = a_town("062014", devices=103)
    phone = an_enrolled_phone(wide, "officer", NOW)
    for part in (range(1), range(1, 2), range(2, 102)):
        items = [register(wide, phone, n) for n in part]
        db.session().info.clear()
        with counted() as statements:
            wide.send("officer", *items)
        if part.start == 1:
            few = len(statements)
    assert len([each for each in statements if "ledger_tiles" not in each]) == few
