"""The room behind the door: who may record here, and the commands it decides."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp.custody import entries as kinds
from webapp.custody import projection
from webapp.custody.entries import body_fault
from webapp.custody.messages import SENTENCES, discrepancy_text
from webapp.custody.models import Cage, Consignment, Device, Import, ImportDraft, Party, ScanRow
from webapp.custody.steps import POLICY, Step
from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.rows import Lookup, Written
from webapp.kernel.identity.models import Organisation
from webapp.kernel.identity.roles import Action, Role, may
from webapp.kernel.intake.door import Accepted, Author, Verdict, command
from webapp.kernel.intake.format import Act
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.ledger.models import Log
from webapp.kernel.scanning.codes import is_code_or_stranger
from webapp.kernel.scanning.models import IssuedCode

#: Devices in one entry: 200 lines of about 230 bytes stay below the 65,535 bytes an entry may hold.
CHUNK = 200
_LABEL = re.compile(r"(?=.)[A-Za-z]{0,3}(-?[0-9]{1,4}){0,2}")  # a number as painted on: no name fits in
_STEPS = frozenset(Step)


class CustodyRoom:
    """Custody behind the door."""

    observations = frozenset({kinds.SCAN})
    tables = projection.TABLES

    def __init__(self) -> None:
        self.commands = {
            kinds.CONSIGNMENT_OPENED: command(kinds.ConsignmentOpened, open_consignment),
            kinds.IMPORT_COMMITTED: command(kinds.ImportCommitted, commit_import),
            kinds.CAGE_ADDED: command(kinds.CageAdded, add_cage),
            kinds.EXPORTED: command(kinds.Exported, record_export),
            kinds.EVIDENCE_VIEWED: command(kinds.EvidenceViewed, record_view),
        }

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """The organisation's own log, and those of consignments it works on."""
        return {log for (log,) in _LOGS.run(session, organisation_id, organisation_id)}

    def check(self, session: Session, act: Act, author: Author) -> Refusal | None:
        """Form of the scan, and that the consignment it names is this person's organisation's to work on."""
        if act.step not in _STEPS:
            return Refusal("custody.unknown_step", {})
        if field := body_fault(act.body):
            return Refusal("custody.body", {"field": field})
        if not is_code_or_stranger(act.code) or (act.parent and not is_code_or_stranger(act.parent)):
            return Refusal("custody.code_needed", {})
        known = is_party if act.job else works_in
        mine = known(session, act.job, act.log, author.org)
        return None if mine else Refusal("custody.not_a_party", {})

    def project(self, session: Session, log: str, entries: Sequence[Recorded]) -> Mapping[str, Verdict]:
        """Fold entries into the read tables."""
        return projection.project(session, log, entries)

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """Refusals and discrepancies in words."""
        if code in SENTENCES:
            return SENTENCES[code].format_map({**params})
        return discrepancy_text(code, params)


_LOGS = Written(
    "SELECT id FROM logs WHERE organisation_id = ? UNION SELECT log FROM custody_parties WHERE org = ?"
)
_PARTIES = Lookup(Party.log, by=Party.consignment, same=[Party.org])


def is_party(session: Session, consignment: str, log: str, org: str) -> bool:
    """Asked once a batch in practice: a yes is kept in the session's own memory (parties never leave)."""
    known: set[tuple[str, str, str]] = session.info.setdefault("custody_parties", set())
    key = (consignment, log, org)
    if key not in known:
        if all(row.log != log for row in _PARTIES.rows(session, [consignment], org=org)):
            return False
        known.add(key)
    return True


def works_in(session: Session, _consignment: str, log: str, org: str) -> bool:
    """Whether custody is this organisation's work in this log at all: for a scan that names no consignment.

    Other rooms give people a log as well: who sends relief supplies to a town writes nothing about its devices.
    """
    known: set[tuple[str, str, str]] = session.info.setdefault("custody_parties", set())
    if ("", log, org) not in known:
        if log not in {mine for (mine,) in _LOGS.run(session, org, org)}:
            return False
        known.add(("", log, org))
    return True


