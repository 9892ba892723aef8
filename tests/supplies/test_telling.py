"""Who is told what, once each; and a log that is folded again tells the same."""

from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.factories.custody import the_door
from tests.factories.supplies import NOW, Relief, a_relief
from webapp.kernel.base.clock import DAY, HOUR
from webapp.kernel.base.db import db, transaction
from webapp.kernel.identity.models import Organisation
from webapp.kernel.intake import rebuild
from webapp.kernel.intake.machine import Fact, append_facts
from webapp.kernel.ledger.log import lock_heads
from webapp.kernel.notifications.entries import NoticeState
from webapp.kernel.notifications.mail import Mail
from webapp.kernel.notifications.models import Notice
from webapp.kernel.notifications.wording import written
from webapp.supplies import entries as kinds
from webapp.supplies import telling
from webapp.supplies.models import Match
from webapp.supplies.notices import RENDERERS


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_relief()


def told(about: str) -> Counter[tuple[str, str]]:
    """(kind without "supplies.", to whom: sender, shelter) of all notices about a shipment that are to be sent."""
    db.session.rollback()
    rows = db.session.query(Notice).filter(Notice.about == about, Notice.state == NoticeState.PENDING)
    return Counter(
        (row.kind.removeprefix("supplies."), "sender" if row.recipient.startswith("p-") else "shelter")
        for row in rows
    )


def mail(about: str, kind: str, to: str = "") -> Mail | None:
    """As it would go out now."""
    db.session.rollback()
    rows = db.session.query(Notice).filter(Notice.about == about, Notice.kind == kind)
    found = rows.filter(Notice.recipient.startswith(to)).order_by(Notice.caused_by.desc()).first()
    assert found is not None
    return RENDERERS[kind][1](db.session(), found)


def text(about: str, kind: str, to: str = "") -> str:
    sent = mail(about, kind, to)
    assert sent is not None
    plain, html = written(sent)
    assert all(line in html for line in sent.lines)
    return f"{sent.subject}\n{plain}"


def pledged(relief: Relief, quantity: int = 40, who: str = "citizen") -> tuple[str, str]:
    """An offer for a fresh need; ids of offer and shipment."""
    offer = relief.offer(who, quantity, need=relief.need(100)).id
    return offer, relief.match_of(offer).id


def requested(relief: Relief, quantity: int = 40) -> str:
    offer, match = pledged(relief, quantity)
    assert relief.request(quantity, offer=offer, match=match).refusal is None
    return match


def shipped(relief: Relief, quantity: int = 40) -> tuple[str, str]:
    match = requested(relief, quantity)
    assert relief.ship("citizen", match, quantity).refusal is None
    return match, relief.parcels_of(match)[0].code


def test_four_mails_go_out_between_pledge_and_count(relief: Relief) -> None:
    match, code = shipped(relief)
    for step, body in (("arrived", {}), ("counted", {"as_listed": True}), ("counted", {"as_listed": True})):
        relief.scan("worker", step, code, relief.shelters[0], body)

    assert told(match) == {
        ("held", "shelter"): 1,
        ("requested", "sender"): 1,
        ("shipped", "shelter"): 1,
        ("arrived", "sender"): 1,
    }
    assert "約0.01 m³" in text(match, kinds.SHIPPED)
    assert f"/t/{code}" in text(match, telling.ARRIVED)


def test_the_sender_learns_the_address_when_goods_are_asked_for_and_not_before(relief: Relief) -> None:
    with transaction() as session:
        session.merge(relief.people["citizen"]).email = "hanako@example.jp"
    offer, match = pledged(relief)

    before = text(match, kinds.HELD)
    relief.request(40, offer=offer, match=match)

    asked = mail(match, kinds.REQUESTED)

    assert asked is not None
    assert asked.to == ("hanako@example.jp",)
    assert ("住所", "山形県最上郡最上町") in asked.facts
    assert asked.links[0].url.endswith(f"/send/{match}")
    assert "個人の方" in before
    assert relief.people["citizen"].name not in before


def test_who_has_only_offered_something_does_not_learn_where_a_single_child_is(relief: Relief) -> None:
    need = relief.need(10, audience=["infant"], persons=1)
    match = relief.match_of(relief.offer("citizen", 10, need=need).id).id

    pledge = text(match, kinds.HELD)

    relief.say("worker", kinds.DECLINED, {"match": match})

    name = db.session.get_one(Organisation, relief.shelters[0]).name
    assert name in pledge
    assert name not in text(match, kinds.DECLINED)


def test_a_shelter_is_told_at_its_own_address(relief: Relief) -> None:
    _, match = pledged(relief)

    sent = mail(match, kinds.HELD)

    assert sent is not None
    assert sent.to[0] == "shelter0@example.jp"
    assert sent.links[0].url.endswith(f"/desk/{relief.shelters[0]}/pledges/{match}")


def test_new_labels_are_told_with_the_number_that_holds_now(relief: Relief) -> None:
    match = requested(relief, 40)

    relief.say("worker", kinds.QUANTITY_CHANGED, {"match": match, "quantity": 30})

    assert told(match)["requested", "sender"] == 2
    assert "ラベルが新しくなりました" in text(match, kinds.REQUESTED)
    assert "30" in text(match, kinds.REQUESTED)


def test_a_scan_before_shipping_was_pressed_is_told_once_and_the_other_mail_is_merged(relief: Relief) -> None:
    match = requested(relief)

    relief.scan("worker", "arrived", relief.parcels_of(match)[0].code, relief.shelters[0])

    assert ("shipped", "shelter") not in told(match)
    assert told(match)["arrived", "sender"] == 1
    merged = db.session.query(Notice).filter_by(about=match, kind=kinds.SHIPPED).one()
    assert merged.state == NoticeState.MERGED


