"""Who is in a shelter → what they need for three days. Pure; staff only correct what comes out.

Sources of the rules, by the word that stands in `Line.source`:
- `tokyo2022`: 東京都の被害想定（2022）: evacuees × 1.2 × 3 meals a day, 3 L of water a person and day, 2 blankets each.
- `toilet`: 5 uses a person and day (避難所のトイレ: 内閣府の目安, the same in the plans of many towns).
- `sphere`: Sphere handbook: 250 g of bathing soap a person and month.
- `shelter2024`: 避難所運営ガイドライン（2024-12-13）: beds from the start for those who cannot sleep on the floor.
- `estimate`: our own, to be checked against practice: nobody has published a figure that could be cited.
"""

from dataclasses import asdict, dataclass, fields
from math import ceil
from typing import Literal

from webapp.supplies.steps import Audience

DAYS = 3
Source = Literal["tokyo2022", "toilet", "sphere", "shelter2024", "estimate"]


@dataclass(frozen=True, slots=True)
class Heads:
    """Head-counts of a shelter, all ≥ 0. `people` counts everybody; the others say how many of them."""

    people: int = 0
    infants: int = 0  # 0 to 5 months
    infants_late: int = 0  # 6 to 11 months
    toddlers: int = 0  # in diapers, 1 and 2 years
    elderly: int = 0
    care: int = 0
    women: int = 0  # who may menstruate
    wheelchair: int = 0
    milk_allergy: int = 0  # of the infants
    food_allergy: int = 0
    dysphagia: int = 0
    religious: int = 0
    dogs: int = 0
    cats: int = 0


HEADS_TEXTS: dict[str, str] = {
    "people": "避難している人（全員）",
    "infants": "乳児（0〜5か月）",
    "infants_late": "乳児（6〜11か月）",
    "toddlers": "おむつの幼児（1〜2歳）",
    "elderly": "高齢者（65歳以上）",
    "care": "介護が必要な人（おむつなど）",
    "women": "生理用品が必要な年ごろの女性",
    "wheelchair": "車いすの人",
    "milk_allergy": "乳アレルギーの乳児",
    "food_allergy": "食物アレルギーの人",
    "dysphagia": "のみこみにくい人",
    "religious": "ハラールなどの人",
    "dogs": "犬",
    "cats": "猫",
}
#: What people write after a head-count.
COUNTERS: dict[str, tuple[str, ...]] = {"dogs": ("頭", "匹"), "cats": ("頭", "匹")}
PERSONS = ("人", "名")


@dataclass(frozen=True, slots=True)
class Line:
    """One need of the list. `why` is the sum in Japanese, `persons` whom it concerns."""

    item: str
    variant: str
    quantity: int
    audience: tuple[Audience, ...]
    persons: int
    why: str
    source: Source


@dataclass(frozen=True, slots=True)
class _Rule:
    """`each` of an item for one person in `DAYS` days."""

    item: str
    variant: str
    each: float
    who: str
    audience: tuple[Audience, ...]
    why: str
    source: Source


_MEALS = 1.2 * 3 * DAYS
_FORMULA_G = 140 * DAYS  # a day, of a can of 800 g
_BABY, _CARE = (Audience.INFANT,), (Audience.CARE,)

