"""Ids are made where the act happens (style: UUIDv7, sortable by time of making)."""

import uuid

import uuid_utils

#: Names of derived things (a discrepancy is the same one however often it is worked out).
DERIVED = uuid.UUID("8a4c4b44-7d0e-5a2f-9d0e-0a5310a70001")


def new_id() -> str:
    """A fresh UUIDv7 (RFC 9562) as text."""
    return str(uuid_utils.uuid7())


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in its canonical, lower-case form."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def is_derived(text: str) -> bool:
    """Whether an id was worked out by `derived_id` (UUIDv5); an act of somebody else's could only claim ours early."""
    return len(text) == 36 and text[14] == "5"


def derived_id(*parts: str) -> str:
    """The same id for the same parts, for ever (UUIDv5)."""
    return str(uuid.uuid5(DERIVED, "\x1f".join(parts)))
