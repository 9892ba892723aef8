"""What the large QR of a parcel's label says, signed by its municipality: readable without any network. Pure.

docs/parcel-label.md is the format; `webapp/static/pwa/supplies/label.js` reads the same bytes, and both pass
tests/vectors/parcel_labels.json. No name of a person, no address: the shelter stands there by its id alone.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from webapp.kernel.scanning import codes
from webapp.supplies.labels import packed
from webapp.supplies.labels.packed import Fault, PackedError, Reader, Sealed, broken

#: What our scanners know the QR by; the figure is the version of the format.
PREFIX = "ASHIATO-L1:"
#: What the signature is for: a key signs labels and cards, and never one for the other.
PURPOSE = b"ashiato/label/v1\n"
MOST_CHARACTERS = 480
MOST_QUANTITY = 1_000_000
MOST_PARCELS = 10_000
MOST_WORD = 32

_COLD, _HEAVY, _DANGEROUS, _FRAGILE, _DRILL, _DECLARED, _NAMED = (1 << bit for bit in range(7))
_ITEM = re.compile(r"[A-Z][0-9A-Z]{1,7}")
_VARIANT = re.compile(r"[0-9A-Za-z._-]{0,24}")
_UNIT = re.compile(r"[0-9a-z_]{1,32}")
_LOG = re.compile(r"[0-9]{6}")
KEY_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Contents:
    """One parcel. Days are yyyymmdd, `best_before` 0 = none; `allergens` None = not declared, else bit i stands
    for the i-th of `catalogue.ALLERGENS`; `name` only for items that the base list does not have.
    """

    log: str
    parcel: str
    k: int
    n: int
    item: str
    unit: str
    quantity: int
    shelter: str
    issued: int
    variant: str = ""
    name: str = ""
    best_before: int = 0
    allergens: int | None = None
    cold: bool = False
    heavy: bool = False
    dangerous: bool = False
    fragile: bool = False
    drill: bool = False

    def fault(self) -> str:
        """What no label can say, or ""."""
        checks = {
            "log": _LOG.fullmatch(self.log),
            "parcel": codes.is_valid(self.parcel),
            "k": 1 <= self.k <= self.n <= MOST_PARCELS,
            "item": _ITEM.fullmatch(self.item),
            "variant": _VARIANT.fullmatch(self.variant),
            "unit": _UNIT.fullmatch(self.unit),
            "quantity": 1 <= self.quantity <= MOST_QUANTITY,
            "best_before": self.best_before == 0 or packed.is_day(self.best_before),
            "issued": packed.is_day(self.issued),
            "name": packed.is_plain(self.name) and len(self.name.encode()) <= packed.MOST_NAME,
            "allergens": self.allergens is None or 0 <= self.allergens < packed.LIMIT,
        }
        return next((name for name, good in checks.items() if not good), "")


@dataclass(frozen=True, slots=True)
class Label:
    """What a QR says, by which key it says to be signed, and the signed bytes. Nothing is verified."""

    contents: Contents
    key_id: str
    sealed: Sealed

    def is_signed_by(self, key: str) -> bool:
        """Whether this public key (base64 of 65 bytes) signed it. Total."""
        return self.sealed.is_signed_by(key, PURPOSE)


def mask(allergens: Sequence[str], order: Sequence[str]) -> int:
    """Allergens as bits: bit i stands for the i-th of `order`. Raises ValueError for one that is not there."""
    return sum(1 << order.index(code) for code in set(allergens))


def encode(contents: Contents, key_id: str, sign: Callable[[bytes], bytes]) -> str:
    """The text of the QR, for alphanumeric mode. `sign` answers r and s (64 bytes) over what it is given.

    Raises ValueError for contents that no label can say.
    """
    if fault := contents.fault():
        raise ValueError(f"a label cannot say this: {fault}")
    payload = _payload(contents, key_id)
    return packed.text_of(PREFIX, Sealed(payload, sign(PURPOSE + payload)))


def read(text: str) -> Label | Fault:
    """What a scanned text says. Total: whatever the text, there is an answer; nothing is verified."""
    try:
        return _read(packed.opened(PREFIX, text, MOST_CHARACTERS))
    except PackedError as problem:
        return problem.fault


def _payload(c: Contents, key_id: str) -> bytes:
    if not KEY_ID.fullmatch(key_id):
        raise ValueError("a key's name is 16 hex digits")
    pieces = [
        bytes([_flags(c)]),
        int(c.log).to_bytes(3),
        bytes.fromhex(key_id),
        _code_bytes(c.parcel),
        packed.uuid_bytes(c.shelter),
        *(packed.varint(number) for number in (c.k, c.n, c.quantity, c.best_before, c.issued)),
        packed.varint(c.allergens) if c.allergens is not None else b"",
        *(packed.short(word, MOST_WORD) for word in (c.item, c.variant, c.unit)),
        packed.short(c.name, packed.MOST_NAME) if c.name else b"",
    ]
    return b"".join(pieces)


def _flags(c: Contents) -> int:
    bits = {
        _COLD: c.cold,
        _HEAVY: c.heavy,
        _DANGEROUS: c.dangerous,
        _FRAGILE: c.fragile,
        _DRILL: c.drill,
        _DECLARED: c.allergens is not None,
        _NAMED: bool(c.name),
    }
    return sum(bit for bit, is_set in bits.items() if is_set)


def _read(sealed: Sealed) -> Label:
    reader = Reader(sealed.payload)
    flags, log, key_id = reader.take(1)[0], int.from_bytes(reader.take(3)), reader.take(8).hex()
    parcel, shelter = _code_of(reader.take(10)), reader.uuid()
    k, n, quantity, best_before, issued = (reader.varint() for _ in range(5))
    allergens = reader.varint() if flags & _DECLARED else None
    item, variant, unit = (reader.short(MOST_WORD) for _ in range(3))
    contents = Contents(
        f"{log:06}", parcel, k, n, item, unit, quantity, shelter, issued, variant, "", best_before, allergens
    )
    name = reader.short(packed.MOST_NAME) if flags & _NAMED else ""
    reader.end()
    found = replace(contents, name=name, **_marks(flags))
    if flags > 0x7F or bool(name) != bool(flags & _NAMED) or found.fault():
        raise broken("no label says this")
    return Label(found, key_id, sealed)


def _marks(flags: int) -> dict[str, Any]:
    return {
        "cold": bool(flags & _COLD),
        "heavy": bool(flags & _HEAVY),
        "dangerous": bool(flags & _DANGEROUS),
        "fragile": bool(flags & _FRAGILE),
        "drill": bool(flags & _DRILL),
    }


def _code_bytes(code: str) -> bytes:
    """The 80 random bits; the check character follows from them."""
    number = 0
    for letter in code[: codes.BODY]:
        number = number << 5 | codes.ALPHABET.index(letter)
    return number.to_bytes(10)


def _code_of(raw: bytes) -> str:
    number = int.from_bytes(raw)
    body = "".join(codes.ALPHABET[number >> 5 * place & 31] for place in reversed(range(codes.BODY)))
    return body + codes.check_char(body)
