"""The asset list as the town hall has it → devices and problems. Pure: no database, no clock.

The words towns use (column names, kinds, ways to say "leased") are data: `seeds/asset_list.json`.
"""

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from webapp.custody.messages import SENTENCES
from webapp.kernel.base.cells import identifier, is_excel_number, is_wide, oddities, plain, show
from webapp.kernel.base.headings import Headings, Vocabulary, find_headings, key
from webapp.kernel.base.tabular import Row, Table


class Kind(StrEnum):
    """What kind of thing a listed device is."""

    NOTEBOOK = "notebook"  # ノートPC
    DESKTOP = "desktop"  # デスクトップPC
    MONITOR = "monitor"  # モニター
    TABLET = "tablet"  # タブレット
    SERVER = "server"  # サーバー
    OTHER = "other"  # その他


class Severity(StrEnum):
    """error: the row cannot be imported; warning: a person should look; info: good to know."""

    ERROR = "error"  # エラー
    WARNING = "warning"  # 注意
    INFO = "info"  # お知らせ


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `row` as Excel shows it; `field` is the name in ListedDevice, or the column as written."""

    row: int
    asset: str
    field: str
    code: str
    message: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """One line of the list that can be imported. Serials are NFKC, upper case; `cls` 0 = holds no data."""

    row: int
    asset: str
    kind: Kind
    maker: str
    model: str
    part_no: str
    serial: str
    drive_kind: str
    drive_maker: str
    drive_model: str
    drive_serial: str
    capacity: int | None  # bytes
    cls: int
    place: str
    lease: bool
    note: str


@dataclass(frozen=True, slots=True)
class AssetList:
    """What a list says. `rows` counts lines that name a thing, `devices` those of them without an error."""

    devices: list[ListedDevice]
    problems: list[Problem]
    rows: int
    title: str

    def counts(self) -> dict[str, int]:
        """For headlines: pc (notebooks and desktops), the other kinds, and error, warning, info."""
        found: Counter[str] = Counter(device.kind for device in self.devices)
        found.update(problem.severity for problem in self.problems)
        names = [*Kind, *Severity]
        return {"pc": found[Kind.NOTEBOOK] + found[Kind.DESKTOP]} | {str(name): found[name] for name in names}


@dataclass(slots=True)
class _Line:
    """One data row while it is read: cells by field, and what was found in it."""

    number: int
    cells: dict[str, str]
    asset: str = ""
    problems: list[Problem] = field(default_factory=list)

    def say(self, code: str, about: str, **params: object) -> None:
        self.problems.append(_problem(self.number, self.asset, about, code, **params))


def _word(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


_WORDS: dict[str, Any] = json.loads((Path(__file__).parent / "seeds" / "asset_list.json").read_text("utf-8"))
_LABELS: dict[str, str] = {column["field"]: column["label"] for column in _WORDS["columns"]}
_COLUMNS = Vocabulary(
    {column["field"]: column["names"] for column in _WORDS["columns"]}, _WORDS["line_numbers"]
)
_KINDS: dict[str, tuple[Kind, str]] = {
    key(word): (Kind(kind["kind"]), kind["data"]) for kind in _WORDS["kinds"] for word in kind["words"]
}
_LEASED, _OWNED = ({_word(word) for word in _WORDS["lease"][answer]} for answer in ("yes", "no"))
_BLANKS = {key(word) for word in _WORDS["blank"]} | {""}
_NO_DRIVE = {key(word) for word in _WORDS["no_drive"]}
_TOTAL = re.compile(f"({'|'.join(map(key, _WORDS['totals']))})[0-9]*[台件点個]?")

_LIMITS = {"asset": 64, "serial": 64, "drive_serial": 64, "note": 1_000}
_LIMIT = 200  # characters of any other field
_WITH_DRIVE = {Kind.NOTEBOOK, Kind.DESKTOP, Kind.SERVER}  # a tablet's storage is soldered, without a number
_DRIVE_FIELDS = ("drive_kind", "drive_maker", "drive_model", "drive_serial")
_UNITS = {"": 1, "M": 10**6, "G": 10**9, "T": 10**12}
_ROMAN = {"III": "3", "II": "2", "I": "1"}
_CIRCLED = re.compile(r"[①-⑳⑴-⒇]|[(（][0-9０-９]")  # the guideline's row (1) is its *highest* class

_ERRORS = {
    *("missing_columns", "extra_cells", "missing_asset", "duplicate_asset", "missing_kind", "unknown_kind"),
    *("missing_class", "unknown_class", "drive_not_expected", "too_long"),
}
_INFOS = {"outside_shift_jis", "unknown_column", "not_a_device", "class_not_needed"}


def parse_asset_list(table: Table) -> AssetList:
    """Read the list; report everything that is odd, by row, with a stable code and what to do about it.

    Nothing is imported here, and nothing may be imported half: a row with an error is not among `devices`,
    and the caller commits only if there is no error or those rows were excluded by name. Without the headings
    管理番号, 種別, 製造番号 and 機密性 there are no rows at all (custody.missing_columns).

    A number that stands twice: 管理番号 is the town's own key, so both rows are errors until it is settled.
    A 製造番号 is the maker's, and the slip is in the list, not in the room: both things exist and must leave
    with a trail, so both rows can be imported with a warning; registration reads the maker's label of each.
    """
    headings = find_headings(table, _COLUMNS)
    title = show(headings.title, 120)
    problems = _about_headings(table, headings)
    if any(problem.severity is Severity.ERROR for problem in problems):
        return AssetList([], problems, 0, title)
    lines, devices = [], []
    for row in (row for row in table.rows if row.number > headings.row.number):
        if said := _not_a_device(row, headings):
            problems.append(_problem(row.number, "", "", "custody.not_a_device", value=show(said)))
            continue
        lines.append(_line(row, headings))
        devices.append(_device(lines[-1], with_drives="drive_serial" in headings.columns))
    problems += [problem for line in lines for problem in line.problems] + _duplicates(devices)
    broken = {problem.row for problem in problems if problem.severity is Severity.ERROR}
    importable = [device for device in devices if device.row not in broken]
    return AssetList(importable, sorted(problems, key=lambda problem: problem.row), len(lines), title)


def check_report(assets: AssetList) -> dict[str, Any]:
    """What `ashiato consignment check --format json` prints; the keys are a promise to other programs.

    `importable` is false while there is a problem of severity "error"; the others do not stand in the way.
    """
    names = ("row", "asset", "field", "code", "message", "severity")
    problems = [{name: getattr(problem, name) for name in names} for problem in assets.problems]
    report = {"rows": assets.rows, "devices": len(assets.devices), "importable": is_importable(assets)}
    return report | {"problems": problems}


def is_importable(assets: AssetList) -> bool:
    """Whether no error stands in the way of importing all of it."""
    return not any(problem.severity is Severity.ERROR for problem in assets.problems)


def field_label(name: str) -> str:
    """The town's word for a field: "serial" → 製造番号. A column we do not know keeps its own name."""
    return _LABELS.get(name, name)


