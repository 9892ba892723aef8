"""What Python and the phone must read alike of a parcel's label: `tests/vectors/parcel_labels.json`.

`python -m tests.supplies.shared_labels` writes it; a test fails while it is stale. A result that is a word is a fault.
"""

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from webapp.kernel.scanning import codes
from webapp.kernel.tlog import base45
from webapp.supplies.labels import card, label, packed
from webapp.supplies.labels import keys as label_keys
from webapp.supplies.labels.label import Contents
from webapp.supplies.labels.packed import Fault, Sealed, varint

FILE = Path(__file__).parents[1] / "vectors" / "parcel_labels.json"
LOG = "063622"
KEY = label_keys.derived("a secret for vectors", LOG, 1)
OTHER = label_keys.derived("a secret for vectors", LOG, 2)
SHELTER = "019a7c00-1111-7222-8333-444455556666"


def a_parcel(**other: Any) -> Contents:
    """Diapers size M, the second box of three."""
    values: dict[str, Any] = {
        "log": LOG, "parcel": a_code("parcel"), "k": 2, "n": 3, "item": "I05", "unit": "piece", "quantity": 40,
        "shelter": SHELTER, "issued": 20_261_122, "variant": "M",
    }  # fmt: skip
    return Contents(**values | other)


def a_code(seed: str) -> str:
    """A code that is the same every time."""
    body = "".join(codes.ALPHABET[byte & 31] for byte in sha256(seed.encode()).digest()[: codes.BODY])
    return body + codes.check_char(body)


RICE = {
    "item": "F01",
    "unit": "meal",
    "quantity": 50,
    "variant": "",
    "best_before": 20_310_131,
    "allergens": 0,
}
PARCELS = [
    a_parcel(),
    a_parcel(**RICE),
    a_parcel(**RICE | {"allergens": 0b1000_0001}),
    a_parcel(**RICE | {"allergens": None, "drill": True}),
    a_parcel(k=200, n=200, quantity=1_000_000, cold=True, heavy=True, dangerous=True, fragile=True),
    a_parcel(item="X012", variant="", name="手づくり布ぞうり（24cm）", unit="pair", quantity=1, k=1, n=1),
    a_parcel(
        item="F0123456", variant="a" * 24, unit="b" * 32, name="長" * 20, quantity=1_000_000, k=10_000, n=10_000,
        best_before=99_991_231, allergens=packed.LIMIT - 1, log="999999",
    ),
]  # fmt: skip


def text_of(contents: Contents) -> str:
    """Its label, signed by KEY."""
    return label.encode(contents, KEY.key_id, KEY.sign)


def card_text(**other: Any) -> str:
    """A shelter's card, signed by KEY."""
    values: dict[str, Any] = {
        "log": LOG, "number": 3, "shelter": SHELTER, "person": "019a7c00-aaaa-7bbb-8ccc-ddddeeeeffff",
        "actor": f"p-{'1f' * 10}", "token": "0123456789abcdef" * 2, "until": 1_790_000_000_000, "key": KEY.key,
        "name": "向町小学校 体育館",
    }  # fmt: skip
    return card.encode(card.Card(**values | other), KEY.sign)


def spoiled_cards() -> list[str]:
    """Cards that are signed by another key than they say, cut, or with more than belongs there."""
    good = card_text()
    payload = base45.decode(good.removeprefix(card.PREFIX))[:-64]

    def signed(changed: bytes) -> str:
        return packed.text_of(card.PREFIX, Sealed(changed, KEY.sign(card.PURPOSE + changed)))

    return [
        text_of(a_parcel()), "ASHIATO-C2:AB", card.PREFIX, good[:-3], signed(payload + b"\0"),
        signed(b"\x01" + payload[1:]), signed(payload[:4] + b"\0" + payload[5:]), signed(payload[:-26]),
    ]  # fmt: skip


def card_outcome(text: str) -> Any:
    """What Python says: the card and whether its own key signed it, or the fault."""
    found = card.read(text)
    return str(found) if isinstance(found, Fault) else {"signed": found.is_signed, **asdict(found.card)}


def spoiled() -> list[str]:
    """Texts that are no label: cut, longer, written in another way, of tomorrow, of somebody else."""
    good = text_of(a_parcel())
    letters = good.removeprefix(label.PREFIX)
    raw = base45.decode(letters)
    payload = raw[:-64]
    at = 1 + 3 + 8 + 10 + 16  # the first figure: k

    def signed(changed: bytes) -> str:
        return packed.text_of(label.PREFIX, Sealed(changed, KEY.sign(label.PURPOSE + changed)))

    return [
        "", "ASHIATO1:AB", "HTTPS://ASHIATO.EXAMPLE/Q/0", "ASHIATO-C1:AB", "ASHIATO-L:AB", "ASHIATO-L2:AB",
        "ASHIATO-L12:AB", label.PREFIX, f"{label.PREFIX}A", good[:-3], good[:-1], good.lower(), f"{good} ",
        f"{label.PREFIX}{'0' * 600}",
        signed(payload + b"\0"), signed(b"\x80" + payload[1:]), signed(b"\x40" + payload[1:]),
        signed(payload[:at] + b"\x82\x00" + payload[at + 1 :]), signed(payload[:at] + b"\0" + payload[at + 1 :]),
        signed(payload[:at] + b"\x04" + payload[at + 1 :]), signed(payload[:at] + b"\xff" * 12 + payload[at + 1 :]),
        signed(payload[:1] + b"\xff\xff\xff" + payload[4:]), signed(payload.replace(b"\x03I05", b"\x03i05")),
        signed(payload.replace(b"\x05piece", b"\x05pie\xffe")), signed(payload.replace(b"\x05piece", b"\x00")),
        signed(payload.replace(b"\x05piece", b"\x21piece")),
        signed(payload.replace(varint(20_261_122), varint(20_261_322))),
        signed(bytes([payload[0] | 0x40]) + payload[1:] + "\x05\u202eab".encode()),
        signed(bytes([payload[0] | 0x40]) + payload[1:] + b"\0"),
    ]  # fmt: skip


def outcome(text: str) -> Any:
    """What Python says: contents and key, or the fault."""
    found = label.read(text)
    return str(found) if isinstance(found, Fault) else {"key_id": found.key_id, **asdict(found.contents)}


def vectors() -> dict[str, Any]:
    """The whole file. Pure: the same source, the same bytes."""
    return {
        "about": "webapp/supplies/label.py and static/pwa/supplies/label.js: texts of QR → contents, or the fault",
        "keys": [{"key_id": key.key_id, "key": key.key} for key in (KEY, OTHER)],
        "good": [[text, outcome(text)] for text in map(text_of, PARCELS)],
        "bad": [[text, outcome(text)] for text in spoiled()],
        "cards": [
            [text, card_outcome(text)]
            for text in (card_text(), card_text(key=OTHER.key), card_text(name="長" * 20), *spoiled_cards())
        ],
    }


def fresh() -> str:
    """The text of the file."""
    return json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(fresh(), "utf-8")
