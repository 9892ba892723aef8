"""A town after an earthquake: a disaster, shelters with their people, citizens and a remote municipality who send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.factories.custody import an_author, the_door
from tests.factories.identity import MORNING, a_person, an_organisation
from tests.factories.told import told_once
from webapp.kernel.base.clock import DAY
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity.models import Organisation, Person
from webapp.kernel.identity.roles import OrganisationKind
from webapp.kernel.intake.door import Author
from webapp.kernel.intake.service import Answer
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.log import open_log
from webapp.supplies import entries as kinds
from webapp.supplies.models import Match, Need, Offer, Parcel, Stock
from webapp.supplies.senders.accounts import SenderAccount

NOW = MORNING + 2 * DAY


@dataclass
class Relief:
    """A municipality whose shelters need things, and who sends them."""

    log: str
    town: Organisation
    shelters: list[str] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    authors: dict[str, Author] = field(default_factory=dict)
    disaster: str = ""
    now: int = NOW

    def say(
        self,
        who: str,
        kind: str,
        body: Mapping[str, Any],
        private: Mapping[str, Any] | None = None,
        *,
        id: str = "",
    ) -> Answer:
        """A command of this person's, as a form sends it. The answer's `id` is the act's."""
        author, opening = self.authors[who], vault.seal(private) if private else None
        act = {
            "v": 1, "id": id or new_id(), "log": self.log, "kind": kind, "actor": author.pseudonyms[self.log],
            "at": self.now, "src": "form", "body": dict(body), "commit": opening.commit if opening else "",
        }  # fmt: skip
        item: dict[str, Any] = {"p": orjson.dumps(act).decode(), "s": ""}
        if opening:
            item["open"] = {"salt": opening.salt, "data": dict(opening.data)}
        (answer,) = the_door().receive([item], author, self.now)
        return answer

    def scan(
        self, who: str, step: str, code: str, shelter: str, body: Mapping[str, Any] | None = None, *, at: int = 0,
        id: str = "",
    ) -> Answer:  # fmt: skip
        """A scan of a parcel at a shelter; `at` ms after now."""
        author = self.authors[who]
        act = {
            "v": 1, "id": id or new_id(), "log": self.log, "kind": kinds.SCAN, "step": step, "code": code,
            "actor": author.pseudonyms[self.log], "at": self.now + at, "src": "camera" if code else "form",
            "place": shelter, "job": self.disaster, "body": dict(body or {}),
        }  # fmt: skip
        (answer,) = the_door().receive([{"p": orjson.dumps(act).decode(), "s": ""}], author, self.now)
        return answer

    def need(self, quantity: int, *, who: str = "officer", shelter: int = 0, item: str = "I05", variant: str = "M",
             **more: Any) -> str:  # fmt: skip
        """Register a need; its id."""
        line = {"id": new_id(), "item": item, "variant": variant, "quantity": quantity, **more}
        body = {"disaster": self.disaster, "shelter": self.shelters[shelter], "needs": [line]}
        assert self.say(who, kinds.NEEDS_REGISTERED, body).refusal is None
        return str(line["id"])

    def offer(self, who: str, quantity: int, *, need: str = "", item: str = "I05", variant: str = "M",
              **more: Any) -> Answer:  # fmt: skip
        """Offer goods, for a need or free."""
        body = {
            "disaster": self.disaster,
            "item": item,
            "variant": variant,
            "quantity": quantity,
            "need": need,
        }
        return self.say(who, kinds.OFFERED, {**body, **more})

    def request(self, quantity: int, *, offer: str, match: str = "", shelter: int = 0, need: str = "",
                raised: bool = False, who: str = "officer") -> Answer:  # fmt: skip
        """Ask for goods of an offer."""
        body = {"offer": offer, "match": match, "shelter": self.shelters[shelter], "need": need}
        return self.say(who, kinds.REQUESTED, {**body, "quantity": quantity, "raised": raised})

    def ship(self, who: str, match: str, quantity: int) -> Answer:
        """Press 発送."""
        return self.say(who, kinds.SHIPPED, {"match": match, "quantity": quantity, "eta": self.now + DAY})

    def verify(self, who: str, at: int | None = NOW) -> None:
        """The link in the mail was opened; None: not yet."""
        with transaction() as session:
            account = session.get(SenderAccount, self.people[who].id)
            if account is None:
                account = SenderAccount(person_id=self.people[who].id, created_ms=self.now)
                session.add(account)
            account.verified_ms = at

    def match_of(self, offer: str) -> Match:
        """The first shipment of an offer."""
        found = db.session.query(Match).filter(Match.offer == offer).order_by(Match.id).first()
        assert found is not None
        return found

    def parcels_of(self, match: str) -> list[Parcel]:
        """Parcels whose labels are good."""
        rows = db.session.query(Parcel).filter(Parcel.match == match, Parcel.void_at.is_(None))
        return list(rows.order_by(Parcel.k))


