"""Random interleavings of everything that people can do, with replays and cancellations, through the door.

After each step nothing is negative, nothing was created or lost, no unit is promised twice, and no more is on its way
than is needed unless a person said so. At the end the same entries fold to the same tables.
"""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.factories.custody import the_door
from tests.factories.supplies import Relief, a_relief
from webapp.kernel.base.clock import DAY
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.intake.rebuild import check
from webapp.supplies import entries as kinds
from webapp.supplies.models import Match, Need, Offer, Parcel, PoolPart, Stock

SENDERS = ("citizen", "citizen2", "remote")
SHELTERS = (0, 1)


class Story:
    """One disaster in which things happen at random; `raised` is what people asked for beyond the need."""

    def __init__(self, relief: Relief, seed: int) -> None:
        self.relief, self.luck = relief, random.Random(seed)  # noqa: S311 - no secret
        opened = relief.say("officer", kinds.DISASTER_OPENED, {"drill": True}, {"name": "訓練"})
        relief.disaster = self.disaster = opened.id
        self.sent: list[tuple[str, str, dict[str, Any], str]] = []
        self.scans: list[tuple[str, str, str, str, dict[str, Any], int, str]] = []
        self.clock = 0

    def say(self, who: str, kind: str, body: dict[str, Any]) -> None:
        act = new_id()
        self.sent.append((who, kind, body, act))
        self.relief.say(who, kind, body, id=act)

    def scan(self, who: str, step: str, code: str, shelter: str, body: dict[str, Any]) -> None:
        self.clock += 1_000
        told = (who, step, code, shelter, body, self.clock, new_id())
        self.scans.append(told)
        self.relief.scan(who, step, code, shelter, body, at=told[5], id=told[6])

    def rows(self, table: Any) -> list[Any]:
        db.session.expire_all()
        found = db.session.query(table).filter(table.disaster == self.disaster)
        return list(found.order_by(table.id))

    def some(self, table: Any) -> Any:
        found = self.rows(table)
        return self.luck.choice(found) if found else None

    def parcel(self) -> Any:
        ids = [match.id for match in self.rows(Match)]
        found = db.session.query(Parcel).filter(Parcel.match.in_(ids)).order_by(Parcel.code).all()
        return self.luck.choice(found) if found else None

    def worker(self, n: int) -> str:
        return f"worker{n or ''}"

    # what can happen

    def need(self) -> None:
        n = self.luck.choice(SHELTERS)
        line = {"id": new_id(), "item": "I05", "variant": "M", "quantity": self.luck.randint(1, 60)}
        body = {"disaster": self.disaster, "shelter": self.relief.shelters[n], "needs": [line]}
        self.say(self.worker(n), kinds.NEEDS_REGISTERED, body)

    def offer(self) -> None:
        need = self.luck.choice([self.some(Need), None])
        body = {
            "disaster": self.disaster,
            "item": "I05",
            "variant": "M",
            "quantity": self.luck.randint(1, 80),
        }
        self.say(self.luck.choice(SENDERS), kinds.OFFERED, {**body, "need": need.id if need else ""})

    def request(self) -> None:
        match, offer = self.some(Match), self.some(Offer)
        if match and match.state == "pledged" and self.luck.random() < 0.8:
            body = {"match": match.id, "offer": match.offer, "shelter": match.shelter, "need": match.need}
        elif offer:
            shelter = self.relief.shelters[self.luck.choice(SHELTERS)]
            body = {"match": "", "offer": offer.id, "shelter": shelter, "need": ""}
        else:
            return
        body |= {"quantity": self.luck.randint(1, 70), "raised": self.luck.random() < 0.2}
        self.say("officer", kinds.REQUESTED, body)

    def pack(self) -> None:
        if match := self.some(Match):
            boxes = [{"quantity": self.luck.randint(1, 20)} for _ in range(self.luck.randint(1, 3))]
            self.say(self._sender(match), kinds.PACKED, {"match": match.id, "parcels": boxes})

    def _sender(self, match: Match) -> str:
        sender = db.session.get_one(Offer, match.offer).sender
        return next(
            (who for who in SENDERS if self.relief.authors[who].pseudonyms[self.relief.log] == sender),
            "officer",
        )

    def ship(self) -> None:
        if match := self.some(Match):
            self.say(
                self._sender(match),
                kinds.SHIPPED,
                {"match": match.id, "quantity": max(1, match.quantity - 1)},
            )

    def call_off(self) -> None:
        if match := self.some(Match):
            by, who = self.luck.choice([("sender", self._sender(match)), ("receiver", "officer")])
            withdraw = by == "sender" and self.luck.random() < 0.5
            self.say(who, kinds.CANCELLED, {"match": match.id, "by": by, "withdraw": withdraw})

    def less(self) -> None:
        if match := self.some(Match):
            self.say(
                "officer", kinds.QUANTITY_CHANGED, {"match": match.id, "quantity": self.luck.randint(1, 30)}
            )

    def decline(self) -> None:
        if match := self.some(Match):
            self.say("officer", kinds.DECLINED, {"match": match.id})

    def stop(self) -> None:
        if need := self.some(Need):
            self.say("officer", kinds.NEED_STOPPED, {"need": need.id})

    def lose(self) -> None:
        self.relief.now += 12 * DAY
        if match := self.some(Match):
            self.say("officer", kinds.LOST, {"match": match.id})

    def close_short(self) -> None:
        if match := self.some(Match):
            self.say("officer", kinds.CLOSED_SHORT, {"match": match.id})

    def withdraw(self) -> None:
        if offer := self.some(Offer):
            body = {"offer": offer.id, "quantity": self.luck.randint(1, 20)}
            self.say(self.luck.choice(SENDERS), kinds.OFFER_WITHDRAWN, body)

    def arrive(self) -> None:
        if parcel := self.parcel():
            n = self.luck.choice(SHELTERS)
            body = {"accept": self.luck.random() < 0.5}
            self.scan(self.worker(n), "arrived", parcel.code, self.relief.shelters[n], body)

    def count(self) -> None:
        if parcel := self.parcel():
            n = self.luck.choice(SHELTERS)
            good: dict[str, Any] = {"good": self.luck.randint(0, 30), "damaged": self.luck.randint(0, 3)}
            body = self.luck.choice([{"as_listed": True}, good])
            self.scan(self.worker(n), "counted", parcel.code, self.relief.shelters[n], body)

    def outside(self) -> None:
        n = self.luck.choice(SHELTERS)
        body = {"item": "I05", "variant": "M", "quantity": self.luck.randint(1, 30)}
        self.scan(self.worker(n), "outside", "", self.relief.shelters[n], body)

    def correct(self) -> None:
        if self.scans:
            _, _, code, shelter, _, _, id = self.luck.choice(self.scans)
            who = self.worker(self.relief.shelters.index(shelter))
            self.scan(who, "void", code, shelter, {"target": id})

    def offer_on(self) -> None:
        found = db.session.query(Stock).filter_by(disaster=self.disaster).all()
        if found:
            stock = self.luck.choice(found)
            body = {"disaster": self.disaster, "shelter": stock.shelter, "item": "I05", "variant": "M"}
            self.say("officer", kinds.SURPLUS_OFFERED, {**body, "quantity": max(1, stock.quantity)})

    def again(self) -> None:
        """A double click, a phone that sends again."""
        if self.sent:
            who, kind, body, act = self.luck.choice(self.sent)
            self.relief.say(who, kind, body, id=act)
        if self.scans:
            who, step, code, shelter, body, at, id = self.luck.choice(self.scans)
            self.relief.scan(who, step, code, shelter, body, at=at, id=id)


