"""The town's own list, with every slip that lists have: all of it told by row, nothing imported half."""

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.custody.forms import AssetList, Kind, Severity, parse_asset_list
from webapp.kernel.base.cells import identifier
from webapp.kernel.base.tabular import read_table, write_csv

DATA = Path(__file__).parents[1] / "data"
PLANTED = (DATA / "mogami_devices.csv").read_bytes()
#: What each planted fault is called by us.
CODES = {
    "duplicate serial": "custody.duplicate_serial",
    "drive serial blank": "custody.missing_drive_serial",
    "characters outside plain Shift_JIS (cp932): ㈱ 〜": "custody.outside_shift_jis",
    "full-width serial": "custody.fullwidth_serial",
    "formula in a cell": "custody.formula_cell",
    "markup in a cell": "custody.markup_cell",
}
HEADINGS = [
    "管理番号",
    "種別",
    "メーカー",
    "品名",
    "製造番号",
    "記憶装置",
    "記憶装置製造番号",
    "容量",
    "機密性",
    "リース",
    "備考",
]
GOOD = ["A-1", "ノートPC", "NEC", "VersaPro", "SN001", "SSD", "DR001", "256GB", "3", "", ""]
#: What people can type into a cell. Files full of control characters are told apart before (test_tabular.py).
CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20)


def a_list(*rows: dict[str, str], headings: list[str] | None = None) -> AssetList:
    """A list of good rows, each a little different and changed as said."""
    lines = [headings or HEADINGS]
    for number, changes in enumerate(rows or ({},), start=1):
        own = {"管理番号": f"A-{number}", "製造番号": f"SN00{number}", "記憶装置製造番号": f"DR00{number}"}
        row = dict(zip(HEADINGS, GOOD, strict=True)) | own | changes
        lines.append([row[name] for name in HEADINGS])
    return parse_asset_list(read_table(csv_bytes(lines)))


