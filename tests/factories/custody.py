"""A town with its carrier and its ITAD company, a consignment, and phones in people's hands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app

from tests.factories.identity import MORNING, a_person, an_organisation
from tests.factories.told import told_once
from webapp.custody import entries as kinds
from webapp.custody.models import ImportDraft
from webapp.custody.steps import POLICY
from webapp.demo.phone import Phone, manifest_hash
from webapp.kernel.base.clock import MINUTE
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity.models import Organisation, Person
from webapp.kernel.identity.pseudonyms import pseudonym
from webapp.kernel.intake.door import Author
from webapp.kernel.intake.service import Answer, Door
from webapp.kernel.ledger.log import open_log
from webapp.kernel.scanning.models import IssuedCode

NOW = MORNING + 24 * 60 * MINUTE
PHOTO = "ab" * 32


def the_door() -> Door:
    """The door of the application under test."""
    found: Door = current_app.extensions["door"]
    return found


def an_author(person: Person, *logs: str) -> Author:
    """The person as the door knows them."""
    with transaction() as session:
        names = {log: pseudonym(session, log, person.id) for log in logs}
    return Author(person.id, person.organisation_id, tuple(person.roles), names)


@dataclass
class Town:
    """A municipality with one consignment and everybody who works on it."""

    log: str
    town: Organisation
    carrier: Organisation
    itad: Organisation
    people: dict[str, Person] = field(default_factory=dict)
    authors: dict[str, Author] = field(default_factory=dict)
    phones: dict[str, Phone] = field(default_factory=dict)
    job: str = ""
    devices: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    cages: list[str] = field(default_factory=list)

    def send(self, who: str, *items: Any, now: int = NOW) -> list[Answer]:
        """This person's phone uploads these items."""
        return the_door().receive(items, self.authors[who], now)

    def p(self, who: str) -> str:
        """The pseudonym of somebody in the town's log."""
        return self.authors[who].pseudonyms[self.log]


CAST = {
    "officer": "officer", "officer2": "officer", "driver": "driver", "driver2": "driver",
    "technician": "itad_technician", "receiver": "itad_receiver", "operator": "itad_operator",
    "checker": "itad_checker", "manager": "itad_manager",
}  # fmt: skip


@told_once
def a_town(log: str = "063622", *, devices: int = 0, cages: int = 0, cls: str = "3") -> Town:
    """A town whose consignment lists `devices` PCs and has `cages` cages; codes are issued for all of
    them.
    """
    town = an_organisation("municipality", lg_code=log)
    made = Town(
        log, town, an_organisation("carrier", invited_by=town), an_organisation("itad", invited_by=town)
    )
    with transaction() as session:
        open_log(session, log, f"log.example/{log}", town.name, town.id, MORNING)
    homes = {"officer": town, "driver": made.carrier}
    for name, role in CAST.items():
        person = a_person(role, homes.get(role, made.itad))
        made.people[name] = person
        made.authors[name] = an_author(person, log)
    _open_consignment(made)
    for name in CAST:
        made.phones[name] = Phone(made.p(name), log, made.job)
    if devices:
        list_devices(made, devices, cls=cls)
        made.codes = issue_codes(made, "device", devices)
    if cages:
        made.cages = issue_codes(made, "cage", cages)
        add_cages(made)
    return made


def _open_consignment(town: Town) -> None:
    town.job = _consignment_of(town, town)


def _consignment_of(town: Town, companies: Town) -> str:
    phone = Phone(town.p("officer"), town.log)
    orgs = {"municipality": town.town.id, "carrier": companies.carrier.id, "itad": companies.itad.id}
    item = phone.command(
        kinds.CONSIGNMENT_OPENED, MORNING, {**orgs, "policy": POLICY}, {"title": "最上町 2026-001"}
    )
    (answer,) = town.send("officer", item, now=MORNING)
    assert answer.refusal is None, answer.refusal
    return answer.id


def work_together(home: Town, other: Town) -> None:
    """The companies of one town work for another one as well."""
    with transaction() as session:
        for company in (home.carrier, home.itad):
            session.get_one(Organisation, company.id).invited_by = None
    _consignment_of(other, home)


def issue_codes(town: Town, kind: str, count: int) -> list[str]:
    """Fresh codes from the town's log."""
    phone = Phone(town.p("officer"), town.log)
    (answer,) = town.send(
        "officer", phone.command("codes.issued", MORNING, {"kind": kind, "count": count}), now=MORNING
    )
    assert answer.refusal is None, answer.refusal
    rows = db.session.query(IssuedCode).filter_by(batch=answer.id).order_by(IssuedCode.number)
    return [row.id for row in rows]


def add_cages(town: Town) -> None:
    """C-01, C-02 … on the town's cage codes."""
    phone = Phone(town.p("officer"), town.log)
    for number, code in enumerate(town.cages, 1):
        body = {"consignment": town.job, "code": code, "label": f"C-{number:02}"}
        (answer,) = town.send("officer", phone.command(kinds.CAGE_ADDED, MORNING, body), now=MORNING)
        assert answer.refusal is None, answer.refusal