STEPS = (
    "need", "need", "offer", "offer", "offer", "request", "request", "request", "pack", "ship", "ship", "call_off",
    "less", "decline", "stop", "lose", "close_short", "withdraw", "arrive", "arrive", "count", "count", "count",
    "outside", "correct", "offer_on", "again",
)  # fmt: skip


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_relief()


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking a story of forty acts takes minutes and says little
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=15, max_size=45), seed=st.integers(0, 2**32))
def test_nothing_is_negative_created_lost_or_promised_twice(
    relief: Relief, steps: list[str], seed: int
) -> None:
    story = Story(relief, seed)
    story.need()
    story.offer()
    for step in steps:
        getattr(story, step)()
        holds(story)

    assert check(the_door(), relief.log) == []


def holds(story: Story) -> None:
    """What is so at any moment."""
    needs, offers, matches = story.rows(Need), story.rows(Offer), story.rows(Match)
    for need in needs:
        of_need = [match for match in matches if match.need == need.id]
        numbers = (need.pledged, need.requested, need.transit, need.good, need.filled, need.open)
        assert min(numbers) >= 0
        assert need.transit == sum(match.transit for match in of_need)
        covered = need.pledged + need.requested + need.transit + need.good + need.filled
        closed = need.stopped_at is not None or need.expired_at is not None
        assert closed or need.open == max(0, need.required - covered)
        assert closed or need.pledged + need.filled == 0 or covered <= need.required or found_again(of_need)
    for offer in offers:
        parts = (
            offer.held,
            offer.requested,
            offer.transit,
            offer.delivered,
            offer.withdrawn,
            offer.lost,
            offer.avail,
        )
        assert min(parts) >= 0
        assert sum(parts) == offer.offered
        promised = sum(match.pledged + match.requested for match in matches if match.offer == offer.id)
        assert promised == offer.held + offer.requested
    pooled(story, needs)


def found_again(matches: list[Match]) -> bool:
    """A box that had been lost, closed short or taken to another shelter can turn up when others are on their way."""
    return any(match.arrived_at is not None for match in matches)


def pooled(story: Story, needs: list[Need]) -> None:
    """What came beside a promise is in a need or in stock: all of it, once."""
    for shelter in story.relief.shelters:
        same = {"disaster": story.disaster, "shelter": shelter}
        pool = sum(part.quantity for part in db.session.query(PoolPart).filter_by(**same))
        stock = sum(row.quantity for row in db.session.query(Stock).filter_by(**same))
        assert sum(need.filled for need in needs if need.shelter == shelter) + stock == max(0, pool)
