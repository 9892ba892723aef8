"""Sending, through the pages: offering with mail and password in one form, the mail's link, boxes, labels, 発送."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.factories import supplies as factory
from tests.factories.identity import PASSWORD, log_in
from tests.factories.supplies import Relief, a_relief, numbers, offered
from webapp.kernel.base.clock import DAY, now_ms, to_minute
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Person
from webapp.kernel.notifications.mail import Mail
from webapp.kernel.notifications.models import Notice
from webapp.supplies import entries as kinds
from webapp.supplies.models import Match, Offer
from webapp.supplies.senders import accounts

ADDRESS, SECRET = "Hanako@example.jp", "三毛猫がまどの外にいる"


@dataclass
class Site:
    """A town that needs things, and browsers."""

    app: Flask
    relief: Relief

    def browser(self, who: str = "") -> FlaskClient:
        client = self.app.test_client()
        if who:
            assert log_in(client, self.relief.people[who]).status_code == 302
        return client

    def mails(self) -> list[tuple[str, Mail]]:
        """What would be sent now about accounts, the latest first."""
        db.session.rollback()
        writers = current_app.extensions["notice_renderers"]
        found = db.session.scalars(select(Notice).where(Notice.log == "").order_by(Notice.caused_at.desc()))
        written = [(notice.kind, writers[notice.kind](db.session(), notice)) for notice in found]
        return [(kind, mail) for kind, mail in written if mail is not None]


@pytest.fixture
def site(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(factory, "NOW", now_ms())
    with app.app_context():
        relief = a_relief()
        relief.now = now_ms()
        with transaction() as session:
            for who in ("citizen", "citizen2", "remote", "officer"):
                person = session.get_one(Person, relief.people[who].id)
                person.password_hash, person.email = passwords.make_hash(PASSWORD), f"{who}@example.jp"
                person.login = person.email
        for who in ("citizen", "citizen2", "remote", "officer"):
            db.session.refresh(relief.people[who])
        yield Site(app, relief)


def offer(client: FlaskClient, need: str, quantity: str = "40", **more: Any) -> TestResponse:
    return client.post("/send/new", data={"id": new_id(), "need": need, "quantity": quantity, **more})


def newcomer(
    client: FlaskClient, need: str, quantity: str = "40", mail: str = ADDRESS, **more: Any
) -> TestResponse:
    return offer(client, need, quantity, mail=mail, password=SECRET, **more)


def link_in(mail: Mail) -> str:
    return mail.links[0].url.removeprefix(current_app.config["PUBLIC_BASE"])


def error(answer: TestResponse, field: str) -> str:
    found = re.search(rf'id="{field}-error">.*?<span>(.*?)</span>', answer.get_data(as_text=True), re.DOTALL)
    return found[1] if found else ""


def requested(site: Site) -> str:
    made = site.relief.offer("citizen", 40, need=site.relief.need(100)).id
    match = site.relief.match_of(made).id
    assert site.relief.request(40, offer=made, match=match).refusal is None
    return match


# A newcomer


def test_a_newcomers_offer_waits_for_the_mail_and_counts_from_then_on(site: Site) -> None:
    need, client = site.relief.need(100), site.browser()

    answer = newcomer(client, need, "４０個")
    waiting = numbers(need)
    ((kind, mail),) = site.mails()
    asked = client.get(link_in(mail))
    opened = client.post(link_in(mail))

    assert answer.location.endswith("/send/sent")
    assert waiting == (100, 0, 0, 0, 0, 100)
    assert (kind, mail.to) == (accounts.VERIFY, (ADDRESS,))
    assert "これはあなたのメールですか" in asked.get_data(as_text=True)
    assert opened.location == "/send"
    assert numbers(need) == (100, 40, 0, 0, 0, 60)
    assert "返事を待っています" in client.get("/send").get_data(as_text=True)


def test_the_link_of_the_mail_is_good_once_and_for_a_day(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = site.browser()
    newcomer(client, site.relief.need(100))
    ((_, mail),) = site.mails()
    link, later = link_in(mail), now_ms() + DAY

    with monkeypatch.context() as tomorrow:
        tomorrow.setattr("webapp.supplies.senders.account_views.now_ms", lambda: later)
        assert client.post(link).status_code == 404
    assert client.post(link).status_code == 303
    assert client.post(link).status_code == 404
    assert db.session.scalars(select(accounts.MailLink)).one().password_hash == ""


def test_a_password_is_worth_nothing_before_the_link_is_opened(site: Site) -> None:
    newcomer(site.browser(), site.relief.need(100))
    person = db.session.scalars(select(Person).where(Person.login == ADDRESS.lower())).one()

    before = log_in(site.browser(), person, SECRET)
    ((_, mail),) = site.mails()
    elsewhere = site.browser().post(link_in(mail))

    assert before.status_code == 422
    assert elsewhere.location.startswith("/login")
    assert log_in(site.browser(), person, SECRET).status_code == 302


def test_a_known_address_gets_the_same_answer_and_a_mail_that_tells(site: Site) -> None:
    need = site.relief.need(100)

    known = newcomer(site.browser(), need, mail="Citizen@example.jp")
    unknown = newcomer(site.browser(), need)

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert known.get_data() == unknown.get_data()
    assert {kind for kind, _ in site.mails()} == {accounts.KNOWN, accounts.VERIFY}
    senders = db.session.scalars(select(Offer.sender)).all()
    assert site.relief.authors["citizen"].pseudonyms[site.relief.log] not in senders


def test_what_is_wrong_with_the_goods_is_the_same_for_known_and_unknown_addresses(site: Site) -> None:
    need = site.relief.need(10)
    site.relief.offer("citizen2", 10, need=need)

    known, unknown = (newcomer(site.browser(), need, mail=mail) for mail in ("citizen@example.jp", ADDRESS))

    assert known.status_code == unknown.status_code == 422
    assert "すでに足りています" in unknown.get_data(as_text=True)
    assert db.session.scalar(select(Person).where(Person.login == ADDRESS.lower())) is None


def test_who_has_an_account_and_types_the_right_password_is_let_in_by_the_same_form(site: Site) -> None:
    need, client = site.relief.need(100), site.browser()

    answer = offer(client, need, mail="citizen@example.jp", password=PASSWORD)

    assert answer.location == "/send"
    assert numbers(need)[1] == 40


def test_an_address_gets_at_most_a_few_mails_a_day(site: Site) -> None:
    for _ in range(accounts.MOST_MAILS + 2):
        answer = site.browser().post("/send/register", data={"mail": ADDRESS, "password": SECRET})
        assert answer.location.endswith("/send/sent")

    assert len(site.mails()) == accounts.MOST_MAILS


NO_ADDRESSES = (
    "a@example.jp\r\nBcc: b@example.jp", "a@example.jp,b@example.jp", "a b@example.jp", "a@example", "hanako",
    "<a@example.jp>", "a@example.jp\n", "あ@example.jp", "a" * 60 + "@example.jp", "",
)  # fmt: skip


def test_an_address_that_is_none_is_refused_and_nothing_typed_is_lost(site: Site) -> None:
    need, client = site.relief.need(100), site.browser()

    answers = [newcomer(client, need, "40", mail=address, note="新品です") for address in NO_ADDRESSES]

    for answer in answers:
        shown = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert error(answer, "mail")
        assert 'value="40"' in shown
        assert "新品です" in shown
        assert SECRET not in shown
    assert site.mails() == []


def test_who_forgot_the_password_sets_another_one_by_mail(site: Site) -> None:
    client, person = site.browser(), site.relief.people["citizen"]

    answers = [client.post("/send/forgot", data={"mail": mail}) for mail in (
        "citizen@example.jp", "nobody@example.jp", "officer@example.jp")]  # fmt: skip
    ((kind, mail),) = site.mails()
    client.post(link_in(mail), data={"password": SECRET, "again": SECRET})

    assert len({(answer.status_code, answer.location) for answer in answers}) == 1
    assert (kind, mail.to) == (accounts.RESET, ("citizen@example.jp",))
    assert log_in(client, person, SECRET).status_code == 302


def test_the_mail_can_be_sent_again(site: Site) -> None:
    newcomer(site.browser(), site.relief.need(100))

    answer = site.browser().post("/send/again", data={"mail": ADDRESS})
    latest, first = (link_in(mail) for _, mail in site.mails())

    assert answer.status_code == 303
    assert latest != first
    assert site.browser().post(first).status_code == 303


# Bad input


def test_a_quantity_that_is_none_is_refused_beside_its_field(site: Site) -> None:
    need, client = site.relief.need(100), site.browser("citizen")
    said = {
        "0": "0です", "-3": "受け付けられません", "1e12": "読めません", "1000000000000": "多すぎます",
        "1.5": "整数ではありません", "": "数量がありません", "３箱": "数え方",
    }  # fmt: skip

    for typed, sentence in said.items():
        answer = offer(client, need, typed)
        assert answer.status_code == 422
        assert sentence in error(answer, "quantity"), typed
        assert f'value="{typed}"' in answer.get_data(as_text=True)


def test_a_date_that_is_none_is_refused_beside_its_field(site: Site) -> None:
    need, client = site.relief.need(100, item="F03", variant=""), site.browser("citizen")
    said = {"2020-01-01": "過ぎています", "令和8年": "年だけ", "2027-02-30": "ありません", "": "賞味期限"}

    for typed, sentence in said.items():
        assert sentence in error(offer(client, need, "20", best_before=typed, declared="none"), "best_before")


def test_allergens_are_declared_or_said_to_be_unknown(site: Site) -> None:
    need, client = site.relief.need(100, item="F03", variant=""), site.browser("citizen")

    def declare(declared: str, *ticked: str) -> TestResponse:
        return offer(client, need, "20", best_before="令和12年3月", declared=declared, allergens=list(ticked))

    refused = [declare(""), declare("some"), declare("none", "egg")]
    taken = [declare("none"), declare("some", "milk", "egg"), declare("unknown")]

    assert all(error(answer, "declared") for answer in refused)
    assert [answer.status_code for answer in taken] == [303, 303, 303]
    kept = db.session.scalars(select(Offer.allergens).order_by(Offer.offered_at, Offer.id)).all()
    assert kept == [[], ["egg", "milk"], None]


def test_a_second_click_is_the_same_offer(site: Site) -> None:
    need, form = site.relief.need(100), new_id()
    client = site.browser("citizen")

    answers = [offer(client, need, id=form) for _ in range(2)]

    assert [answer.location for answer in answers] == ["/send", "/send"]
    assert len(db.session.scalars(select(Offer.id)).all()) == 1


def test_goods_on_nobodys_list_are_offered_freely(site: Site) -> None:
    client, town = site.browser("remote"), {"log": site.relief.log, "d": site.relief.disaster}
    form = {**town, "id": new_id(), "item": "I05", "quantity": "1,200", "lot": "24", "until": "あさって"}

    chosen = client.get("/send/new", query_string=town).get_data(as_text=True)
    missing = client.post("/send/new", data=form)
    answer = client.post("/send/new", data={**form, "variant": "M"})

    assert "何を送れますか" in chosen
    assert error(missing, "variant")
    assert answer.location == "/send"
    made = db.session.scalars(select(Offer)).one()
    assert (made.variant, made.offered, made.lot, made.state) == ("M", 1200, 24, "active")


def test_an_officer_without_the_role_of_a_supporter_does_not_send(site: Site) -> None:
    assert site.browser("officer").get(f"/send/new?need={site.relief.need(10)}").status_code == 403


# A shipment


def test_boxes_labels_and_then_it_is_sent(site: Site) -> None:
    match, client = requested(site), site.browser("citizen")

    packed = client.post(f"/send/{match}/pack", data={"id": new_id(), "count": "３"})
    printed = client.get(f"/send/{match}/labels.pdf?layout=one")
    by_hand = client.get(f"/send/{match}/hand").get_data(as_text=True)
    eta = to_minute(now_ms() + 2 * DAY)[:10]
    form = {"id": new_id(), "quantity": "40", "eta": eta, "tracking": "１２３４-5678"}
    shipped = [client.post(f"/send/{match}/ship", data=form) for _ in range(2)]
    again = client.post(f"/send/{match}/ship", data={**form, "id": new_id()}, follow_redirects=True)
    shown = client.get(f"/send/{match}").get_data(as_text=True)

    assert packed.status_code == 303
    assert [p.listed for p in site.relief.parcels_of(match)] == [14, 13, 13]
    assert printed.get_data().startswith(b"%PDF")
    assert site.relief.parcels_of(match)[0].code[:4] in by_hand
    assert [answer.status_code for answer in shipped] == [303, 303]
    assert db.session.get_one(Match, match).state == "shipped"
    assert "この便はすでに発送済みです。" in again.get_data(as_text=True)
    assert "1234-5678" in shown
    assert client.get(f"/send/{match}/labels.pdf").location == f"/send/{match}"


def test_what_cannot_have_been_sent_is_refused(site: Site) -> None:
    match, client = requested(site), site.browser("citizen")

    def ship(**typed: str) -> TestResponse:
        form = {"id": new_id(), "quantity": "40", "eta": to_minute(now_ms() + DAY)[:10], **typed}
        return client.post(f"/send/{match}/ship", data=form)

    assert ship(quantity="41").status_code == 303  # what the labels say is settled by the door
    assert error(ship(quantity="0"), "quantity")
    assert error(ship(eta="2020-01-01"), "eta")
    assert error(ship(eta=""), "eta")
    assert error(ship(tracking="a\r\nBcc: x"), "tracking")
    assert db.session.get_one(Match, match).state == "requested"


def test_boxes_of_different_contents_are_written_line_by_line(site: Site) -> None:
    match, client = requested(site), site.browser("citizen")

    too_many = client.post(f"/send/{match}/pack", data={"id": new_id(), "each": "20\n21"})
    answer = client.post(f"/send/{match}/pack", data={"id": new_id(), "each": "20 令和12年3月1日\n 10\n"})

    assert error(too_many, "each")
    assert answer.status_code == 303
    assert [(p.listed, p.best_before) for p in site.relief.parcels_of(match)] == [(20, 20300301), (10, 0)]


def test_less_is_taken_and_more_is_refused(site: Site) -> None:
    match, client = requested(site), site.browser("citizen")

    more = client.post(f"/send/{match}/less", data={"id": new_id(), "quantity": "41"})
    less = client.post(f"/send/{match}/less", data={"id": new_id(), "quantity": "30"})

    assert error(more, "quantity")
    assert less.status_code == 303
    assert db.session.get_one(Match, match).quantity == 30


def test_who_cancels_cannot_send_any_more(site: Site) -> None:
    match, client = requested(site), site.browser("citizen")
    offer_id = db.session.get_one(Match, match).offer

    asked = client.get(f"/send/{match}/cancel").get_data(as_text=True)
    client.post(f"/send/{match}/cancel", data={"id": new_id(), "goods": "gone"})
    form = {"id": new_id(), "quantity": "40", "eta": to_minute(now_ms() + DAY)[:10]}
    late = client.post(f"/send/{match}/ship", data=form, follow_redirects=True)

    assert "取り消しますか" in asked
    assert "この便は取り消されています。発送しないでください。" in late.get_data(as_text=True)
    assert offered(offer_id) == (40, 0, 0, 0, 0, 40, 0)


def test_a_decline_is_shown_with_its_reason(site: Site) -> None:
    made = site.relief.offer("citizen", 40, need=site.relief.need(100)).id
    match = site.relief.match_of(made).id
    said = site.relief.say("officer", kinds.DECLINED, {"match": match}, {"reason": "置き場がありません"})
    assert said.refusal is None

    shown = site.browser("citizen").get(f"/send/{match}").get_data(as_text=True)

    assert "置き場がありません" in shown
    assert "最上郡" not in shown


def test_what_nobody_has_asked_for_can_be_taken_back(site: Site) -> None:
    made, client = site.relief.offer("citizen", 40).id, site.browser("citizen")

    too_much = client.post(f"/send/offers/{made}", data={"id": new_id(), "quantity": "41"})
    answer = client.post(f"/send/offers/{made}", data={"id": new_id(), "quantity": "40"})

    assert error(too_much, "quantity")
    assert answer.location == "/send"
    assert offered(made)[-1] == 0
