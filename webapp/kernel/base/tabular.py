"""Lists as people have them: CSV or TSV in whatever encoding, or a workbook. Read as text, never executed.

Every byte is hostile until it has been measured: sizes first, then kind, then encoding, then cells. A file
that cannot be read whole is refused whole, with a code a person can act on (`messages.py`).
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from webapp.kernel.base import cells, workbook
from webapp.kernel.base.outcomes import Unprocessable
from webapp.kernel.base.workbook import Limits

__all__ = ["Limits", "Row", "Table", "read_table", "write_csv"]

Kind = Literal["csv", "tsv", "xlsx"]

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_PICTURES = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")
_CONTAINERS = (b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")  # the first: old .xls, or a password
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SAMPLE = 64 * 1024  # characters looked at to guess a delimiter or a parity
#: What cp932 holds under a twin's code. The rest becomes 〓 (geta, the printers' mark for "no such type").
_TWINS = str.maketrans("〜−‖—¢£¬\xa0", "～－∥―￠￡￢ ")
_GETA = "〓"


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not blank. `number` is as Excel shows it: a quoted line break does not start a row."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """All rows that hold anything, in order. `other_sheets`: filled sheets of the workbook left unread."""

    rows: list[Row]
    encoding: str
    kind: Kind
    other_sheets: tuple[str, ...] = ()


def read_table(data: bytes, filename: str = "", limits: Limits | None = None) -> Table:
    """Read a CSV, TSV or XLSX file as rows of text.

    Encodings: UTF-8 and UTF-16 with or without byte order mark, else CP932. Formulas come as their text,
    dates as ISO 8601, whole numbers without ".0". Raises Unprocessable: tabular.empty, tabular.binary,
    tabular.too_large, tabular.unreadable, tabular.encoding, tabular.zip_bomb.
    """
    limits = limits or Limits()
    if len(data) > limits.file_bytes:
        raise Unprocessable("tabular.too_large", what="ファイル", limit=_size(limits.file_bytes))
    if workbook.is_zip(data):
        sheet = workbook.read_sheet(data, limits)
        return _table(sheet.rows, limits, encoding="utf-8", kind="xlsx", other_sheets=sheet.other_sheets)
    text, encoding = _decode(data)
    delimiter = _delimiter(text, filename)
    kind: Kind = "tsv" if delimiter == "\t" else "csv"
    return _table(_records(text, delimiter, limits), limits, encoding=encoding, kind=kind)


def write_csv(rows: Iterable[Sequence[object]], encoding: Literal["cp932", "utf-8-sig"]) -> bytes:
    """CSV for Excel: CRLF, quoted where needed, None as an empty cell.

    A cell that a spreadsheet would run gets an apostrophe in front. In cp932 a character that has no code
    there becomes its twin on Windows, else 〓, so that a loss can be seen.
    """
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([_neutral(cell) for cell in row] for row in rows)
    text = out.getvalue()
    if encoding == "cp932":
        text = _fit(text, encoding)
    return text.encode(encoding)


def _table(
    records: Iterable[tuple[int, Sequence[str]]],
    limits: Limits,
    *,
    encoding: str,
    kind: Kind,
    other_sheets: tuple[str, ...] = (),
) -> Table:
    rows: list[Row] = []
    for number, record in records:
        if not any(cell and not cell.isspace() for cell in record):
            continue
        if len(rows) >= limits.rows:
            raise Unprocessable("tabular.too_large", what="行", limit=f"{limits.rows:,}行")
        rows.append(_row(number, record, limits))
    if not rows:
        raise Unprocessable("tabular.empty")
    return Table(rows, encoding, kind, other_sheets)


def _row(number: int, record: Sequence[str], limits: Limits) -> Row:
    width = len(record)
    while width and not record[width - 1]:  # styled but empty cells at the right are nobody's data
        width -= 1
    if width > limits.columns:
        raise Unprocessable("tabular.too_large", what="列", limit=f"{limits.columns}列")
    if max(map(len, record)) > limits.cell_chars:
        raise _cell_too_long(number, limits)
    return Row(number, tuple(record[:width]))


def _cell_too_long(number: int, limits: Limits) -> Unprocessable:
    what, limit = f"ひとつのセル（{number}行目）", f"{limits.cell_chars:,}文字"
    return Unprocessable("tabular.too_large", what=what, limit=limit)


def _decode(data: bytes) -> tuple[str, str]:
    if data.startswith(_PICTURES + _CONTAINERS):
        raise Unprocessable("tabular.binary")
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "") or _parity(data)
    candidates = [encoding] if encoding else ["utf-8", "cp932"]
    text, encoding = _first_that_fits(data, candidates)
    # A NUL, or many other controls, is a program or a picture; a few are typing faults for the room to tell.
    if "\x00" in text or len(_CONTROLS.findall(text[:_SAMPLE])) * 10 > len(text[:_SAMPLE]):
        raise Unprocessable("tabular.binary")
    return text, encoding


def _first_that_fits(data: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    where = 0
    for encoding in encodings:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError as error:
            where = max(where, error.start)  # the best guess got furthest
    if b"\x00" in data:
        raise Unprocessable("tabular.binary")
    raise Unprocessable("tabular.encoding", row=str(data.count(b"\n", 0, where) + 1))


def _parity(data: bytes) -> str:
    """UTF-16 without a mark: every comma has a NUL on the same side. Anything else with NULs is not text."""
    sample = data[:_SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if (even + odd) * 10 < len(sample) or not sample:
        return ""
    if even <= odd // 20:
        return "utf-16-le"
    return "utf-16-be" if odd <= even // 20 else ""


def _delimiter(text: str, filename: str) -> str:
    """The one that divides the most of the first rows, then into the most cells; a tie goes to the comma."""
    sample = text[:_SAMPLE]
    order = "\t,;" if filename.lower().endswith((".tsv", ".tab", ".txt")) else ",\t;"
    return max(order, key=lambda delimiter: _divided(sample, delimiter))


def _divided(sample: str, delimiter: str) -> tuple[int, int]:
    lines = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        widths = [len(record) for _, record in zip(range(50), lines, strict=False)]
    except csv.Error:
        return 0, 0
    return sum(width > 1 for width in widths), sum(widths)


def _records(text: str, delimiter: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Records with their number. Strict, because a quote left open would swallow rows without a word."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, record in enumerate(reader, start=1):
            yield number, record
    except csv.Error as error:
        if "field limit" in str(error):
            raise _cell_too_long(number + 1, limits) from error
        raise Unprocessable("tabular.unreadable", where=f'{number + 1}行目の引用符「"」') from error


def _neutral(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if cells.is_formula(text) else text


def _fit(text: str, encoding: str) -> str:
    text = text.translate(_TWINS)
    if cells.has(text, encoding):
        return text
    return "".join(char if cells.has(char, encoding) else _GETA for char in text)


def _size(size: int) -> str:
    return f"{size // (1024 * 1024)} MB" if size >= 1024 * 1024 else f"{size:,} バイト"
