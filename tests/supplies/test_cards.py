"""Shelter cards: a phone that was never online works for a shelter, and is let in when the network is back."""

import json
from typing import Any

import numpy as np
import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.identity import a_person, an_organisation, log_in
from tests.factories.phones import HEADERS, post_scans
from tests.factories.supplies import NOW, Relief, a_relief
from tests.kernel.scanning import paper
from tests.supplies import shared_labels
from webapp.demo.signed_phone import SignedPhone
from webapp.kernel.base.clock import DAY, now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity.models import Organisation, Person, PersonState
from webapp.kernel.intake.rebuild import check
from webapp.kernel.ledger.log import open_log, read
from webapp.kernel.phones import queries
from webapp.kernel.phones.enrolment import Wish
from webapp.kernel.phones.entries import ENROLLED, REVOKED
from webapp.kernel.tlog import base45
from webapp.supplies import entries
from webapp.supplies.labels import card, card_pdf, cards, packed
from webapp.supplies.labels import keys as label_keys
from webapp.supplies.labels.card import Printed
from webapp.supplies.labels.cards_room import CARD_ISSUED
from webapp.supplies.labels.keys import LABEL_KEY
from webapp.supplies.labels.models import Card
from webapp.supplies.labels.packed import Fault
from webapp.supplies.models import ScanRow


@pytest.fixture
def relief(app: Flask) -> Relief:
    return a_relief()


def logged_in(app: Flask, role: str, org: Organisation) -> FlaskClient:
    client = app.test_client()
    log_in(client, a_person(role, org))
    return client


def issued(relief: Relief, shelter: int = 0) -> str:
    card_id = new_id()
    assert (
        cards.issue(relief.people["officer"], relief.log, relief.shelters[shelter], card_id, now_ms())
        == card_id
    )
    return card_id


def read_card(relief: Relief, card_id: str) -> card.Card:
    face = cards.printed(relief.log, card_id, now_ms())
    assert not isinstance(face, Refusal)
    found = card.read(face.text)
    assert isinstance(found, Printed)
    assert found.is_signed
    return found.card


def a_phone(said: card.Card) -> "ParcelPhone":
    return ParcelPhone(said.actor, said.log)


def asks(client: FlaskClient, phone: SignedPhone, card_token: str, **other: Any) -> tuple[int, Any]:
    body = {"token": card_token, "dev": phone.dev, "key": phone.key.base64, "proof": phone.proof(card_token)}
    answer = client.post(
        "/api/supplies/cards/activate", json=body | {"next": {phone.log: 1}} | other, headers=HEADERS
    )
    return answer.status_code, answer.json


class ParcelPhone(SignedPhone):
    """A phone that scans parcels."""

    def arrived(self, relief: Relief, code: str) -> dict[str, Any]:
        """The box is at the first shelter."""
        self.seq += 1
        fields = {
            "step": "arrived", "code": code, "parent": "", "job": relief.disaster, "src": "camera", "dev": self.dev,
            "seq": self.seq, "prev": "", "wit": [], "mono": 1_000, "boot": self.boot, "off": 0, "off_age": 0,
            "place": relief.shelters[0], "ev": [], "base": "", "said": "ok", "app": "test",
        }  # fmt: skip
        return self._item(entries.SCAN, now_ms(), {"accept": False}, None, fields)


def test_what_was_scanned_offline_by_a_card_is_accepted_when_the_network_is_back(
    app: Flask, relief: Relief
) -> None:
    # given a card, and a phone that was offline from the first moment on
    said = read_card(relief, issued(relief))
    phone, client = a_phone(said), app.test_client()
    scan = phone.arrived(relief, shared_labels.a_code("box"))
    # when it comes back
    assert client.post("/api/scans", json={}, headers=HEADERS).status_code == 401
    status, told = asks(client, phone, said.token)
    # then it is a phone of the shelter, and what it signed before stands
    assert (status, told["person"]["id"], told["log"], told["actor"]) == (
        201,
        said.person,
        relief.log,
        said.actor,
    )
    assert told["logs"] == {relief.log: {"from": 1, "prev": ""}}
    (receipt,) = post_scans(client, scan)
    assert receipt["status"] == "recorded"
    assert db.session.query(ScanRow).one().shelter == relief.shelters[0]
    assert client.get("/api/me").json["person"]["roles"] == ["shelter"]


