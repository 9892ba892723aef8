"""What strangers, senders and other towns try: each of these was open once."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import supplies as factory
from tests.factories.custody import an_author, the_door
from tests.factories.identity import PASSWORD, a_person, log_in
from tests.factories.supplies import Relief, a_relief, numbers, refused, stock
from tests.supplies.test_cards import ParcelPhone, issued, read_card
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import derived_id, new_id
from webapp.kernel.crossings.entries import OUT
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Organisation, Person
from webapp.kernel.intake.rebuild import check
from webapp.kernel.phones.enrolment import Wish
from webapp.supplies import entries as kinds
from webapp.supplies import timers
from webapp.supplies.labels import cards
from webapp.supplies.models import Match
from webapp.supplies.public import queries as public_queries
from webapp.supplies.steps import PLEDGE_LIVES_MS, MatchState

API = {"X-Ashiato": "1"}


@pytest.fixture
def relief(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relief]:
    monkeypatch.setattr(factory, "NOW", now_ms())
    with app.app_context():
        made = a_relief()
        made.now = now_ms()
        with transaction() as session:
            for who in ("citizen", "worker"):
                session.get_one(Person, made.people[who].id).password_hash = passwords.make_hash(PASSWORD)
        yield made


def as_(app: Flask, relief: Relief, who: str) -> FlaskClient:
    client = app.test_client()
    assert log_in(client, relief.people[who]).status_code == 302
    return client


def act(relief: Relief, who: str, kind: str, body: dict[str, Any], id: str = "") -> dict[str, Any]:
    """An act as a phone sends it."""
    said = {
        "v": 1, "id": id or new_id(), "log": relief.log, "kind": kind, "at": relief.now, "body": body,
        "actor": relief.authors[who].pseudonyms[relief.log],
    }  # fmt: skip
    return {"p": orjson.dumps(said).decode(), "s": ""}


def free(relief: Relief) -> dict[str, Any]:
    return {"disaster": relief.disaster, "item": "I05", "variant": "M", "quantity": 1}


def pledge(relief: Relief) -> str:
    return relief.match_of(relief.offer("citizen", 40, need=relief.need(100)).id).id


def test_nobody_claims_the_id_of_a_fact_before_it_happens(app: Flask, relief: Relief) -> None:
    """Under the id of 「申し出の期限切れ」 a sender's own act would have kept the shelter's need for ever."""
    match = pledge(relief)
    early = act(relief, "citizen", kinds.OFFERED, free(relief), id=derived_id(match, kinds.LAPSED))

    sent = as_(app, relief, "citizen").post("/api/scans", json={"items": [early]}, headers=API)
    timers.tick(the_door(), db.session(), relief.log, relief.now + PLEDGE_LIVES_MS + 1)

    assert sent.json is not None
    assert sent.json["receipts"][0]["status"] == "refused"
    assert db.session.get_one(Match, match, populate_existing=True).state == MatchState.LAPSED


def test_a_form_cannot_claim_it_either(app: Flask, relief: Relief) -> None:
    match, client = pledge(relief), as_(app, relief, "citizen")
    form = {"id": derived_id(match, kinds.LAPSED), "item": "I05", "variant": "M", "quantity": "3"}

    client.post("/send/new", data={**form, "log": relief.log, "d": relief.disaster})
    timers.tick(the_door(), db.session(), relief.log, relief.now + PLEDGE_LIVES_MS + 1)

    assert db.session.get_one(Match, match, populate_existing=True).state == MatchState.LAPSED


@pytest.mark.parametrize("kind", ["held", "labelled", "offer_activated", "lapsed", "need_made", "label_key"])
def test_what_only_the_house_says_is_taken_from_nobody(relief: Relief, kind: str) -> None:
    for who in ("citizen", "worker", "officer"):
        assert refused(relief.say(who, f"supplies.{kind}", {"match": new_id()})) == "intake.unknown_kind"
    assert refused(relief.say("officer", "notice.sent", {"notice": new_id()})) == "intake.unknown_kind"
    assert refused(relief.say("officer", "codes.printed", {"codes": []})) == "intake.unknown_kind"


def test_a_sender_cannot_flood_the_log_over_the_api(app: Flask, relief: Relief) -> None:
    items = [act(relief, "citizen", kinds.OFFERED, free(relief)) for _ in range(11)]
    assert (
        as_(app, relief, "citizen").post("/api/scans", json={"items": items}, headers=API).status_code == 413
    )


def test_a_sender_does_not_learn_the_ids_of_what_others_typed(app: Flask, relief: Relief) -> None:
    """From the id of a registration follow those of its needs: which of them belong to one shelter."""
    relief.need(10)
    for address in ("/api/verdicts?since=0", "/api/verdicts?since=0&dev="):
        assert as_(app, relief, "citizen").get(address).json["verdicts"] == []  # type: ignore[index]


def test_a_sender_does_not_make_the_server_read_pictures(app: Flask, relief: Relief) -> None:
    sent = as_(app, relief, "citizen").post("/api/decode", data=b"no picture", headers=API)
    assert sent.status_code == 403
    sent = as_(app, relief, "worker").post("/api/decode", data=b"no picture", headers=API)
    assert sent.status_code == 422


def test_who_stole_a_shelters_phone_cannot_go_on_with_an_account_of_their_own(
    app: Flask, relief: Relief
) -> None:
    """Anybody can register as a sender: what a phone has signed is carried by people whom somebody has entered."""
    card_id = issued(relief)
    said = read_card(relief, card_id)
    phone = ParcelPhone(said.actor, said.log)
    wish = Wish(said.token, phone.dev, phone.key.base64, phone.proof(said.token), "", {said.log: 1})
    assert isinstance(cards.activate(wish, now_ms()), cards.Entered)
    scan = phone.arrived(relief, "0" * 17)

    stolen = as_(app, relief, "citizen").post("/api/scans", json={"items": [scan]}, headers=API).json
    found = as_(app, relief, "worker").post("/api/scans", json={"items": [scan]}, headers=API).json

    assert [each["receipts"][0]["status"] for each in (stolen, found) if each] == ["refused", "recorded"]


def test_an_officer_of_another_town_hands_nothing_over_in_this_one(relief: Relief) -> None:
    home = db.session.get_one(Organisation, relief.people["remote"].organisation_id)
    relief.authors["theirs"] = an_author(a_person("officer", home), relief.log)
    body = {"other": "011002", "count": 1}

    assert refused(relief.say("theirs", OUT, body, {"codes": ["x"]})) == "crossings.not_allowed"
    assert relief.say("officer", OUT, body, {"codes": ["x"]}).refusal is None


def test_a_shelter_takes_back_only_what_it_said_itself(relief: Relief) -> None:
    need = relief.need(40)
    match = relief.match_of(relief.offer("citizen", 40, need=need).id).id
    relief.request(40, offer=db.session.get_one(Match, match).offer, match=match)
    relief.ship("citizen", match, 40)
    code = relief.parcels_of(match)[0].code
    count = relief.scan("worker", "counted", code, relief.shelters[0], {"as_listed": True})
    came = {"item": "I05", "variant": "M", "quantity": 7}
    outside = relief.scan("worker", "outside", "", relief.shelters[0], came)
    assert (numbers(need)[4], stock(relief)) == (40, 7)

    relief.scan("worker1", "void", code, relief.shelters[1], {"target": count.id}, at=1)
    relief.scan("worker1", "void", "", relief.shelters[1], {"target": outside.id}, at=1)

    assert (numbers(need)[4], stock(relief)) == (40, 7)
    relief.scan("worker", "void", "", relief.shelters[0], {"target": outside.id}, at=2)
    assert stock(relief) == 0
    assert check(the_door(), relief.log) == []


@pytest.mark.parametrize("line", [{"item": "I03", "variant": "hydrolysed"}, {"item": "F01", "variant": ""}])
def test_what_names_a_child_is_at_no_shelter_in_public(app: Flask, relief: Relief, line: Any) -> None:
    """「乳アレルギーのミルク1缶」 says it all, whether somebody has ticked for whom it is or not."""
    more: dict[str, Any] = {"excluded": ["milk"]} if line["item"] == "F01" else {}
    relief.need(1, **line, **more)

    at_shelter = app.test_client().get(f"/relief/{relief.log}?shelter={relief.shelters[0]}")
    everywhere = app.test_client().get(f"/relief/{relief.log}")

    assert "0件" in at_shelter.get_data(as_text=True)
    assert "1件" in everywhere.get_data(as_text=True)


def test_how_little_a_shelter_refuses_does_not_tell_where_a_delicate_need_is(relief: Relief) -> None:
    body = {"shelter": relief.shelters[0], "receive_mode": "door", "accept_policy": "min_lot", "min_lot": 37}
    assert relief.say("officer", kinds.SHELTER_SET, body, {"name": "第1体育館"}).refusal is None
    need = relief.need(50, audience=["infant"], persons=1)
    town = public_queries.town_of(db.session(), relief.log)
    assert town is not None

    shown = public_queries.need_of(db.session(), town, need)

    assert shown is not None
    assert (shown.place, shown.least, shown.policy) == (None, 0, "")
    assert relief.offer("citizen", 3, need=need).refusal is None


@pytest.mark.parametrize("day", [20271399, 20270230, 5, 99991231 + 1])
def test_a_day_of_no_calendar_gets_onto_no_label(relief: Relief, day: int) -> None:
    for who, kind, body in (
        ("citizen", kinds.OFFERED, {**free(relief), "best_before": day}),
        (
            "worker",
            kinds.SURPLUS_OFFERED,
            {**free(relief), "shelter": relief.shelters[0], "best_before": day},
        ),
    ):
        assert refused(relief.say(who, kind, body)) == "intake.malformed"


def test_goods_of_one_town_do_not_count_among_those_of_another(relief: Relief) -> None:
    there = a_relief("062014")
    there.disaster, theirs = relief.disaster, there.disaster

    came = there.scan("worker", "outside", "", there.shelters[0], {"item": "I05", "quantity": 9})

    assert refused(came) == "supplies.unknown_disaster"
    there.disaster = theirs
    assert (
        refused(there.scan("worker", "outside", "", there.shelters[0], {"item": "W01", "quantity": 9})) == ""
    )


def test_a_need_that_is_said_twice_in_one_breath_is_refused(relief: Relief) -> None:
    line = {"id": new_id(), "item": "W01", "quantity": 1}
    body = {"disaster": relief.disaster, "shelter": relief.shelters[0], "needs": [line, line]}
    assert refused(relief.say("worker", kinds.NEEDS_REGISTERED, body)) == "supplies.sent_before"


def test_what_is_no_allergen_is_declared_by_nobody(relief: Relief) -> None:
    """No label could say it, and it would pass for a declaration at an allergy need."""
    for words in (["mlik"], ["milk", "x" * 32]):
        body = {**free(relief), "item": "F01", "variant": "", "best_before": 20991231, "allergens": words}
        assert refused(relief.say("citizen", kinds.OFFERED, body)) == "intake.malformed"


def test_times_beyond_every_calendar_break_no_page(app: Flask, relief: Relief) -> None:
    need = relief.need(100, need_by=2**52)
    offer = relief.offer("citizen", 40, need=need, available_until=2**52).id
    match = relief.match_of(offer).id
    relief.request(20, offer=offer, match=match)
    relief.say("citizen", kinds.SHIPPED, {"match": match, "quantity": 20, "eta": -(2**52)})
    relief.scan("worker", "arrived", "0" * 17, relief.shelters[0], at=2**51)
    visitor, worker, desk = app.test_client(), as_(app, relief, "worker"), f"/desk/{relief.shelters[0]}"

    for address in (
        f"/relief/{relief.log}",
        f"/relief/{relief.log}/offers",
        f"/relief/{relief.log}/needs/{need}",
    ):
        assert visitor.get(address).status_code == 200, address
    for address in (
        desk,
        f"{desk}/offers",
        f"{desk}/arrivals",
        f"{desk}/needs",
        f"{desk}/offers/{offer}",
        "/board",
    ):
        assert worker.get(address).status_code == 200, address


@pytest.mark.parametrize("more", ["_external=1&_scheme=javascript", "_method=PUT", "endpoint=x", "_anchor=x"])
def test_the_links_of_a_list_lead_nowhere_else(app: Flask, relief: Relief, more: str) -> None:
    page = app.test_client().get(f"/relief/{relief.log}?urgent=1&{more}")
    assert page.status_code == 200
    for odd in ("javascript:", "http://localhost/relief", "#x"):
        assert f'href="{odd}' not in page.get_data(as_text=True)
