"""What a line of the log says, in words for paper. The names are those that the phone shows (contract/entries.json)."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from webapp.kernel.base.clock import show_full
from webapp.kernel.identity.roles import ROLE_TEXTS, SYSTEM_TEXT
from webapp.kernel.ledger.entries import Recorded, decode

NAMES = Path(__file__).resolve().parents[2] / "static" / "pwa" / "contract" / "entries.json"
COMMITTED = "あり（氏名・製造番号などは、指紋だけを記録）"


def facts(index: int, raw: bytes) -> list[tuple[str, str]]:
    """(name, value) in the order in which people ask. Raises ValueError or KeyError if it is no entry of ours."""
    entry = decode(index, raw)
    said = {**_when_and_what(entry), **_who(entry)}
    return [(name, value) for name, value in said.items() if value]


def _when_and_what(entry: Recorded) -> dict[str, str]:
    data = entry.data
    body = data.get("body")
    return {
        "記録": _names()["kinds"].get(entry.kind, entry.kind),
        "段階": _names()["steps"].get(_word(data, "step"), _word(data, "step")),
        "追跡ID": _shown(_word(data, "code")),
        "行った時刻": show_full(data["at"]) if isinstance(data.get("at"), int) else "",
        "受け取った時刻": show_full(entry.recorded_at),
        "封印番号": _word(body, "seal") if isinstance(body, Mapping) else "",
        "伏せてある内容": COMMITTED if data.get("commit") else "",
    }


def _who(entry: Recorded) -> dict[str, str]:
    known = {role.value: text for role, text in ROLE_TEXTS.items()} | {"system": SYSTEM_TEXT}
    return {
        "役割": "、".join(known.get(role, role) for role in entry.by.roles),
        "記録した人": entry.by.actor,
        "記録の番号": entry.id,
    }


def _word(values: Mapping[str, Any], name: str) -> str:
    found = values.get(name)
    return found if isinstance(found, str) else ""


def _shown(code: str) -> str:
    """As it is printed on labels: 4-4-4-5."""
    return "-".join((code[:4], code[4:8], code[8:12], code[12:])) if len(code) == 17 else code


@cache
def _names() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(NAMES.read_text(encoding="utf-8"))
    return found
