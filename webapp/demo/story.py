"""Two towns on a Thursday: 160 PCs and 59 monitors of Mogami are half way to the shredder, Kaneyama is
loading.

C-01 was opened and counted (one PC is missing) and 31 of it are destroyed; C-02 waits at the dock with a
seal that is
not the one it left with; C-03 is on the road; C-04 is being loaded. So everybody has something to do at once.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from sqlalchemy import select

from webapp.custody import desk, entries, queries
from webapp.custody.forms import parse_asset_list
from webapp.custody.steps import POLICY
from webapp.demo import cast, pictures, relief
from webapp.demo.phone import Phone, manifest_hash
from webapp.kernel.base.clock import DAY, HOUR, MINUTE, SECOND, now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.outcomes import AppError
from webapp.kernel.base.tabular import read_table
from webapp.kernel.evidence import service as evidence
from webapp.kernel.identity.models import Person
from webapp.kernel.intake.service import Answer, Door
from webapp.kernel.scanning.models import IssuedCode
from webapp.kernel.scanning.service import ISSUED

LENGTH = 100
FILE = Path(__file__).parent / "data" / "mogami_devices.csv"
FAILED = ("MGM-0084", "MGM-0095", "MGM-0113", "MGM-0122")
MISSING = "MGM-0031"


def accounts() -> Iterator[str]:
    """Lines that `make run` prints: login, password, who that is and what there is to do."""
    if db.session.scalar(select(Person.id).where(Person.login == "officer")) is None:
        return
    yield f"Demo accounts (password of all: {cast.PASSWORD})"
    for member in cast.CAST:
        org, role = cast.home_of(member), "・".join(r.text for r in member.roles)
        yield f"  {member.login:<11} {org}　{role}　{member.name}　→ {member.task}"


def last_office_hour(now: int) -> int:
    """The last four o'clock in the afternoon (JST): nobody loads a truck at night."""
    midnight = (now + 9 * HOUR) // DAY * DAY - 9 * HOUR
    return midnight + 16 * HOUR - (DAY if now < midnight + 16 * HOUR else 0)


class AlreadyTold(AppError):
    """The demo goes into an empty database only."""

    status = 409
    code = "demo.already_told"


def tell(app: Flask, progress: Callable[[int], object]) -> None:
    """Tell both towns' stories. Raises AlreadyTold if anybody is there already."""
    if db.session.scalar(select(Person.id).limit(1)) is not None:
        raise AlreadyTold
    now = last_office_hour(now_ms())
    with transaction() as session:
        company = cast.assemble(session, now - 9 * DAY)
    progress(10)
    town = Town(app, company, cast.MOGAMI, "mogami", "officer", now)
    town.mogami(progress)
    relief.verify(company.authors["citizen"].person_id, now)
    relief.Relief(town).tell()
    Town(app, company, cast.KANEYAMA, "kaneyama", "kaneyama", now).kaneyama()
    progress(10)


class Thing(NamedTuple):
    """A listed device of the story."""

    id: str
    asset: str
    kind: str
    serial: str


