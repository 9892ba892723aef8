"""A short disaster in which every kind of entry of the supplies room is said at least once."""

from typing import Any

from tests.factories.custody import the_door
from tests.factories.supplies import Relief
from webapp.kernel.base.clock import DAY
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import derived_id
from webapp.kernel.intake.machine import Fact, append_facts
from webapp.kernel.notifications import entries as notices
from webapp.kernel.notifications.models import Notice
from webapp.supplies import entries as kinds
from webapp.supplies import timers
from webapp.supplies.labels.cards_room import CARD_ISSUED, CARD_REVOKED
from webapp.supplies.models import Match


def tell_everything(relief: Relief) -> None:
    """From the first need to the last mail."""
    _town(relief)
    _shipments(relief)
    _ends(relief)
    _cards(relief)
    _time(relief)
    _mails(relief)
    assert relief.say("officer", kinds.DISASTER_CLOSED, {"disaster": relief.disaster}).refusal is None


def _ok(answer: Any) -> str:
    assert answer.refusal is None, answer.refusal
    return str(answer.id)


def _town(relief: Relief) -> None:
    changed = {"disaster": relief.disaster, "unverified_percent": 20}
    _ok(relief.say("officer", kinds.DISASTER_CHANGED, changed, {"name": "地震"}))
    own = {"item": "Z01", "category": "food", "unit": "meal", "vol_ml": 500, "grams": 300}
    _ok(relief.say("officer", kinds.ITEM_SET, own, {"name": "おにぎり"}))
    _ok(relief.say("officer", kinds.EXPORTED, {"disaster": relief.disaster, "label": "statistics.csv"}))


def _shipments(relief: Relief) -> None:
    need = relief.need(100, audience=["infant"], persons=3)
    offer = _ok(relief.offer("citizen", 60, need=need))
    match = relief.match_of(offer).id
    _ok(relief.request(50, offer=offer, match=match))
    _ok(
        relief.say("citizen", kinds.PACKED, {"match": match, "parcels": [{"quantity": 30}, {"quantity": 20}]})
    )
    _ok(relief.say("officer", kinds.QUANTITY_CHANGED, {"match": match, "quantity": 45}))
    _ok(relief.ship("citizen", match, 45))
    first, second = (parcel.code for parcel in relief.parcels_of(match))
    here, there = relief.shelters
    _ok(relief.scan("worker1", "arrived", first, there))
    _ok(relief.scan("worker1", "forwarded", first, there, {"to": here}, at=1))
    wrong = _ok(relief.scan("worker", "counted", first, here, {"good": 3}, at=2))
    _ok(relief.scan("worker", "void", first, here, {"target": wrong}, at=3))
    _ok(relief.scan("worker", "counted", first, here, {"good": 28, "damaged": 2, "expired": 1}, at=4))
    _ok(relief.scan("worker1", "counted", second, there, {"as_listed": True}, at=5))
    outside = _ok(relief.scan("worker", "outside", "", here, {"item": "W01", "quantity": 24}, at=6))
    surplus = {"disaster": relief.disaster, "shelter": here, "item": "W01", "quantity": 20}
    _ok(relief.say("worker", kinds.SURPLUS_OFFERED, surplus))
    assert outside
    _ok(relief.say("worker", kinds.NEED_CONFIRMED, {"needs": [need]}))
    _ok(relief.say("worker", kinds.NEED_CHANGED, {"need": need, "quantity": 90}))


