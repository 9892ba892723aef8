"""Small signed papers (labels, cards): fields packed one after the other, each in the one way in which it can be. Pure.

`webapp/static/pwa/supplies/packed.js` reads the same bytes; docs/parcel-label.md is the format.
"""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from webapp.kernel.phones import keys
from webapp.kernel.tlog import base45, pieces
from webapp.kernel.tlog.pieces import Pieces

#: A figure on a label or card is below this, so that browsers count exactly.
LIMIT_BITS = 52
LIMIT = 1 << LIMIT_BITS
SIGNATURE = 64
#: Bytes of a name: 20 kanji.
MOST_NAME = 60
LAST_DAY = 99_991_231
#: Control characters, and those that turn the direction of writing round: a name of ours has none.
_UNSEEN = re.compile("[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class Fault(StrEnum):
    """Why a text is not what we print."""

    OTHER = "other"  # not one of ours at all
    NEWER = "newer"  # ours, of a version that came after this program
    BROKEN = "broken"  # cut, misread or made up


class PackedError(ValueError):
    """The text does not hold what it should; `fault` says in which way."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a QR carries: the payload, and the signature over it (r and s, 32 bytes each). Nothing is verified."""

    payload: bytes
    signature: bytes

    def is_signed_by(self, key: str, purpose: bytes) -> bool:
        """Whether this key (65 bytes of a point, base64) signed this payload for this purpose. Total."""
        return keys.verify(key, purpose + self.payload, b64encode(self.signature).decode())


def text_of(prefix: str, sealed: Sealed) -> str:
    """The text of the QR, for alphanumeric mode."""
    return prefix + base45.encode(sealed.payload + sealed.signature)


def opened(prefix: str, text: str, most: int) -> Sealed:
    """Payload and signature of a text with this prefix, which ends in a version and a colon. Raises PackedError."""
    family = prefix.rstrip(":0123456789")
    if not text.startswith(prefix):
        newer = text.startswith(family) and text.removeprefix(family).partition(":")[0].isdecimal()
        raise PackedError(Fault.NEWER if newer else Fault.OTHER, "this is none of ours")
    if len(text) > most:
        raise PackedError(Fault.BROKEN, "longer than any of ours")
    try:
        raw = base45.decode(text.removeprefix(prefix))
    except ValueError:
        raise PackedError(Fault.BROKEN, "the letters are not base45") from None
    return Sealed(raw[:-SIGNATURE], raw[-SIGNATURE:])


def varint(number: int) -> bytes:
    """A figure of a label. Raises ValueError outside of 0 … 2^52."""
    if number >= LIMIT:
        raise ValueError(f"not a figure for a label: {number}")
    return pieces.varint(number)


def short(text: str, most: int) -> bytes:
    """A text after its length. Raises ValueError if it is longer than `most` bytes."""
    raw = text.encode()
    if len(raw) > most:
        raise ValueError(f"more than {most} bytes: {text}")
    return bytes([len(raw)]) + raw


def fitting(name: str, most: int = MOST_NAME) -> str:
    """A name without characters that nobody sees, cut where it would be too long for a label."""
    shown = _UNSEEN.sub("", name).strip()
    while len(shown.encode()) > most:
        shown = shown[:-1]
    return shown.rstrip()


def is_plain(text: str) -> bool:
    """Whether all of it can be seen."""
    return _UNSEEN.search(text) is None


def is_day(number: int) -> bool:
    """Whether this is a day as yyyymmdd, as far as label and phone look: a month of 12, a day of 31, from 2000."""
    return 20_000_101 <= number <= LAST_DAY and 1 <= number // 100 % 100 <= 12 and 1 <= number % 100 <= 31


def uuid_bytes(id: str) -> bytes:
    """The 16 bytes of an id in its usual writing. Raises ValueError."""
    if str(UUID(id)) != id:
        raise ValueError(f"not an id in its usual writing: {id}")
    return UUID(id).bytes


def point_bytes(key: str) -> bytes:
    """The 64 bytes of x and y. Raises keys.NoKey (a ValueError)."""
    keys.key_id(key)
    return b64decode(key)[1:]


def key_of(point: bytes) -> str:
    """The key in base64 from its x and y."""
    return b64encode(b"\x04" + point).decode()


class Reader(Pieces):
    """A payload, piece by piece. Raises PackedError where it ends too early or is written as nobody writes it."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw, broken, LIMIT_BITS)

    def short(self, most: int) -> str:
        """A text of at most so many bytes."""
        length = self.take(1)[0]
        if length > most:
            raise broken("a word is too long")
        try:
            text = self.take(length).decode()
        except UnicodeDecodeError:
            raise broken("a word is not UTF-8") from None
        if not is_plain(text):
            raise broken("a word has characters that nobody sees")
        return text

    def uuid(self) -> str:
        """An id."""
        return str(UUID(bytes=self.take(16)))

    def end(self) -> None:
        """Nothing may be left."""
        if self.rest():
            raise broken("there is more than there should be")


def broken(message: str) -> PackedError:
    """Ours, and not as we write it."""
    return PackedError(Fault.BROKEN, message)
