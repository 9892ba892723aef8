"""Receive acts: parse outside the lock; lock, recognise, decide, append and project inside one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby
from typing import Any

import orjson
from pydantic import ValidationError
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from webapp.kernel.base.db import transaction
from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.intake.door import OK, Accepted, Author, Room, Verdict
from webapp.kernel.intake.format import Act, Item
from webapp.kernel.intake.models import Contradiction, Receipt
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.entries import NotCanonical, canonical, personal_fields
from webapp.kernel.ledger.log import Draft, Heads, lock_heads
from webapp.kernel.ledger.vault import Opening


@dataclass(frozen=True, slots=True)
class Parsed:
    """An item whose form is right. `content` is the hash by which a repetition is recognised."""

    act: Act
    item: Item
    content: str
    opening: Opening | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door says to one item. `refusal` is None when it stands in the log at `index`."""

    id: str
    log: str = ""
    index: int = -1
    duplicate: bool = False
    verdict: Verdict = OK
    refusal: Refusal | None = None


def parse(raw: Any) -> Parsed | Refusal:
    """Check the form of one item: the signed string, no personal data in it, and the opening of its commitment."""
    try:
        item = raw if isinstance(raw, Item) else Item.model_validate(raw)
        act = Act.model_validate_json(item.p)
        body = canonical(act.body)
    except (ValidationError, NotCanonical) as problem:
        return Refusal("intake.malformed", {"id": _id_in(raw), "where": _where(problem)})
    if len(body) > 16_384:
        return Refusal("intake.malformed", {"id": act.id, "where": "body"})
    if personal := personal_fields(act.body):
        return Refusal("intake.personal_data", {"id": act.id, "where": ", ".join(sorted(personal))})
    return _with_opening(act, item)


def _with_opening(act: Act, item: Item) -> Parsed | Refusal:
    opening = Opening(item.open.salt, item.open.data) if item.open else None
    try:
        if opening and opening.commit != act.commit:
            return Refusal("intake.commitment", {"id": act.id})
    except NotCanonical:
        return Refusal("intake.malformed", {"id": act.id, "where": "open"})
    return Parsed(act, item, sha256(item.p.encode()).hexdigest(), opening)


def _where(problem: Exception) -> str:
    if isinstance(problem, ValidationError):
        return ".".join(str(part) for part in problem.errors()[0]["loc"])[:60] or "p"
    return "body"


