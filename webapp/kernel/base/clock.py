"""Time enters here and nowhere else. Instants are integer milliseconds since the Unix epoch, UTC."""

import time
from datetime import UTC, datetime, timedelta, timezone

JST = timezone(timedelta(hours=9), "JST")
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


def now_ms() -> int:
    """The server's clock, ms since the epoch. Called at the edge only; rules get their time as an argument."""
    return time.time_ns() // 1_000_000


#: What a calendar can show. A phone may say any time at all: it is recorded, and no page may break over it.
_FIRST, _LAST = -62_135_596_800_000, 253_402_214_400_000  # 0001-01-01, 9999-12-31 UTC


def jst(at_ms: int) -> datetime:
    """The instant as people in Japan read it; times beyond the years 1 to 9999 become the first or last of these."""
    return datetime.fromtimestamp(min(max(at_ms, _FIRST), _LAST) / 1000, UTC).astimezone(JST)


def from_date(text: str) -> int:
    """Midnight JST at the start of an ISO date, ms. Raises ValueError if it is none."""
    return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=JST).timestamp() * 1000)


def from_minute(text: str) -> int:
    """A moment as an <input type="datetime-local"> says it ("2026-10-05T09:12"), in JST, ms. Raises ValueError."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=JST).timestamp() * 1000)


def to_minute(at_ms: int) -> str:
    """The same the other way round."""
    return jst(at_ms).strftime("%Y-%m-%dT%H:%M")


def show_time(at_ms: int | None) -> str:
    """「10月5日 9:12」, or a dash where there is no time."""
    if at_ms is None:
        return "–"
    when = jst(at_ms)
    return f"{when.month}月{when.day}日 {when.hour}:{when.minute:02}"


def show_near(at_ms: int | None, now: int) -> str:
    """「10月5日 9:12」 of this year, 「2027年1月5日 9:12」 of another one, or a dash."""
    this_year = at_ms is None or jst(at_ms).year == jst(now).year
    return show_time(at_ms) if this_year else show_full(at_ms)


def show_full(at_ms: int | None) -> str:
    """「2026年10月5日 9:12」, or a dash where there is no time."""
    return "–" if at_ms is None else f"{jst(at_ms).year}年{show_time(at_ms)}"


def show_date(at_ms: int | None) -> str:
    """「2026年10月5日」, or a dash where there is no date."""
    return show_full(at_ms).split(" ", maxsplit=1)[0]
