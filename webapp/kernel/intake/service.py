"""Receive acts: parse outside the lock; lock, recognise, decide, append and project inside one transaction."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from webapp.kernel.base.db import one_at_a_time, transaction
from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.rows import Lookup, insert_rows, update_rows
from webapp.kernel.identity.models import Pseudonym
from webapp.kernel.intake.door import OK, Accepted, Author, Room, Verdict, place_of
from webapp.kernel.intake.format import Act, Item
from webapp.kernel.intake.models import Contradiction, Receipt
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.entries import NotCanonical, canonical, personal_fields
from webapp.kernel.ledger.log import Draft, Heads, lock_heads
from webapp.kernel.ledger.vault import Opening

#: The database is busy or gone: that is nobody's fault, and the phone tries again.
BUSY = (OperationalError, InterfaceError)
_log = logging.getLogger("ashiato.intake")


class Parsed(NamedTuple):
    """An item whose form is right. `content` is the hash by which a repetition is recognised."""

    act: Act
    data: dict[str, Any]
    item: Item
    content: str
    opening: Opening | None


@dataclass(slots=True)  # frozen, it would cost ten times as much
class Answer:
    """What the door says to one item. `refusal` is None when it stands in the log at `index`."""

    id: str
    log: str = ""
    index: int = -1
    duplicate: bool = False
    verdict: Verdict = OK
    refusal: Refusal | None = None


_PEOPLE = Lookup(Pseudonym.log, Pseudonym.pseudonym, by=Pseudonym.pseudonym)
_RECEIPTS = Lookup(
    Receipt.id, Receipt.content, Receipt.log, Receipt.index, Receipt.verdict, Receipt.findings, by=Receipt.id
)
#: Bytes of the signed string inside the log's JSON; the rest of an entry's 65,535 is ours.
MAX_SIGNED = 60_000
MAX_BODY = 32_768


def parse(raw: Any) -> Parsed | Refusal:
    """Check the form of one item: the signed string, no personal data in it, and the opening of its commitment.

    Total: whatever was sent, the answer is one of the two. The string must be compact JSON that names each field
    once (what JSON.stringify writes): two readers could understand anything else differently, and a field that is
    said twice would be a place to hide a name in.
    """
    try:
        item = raw if isinstance(raw, Item) else Item.model_validate(raw)
        data = orjson.loads(item.p)
        act = Act.model_validate(data)
        body = canonical(act.body)
    except ValidationError as problem:
        return _malformed(raw, place_of(problem))
    except NotCanonical:
        return _malformed(raw, "body")
    except ValueError:
        return _malformed(raw, "p")
    if orjson.dumps(data) != item.p.encode() or _is_too_long(item.p):
        return _malformed(raw, "p")
    if len(body) > MAX_BODY:
        return _malformed(raw, "body")
    if personal := personal_fields(act.body):
        return Refusal("intake.personal_data", {"id": act.id, "where": ", ".join(sorted(personal))})
    return _with_opening(act, data, item)


def _is_too_long(signed: str) -> bool:
    """A character becomes at most six bytes (\\u0000), so that most strings need not be written out to be measured."""
    return 6 * len(signed) > MAX_SIGNED and len(orjson.dumps(signed)) > MAX_SIGNED


def _malformed(raw: Any, where: str) -> Refusal:
    return Refusal("intake.malformed", {"id": _id_in(raw), "where": where})


def _with_opening(act: Act, data: dict[str, Any], item: Item) -> Parsed | Refusal:
    opening = Opening(item.open.salt, item.open.data) if item.open else None
    try:
        fits = opening is None or opening.commit == act.commit
        if opening and len(orjson.dumps(opening.data)) > MAX_BODY:
            return Refusal("intake.malformed", {"id": act.id, "where": "open"})
    except NotCanonical:
        return Refusal("intake.malformed", {"id": act.id, "where": "open"})
    if not fits:
        return Refusal("intake.commitment", {"id": act.id})
    return Parsed(act, data, item, sha256(item.p.encode()).hexdigest(), opening)


def _id_in(raw: Any) -> str:
    """The id of an item that does not parse, so that the phone can tell which one it was."""
    try:
        found = orjson.loads(raw.p if isinstance(raw, Item) else raw["p"])["id"]
    except (ValueError, KeyError, TypeError):
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
        trace in the log; they never spoil the others, not even where the fault is ours (`_one_by_one`).
        """
        with one_at_a_time():
            return self._take([parse(raw) for raw in raw_items], author, now)

    def _take(self, parsed: Sequence[Parsed | Refusal], author: Author, now: int) -> list[Answer]:
        try:
            return self._together(parsed, author, now)
        except BUSY:
            raise
        except Exception as fault:
            _log.exception("a batch could not be taken together")
            return self._one_by_one(parsed, author, now, fault)

    def _together(self, parsed: Sequence[Parsed | Refusal], author: Author, now: int) -> list[Answer]:
        logs = {item.act.log for item in parsed if isinstance(item, Parsed)}
        with transaction() as session:
            heads = lock_heads(session, logs & author.pseudonyms.keys())
            return _Batch(self, session, heads, author, now).take(parsed)

    def _one_by_one(
        self, parsed: Sequence[Parsed | Refusal], author: Author, now: int, fault: Exception
    ) -> list[Answer]:
        """The act that our own fault concerns must not keep the rest of a phone's scans from their log.

        Raises the fault if nothing can be taken: then it is no single act's, and the phone will try again.
        """
        answers: list[Answer] = []
        for item in parsed:
            try:
                answers += self._together([item], author, now)
            except BUSY:
                raise
            except Exception:
                _log.exception("an act could not be taken")
                act_id = item.act.id if isinstance(item, Parsed) else ""
                answers.append(Answer(act_id, refusal=Refusal("intake.fault", {})))
        if all(answer.refusal for answer in answers):
            raise fault
        return answers

    def observer(self, kind: str) -> Room | None:
        """The room that takes observations of this kind."""
        return self._observers.get(kind)

    def decider(self, kind: str) -> Room | None:
        """The room that decides commands of this kind."""
        return self._deciders.get(kind)