class Town:
    """One town's story, told through the door by phones that belong to its people."""

    def __init__(self, app: Flask, company: cast.Company, log: str, org: str, officer: str, now: int) -> None:
        self.app, self.company, self.log, self.now = app, company, log, now
        self.door: Door = app.extensions["door"]
        self.org, self.officer = company.orgs[org], officer
        self.phones: dict[str, Phone] = {}
        self.job = ""
        self.at = now - 6 * DAY

    def p(self, who: str) -> str:
        return self.company.authors[who].pseudonyms[self.log]

    def tick(self, ms: int = 20 * SECOND) -> int:
        self.at += ms
        return self.at

    def phone(self, who: str) -> Phone:
        return self.phones.setdefault(who, Phone(self.p(who), self.log, self.job))

    def send(self, who: str, items: Sequence[Any]) -> list[Answer]:
        """Upload as a phone does, a hundred at a time, a minute after the last scan."""
        answers: list[Answer] = []
        for start in range(0, len(items), 100):
            batch = items[start : start + 100]
            answers += self.door.receive(batch, self.company.authors[who], self.at + MINUTE)
        refused = [answer.refusal for answer in answers if answer.refusal]
        if refused:
            raise RuntimeError(f"the demo story was refused: {refused[0]}")
        return answers

    def command(
        self, who: str, kind: str, body: dict[str, Any], private: dict[str, Any] | None = None
    ) -> Answer:
        return self.send(who, [Phone(self.p(who), self.log).command(kind, self.tick(), body, private)])[0]

    def open(self, title: str, due_in_days: int, carrier: str = "carrier") -> None:
        orgs = self.company.orgs
        body: dict[str, Any] = {
            "municipality": self.org,
            "carrier": orgs[carrier],
            "itad": orgs["itad"],
            "policy": POLICY,
        }
        body["due_at"] = self.now + due_in_days * DAY
        self.job = self.command(self.officer, entries.CONSIGNMENT_OPENED, body, {"title": title}).id

    def take_list(self, data: bytes) -> list[Thing]:
        """Import an asset list as the screen does. Answers its things in list order."""
        person = self.company.authors[self.officer].person_id
        job = queries.job_of(self.org, self.job)
        draft = desk.keep_draft(
            job, parse_asset_list(read_table(data)), data, "処分予定端末一覧.csv", person, self.at
        )
        held = desk.draft(job, draft)
        body = {"consignment": self.job, "draft": draft, "file_sha256": held.file_sha256}
        listed = desk.draft_or_none(job, draft)
        found = listed.devices if listed else []
        lines = [Thing(d["id"], d["asset"], d["kind"], d["serial"]) for d in found]
        self.command(self.officer, entries.IMPORT_COMMITTED, {**body, "devices": len(lines)})
        return lines

    def codes(self, kind: str, count: int) -> list[str]:
        batch = self.command(self.officer, ISSUED, {"kind": kind, "count": count}).id
        query = select(IssuedCode.id).where(IssuedCode.batch == batch).order_by(IssuedCode.number)
        return list(db.session.scalars(query))

    def cages(self, names: Sequence[str]) -> dict[str, str]:
        named = dict(zip(names, self.codes("cage", len(names)), strict=True))
        for name, code in named.items():
            body = {"consignment": self.job, "code": code, "label": name}
            self.command(self.officer, entries.CAGE_ADDED, body)
        return named

    def photo(self, who: str, title: str, detail: str) -> str:
        """Draw a photo and put it into the evidence store."""
        data = pictures.photo(title, detail, self.at, len(title) * 7 + len(detail) * 13)
        name = sha256(data).hexdigest()
        root = Path(self.app.config["EVIDENCE_DIR"])
        person = self.company.authors[who].person_id
        evidence.receive(root, name, BytesIO(data), uploader=person, now=self.at)
        return name

    def register(self, things: Sequence[Thing], codes: Sequence[str]) -> None:
        scan = self.phone(self.officer).scan
        self.send(
            self.officer,
            [
                scan(
                    "registered",
                    code,
                    self.tick(),
                    body={"device": thing.id},
                    private={"serial": thing.serial},
                )
                for thing, code in zip(things, codes, strict=True)
            ],
        )

    def sanitize(self, codes: Sequence[str]) -> None:
        body = {"result": "ok", "method": "purge", "tool": "Blancco Drive Eraser 7.0"}
        scan, officer = self.phone("technician").scan, self.p(self.officer)
        items = [scan("sanitized", code, self.tick(), wit=[officer], body=body) for code in codes]
        self.send("technician", items)

    def break_on_site(self, code: str, asset: str) -> None:
        scan, officer = self.phone("technician").scan, self.p(self.officer)
        failed = scan("sanitize_failed", code, self.tick(), wit=[officer], body={"reason": "firmware_error"})
        shot = self.photo("technician", "Destroyed on site", asset)
        broken = scan(
            "destroyed_on_site", code, self.tick(), wit=[officer], ev=[shot], body={"method": "crush"}
        )
        self.send("technician", [failed, broken])

    def load(self, codes: Sequence[str], cage: str) -> None:
        scan = self.phone(self.officer).scan
        self.send(self.officer, [scan("loaded", code, self.tick(4 * SECOND), parent=cage) for code in codes])

    def lock_and_hand_over(self, cage: str, name: str, codes: Sequence[str], seal: str) -> None:
        scan, listed = self.phone(self.officer).scan, sorted(codes)
        shot = self.photo(self.officer, f"Cage {name}, locked", f"Seal {seal}")
        body = {"seal": seal, "lock": "", "manifest": listed, "manifest_hash": manifest_hash(listed)}
        locked = scan("locked", cage, self.tick(), ev=[shot], body={**body, "count": len(listed)})
        to = {"to": self.p("driver"), "seal": seal, "manifest_hash": manifest_hash(listed)}
        offer = {**to, "count": len(listed), "nonce": sha256(cage.encode()).hexdigest()[:32]}
        handed = scan("handed_over", cage, self.tick(5 * MINUTE), wit=[self.p("driver")], body=offer)
        self.send(self.officer, [locked, handed])
        self.send("driver", [self.phone("driver").answer("accepted", handed, self.tick())])

    def arrive(self, cage: str, name: str, seal: str) -> None:
        shot = self.photo("receiver", f"Cage {name}, arrived", f"Seal {seal}")
        scan = self.phone("receiver").scan
        body = {"seal": seal, "verdict": "intact"}
        self.send(
            "receiver", [scan("arrived", cage, self.tick(), ev=[shot], wit=[self.p("driver")], body=body)]
        )

    def open_and_count(self, cage: str, codes: Sequence[str]) -> None:
        scan = self.phone("receiver").scan
        items = [scan("opened", cage, self.tick(), wit=[self.p("checker")])]
        items += [scan("counted", code, self.tick(5 * SECOND), parent=cage) for code in codes]
        items.append(scan("count_closed", cage, self.tick(), body={"count": len(codes)}))
        self.send("receiver", items)

    def destroy(self, codes: Sequence[str], assets: dict[str, str]) -> None:
        scan, items = self.phone("operator").scan, []
        for code in codes:
            items.append(scan("drive_extracted", code, self.tick()))
            shot = self.photo("operator", "Shredded drive", assets[code])
            body = {"method": "shred", "particle_mm": 20}
            items.append(scan("destroyed", code, self.tick(), wit=[self.p("checker")], ev=[shot], body=body))
        self.send("operator", items)

    def mogami(self, progress: Callable[[int], object]) -> None:
        """The flagship case, mid-way."""
        self.open("最上町 令和8年度 端末更新", 10)
        things = self.take_list(FILE.read_bytes())  # the PCs first, then the monitors
        codes = self.codes("device", 280)
        cages = self.cages(["C-01", "C-02", "C-03", "C-04", "C-05"])
        progress(10)
        known, monitors = things[:156], things[160:180]
        code_of = {thing.asset: code for thing, code in zip(known, codes, strict=False)}
        asset_of = {code: asset for asset, code in code_of.items()}
        self.register(known, codes[:156])
        self.register(monitors, codes[160:180])
        progress(15)
        self.at = self.now - 5 * DAY
        self._erase(code_of)
        progress(15)
        first, second, third, fourth = codes[:48], codes[48:96], codes[96:128], codes[128:145]
        self._on_the_road(cages, first, second)
        progress(10)
        shredded = [code for code in first if asset_of[code] != MISSING]
        self.open_and_count(cages["C-01"], shredded)
        self.destroy(shredded[:31], asset_of)
        progress(15)
        self.at = self.now - 6 * HOUR
        self.load(third, cages["C-03"])
        self.lock_and_hand_over(cages["C-03"], "C-03", third, "7734013")
        self.at = self.now - 2 * HOUR
        self.arrive(cages["C-02"], "C-02", "7734021")
        self.load(fourth, cages["C-04"])
        self.load(codes[160:180], cages["C-05"])
        progress(15)

    def _erase(self, code_of: dict[str, str]) -> None:
        for asset in FAILED:
            self.break_on_site(code_of[asset], asset)
        self.sanitize([code for asset, code in list(code_of.items())[:152] if asset not in FAILED])

    def _on_the_road(self, cages: dict[str, str], first: Sequence[str], second: Sequence[str]) -> None:
        self.at = self.now - 3 * DAY
        self.load(first, cages["C-01"])
        self.lock_and_hand_over(cages["C-01"], "C-01", first, "7734011")
        self.at = self.now - 2 * DAY
        self.arrive(cages["C-01"], "C-01", "7734011")
        kept, self.at = self.at, self.now - DAY
        self.load(second, cages["C-02"])
        self.lock_and_hand_over(cages["C-02"], "C-02", second, "7734012")
        self.at = kept + HOUR

    def kaneyama(self) -> None:
        """A small town: twelve PCs, erased and waiting for their cage."""
        self.at = self.now - 2 * DAY
        self.open("金山町 令和8年度 端末更新", 25, "kaneyama_carrier")
        header = "管理番号,種別,メーカー,品名,製造番号,記憶装置,記憶装置製造番号,機密性,設置場所"
        lines = [
            f"KNY-{n:04},ノートPC,NEC,VersaPro VK23,KNYSER{n:04},SSD,KNYDRV{n:04},3,総務課"
            for n in range(1, 13)
        ]
        things = self.take_list("\n".join([header, *lines]).encode("cp932"))
        codes = self.codes("device", 65)[:12]
        self.cages(["K-01"])
        self.register(things, codes)
        self.sanitize(codes)
