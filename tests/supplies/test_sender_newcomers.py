"""Sending for the first time: mail and password in the form of the offer, the link in the mail, and what goes wrong."""

import pytest
from sqlalchemy import select

from tests.factories.identity import PASSWORD, log_in
from tests.factories.supplies import numbers
from tests.supplies.sender_pages import ADDRESS, SECRET, Site, error, link_in, newcomer, offer, site
from webapp.kernel.base.clock import DAY, now_ms
from webapp.kernel.base.db import db
from webapp.kernel.identity.models import Person
from webapp.supplies.models import Offer
from webapp.supplies.senders import accounts

__all__ = ["site"]


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
