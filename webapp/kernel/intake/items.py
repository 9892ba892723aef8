"""Items as they come in: is their form right? Asked outside of the lock."""

from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.intake.door import place_of
from webapp.kernel.intake.format import Act, Item
from webapp.kernel.ledger.entries import NotCanonical, canonical, personal_fields
from webapp.kernel.ledger.vault import Opening

#: Bytes of the signed string inside the log's JSON; the rest of an entry's 65,535 is ours.
MAX_SIGNED = 60_000
MAX_BODY = 32_768


class Parsed(NamedTuple):
    """An item whose form is right. `content` is the hash by which a repetition is recognised."""

    act: Act
    data: dict[str, Any]
    item: Item
    content: str
    opening: Opening | None


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
        body = canonical(act.body) if act.body else b"{}"  # most scans have none
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
    if act.body and (personal := personal_fields(act.body)):
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
