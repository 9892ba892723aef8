"""Citizens share one organisation and nothing else; a log in which one may send goods opens nothing else of a town."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import supplies as factory
from tests.factories.custody import the_door
from tests.factories.identity import PASSWORD, a_person, log_in
from tests.factories.supplies import Relief, a_relief, offered, refused
from webapp.demo.phone import Phone
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Organisation, Person
from webapp.kernel.scanning import codes


@pytest.fixture
def relief(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relief]:
    monkeypatch.setattr(factory, "NOW", now_ms())
    with app.app_context():
        made = a_relief()
        made.now = now_ms()
        with transaction() as session:
            for who in ("citizen", "citizen2", "remote", "officer", "worker"):
                session.get_one(Person, made.people[who].id).password_hash = passwords.make_hash(PASSWORD)
        yield made


def as_(app: Flask, relief: Relief, who: str) -> FlaskClient:
    client = app.test_client()
    assert log_in(client, relief.people[who]).status_code == 302
    return client


def requested(relief: Relief, who: str = "citizen") -> tuple[str, str]:
    need = relief.need(100)
    offer = relief.offer(who, 40, need=need).id
    match = relief.match_of(offer).id
    assert relief.request(40, offer=offer, match=match).refusal is None
    return offer, match


@pytest.mark.parametrize("who", ["citizen", "remote", "worker"])
def test_who_only_sends_or_receives_goods_writes_nothing_into_a_towns_custody(
    relief: Relief, who: str
) -> None:
    author = relief.authors[who]
    phone = Phone(author.pseudonyms[relief.log], relief.log)
    item = phone.scan("loaded", codes.new_id(), relief.now, parent=codes.new_id())

    (answer,) = the_door().receive([item], author, relief.now)

    assert refused(answer) == "custody.not_a_party"


def test_a_citizen_sees_own_offers_and_nobody_elses(app: Flask, relief: Relief) -> None:
    offer, match = requested(relief)

    mine = as_(app, relief, "citizen").get("/send").get_data(as_text=True)
    other = as_(app, relief, "citizen2")

    assert "送ってください" in mine
    assert "まだありません" in other.get("/send").get_data(as_text=True)
    for address in (
        f"/send/{match}",
        f"/send/{match}/labels.pdf",
        f"/send/{match}/ship",
        f"/send/offers/{offer}",
    ):
        assert other.get(address).status_code == 404, address
    assert other.post(f"/send/{match}/cancel", data={"goods": "gone"}).status_code == 404


def test_people_of_one_organisation_send_together(app: Flask, relief: Relief) -> None:
    _, match = requested(relief, "remote")
    colleague = a_person("supporter", relief.people["remote"].organisation)

    client = app.test_client()
    log_in(client, colleague)

    assert client.get(f"/send/{match}").status_code == 200


def test_citizens_are_on_nobodys_list_of_people(app: Flask, relief: Relief) -> None:
    citizen = as_(app, relief, "citizen")
    admin = a_person("admin", relief.town)
    desk = app.test_client()
    log_in(desk, admin)

    for address in ("/people", "/organisations", "/phones", "/places", "/erasures", "/notices", "/ledger",
                    "/consignments", "/board", "/desk", "/relief-admin/"):  # fmt: skip
        assert citizen.get(address).status_code in {403, 404}, address
    assert citizen.get(f"/people/{relief.people['citizen2'].id}").status_code == 403
    assert desk.get(f"/people/{relief.people['citizen'].id}").status_code == 404
    assert relief.people["citizen"].name not in desk.get("/people").get_data(as_text=True)


def test_the_address_is_told_from_the_request_on(app: Flask, relief: Relief) -> None:
    need = relief.need(100)
    offer = relief.offer("citizen", 40, need=need).id
    match = relief.match_of(offer).id
    client = as_(app, relief, "citizen")

    before = client.get(f"/send/{match}").get_data(as_text=True)
    relief.request(40, offer=offer, match=match)
    after = client.get(f"/send/{match}").get_data(as_text=True)

    assert "最上町" not in before.replace(relief.town.name, "")
    assert "山形県最上郡最上町" in after


def test_where_a_delicate_need_is_learns_who_was_asked_to_send(app: Flask, relief: Relief) -> None:
    need = relief.need(3, audience=["infant"], persons=1)
    offer = relief.offer("citizen", 3, need=need).id
    match, client = relief.match_of(offer).id, as_(app, relief, "citizen")
    shelter = relief.authors["worker"].org
    name = db.session.get_one(Organisation, shelter).name

    before = client.get("/send").get_data(as_text=True) + client.get(f"/send/{match}").get_data(as_text=True)
    relief.request(3, offer=offer, match=match)

    assert name not in before
    assert name in client.get(f"/send/{match}").get_data(as_text=True)


def test_a_citizen_closes_the_account_alone_and_leaves_no_name(app: Flask, relief: Relief) -> None:
    made = relief.offer("citizen", 40, need=relief.need(30)).id
    client, person = as_(app, relief, "citizen"), relief.people["citizen"].id

    unsure = client.post("/send/close")
    done = client.post("/send/close", data={"sure": "1"})

    assert (unsure.location, done.location) == ("/send/close", "/send")
    assert offered(made) == (40, 0, 0, 0, 0, 40, 0)
    gone = db.session.get_one(Person, person)
    assert (gone.login, gone.email, gone.name, gone.password_hash) == (None, None, "", None)
    assert "ログインして" in client.get("/send").get_data(as_text=True)
    assert "最上町" not in client.get("/send").get_data(as_text=True)


def test_an_account_is_not_closed_while_goods_are_under_way_and_by_nobody_else(
    app: Flask, relief: Relief
) -> None:
    requested(relief)
    client = as_(app, relief, "citizen")
    subject = relief.authors["citizen"].pseudonyms[relief.log]
    body = {"what": "person", "subject": subject, "basis": "request"}

    client.post("/send/close", data={"sure": "1"})
    by_others = [refused(relief.say(who, "ledger.redacted", body)) for who in ("citizen2", "officer")]

    assert db.session.get_one(Person, relief.people["citizen"].id).name
    assert set(by_others) == {"erasure.not_allowed"}
    assert as_(app, relief, "remote").get("/send/close").status_code == 404
