"""XLSX read as text. The archive is measured before anything in it is parsed; XML goes through defusedxml.

Nothing is executed: formulas stay text, macros, links and pictures are never opened.
"""

import io
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain
from typing import Any

from webapp.kernel.base.outcomes import Unprocessable

_MIB = 1024 * 1024
_PARTS = {"[Content_Types].xml", "xl/workbook.xml"}
_LAST_ROW = 1_048_576  # Excel's own limit; a row number above it is made by hand

Record = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may hold. The defaults are ten times the largest list a prefecture has shown us."""

    file_bytes: int = 10 * _MIB
    rows: int = 100_000
    columns: int = 200
    cell_chars: int = 10_000
    zip_entries: int = 1_000
    unzipped_bytes: int = 120 * _MIB
    zip_ratio: int = 100  # asked of parts above 1 MiB only; real sheets reach 10 to 40


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first visible sheet that holds anything, and the names of the others that do."""

    rows: Iterator[Record]
    other_sheets: tuple[str, ...]


def is_zip(data: bytes) -> bool:
    """Whether the bytes begin as every XLSX does."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read_sheet(data: bytes, limits: Limits) -> Sheet:
    """The rows of a workbook as text with the numbers Excel shows.

    Raises Unprocessable: tabular.zip_bomb before parsing, tabular.binary if it is another kind of archive,
    tabular.unreadable if it is damaged or its XML is hostile, tabular.too_large.
    """
    from openpyxl import DEFUSEDXML  # slow to load, and only who reads a workbook needs it

    _measure(data, limits)
    if not DEFUSEDXML:  # pragma: no cover - a broken installation, not a broken file
        raise RuntimeError("openpyxl runs without defusedxml; set OPENPYXL_DEFUSEDXML=True")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of decoration it drops; we only want cells
            return _read(data, limits)
    except Unprocessable:
        raise
    except Exception as error:  # openpyxl has no error of its own: a damaged part may raise anything
        raise Unprocessable("tabular.unreadable", where="Excel ブックの中身") from error


def _measure(data: bytes, limits: Limits) -> None:
    """Read the archive's directory only. zipfile never unpacks more of a part than is declared there."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Unprocessable("tabular.unreadable", where="壊れた Excel ブック") from error
    if len(parts) > limits.zip_entries or sum(part.file_size for part in parts) > limits.unzipped_bytes:
        raise Unprocessable("tabular.zip_bomb")
    if any(_swells(part, limits) for part in parts):
        raise Unprocessable("tabular.zip_bomb")
    if not {part.filename for part in parts} >= _PARTS:
        raise Unprocessable("tabular.binary")


def _swells(part: zipfile.ZipInfo, limits: Limits) -> bool:
    return part.file_size > _MIB and part.file_size > limits.zip_ratio * max(part.compress_size, 1)


def _read(data: bytes, limits: Limits) -> Sheet:
    from openpyxl import load_workbook

    filled: list[tuple[str, list[Record]]] = []
    with closing(load_workbook(io.BytesIO(data), read_only=True, keep_links=False)) as book:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            sheet.reset_dimensions()  # the declared size is a claim; a false one would pad every row
            rows = _rows(sheet, limits)
            first = next(rows, None)
            if first is not None:
                # the first filled sheet is read to its end; of the others we need to know that they exist
                filled.append((sheet.title, [] if filled else list(chain([first], rows))))
    rows_read = filled[0][1] if filled else []
    return Sheet(iter(rows_read), tuple(title for title, _ in filled[1:]))


def _rows(sheet: Any, limits: Limits) -> Iterator[Record]:
    budget = limits.rows * limits.columns  # cells, blank ones too: padding is work as well
    kept = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        budget -= len(values)
        if budget < 0 or number > _LAST_ROW or kept > limits.rows:
            limit = f"{limits.rows:,}行・{limits.columns}列"
            raise Unprocessable("tabular.too_large", what="表", limit=limit)
        cells = [value if type(value) is str else _text(value) for value in values]
        if any(cells):
            kept += 1
            yield number, cells


def _text(value: object) -> str:
    """A cell's value as a person reads it in Excel."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
        case datetime():
            return value.isoformat(" ", "seconds").removesuffix(" 00:00:00")
        case date() | time():
            return value.isoformat()
    return str(getattr(value, "text", value))  # whole numbers, durations, and array formulas by their text