def csv_bytes(lines: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(lines)
    return out.getvalue().encode()


def found(assets: AssetList) -> list[tuple[int, str, str]]:
    return [
        (problem.row, problem.field, problem.code.removeprefix("custody.")) for problem in assets.problems
    ]


def as_workbook(data: bytes) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in csv.reader(io.StringIO(data.decode("cp932"))):
        sheet.append([int(cell) if cell.isdigit() else cell or None for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_encoding(encoding: str) -> Callable[[bytes], bytes]:
    return lambda data: data.decode("cp932").encode(encoding)


# The planted list


def test_the_planted_list_is_read_whole() -> None:
    assets = parse_asset_list(read_table(PLANTED))

    assert (assets.title, assets.rows, len(assets.devices)) == ("最上町 処分予定端末一覧", 219, 219)
    counts = {name: count for name, count in assets.counts().items() if count}
    assert counts == {"pc": 160, "notebook": 86, "desktop": 74, "monitor": 59, "warning": 6, "info": 1}
    assert Counter(device.cls for device in assets.devices) == {3: 160, 0: 59}
    assert sum(device.lease for device in assets.devices) == 40


def test_every_planted_fault_is_found_at_its_rows_and_nothing_else() -> None:
    # given what was planted
    faults = json.loads((DATA / "mogami_faults.json").read_text("utf-8"))
    planted = {CODES[fault["list"]]: set(fault["rows"]) for fault in faults}

    # when the list is read
    told = defaultdict(set)
    for problem in parse_asset_list(read_table(PLANTED)).problems:
        told[problem.code].add(problem.asset)

    # then the two are the same
    assert told == planted


def test_problems_stand_at_the_row_excel_shows() -> None:
    lines = PLANTED.decode("cp932").splitlines()

    for problem in parse_asset_list(read_table(PLANTED)).problems:
        assert lines[problem.row - 1].startswith(problem.asset)


@pytest.mark.parametrize(
    "written",
    [as_encoding("utf-8"), as_encoding("utf-8-sig"), as_encoding("utf-16"), as_workbook],
    ids=["utf-8", "utf-8 with mark", "utf-16", "xlsx"],
)
def test_the_same_list_in_another_file_is_the_same_list(written: Callable[[bytes], bytes]) -> None:
    assert parse_asset_list(read_table(written(PLANTED))) == parse_asset_list(read_table(PLANTED))


def test_a_device_is_listed_as_the_town_wrote_it() -> None:
    devices = {device.asset: device for device in parse_asset_list(read_table(PLANTED)).devices}

    laptop, fullwidth, formula, monitor = (devices[f"MGM-0{n}"] for n in ("002", "093", "095", "161"))
    assert (laptop.kind, laptop.cls, laptop.lease, laptop.capacity) == (
        Kind.NOTEBOOK,
        3,
        True,
        256_060_514_304,
    )
    assert fullwidth.serial == "JPH2PUQW10M"
    assert formula.note == '=HYPERLINK("http://example.invalid","x")'
    assert (monitor.kind, monitor.cls, monitor.capacity, monitor.drive_serial) == (Kind.MONITOR, 0, None, "")


# Slips, one by one


def test_a_good_row_has_nothing_to_tell() -> None:
    assert found(a_list()) == []


@pytest.mark.parametrize(
    ("changes", "about", "code"),
    [
        ({"管理番号": ""}, "asset", "missing_asset"),
        ({"管理番号": "－"}, "asset", "missing_asset"),
        ({"種別": ""}, "kind", "missing_kind"),
        ({"種別": "冷蔵庫"}, "kind", "unknown_kind"),
        ({"機密性": ""}, "cls", "missing_class"),
        ({"機密性": "4"}, "cls", "unknown_class"),
        ({"機密性": "対象外"}, "cls", "unknown_class"),
        ({"機密性": "①"}, "cls", "unknown_class"),
        ({"機密性": "(1)"}, "cls", "unknown_class"),
        ({"備考": "あ" * 1_001}, "note", "too_long"),
        ({"製造番号": "S" * 65}, "serial", "too_long"),
        ({"種別": "モニター", "機密性": ""}, "kind", "drive_not_expected"),
    ],
)
def test_a_row_that_cannot_be_imported_says_why(changes: dict[str, str], about: str, code: str) -> None:
    # given a good row and a bad one
    assets = a_list({}, changes)

    # then the bad one alone is left out, and told
    assert [device.row for device in assets.devices] == [2]
    assert (3, about, code) in found(assets)
    assert {problem.row for problem in assets.problems if problem.severity is Severity.ERROR} == {3}
    assert assets.rows == 2


@pytest.mark.parametrize(
    ("changes", "about", "code"),
    [
        ({"製造番号": ""}, "serial", "missing_serial"),
        ({"製造番号": "不明"}, "serial", "missing_serial"),
        ({"製造番号": "ＳＮ９"}, "serial", "fullwidth_serial"),
        ({"製造番号": "4.56E+11"}, "serial", "damaged_serial"),
        ({"管理番号": "Ａ－９"}, "asset", "fullwidth_asset"),
        ({"記憶装置製造番号": ""}, "drive_serial", "missing_drive_serial"),
        ({"記憶装置製造番号": "ＤＲ９"}, "drive_serial", "fullwidth_serial"),
        ({"記憶装置": "なし", "記憶装置製造番号": "", "容量": ""}, "drive_kind", "no_drive"),
        ({"容量": "256"}, "capacity", "unknown_capacity"),
        ({"容量": "たくさん"}, "capacity", "unknown_capacity"),
        ({"リース": "三菱HC"}, "lease", "unknown_lease"),
        ({"品名": "=1+1"}, "model", "formula_cell"),
        ({"品名": "@SUM(A1)"}, "model", "formula_cell"),
        ({"備考": "\tx"}, "note", "formula_cell"),
        ({"備考": "<img src=x>"}, "note", "markup_cell"),
        ({"備考": "a\x07b"}, "note", "control_character"),
        ({"備考": "壊\ufffd"}, "note", "broken_character"),
        ({"備考": "髙橋"}, "note", "outside_shift_jis"),
        ({"種別": "マウス", "記憶装置": "", "記憶装置製造番号": "", "容量": ""}, "cls", "class_not_needed"),
    ],
)
def test_a_row_to_look_at_is_told_and_can_be_imported(changes: dict[str, str], about: str, code: str) -> None:
    assets = a_list(changes)

    assert found(assets) == [(2, about, code)]
    assert len(assets.devices) == 1


def test_the_same_asset_number_twice_stops_both_rows() -> None:
    assets = a_list({"管理番号": "A-7"}, {}, {"管理番号": "ａ－７"})

    assert [row for row, _, code in found(assets) if code == "duplicate_asset"] == [2, 4]
    assert [device.asset for device in assets.devices] == ["A-2"]


@pytest.mark.parametrize(("column", "name"), [("製造番号", "serial"), ("記憶装置製造番号", "drive_serial")])
def test_the_same_serial_twice_is_told_on_both_rows_and_both_things_still_leave(
    column: str, name: str
) -> None:
    assets = a_list({column: "X1"}, {column: "x1"})

    assert found(assets) == [(2, name, f"duplicate_{name}"), (3, name, f"duplicate_{name}")]
    assert "3行目 A-2" in assets.problems[0].message
    assert len(assets.devices) == 2


def test_a_serial_that_stands_a_thousand_times_does_not_fill_the_page() -> None:
    assets = a_list(*[{"製造番号": "X1"}] * 1_000)

    assert len(assets.problems) == 1_000
    assert max(len(problem.message) for problem in assets.problems) < 250


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("ノートＰＣ", Kind.NOTEBOOK),
        ("ﾉｰﾄﾊﾟｿｺﾝ", Kind.NOTEBOOK),
        ("デスクトップ（省スペース）", Kind.DESKTOP),
        ("タブレット端末", Kind.TABLET),
        ("サーバ", Kind.SERVER),
        ("複合機", Kind.OTHER),
    ],
)
def test_kinds_are_known_by_the_words_towns_use(written: str, kind: Kind) -> None:
    assert a_list({"種別": written}).devices[0].kind == kind


@pytest.mark.parametrize(
    ("written", "cls"), [("3", 3), ("２", 2), ("機密性1", 1), ("機密性３情報", 3), ("Ⅲ", 3)]
)
def test_the_class_is_read_as_towns_write_it(written: str, cls: int) -> None:
    assert a_list({"機密性": written}).devices[0].cls == cls


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("256060514304", 256_060_514_304),
        ("500,107,862,016", 500_107_862_016),
        ("２５６ＧＢ", 256 * 10**9),
        ("1.5 TB", 15 * 10**11),
        ("－", None),
    ],
)
def test_capacity_is_bytes_whatever_the_unit(written: str, size: int | None) -> None:
    assert a_list({"容量": written}).devices[0].capacity == size


