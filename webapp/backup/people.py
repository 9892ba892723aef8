"""What a log alone says about people and organisations: pseudonyms, random ids, roles. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from webapp.kernel.identity.roles import SYSTEM
from webapp.kernel.ledger.entries import Recorded


def people_in(entries: Iterable[Recorded]) -> dict[str, str]:
    """Pseudonym → id of the organisation; "" for somebody who never acted, only stood by or took over."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry.by.actor != SYSTEM:
            found[entry.by.actor] = entry.by.org
        for name in _named(entry.data):
            found.setdefault(name, "")
    return found


def _named(data: Mapping[str, Any]) -> Iterator[str]:
    yield from data.get("wit", ())
    body = data.get("body")
    if isinstance(body, Mapping) and str(body.get("to", "")).startswith("p-"):
        yield str(body["to"])


#: The kind of organisation in which such a role exists (`identity.roles.ROLES_OF_KIND`).
_KINDS = {"driver": "carrier", "shelter": "shelter", "supporter": "supporter"}


def organisations_in(entries: Iterable[Recorded], owner: str) -> dict[str, str]:
    """Id → kind of every organisation that acted; `owner` is the municipality whose log it is."""
    found = {owner: "municipality"}
    for entry in entries:
        if entry.by.org not in found:
            itad = any(role.startswith("itad_") for role in entry.by.roles)
            found[entry.by.org] = "itad" if itad else _KINDS.get(entry.by.roles[0], "supporter")
    return found
