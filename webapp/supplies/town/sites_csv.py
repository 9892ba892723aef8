"""The municipal open-data list of evacuation sites → shelters and problems by row (`sites` writes it). Pure.

Two layouts, both read and written, in CP932 and UTF-8 with or without a mark (`kernel.base.tabular` reads them all):
- `standard`: 自治体標準オープンデータセット, データ項目定義書A, sheet 03 指定緊急避難場所一覧 (デジタル庁,
  digital.go.jp/resources/open_data/municipal-standard-data-set-test), as municipalities publish it under the name
  NNNNNN_evacuation_space.csv;
- `recommended`: the older 推奨データセット「避難所一覧」 (NO, 都道府県名, 市区町村名, 住所, 方書).
GSI's names for the same columns (共通ID, 施設・場所名) are understood when reading. Column names are data:
`seeds/evacuation_sites.json`.

Lists pass through spreadsheets: leading zeros of codes and telephone numbers are put back, latitude and longitude that
changed places are offered as corrected, and each such repair is said, because a person has to look at it.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from webapp.kernel.base.cells import is_formula, oddities, plain, show
from webapp.kernel.base.headings import Headings, Vocabulary, find_headings, key
from webapp.kernel.base.tabular import Row, Table
from webapp.supplies.form_messages import SENTENCES
from webapp.supplies.town.repairs import degrees, full_code, full_phone, in_japan, is_mail
from webapp.supplies.town.sites import HAZARDS, LABELS, LAYOUTS, WORDS, Layout, Site


def _vocabulary() -> Vocabulary:
    names: dict[str, list[str]] = defaultdict(list)
    for layout in ("standard", "recommended"):
        for name, label in LAYOUTS[layout]:
            names["number" if label == "NO" else name].append(label)  # GSI's list has an ID beside it
    for name, labels in WORDS["also"].items():
        names[name] += labels
    return Vocabulary(names)


_COLUMNS = _vocabulary()
_REQUIRED = ("name",)
_LIMITS = {"name": 120, "kana": 120, "address": 200, "building": 120, "note": 1_000, "communities": 1_000}
_LIMIT = 200
_CARRIED = (
    *("name_en", "town_id", "height", "extension", "form_url", "contact_note", "postcode"),
    *("communities", "url", "picture", "picture_licence"),
)


class Severity(StrEnum):
    """error: the row cannot be imported; warning: a person should look; info: good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class SiteProblem:
    """One finding. `row` as Excel shows it; `field` in words."""

    row: int
    name: str
    field: str
    code: str
    message: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class SiteList:
    """What a list says: `sites` are the rows without an error, in order; `rows` how many name a place."""

    sites: list[Site]
    problems: list[SiteProblem]
    rows: int
    layout: Layout | Literal["other"]

    def count(self, severity: Severity) -> int:
        """How many findings of a severity."""
        return sum(problem.severity is severity for problem in self.problems)


_ERRORS = {"missing_columns", "missing_name", "duplicate_id", "too_long"}
_INFOS = {"unknown_column", "other_sheets", "not_a_site", "code_restored", "phone_restored"}


def _problem(row: int, name: str, about: str, reason: str, **params: object) -> SiteProblem:
    severity = (
        Severity.ERROR if reason in _ERRORS else Severity.INFO if reason in _INFOS else Severity.WARNING
    )
    code = f"supplies.site_{reason}"
    return SiteProblem(row, name, about, code, SENTENCES[code].format(**params), severity)


@dataclass(slots=True)
class _Line:
    """One row while it is read."""

    number: int
    cells: dict[str, str]
    name: str = ""
    problems: list[SiteProblem] = field(default_factory=list)

    def text(self, about: str) -> str:
        return plain(self.cells.get(about, ""))

    def say(self, reason: str, about: str, **params: object) -> None:
        label = LABELS.get(about, "")
        self.problems.append(_problem(self.number, self.name, label, reason, **({"label": label} | params)))