def refused(answer: Answer) -> str:
    """The code of a refusal, or ""."""
    return answer.refusal.code if answer.refusal else ""


def numbers(need: str) -> tuple[int, int, int, int, int, int]:
    """(R, P, Q, T, G, open) of a need."""
    n = db.session.get_one(Need, need, populate_existing=True)
    return n.required, n.pledged, n.requested, n.transit, n.good + n.filled, n.open


def offered(offer: str) -> tuple[int, int, int, int, int, int, int]:
    """(A, H, Q, T, D, W, avail) of an offer."""
    o = db.session.get_one(Offer, offer, populate_existing=True)
    return o.offered, o.held, o.requested, o.transit, o.delivered, o.withdrawn + o.lost, o.avail


def stock(relief: Relief, shelter: int = 0, item: str = "I05", variant: str = "M") -> int:
    """What a shelter has beyond its needs."""
    row = db.session.get(
        Stock, (relief.disaster, relief.shelters[shelter], item, variant), populate_existing=True
    )
    return row.quantity if row else 0


@told_once
def a_relief(
    log: str = "063622",
    *,
    shelters: int = 2,
    drill: bool = False,
    town: Organisation | None = None,
    password: str | None = None,
) -> Relief:
    """A town with a disaster and shelters; `officer`, `worker` (shelter 0), `worker1`, `citizen`, `citizen2` (verified)
    and `remote` (a supporting municipality's). `town`: one that has its log already.
    """
    made = Relief(log, town or an_organisation("municipality", lg_code=log))
    with transaction() as session:
        if town is None:
            open_log(session, log, f"log.example/{log}", made.town.name, made.town.id, MORNING)
        if session.get(Organisation, kinds.INDIVIDUALS) is None:
            session.add(
                Organisation(
                    id=kinds.INDIVIDUALS, name="個人の支援者", kind=OrganisationKind.SUPPORTER, active=True
                )
            )
    remote = db.session.query(Organisation).filter_by(lg_code="011002").first()
    remote = remote or an_organisation("municipality", lg_code="011002")
    individuals = db.session.get_one(Organisation, kinds.INDIVIDUALS)
    made.shelters = [an_organisation("shelter", invited_by=made.town).id for _ in range(shelters)]
    cast = {"officer": (made.town, "officer"), "remote": (remote, "supporter"), "citizen": (individuals, "supporter"),
            "citizen2": (individuals, "supporter")}  # fmt: skip
    for n, shelter in enumerate(made.shelters):
        cast[f"worker{n or ''}"] = (db.session.get_one(Organisation, shelter), "shelter")
    for who, (org, role) in cast.items():
        made.people[who] = a_person(role, org, password=password)
        made.authors[who] = an_author(made.people[who], log)
    _begin(made, drill=drill)
    return made


def _begin(made: Relief, *, drill: bool) -> None:
    opened = made.say("officer", kinds.DISASTER_OPENED, {"drill": drill}, {"name": "令和8年最上地震"})
    assert opened.refusal is None, opened.refusal
    made.disaster = opened.id
    for n, shelter in enumerate(made.shelters):
        body = {"shelter": shelter, "receive_mode": "door", "accept_policy": "anyone"}
        told = {"name": f"第{n + 1}体育館", "address": "山形県最上郡最上町", "mail": f"shelter{n}@example.jp"}
        assert made.say("officer", kinds.SHELTER_SET, body, told).refusal is None
    for who in ("citizen", "citizen2"):
        made.verify(who)
