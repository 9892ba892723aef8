"""What Python and the phone must write and read alike at a hand-over: `tests/vectors/exchange.json`.

`python -m tests.custody.shared_exchange` writes it; a test fails while it is stale. A result of null means refused.
"""

import json
import zlib
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from webapp.custody import exchange
from webapp.custody.exchange import Kind, Signed
from webapp.kernel.tlog import base45

FILE = Path(__file__).parents[1] / "vectors" / "exchange.json"
CAGES = ("CJ8ZQFGANF1FRKKWM", "VC39VEVD2XGSV3TT3", "5QNV4RT62RMCRX6YV")


def _hex(text: str, length: int) -> str:
    return (sha256(text.encode()).hexdigest() * 4)[:length]


def _signature(text: str) -> str:
    return b64encode(sha256(text.encode()).digest() * 2).decode()


def a_scan(step: str, cage: str, seq: int, body: dict[str, Any]) -> Signed:
    """A scan as phones write it, with bytes that are the same every time."""
    scan = {
        "v": 1, "id": f"01a20028-829c-748e-a70a-{_hex(step + cage, 12)}", "log": "063622", "kind": "custody.scan",
        "step": step, "code": cage, "parent": "", "job": "01a20028-0000-748e-a70a-bd26044143ca", "src": "form",
        "dev": "0e34fae1-5f9e-4c3c-a2c4-7c5f8a6f2f10", "seq": seq, "prev": _hex(f"prev{seq}", 64),
        "actor": f"p-{_hex(step, 20)}", "wit": [], "at": 1_790_000_000_000 + seq, "mono": 812_345,
        "boot": "5b2d7c39-66f0-4f5e-9a55-0b8ab6f4f9f3", "off": -120, "off_age": 3_600_000, "place": "", "ev": [],
        "body": body, "commit": "", "base": "1274", "said": "ok", "app": "1f2e3d4c5b6a",
    }  # fmt: skip
    p = json.dumps(scan, separators=(",", ":"))
    return Signed(p, _signature(p))


def offers(count: int) -> list[Signed]:
    """Hand-overs of the first cages, with one nonce."""
    return [
        a_scan(
            "handed_over", f"{cage[:-2]}{n:02}" if n > 2 else cage, 7 + n,
            {"to": f"p-{_hex('driver', 20)}", "manifest_hash": _hex(cage, 64), "seal": f"77340{n:02}", "count": 48}
            | {"nonce": _hex("nonce", 32)},
        )
        for n, cage in enumerate((CAGES * count)[:count])
    ]  # fmt: skip


def answers(to: list[Signed]) -> list[Signed]:
    """Each taken."""
    return [
        a_scan(
            "accepted", said["code"], 3 + n, {"offer": said["id"], "offer_hash": sha256(p.encode()).hexdigest()}
        )
        for n, (p, said) in enumerate((p, json.loads(p)) for p, _ in to)
    ]  # fmt: skip


def exchanged(count: int) -> list[tuple[str, Signed, Signed]]:
    """Cage code, offer and answer."""
    made = offers(count)
    return [(json.loads(o.p)["code"], o, a) for o, a in zip(made, answers(made), strict=True)]


def _spoiled() -> list[str]:
    good = exchange.encode(Kind.OFFER, offers(1))
    head, _, letters = good.partition(":")
    packed = base45.decode(letters)
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb_bytes = bomb.compress(b"\n" * 200_000) + bomb.flush()
    return [
        "", "ASHIATO1:AB", "ASHIATO-Z1:AB", head, f"{head}:", f"{head}:A", f"{head}:{letters[:-3]}", f"{head}:abc",
        f"{head}:{base45.encode(packed + b'x')}", f"{head}:{base45.encode(bomb_bytes)}",
        f"{head}:{base45.encode(_packed(b'one line'))}", f"{head}:{base45.encode(_packed(bytes([255, 10, 65])))}",
    ]  # fmt: skip


def _packed(raw: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(raw) + packer.flush()


def _read(text: str) -> list[list[str]] | None:
    try:
        return [list(pair) for pair in exchange.decode(text)[1]]
    except exchange.ExchangeError:
        return None


def vectors() -> dict[str, Any]:
    """The whole file. Pure: the same source, the same bytes."""
    texts = [
        exchange.encode(Kind.OFFER, offers(1)), exchange.encode(Kind.OFFER, offers(3)),
        exchange.encode(Kind.ANSWER, answers(offers(3))), exchange.encode(Kind.OFFER, []) , *_spoiled(),
    ]  # fmt: skip
    long = exchange.encode(Kind.OFFER, offers(12))
    return {
        "about": "webapp/custody/exchange.py and static/pwa/exchange/: texts of QR → pairs of words and signature",
        "texts": [[text, _read(text)] for text in texts],
        "split": [long, exchange.split(long)],
        "words": [
            {"exchanged": [[code, list(o), list(a)] for code, o, a in made], "words": exchange.words(made)}
            for made in (exchanged(1), exchanged(3), exchanged(3)[::-1])
        ],
    }


def fresh() -> str:
    """The text of the file."""
    return json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(fresh(), "utf-8")
