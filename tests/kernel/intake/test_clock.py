"""How far the time of an act may be off."""

from hypothesis import given
from hypothesis import strategies as st

from webapp.kernel.base.clock import MINUTE, SECOND
from webapp.kernel.intake.clock import half_width

HOUR = 60 * MINUTE
DAY = 24 * HOUR


def test_a_phone_that_compared_its_clock_an_hour_ago_is_known_to_the_second() -> None:
    assert half_width(-300_000, HOUR, 80, 2 * HOUR) == 80 + 720 + 1


def test_a_phone_that_does_not_say_its_error_is_given_a_large_one() -> None:
    assert half_width(0, HOUR, None, 2 * HOUR) == 5 * SECOND + 720 + 1
    assert half_width(0, HOUR, None, 5 * SECOND) == 5 * SECOND + MINUTE + 720 + 1, "started since"


def test_nothing_bounds_a_phone_that_never_compared_or_was_set_back() -> None:
    assert half_width(None, None, None, 1) is None
    assert half_width(-31_000_000_000, None, None, 1) is None


@given(
    st.integers(-DAY, DAY),
    st.integers(0, 60 * DAY),
    st.integers(0, 20 * SECOND),
    st.floats(-200, 200),
    st.floats(0, 1),
)
def test_the_real_moment_lies_within_the_width_of_an_honest_phone(
    wrong_by: int, age: int, round_trip: int, drift_ppm: float, share: float
) -> None:
    """The server stamps its answer anywhere within the round trip; then the phone counts with its own quartz."""
    off = round(round_trip * share - round_trip / 2 - wrong_by)
    real = round_trip / 2 + age
    shown = real + wrong_by + age * drift_ppm / 1_000_000
    width = half_width(off, age, -(-round_trip // 2), age)
    assert width is not None
    assert abs(round(shown) + off - real) <= width + 2  # whole milliseconds