def read_sites(table: Table, own_code: str = "") -> SiteList:
    """Read the list; say everything that is odd by row, with a stable code. Nothing is imported here.

    `own_code`: the municipality's 全国地方公共団体コード, to point at rows of another one. A row with an error is not
    among `sites`. Without the heading 名称 there are no rows at all (supplies.site_missing_columns).
    """
    headings = find_headings(table, _COLUMNS)
    problems = _about_headings(table, headings)
    if any(problem.severity is Severity.ERROR for problem in problems):
        return SiteList([], problems, 0, "other")
    lines, sites = [], []
    for row in (row for row in table.rows if row.number > headings.row.number):
        if said := _not_a_site(row, headings):
            problems.append(_problem(row.number, "", "", "not_a_site", value=show(said)))
            continue
        lines.append(_line(row, headings))
        sites.append(_site(lines[-1], own_code))
    problems += [problem for line in lines for problem in line.problems] + _twins(sites)
    broken = {problem.row for problem in problems if problem.severity is Severity.ERROR}
    good = [site for site in sites if site.row not in broken]
    return SiteList(good, sorted(problems, key=lambda each: each.row), len(sites), _layout_of(headings))


def _layout_of(headings: Headings) -> Layout | Literal["other"]:
    written = {key(cell) for cell in headings.row.cells}
    if key("所在地_連結表記") in written:
        return "standard"
    return "recommended" if key("住所") in written and key("NO") in written else "other"


def _about_headings(table: Table, headings: Headings) -> list[SiteProblem]:
    row, cells = headings.row.number, headings.row.cells
    missing = [LABELS[name] for name in _REQUIRED if name not in headings.columns]
    if missing:
        return [_problem(row, "", "", "missing_columns", columns="」「".join(missing))]
    problems = []
    if table.other_sheets:
        sheets = show("」「".join(table.other_sheets), 120)
        problems.append(_problem(row, "", "", "other_sheets", sheets=sheets))
    for name, column in headings.doubled:
        used = show(cells[headings.columns[name]])
        params = {"label": LABELS[name], "used": used, "column": show(cells[column])}
        problems.append(_problem(row, "", LABELS[name], "double_column", **params))
    for shown in (show(cells[column]) for column in headings.unknown):
        problems.append(_problem(row, "", shown, "unknown_column", column=shown))
    return problems


def _not_a_site(row: Row, headings: Headings) -> str:
    """A row of marks (◎ must, ○ may) under the headings, a foot note, or the headings again."""
    filled = [cell.strip() for cell in row.cells if cell.strip()]
    marks = all(cell in {"◎", "○", "△", "-", "－"} for cell in filled)
    note = len(filled) == 1 and filled[0].startswith("※")
    return filled[0] if marks or note or row.cells == headings.row.cells else ""


def _line(row: Row, headings: Headings) -> _Line:
    cells = {
        name: _unwrapped(row.cells[column]) if column < len(row.cells) else ""
        for name, column in headings.columns.items()
    }
    line = _Line(row.number, cells)
    line.name = show(plain(cells["name"]))
    for name, cell in cells.items():
        for reason, params in oddities(cell) if cell else ():
            if reason != "outside_shift_jis":  # we keep Unicode; what CP932 lacks is seen when it is written
                line.say(reason, name, **params)
        limit = _LIMITS.get(name, _LIMIT)
        if len(cell) > limit:
            line.say("too_long", name, length=len(cell), limit=limit)
    return line


def _unwrapped(cell: str) -> str:
    """Without the apostrophe that `write_csv` puts before what a spreadsheet would run."""
    return cell[1:] if cell.startswith("'") and is_formula(cell[1:]) else cell


def _site(line: _Line, own_code: str) -> Site:
    if not line.text("name"):
        line.say("missing_name", "name")
    lat, lon = _place(line)
    return Site(
        row=line.number,
        name=line.text("name"),
        id=_id(line),
        code=_code(line, own_code),
        kana=line.text("kana"),
        prefecture=line.text("prefecture"),
        city=line.text("city"),
        address=_address(line),
        building=line.text("building"),
        lat_e6=lat,
        lon_e6=lon,
        phone=_phone(line),
        mail=_mail(line),
        hazards=tuple(word for word in HAZARDS if _flag(line, word)),
        also_shelter=_flag(line, "also_shelter"),
        capacity=_capacity(line),
        note=line.text("note"),
        extra={name: text for name in _CARRIED if (text := line.text(name))},
    )


