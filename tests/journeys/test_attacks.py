"""What an insider or a stranger might try; each was possible once."""

import pytest
from flask import Flask

from tests.factories.custody import Journey, Town, a_town, an_author, the_door
from tests.factories.identity import MORNING, a_person, an_organisation, log_in
from webapp.custody import entries as kinds
from webapp.custody.models import Device
from webapp.custody.steps import POLICY
from webapp.demo.phone import Phone
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity.models import Organisation
from webapp.kernel.intake.rebuild import check
from webapp.kernel.ledger.entries import NotCanonical, canonical
from webapp.kernel.reconciliation.models import DiscrepancyRow
from webapp.kernel.scanning import codes
from webapp.kernel.scanning.models import IssuedCode


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=2, cages=1)


def refused(town: Town, who: str, item: object) -> str:
    (answer,) = town.send(who, item)
    return answer.refusal.code if answer.refusal else ""


def test_a_cage_scanned_into_itself_never_stops_a_fold(town: Town) -> None:
    scan = town.phones["driver"].scan
    stranger = codes.new_id()
    assert refused(town, "driver", scan("loaded", town.codes[0], MORNING, parent=stranger)) == ""
    assert refused(town, "driver", scan("locked", stranger, MORNING, parent=stranger)) == ""
    assert check(the_door(), town.log) == []


def test_no_scan_can_write_over_what_the_list_says_of_a_device(app: Flask, town: Town) -> None:
    phone, false = town.phones["technician"], {"serial": "FAKE", "asset": "FAKE-0001"}
    for _ in range(8):  # whatever salt sorts where
        item = phone.scan(
            "sanitized", town.codes[0], MORNING, wit=[town.p("officer")], private=false, id=town.devices[0]
        )
        town.send("technician", item)
    client = app.test_client()
    log_in(client, town.people["officer"])
    pack = client.get(f"/api/jobs/{town.job}/pack").json
    assert {device["asset"] for device in pack["devices"]} == {"T-0001", "T-0002"}


@pytest.mark.parametrize("role", ["shelter", "supporter", "admin"])
def test_who_may_not_see_consignments_gets_no_pack_either(app: Flask, town: Town, role: str) -> None:
    client = app.test_client()
    log_in(client, a_person(role, town.town))
    assert client.get("/api/jobs").json["jobs"] == []
    assert client.get(f"/api/jobs/{town.job}/pack").status_code == 403


def another_company(town: Town) -> tuple[str, object]:
    """A second consignment of the same town, with an ITAD company of its own; its manager."""
    other = an_organisation("itad", invited_by=town.town)
    orgs = {"municipality": town.town.id, "carrier": town.carrier.id, "itad": other.id}
    phone = Phone(town.p("officer"), town.log)
    item = phone.command(kinds.CONSIGNMENT_OPENED, MORNING, {**orgs, "policy": POLICY}, {"title": "二つ目"})
    (answer,) = town.send("officer", item)
    town.people["stranger"] = a_person("itad_manager", other, roles=("itad_manager", "itad_technician"))
    town.authors["stranger"] = an_author(town.people["stranger"], town.log)
    town.phones["stranger"] = Phone(town.p("stranger"), town.log, answer.id)
    return answer.id, other


def test_another_companys_manager_settles_nothing_and_voids_nothing(town: Town) -> None:
    another_company(town)
    town.send("officer", *Journey(town).load(0))
    question = db.session.query(DiscrepancyRow).first()
    assert question is not None
    phone = town.phones["stranger"]
    body = {"discrepancy": question.id, "reason": "accepted"}
    assert (
        refused(town, "stranger", phone.command("reconciliation.closed", MORNING, body))
        == "reconciliation.unknown"
    )
    void = phone.command("codes.voided", MORNING, {"code": town.codes[0]})
    assert refused(town, "stranger", void) == "scanning.not_allowed"


def test_another_companys_manager_prints_none_of_the_towns_labels(app: Flask, town: Town) -> None:
    job, _ = another_company(town)
    batch = db.session.query(IssuedCode).first()
    assert batch is not None
    client = app.test_client()
    log_in(client, town.people["stranger"])
    paths = (f"/consignments/{job}/labels", f"/consignments/{job}/labels/{batch.batch}.pdf")
    assert [client.get(path).status_code for path in paths] == [404, 404]


