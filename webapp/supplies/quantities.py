"""What people type for numbers and days → numbers and days, or a clear no. Pure: the day comes in as an argument.

A typed thing is never guessed into something else: 「3箱」 of single pieces, 「令和8年」 without a month and 1.5 of
anything are refused with a stable code each (`form_messages`): a wrong number travels on a label for days.
"""

import calendar
import re
import unicodedata
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

from webapp.kernel.base.outcomes import Refusal
from webapp.supplies.catalogue import UNITS, unit_text
from webapp.supplies.steps import MOST

# Quantities

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ー－", "-"))
_ANY_COUNTER = ("個", "コ", "こ", "ケ", "ヶ", "つ", "点")
#: What single pieces are counted by, whatever the list calls them: sheets, garments, machines, sticks.
_PIECES = ("枚", "着", "台", "本")
_WHOLE = re.compile(r"[0-9]+|[0-9]{1,3}(,[0-9]{3})+")
_BROKEN = re.compile(r"[0-9,]*\.[0-9]+|[0-9]+\.|[0-9]+[/⁄][0-9]+|[0-9]*半")
_NUMBER_AND_UNIT = re.compile(r"([-+△▲]?[0-9][0-9,.]*(?:[/⁄][0-9]+)?)([^0-9.,]*)")


def parse_quantity(text: str, unit: str = "") -> int | Refusal:
    """A whole number from 1 to 1,000,000, as typed: 「４０」, 「40個」, 「1,200」. `unit`: the item's.

    Refused with a code each: quantity_missing, quantity_unreadable, quantity_unit (another counter than the item's),
    quantity_fraction, quantity_negative, quantity_zero, quantity_too_large.
    """
    typed = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).translate(_DASHES)
    if not typed:
        return Refusal("supplies.quantity_missing")
    match = _NUMBER_AND_UNIT.fullmatch(typed)
    if match is None:
        return _no("fraction" if _BROKEN.fullmatch(typed) else "unreadable", text)
    number, counter = match[1], match[2]
    if counter and counter not in _counters(unit):
        return _wrong_counter(text, counter, unit)
    return _whole(number, text)


def parse_count(text: str, counters: Collection[str] = ()) -> int | Refusal | None:
    """A number of persons or pieces, 0 or more, as typed; None where nothing was. `counters` may follow it: 「人」.

    Refused as `parse_quantity` does, but for 0.
    """
    typed = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    if not typed:
        return None
    counter = next((each for each in counters if typed.endswith(each)), "")
    value = parse_quantity(typed.removesuffix(counter) or text)
    if isinstance(value, Refusal):
        return 0 if value.code == "supplies.quantity_zero" else Refusal(value.code, _said_as(value, text))
    return value


def _said_as(refusal: Refusal, text: str) -> dict[str, Any]:
    return {**refusal.params, **({"value": _shown(text)} if "value" in refusal.params else {})}


def _counters(unit: str) -> set[str]:
    units = [unit] if unit else UNITS
    pieces = _PIECES if "piece" in units else ()
    return {*_ANY_COUNTER, *pieces, *(unicodedata.normalize("NFKC", unit_text(each)) for each in units)}


def _wrong_counter(text: str, counter: str, unit: str) -> Refusal:
    if counter in _counters("") and unit:
        return Refusal("supplies.quantity_unit", {"value": _shown(text), "unit": unit_text(unit)})
    return _no("unreadable", text)


def _whole(number: str, text: str) -> int | Refusal:
    if number[0] in "-△▲":
        return _no("negative", text)
    if _BROKEN.fullmatch(number.lstrip("+")):
        return _no("fraction", text)
    if not _WHOLE.fullmatch(number):
        return _no("unreadable", text)
    digits = number.replace(",", "").lstrip("0")
    if not digits:
        return _no("zero", text)
    if len(digits) > 7 or int(digits) > MOST:
        return Refusal("supplies.quantity_too_large", {"value": _shown(text), "most": f"{MOST:,}"})
    return int(digits)


