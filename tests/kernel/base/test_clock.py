"""Time as people read it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.kernel.base.clock import from_date, show_date, show_full, show_time


def test_a_time_is_shown_in_japan() -> None:
    at = from_date("2026-10-05") + (9 * 60 + 12) * 60_000
    assert (show_time(at), show_full(at), show_date(at)) == (
        "10月5日 9:12",
        "2026年10月5日 9:12",
        "2026年10月5日",
    )


def test_no_time_is_a_dash() -> None:
    assert (show_time(None), show_full(None), show_date(None)) == ("–", "–", "–")


@given(st.integers(-(2**53), 2**53))
def test_any_time_that_a_phone_can_say_can_be_shown(at: int) -> None:
    assert show_full(at).endswith(show_time(at))


@pytest.mark.parametrize("text", ["", "2026-13-01", "明日", "2026/10/05"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|format|month"):
        from_date(text)
