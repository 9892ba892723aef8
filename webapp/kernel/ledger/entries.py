"""What one line of the log says, and the exact bytes it is hashed as. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

#: tlog-tiles gives an entry a 16-bit length.
MAX_ENTRY = 65_535
#: A log line that names one of these would hold what must be erasable: the encoder refuses it.
PERSONAL = frozenset({"name", "serial", "email", "mail", "phone_number", "address", "note", "login", "tel"})


@dataclass(frozen=True, slots=True)
class By:
    """Who acted: a pseudonym of this log, the organisation, the roles held at that moment."""

    actor: str
    org: str
    roles: tuple[str, ...]


@dataclass(slots=True)  # frozen, a row would cost ten times as much
class Recorded:
    """An entry as projections read it: where it stands, who wrote it, what it says (`data`)."""

    log: str
    index: int
    id: str
    kind: str
    recorded_at: int
    by: By
    data: Mapping[str, Any]


class NotCanonical(ValueError):
    """The value holds something whose bytes two programs could write differently, or that must not be in a log."""


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a value made of objects with ASCII names, arrays, strings, integers, booleans and null.

    Raises NotCanonical for floats, other types, or integers beyond 2^53. With these limits the sorted, compact
    JSON that orjson writes is the same as JCS (a test compares it with the `rfc8785` package).
    """
    _check(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


#: Deeper than anything we write; a hostile value must not exhaust the stack.
MAX_DEPTH = 16


def _check(value: Any, depth: int = 0) -> None:  # noqa: C901 - one case a type, read at a glance
    if depth > MAX_DEPTH:
        raise NotCanonical("nested too deeply")
    match value:
        case bool() | None:
            return
        case str():
            if "\0" in value:
                raise NotCanonical("PostgreSQL holds no NUL")
        case int():
            if abs(value) > 2**53 - 1:
                raise NotCanonical("integer beyond 2^53")
        case list() | tuple():
            for item in value:
                _check(item, depth + 1)
        case dict():
            for key, item in value.items():
                if not (isinstance(key, str) and key.isascii() and "\0" not in key):
                    raise NotCanonical("object names are ASCII strings")
                _check(item, depth + 1)
        case _:
            raise NotCanonical(f"{type(value).__name__} has no canonical bytes")


def personal_fields(value: Any) -> set[str]:
    """Names in `value`, at any depth, that belong in the vault and never in a log."""
    if isinstance(value, Mapping):
        found = PERSONAL & value.keys()
        return set(found).union(*(personal_fields(item) for item in value.values()))
    if isinstance(value, list | tuple):
        return set().union(*(personal_fields(item) for item in value))
    return set()


def encode(log: str, entry_id: str, kind: str, recorded_at: int, by: By, content: Mapping[str, Any]) -> bytes:
    """The bytes of an entry. `content` is {"p": signed string, "s": signature} as a phone sent it, or {"body": …}.

    Raises NotCanonical if they would exceed 65,535 bytes, cannot be canonical, or name something personal.
    """
    # `p` and `s` are strings that intake has checked, so only a body that we made ourselves needs the walk
    if "body" in content:
        _check(content["body"])
        if personal := personal_fields(content["body"]):
            raise NotCanonical(f"{', '.join(sorted(personal))} belongs in the vault")
    line = {
        "v": 1,
        "log": log,
        "id": entry_id,
        "kind": kind,
        "rec": recorded_at,
        "by": {"actor": by.actor, "org": by.org, "roles": by.roles},
        **content,
    }
    encoded = orjson.dumps(line, option=orjson.OPT_SORT_KEYS)
    if len(encoded) > MAX_ENTRY:
        raise NotCanonical("an entry holds at most 65,535 bytes")
    return encoded


def decode(index: int, raw: bytes) -> Recorded:
    """The entry in these bytes. Raises ValueError or KeyError if they are not one of ours."""
    line = orjson.loads(raw)
    by = By(line["by"]["actor"], line["by"]["org"], tuple(line["by"]["roles"]))
    data = orjson.loads(line["p"]) if "p" in line else line["body"]
    return Recorded(line["log"], index, line["id"], line["kind"], line["rec"], by, data)
