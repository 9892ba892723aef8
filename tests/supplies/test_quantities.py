"""What people type for numbers and days."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.kernel.base.outcomes import Refusal
from webapp.supplies.form_messages import SENTENCES
from webapp.supplies.quantities import parse_best_before, parse_count, parse_need_by, parse_quantity, show_day

TODAY = date(2026, 11, 22)


def _outcome(found: object) -> object:
    if isinstance(found, Refusal):
        assert SENTENCES[found.code].format(**found.params)
        return found.code.removeprefix("supplies.quantity_").removeprefix("supplies.date_")
    return found


@pytest.mark.parametrize(
    ("typed", "outcome"),
    [
        *[("40", 40), ("４０", 40), ("40個", 40), ("４０ 枚", 40), ("1,200", 1200), ("１，２００食", 1200)],
        *[
            ("0040", 40),
            ("1000000", 1_000_000),
            ("", "missing"),
            ("　", "missing"),
            ("0", "zero"),
            ("００個", "zero"),
        ],
        *[
            ("-5", "negative"),
            ("−5", "negative"),
            ("△5", "negative"),
            ("1.5", "fraction"),
            ("１．５", "fraction"),
        ],
        *[("½", "fraction"), ("1/2", "fraction"), ("1000001", "too_large"), ("1000000000000", "too_large")],
        *[("9" * 5000, "too_large"), ("1e12", "unreadable"), ("1,2", "unreadable"), ("十二", "unreadable")],
        *[("40くらい", "unreadable"), ("4 0円", "unreadable")],
    ],
)
def test_a_quantity_is_a_whole_number_or_a_clear_no(typed: str, outcome: object) -> None:
    assert _outcome(parse_quantity(typed)) == outcome


def test_boxes_are_not_pieces() -> None:
    assert parse_quantity("3個", "piece") == 3
    assert parse_quantity("3食", "meal") == 3
    assert _outcome(parse_quantity("3箱", "piece")) == "unit"


@given(st.integers(1, 1_000_000), st.sampled_from(["{}", "{:,}", " {}個 ", "{:08}"]))
def test_every_number_that_may_stand_is_read_as_itself(number: int, form: str) -> None:
    wide = str.maketrans("0123456789,", "０１２３４５６７８９，")
    assert (
        parse_quantity(form.format(number)) == parse_quantity(form.format(number).translate(wide)) == number
    )


@given(st.text(max_size=30))
def test_whatever_is_typed_gets_an_answer(text: str) -> None:
    for found in (
        parse_quantity(text),
        parse_best_before(text, TODAY),
        parse_need_by(text, text, now=1_800_000_000_000),
        parse_need_by("明日", text, now=1_800_000_000_000),
    ):
        assert found is None or isinstance(found, int) or found.code in SENTENCES


@pytest.mark.parametrize(
    ("typed", "outcome"),
    [
        *[("", 0), ("2027-03-01", 20270301), ("2027/3/1", 20270301), ("2027.3.1", 20270301)],
        *[
            ("２０２７年３月１日", 20270301),
            ("2027年3月", 20270331),
            ("2028年2月", 20280229),
            ("2027/3", 20270331),
        ],
        *[("令和9年3月1日", 20270301), ("令和9年3月", 20270331), ("R9.3.1", 20270301), ("r9/3/1", 20270301)],
        *[("270301", 20270301), ("270300", 20270331), ("20270301", 20270301), ("202703", 20270331)],
        *[("27.3.1", 20270301), ("賞味期限 2027.03.01", 20270301), ("2027年3月1日まで", 20270301)],
        *[("令和8年", "year_only"), ("R8", "year_only"), ("2027", "year_only"), ("2027年", "year_only")],
        *[
            ("9.3.1", "short_year"),
            ("2027-02-30", "impossible"),
            ("271301", "impossible"),
            ("令和9年13月", "impossible"),
        ],
        *[
            ("2026-11-21", "past"),
            ("2026-11-22", 20261122),
            ("平成31年4月1日", "past"),
            ("2277-03-01", "far"),
        ],
        *[
            ("来年の春", "unreadable"),
            ("3/1", "short_year"),
            ("27/3", "short_year"),
            ("28/03/27", "short_year"),
            ("12345", "unreadable"),
            ("期限なし", "unreadable"),
        ],
    ],
)
def test_a_day_on_a_package_is_read_as_printed(typed: str, outcome: object) -> None:
    assert _outcome(parse_best_before(typed, TODAY)) == outcome


@given(st.dates(TODAY, date(2050, 12, 31)))
def test_every_day_is_read_in_every_way_of_writing_it(day: date) -> None:
    y, m, d = day.year, day.month, day.day
    written = [
        f"{y}-{m}-{d}",
        f"{y}年{m}月{d}日",
        f"令和{y - 2018}年{m}月{d}日",
        f"{y}{m:02}{d:02}",
        f"{y % 100}{m:02}{d:02}",
    ]
    assert {parse_best_before(text, TODAY) for text in written} == {y * 10_000 + m * 100 + d}
    assert show_day(y * 10_000 + m * 100 + d) == f"{y}年{m}月{d}日"


NOW = int(datetime(2026, 11, 22, 5, 0, tzinfo=UTC).timestamp() * 1000)  # 14:00 in Japan


def _jst(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000) - 9 * 3_600_000  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("day", "time", "outcome"),
    [
        ("", "", None),
        ("2026-11-23", "", _jst(2026, 11, 23, 23, 59)),
        ("2026-11-23", "15:30", _jst(2026, 11, 23, 15, 30)),
        ("11月23日", "午後3時", _jst(2026, 11, 23, 15, 0)),
        ("明日", "9時半", _jst(2026, 11, 23, 9, 30)),
        ("今日", "", _jst(2026, 11, 22, 23, 59)),
        ("1/5", "24:00", _jst(2027, 1, 5, 23, 59)),
        ("2026-11-22", "13:59", "past"),
        ("2026-11-21", "", "past"),
        ("2028-01-01", "", "far"),
        ("", "15:30", "no_day"),
        ("いつか", "", "unreadable"),
        ("11月1日", "", "past"),
        ("10月3日", "", "past"),
        ("6/1", "", "past"),
        ("1月5日", "", _jst(2027, 1, 5, 23, 59)),
        ("4月1日", "", _jst(2027, 4, 1, 23, 59)),
        ("11月22日", "", _jst(2026, 11, 22, 23, 59)),
        ("2月30日", "", "unreadable"),
        ("令和9年1月5日", "", _jst(2027, 1, 5, 23, 59)),
        ("20270105", "", _jst(2027, 1, 5, 23, 59)),
        ("令和8年11月1日", "", "past"),
        ("明日", "25:00", "time"),
    ],
)
def test_until_when_is_a_moment_in_japan(day: str, time: str, outcome: object) -> None:
    found = parse_need_by(day, time, now=NOW)
    assert (found.code.removeprefix("supplies.need_by_") if isinstance(found, Refusal) else found) == outcome


@given(st.integers(1_700_000_000_000, 2_000_000_000_000), st.dates(date(2024, 1, 1), date(2024, 12, 31)))
def test_a_day_without_a_year_is_at_most_half_a_year_ahead_or_refused(now: int, day: date) -> None:
    found = parse_need_by(f"{day.month}月{day.day}日", now=now)
    if isinstance(found, Refusal):
        assert found.code in {"supplies.need_by_past", "supplies.need_by_unreadable"}
        assert found.code.endswith("past") or (day.month, day.day) == (2, 29)
    else:
        assert found is not None
        assert now <= found <= now + 184 * 86_400_000


@pytest.mark.parametrize(
    ("typed", "outcome"),
    [
        ("１８０人", 180),
        ("180 名", 180),
        ("0人", 0),
        ("", None),
        ("　", None),
        ("300個", 300),
        ("人", "unreadable"),
    ],
)
def test_persons_are_counted_as_people_write_them(typed: str, outcome: object) -> None:
    assert _outcome(parse_count(typed, ("人", "名"))) == outcome