@pytest.mark.parametrize(
    ("written", "lease"),
    [("リース", True), ("○", True), ("○○リース(株)", True), ("買取", False), ("×", False), ("", False)],
)
def test_lease_is_read_as_towns_write_it(written: str, lease: bool) -> None:  # noqa: FBT001
    assets = a_list({"リース": written})

    assert (assets.devices[0].lease, assets.problems) == (lease, [])


def test_things_without_storage_need_no_class_and_no_drive() -> None:
    bare = {"記憶装置": "", "記憶装置製造番号": "", "容量": "", "機密性": ""}

    assets = a_list(
        {"種別": "ディスプレイ", **bare}, {"種別": "キーボード", **bare}, {"種別": "その他", **bare}
    )

    assert (found(assets), [device.cls for device in assets.devices]) == ([], [0, 0, 0])


def test_another_thing_that_names_a_drive_needs_a_class() -> None:
    assert (2, "cls", "missing_class") in found(a_list({"種別": "プリンター", "機密性": ""}))


# Headings and rows that are no devices


def test_headings_are_known_by_their_other_names() -> None:
    other = [
        "資産番号",
        "機器 種別",
        "メーカ",
        "機種名",
        "Ｓ／Ｎ",
        "ストレージ",
        "HDD/SSDシリアル番号",
        "ディスク容量",
        "機密性区分",
        "リース区分",
        "摘要",
    ]

    assert a_list(headings=other) == a_list()


