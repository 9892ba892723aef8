"""Shelters for load: a town with a disaster, its shelters and their needs, made through the door."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from bench.town import LOG, PASSWORD
from webapp.demo.phone import Phone
from webapp.kernel.base.clock import DAY, now_ms
from webapp.kernel.base.db import transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Organisation, Person
from webapp.kernel.identity.pseudonyms import pseudonym
from webapp.kernel.identity.roles import OrganisationKind
from webapp.kernel.intake.door import Author
from webapp.kernel.intake.service import Answer, Door
from webapp.kernel.ledger.log import open_log
from webapp.supplies import catalogue
from webapp.supplies import entries as kinds

#: A registration of this many needs at once, as the head-count list makes it.
AT_ONCE = 25


@dataclass
class Relief:
    """A town whose shelters need things. `authors` by login: `officer`, `sender`."""

    app: Flask
    authors: dict[str, Author]
    shelters: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    disaster: str = ""

    def door(self, who: str, items: list[Any]) -> list[Answer]:
        """Through the door without a server; raises RuntimeError if anything is refused."""
        door: Door = self.app.extensions["door"]
        answers = door.receive(items, self.authors[who], now_ms())
        refused = next((a.refusal for a in answers if a.refusal), None)
        if refused:
            raise RuntimeError(f"refused: {refused}")
        return answers

    def act(
        self,
        who: str,
        kind: str,
        body: Mapping[str, Any],
        private: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """A form or a scan of somebody's, not sent yet."""
        return Phone(self.authors[who].pseudonyms[LOG], LOG).command(kind, now_ms(), body, private, **fields)

    def say(
        self, who: str, kind: str, body: Mapping[str, Any], private: Mapping[str, Any] | None = None
    ) -> str:
        """A command; the id of its entry."""
        return self.door(who, [self.act(who, kind, body, private)])[0].id


def settle(app: Flask, shelters: int) -> Relief:
    """A town, a supporting organisation, a disaster, and so many shelters."""
    town, helper = new_id(), new_id()
    with transaction() as session:
        session.add(Organisation(id=town, name="最上町役場", kind=OrganisationKind.MUNICIPALITY, lg_code=LOG))
        session.add(Organisation(id=helper, name="仙台市役所", kind=OrganisationKind.SUPPORTER))
        session.flush()
        open_log(session, LOG, f"ashiato.example/log/{LOG}", "最上町", town, now_ms())
        ids = [new_id() for _ in range(shelters)]
        session.add_all(
            Organisation(id=id, name=f"第{n}避難所", kind=OrganisationKind.SHELTER, invited_by=town)
            for n, id in enumerate(ids, start=1)
        )
        hashed = passwords.make_hash(PASSWORD)
        cast = (("officer", town, "officer"), ("sender", helper, "supporter"))
        authors = {login: _person(session, login, org, role, hashed) for login, org, role in cast}
    made = Relief(app, authors, ids)
    made.disaster = made.say("officer", kinds.DISASTER_OPENED, {"drill": False}, {"name": "bench"})
    for n, shelter in enumerate(ids):
        body = {"shelter": shelter, "receive_mode": "door", "accept_policy": "anyone"}
        made.say("officer", kinds.SHELTER_SET, body, {"name": f"第{n + 1}避難所", "address": "最上町"})
    return made


def _person(session: Any, login: str, org: str, role: str, hashed: str) -> Author:
    person = Person(
        id=new_id(), login=login, name=login, organisation_id=org, roles=[role], created_ms=now_ms()
    )
    person.password_hash = hashed
    session.add(person)
    session.flush()
    return Author(person.id, org, (role,), {LOG: pseudonym(session, LOG, person.id)})


def register(made: Relief, count: int, progress: Callable[[int], object]) -> None:
    """So many needs, spread over the shelters and the item master."""
    wanted = [(code, item.variants[0][0] if item.variants else "") for code, item in catalogue.BASE.items()]
    for start in range(0, count, AT_ONCE):
        lines = [
            {
                "id": new_id(), "item": wanted[n % len(wanted)][0], "variant": wanted[n % len(wanted)][1],
                "quantity": 20 + n % 500, "priority": 1 + n % 3, "need_by": now_ms() + (1 + n % 9) * DAY,
            }
            for n in range(start, min(start + AT_ONCE, count))
        ]  # fmt: skip
        shelter = made.shelters[(start // AT_ONCE) % len(made.shelters)]
        made.say(
            "officer", kinds.NEEDS_REGISTERED, {"disaster": made.disaster, "shelter": shelter, "needs": lines}
        )
        made.needs += [str(line["id"]) for line in lines]
        progress(len(lines))
