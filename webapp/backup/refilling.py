"""A log comes back from the copy that another organisation keeps: every byte verified, then folded as ever."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from webapp.backup.people import organisations_in, people_in
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import transaction
from webapp.kernel.base.fetch import Unreachable, fetch
from webapp.kernel.base.rows import Lookup, insert_rows
from webapp.kernel.identity.models import Organisation
from webapp.kernel.identity.pseudonyms import adopt
from webapp.kernel.identity.roles import OrganisationKind
from webapp.kernel.intake.models import Receipt
from webapp.kernel.intake.rebuild import refold_all
from webapp.kernel.intake.service import Door
from webapp.kernel.ledger import publication
from webapp.kernel.ledger.entries import decode
from webapp.kernel.ledger.log import lock_heads, open_log, read
from webapp.kernel.ledger.models import Head, LedgerEntry, LedgerNode, Log
from webapp.kernel.ledger.restore import Told, append_as_written, content_of, size_of
from webapp.kernel.tlog import checkpoints, notes, policies
from webapp.kernel.tlog.checkpoints import Checkpoint, origin_hash
from webapp.kernel.tlog.notes import NoteError, Signature, VerifyKey
from webapp.kernel.tlog.policies import Judgement, Party
from webapp.node.download import Download

UNKNOWN = "（名称は控えから戻します）"


class CannotRefill(Exception):
    """The text says why; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Refilled:
    """What came back. `least` cosignatures are needed, `cosigned` nodes gave one; `ahead`: nodes that saw more."""

    log: str
    before: int
    checkpoint: Checkpoint
    cosigned: tuple[str, ...]
    least: int
    ahead: Mapping[str, int]
    silent: tuple[str, ...]


def refill(
    door: Door, copy: Download, key: VerifyKey, *, log: str, unwitnessed: bool = False, told: Told = id
) -> Refilled:
    """Bring our log to the checkpoint of a node's copy, in one transaction: entries, tiles, head, folded tables.

    `key` is the log's own. Raises CannotRefill if what is here is another history or longer, or if too few of the
    log's nodes cosigned that checkpoint (unless `unwitnessed`); Unreachable and NotAsSigned as the copy does.
    """
    now = now_ms()
    with transaction() as session:
        _open(session, log, key.name, copy, now)
        lock_heads(session, [log])
        before = size_of(session, log)
        if before > copy.checkpoint.size:
            raise CannotRefill(f"{before} entries are here, the copy has {copy.checkpoint.size}")
        tree = append_as_written(session, log, copy.entries(before), told)
        if tree.root() != copy.checkpoint.root:
            raise CannotRefill(
                f"the {before} entries that are here are not those of the copy: another history"
            )
        _receipts(session, log, before, now)
        _people(session, log)
        refold_all(door, session, log)
        found = _judged(session, log, copy, key)
        if not (found.is_enough or unwitnessed):
            raise CannotRefill(
                f"only {len(found.cosigned)} of the log's nodes cosigned these {copy.checkpoint.size} entries,"
                f" {found.least} are needed: use a node whose copy is longer, or --unwitnessed"
            )
        publication.keep_signed(session, log, found.note, now)
        if found.is_enough and found.cosigned:
            publication.add_cosignatures(session, log, copy.checkpoint.size, (), now, quorum_met=True)
    place = (log, before, copy.checkpoint, found.cosigned, found.least)
    return Refilled(*place, found.ahead, found.silent)


def _open(session: Session, log: str, origin: str, copy: Download, now: int) -> None:
    """A log that is not here is opened; its municipality's id is in its first entry."""
    known = session.get(Log, log, populate_existing=True)
    if known is not None:
        if known.origin != origin:
            raise CannotRefill(f"{log} is {known.origin} here, not {origin}")
        return
    raw = next(iter(copy.entries()), None)
    if raw is None:
        raise CannotRefill("the copy is empty")
    first = decode(0, raw)
    if first.log != log:
        raise CannotRefill(f"the copy is of the log {first.log}")
    _organisations(session, {first.by.org: "municipality"}, log)
    town = session.get_one(Organisation, first.by.org)
    open_log(session, log, origin, town.name, town.id, now)


