"""What two phones show each other as QR at a hand-over, without a network: docs/handover.md is the format. Pure.

`webapp/static/pwa/exchange/` does the same in the browser; both pass tests/vectors/exchange.json.
"""

import zlib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from webapp.kernel.tlog import base45
from webapp.kernel.tlog.words import eight_words

#: Longer than any exchange, short enough that a hostile symbol costs nothing to unpack.
MOST_BYTES = 65_535
#: Scans in one exchange: a truck holds fewer cages.
MOST_SIGNED = 24
#: What one QR holds that a phone still reads from another phone's screen (version 27, level L).
MOST_IN_ONE = 2_132
#: Letters of each where one is not enough.
PART = 1_000
MOST_PARTS = 40


class Kind(StrEnum):
    """What a QR is; the figure behind it is the version of the format."""

    OFFER = "ASHIATO-H1"  # 引渡: signed hand-overs
    ANSWER = "ASHIATO-A1"  # 受取・受取拒否: signed answers
    PHONE = "ASHIATO-K1"  # a substitute's phone and its public key
    PASS = "ASHIATO-P1"  # 当日券: a signed day pass  # noqa: S105 - a name


_KINDS = frozenset(map(str, Kind))


class Signed(NamedTuple):
    """One act as a phone signed it: the exact string, and the signature in base64 or ""."""

    p: str
    s: str


class ExchangeError(ValueError):
    """The QR does not hold what it should."""


def encode(kind: Kind, signed: Sequence[Signed]) -> str:
    """The text of the QR, for alphanumeric mode: kind, a colon, base45 of deflated lines (p, s, p, s …)."""
    lines = "\n".join(line for pair in signed for line in pair).encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return f"{kind}:{base45.encode(packer.compress(lines) + packer.flush())}"


def decode(text: str) -> tuple[Kind, list[Signed]]:
    """What a whole text holds. Raises ExchangeError; no signature is verified."""
    head, colon, letters = text.partition(":")
    if not colon or head not in _KINDS:
        raise ExchangeError("this is no exchange")
    try:
        packed = base45.decode(letters)
        opener = zlib.decompressobj(-15)
        lines = opener.decompress(packed, MOST_BYTES + 1)
    except (ValueError, zlib.error):
        raise ExchangeError("the letters do not unpack") from None
    if len(lines) > MOST_BYTES or not opener.eof or opener.unused_data:
        raise ExchangeError("this is not just one exchange")
    return Kind(head), _pairs(lines)


def _pairs(raw: bytes) -> list[Signed]:
    try:
        lines = raw.decode().split("\n")
    except UnicodeDecodeError:
        raise ExchangeError("this is not UTF-8") from None
    if len(lines) % 2 or len(lines) > 2 * MOST_SIGNED:
        raise ExchangeError("words and signatures come in pairs")
    return [Signed(p, s) for p, s in zip(lines[::2], lines[1::2], strict=True)]


def split(text: str) -> list[str]:
    """The text in as few QR as can be read from a screen; each says which it is, of how many, and of what."""
    if len(text) <= MOST_IN_ONE:
        return [text]
    head, _, letters = text.partition(":")
    slices = [letters[at : at + PART] for at in range(0, len(letters), PART)]
    mark = _mark(text)
    return [f"{head}/{n}/{len(slices)}/{mark}:{part}" for n, part in enumerate(slices, 1)]


def join(parts: Iterable[str]) -> str:
    """The whole text of parts in any order. Raises ExchangeError if one is missing or belongs to another."""
    found: dict[int, str] = {}
    frames = set[tuple[str, str, str]]()
    for part in parts:
        place, _, letters = part.partition(":")
        head, number, total, mark = place.split("/") if place.count("/") == 3 else (place, "1", "1", "")
        if not number.isdecimal() or not total.isdecimal() or not 0 < int(total) <= MOST_PARTS:
            raise ExchangeError("a part says which it is")
        frames.add((head, total, mark))
        found[int(number)] = letters
    if len(frames) != 1:
        raise ExchangeError("parts of one exchange")
    ((head, total, mark),) = frames
    if sorted(found) != list(range(1, int(total) + 1)):
        raise ExchangeError("a part is missing")
    text = f"{head}:{''.join(found[number] for number in sorted(found))}"
    if mark and mark != _mark(text):
        raise ExchangeError("these parts do not make one text")
    return text


def _mark(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8].upper()


def words(exchanged: Iterable[tuple[str, Signed, Signed]]) -> list[str]:
    """Eight words for (cage code, offer, answer): both people read the same, or some byte differs.

    In the order of the cages' codes, whatever order the phones held them in.
    """
    lines = [line for _, offer, answer in sorted(exchanged) for line in (*offer, *answer)]
    return eight_words(b"ashiato/handover/v1\n" + "\n".join(lines).encode())
