"""Lists come from anywhere: whatever the bytes, we get all rows as text, or a reason with a code."""

import io
import random
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.kernel.base.messages import SENTENCES
from webapp.kernel.base.outcomes import Unprocessable
from webapp.kernel.base.tabular import Limits, Row, Table, read_table, write_csv

LIST = [["管理番号", "品名"], ["A-1", "ノートPC"], ["A-2", "モニター"]]
TEXT = "\r\n".join(",".join(row) for row in LIST) + "\r\n"


def a_workbook(*sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"シート{number}")
        for row in rows:
            sheet.append(row)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def a_zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_part(book: bytes, name: str, content: bytes) -> bytes:
    """The same workbook with one part changed."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return a_zip({part: archive.read(part) for part in archive.namelist()} | {name: content})


def cells(table: Table) -> list[list[str]]:
    return [list(row.cells) for row in table.rows]


def refusal(data: bytes, filename: str = "", limits: Limits | None = None) -> str:
    with pytest.raises(Unprocessable) as caught:
        read_table(data, filename, limits)
    assert SENTENCES[caught.value.code].format(**caught.value.params)
    return caught.value.code


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_list_says_the_same_in_every_encoding(encoding: str) -> None:
    assert cells(read_table(TEXT.encode(encoding))) == LIST


@pytest.mark.parametrize(("delimiter", "kind"), [(",", "csv"), ("\t", "tsv"), (";", "csv")])
def test_the_delimiter_is_found(delimiter: str, kind: str) -> None:
    table = read_table("\n".join(delimiter.join(row) for row in LIST).encode())

    assert (cells(table), table.kind) == (LIST, kind)


def test_commas_in_notes_do_not_turn_a_tab_separated_list_into_commas() -> None:
    table = read_table("番号\t備考\nA-1\ta,b,c\nA-2\td,e".encode())

    assert cells(table)[1] == ["A-1", "a,b,c"]


def test_row_numbers_are_those_of_excel() -> None:
    # given a blank row, and a cell with a line break before the last row
    data = b'a,b\r\n,\r\n"c\r\nd",e\r\nf,g\r\n'

    assert [(row.number, row.cells) for row in read_table(data).rows] == [
        (1, ("a", "b")),
        (3, ("c\r\nd", "e")),
        (4, ("f", "g")),
    ]


def test_a_workbook_gives_the_text_a_person_sees() -> None:
    table = read_table(
        a_workbook(
            [
                ["題"],
                [],
                [500107862016, 3.0, 0.1, True, None, date(2026, 10, 5), datetime(2026, 10, 5, 9, 12)],  # noqa: DTZ001
                ["=1+1", " x "],
            ]
        )
    )

    assert table.kind == "xlsx"
    assert table.rows[1:] == [
        Row(3, ("500107862016", "3", "0.1", "TRUE", "", "2026-10-05", "2026-10-05 09:12:00")),
        Row(4, ("=1+1", " x ")),
    ]


def test_merged_cells_speak_once() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["C1"] = "題", "右"
    sheet.merge_cells("A1:B1")

    assert cells(read_table(saved(book))) == [["題", "", "右"]]


def test_only_the_first_filled_visible_sheet_is_read_and_the_others_are_named() -> None:
    book = openpyxl.load_workbook(io.BytesIO(a_workbook([], [["一覧"]], [["隠し"]], [["控え"]])))
    book.worksheets[2].sheet_state = "hidden"

    table = read_table(saved(book))

    assert (cells(table), table.other_sheets) == ([["一覧"]], ("シート4",))


@pytest.mark.parametrize(
    "data", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", b",,,\r\n , \r\n", a_workbook([]), a_workbook([[None]])]
)
def test_a_file_without_a_word_is_empty(data: bytes) -> None:
    assert refusal(data) == "tabular.empty"


@pytest.mark.parametrize(
    "data",
    [
        random.Random(1).randbytes(200_000),  # noqa: S311
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"%PDF-1.7\nabc",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        b"a,b\r\nc\x00d,e\r\n" * 50,
        b"\x01\x02\x03\x04" * 20,
        a_zip({"word/document.xml": b"<w/>", "[Content_Types].xml": b"<t/>"}),
    ],
    ids=["random", "png", "pdf", "old xls", "csv with NULs", "controls", "docx"],
)
def test_what_is_no_list_is_refused_as_binary(data: bytes) -> None:
    assert refusal(data, "list.csv") == "tabular.binary"


def test_fifty_megabytes_are_refused_without_being_read() -> None:
    assert refusal(b"a,b\r\n" * (10 * 1024 * 1024)) == "tabular.too_large"


@pytest.mark.parametrize(
    "limits", [Limits(rows=2), Limits(columns=1), Limits(cell_chars=4), Limits(file_bytes=10)]
)
@pytest.mark.parametrize(
    "data", [TEXT.encode(), a_workbook([list(row) for row in LIST])], ids=["csv", "xlsx"]
)
def test_rows_columns_and_cells_have_limits(data: bytes, limits: Limits) -> None:
    assert refusal(data, limits=limits) == "tabular.too_large"


def test_a_cell_beyond_what_any_reader_takes_is_too_large() -> None:
    assert refusal(b'a,b\r\n"' + b"x" * 200_000 + b'",c\r\n') == "tabular.too_large"


def test_a_quote_left_open_is_refused_and_not_read_as_one_long_cell() -> None:
    assert refusal(b'a,b\r\n"c,d\r\ne,f\r\n') == "tabular.unreadable"


def test_bytes_of_no_known_encoding_name_the_row() -> None:
    with pytest.raises(Unprocessable) as caught:
        read_table("管理番号,品名\r\nA-1,".encode() + b"\x81\xff\r\n")

    assert (caught.value.code, caught.value.params) == ("tabular.encoding", {"row": "2"})


def test_a_zip_bomb_is_refused_before_it_is_opened() -> None:
    sheet = a_workbook([["a"]])
    bombs = [
        with_part(sheet, "xl/worksheets/sheet1.xml", b" " * (30 * 1024 * 1024)),
        with_part(sheet, "xl/media/image1.png", bytes(130 * 1024 * 1024)),
        a_zip({f"xl/{number}": b"" for number in range(1_001)}),
    ]
    assert [refusal(bomb) for bomb in bombs] == ["tabular.zip_bomb"] * 3


def test_xml_that_expands_itself_is_unreadable() -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'

    assert refusal(with_part(a_workbook([["a"]]), "xl/worksheets/sheet1.xml", laughs)) == "tabular.unreadable"


def test_a_workbook_that_claims_absurd_rows_or_columns_does_not_run_for_ever() -> None:
    book, part = a_workbook([["a"]]), "xl/worksheets/sheet1.xml"
    names = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    space = b"<worksheet " + names + b"><sheetData>%s</sheetData></worksheet>"
    far_down = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="999999999"><c><v>1</v></c></row>'
    far_right = b"".join(b'<row r="%d"><c r="XFD%d"/></row>' % (n, n) for n in range(1, 3_000))

    assert refusal(with_part(book, part, space % far_down)) == "tabular.too_large"
    assert refusal(with_part(book, part, space % far_right)) == "tabular.too_large"


@pytest.mark.parametrize("damage", [slice(0, 300), slice(0, -30)])
def test_a_damaged_workbook_is_unreadable(damage: slice) -> None:
    assert refusal(a_workbook([["a"]])[damage]) == "tabular.unreadable"


def test_a_workbook_with_a_broken_part_is_unreadable() -> None:
    assert refusal(with_part(a_workbook([["a"]]), "xl/workbook.xml", b"<oops")) == "tabular.unreadable"


@given(st.binary(max_size=300))
def test_any_bytes_give_rows_or_a_reason(data: bytes) -> None:
    try:
        said = [row.cells[0] for row in read_table(data).rows] or None
    except Unprocessable as error:
        said = [SENTENCES[error.code]]
    assert said is not None


def test_ten_thousand_rows_are_read() -> None:
    data = write_csv([[f"A-{n}", *["東芝 dynabook"] * 14] for n in range(10_000)], "cp932")
    assert len(read_table(data).rows) == 10_000


# Going out again

VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=12).filter(
    lambda text: not text.startswith(tuple("=+-@＝＋－＠ \u3000\ufeff"))
)


@given(st.lists(st.lists(VALUES, min_size=2, max_size=6), min_size=1, max_size=8))
def test_what_is_written_is_read_again(rows: list[list[str]]) -> None:
    # given rows of which the first has two columns, so that the delimiter shows
    rows = [["番号", "名前"], *rows]

    table = read_table(write_csv(rows, "utf-8-sig"))

    def trimmed(row: list[str]) -> tuple[str, ...]:
        while row and not row[-1]:
            row = row[:-1]
        return tuple(row)

    expected = [(n, trimmed(row)) for n, row in enumerate(rows, start=1) if "".join(row).strip()]
    assert [(row.number, row.cells) for row in table.rows] == expected


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1+1", "－ａ"]
)
def test_a_cell_a_spreadsheet_would_run_is_made_text(cell: str) -> None:
    assert read_table(write_csv([[cell, "x"]], "utf-8-sig")).rows[0].cells == (f"'{cell}", "x")


@pytest.mark.parametrize("cell", ["-5", "+3.5", "-", "－", "-1,200", "5-3", "12%", ""])
def test_plain_numbers_and_dashes_stay_as_they_are(cell: str) -> None:
    assert read_table(write_csv([["x", cell, "y"]], "cp932")).rows[0].cells == ("x", cell, "y")


def test_what_cp932_has_not_can_be_seen() -> None:
    data = write_csv([["㈱髙〜−", "𠮷野😀", None, 3]], "cp932")

    assert data.decode("cp932") == "㈱髙～－,〓野〓,,3\r\n"
