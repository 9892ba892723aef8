"""One cell: shown safely, compared without width, and told about when odd."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.kernel.base.cells import identifier, is_wide, oddities, plain, show


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("ＪＰＨ２ＰＵ", "JPH2PU"),
        (" mgm-0001 ", "MGM-0001"),
        ("ＭＧＭ－０００１", "MGM-0001"),
        ("MGMー0001", "MGM-0001"),
        ("4G V1\u3000LL", "4GV1LL"),
        ("サーバー01", "サーバー01"),
        ("AB\u200bC", "ABC"),
    ],
)
def test_an_identifier_is_compared_without_width_case_and_spaces(written: str, compared: str) -> None:
    assert identifier(written) == compared


@given(st.text(max_size=40))
def test_comparing_twice_changes_nothing_more(text: str) -> None:
    assert identifier(identifier(text)) == identifier(text)


def test_only_what_had_to_be_guessed_is_called_wide() -> None:
    assert [is_wide(cell) for cell in ("ａ1", "a1 ", "A-1", "A−1")] == [True, False, False, True]


@pytest.mark.parametrize(
    ("cell", "reasons"),
    [
        ("総務課", []),
        ("I・Oデータ （株）ー－―", []),
        ("=A1", ["formula_cell"]),
        ("<b>", ["markup_cell"]),
        ("3 < 5", []),
        ("a\x07b", ["control_character"]),
        ("a\u202eb", ["control_character"]),
        ("一行目\r\n二行目", []),
        ("\ufffd課", ["broken_character"]),
        ("㈱山田", ["outside_shift_jis"]),
        ("髙橋", ["outside_shift_jis"]),
        ("9時〜17時", ["outside_shift_jis"]),
        ("9時～17時", ["outside_shift_jis"]),
        ("\ue000", ["outside_shift_jis"]),
    ],
)
def test_odd_cells_say_why(cell: str, reasons: list[str]) -> None:
    assert [reason for reason, _ in oddities(cell)] == reasons


@given(st.text(max_size=200))
def test_a_shown_cell_is_one_short_visible_line(text: str) -> None:
    assert len(show(text)) <= 40
    assert all(char.isprintable() for char in show(text))
    assert "\n" not in plain(text)
