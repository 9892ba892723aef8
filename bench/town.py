"""A town for load: its people, a consignment, listed devices, printed codes and cages, all made through the door."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Flask
from sqlalchemy import select

from webapp.custody import entries
from webapp.custody.models import Device, ImportDraft
from webapp.custody.steps import POLICY
from webapp.demo.phone import Phone, manifest_hash
from webapp.kernel.base.clock import DAY, now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Organisation, Person
from webapp.kernel.identity.pseudonyms import pseudonym
from webapp.kernel.identity.roles import OrganisationKind, Role
from webapp.kernel.intake.door import Author
from webapp.kernel.intake.service import Answer, Door
from webapp.kernel.ledger.log import open_log
from webapp.kernel.scanning.models import IssuedCode
from webapp.kernel.scanning.service import ISSUED, MAX_ISSUE

LOG, PASSWORD, IN_A_CAGE, BATCH = "063622", "bench-password-1", 48, 50
PHOTO = "ab" * 32
STAFF = (
    ("town", Role.OFFICER),
    ("itad", Role.ITAD_TECHNICIAN),
    ("itad", Role.ITAD_RECEIVER),
    ("carrier", Role.DRIVER),
)
Step = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Crew:
    """Who works in one lane, by role: logins, authors and phones."""

    logins: dict[str, str]
    authors: dict[str, Author]
    phones: dict[str, Phone]

    def p(self, role: str) -> str:
        """The pseudonym in the town's log."""
        return self.authors[role].pseudonyms[LOG]


@dataclass
class Town:
    """What the load is built from. `devices[n]` is meant for `codes[n]`."""

    app: Flask
    orgs: dict[str, str]
    crews: list[Crew]
    job: str = ""
    devices: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    cages: list[str] = field(default_factory=list)
    at: int = field(default_factory=lambda: now_ms() - 5 * DAY)

    def receive(self, items: Sequence[Any], role: str = "officer", crew: int = 0) -> list[Answer]:
        """Through the door without a server; raises RuntimeError if anything is refused."""
        door: Door = self.app.extensions["door"]
        answers = door.receive(items, self.crews[crew].authors[role], now_ms())
        refused = next((a.refusal for a in answers if a.refusal), None)
        if refused:
            raise RuntimeError(f"refused: {refused}")
        return answers

    def command(self, kind: str, body: dict[str, Any], private: dict[str, Any] | None = None) -> str:
        """An officer's command; the id of its entry."""
        phone = Phone(self.crews[0].p("officer"), LOG)
        return self.receive([phone.command(kind, now_ms(), body, private)])[0].id

    def tick(self) -> int:
        """A second later."""
        self.at += 1_000
        return self.at


def settle(app: Flask, crews: int) -> Town:
    """A municipality with a log, a carrier, an ITAD company, and for each crew the people of STAFF."""
    orgs = {name: new_id() for name in ("town", "carrier", "itad")}
    kinds = {
        "town": OrganisationKind.MUNICIPALITY,
        "carrier": OrganisationKind.CARRIER,
        "itad": OrganisationKind.ITAD,
    }
    hashed = passwords.make_hash(PASSWORD)
    with transaction() as session:
        for name, kind in kinds.items():
            code, inviter = (LOG, None) if name == "town" else (None, orgs["town"])
            session.add(Organisation(id=orgs[name], name=name, kind=kind, lg_code=code, invited_by=inviter))
            session.flush()
        open_log(session, LOG, f"ashiato.example/log/{LOG}", "最上町", orgs["town"], now_ms())
        made = [_crew(session, number, orgs, hashed) for number in range(crews)]
    return Town(app, orgs, made)


def _crew(session: Any, number: int, orgs: dict[str, str], hashed: str) -> Crew:
    crew = Crew({}, {}, {})
    for org, role in STAFF:
        login = f"{role}{number}"
        person = Person(id=new_id(), login=login, name=login, organisation_id=orgs[org], roles=[str(role)])
        person.password_hash, person.created_ms = hashed, now_ms()
        session.add(person)
        session.flush()
        name = pseudonym(session, LOG, person.id)
        crew.logins[role] = login
        crew.authors[role] = Author(person.id, orgs[org], (str(role),), {LOG: name})
    return crew


def open_consignment(town: Town, title: str) -> None:
    """A consignment of its own for what is listed from now on."""
    body = {"municipality": town.orgs["town"], "carrier": town.orgs["carrier"], "itad": town.orgs["itad"]}
    town.job = town.command(entries.CONSIGNMENT_OPENED, {**body, "policy": POLICY}, {"title": title})
    for crew in town.crews:
        crew.phones.update({role: Phone(crew.p(role), LOG, town.job) for role in crew.authors})


def list_devices(town: Town, count: int, progress: Step, chunk: int = 10_000) -> None:
    """Import lists of up to `chunk` rows, as confirmed drafts are."""
    before = len(town.devices)
    for start in range(before, before + count, chunk):
        size = min(chunk, before + count - start)
        town.devices += _import(town, start, size)
        progress(size)


