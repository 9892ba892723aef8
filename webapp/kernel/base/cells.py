"""One cell of a list: what it says, how it is shown, compared, and what is odd about it. Pure.

A cell is text that somebody typed or a program wrote. It is never run; nothing in it is lost in silence.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?([eE][+-]?\d+)?%?")
_STARTS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # OWASP "CSV injection"; Excel takes the full-width forms too
_MARKUP = re.compile(r"<[a-zA-Z/!?]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad"  # controls, soft hyphen
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"  # widths, directions, marks that reorder what is read
)
_DASH = re.compile(r"(?<=[0-9A-Z])[‐‑‒–—―−ー](?=[0-9A-Z])")
_EXCEL_MADE_A_NUMBER = re.compile(r"\d(\.\d+)?E\+\d+")
_TWINS_IN_JIS = str.maketrans(
    "", "", "－∥￠￡￢―\ufffd"
)  # two Unicode codes for one character: nothing is lost
_WAVES = "〜～"  # the one pair of twins that really comes out wrong, in every second conversion


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet might run this cell. Plain signed numbers and a lone dash are not formulas."""
    text = cell.lstrip(" \u3000")
    if not text.startswith(_STARTS_A_FORMULA) or text.strip() in ("", *_STARTS_A_FORMULA):
        return False
    return not _NUMBER.fullmatch(text)


def show(cell: str, length: int = 40) -> str:
    """The cell as it may stand in a sentence: one line, shortened to `length`, nothing invisible left."""
    line = re.sub(r"\s+", " ", cell).strip()
    line = "".join(char if char.isprintable() else f"[U+{ord(char):04X}]" for char in line)
    return line if len(line) <= length else line[: length - 1] + "…"


@lru_cache(maxsize=50_000)
def plain(cell: str) -> str:
    """The cell on one line without what cannot be seen. Its characters stay as they were written."""
    return re.sub(r"\s+", " ", _INVISIBLE.sub("", cell)).strip()


@lru_cache(maxsize=50_000)
def identifier(cell: str) -> str:
    """A number on a label as it is compared: NFKC, upper case, no spaces, one kind of hyphen."""
    return _narrow(_narrow(plain(cell)))  # twice: taking a space out can bring a letter and its mark together


def _narrow(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).upper()
    return _DASH.sub("-", text.replace(" ", ""))


def is_wide(cell: str) -> bool:
    """Whether `identifier` had to change more than case and spaces."""
    return identifier(cell) != plain(cell).upper().replace(" ", "")


def is_excel_number(cell: str) -> bool:
    """Whether a spreadsheet took an identifier for a number and lost digits of it (4.56E+11)."""
    return bool(_EXCEL_MADE_A_NUMBER.fullmatch(identifier(cell)))


@lru_cache(maxsize=50_000)
def oddities(cell: str) -> tuple[tuple[str, dict[str, str]], ...]:
    """What a person should be told about a cell, whatever its column: (reason, params of the sentence).

    Reasons: formula_cell, markup_cell, control_character, broken_character, outside_shift_jis.
    """
    return tuple(_oddities(cell))


def _oddities(cell: str) -> Iterator[tuple[str, dict[str, str]]]:
    if is_formula(cell):
        yield "formula_cell", {"value": show(cell)}
    if _MARKUP.search(cell):
        yield "markup_cell", {"value": show(cell)}
    if invisible := _INVISIBLE.findall(cell):
        characters = "・".join(dict.fromkeys(f"U+{ord(char):04X}" for char in invisible[:5]))
        yield "control_character", {"characters": characters, "value": show(plain(cell))}
    if "\ufffd" in cell:
        yield "broken_character", {"value": show(cell)}
    if foreign := _outside_shift_jis(cell):
        yield "outside_shift_jis", {"characters": "」「".join(foreign[:5])}


def _outside_shift_jis(cell: str) -> list[str]:
    """Characters that JIS X 0208 has not (㈱ ① 髙 𠮷), and wave dashes."""
    text = _INVISIBLE.sub("", cell).translate(_TWINS_IN_JIS)
    if has(text, "shift_jis") and not any(wave in text for wave in _WAVES):
        return []
    return list(dict.fromkeys(char for char in text if char in _WAVES or not has(char, "shift_jis")))


def has(text: str, encoding: str) -> bool:
    """Whether the encoding has a code for every character of the text."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