def _organisations(session: Session, kinds: Mapping[str, str], log: str) -> None:
    """Organisations that are not known here get a row, so that their people can be entered and their work be seen."""
    known = set(session.scalars(select(Organisation.id).where(Organisation.id.in_(list(kinds)))))
    taken = session.scalar(select(Organisation.id).where(Organisation.lg_code == log))
    for id_, kind in kinds.items():
        town = kind == "municipality"
        if id_ not in known:
            code = log if town and taken is None else None
            row = {
                "id": id_,
                "name": UNKNOWN,
                "kind": OrganisationKind(kind),
                "lg_code": code,
                "active": True,
            }
            session.execute(insert(Organisation).values(phone="", invited_by=None, **row))


_RECEIPTS = Lookup(Receipt.id, by=Receipt.id)


def _receipts(session: Session, log: str, start: int, now: int) -> None:
    """That an act was taken is told to the phone that sends it again."""
    e, at = LedgerEntry, start
    while rows := session.execute(
        select(e.index, e.id, e.raw).where(e.log == log, e.index >= at).order_by(e.index).limit(1_000)
    ).all():
        at = rows[-1][0] + 1
        held = {row.id for row in _RECEIPTS.rows(session, [entry_id for _, entry_id, _ in rows])}
        fresh = [
            {"id": entry_id, "log": log, "index": index, "dev": decode(index, raw).data.get("dev", "")}
            | {"content": content, "verdict": "ok", "findings": [], "rev": now}
            for index, entry_id, raw in rows
            if entry_id not in held and (content := content_of(raw))
        ]
        insert_rows(session, Receipt, fresh)


def _people(session: Session, log: str) -> None:
    owner = session.get_one(Log, log).organisation_id
    _organisations(session, organisations_in(read(session, log), owner), log)
    adopt(session, log, people_in(read(session, log)))


@dataclass(frozen=True, slots=True)
class _Judged:
    note: bytes
    is_enough: bool
    cosigned: tuple[str, ...]
    least: int
    ahead: Mapping[str, int]
    silent: tuple[str, ...]


def _judged(session: Session, log: str, copy: Download, key: VerifyKey) -> _Judged:
    """What the nodes that the log itself names say of this checkpoint: on the copy's note, and when asked."""
    nodes = publication.nodes(session, log)
    policy = policies.simple(
        Party(key), {node.name: Party(VerifyKey.parse(node.vkey), node.url) for node in nodes}
    )
    answers = {node.name: ask(node.url, key.name) for node in nodes}
    text, lines = notes.parse(copy.note).text, list[Signature]()
    ahead: dict[str, int] = {}
    for node in nodes:
        answer = answers[node.name]
        size = _size(answer, [key, VerifyKey.parse(node.vkey)])
        if size > copy.checkpoint.size:
            ahead[node.name] = size
        elif answer and size == copy.checkpoint.size and notes.parse(answer).text == text:
            lines += notes.parse(answer).signatures
    note = notes.parse(copy.note).with_signatures(lines).render()
    judged: Judgement = policy.judge(note)
    silent = tuple(name for name, answer in answers.items() if not answer)
    return _Judged(
        note, judged.is_enough, tuple(judged.witnesses), policies.least_of(len(nodes)), ahead, silent
    )


def ask(url: str, origin: str) -> bytes:
    """What a witness cosigned last; empty if it does not answer or never saw the log."""
    try:
        answer = fetch(
            "GET", f"{url.rstrip('/')}/{origin_hash(origin)}/checkpoint", limit=64_000, within_s=4.0
        )
    except Unreachable:
        return b""
    return answer.body if answer.status == 200 else b""


def _size(answer: bytes, keys: Sequence[VerifyKey]) -> int:
    """The size in a note that both the log and the witness signed; 0 for anything else."""
    try:
        note = notes.parse(answer)
        return checkpoints.parse(note.text).size if len(notes.verified(note, keys)) == len(keys) else 0
    except NoteError:
        return 0


def behind(session: Session, log: str, key: VerifyKey | None) -> tuple[dict[str, int], list[str]]:
    """Nodes that cosigned more entries than are here, and nodes that did not answer; without `key`, unverified."""
    origin = session.get_one(Log, log).origin
    here, ahead, silent = (
        session.get_one(Head, log, populate_existing=True).size,
        dict[str, int](),
        list[str](),
    )
    for node in session.scalars(
        select(LedgerNode).where(LedgerNode.log == log, LedgerNode.retired_at.is_(None))
    ):
        answer = ask(node.url, origin)
        keys = [VerifyKey.parse(node.vkey), *([key] if key else [])]
        if not answer:
            silent.append(node.name)
        elif (size := _size(answer, keys)) > here:
            ahead[node.name] = size
    return ahead, silent
