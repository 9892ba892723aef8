"""IDs on labels: 80 random bits and a check character. Pure; `static/pwa/scanning/codes.js` mirrors it.

The check character is a weighted sum over GF(32) (x⁵+x²+1, α = 2): c = Σ αⁱ⁺¹·dᵢ. The weights α¹…α¹⁶ and 1
(that of c itself) all differ, so every single wrong character and every swap of two different ones is found.
"""

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import xor
from typing import ClassVar, Protocol

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
BODY = 16  # random characters, 5 bits each
LENGTH = BODY + 1
MAX_TEXT = 512  # a QR may hold 2,953 bytes; none of ours is longer than this
GROUPS = ((0, 4), (4, 8), (8, 12), (12, 17))
PATHS = ("/Q/", "/T/")  # the label's address, and the public page it leads to

_STRANGER = re.compile(r"x-[0-9a-f]{20}")
_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+\Z")
_WEB = re.compile(r"HTTPS?://([^/?#\\]*)")
_END_OF_ADDRESS = re.compile(r"[/?#]")
# What hands and Japanese keyboards put between the groups: spaces, and everything that looks like a hyphen.
_DROPPED = (
    " \t\r\n\u00a0\u3000\u200b\ufeff-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\uff70\u2500\ufe63"
)
_AROUND = " \t\r\n\u00a0\u3000\u200b\ufeff"
_ALIASES = {"O": "0", "I": "1", "L": "1"}


@dataclass(frozen=True, slots=True)
class Code:
    """One of our labels. `labelled` = read with its address (a camera must ask for that), not typed bare."""

    kind: ClassVar[str] = "code"
    id: str
    labelled: bool


@dataclass(frozen=True, slots=True)
class Foreign:
    """The address of somebody else's site. Shown by its host name, never opened."""

    kind: ClassVar[str] = "foreign"
    host: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Neither. `reason` is a code of `messages.SENTENCES` that tells the person what to look at."""

    kind: ClassVar[str] = "malformed"
    reason: str


class Picks(Protocol):
    """A source of randomness: the `secrets` module, or a seeded `random.Random` in tests and demo data."""

    def choice(self, seq: str, /) -> str:
        """One element, each equally likely."""


def new_id(rng: Picks = secrets) -> str:
    """A fresh ID: 16 unguessable characters (80 bits) and their check character."""
    body = "".join(rng.choice(ALPHABET) for _ in range(BODY))
    return body + check_char(body)


def check_char(body: str) -> str:
    """The character that belongs after these 16. Raises ValueError if they are not 16 of the alphabet."""
    if len(body) != BODY:
        raise ValueError("an ID has 16 characters before its check character")
    try:
        return ALPHABET[reduce(xor, (weighted[char] for weighted, char in zip(_WEIGHTED, body, strict=True)))]
    except KeyError as stranger:
        raise ValueError("not a character of the alphabet") from stranger


def is_valid(id: str) -> bool:
    """Whether this is an ID as stored: 17 characters, upper case, no separators, right check character."""
    return len(id) == LENGTH and set(id) <= set(ALPHABET) and check_char(id[:BODY]) == id[BODY]


@lru_cache(maxsize=16_384)  # a thing is scanned at every step, and all its scans name the same code
def is_code_or_stranger(text: str) -> bool:
    """Whether a log may hold this as what was scanned: an ID of ours, or a phone's random name for what has none.

    Nothing else: what is printed on a thing (a serial number, another firm's label) lies in the vault.
    """
    return is_valid(text) or _STRANGER.fullmatch(text) is not None


def normalise(text: str) -> str | None:
    """The ID that a person meant: any case, any spaces and hyphens, full-width, O for 0, I or L for 1."""
    typed = _typed(text)
    return typed if is_valid(typed) else None


def show(id: str) -> str:
    """The ID as people read it: HWVE-N9XS-YWCX-7K2MP."""
    return "-".join(id[start:end] for start, end in GROUPS)


def parse(text: str, prefixes: Iterable[str]) -> Code | Foreign | Malformed:
    """Say what a scanned, pasted or typed text is. Total: whatever the text, there is an answer.

    `prefixes` are the public bases whose labels are ours ("https://ashiato.example"), in any case.
    """
    if len(text) > MAX_TEXT:
        return Malformed("scanning.not_a_code")
    address = _upper(text.strip(_AROUND))
    ours = [_upper(prefix) for prefix in prefixes]
    for start in [prefix + path for prefix in ours for path in PATHS]:
        if address.startswith(start):
            return _read(_END_OF_ADDRESS.split(address[len(start) :])[0], labelled=True)
    web = _WEB.match(address)
    if web is None:
        return _read(text, labelled=False)
    return Malformed("scanning.not_a_code") if web[0] in ours else Foreign(_lower(web[1].rpartition("@")[2]))


def qr_text(base: str, id: str) -> str:
    """The address on the label, in QR's alphanumeric letters. Raises ValueError if it has others."""
    text = f"{_upper(base.rstrip('/'))}/Q/{id}"
    if not is_alphanumeric(text):
        raise ValueError(f"not expressible in QR alphanumeric mode: {text}")
    return text


def is_alphanumeric(text: str) -> bool:
    """Whether QR's alphanumeric mode can hold this text (ISO/IEC 18004 table 5)."""
    return _ALPHANUMERIC.match(text) is not None


def _read(text: str, *, labelled: bool) -> Code | Malformed:
    typed = _typed(text)
    if is_valid(typed):
        return Code(typed, labelled)
    return Malformed(_why_not(typed))


def _why_not(typed: str) -> str:
    if not set(typed) <= set(ALPHABET):
        return "scanning.code_letter"
    return "scanning.code_length" if len(typed) != LENGTH else "scanning.code_check"


def _typed(text: str) -> str:
    """Fold what keyboards and hands vary; anything else stays and makes the ID invalid."""
    kept = (_half_width(char) for char in text if char not in _DROPPED)
    return "".join(_ALIASES.get(char, char) for char in _upper("".join(kept)) if char not in _DROPPED)


def _half_width(char: str) -> str:
    return chr(ord(char) - 0xFEE0) if "\uff01" <= char <= "\uff5e" else char


def _upper(text: str) -> str:
    """ASCII letters only: str.upper() would turn ı into I and ß into SS."""
    return re.sub("[a-z]+", lambda letters: letters[0].upper(), text)


def _lower(text: str) -> str:
    return re.sub("[A-Z]+", lambda letters: letters[0].lower(), text)


def _double(value: int) -> int:
    return value << 1 ^ (0b100101 if value & 16 else 0)


def _times(left: int, right: int) -> int:
    product = 0
    while right:
        product ^= left if right & 1 else 0
        left, right = _double(left), right >> 1
    return product


def _weighted() -> Iterator[dict[str, int]]:
    weight = 1
    for _ in range(BODY):
        weight = _double(weight)
        yield {char: _times(number, weight) for number, char in enumerate(ALPHABET)}


#: What each character adds to the sum, place by place: every scan's codes are checked.
_WEIGHTED = tuple(_weighted())