def _id_in(raw: Any) -> str:
    """The id of an item that does not parse, so that the phone can tell which one it was."""
    try:
        found = orjson.loads(raw["p"])["id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    return found[:36] if isinstance(found, str) else ""


class Door:
    """The door with its rooms behind it. One instance an application; holds no state of its own."""

    def __init__(self, rooms: Sequence[Room]) -> None:
        self.rooms = tuple(rooms)
        self._observers = {kind: room for room in rooms for kind in room.observations}
        self._deciders = {kind: room for room in rooms for kind in room.commands}

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """Logs in which an organisation may act."""
        return set().union(*(room.logs_of(session, organisation_id) for room in self.rooms))

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """A finding's or refusal's code in words."""
        return next((text for room in self.rooms if (text := room.sentence(code, params))), code)

    def receive(self, raw_items: Sequence[Any], author: Author, now: int) -> list[Answer]:
        """Take a batch: one transaction, one answer an item in the same order. Sending again is harmless.

        `now` is the server's clock in ms. Items that cannot be taken are answered with a Refusal and leave no
        trace in the log; they never spoil the others.
        """
        parsed = [parse(raw) for raw in raw_items]
        logs = {item.act.log for item in parsed if isinstance(item, Parsed)}
        with transaction() as session:
            heads = lock_heads(session, logs & author.pseudonyms.keys())
            return _Batch(self, session, heads, author, now).take(parsed)

    def observer(self, kind: str) -> Room | None:
        """The room that takes observations of this kind."""
        return self._observers.get(kind)

    def decider(self, kind: str) -> Room | None:
        """The room that decides commands of this kind."""
        return self._deciders.get(kind)


class _Batch:
    """One batch inside its transaction."""

    def __init__(self, door: Door, session: Session, heads: Heads, author: Author, now: int) -> None:
        self.door, self.session, self.heads, self.author, self.now = door, session, heads, author, now
        self.answers: dict[int, Answer] = {}
        self.waiting: list[tuple[int, Parsed]] = []
        self.seen: dict[str, int] = {}
        self.verdicts: dict[str, Verdict] = {}

    def take(self, items: Sequence[Parsed | Refusal]) -> list[Answer]:
        known = self._known([item.act.id for item in items if isinstance(item, Parsed)])
        for place, item in enumerate(items):
            if isinstance(item, Refusal):
                self.answers[place] = Answer(str(item.params.get("id", "")), refusal=item)
            elif (first := known.get(item.act.id)) is not None:
                self.answers[place] = self._repeated(item, first)
            else:
                self._new(place, item)
                known[item.act.id] = (item.content, "", -1, "", [])
        self._write()
        return [self._final(self.answers[place]) for place in range(len(items))]

    def _known(self, ids: Sequence[str]) -> dict[str, tuple[str, str, int, str, list[Any]]]:
        rows = self.session.execute(
            select(Receipt.id, Receipt.content, Receipt.log, Receipt.index, Receipt.verdict, Receipt.findings)
            .where(Receipt.id.in_(ids))
        )
        return {row[0]: (row[1], row[2], row[3], row[4], row[5]) for row in rows}

    def _repeated(self, item: Parsed, first: tuple[str, str, int, str, list[Any]]) -> Answer:
        content, log, index, verdict, findings = first
        if content == item.content:
            held = Verdict(verdict, tuple((f["code"], f["severity"], f["params"]) for f in findings))
            return Answer(item.act.id, log, index, duplicate=True, verdict=held)
        self._keep_contradiction(item)
        return Answer(item.act.id, refusal=Refusal("intake.id_conflict", {"id": item.act.id}))

    def _keep_contradiction(self, item: Parsed) -> None:
        if self.session.get(Contradiction, item.content) is None:
            self.session.add(
                Contradiction(
                    key=item.content, id=item.act.id, log=item.act.log, p=item.item.p, s=item.item.s,
                    uploader=self.author.person_id, received_at=self.now,
                )
            )
            self.session.flush()

    def _new(self, place: int, item: Parsed) -> None:
        act = item.act
        refusal = self._not_theirs(act)
        if refusal is None and (room := self.door.decider(act.kind)):
            self._write()  # a command is decided on everything that came before it
            self._command(place, item, room)
            return
        if refusal is None and (room := self.door.observer(act.kind)) is not None:
            refusal = room.check(self.session, act, self.author)
        elif refusal is None:
            refusal = Refusal("intake.unknown_kind", {"kind": act.kind})
        if refusal is None:
            self.waiting.append((place, item))
            self.answers[place] = Answer(act.id)
        else:
            self.answers[place] = Answer(act.id, refusal=refusal)

    def _not_theirs(self, act: Act) -> Refusal | None:
        if act.log not in self.heads:
            return Refusal("intake.not_a_party", {"log": act.log})
        if self.author.pseudonyms.get(act.log) != act.actor:
            return Refusal("intake.not_your_scan", {})
        return None

    def _command(self, place: int, item: Parsed, room: Room) -> None:
        outcome = room.commands[item.act.kind](self.session, item.act, self.author, self.now)
        if isinstance(outcome, Refusal):
            self.answers[place] = Answer(item.act.id, refusal=outcome)
            return
        self.waiting.append((place, item))
        self.answers[place] = Answer(item.act.id)
        self._write(outcome)

    def _write(self, decided: Accepted | None = None) -> None:
        """Append, keep the openings, project, and write receipts for everything that waits."""
        for log, group in groupby(self.waiting, key=lambda pair: pair[1].act.log):
            self._write_log(log, list(group), decided)
        self.waiting = []

    def _write_log(self, log: str, items: list[tuple[int, Parsed]], decided: Accepted | None) -> None:
        by = self.author.by(log)
        drafts = [
            Draft(i.act.id, i.act.kind, by, {"p": i.item.p, "s": i.item.s}, orjson.loads(i.item.p))
            for _, i in items
        ]
        for number, (kind, body) in enumerate(decided.extra if decided else ()):
            entry_id = derived_id(items[0][1].act.id, str(number))
            drafts.append(Draft(entry_id, kind, by, {"body": body}, body))
        recorded = self.heads.append(self.session, log, drafts, self.now)
        openings = [(i.act.id, i.opening) for _, i in items if i.opening]
        vault.keep(self.session, log, [*openings, *(decided.vault if decided else ())])
        for room in self.door.rooms:
            self.verdicts.update(room.project(self.session, log, recorded))
        self._receipts(log, items, recorded[0].index)

    def _receipts(self, log: str, items: list[tuple[int, Parsed]], first: int) -> None:
        rows = []
        for offset, (place, item) in enumerate(items):
            verdict = self.verdicts.pop(item.act.id, OK)
            self.answers[place] = Answer(item.act.id, log, first + offset, verdict=verdict)
            rows.append(
                {"id": item.act.id, "log": log, "index": first + offset, "dev": item.act.dev}
                | {"content": item.content, "rev": self.heads.size(log)} | _stored(verdict)
            )
        self.session.execute(insert(Receipt), rows)
        revise(self.session, self.verdicts, self.heads.size(log))
        self.verdicts = {}

    def _final(self, answer: Answer) -> Answer:
        """A repetition inside the same batch learns where the first one was put."""
        if answer.refusal or answer.index >= 0:
            return answer
        first = next(a for a in self.answers.values() if a.id == answer.id and (a.refusal or a.index >= 0))
        return first if first.refusal else replace(first, duplicate=True)


def _stored(verdict: Verdict) -> dict[str, Any]:
    findings = [{"code": c, "severity": s, "params": dict(p)} for c, s, p in verdict.findings]
    return {"verdict": verdict.verdict, "findings": findings}


def revise(session: Session, verdicts: Mapping[str, Verdict], rev: int) -> None:
    """Change the verdicts of earlier acts where they differ; `rev` is what phones ask from."""
    if not verdicts:
        return
    held = {
        row.id: (row.verdict, row.findings)
        for row in session.execute(
            select(Receipt.id, Receipt.verdict, Receipt.findings).where(Receipt.id.in_(list(verdicts)))
        )
    }
    changed = []
    for act_id, verdict in verdicts.items():
        stored = _stored(verdict)
        if act_id in held and held[act_id] != (stored["verdict"], stored["findings"]):
            changed.append({"b_id": act_id, "b_rev": rev, **stored})
    if changed:
        table = Receipt.__table__
        session.connection().execute(
            update(table).where(table.c.id == bindparam("b_id"))  # type: ignore[arg-type]
            .values(rev=bindparam("b_rev"), verdict=bindparam("verdict"), findings=bindparam("findings")),
            changed,
        )