def test_a_company_that_does_not_work_on_a_device_raises_a_question(town: Town) -> None:
    another_company(town)
    town.send("officer", *Journey(town).register(0))
    item = town.phones["stranger"].scan(
        "sanitized", town.codes[0], MORNING + 3_600_000, wit=[town.p("officer")]
    )
    town.send("stranger", item)
    assert "NOT_PERMITTED" in {row.code for row in db.session.query(DiscrepancyRow)}


def test_a_witness_that_nobody_knows_is_no_witness(town: Town) -> None:
    item = town.phones["technician"].scan("sanitized", town.codes[0], MORNING, wit=["p-" + "0" * 20])
    assert refused(town, "technician", item) == "intake.unknown_witness"


def test_a_text_with_nul_is_refused_wherever_it_comes(app: Flask, town: Town) -> None:
    with pytest.raises(NotCanonical):
        canonical({"asset": "a\0b"})
    client = app.test_client()
    log_in(client, town.people["officer"])
    paths = ("/consignments/a%00b", f"/consignments/{town.job}/devices?text=%00", "/api/jobs/%00/pack")
    assert [client.get(path).status_code for path in paths] == [400, 400, 400]
    assert client.post("/login", data={"login": "a\0", "password": "b"}).status_code == 400


def test_a_label_in_use_takes_over_no_other_thing(town: Town) -> None:
    town.send("officer", *Journey(town).register(0, 1))
    body = {"code": town.codes[0], "replaced_by": town.codes[1]}
    item = Phone(town.p("officer"), town.log).command("codes.voided", MORNING, body)
    assert refused(town, "officer", item) == "scanning.replacement_unusable"


def test_a_sticker_from_somebody_whose_task_it_is_not_does_not_take_the_device(town: Town) -> None:
    town.send("officer", *Journey(town).register(0))
    early = town.phones["operator"].scan(
        "registered", town.codes[1], MORNING, body={"device": town.devices[0]}
    )
    town.send("operator", early)
    assert db.session.get_one(Device, town.devices[0]).code == town.codes[0]


def test_people_of_an_organisation_that_was_put_out_of_use_are_out_at_once(app: Flask, town: Town) -> None:
    client = app.test_client()
    log_in(client, town.people["receiver"])
    assert client.get("/api/jobs").status_code == 200
    with transaction() as session:
        session.get_one(Organisation, town.itad.id).active = False
    assert client.get("/api/jobs").status_code == 401


def test_a_town_names_its_own_partners_only(town: Town) -> None:
    other = a_town("062014")
    orgs = {"municipality": town.town.id, "carrier": other.carrier.id, "itad": town.itad.id}
    phone = Phone(town.p("officer"), town.log)
    item = phone.command(kinds.CONSIGNMENT_OPENED, MORNING, {**orgs, "policy": POLICY}, {"title": "x"})
    assert refused(town, "officer", item) == "custody.unknown_organisation"


@pytest.mark.parametrize("number", ["9" * 30, "-5", "x"])
def test_no_number_in_an_address_breaks_a_page(app: Flask, town: Town, number: str) -> None:
    client = app.test_client()
    log_in(client, town.people["officer"])
    job = f"/consignments/{town.job}"
    paths = (
        f"{job}/devices?page={number}",
        f"{job}/questions?page={number}",
        f"/api/verdicts?since={number}",
    )
    assert {client.get(path).status_code for path in paths} == {200}


def test_a_device_on_no_list_folds_alike_however_the_log_is_cut(town: Town) -> None:
    scan, code, cage = town.phones["officer"].scan, town.codes[0], town.cages[0]
    town.send("officer", scan("loaded", code, MORNING, parent=cage))
    town.send("officer", scan("registered", code, MORNING + 1, body={"device_new": new_id()}))
    town.send("officer", scan("counted", code, MORNING + 2, parent=cage))
    assert check(the_door(), town.log) == []
    assert "WRONG_LOT" not in {row.code for row in db.session.query(DiscrepancyRow)}
