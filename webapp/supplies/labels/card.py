"""What the QR of a shelter's card says: whose phone this becomes, and the key by which it checks labels. Pure.

docs/parcel-label.md is the format; `webapp/static/pwa/supplies/card.js` reads the same bytes. The card stands for
nobody: its person is 「避難所の共用の電話（カード n）」, and what it may do is what one shelter may do.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from webapp.supplies.labels import packed
from webapp.supplies.labels.packed import Fault, PackedError, Reader, Sealed, broken

#: What our scanners know the QR by; the figure is the version of the format.
PREFIX = "ASHIATO-C1:"
PURPOSE = b"ashiato/card/v1\n"
MOST_CHARACTERS = 480
MOST_CARDS = 9_999
TOKEN = 16

_LOG = re.compile(r"[0-9]{6}")
_ACTOR = re.compile(r"p-[0-9a-f]{20}")

#: What the phone says about cards.
CARD_WORDS = MappingProxyType(
    {
        "ready": "{shelter}の電話として使えます。つながらなくても荷物を記録できます",
        "waiting": "記録はこの電話に残っています。つながったら自動で送ります",
        "active": "つながりました。この電話は{shelter}の電話として登録されました",
        "over": "このカードの期限は{day}で終わりました。市町村に新しいカードを頼んでください",
        "forged": "このカードの署名が合いません。市町村に確かめてください",
        "unknown_key": "カードの鍵が、この電話の知っている市町村の鍵と違います。市町村に確かめてください",
        "someone": "この電話には、ほかの人がログインしています。先にログアウトしてください",
        "other": "避難所のカードではありません",
        "newer": "新しい版のカードです。アプリを新しくしてください",
        "broken": "カードを読み取れません。しわをのばして、もう一度写してください",
    }
)


@dataclass(frozen=True, slots=True)
class Card:
    """One card. `token` 32 hex digits, `until` ms (whole seconds), `key` the label key in base64 that signed it."""

    log: str
    number: int
    shelter: str
    person: str
    actor: str
    token: str
    until: int
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Printed:
    """What a QR says, and the signed bytes. Nothing is verified."""

    card: Card
    sealed: Sealed

    @property
    def is_signed(self) -> bool:
        """Whether the key on the card signed it; whose key that is, is another question."""
        return self.sealed.is_signed_by(self.card.key, PURPOSE)


def encode(card: Card, sign: Callable[[bytes], bytes]) -> str:
    """The text of the QR, for alphanumeric mode. Raises ValueError for what no card can say."""
    if not (_LOG.fullmatch(card.log) and _ACTOR.fullmatch(card.actor) and 1 <= card.number <= MOST_CARDS):
        raise ValueError("a card names its log, its number and its pseudonym")
    if not card.name or not packed.is_plain(card.name) or card.until % 1000 or len(card.token) != 2 * TOKEN:
        raise ValueError("a card has a name, a token, and an end in whole seconds")
    pieces = [
        b"\0",
        int(card.log).to_bytes(3),
        packed.varint(card.number),
        packed.uuid_bytes(card.shelter),
        packed.uuid_bytes(card.person),
        bytes.fromhex(card.actor.removeprefix("p-")),
        bytes.fromhex(card.token),
        packed.varint(card.until // 1000),
        packed.point_bytes(card.key),
        packed.short(card.name, packed.MOST_NAME),
    ]
    payload = b"".join(pieces)
    return packed.text_of(PREFIX, Sealed(payload, sign(PURPOSE + payload)))


def read(text: str) -> Printed | Fault:
    """What a scanned text says. Total: whatever the text, there is an answer; nothing is verified."""
    try:
        return _read(packed.opened(PREFIX, text, MOST_CHARACTERS))
    except PackedError as problem:
        return problem.fault


def _read(sealed: Sealed) -> Printed:
    reader = Reader(sealed.payload)
    flags, log, number = reader.take(1)[0], int.from_bytes(reader.take(3)), reader.varint()
    shelter, person = reader.uuid(), reader.uuid()
    actor, token = f"p-{reader.take(10).hex()}", reader.take(TOKEN).hex()
    until, key = reader.varint() * 1000, packed.key_of(reader.take(64))
    name = reader.short(packed.MOST_NAME)
    reader.end()
    if flags or log > 999_999 or not 1 <= number <= MOST_CARDS or until >= packed.LIMIT or not name:
        raise broken("no card says this")
    return Printed(Card(f"{log:06}", number, shelter, person, actor, token, until, key, name), sealed)