def _problem(row: int, asset: str, about: str, code: str, **params: object) -> Problem:
    reason = code.removeprefix("custody.")
    severity = (
        Severity.ERROR if reason in _ERRORS else Severity.INFO if reason in _INFOS else Severity.WARNING
    )
    return Problem(row, asset, about, code, SENTENCES[code].format(**params), severity)


# The headings


def _about_headings(table: Table, headings: Headings) -> list[Problem]:
    """What to say about the columns as a whole: lacking, double, unknown, and sheets left unread."""
    row, cells = headings.row.number, headings.row.cells
    missing = [_LABELS[name] for name in _WORDS["required"] if name not in headings.columns]
    if missing:
        return [_problem(row, "", "", "custody.missing_columns", columns="」「".join(missing))]
    problems = []
    if table.other_sheets:
        sheets = show("」「".join(table.other_sheets), 120)
        problems.append(_problem(row, "", "", "custody.other_sheets", sheets=sheets))
    if "drive_serial" not in headings.columns:
        problems.append(_problem(row, "", "drive_serial", "custody.missing_drive_column"))
    for name, column in headings.doubled:
        params = {"label": _LABELS[name], "used": show(cells[headings.columns[name]])}
        problems.append(
            _problem(row, "", name, "custody.double_column", column=show(cells[column]), **params)
        )
    for shown in (show(cells[column]) for column in headings.unknown):
        problems.append(_problem(row, "", shown, "custody.unknown_column", column=shown))
    return problems


# One row


def _not_a_device(row: Row, headings: Headings) -> str:
    """What the row says if it is a total, a foot note or the headings again (lists made for printing)."""
    filled = [cell for cell in row.cells if cell.strip()]
    if _TOTAL.fullmatch(key(filled[0])) or (len(filled) == 1 and filled[0].lstrip().startswith("※")):
        return filled[0]
    return filled[0] if row.cells == headings.row.cells else ""


def _line(row: Row, headings: Headings) -> _Line:
    cells = {
        name: row.cells[index] if index < len(row.cells) else "" for name, index in headings.columns.items()
    }
    line = _Line(row.number, cells)
    line.asset = _known(identifier(cells["asset"]))
    for index, cell in enumerate(row.cells):
        if cell.strip() and not headings.names(index):
            line.say("custody.extra_cells", "", value=show(cell))
            break
    for name, cell in cells.items():
        for reason, params in oddities(cell) if cell else ():
            line.say(f"custody.{reason}", name, **params)
        limit = _LIMITS.get(name, _LIMIT)
        if len(cell) > limit:
            line.say("custody.too_long", name, label=_LABELS[name], length=len(cell), limit=limit)
    return line


def _device(line: _Line, *, with_drives: bool) -> ListedDevice:
    text = {name: plain(cell) for name, cell in line.cells.items()}
    kind, data = _kind(line)
    device = ListedDevice(
        row=line.number,
        asset=_number(line, "asset"),
        kind=kind,
        maker=text.get("maker", ""),
        model=text.get("model", ""),
        part_no=text.get("part_no", ""),
        serial=_number(line, "serial"),
        drive_kind=_known(unicodedata.normalize("NFKC", text.get("drive_kind", ""))),
        drive_maker=text.get("drive_maker", ""),
        drive_model=text.get("drive_model", ""),
        drive_serial=_number(line, "drive_serial"),
        capacity=_capacity(line),
        cls=_class(line, data),
        place=text.get("place", ""),
        lease=_lease(line),
        note=text.get("note", ""),
    )
    _say_what_is_missing(line, device, with_drives=with_drives)
    return device