def _import(town: Town, first: int, count: int) -> list[str]:
    devices = [
        {
            "id": new_id(),
            "cls": "3",
            "kind": "notebook",
            "asset": f"T-{n:06}",
            "serial": f"SER{n:06}",
            "row": n + 2,
        }
        | {"model": "VersaPro", "maker": "NEC", "drive_serial": f"DRV{n:06}", "place": "総務課"}
        for n in range(first, first + count)
    ]
    sha, person = f"{first:064x}", town.crews[0].authors["officer"].person_id
    draft = ImportDraft(
        id=new_id(), log=LOG, consignment=town.job, filename="一覧.csv", file_sha256=sha, uploaded_by=person,
        uploaded_at=now_ms(), rows=count, devices=devices, problems=[],
    )  # fmt: skip
    with transaction() as session:
        session.add(draft)
    body = {"consignment": town.job, "draft": draft.id, "file_sha256": sha, "devices": count}
    town.command(entries.IMPORT_COMMITTED, body)
    return [str(device["id"]) for device in devices]


def print_codes(town: Town, kind: str, count: int, progress: Step) -> list[str]:
    """Fresh codes in sheet order."""
    made: list[str] = []
    while len(made) < count:
        size = min(MAX_ISSUE, count - len(made))
        batch = town.command(ISSUED, {"kind": kind, "count": size})
        query = select(IssuedCode.id).where(IssuedCode.batch == batch).order_by(IssuedCode.number)
        made += db.session.scalars(query)
        progress(size)
    return made


def add_cages(town: Town, count: int) -> None:
    """Cages with codes of their own."""
    for code in print_codes(town, "cage", count, lambda _: None):
        town.cages.append(code)
        town.command(
            entries.CAGE_ADDED, {"consignment": town.job, "code": code, "label": f"C-{len(town.cages):05}"}
        )


def stocked(town: Town, cages: int, progress: Step) -> None:
    """List, label and cage `cages` full cages more."""
    list_devices(town, cages * IN_A_CAGE, progress)
    town.codes += print_codes(town, "device", cages * IN_A_CAGE, progress)
    add_cages(town, cages)
    known = db.session.scalars(select(Device.id).where(Device.consignment == town.job)).all()
    if not set(town.devices) <= set(known):
        raise RuntimeError("the list did not arrive")


def journey(town: Town, crew: Crew, cages: Sequence[int]) -> Iterator[tuple[str, list[Any]]]:
    """(role, items): the way of these cages from the first sticker to the last count, phase by phase."""
    things = [n for cage in cages for n in range(cage * IN_A_CAGE, (cage + 1) * IN_A_CAGE)]
    yield "officer", registered(town, crew, things)
    yield "itad_technician", sanitized(town, crew, things)
    given = [item for cage in cages for item in loaded(town, crew, cage)]
    yield "officer", given
    offers = [item for item in given if orjson.loads(item["p"])["step"] == "handed_over"]
    yield "driver", [crew.phones["driver"].answer("accepted", offer, town.tick()) for offer in offers]
    yield "itad_receiver", [item for cage in cages for item in _counted(town, crew, cage)]
    close = crew.phones["itad_receiver"].scan
    yield (
        "itad_receiver",
        [close("count_closed", town.cages[c], town.tick(), body={"count": IN_A_CAGE}) for c in cages],
    )


def registered(town: Town, crew: Crew, things: Sequence[int]) -> list[Any]:
    """An officer sticks code n on device n."""
    scan = crew.phones["officer"].scan
    return [
        scan(
            "registered", town.codes[n], town.tick(), body={"device": town.devices[n]}, private={"serial": f"SER{n:06}"}
        )
        for n in things
    ]  # fmt: skip


def sanitized(town: Town, crew: Crew, things: Sequence[int]) -> list[Any]:
    """A technician erases them, an officer stands by."""
    body = {"result": "ok", "method": "purge", "tool": "Blancco Drive Eraser 7.0"}
    scan = crew.phones["itad_technician"].scan
    return [scan("sanitized", town.codes[n], town.tick(), wit=[crew.p("officer")], body=body) for n in things]


def _inside(town: Town, cage: int) -> list[str]:
    return town.codes[cage * IN_A_CAGE : (cage + 1) * IN_A_CAGE]


def loaded(town: Town, crew: Crew, cage: int) -> Iterator[Any]:
    """An officer fills a cage, locks it and hands it over."""
    scan, code, inside = crew.phones["officer"].scan, town.cages[cage], sorted(_inside(town, cage))
    for device in _inside(town, cage):
        yield scan("loaded", device, town.tick(), parent=code)
    seal = {"seal": f"77{cage:05}", "manifest_hash": manifest_hash(inside)}
    body = {**seal, "lock": "", "manifest": inside, "count": len(inside)}
    yield scan("locked", code, town.tick(), ev=[PHOTO], body=body)
    driver = crew.p("driver")
    yield scan("handed_over", code, town.tick(), wit=[driver], body={**seal, "to": driver})


def _counted(town: Town, crew: Crew, cage: int) -> Iterator[Any]:
    scan, code = crew.phones["itad_receiver"].scan, town.cages[cage]
    body = {"seal": f"77{cage:05}", "verdict": "intact"}
    yield scan("arrived", code, town.tick(), ev=[PHOTO], body=body)
    yield scan("opened", code, town.tick(), wit=[crew.p("itad_technician")])
    for device in _inside(town, cage):
        yield scan("counted", device, town.tick(), parent=code)


def batches(items: Sequence[Any], size: int = BATCH) -> Iterator[Sequence[Any]]:
    """Uploads of up to `size` items."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