_RULES: tuple[_Rule, ...] = (
    _Rule("F01", "", _MEALS * 2 / 3, "eaters", (), "1.2×3食×3日のうち3分の2", "tokyo2022"),
    _Rule("F04", "", _MEALS / 3, "eaters", (), "1.2×3食×3日のうち3分の1", "tokyo2022"),
    _Rule("W02", "", 3 * DAYS / 2, "people", (), "1日3L×3日（2L入り）", "tokyo2022"),
    _Rule("B01", "", 2, "people", (), "1人2枚", "tokyo2022"),
    _Rule("H01", "", 5 * DAYS, "toilet_users", (), "1日5回×3日", "toilet"),
    _Rule("H03", "", 0.2 * DAYS, "people", (), "1人5日で1巻として3日", "estimate"),
    _Rule("H08", "", 250 / 30 * DAYS / 100, "people", (), "1人1か月250g（1個100g）", "sphere"),
    _Rule("H09", "adult", 1, "adults", (), "1人1組", "estimate"),
    _Rule("I01", "stage1", _FORMULA_G / 800, "formula_babies", _BABY, "1日140g×3日（1缶800g）", "estimate"),
    _Rule(
        "I03",
        "hydrolysed",
        _FORMULA_G / 800,
        "milk_allergy",
        (Audience.INFANT, Audience.ALLERGY),
        "1日140g×3日（1缶800g）。種類は家族に確かめる",
        "estimate",
    ),
    _Rule("I04", "disposable", 8 * DAYS, "babies", _BABY, "1日8回×3日（洗えないとき）", "estimate"),
    _Rule("I05", "S", 10 * DAYS, "infants", _BABY, "1日10枚×3日", "estimate"),
    _Rule("I05", "M", 8 * DAYS, "infants_late", _BABY, "1日8枚×3日", "estimate"),
    _Rule("I05", "L", 6 * DAYS, "toddlers", (Audience.CHILD,), "1日6枚×3日", "estimate"),
    _Rule("I06", "", 0.5 * DAYS, "diapered", _BABY, "1日半パック×3日", "estimate"),
    _Rule("I07", "m7", 3 * DAYS, "infants_late", _BABY, "1日3食×3日", "estimate"),
    _Rule("E01", "M", 6 * DAYS, "care", _CARE, "1日6枚×3日", "estimate"),
    _Rule("B02", "", 1, "beds", (Audience.ELDERLY,), "床で寝起きがつらい人に1台", "shelter2024"),
    _Rule("S01", "", 0.25, "women", (Audience.WOMEN,), "4人に1人が3日で1パック", "estimate"),
    _Rule("F10", "", _MEALS, "food_allergy", (Audience.ALLERGY,), "1.2×3食×3日", "tokyo2022"),
    _Rule("F11", "halal", _MEALS, "religious", (Audience.RELIGIOUS,), "1.2×3食×3日", "tokyo2022"),
    _Rule("F12", "udf3", _MEALS, "dysphagia", _CARE, "1.2×3食×3日", "tokyo2022"),
    _Rule("T02", "dog", 0.5, "dogs", (Audience.PET,), "2頭に3日で1袋", "estimate"),
    _Rule("T02", "cat", 0.5, "cats", (Audience.PET,), "2匹に3日で1袋", "estimate"),
)


def three_days(heads: Heads) -> list[Line]:
    """What these people need for three days, in the order a shelter asks: food, water, bedding, toilet, then groups.

    Nobody needs nothing: a rule without persons gives no line. Every part of a unit is rounded up to a whole one,
    and more people never need less. Units are those of the catalogue. Raises ValueError for a negative count.
    """
    counts = asdict(heads)
    if min(counts.values()) < 0:
        raise ValueError("a head-count below zero")
    counts |= _groups(heads)
    return [_line(rule, counts[rule.who]) for rule in _RULES if counts[rule.who]]


def _groups(h: Heads) -> dict[str, int]:
    babies = h.infants + h.infants_late
    special = babies + h.food_allergy + h.religious + h.dysphagia
    diapered = babies + h.toddlers
    return {
        "babies": babies,
        "formula_babies": max(0, babies - h.milk_allergy),
        "diapered": diapered,
        "eaters": max(0, h.people - special),
        "toilet_users": max(0, h.people - diapered - h.care),
        "adults": max(0, h.people - diapered),
        "beds": max(h.elderly, h.care + h.wheelchair),
    }


def _line(rule: _Rule, persons: int) -> Line:
    # a hair less before rounding up: 1.2 is not 1.2 in a computer, and 10 people are 72 meals, not 73
    quantity = max(1, ceil(persons * rule.each - 1e-9))
    why = f"{persons}{'頭' if rule.who in {'dogs', 'cats'} else '人'}：{rule.why}"
    return Line(rule.item, rule.variant, quantity, rule.audience, persons, why, rule.source)


def heads_of(counts: dict[str, int]) -> Heads:
    """Heads of what an entry or a form has; words that are not ours are left out."""
    known = {each.name for each in fields(Heads)}
    return Heads(**{name: count for name, count in counts.items() if name in known})
