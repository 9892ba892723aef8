"""What one line of the log says, and the exact bytes it is hashed as. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

#: tlog-tiles gives an entry a 16-bit length.
MAX_ENTRY = 65_535
#: A log line that names one of these would hold what must be erasable: the encoder refuses it. Lower case and without
#: underscores (`_is_personal_name`); among them are the names that our own vault uses.
_WORDS = """
    name names fullname firstname lastname familyname givenname kana furigana shimei username login password
    mail email mailaddress tel telephone phone phonenumber mobile fax address street postcode zipcode jusho
    birth birthday birthdate dateofbirth sex gender age mynumber licenseplate plate
    serial serials serialnumber serialno driveserial asset assetnumber model maker partno title
    note notes memo remark remarks comment comments message freetext description salt
"""
PERSONAL = frozenset(_WORDS.split())
#: Names of organisations are no secret of anybody's, and nodes are called by them.
_MAY_BE_JAPANESE = frozenset({"organisation"})
#: 090-1234-5678, 0233(43)2111, +81 90 1234 5678, 09012345678
_TELEPHONE = re.compile(
    r"(?<![\w.-])(?:\+81[ -]?\d{1,4}|0\d{1,4})(?:[ -]|\(|\) ?)\d{1,4}(?:[ -]|\) ?)\d{3,4}(?![\w.-])"
    r"|(?<![\w.-])0[5-9]0\d{8}(?!\w)"
)


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
    """Names in `value`, at any depth, that belong in the vault and never in a log, by themselves or by what they hold:
    an e-mail address, a telephone number, words that are not ASCII.
    """
    found = set[str]()
    _look_for_personal(value, "", found)
    return found


def _look_for_personal(value: Any, where: str, found: set[str]) -> None:
    if isinstance(value, str):
        if _is_personal(value) and where not in _MAY_BE_JAPANESE:
            found.add(where)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if _is_personal_name(name):
                found.add(name)
            _look_for_personal(item, name, found)
    elif isinstance(value, list | tuple):
        for item in value:
            _look_for_personal(item, where, found)


@lru_cache(maxsize=4_096)  # few names, asked for with every scan
def _is_personal_name(name: str) -> bool:
    return name.lower().replace("_", "").replace("-", "") in PERSONAL


def _is_personal(text: str) -> bool:
    """All texts of an entry are ids, codes, addresses of machines or words of a table: ASCII, nobody's own."""
    if not text.isascii() or "@" in text:
        return True
    if text.isalnum():  # codes and hashes: no place for anything but a bare number
        return len(text) == 11 and _TELEPHONE.fullmatch(text) is not None
    return "0" in text and not _is_uuid(text) and _TELEPHONE.search(text) is not None


def _is_uuid(text: str) -> bool:
    return len(text) == 36 and text[8] == text[13] == text[18] == text[23] == "-"


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