def _no(reason: str, text: str) -> Refusal:
    return Refusal(f"supplies.quantity_{reason}", {"value": _shown(text)})


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 20 else f"{line[:19]}…"


# Best-before

_ERAS = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988}  # 元年 is one more than this
_WRITTEN = re.compile(
    r"(?:(令和|平成|R|H)\.?)?([0-9]{1,4}|元)[年./-]([0-9]{1,2})(?:月|[./-](?=[0-9])|$)(?:([0-9]{1,2})日?)?"
)
_TWO_DIGITS = re.compile(r"[0-9]{2}[年.]")
_YEAR_ALONE = re.compile(r"(?:令和|平成|R|H)\.?(?:[0-9]{1,2}|元)年?|[0-9]{4}年?")
_AROUND = re.compile(r"^(?:賞味|消費|使用)?(?:期限)?:?|(?:まで|迄)$|\([日月火水木金土]\)")
_FAR_YEARS = 30


def parse_best_before(text: str, today: date) -> int | Refusal:
    """The day printed on a package as yyyymmdd; "" → 0 (none). A month alone is its last day, as on packages.

    Read: 2027-03-01, 2027/3/1, 2027年3月, 令和9年3月1日, R9.3.1, 20270301, 270301, 202703, 270300 (GS1: the last day).
    Refused: date_unreadable, date_year_only (「令和8年」), date_short_year (9.3.1 might be any), date_impossible
    (30 February), date_past, date_far (more than 30 years: a slip).
    """
    typed = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()
    typed = _AROUND.sub("", typed.translate(_DASHES))
    if not typed:
        return 0 if not text.strip() else _bad_date("unreadable", text)
    if _YEAR_ALONE.fullmatch(typed):
        return _bad_date("year_only", text)
    day = _digits(typed, text) if typed.isdecimal() else _written(typed, text, today)
    return day if isinstance(day, Refusal) else _in_reach(day, text, today)


def _bad_date(reason: str, text: str) -> Refusal:
    return Refusal(f"supplies.date_{reason}", {"value": _shown(text)})


def _digits(typed: str, text: str) -> date | Refusal:
    """Only digits: yyyymmdd, yymmdd (GS1), or yyyymm where yymmdd makes no sense."""
    if len(typed) == 8:
        return _day(int(typed[:4]), int(typed[4:6]), int(typed[6:]), text)
    if len(typed) != 6:
        return _bad_date("unreadable", text)
    year, month, day = 2000 + int(typed[:2]), int(typed[2:4]), int(typed[4:])
    if month > 12 and typed.startswith("20"):
        return _day(int(typed[:4]), int(typed[4:]), 0, text)
    return _day(year, month, day, text)


def _written(typed: str, text: str, today: date) -> date | Refusal:
    match = _WRITTEN.fullmatch(typed)
    if match is None:
        return _bad_date("unreadable", text)
    era, number, month, day = match.groups()
    year = 1 if number == "元" else int(number)
    if era:
        year += _ERAS[era]
    elif _TWO_DIGITS.match(typed) and day and year >= today.year % 100:
        year += 2000  # 27.3.1, as on cans; a smaller one might be 令和, 27/3 the 27th of March
    elif len(number) != 4:
        return _bad_date("short_year", text)
    return _day(year, int(month), int(day or 0), text)


def _day(year: int, month: int, day: int, text: str) -> date | Refusal:
    """A day; 0 is the last of its month."""
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError):
        return _bad_date("impossible", text)


def _in_reach(day: date, text: str, today: date) -> int | Refusal:
    if day < today:
        return _bad_date("past", text)
    if day.year > today.year + _FAR_YEARS:
        return _bad_date("far", text)
    return day.year * 10_000 + day.month * 100 + day.day


