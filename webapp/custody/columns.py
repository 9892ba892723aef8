"""Which columns an asset list may have and what they may hold, in words: for the guide and the command's help."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WORDS: dict[str, Any] = json.loads((Path(__file__).parent / "seeds" / "asset_list.json").read_text("utf-8"))
_DATA = {"yes": "機密性が必須", "no": "機密性は空欄", "if_listed": "記憶装置を書いたときだけ機密性が必須"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its label, other names for it, what it may hold, whether it must be there."""

    label: str
    names: tuple[str, ...]
    values: str
    required: str


def columns() -> list[Column]:
    """Every column that is understood."""
    return [_column(column["field"], column["label"], column["names"]) for column in _WORDS["columns"]]


def kinds() -> list[tuple[str, str]]:
    """The words that stand for a kind of thing, and what follows for 機密性. Any width, any case."""
    return [("、".join(kind["words"]), _DATA[kind["data"]]) for kind in _WORDS["kinds"]]


def _column(name: str, label: str, names: Sequence[str]) -> Column:
    others = tuple(each for each in names if each != label)
    required = "必須" if name in _WORDS["required"] else _WORDS["asked"].get(name, "任意")
    return Column(label, others, _WORDS["values"][name], required)