def open_consignment(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """案件をひらく: body {municipality, carrier, itad, due_at?, policy}; its title lies in the vault."""
    log = session.get(Log, act.log)
    if log is None or log.organisation_id != author.org or not may(author.roles, Action.CONSIGNMENT_CREATE):
        return Refusal("custody.not_allowed", {})
    body = act.body
    wanted = {
        body.get("municipality"): "municipality",
        body.get("carrier"): "carrier",
        body.get("itad"): "itad",
    }
    rows = session.execute(
        select(Organisation.id, Organisation.kind).where(
            Organisation.id.in_(list(wanted)),
            Organisation.active.is_(True),
            or_(
                Organisation.id == author.org,
                Organisation.invited_by == author.org,
                Organisation.invited_by.is_(None),  # entered for all towns of this server
            ),
        )
    )
    kinds_found = {row.id: str(row.kind) for row in rows}
    if body.get("municipality") != author.org or {k: str(v) for k, v in wanted.items()} != kinds_found:
        return Refusal("custody.unknown_organisation", {})
    if body.get("policy") != POLICY or not act.commit:
        return Refusal("custody.title_needed", {})
    return Accepted()


def _own_consignment(session: Session, act: Act, author: Author) -> Consignment | Refusal:
    """The consignment of the act, for an officer of its municipality."""
    row = session.get(Consignment, str(act.body.get("consignment", "")), populate_existing=True)
    if row is None or row.log != act.log:
        return Refusal("custody.unknown_consignment", {})
    if row.municipality != author.org or not may(author.roles, Action.CONSIGNMENT_IMPORT):
        return Refusal("custody.not_allowed", {})
    return row


def commit_import(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """取り込みを確定する: the previewed draft becomes one entry with the file's hash and chunks of ≤ 200
    devices.

    Refused if the same file was imported before, if rows have errors, or if an asset number is there already.
    """
    consignment = _own_consignment(session, act, author)
    if isinstance(consignment, Refusal):
        return consignment
    if session.get(Import, (consignment.id, str(act.body.get("file_sha256", "")))) is not None:
        return Refusal("custody.already_imported", {})
    draft = session.get(ImportDraft, str(act.body.get("draft", "")), populate_existing=True)
    if draft is None or (draft.consignment, draft.file_sha256) != (
        consignment.id,
        act.body.get("file_sha256"),
    ):
        return Refusal("custody.draft_gone", {})
    return _take_over(session, act, consignment, draft)


def _take_over(
    session: Session, act: Act, consignment: Consignment, draft: ImportDraft
) -> Accepted | Refusal:
    if any(problem["severity"] == "error" for problem in draft.problems):
        return Refusal("custody.draft_has_errors", {})
    if act.body.get("devices") != len(draft.devices) or not draft.devices:
        return Refusal("custody.nothing_to_import", {})
    if same := _assets_there(session, consignment, draft):
        return Refusal("custody.same_assets", {"assets": "、".join(sorted(same)[:5])})
    sealed = [(device["id"], vault.seal(_private(device))) for device in draft.devices]
    session.delete(draft)
    extra = list(_chunks(consignment, draft.devices, dict(sealed)))
    return Accepted(extra, sealed)


def _private(device: Mapping[str, Any]) -> dict[str, Any]:
    hidden = {name: value for name, value in device.items() if name not in {"id", "cls", "kind"}}
    return {name: value for name, value in hidden.items() if value not in ("", None)}


def _assets_there(session: Session, consignment: Consignment, draft: ImportDraft) -> set[str]:
    ids = session.scalars(select(Device.id).where(Device.consignment == consignment.id)).all()
    if not ids:
        return set()
    held = {str(record.get("asset", "")) for record in vault.read(session, consignment.log, ids).values()}
    return held & {str(device["asset"]) for device in draft.devices}


def _chunks(
    consignment: Consignment, devices: Sequence[Mapping[str, Any]], sealed: Mapping[str, vault.Opening]
) -> Iterator[tuple[str, dict[str, Any]]]:
    first = consignment.listed + 1
    for start in range(0, len(devices), CHUNK):
        lines = [
            {"id": d["id"], "number": first + start + n, "cls": d["cls"], "kind": d["kind"]}
            | {"commit": sealed[d["id"]].commit}
            for n, d in enumerate(devices[start : start + CHUNK])
        ]
        yield kinds.ASSETS_LISTED, {"consignment": consignment.id, "devices": lines}


def add_cage(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """かご車を加える: body {consignment, code, label}."""
    consignment = _own_consignment(session, act, author)
    if isinstance(consignment, Refusal):
        return consignment
    code, label = str(act.body.get("code", "")), str(act.body.get("label", ""))
    issued = session.get(IssuedCode, code, populate_existing=True)
    if issued is None or issued.log != act.log or issued.kind != "cage" or issued.void_at is not None:
        return Refusal("custody.cage_code", {})
    if not _LABEL.fullmatch(label):
        return Refusal("custody.cage_name", {})
    if session.get(Cage, code) is not None:
        return Refusal("custody.cage_taken", {})
    same = select(Cage.code).where(Cage.consignment == consignment.id, Cage.name == label)
    return Refusal("custody.cage_name_taken", {}) if session.scalar(same) else Accepted()


def record_export(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Who took personal data out is an entry too: body {consignment, label}."""
    if not may(author.roles, Action.EXPORT):
        return Refusal("custody.not_allowed", {})
    known = is_party(session, str(act.body.get("consignment", "")), act.log, author.org)
    return Accepted() if known else Refusal("custody.not_a_party", {})


def record_view(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Who looked at a photo is an entry too: body {consignment, evidence}."""
    known = is_party(session, str(act.body.get("consignment", "")), act.log, author.org)
    return Accepted() if known else Refusal("custody.not_a_party", {})


def may_settle(session: Session, consignment: str, log: str, org: str) -> bool:
    """Questions of a consignment are its parties' to settle; those of none, the municipality's."""
    if consignment:
        return is_party(session, consignment, log, org)
    row = session.get(Log, log)
    return row is not None and row.organisation_id == org


def private_parts(session: Session, log: str, device: str) -> tuple[list[str], list[str]] | None:
    """Where a device's personal data lies: its line of the list, and what its own scans brought with them.

    Answers subjects in the vault, and ids of entries that hold their commitments; None if it is not this log's.
    """
    row = session.get(Device, device, populate_existing=True)
    if row is None or row.log != log:
        return None
    s, i = ScanRow, Import
    codes = select(s.code).where(
        s.log == log, s.device == device, s.device != ""
    )  # in the words of the index
    own = select(s.id).where(s.filed_under(log, codes), s.device.in_(["", device]))
    scans = list(session.scalars(own))
    lists = session.execute(select(i.entry, i.devices).where(i.consignment == row.consignment))
    chunks = [derived_id(entry, str(n)) for entry, devices in lists for n in range(-(-devices // CHUNK))]
    return [device, *map(vault.of_act, scans)], [*scans, *chunks]


def in_use(session: Session, log: str, code: str) -> bool:
    """Whether a device or a cage goes under this code already: another thing cannot take it over."""
    device = session.scalar(select(Device.id).where(Device.log == log, Device.code == code).limit(1))
    return device is not None or session.get(Cage, code) is not None


def employer(session: Session, log: str, consignment: str, role: str) -> str:
    """The organisation that a substitute in this role works for in a consignment; "" if there is none in this log."""
    row = session.get(Consignment, consignment)
    if row is None or row.log != log:
        return ""
    return row.carrier if role == Role.DRIVER else row.itad