def test_the_log_names_the_label_key_and_the_card_and_folds_to_the_same(app: Flask, relief: Relief) -> None:
    issued(relief)
    issued(relief, 1)
    kinds = [entry.kind for entry in read(db.session(), relief.log)]
    assert kinds.count(LABEL_KEY) == 1
    assert kinds.count(CARD_ISSUED) == 2
    assert label_keys.public_keys(db.session(), relief.log) == [
        {"key_id": (key := label_keys.current(relief.log)).key_id, "key": key.key}
    ]
    assert check(app.extensions["door"], relief.log) == []


def test_the_same_form_twice_is_one_card_and_cards_are_numbered(relief: Relief) -> None:
    officer, card_id = relief.people["officer"], new_id()
    for _ in range(2):
        assert cards.issue(officer, relief.log, relief.shelters[0], card_id, now_ms()) == card_id
    issued(relief)
    assert [(line.number, line.phones) for line in cards.lines(db.session(), relief.log)] == [(2, 0), (1, 0)]
    names = {person.name for person in db.session.query(Person) if "カード" in person.name}
    assert names == {"避難所の共用の電話（カード1）", "避難所の共用の電話（カード2）"}


def test_neither_log_nor_database_holds_what_opens_the_door(relief: Relief) -> None:
    card_id = issued(relief)
    token = cards.token_of(card_id)
    assert db.session.get_one(Card, card_id).token_hash == cards.hash_of(token)
    assert not [entry for entry in read(db.session(), relief.log) if token in json.dumps(dict(entry.data))]


def test_asking_again_because_the_answer_was_lost_is_harmless(app: Flask, relief: Relief) -> None:
    said = read_card(relief, issued(relief))
    phone, client = a_phone(said), app.test_client()
    assert asks(client, phone, said.token) == asks(client, phone, said.token)
    assert [entry.kind for entry in read(db.session(), relief.log)].count(ENROLLED) == 1


def test_one_card_lets_in_a_handful_of_phones_and_no_more(app: Flask, relief: Relief) -> None:
    said = read_card(relief, issued(relief))
    for _ in range(cards.MOST_PHONES):
        assert asks(app.test_client(), a_phone(said), said.token)[0] == 201
    status, told = asks(app.test_client(), a_phone(said), said.token)
    assert (status, told["code"]) == (422, "supplies.card_full")
    assert "5台" in told["text"]


def test_a_revoked_card_ends_sessions_and_keys(app: Flask, relief: Relief) -> None:
    card_id = issued(relief)
    said = read_card(relief, card_id)
    phone, client = a_phone(said), app.test_client()
    asks(client, phone, said.token)
    assert cards.revoke(relief.people["officer"], relief.log, card_id, "lost", now_ms(), new_id()) is None
    assert client.get("/api/me").status_code == 401
    assert queries.keys_of(db.session(), relief.log, [said.actor]) == []
    assert [entry.kind for entry in read(db.session(), relief.log)].count(REVOKED) == 1
    assert asks(app.test_client(), a_phone(said), said.token)[1]["code"] == "supplies.card_revoked"
    assert db.session.get_one(Person, said.person).state == PersonState.LEFT
    assert isinstance(cards.printed(relief.log, card_id, now_ms()), Refusal)
    assert check(app.extensions["door"], relief.log) == []


def test_a_card_that_is_over_opens_nothing(app: Flask, relief: Relief) -> None:
    card_id = new_id()
    long_ago = now_ms() - cards.DEFAULT_LIFE
    row = cards.issue(relief.people["officer"], relief.log, relief.shelters[0], card_id, long_ago + DAY)
    assert row == card_id
    said = read_card(relief, card_id)
    found = cards.activate(Wish(said.token, "", "", "", "", {}), said.until + 1)
    assert isinstance(found, Refusal)
    assert found.code == "supplies.card_over"


@pytest.mark.parametrize(
    ("other", "code"),
    [({"token": "0" * 32}, "supplies.card_unknown"), ({"proof": "A" * 86 + "=="}, "phones.proof")],
)
def test_who_does_not_hold_card_and_key_stays_out(
    app: Flask, relief: Relief, other: dict[str, Any], code: str
) -> None:
    said = read_card(relief, issued(relief))
    client = app.test_client()
    assert asks(client, a_phone(said), said.token, **other)[1]["code"] == code
    assert client.get("/api/me").status_code == 401


def test_who_knocks_too_often_waits(app: Flask) -> None:
    app.config["RATELIMIT_ENABLED"] = True
    limiter.init_app(app)
    try:
        client = app.test_client()
        told = [client.post("/api/supplies/cards/activate", json={}, headers=HEADERS) for _ in range(31)]
        assert [answer.status_code for answer in told] == [400] * 30 + [429]
    finally:
        limiter.enabled = False
        limiter.reset()