@dataclass(slots=True)
class _First:
    """The act that stands under an id: where, with which content, and what it is worth."""

    content: str
    log: str = ""
    index: int = -1
    verdict: Verdict = OK
    place: int | None = None  # in this very batch


class _Batch:
    """One batch inside its transaction."""

    def __init__(self, door: Door, session: Session, heads: Heads, author: Author, now: int) -> None:
        self.door, self.session, self.heads, self.author, self.now = door, session, heads, author, now
        self.answers: dict[int, Answer] = {}
        self.waiting: list[tuple[int, Parsed]] = []
        self.conflicts: dict[str, Parsed] = {}
        self.people: set[tuple[str, str]] = set()
        self.verdicts: dict[str, Verdict] = {}

    def take(self, items: Sequence[Parsed | Refusal]) -> list[Answer]:
        firsts = self._known([item.act.id for item in items if isinstance(item, Parsed)])
        named = {name for item in items if isinstance(item, Parsed) for name in item.act.wit}
        self.people = (
            {(row.log, row.pseudonym) for row in _PEOPLE.rows(self.session, named)} if named else set()
        )
        repeated: dict[int, _First] = {}
        for place, item in enumerate(items):
            if isinstance(item, Refusal):
                self.answers[place] = Answer(str(item.params.get("id", "")), refusal=item)
            elif (first := firsts.get(item.act.id)) is None:
                firsts[item.act.id] = _First(item.content, place=place)
                self._new(place, item)
            elif first.content == item.content:
                repeated[place] = first
            else:
                self.answers[place] = self._contradicted(item)
        self._write()
        self._keep_contradictions()
        self.answers.update({place: self._again(first, items[place]) for place, first in repeated.items()})
        return [self.answers[place] for place in range(len(items))]

    def _known(self, ids: Sequence[str]) -> dict[str, _First]:
        return {
            key: _First(content, log, index, held(verdict, findings))
            for key, content, log, index, verdict, findings in _RECEIPTS.rows(self.session, ids)
        }

    def _again(self, first: _First, item: Any) -> Answer:
        """A repetition learns where the first one was put, or why it was not."""
        if first.place is None:
            return Answer(item.act.id, first.log, first.index, duplicate=True, verdict=first.verdict)
        answer = self.answers[first.place]
        return answer if answer.refusal else replace(answer, duplicate=True)

    def _contradicted(self, item: Parsed) -> Answer:
        """Same id, other content. Both are kept, unless a stranger says it."""
        refusal = self._not_theirs(item.act)
        if refusal is None:
            self.conflicts.setdefault(item.content, item)
        return Answer(item.act.id, refusal=refusal or Refusal("intake.id_conflict", {"id": item.act.id}))

    def _keep_contradictions(self) -> None:
        rows = [
            {"key": key, "id": item.act.id, "log": item.act.log, "p": item.item.p, "s": item.item.s}
            | {"uploader": self.author.person_id, "received_at": self.now}
            for key, item in self.conflicts.items()
        ]
        if rows:
            insert_new = (
                sqlite.insert if self.session.get_bind().dialect.name == "sqlite" else postgresql.insert
            )
            self.session.execute(
                insert_new(Contradiction).on_conflict_do_nothing(index_elements=["key"]), rows
            )

    def _new(self, place: int, item: Parsed) -> None:
        act = item.act
        refusal, room = self._not_theirs(act), self.door.decider(act.kind)
        if refusal is None and room is not None:
            self._write()  # a command is decided on everything that came before it
            outcome = room.commands[act.kind](self.session, act, self.author, self.now)
            self._wait(place, item, outcome if isinstance(outcome, Refusal) else None)
            if isinstance(outcome, Accepted):
                self._write(outcome)
        else:
            self._wait(place, item, refusal or self._observed(act))

    def _wait(self, place: int, item: Parsed, refusal: Refusal | None) -> None:
        self.answers[place] = Answer(item.act.id, refusal=refusal)
        if refusal is None:
            self.waiting.append((place, item))

    def _observed(self, act: Act) -> Refusal | None:
        room = self.door.observer(act.kind)
        return room.check(self.session, act, self.author) if room else Refusal("intake.unknown_kind", {})

    def _not_theirs(self, act: Act) -> Refusal | None:
        if act.log not in self.heads:
            return Refusal("intake.not_a_party", {})
        if self.author.pseudonyms.get(act.log) != act.actor:
            return Refusal("intake.not_your_scan", {})
        if any((act.log, name) not in self.people for name in act.wit):
            return Refusal("intake.unknown_witness", {})
        return None

    def _write(self, decided: Accepted | None = None) -> None:
        """Append, keep the openings, project, and write receipts for everything that waits."""
        by_log: dict[str, list[tuple[int, Parsed]]] = {}
        for place, item in self.waiting:
            by_log.setdefault(item.act.log, []).append((place, item))
        for log, items in by_log.items():
            self._write_log(log, items, decided)
        self.waiting = []

    def _write_log(self, log: str, items: list[tuple[int, Parsed]], decided: Accepted | None) -> None:
        by = self.author.by(log)
        drafts = [Draft(i.act.id, i.act.kind, by, {"p": i.item.p, "s": i.item.s}, i.data) for _, i in items]
        for number, (kind, body) in enumerate(decided.extra if decided else ()):
            entry_id = derived_id(items[0][1].act.id, str(number))
            drafts.append(Draft(entry_id, kind, by, {"body": body}, body))
        recorded = self.heads.append(self.session, log, drafts, self.now)
        openings = [(vault.of_act(i.act.id), i.opening) for _, i in items if i.opening]
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
                | {"content": item.content, "rev": self.now}
                | stored(verdict)
            )
        insert_rows(self.session, Receipt, rows)
        revise(self.session, self.verdicts, self.now)
        self.verdicts = {}


def stored(verdict: Verdict) -> dict[str, Any]:
    """A verdict as receipts hold it."""
    findings = [{"code": c, "severity": s, "params": dict(p)} for c, s, p in verdict.findings]
    return {"verdict": verdict.verdict, "findings": findings}


def held(verdict: str, findings: Sequence[Mapping[str, Any]]) -> Verdict:
    """The verdict that a receipt holds."""
    return Verdict(verdict, tuple((f["code"], f["severity"], f["params"]) for f in findings))


def revise(session: Session, verdicts: Mapping[str, Verdict], rev: int) -> None:
    """Change the verdicts of earlier acts where they differ; `rev` (ms) is what phones ask from."""
    wanted = {act: stored(verdict) for act, verdict in verdicts.items()}
    now = {
        row.id: {"verdict": row.verdict, "findings": row.findings} for row in _RECEIPTS.rows(session, wanted)
    }
    changed = [{"id": act, "rev": rev, **wanted[act]} for act in now if now[act] != wanted[act]]
    update_rows(session, Receipt, "id", changed)