def _say_what_is_missing(line: _Line, device: ListedDevice, *, with_drives: bool) -> None:
    for name in ("asset", "serial"):
        if not getattr(device, name):
            line.say(f"custody.missing_{name}", name)
    if not with_drives or device.kind not in _WITH_DRIVE or device.drive_serial:
        return
    said = line.cells.get("drive_kind", "")
    if said and key(said) in _NO_DRIVE:
        line.say("custody.no_drive", "drive_kind", value=show(said))
    else:
        line.say("custody.missing_drive_serial", "drive_serial")


def _known(text: str) -> str:
    """The text, or nothing if it is a way to say so: "-", "不明", "なし"."""
    return "" if key(text) in _BLANKS else text


def _number(line: _Line, name: str) -> str:
    """A 管理番号 or 製造番号 as it is compared, with a word about what had to be changed in it."""
    cell = line.cells.get(name, "")
    value = _known(identifier(cell))
    if value and is_wide(cell):
        about = "asset" if name == "asset" else "serial"
        line.say(f"custody.fullwidth_{about}", name, value=show(value))
    if is_excel_number(cell):
        line.say("custody.damaged_serial", name, value=show(value))
    return value


def _kind(line: _Line) -> tuple[Kind, str]:
    cell = line.cells["kind"]
    known = _KINDS.get(key(cell))
    if known:
        return known
    if key(cell):
        line.say("custody.unknown_kind", "kind", value=show(cell))
    else:
        line.say("custody.missing_kind", "kind")
    return Kind.OTHER, "unknown"


def _class(line: _Line, data: str) -> int:
    """3 is the highest. Never guessed for a thing that holds data; 0 for a thing that holds none.

    What is written is checked even where the row is wrong already: the town mends a row once.
    """
    cell = line.cells["cls"]
    written = re.sub("機密性|情報|クラス|レベル|CLASS", "", key(cell))
    written = _ROMAN.get(written, written)
    blank = written in _BLANKS or written in ("0", "対象外")
    drive = any(key(line.cells.get(name, "")) not in _BLANKS for name in _DRIVE_FIELDS)
    if data == "no" and not drive:
        if not blank:
            kind_said = plain(line.cells["kind"])
            line.say("custody.class_not_needed", "cls", kind=kind_said, value=show(cell))
        return 0
    if data == "no":
        line.say("custody.drive_not_expected", "kind", kind=plain(line.cells["kind"]))
    if blank and (data in ("unknown", "no") or (data == "if_listed" and not drive)):
        return 0
    return _written_class(line, cell, written)


def _written_class(line: _Line, cell: str, written: str) -> int:
    if written in ("3", "2", "1") and not _CIRCLED.search(cell):
        return int(written)
    code = "custody.unknown_class" if key(cell) else "custody.missing_class"
    line.say(code, "cls", **({"value": show(cell)} if key(cell) else {}))
    return 0


def _capacity(line: _Line) -> int | None:
    """Bytes. A bare number is bytes if it can be; "256" alone could be anything and is asked about."""
    cell = line.cells.get("capacity", "")
    text = re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", cell)).upper()
    if key(text) in _BLANKS:
        return None
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)([MGT]?)B?", text)
    size = int(float(match[1]) * _UNITS[match[2]]) if match else 0
    if size < 10**6:
        line.say("custody.unknown_capacity", "capacity", value=show(cell))
        return None
    return size


def _lease(line: _Line) -> bool:
    """Leased unless the list says no: a lease wrongly assumed is asked about, a missed one is destroyed."""
    cell = line.cells.get("lease", "")
    word = _word(cell)
    if not key(cell) and word not in _LEASED | _OWNED:
        return False
    if word not in _LEASED | _OWNED and "リース" not in word:
        line.say("custody.unknown_lease", "lease", value=show(cell))
    return word not in _OWNED


# Rows against each other


def _duplicates(devices: Sequence[ListedDevice]) -> list[Problem]:
    problems = []
    for name in ("asset", "serial", "drive_serial"):
        groups: dict[str, list[ListedDevice]] = defaultdict(list)
        for device in devices:
            groups[getattr(device, name)].append(device)
        for value, same in groups.items():
            if value and len(same) > 1:
                problems += [_twin(device, same, name, value) for device in same]
    return problems


def _twin(device: ListedDevice, same: Sequence[ListedDevice], name: str, value: str) -> Problem:
    others = [other for other in same[:6] if other is not device][:5]
    rows = "、".join(f"{other.row}行目 {other.asset}".strip() for other in others)
    rows += "など" if len(same) > len(others) + 1 else ""
    code = f"custody.duplicate_{name}"
    return _problem(device.row, device.asset, name, code, value=show(value), rows=rows)