def test_columns_we_do_not_know_are_named() -> None:
    assets = parse_asset_list(
        read_table(csv_bytes([["No.", *HEADINGS, "購入日"], ["1", *GOOD, "2018-04-01"]]))
    )

    assert found(assets) == [(1, "購入日", "unknown_column")]
    assert "「購入日」" in assets.problems[0].message


def test_of_two_columns_that_mean_the_same_the_better_word_wins() -> None:
    assets = parse_asset_list(read_table(csv_bytes([["資産番号", *HEADINGS], ["X-9", *GOOD]])))

    assert found(assets) == [(1, "asset", "double_column")]
    assert assets.devices[0].asset == "A-1"


@pytest.mark.parametrize(
    ("headings", "missing"),
    [
        (["番号", "名称", "数量"], ["管理番号", "種別", "製造番号", "機密性"]),
        ([name for name in HEADINGS if name not in ("機密性", "種別")], ["種別", "機密性"]),
    ],
)
def test_without_its_columns_a_list_has_no_rows_and_says_which(
    headings: list[str], missing: list[str]
) -> None:
    assets = parse_asset_list(read_table(csv_bytes([headings, ["1"] * len(headings)])))

    assert (assets.rows, assets.devices) == (0, [])
    assert [(problem.code, problem.severity) for problem in assets.problems] == [
        ("custody.missing_columns", Severity.ERROR)
    ]
    assert all(f"「{name}」" in assets.problems[0].message for name in missing)


def test_a_list_without_drive_numbers_says_so_once() -> None:
    headings = [name for name in HEADINGS if name != "記憶装置製造番号"]
    row = dict(zip(HEADINGS, GOOD, strict=True))
    lines = [headings, *([*[row[name] for name in headings]] for _ in range(1))]

    assert found(parse_asset_list(read_table(csv_bytes(lines)))) == [
        (1, "drive_serial", "missing_drive_column")
    ]


def test_a_row_that_slipped_sideways_is_an_error() -> None:
    assets = parse_asset_list(read_table(csv_bytes([HEADINGS, [*GOOD, "はみ出し"]])))

    assert (assets.devices, found(assets)) == ([], [(2, "", "extra_cells")])


def test_totals_footnotes_and_repeated_headings_are_no_devices() -> None:
    lines = [["処分一覧"], [], HEADINGS, GOOD, HEADINGS, ["合　計", "1台"], ["※ 単価は税抜"]]

    assets = parse_asset_list(read_table(csv_bytes(lines)))

    assert (assets.rows, len(assets.devices), assets.title) == (1, 1, "処分一覧")
    assert [code for _, _, code in found(assets)] == ["not_a_device"] * 3


def test_ten_thousand_rows_are_judged_without_a_complaint() -> None:
    lines = [HEADINGS, *([f"A-{n}", *GOOD[1:4], f"SN{n}", "SSD", f"DR{n}", *GOOD[7:]] for n in range(10_000))]
    table = read_table(csv_bytes(lines))

    assets = parse_asset_list(table)

    assert (len(assets.devices), assets.problems) == (10_000, [])


@given(st.lists(st.lists(CELLS, min_size=len(HEADINGS), max_size=len(HEADINGS)), max_size=6))
def test_whatever_stands_in_the_cells_every_row_is_imported_or_told(rows: list[list[str]]) -> None:
    assets = parse_asset_list(
        read_table(write_csv([HEADINGS, GOOD, *rows], "utf-8-sig").replace(b"\x00", b""))
    )

    errors = {problem.row for problem in assets.problems if problem.severity is Severity.ERROR}
    listed = {device.row for device in assets.devices}
    assert not listed & errors
    assert len(listed | errors) == assets.rows
    assert all(device.serial == identifier(device.serial) for device in assets.devices)
