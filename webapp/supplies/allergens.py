"""Allergens of the food labelling law, as data with dates. Pure.

Sources: 消費者庁「食物アレルギー表示に関する情報」, 食品表示基準 別表第14 (特定原材料: to be labelled by law) and
its notice (特定原材料に準ずるもの: recommended). Eight are mandatory: えび かに くるみ 小麦 そば 卵 乳 落花生, くるみ
since 2023-03-09 with old labels allowed until 2025-03-31. The ninth, カシューナッツ, and ピスタチオ among the
recommended ones: the agency's advisers decided it on 2025-12-15, the public was asked on 2025-12-26
(caa.go.jp/notice/entry/044618), the consumer commission on 2026-01-13 (044743), and its committee agreed on 2026-01-21;
to be in force from the spring of 2026, old labels allowed until 2028-03-31. The day of the ordinance itself was not in
the public material at hand; 2026-04-01 is the day that was expected. It is the careful reading as well: from that day
senders are asked about cashew nuts. A day that turns out to be another one is changed here and nowhere else.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Allergen:
    """One ingredient. `word` stands in entries and, by its place in ALLERGENS, on labels.

    `mandatory` from when on the law wants it on labels, `sure` from when on no label may be silent about it any more;
    `recommended` and `until`: while the agency recommended it only.
    """

    word: str
    ja: str
    en: str
    easy: str
    mandatory: date | None
    sure: date | None
    recommended: date | None
    until: date | None = None


_2001, _2002 = date(2001, 4, 1), date(2002, 4, 1)
_2008, _2010 = date(2008, 6, 3), date(2010, 6, 4)


def _by_law(word: str, ja: str, en: str, easy: str, since: date, sure: date, before: date | None) -> Allergen:
    return Allergen(word, ja, en, easy, since, sure, before, since if before else None)


def _advised(
    word: str, ja: str, en: str, easy: str, since: date = _2001, until: date | None = None
) -> Allergen:
    return Allergen(word, ja, en, easy, None, None, since, until)


#: Append-only: labels carry the place in this tuple as a bit. A name is never moved, reused or taken out.
ALLERGENS: tuple[Allergen, ...] = (
    _by_law("shrimp", "えび", "Shrimp", "えび", _2008, _2010, _2001),
    _by_law("crab", "かに", "Crab", "かに", _2008, _2010, _2001),
    _by_law("walnut", "くるみ", "Walnut", "くるみ", date(2023, 3, 9), date(2025, 4, 1), _2001),
    _by_law("wheat", "小麦", "Wheat", "こむぎ", _2001, _2002, None),
    _by_law("buckwheat", "そば", "Buckwheat", "そば", _2001, _2002, None),
    _by_law("egg", "卵", "Egg", "たまご", _2001, _2002, None),
    _by_law("milk", "乳", "Milk", "ぎゅうにゅう", _2001, _2002, None),
    _by_law("peanut", "落花生", "Peanut", "ピーナッツ", _2001, _2002, None),
    _by_law(
        "cashew",
        "カシューナッツ",
        "Cashew nut",
        "カシューナッツ",
        date(2026, 4, 1),
        date(2028, 4, 1),
        date(2013, 9, 20),
    ),
    _advised("almond", "アーモンド", "Almond", "アーモンド", date(2019, 9, 19)),
    _advised("abalone", "あわび", "Abalone", "あわび"),
    _advised("squid", "いか", "Squid", "いか"),
    _advised("salmon_roe", "いくら", "Salmon roe", "いくら"),
    _advised("orange", "オレンジ", "Orange", "オレンジ"),
    _advised("kiwi", "キウイフルーツ", "Kiwi fruit", "キウイ"),
    _advised("beef", "牛肉", "Beef", "ぎゅうにく"),
    _advised("sesame", "ごま", "Sesame", "ごま", date(2013, 9, 20)),
    _advised("salmon", "さけ", "Salmon", "さけ"),
    _advised("mackerel", "さば", "Mackerel", "さば"),
    _advised("soy", "大豆", "Soybean", "だいず"),
    _advised("chicken", "鶏肉", "Chicken", "とりにく"),
    _advised("banana", "バナナ", "Banana", "バナナ", date(2004, 12, 27)),
    _advised("pork", "豚肉", "Pork", "ぶたにく"),
    _advised("macadamia", "マカダミアナッツ", "Macadamia nut", "マカダミアナッツ", date(2024, 3, 28)),
    _advised("peach", "もも", "Peach", "もも"),
    _advised("yam", "やまいも", "Yam", "やまいも"),
    _advised("apple", "りんご", "Apple", "りんご"),
    _advised("gelatine", "ゼラチン", "Gelatine", "ゼラチン"),
    _advised("matsutake", "まつたけ", "Matsutake", "まつたけ", _2001, date(2024, 3, 28)),
    _advised("pistachio", "ピスタチオ", "Pistachio", "ピスタチオ", date(2026, 4, 1)),
)
#: The words in the order of their bits.
ALLERGEN_WORDS: tuple[str, ...] = tuple(allergen.word for allergen in ALLERGENS)
BY_WORD = MappingProxyType({allergen.word: allergen for allergen in ALLERGENS})


def mandatory_on(day: date) -> list[Allergen]:
    """What the law wants on labels on this day (特定原材料), in the order of ALLERGENS."""
    return [a for a in ALLERGENS if a.mandatory is not None and a.mandatory <= day]


def recommended_on(day: date) -> list[Allergen]:
    """What the agency recommends to be labelled on this day (特定原材料に準ずるもの)."""
    return [
        a
        for a in ALLERGENS
        if a.recommended is not None and a.recommended <= day and (a.until is None or day < a.until)
    ]


def asked_on(day: date) -> list[Allergen]:
    """All that a sender of food is asked about on this day: what must stand on labels, then what should."""
    return [*mandatory_on(day), *recommended_on(day)]


def silent_labels(words: Collection[str], day: date) -> list[Allergen]:
    """Those of these words that a lawful label may not mention on this day: look at the makers' own lists.

    Recommended ones, and new mandatory ones while old labels are still allowed.
    """
    return [a for a in ALLERGENS if a.word in words and (a.sure is None or day < a.sure)]