def _ends(relief: Relief) -> None:
    need = relief.need(40, item="B01", variant="")
    free = _ok(relief.offer("remote", 100, item="B01", variant=""))
    _ok(relief.request(50, offer=free, need=need, raised=True))
    stopped = relief.match_of(free).id
    _ok(relief.say("worker", kinds.NEED_STOPPED, {"need": need}))
    assert db.session.get_one(Match, stopped, populate_existing=True).state == "cancelled"
    other = _ok(relief.request(10, offer=free, shelter=1))
    boxes = [{"quantity": 5}, {"quantity": 5}]
    _ok(relief.say("remote", kinds.PACKED, {"match": other, "parcels": boxes}))
    _ok(relief.ship("remote", other, 10))
    _ok(relief.scan("worker1", "arrived", relief.parcels_of(other)[0].code, relief.shelters[1]))
    _ok(relief.say("worker1", kinds.CLOSED_SHORT, {"match": other}))
    _ok(relief.say("remote", kinds.OFFER_WITHDRAWN, {"offer": free, "quantity": 5}))
    declined = _ok(
        relief.offer("remote", 5, need=relief.need(20, item="B06", variant=""), item="B06", variant="")
    )
    _ok(
        relief.say(
            "worker", kinds.DECLINED, {"match": relief.match_of(declined).id}, {"reason": "足りました"}
        )
    )
    lost = _ok(relief.request(10, offer=free, shelter=1))
    _ok(relief.ship("remote", lost, 10))
    called_off = _ok(relief.request(5, offer=free, shelter=1))
    _ok(relief.say("remote", kinds.CANCELLED, {"match": called_off, "by": "sender", "withdraw": True}))
    relief.now += 12 * DAY
    _ok(relief.say("officer", kinds.LOST, {"match": lost}))
    relief.verify("citizen2", at=None)
    waiting = _ok(
        relief.offer("citizen2", 12, need=relief.need(20, item="B05", variant=""), item="B05", variant="")
    )
    relief.verify("citizen2")
    _ok(relief.say("citizen2", kinds.SENDER_VERIFIED, {}))
    assert relief.match_of(waiting).quantity == 4  # a fifth of what is needed, as the town allows


def _cards(relief: Relief) -> None:
    body = {
        "shelter": relief.shelters[0],
        "number": 1,
        "holder": relief.authors["worker"].pseudonyms[relief.log],
    }
    issued = relief.say(
        "officer", CARD_ISSUED, {**body, "token_hash": "0a" * 32, "until": relief.now + 30 * DAY}
    )
    card = _ok(issued)
    _ok(relief.say("officer", CARD_REVOKED, {"card": card, "reason": "lost", "lost_at": relief.now}))


def _time(relief: Relief) -> None:
    """Nobody answers, a day passes, goods grow old, a box is late."""
    need = relief.need(10, item="B07", variant="", need_by=relief.now + DAY)
    _ok(relief.offer("remote", 5, need=need, item="B07", variant=""))
    _ok(relief.offer("remote", 7, item="C05", variant="", available_until=relief.now + DAY))
    late = _ok(relief.request(1, offer=_ok(relief.offer("remote", 1, item="C06", variant="")), shelter=1))
    _ok(relief.ship("remote", late, 1))
    for days in (4, 1, 1):
        relief.now += days * DAY
        timers.tick(the_door(), db.session(), relief.log, relief.now)


def _mails(relief: Relief) -> None:
    """What the sender of mails writes into the log, of each kind."""
    said = (notices.SENT, notices.DIGESTED, notices.REFUSED, notices.GIVEN_UP, notices.CANCELLED)
    n = Notice
    rows = list(
        db.session.query(n).filter(n.log == relief.log, n.state == "pending").order_by(n.id).limit(len(said))
    )
    append_facts(the_door(), relief.log, [_fact(*each) for each in zip(said, rows, strict=True)], relief.now)
    _ok(relief.say("officer", notices.RETRIED, {"notice": rows[said.index(notices.REFUSED)].id}))


def _fact(kind: str, notice: Notice) -> Fact:
    body: dict[str, Any] = {"recipient": notice.recipient, "code": 550 if kind == notices.REFUSED else 250}
    if kind == notices.DIGESTED:
        body |= {"digest": derived_id(notice.id), "notices": [notice.id]}
    else:
        body |= {"notice": notice.id, "kind": notice.kind, "about": notice.about}
    return Fact(derived_id(kind, notice.id), kind, body)