def test_a_phone_of_somebody_else_is_not_taken_over(app: Flask, relief: Relief) -> None:
    one, other = (read_card(relief, issued(relief, shelter)) for shelter in (0, 1))
    phone = a_phone(one)
    asks(app.test_client(), phone, one.token)
    assert asks(app.test_client(), phone, other.token)[1]["code"] == "phones.known_key"


@pytest.mark.parametrize("who", ["worker", "citizen", "remote"])
def test_only_the_municipality_issues_cards(relief: Relief, who: str) -> None:
    found = cards.issue(relief.people[who], relief.log, relief.shelters[0], new_id(), NOW)
    assert isinstance(found, Refusal)
    assert found.code == "supplies.not_allowed"


def test_a_new_key_is_said_in_the_log_before_it_signs(app: Flask, relief: Relief) -> None:
    card_id = issued(relief)
    app.config["LABEL_KEY_NUMBER"] = 2
    assert read_card(relief, card_id).key == label_keys.current(relief.log).key
    assert len(label_keys.public_keys(db.session(), relief.log)) == 2
    app.config["LABEL_SECRET"] = "another"
    assert isinstance(cards.printed(relief.log, card_id, now_ms()), Refusal)


def test_the_office_sees_prints_and_revokes_cards(app: Flask, relief: Relief) -> None:
    client, form = logged_in(app, "officer", relief.town), new_id()
    assert "避難所カード" in client.get("/supplies/cards").text
    assert "避難所を選んで" in client.post("/supplies/cards", data={"id": new_id()}).text
    data = {"id": form, "shelter": relief.shelters[0]}
    page = client.post("/supplies/cards", data=data, follow_redirects=True).text
    assert "カード1" in page
    pdf = client.get(f"/supplies/cards/{form}.pdf")
    assert (pdf.mimetype, pdf.headers["Cache-Control"]) == ("application/pdf", "private, no-store")
    data = {"id": new_id(), "reason": "stolen", "lost_at": "2026-11-20T09:00"}
    assert client.post(f"/supplies/cards/{form}", data={}).status_code == 422
    assert "停止" in client.post(f"/supplies/cards/{form}", data=data, follow_redirects=True).text
    assert client.get(f"/supplies/cards/{form}.pdf").status_code == 409


def test_other_towns_and_shelters_do_not_see_the_cards(app: Flask, relief: Relief) -> None:
    card_id = issued(relief)
    client = logged_in(app, "shelter", db.session.get_one(Organisation, relief.shelters[0]))
    assert client.get("/supplies/cards").status_code == 403
    stranger = an_organisation("municipality", lg_code="063631")
    with transaction() as session:
        open_log(session, "063631", "log.example/063631", stranger.name, stranger.id, NOW)
    client = logged_in(app, "officer", stranger)
    assert client.get(f"/supplies/cards/{card_id}").status_code == 404


KEY = shared_labels.KEY
papers = st.builds(
    card.Card,
    log=st.from_regex(r"[0-9]{6}", fullmatch=True),
    number=st.integers(1, card.MOST_CARDS),
    shelter=st.uuids().map(str),
    person=st.uuids().map(str),
    actor=st.from_regex(r"p-[0-9a-f]{20}", fullmatch=True),
    token=st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    until=st.integers(0, 4_000_000_000).map(lambda seconds: seconds * 1000),
    key=st.just(KEY.key),
    name=st.text(min_size=1, max_size=30).map(packed.fitting).filter(bool),
)


@given(papers)
def test_what_is_written_on_a_card_is_read(said: card.Card) -> None:
    found = card.read(card.encode(said, KEY.sign))
    assert isinstance(found, Printed)
    assert (found.card, found.is_signed) == (said, True)


@given(st.data())
def test_a_changed_byte_of_a_card_is_no_card_or_not_signed(data: st.DataObject) -> None:
    raw = base45.decode(shared_labels.card_text().removeprefix(card.PREFIX))
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] + bytes([raw[at] ^ data.draw(st.integers(1, 255))]) + raw[at + 1 :]
    found = card.read(card.PREFIX + base45.encode(changed))
    assert isinstance(found, Fault) or not found.is_signed


def test_the_printed_card_reads_in_a_frame_that_is_38_cm_wide() -> None:
    text = shared_labels.card_text()
    pdf = card_pdf.render(
        cards.CardFace("最上町", "向町小学校 体育館", 3, NOW, text), base="https://a.example"
    )
    view = paper.seen(paper.printed(pdf), np.random.default_rng(7), px_per_mm=1280 / 380)
    assert text in {found.text for frame in paper.frames(view) for found in zxingcpp.read_barcodes(frame)}
