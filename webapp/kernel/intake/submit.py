"""Web forms go through the same door as phones: the act is built here, its id was made in the page."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import has_request_context, request
from sqlalchemy import select

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import is_derived, is_id, new_id
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.identity.login import current_person
from webapp.kernel.identity.models import Person
from webapp.kernel.intake.api import author_of, door
from webapp.kernel.intake.service import Answer
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.entries import decode
from webapp.kernel.ledger.models import LedgerEntry


def submit(
    kind: str,
    log: str,
    body: Mapping[str, Any],
    private: Mapping[str, Any] | None = None,
    *,
    act_id: str = "",
    **fields: Any,
) -> Answer:
    """Carry out a command of the person who is logged in. The same `act_id` twice is one act (a double
    click).

    The answer holds a Refusal where the command was refused. Raises NotFound for a log that is not theirs.
    """
    return submit_as(current_person(), kind, log, body, private, act_id=act_id, **fields)


def submit_as(
    person: Person,
    kind: str,
    log: str,
    body: Mapping[str, Any],
    private: Mapping[str, Any] | None = None,
    *,
    act_id: str = "",
    **fields: Any,
) -> Answer:
    """The same for somebody who is known in another way, as on the command line."""
    author, now = author_of(person), now_ms()
    if log not in author.pseudonyms:
        raise NotFound
    opening = vault.seal(private) if private else None
    act = {
        "v": 1,
        "id": act_id if is_id(act_id) and not _is_typed(act_id) else new_id(),
        "log": log,
        "kind": kind,
        "actor": author.pseudonyms[log],
        "at": now,
        "src": "form",
        "body": dict(body),
        "commit": opening.commit if opening else "",
        **fields,
    }
    item = {"p": orjson.dumps(act).decode(), "s": ""}
    if opening:
        item["open"] = {"salt": opening.salt, "data": dict(opening.data)}  # type: ignore[assignment]
    if done := _done_already(act, private):
        return done
    (answer,) = door().receive([item], author, now, made_here=True)
    if answer.refusal and answer.refusal.code == "intake.id_conflict":
        return _done_already(act, private) or answer  # both clicks were under way at once
    return answer


def _is_typed(act_id: str) -> bool:
    """Whether a form claims an id that only we work out; a page of ours never holds one."""
    return is_derived(act_id) and has_request_context() and act_id in request.form.values()


def carried_out(log: str, act_id: str, kind: str) -> Mapping[str, Any] | None:
    """The body of a command of this kind that was recorded under this id, or None."""
    entry = _entry(log, act_id)
    data = decode(entry.index, entry.raw).data if entry and entry.kind == kind else None
    return data["body"] if data else None


def _done_already(act: Mapping[str, Any], private: Mapping[str, Any] | None) -> Answer | None:
    """The first answer, if the same form was sent before: it differs only in the moment and in the salt."""
    entry = _entry(act["log"], act["id"])
    if entry is None or entry.kind != act["kind"]:
        return None
    first = decode(entry.index, entry.raw).data
    same = all(first.get(name) == act[name] for name in ("actor", "body"))
    subject = vault.of_act(act["id"])
    held = vault.read(db.session(), act["log"], [subject]).get(subject) if private else None
    return Answer(act["id"], act["log"], entry.index, duplicate=True) if same and held == private else None


def _entry(log: str, act_id: str) -> LedgerEntry | None:
    return db.session.scalar(select(LedgerEntry).where(LedgerEntry.log == log, LedgerEntry.id == act_id))