def test_goods_that_stay_elsewhere_are_told_to_the_sender_and_to_who_was_to_get_them(relief: Relief) -> None:
    match, code = shipped(relief)

    relief.scan("worker1", "arrived", code, relief.shelters[1], {"accept": True})

    real = db.session.get_one(Organisation, relief.shelters[1]).name
    assert real in text(match, telling.ARRIVED)
    assert told(match)["elsewhere", "shelter"] == 1
    assert real in text(match, telling.ELSEWHERE)


@pytest.mark.parametrize(
    ("by", "to"), [("sender", "shelter"), ("receiver", "sender")], ids=["sender", "receiver"]
)
def test_what_is_called_off_is_told_to_the_other_side(relief: Relief, by: str, to: str) -> None:
    match = requested(relief)

    who = "citizen" if by == "sender" else "worker"
    relief.say(who, kinds.CANCELLED, {"match": match, "by": by})

    assert told(match)["cancelled", to] == 1
    assert mail(match, kinds.REQUESTED) is None, "nobody is asked any more for what was called off"


def test_a_need_that_is_stopped_keeps_people_from_going_to_the_shop(relief: Relief) -> None:
    _, match = pledged(relief)
    need = db.session.get_one(Match, match).need

    relief.say("worker", kinds.NEED_STOPPED, {"need": need})

    assert told(match)["cancelled", "sender"] == 1
    assert "お店に行かないでください" in text(match, kinds.CANCELLED)


def test_a_difference_is_told_once_and_not_if_it_was_a_slip(relief: Relief) -> None:
    match, code = shipped(relief)

    wrong = relief.scan("worker", "counted", code, relief.shelters[0], {"good": 30, "damaged": 4})
    relief.scan("worker", "counted", code, relief.shelters[0], {"good": 30, "damaged": 4}, at=1)

    assert told(match)["differed", "sender"] == 1
    assert "傷んでいたもの： 4" in text(match, telling.DIFFERED)
    relief.scan("worker", "void", code, relief.shelters[0], {"target": wrong.id}, at=2)
    relief.scan("worker", "counted", code, relief.shelters[0], {"as_listed": True}, at=3)
    assert mail(match, telling.DIFFERED) is None


def test_a_void_label_tells_nobody(relief: Relief) -> None:
    match = requested(relief)
    code = relief.parcels_of(match)[0].code
    relief.say("citizen", kinds.CANCELLED, {"match": match, "by": "sender"})

    relief.scan("worker", "counted", code, relief.shelters[0], {"good": 3})

    assert not {"arrived", "differed"} & {kind for kind, _ in told(match)}


def test_a_drill_says_so_first(app: Flask) -> None:
    with app.app_context():
        relief = a_relief(drill=True)
        _, match = pledged(relief)

        assert text(match, kinds.HELD).startswith("【訓練】【足あと】")
        assert text(match, kinds.HELD).splitlines()[1].startswith("【訓練】これは訓練のメールです")


def test_a_name_with_line_breaks_writes_no_headers(relief: Relief) -> None:
    organisation = db.session.get_one(Organisation, relief.shelters[0])
    with transaction() as session:
        session.merge(organisation).name = "第1体育館\r\nBcc: all@example.jp"
    _, match = pledged(relief)

    sent = mail(match, kinds.HELD)

    assert sent is not None
    assert "\n" not in sent.subject + "".join(value for _, value in sent.facts)


def a_story_with_everything(relief: Relief) -> None:
    """Every reason for a mail at least once."""
    home = relief.shelters[0]
    _, code = shipped(relief)
    relief.scan("worker", "arrived", code, home)
    relief.scan("worker", "counted", code, home, {"good": 30, "damaged": 4}, at=1)
    early = requested(relief, 20)
    relief.say("citizen", kinds.PACKED, {"match": early, "parcels": [{"quantity": 12}, {"quantity": 8}]})
    relief.scan("worker1", "arrived", relief.parcels_of(early)[1].code, relief.shelters[1], {"accept": True})
    relief.say("worker1", kinds.CLOSED_SHORT, {"match": early})
    relief.say("worker", kinds.DECLINED, {"match": pledged(relief)[1]})
    _, late = pledged(relief, who="remote")
    append_facts(the_door(), relief.log, [Fact(late, kinds.LAPSED, {"match": late})], NOW + 49 * HOUR)
    for by, who in (("sender", "citizen"), ("receiver", "worker")):
        relief.say(who, kinds.CANCELLED, {"match": requested(relief), "by": by})
    relief.say("worker", kinds.NEED_STOPPED, {"need": db.session.get_one(Match, requested(relief)).need})
    gone, _ = shipped(relief)
    relief.now += 14 * DAY
    append_facts(the_door(), relief.log, [Fact(gone, kinds.ASKED, {"match": gone})], relief.now)
    relief.say("officer", kinds.LOST, {"match": gone})
    relief.scan("worker", "outside", "", home, {"item": "W01", "quantity": 24})
    relief.say("worker", kinds.SURPLUS_OFFERED, {"disaster": relief.disaster, "shelter": home, "item": "W01",
                                                 "quantity": 20})  # fmt: skip


def test_a_log_that_is_folded_again_tells_the_same_in_whatever_pieces(relief: Relief) -> None:
    a_story_with_everything(relief)

    assert set(RENDERERS) <= {kind for (kind,) in db.session.query(Notice.kind).distinct()}
    assert rebuild.check(the_door(), relief.log) == []
    for chunk in (1, 7):
        with transaction() as session:
            lock_heads(session, [relief.log])
            before = rebuild.snapshot(the_door(), session, relief.log)
            rebuild.refold_all(the_door(), session, relief.log, chunk)
            assert rebuild.snapshot(the_door(), session, relief.log)["notices"] == before["notices"]