def _address(line: _Line) -> str:
    """The address in one; the older layout leaves out prefecture and town, some lists give its parts only."""
    whole = line.text("address") or line.text("town") + line.text("block")
    city, prefecture = line.text("city"), line.text("prefecture")
    if whole and city and city not in whole:
        whole = city + whole
    if whole and prefecture and not whole.startswith(prefecture):
        whole = prefecture + whole
    return whole


def _id(line: _Line) -> str:
    said = unicodedata.normalize("NFKC", line.text("id") or line.text("number"))
    if said and not re.fullmatch(r"[0-9A-Za-z-]{1,24}", said):
        line.say("bad_id", "id", value=show(said))
        return ""
    return said


def _code(line: _Line, own_code: str) -> str:
    said = line.text("code") or line.text("city_code")
    code = full_code(said)
    if said and not code:
        line.say("code_unknown", "code", value=show(said))
    elif code and code != unicodedata.normalize("NFKC", said):
        line.say("code_restored", "code", value=show(said), code=code)
    if code and own_code and code != own_code:
        line.say("other_town", "code", value=code)
    return code


def _phone(line: _Line) -> str:
    said = line.text("phone")
    phone = full_phone(said)
    if said and not phone:
        line.say("bad_phone", "phone", value=show(said))
    elif phone and phone.replace("-", "") != re.sub(r"\D", "", unicodedata.normalize("NFKC", said)):
        line.say("phone_restored", "phone", value=show(said), phone=phone)
    return phone


def _mail(line: _Line) -> str:
    said = unicodedata.normalize("NFKC", line.text("mail"))
    if said and not is_mail(said):
        line.say("bad_mail", "mail", value=show(said))
        return ""
    return said


def _flag(line: _Line, name: str) -> bool:
    said = unicodedata.normalize("NFKC", line.text(name))
    if said not in {"1", "0", "", "○", "◯", "〇", "-", "×"}:
        line.say("bad_flag", name, value=show(said))
    return said in {"1", "○", "◯", "〇"}


def _capacity(line: _Line) -> int | None:
    said = re.sub(r"[\s,]|人|名", "", unicodedata.normalize("NFKC", line.text("capacity")))
    if not said or said == "-":
        return None
    if not re.fullmatch(r"[0-9]{1,6}", said):
        line.say("bad_number", "capacity", value=show(said))
        return None
    return int(said)


# Where it is


def _place(line: _Line) -> tuple[int | None, int | None]:
    """Latitude and longitude in millionths of a degree: both, or none and a word about it."""
    lat_said, lon_said = (unicodedata.normalize("NFKC", line.text(name)) for name in ("lat", "lon"))
    if not lat_said and not lon_said:
        return None, None
    if not lat_said or not lon_said:
        line.say("half_place", "lat" if lat_said else "lon")
        return None, None
    lat, lon = degrees(lat_said), degrees(lon_said)
    if lat is None or lon is None:
        line.say("bad_place", "lat", value=show(f"{lat_said}, {lon_said}"))
        return None, None
    return _settled(line, lat, lon)


def _settled(line: _Line, lat: float, lon: float) -> tuple[int | None, int | None]:
    if in_japan(lat, lon):
        return round(lat * 1e6), round(lon * 1e6)
    if in_japan(lon, lat):
        line.say("swapped", "lat", lat=f"{lon:.6f}", lon=f"{lat:.6f}")
        return round(lon * 1e6), round(lat * 1e6)
    line.say("outside", "lat", lat=f"{lat:g}", lon=f"{lon:g}")
    return None, None


# Rows against each other


def _twins(sites: Sequence[Site]) -> list[SiteProblem]:
    problems = []
    for name, reason in (("id", "duplicate_id"), ("name", "same_name")):
        groups: dict[str, list[Site]] = defaultdict(list)
        for site in sites:
            groups[getattr(site, name)].append(site)
        for value, same in groups.items():
            if value and len(same) > 1:
                problems += [_twin(site, same, name, value, reason) for site in same]
    return problems


def _twin(site: Site, same: Sequence[Site], name: str, value: str, reason: str) -> SiteProblem:
    others = [other for other in same[:6] if other is not site][:5]
    rows = "、".join(f"{other.row}行目" for other in others) + ("など" if len(same) > 6 else "")
    return _problem(
        site.row, show(site.name), LABELS[name], reason, label=LABELS[name], value=show(value), rows=rows
    )