def a_draft(town: Town, count: int, *, cls: str = "3", file_sha256: str = "f1" * 32, first: int = 1) -> str:
    """An uploaded list that waits for confirmation."""
    devices = [
        {
            "id": new_id(),
            "cls": cls,
            "kind": "notebook",
            "asset": f"T-{n:04}",
            "serial": f"SER{n:05}",
            "row": n + 2,
        }
        | {"model": "VersaPro", "maker": "NEC", "drive_serial": f"DRV{n:05}", "place": "総務課"}
        for n in range(first, first + count)
    ]
    draft = ImportDraft(
        id=new_id(), log=town.log, consignment=town.job, filename="一覧.csv", file_sha256=file_sha256,
        uploaded_by=town.people["officer"].id, uploaded_at=MORNING, rows=count, devices=devices, problems=[],
    )  # fmt: skip
    with transaction() as session:
        session.add(draft)
    return draft.id


def commit_draft(
    town: Town, draft: str, count: int, *, who: str = "officer", file_sha256: str = "f1" * 32
) -> Answer:
    """Confirm a draft."""
    phone = Phone(town.p(who), town.log)
    body = {"consignment": town.job, "draft": draft, "file_sha256": file_sha256, "devices": count}
    (answer,) = town.send(who, phone.command(kinds.IMPORT_COMMITTED, MORNING, body), now=MORNING)
    return answer


def list_devices(town: Town, count: int, *, cls: str = "3") -> None:
    """Import a list of `count` notebooks."""
    from webapp.custody.models import Device

    answer = commit_draft(town, a_draft(town, count, cls=cls), count)
    assert answer.refusal is None, answer.refusal
    rows = db.session.query(Device).filter_by(consignment=town.job).order_by(Device.number)
    town.devices = [row.id for row in rows]


@dataclass
class Journey:
    """The right way from town hall to shredder for one cage, as lists of items by phone."""

    town: Town
    at: int = MORNING + 60 * MINUTE
    offer: Any = None  # the last hand-over

    def tick(self) -> int:
        """One minute later."""
        self.at += MINUTE
        return self.at

    def register(self, *numbers: int) -> list[Any]:
        t = self.town
        return [
            t.phones["officer"].scan(
                "registered", t.codes[n], self.tick(), body={"device": t.devices[n]},
                private={"serial": f"SER{n + 1:05}"},
            )
            for n in numbers
        ]  # fmt: skip

    def sanitize(self, *numbers: int) -> list[Any]:
        t = self.town
        body = {"result": "ok", "method": "purge", "tool": "Blancco 7.0"}
        return [
            t.phones["technician"].scan("sanitized", t.codes[n], self.tick(), wit=[t.p("officer")], body=body)
            for n in numbers
        ]

    def load(self, *numbers: int, cage: int = 0) -> list[Any]:
        t = self.town
        return [
            t.phones["officer"].scan("loaded", t.codes[n], self.tick(), parent=t.cages[cage]) for n in numbers
        ]

    def lock(self, numbers: Sequence[int], *, cage: int = 0, seal: str = "7734012") -> Any:
        t = self.town
        codes = sorted(t.codes[n] for n in numbers)
        body = {
            "seal": seal,
            "lock": "",
            "manifest": codes,
            "manifest_hash": manifest_hash(codes),
            "count": len(codes),
        }
        return t.phones["officer"].scan("locked", t.cages[cage], self.tick(), ev=[PHOTO], body=body)

    def hand_over(self, *, cage: int = 0, giver: str = "officer", to: str = "driver") -> Any:
        t = self.town
        body = {"to": t.p(to), "seal": "7734012", "manifest_hash": "0" * 64}
        self.offer = t.phones[giver].scan("handed_over", t.cages[cage], self.tick(), wit=[t.p(to)], body=body)
        return self.offer

    def answer(self, who: str = "driver", step: str = "accepted", **body: str) -> Any:
        """What a receiver's phone says to the last hand-over."""
        return self.town.phones[who].answer(step, self.offer, self.tick(), body=body)

    def arrive(self, *, cage: int = 0, seal: str = "7734012", verdict: str = "intact") -> Any:
        t = self.town
        body = {"seal": seal, "verdict": verdict}
        return t.phones["receiver"].scan("arrived", t.cages[cage], self.tick(), ev=[PHOTO], body=body)

    def open(self, *, cage: int = 0) -> Any:
        t = self.town
        return t.phones["receiver"].scan("opened", t.cages[cage], self.tick(), wit=[t.p("checker")])

    def count(self, *numbers: int, cage: int = 0) -> list[Any]:
        t = self.town
        return [
            t.phones["receiver"].scan("counted", t.codes[n], self.tick(), parent=t.cages[cage])
            for n in numbers
        ]

    def close_count(self, declared: int, *, cage: int = 0) -> Any:
        t = self.town
        return t.phones["receiver"].scan("count_closed", t.cages[cage], self.tick(), body={"count": declared})

    def destroy(self, *numbers: int) -> list[Any]:
        t, items = self.town, []
        for n in numbers:
            items.append(t.phones["operator"].scan("drive_extracted", t.codes[n], self.tick()))
            items.append(
                t.phones["operator"].scan(
                    "destroyed", t.codes[n], self.tick(), wit=[t.p("checker")], ev=[PHOTO],
                    body={"method": "shred", "particle_mm": 20},
                )
            )  # fmt: skip
        return items


def walk(app: Flask, town: Town, numbers: Sequence[int]) -> Journey:
    """The whole path for these devices in the first cage, each phone uploading as it goes."""
    j = Journey(town)
    town.send("officer", *j.register(*numbers))
    town.send("technician", *j.sanitize(*numbers))
    town.send("officer", *j.load(*numbers), j.lock(numbers), j.hand_over())
    town.send("driver", j.answer())
    town.send("receiver", j.arrive(), j.open(), *j.count(*numbers), j.close_count(len(numbers)))
    town.send("operator", *j.destroy(*numbers))
    return j