def show_day(best_before: int) -> str:
    """20270301 → 「2027年3月1日」; 0 → "–"."""
    if not best_before:
        return "–"
    return f"{best_before // 10_000}年{best_before // 100 % 100}月{best_before % 100}日"


# Until when: needs, offers, arrivals

_JST = timedelta(hours=9)
_WITHOUT_YEAR = re.compile(r"([0-9]{1,2})[月./-]([0-9]{1,2})日?")
_CLOCK = re.compile(r"(午前|午後|AM|PM)?([0-9]{1,2})(?::([0-9]{1,2})|時(?:([0-9]{1,2})分|半)?)(?:まで|頃)?")
_NEAR = {"今日": 0, "本日": 0, "今日中": 0, "明日": 1, "あした": 1, "あす": 1, "明後日": 2, "あさって": 2}
_FAR_DAYS = 366


def parse_need_by(day: str, time: str = "", *, now: int) -> int | Refusal | None:
    """Until when something is needed or offered, or when it arrives: ms since the epoch; None where nothing was typed.

    A day without a time is its end (23:59), JST. With a year it is read as `parse_best_before` reads it. Without one it
    is the nearest there is: 「1月5日」 in November is of next year, 「11月1日」 on the 22nd is past and refused, never
    next year's. 今日, 明日, あさって are understood. Refused: need_by_unreadable, need_by_time, need_by_no_day (a time
    alone), need_by_past, need_by_far.
    """
    typed_day, typed_time = _squeezed(day).removesuffix("まで"), _squeezed(time)
    if not typed_day:
        return Refusal("supplies.need_by_no_day") if typed_time else None
    here = datetime.fromtimestamp(now / 1000, UTC) + _JST
    found = _near_day(typed_day, here.date())
    if found is None:
        return Refusal("supplies.need_by_unreadable", {"value": _shown(day)})
    clock = _clock(typed_time) if typed_time else (23, 59)
    if clock is None:
        return Refusal("supplies.need_by_time", {"value": _shown(time)})
    return _ahead(found, clock, _shown(day), now)


def _ahead(day: date, clock: tuple[int, int], shown: str, now: int) -> int | Refusal:
    """The moment in ms; refused where it is past or more than a year ahead."""
    try:
        until = datetime(day.year, day.month, day.day, *clock, tzinfo=UTC) - _JST
    except OverflowError:  # the first day of the year 1
        return Refusal("supplies.need_by_past", {"value": shown})
    at = int(until.timestamp() * 1000)
    if at < now:
        return Refusal("supplies.need_by_past", {"value": shown})
    return Refusal("supplies.need_by_far", {"value": shown}) if at - now > _FAR_DAYS * 86_400_000 else at


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper().translate(_DASHES)


def _near_day(typed: str, today: date) -> date | None:
    if typed in _NEAR:
        return today + timedelta(days=_NEAR[typed])
    if short := _WITHOUT_YEAR.fullmatch(typed):
        return _nearest(int(short[1]), int(short[2]), today)
    found = _digits(typed, "") if typed.isdecimal() else _written(typed, "", today)
    return None if isinstance(found, Refusal) else found


def _nearest(month: int, day: int, today: date) -> date | None:
    """Of last year, this or the next one: the day that is nearest; None where none of them has it (30 February)."""
    days = [found for year in (-1, 0, 1) if (found := _day_of(today.year + year, month, day))]
    return min(days, key=lambda found: (abs((found - today).days), found < today), default=None)


def _day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _clock(typed: str) -> tuple[int, int] | None:
    match = _CLOCK.fullmatch(typed)
    if match is None:
        return None
    half, hours, minutes, written = match.groups()
    hour = int(hours) % 12 + (12 if half in {"午後", "PM"} else 0) if half else int(hours)
    minute = 30 if "半" in typed else int(minutes or written or 0)
    if (hour, minute) == (24, 0):
        return 23, 59
    return (hour, minute) if hour < 24 and minute < 60 else None
