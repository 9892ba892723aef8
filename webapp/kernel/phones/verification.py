"""All signatures and chains of a log, checked from its entries alone: no table of ours is asked. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from webapp.kernel.phones.entries import ENROLLED, PASS, REVOKED
from webapp.kernel.phones.keys import hash_of, verify
from webapp.kernel.phones.rules import Finding, Link, Loss, Start, after_loss, findings_at, holes, joined


class Fault(NamedTuple):
    """An entry that should not stand in the log as it does. `code`: forged, unsigned, other_author or pass_unsigned."""

    entry: int
    code: str


@dataclass(slots=True)
class _Phone:
    key: str
    start: Start
    loss: Loss | None = None
    links: list[Link] = field(default_factory=list)


@dataclass(slots=True)
class Audit:
    """What was found while going through a log, entry by entry, in its order."""

    entries: int = 0
    acts: int = 0
    good: int = 0
    unsigned: int = 0
    unknown: int = 0
    faults: list[Fault] = field(default_factory=list)
    _phones: dict[str, _Phone] = field(default_factory=dict)
    _until: dict[str, int] = field(default_factory=dict)
    _over: set[str] = field(default_factory=set)

    def take(self, entries: Iterable[bytes]) -> None:
        """The next entries of the log. Raises ValueError or KeyError for what is no entry of ours."""
        for raw in entries:
            line = orjson.loads(raw)
            data = orjson.loads(line["p"]) if "p" in line else line["body"]
            if "p" in line and data.get("dev"):
                self._act(line, data)
            if line["kind"] in (ENROLLED, PASS, REVOKED):
                self._phone(line, data["body"] if "p" in line else data)
            self.entries += 1

    def findings(self) -> dict[Finding, int]:
        """How many of each kind the chains give."""
        found: dict[Finding, int] = dict.fromkeys(Finding, 0)
        for phone in self._phones.values():
            for code in _along(phone):
                found[code] += 1
            for code in after_loss(phone.links, phone.loss).values() if phone.loss else ():
                found[code] += 1
        found[Finding.PASS_OVER] = len(self._over)
        return found

    @property
    def phones(self) -> int:
        """Phones with a key."""
        return len(self._phones)

    def _act(self, line: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        self.acts += 1
        phone, signature, seq = self._phones.get(data["dev"]), line["s"], data.get("seq", 0)
        if phone is None:
            self.unknown += bool(signature)
            self.unsigned += not signature
        elif not signature:
            self.unsigned += 1
            if seq >= phone.start.first:
                self.faults.append(Fault(self.entries, "unsigned"))
        elif not verify(phone.key, line["p"].encode(), signature):
            self.faults.append(Fault(self.entries, "forged"))
        else:
            self._signed(phone, line, data)

    def _signed(self, phone: _Phone, line: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        self.good += 1
        if line["by"]["actor"] != data["actor"]:
            self.faults.append(Fault(self.entries, "other_author"))
        at = data["at"] + (data.get("off") or 0)
        if data["seq"] >= phone.start.first:
            hashed = hash_of(line["p"].encode())
            place = (at, line["rec"], self.entries, data.get("job", ""))
            phone.links.append(Link(line["id"], data["seq"], hashed, data.get("prev", ""), *place))
        if at > self._until.get(data["actor"], at):
            self._over.add(line["id"])

    def _phone(self, line: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        known = self._phones.get(body["dev"])
        if line["kind"] == REVOKED:
            if known and known.loss is None:
                known.loss = Loss(body["lost_at"], self.entries)
            return
        if line["kind"] == PASS:
            self._until[body["holder"]] = body["until"]
            if not line.get("s"):
                self.faults.append(Fault(self.entries, "pass_unsigned"))
        if known is None:
            start = Start(body.get("from", 1), (body.get("seam") or {}).get("hash", ""))
            self._phones[body["dev"]] = _Phone(body["key"], start)


def _along(phone: _Phone) -> list[Finding]:
    by_seq: dict[int, list[Link]] = {}
    for link in phone.links:
        by_seq.setdefault(link.seq, []).append(link)
    gaps = holes(joined((), by_seq), phone.start.first)
    told = (
        findings_at(seq, here, by_seq.get(seq - 1, ()), gaps, phone.start) for seq, here in by_seq.items()
    )
    return [found.code for each in told for found in each]
