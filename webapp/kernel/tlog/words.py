"""Eight words that two people read to each other on the telephone: the same words, the same history. Pure."""

import unicodedata
from functools import cache
from hashlib import sha256

from mnemonic import Mnemonic

from webapp.kernel.tlog.checkpoints import Checkpoint

COUNT = 8
_BITS = 11


def eight_words(data: bytes) -> list[str]:
    """Eight hiragana words for these bytes: the first 88 bits of a SHA-256, 11 bits a word.

    The list is the Japanese one of BIP-39: 2,048 words, published, told apart by ear and by their first letters.
    Somebody who wants other bytes to sound the same needs 2^88 attempts.
    """
    digest = int.from_bytes(sha256(b"ashiato/words/v1\n" + data).digest()) >> 256 - COUNT * _BITS
    places = [digest >> _BITS * place & 0x7FF for place in reversed(range(COUNT))]
    return [all_words()[place] for place in places]


def of_checkpoint(checkpoint: Checkpoint) -> list[str]:
    """The words of a log at a size; any entry changed, missing or added before it gives others."""
    return eight_words(checkpoint.text().encode())


def of_node(vkey: str, mirror_vkey: str) -> list[str]:
    """The words of a node that asks to be admitted: of both its keys, as verifier key texts (C2SP signed-note).

    The node's people and the officer who admits it read them to each other; another key in between gives others.
    """
    return eight_words(f"ashiato/node/v1\n{vkey.strip()}\n{mirror_vkey.strip()}\n".encode())


@cache
def all_words() -> list[str]:
    """The whole list, by number: phones carry a copy of it."""
    return [unicodedata.normalize("NFC", word) for word in Mnemonic("japanese").wordlist]
