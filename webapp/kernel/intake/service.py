"""Receive acts: parse outside the lock; lock, recognise, decide, append and project inside one transaction."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from webapp.kernel.base.db import Base, db, one_at_a_time, transaction
from webapp.kernel.base.ids import derived_id, is_derived
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.rehearsal import Place, Rehearsal, Unforeseen, rehearse
from webapp.kernel.base.rows import Lookup, Written, connection_of, insert_rows
from webapp.kernel.identity.models import Pseudonym
from webapp.kernel.intake.door import OK, Accepted, Author, Room, Verdict
from webapp.kernel.intake.format import Act
from webapp.kernel.intake.items import Parsed, parse
from webapp.kernel.intake.models import Contradiction, Receipt, SetAside
from webapp.kernel.intake.receipts import RECEIPTS, held, revise, stored
from webapp.kernel.intake.signatures import SET_ASIDE, Checked, NoPhones, Phones, Signed
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.log import Draft, ForeseenHeads, Heads, lock_heads

#: A smaller batch has the lock so briefly that to go through it beforehand costs more than it saves (bench.intake).
WORTH_REHEARSING = 25
#: The database is busy or gone: that is nobody's fault, and the phone tries again.
BUSY = (OperationalError, InterfaceError)
_log = logging.getLogger("ashiato.intake")


@dataclass(slots=True)  # frozen, it would cost ten times as much
class Answer:
    """What the door says to one item. `refusal` is None when it stands in the log at `index`."""

    id: str
    log: str = ""
    index: int = -1
    duplicate: bool = False
    verdict: Verdict = OK
    refusal: Refusal | None = None


_LOGS = Written("SELECT log FROM ledger_heads WHERE log IN (*)")
_PEOPLE = Lookup(Pseudonym.log, Pseudonym.pseudonym, by=Pseudonym.pseudonym)


class Door:
    """The door with its rooms behind it. One instance an application; holds no state of its own."""

    def __init__(self, rooms: Sequence[Room], phones: Phones | None = None) -> None:
        self.rooms = tuple(rooms)
        self.phones: Phones = phones or NoPhones()
        self._observers = {kind: room for room in rooms for kind in room.observations}
        self._deciders = {kind: room for room in rooms for kind in room.commands}

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """Logs in which an organisation may act."""
        return set().union(*(room.logs_of(session, organisation_id) for room in self.rooms))

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """A finding's or refusal's code in words."""
        return next((text for room in self.rooms if (text := room.sentence(code, params))), code)

    def receive(
        self, raw_items: Sequence[Any], author: Author, now: int, *, made_here: bool = False
    ) -> list[Answer]:
        """Take a batch: one transaction, one answer an item in the same order. Sending again is harmless.

        `now` is the server's clock in ms. Items that cannot be taken are answered with a Refusal and leave no
        trace in the log; they never spoil the others, not even where the fault is ours (`_one_by_one`).
        `made_here`: we built them ourselves, so that their ids may be worked out ones.
        """
        with one_at_a_time():
            parsed = [parse(raw) if made_here else _foreign(parse(raw)) for raw in raw_items]
            sealed = [item for item in parsed if isinstance(item, Parsed) and item.item.s]
            checked = self.phones.verify(db.session(), sealed) if sealed else {}
            return self._take(parsed, author, now, checked)

    def _take(
        self, parsed: Sequence[Parsed | Refusal], author: Author, now: int, checked: Checked
    ) -> list[Answer]:
        try:
            return self._together(parsed, author, now, checked)
        except BUSY:
            raise
        except Exception as fault:
            _log.exception("a batch could not be taken together")
            return self._one_by_one(parsed, author, now, checked, fault)

    def _together(
        self, parsed: Sequence[Parsed | Refusal], author: Author, now: int, checked: Checked
    ) -> list[Answer]:
        logs = {item.act.log for item in parsed if isinstance(item, Parsed)} & author.pseudonyms.keys()
        seen = _Rehearsed()

        def go_through(session: Session) -> None:
            if len(parsed) >= WORTH_REHEARSING:
                seen.held = rehearse(session, foreseen)

        def foreseen(session: Session, rehearsal: Rehearsal) -> tuple[ForeseenHeads, list[Answer]]:
            if any(isinstance(item, Parsed) and self.decider(item.act.kind) for item in parsed):
                raise Unforeseen("commands are decided under the lock")
            heads = ForeseenHeads(rehearsal, {log for (log,) in _LOGS.run(session, sorted(logs))})
            return heads, _Batch(self, session, heads, author, now, checked).take(parsed)

        with transaction(meanwhile=go_through) as session:
            heads = lock_heads(session, logs)
            if (answers := seen.carried_out(session, heads, now)) is not None:
                return answers
            return _Batch(self, session, heads, author, now, checked).take(parsed)

    def _one_by_one(
        self, parsed: Sequence[Parsed | Refusal], author: Author, now: int, checked: Checked, fault: Exception
    ) -> list[Answer]:
        """The act that our own fault concerns must not keep the rest of a phone's scans from their log.

        Raises the fault if nothing can be taken: then it is no single act's, and the phone will try again.
        """
        answers: list[Answer] = []
        for item in parsed:
            try:
                answers += self._together([item], author, now, checked)
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
class _Rehearsed:
    """A batch that was gone through before the lock was ours, if there was time for that."""

    held: tuple[Rehearsal, tuple[ForeseenHeads, list[Answer]]] | None = None

    def carried_out(self, session: Session, heads: Heads, now: int) -> list[Answer] | None:
        """Its answers, once it is written; None if there is nothing to write, or something has changed."""
        if self.held is None:
            return None
        rehearsal, (foreseen, answers) = self.held
        connection, sizes = connection_of(session), heads.sizes()
        if not rehearsal.still_holds(connection):
            return None
        foreseen.put(session, heads, now)
        rehearsal.carry_out(connection, sizes)
        for answer in answers:
            if isinstance(answer.index, Place):
                answer.index = answer.index.at(sizes)
        return answers


def _foreign(item: Parsed | Refusal) -> Parsed | Refusal:
    """An act with an id that we would work out for a fact of ours would stand where that fact belongs."""
    if isinstance(item, Parsed) and is_derived(item.act.id):
        return Refusal("intake.malformed", {"id": item.act.id, "where": "id"})
    return item


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

    def __init__(
        self,
        door: Door,
        session: Session,
        heads: Heads | ForeseenHeads,
        author: Author,
        now: int,
        checked: Checked,
    ) -> None:
        self.door, self.session, self.heads, self.author, self.now = door, session, heads, author, now
        self.checked = checked
        self.answers: dict[int, Answer] = {}
        self.waiting: list[tuple[int, Parsed]] = []
        self.conflicts: dict[str, Parsed] = {}
        self.aside: dict[str, tuple[str, Parsed]] = {}
        self.signers: dict[str, Author] = {}  # by act: whose signature it bears, if another one uploads it
        self.people: set[tuple[str, str]] = set()
        self.verdicts: dict[str, Verdict] = {}

    def take(self, items: Sequence[Parsed | Refusal]) -> list[Answer]:
        self.items = [item for item in items if isinstance(item, Parsed)]
        firsts = self._known([item.act.id for item in self.items])
        self._look()
        repeated: dict[int, _First] = {}
        for place, item in enumerate(items):
            if isinstance(item, Refusal):
                self.answers[place] = Answer(str(item.params.get("id", "")), refusal=item)
            elif (first := firsts.get(item.act.id)) is None:
                self._new(place, item)
                if item.content not in self.aside:  # a forgery does not stand in the way of what it imitates
                    firsts[item.act.id] = _First(item.content, place=place)
            elif first.content == item.content:
                repeated[place] = first
            else:
                self.answers[place] = self._contradicted(item)
        self._write()
        self._keep_contradictions()
        self._keep_aside()
        self.answers.update({place: self._again(first, items[place]) for place, first in repeated.items()})
        return [self.answers[place] for place in range(len(items))]

    def _look(self) -> None:
        """Who is named, and whose phones these are."""
        named = {name for item in self.items for name in item.act.wit}
        self.people = (
            {(row.log, row.pseudonym) for row in _PEOPLE.rows(self.session, named)} if named else set()
        )
        self.standing = self.door.phones.standing(self.session, self.items, self.author, self.checked)

    def _known(self, ids: Sequence[str]) -> dict[str, _First]:
        return {
            key: _First(content, log, index, held(verdict, findings))
            for key, content, log, index, verdict, findings in RECEIPTS.rows(self.session, ids)
        }

    def _again(self, first: _First, item: Any) -> Answer:
        """A repetition learns where the first one was put, or why it was not."""
        if first.place is None:
            return Answer(item.act.id, first.log, first.index, duplicate=True, verdict=first.verdict)
        answer = self.answers[first.place]
        return answer if answer.refusal else replace(answer, duplicate=True)

    def _contradicted(self, item: Parsed) -> Answer:
        """Same id, other content. Both are kept, unless a stranger says it."""
        refusal = self._not_theirs(item)
        if refusal is None:
            self.conflicts.setdefault(item.content, item)
        return Answer(item.act.id, refusal=refusal or Refusal("intake.id_conflict", {"id": item.act.id}))

    def _keep_contradictions(self) -> None:
        rows = [
            {"key": key, "id": item.act.id, "log": item.act.log, "p": item.item.p, "s": item.item.s}
            | {"uploader": self.author.person_id, "received_at": self.now}
            for key, item in self.conflicts.items()
        ]
        insert_new_rows(self.session, Contradiction, rows)

    def _new(self, place: int, item: Parsed) -> None:
        act = item.act
        refusal, room = self._not_theirs(item), self.door.decider(act.kind)
        if refusal is None and room is not None:
            self._write()  # a command is decided on everything that came before it
            author = self.signers.get(act.id, self.author)
            outcome = room.commands[act.kind](self.session, act, author, self.now)
            self._wait(place, item, outcome if isinstance(outcome, Refusal) else None)
            if isinstance(outcome, Accepted):
                self._write(outcome)
                if act.kind in self.door.phones.commands:
                    self._look()  # it may speak of a phone whose scans come next
        else:
            self._wait(place, item, refusal or self._observed(act))

    def _wait(self, place: int, item: Parsed, refusal: Refusal | None) -> None:
        self.answers[place] = Answer(item.act.id, refusal=refusal)
        if refusal is None:
            self.waiting.append((place, item))

    def _observed(self, act: Act) -> Refusal | None:
        room = self.door.observer(act.kind)
        author = self.signers.get(act.id, self.author)
        return room.check(self.session, act, author) if room else Refusal("intake.unknown_kind", {})

    def _not_theirs(self, item: Parsed) -> Refusal | None:
        """Why this person may not bring this act. Who signed it is its author, whoever brings it."""
        act = item.act
        if act.log not in self.heads:
            return Refusal("intake.not_a_party", {})
        signed = self.standing.judge(item)
        if isinstance(signed, Refusal):
            if signed.code in SET_ASIDE:
                self.aside[item.content] = signed.code, item
            return signed
        if signed is None and self.author.pseudonyms.get(act.log) != act.actor:
            return Refusal("intake.not_your_scan", {})
        if any((act.log, name) not in self.people for name in act.wit):
            return Refusal("intake.unknown_witness", {})
        if signed is not None:
            self._signed_by(act, signed)
        return None

    def _signed_by(self, act: Act, signed: Signed) -> None:
        """Remember the author; say first what must stand ahead of the act in the log."""
        self.signers[act.id] = signed.author
        if signed.before is None:
            return
        self._write()
        kind, body = signed.before
        draft = Draft(
            derived_id(act.log, kind, str(body["dev"])), kind, signed.author.by(act.log), {"body": body}, body
        )
        recorded = self.heads.append(self.session, act.log, [draft], self.now)
        for room in self.door.rooms:
            room.project(self.session, act.log, recorded)

    def _keep_aside(self) -> None:
        """What bears a signature that is not its phone's is no entry, and is not lost either."""
        rows = [
            {"key": key, "id": item.act.id, "log": item.act.log, "dev": item.act.dev, "code": code}
            | {"p": item.item.p, "s": item.item.s, "uploader": self.author.person_id, "received_at": self.now}
            for key, (code, item) in self.aside.items()
        ]
        insert_new_rows(self.session, SetAside, rows)

    def _write(self, decided: Accepted | None = None) -> None:
        """Append, keep the openings, project, and write receipts for everything that waits."""
        by_log: dict[str, list[tuple[int, Parsed]]] = {}
        for place, item in self.waiting:
            by_log.setdefault(item.act.log, []).append((place, item))
        for log, items in by_log.items():
            self._write_log(log, items, decided)
        self.waiting = []

    def _write_log(self, log: str, items: list[tuple[int, Parsed]], decided: Accepted | None) -> None:
        by, signers = self.author.by(log), self.signers
        drafts = [
            Draft(
                i.act.id, i.act.kind, signers[i.act.id].by(log) if i.act.id in signers else by,
                {"p": i.item.p, "s": i.item.s}, i.data,
            )
            for _, i in items
        ]  # fmt: skip
        for number, (kind, body) in enumerate(decided.extra if decided else ()):
            entry_id = derived_id(items[0][1].act.id, str(number))
            drafts.append(Draft(entry_id, kind, drafts[0].by, {"body": body}, body))
        recorded = self.heads.append(self.session, log, drafts, self.now)
        openings = [(vault.of_act(i.act.id), i.opening) for _, i in items if i.opening]
        vault.keep(self.session, log, [*openings, *(decided.vault if decided else ())])
        for room in self.door.rooms:
            self.verdicts.update(room.project(self.session, log, recorded))
        self._receipts(log, items, recorded[0].index)

    def _receipts(self, log: str, items: list[tuple[int, Parsed]], first: int) -> None:
        rows = []
        for offset, (place, item) in enumerate(items):
            act, index = item.act, first + offset
            verdict = self.verdicts.pop(act.id, OK)
            self.answers[place] = Answer(act.id, log, index, verdict=verdict)
            rows.append(
                {"id": act.id, "log": log, "index": index, "dev": act.dev, "content": item.content, "rev": self.now,
                 **stored(verdict)}
            )  # fmt: skip
        revise(self.session, self.verdicts, self.now)
        insert_rows(self.session, Receipt, rows)
        self.verdicts = {}


def insert_new_rows(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what is not there yet under the same key."""
    if rows:
        insert_new = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        session.execute(insert_new(table).on_conflict_do_nothing(index_elements=["key"]), rows)
