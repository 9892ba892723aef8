"""The items that relief is made of, their words, and what may never be matched. Pure: no database, no clock.

The base list and its words are data that people can read and mend: `seeds/relief_items.csv`, `relief_words.json`,
`relief_names.json`. A
municipality's own items have the same form (`Item`) and are laid over the base list by who calls.
"""

import csv
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from webapp.kernel.base.kana import sought
from webapp.supplies.allergens import mandatory_on
from webapp.supplies.steps import AcceptPolicy, ReceiveMode

ShelfLife = Literal["none", "best_before", "expiry", "expiry_optional"]

_SEEDS = Path(__file__).parent / "seeds"
_WORDS: dict[str, Any] = json.loads((_SEEDS / "relief_words.json").read_text("utf-8"))
#: Item → its name in やさしい日本語, its reading in hiragana, and what people call it as well.
_NAMES: dict[str, dict[str, str]] = json.loads((_SEEDS / "relief_names.json").read_text("utf-8"))
_LANGUAGES = ("ja", "en", "ja_easy")
_SHELF_LIVES: dict[str, ShelfLife] = {
    "none": "none",
    "none(10y)": "none",  # kept for ten years, and nothing is printed on it
    "best_before": "best_before",
    "expiry": "expiry",
    "expiry_optional": "expiry_optional",
}

CATEGORIES: tuple[str, ...] = tuple(_WORDS["categories"])
UNITS: tuple[str, ...] = tuple(_WORDS["units"])
TAGS: tuple[str, ...] = tuple(_WORDS["tags"])
#: Goods must still be good for so many days when they are due to arrive (reference §5).
MINIMUM_LIFE_DAYS = 14
#: What is eaten or drunk and holds nothing but water.
_WATER_ALONE = frozenset({"W01", "W02"})


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be needed. `vol_ml` and `grams` are of one unit, estimates of the reference.

    `variants`: (ASCII word, Japanese text) on offer; `variant_needed`: without one nobody knows what is wanted.
    `variants_in`: (language, word, text) of the others; `reading` and `also` are what it is searched by.
    """

    code: str
    name_ja: str
    name_en: str
    category: str
    unit: str
    variants: tuple[tuple[str, str], ...] = ()
    shelf_life: ShelfLife = "none"
    tags: frozenset[str] = frozenset()
    vol_ml: int = 0
    grams: int = 0
    variant_needed: bool = False
    name_easy: str = ""
    reading: str = ""
    also: str = ""
    variants_in: tuple[tuple[str, str, str], ...] = ()

    def name(self, language: str = "ja") -> str:
        """Its name for this reader; the Japanese one where there is no other."""
        return {"en": self.name_en, "ja_easy": self.name_easy}.get(language, "") or self.name_ja

    @property
    def is_eaten(self) -> bool:
        """Food, drink, formula: what can hold an allergen."""
        eaten = self.category == "food" or (self.category in {"water", "infant"} and self.is_dated)
        return eaten and self.code not in _WATER_ALONE

    @property
    def is_dated(self) -> bool:
        """Whether a date must stand with it: best-before or expiry."""
        return self.shelf_life in {"best_before", "expiry"}

    @property
    def is_regulated(self) -> bool:
        """A pharmacist has to look at it: never matched by itself."""
        return "regulated" in self.tags

    def has_variant(self, word: str) -> bool:
        """Whether the word is one of its variants; "" is, where the item can do without."""
        return any(word == known for known, _ in self.variants) or (not word and not self.variant_needed)

    def variant_text(self, word: str, language: str = "ja") -> str:
        """A variant for this reader: "M-pants" → 「M・パンツ」; a word that is not (or no longer) known is itself."""
        texts = dict(self.variants) | {known: text for to, known, text in self.variants_in if to == language}
        return texts.get(word, word)

    def variants_of(self, language: str) -> list[tuple[str, str]]:
        """Its variants with their texts for this reader."""
        return [(word, self.variant_text(word, language)) for word, _ in self.variants]

    @property
    def sizes(self) -> list[str]:
        """Its first choices alone: "M", not "M-pants"."""
        return [word for word, _ in self.variants if "-" not in word]

    def accepts(self, needed: str, offered: str) -> bool:
        """Whether a variant is what is needed: the same, or a closer description of it.

        "M" takes "M-pants", "" takes any kind where kind does not matter; never another size or stage.
        """
        if needed == offered:
            return True
        return offered.startswith(f"{needed}-") if needed else not self.variant_needed


@dataclass(frozen=True, slots=True)
class _Kinds:
    """The variants of an item: in Japanese, in the other languages, and whether one must be named."""

    offered: tuple[tuple[str, str], ...] = ()
    others: tuple[tuple[str, str, str], ...] = ()
    needed: bool = False


def _variants(code: str) -> _Kinds:
    """A first choice alone ("M", type left open), and each with its second one ("M-pants")."""
    words = _WORDS["variants"].get(code)
    if words is None:
        return _Kinds()
    first, *others = words["axes"]
    told = [chosen for one in first for chosen in [(one,), *(product([one], *others) if others else ())]]
    texts = {to: [_joined(chosen, place) for chosen in told] for place, to in enumerate(_LANGUAGES, 1)}
    elsewhere = tuple((to, *pair) for to in _LANGUAGES[1:] for pair in texts[to])
    return _Kinds(tuple(texts["ja"]), elsewhere, bool(words.get("required", False)))


def _joined(chosen: Iterable[Sequence[str]], place: int) -> tuple[str, str]:
    """(word, text) of one choice, or of two; `place` of the language in the list of words."""
    between = ", " if _LANGUAGES[place - 1] == "en" else "・"
    return "-".join(words[0] for words in chosen), between.join(words[place] for words in chosen)


def _thousandths(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * 1_000 + int(rest.ljust(3, "0")[:3])


def _item(row: Mapping[str, str]) -> Item:
    kinds, names = _variants(row["code"]), _NAMES.get(row["code"], {})
    return Item(
        code=row["code"],
        name_ja=row["name_ja"],
        name_en=row["name_en"],
        category=row["category"],
        unit=row["unit"],
        variants=kinds.offered,
        shelf_life=_SHELF_LIVES[row["shelf_life"]],
        tags=frozenset(row["tags"].split("|")) - {"-"},
        vol_ml=_thousandths(row["vol_l"]),
        grams=_thousandths(row["kg"]),
        variant_needed=kinds.needed,
        name_easy=names.get("easy", ""),
        reading=names.get("reading", ""),
        also=names.get("also", ""),
        variants_in=kinds.others,
    )


def read_items(text: str) -> dict[str, Item]:
    """Items by code, of a CSV like `seeds/relief_items.csv`. Raises KeyError, ValueError if it is another."""
    return {row["code"]: _item(row) for row in csv.DictReader(text.splitlines())}


BASE: Mapping[str, Item] = MappingProxyType(
    read_items((_SEEDS / "relief_items.csv").read_text(encoding="utf-8"))
)


def category_text(category: str, language: str = "ja") -> str:
    """ "infant" → 乳児・小児; `language` as in kernel.base.i18n. A word that is not known is itself."""
    return _text("categories", category, language)


def unit_text(unit: str, language: str = "ja") -> str:
    """ "bottle" → 本."""
    return _text("units", unit, language)


def tag_text(tag: str, language: str = "ja") -> str:
    """ "basic8" → 基本8品目."""
    return _text("tags", tag, language)


def _text(group: str, word: str, language: str) -> str:
    texts = _WORDS[group].get(word)
    return str(texts[_LANGUAGES.index(language)]) if texts else word


def search(items: Iterable[Item], words: str) -> list[Item]:
    """Items that hold all the words typed, or have a variant of that name, in the order given; "" finds all.

    Code, names in three languages, reading, usual names, category and groups are searched, however it is written:
    オムツ = おむつ = ｵﾑﾂ. A group (断水のとき) is found by two signs and more: 水 is not all that helps without water.
    """
    return [item for item, _ in choices(items, words)]


def choices(items: Iterable[Item], words: str) -> list[tuple[Item, str]]:
    """Items as `search` finds them, each with the one variant that the words name (「オムツ M」), or ""."""
    wanted = sought(words).split()
    found = ((item, _kind_meant(item, wanted)) for item in items)
    return [(item, kind) for item, kind in found if kind is not None]


def _kind_meant(item: Item, wanted: Sequence[str]) -> str | None:
    """The variant that is named, "" if none or several are; None: the words mean something else."""
    left, named = [word for word, _ in item.variants], 0
    for word in wanted:
        kinds = variants_named(item, word)
        if not kinds and not is_meant(item, word):
            return None
        named += bool(kinds)
        left = [kind for kind in left if kind in kinds] if kinds else left
    return next((kind for kind in left if kind.count("-") < named or len(left) == 1), "") if named else ""


def variants_named(item: Item, word: str) -> set[str]:
    """Variants of which this word, as `sought` gives it, is a whole part: 「てーぷ」 without its mark, "m"."""
    return {
        kind
        for kind, _ in item.variants
        for language in _LANGUAGES
        if word in sought(item.variant_text(kind, language)).split()
    }


def is_meant(item: Item, word: str) -> bool:
    """Whether this word, as `sought` gives it, is in what the item is called; a Latin letter only by itself."""
    names, also, groups = _haystacks(item)
    if len(word) == 1 and word.isascii():
        return word in names.split()
    return word in names or f" {word}" in also or (len(word) > 1 and word in groups)


@lru_cache(maxsize=1_024)
def _haystacks(item: Item) -> tuple[str, str, str]:
    """Names are found by any part, usual words by their beginning: 水 is not in 防水."""
    names = [item.code, item.name_ja, item.name_en, item.name_easy, item.reading]
    names += [category_text(item.category, language) for language in _LANGUAGES]
    joined = [text.replace(" ", "") for text in (item.name_ja, item.name_easy, item.reading)]
    groups = (tag_text(tag) for tag in item.tags)
    return sought(" ".join(names + joined)), sought(f" {item.also}"), sought(" ".join(groups))


# Substitutes


@dataclass(frozen=True, slots=True)
class Substitute:
    """`units` of `item` stand for one unit of what is needed, or one of it for `per` of those."""

    item: str
    per: int
    units: int


#: (needed, offered) → so many units offered stand for so many needed. Never across stages or sizes.
_SUBSTITUTES: Mapping[tuple[str, str], tuple[int, int]] = MappingProxyType(
    {("W02", "W01"): (4, 1), ("W01", "W02"): (1, 4)}
)


def substitutes(item: str) -> list[Substitute]:
    """What can stand in for an item: 2 L of water for 4 × 500 mL, and the other way round."""
    return [
        Substitute(offered, per=for_units, units=units)
        for (needed, offered), (units, for_units) in _SUBSTITUTES.items()
        if needed == item
    ]


# Hard rules


@dataclass(frozen=True, slots=True)
class NeedTerms:
    """As much of a need, and of the shelter it is at, as decides whether goods may go there.

    `need_by` the last day that helps; `excluded` words of ALLERGENS; `allergy`: for somebody with an allergy.
    """

    item: str
    variant: str = ""
    excluded: Collection[str] = ()
    allergy: bool = False
    need_by: date | None = None
    receive_mode: ReceiveMode = ReceiveMode.DOOR
    accept_policy: AcceptPolicy = AcceptPolicy.ANYONE
    min_lot: int = 0
    minimum_life_days: int = MINIMUM_LIFE_DAYS


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """As much of an offer as decides the same. `best_before` yyyymmdd, 0 = none; `allergens` None = not declared."""

    item: str
    variant: str = ""
    quantity: int = 1
    best_before: int = 0
    allergens: Collection[str] | None = None
    eta_days: int = 3
    by_organisation: bool = False
    used: bool = False


@dataclass(frozen=True, slots=True)
class _Case:
    need: NeedTerms
    offer: OfferTerms
    today: date
    item: Item
    reasons: list[str] = field(default_factory=list)

    @property
    def eta(self) -> date:
        return self.today + timedelta(days=self.offer.eta_days)

    def say(self, reason: str, *, when: bool) -> None:
        if when:
            self.reasons.append(f"supplies.fit_{reason}")


def fits(need: NeedTerms, offer: OfferTerms, today: date, items: Mapping[str, Item] = BASE) -> list[str]:
    """Why this offer may not go to this need: stable codes with sentences (`form_messages`), empty if it may.

    Hard rules (reference §5): the same item or a listed substitute, a variant that is what is needed, allergens
    declared and none of the excluded, days left at arrival, nothing used or regulated, what the shelter takes.
    """
    item = items.get(offer.item)
    if item is None or need.item not in items:
        return ["supplies.fit_item"]
    case = _Case(need, offer, today, item)
    same = offer.item == need.item
    case.say("item", when=not same and all(s.item != offer.item for s in substitutes(need.item)))
    case.say("variant", when=same and not item.accepts(need.variant, offer.variant))
    case.say("regulated", when=item.is_regulated)
    case.say("used", when=offer.used)
    _allergens(case)
    _dates(case)
    _shelter(case)
    return case.reasons


def is_safe(
    item: Item, excluded: Collection[str], declared: Collection[str] | None, today: date, *, allergy: bool
) -> bool:
    """Food that cannot be proven free of an allergen never goes to an allergy need; what is not eaten always may.

    An allergy need that names none is held against all that the law wants on labels. `declared` None: not declared.
    """
    if not item.is_eaten or not (excluded or allergy):
        return True
    unwanted = set(excluded) or {a.word for a in mandatory_on(today)}
    return declared is not None and unwanted.isdisjoint(declared)


def _allergens(case: _Case) -> None:
    need, declared = case.need, case.offer.allergens
    safe = is_safe(case.item, need.excluded, declared, case.today, allergy=need.allergy)
    case.say("undeclared", when=not safe and declared is None)
    case.say("allergen", when=not safe and declared is not None)


def _dates(case: _Case) -> None:
    day = case.offer.best_before
    case.say("no_date", when=case.item.is_dated and not day)
    case.say("too_near", when=bool(day) and days_left(day, case.eta) < case.need.minimum_life_days)
    late = case.need.need_by is not None and case.eta - timedelta(days=1) > case.need.need_by
    case.say("late", when=late)


def days_left(best_before: int, day: date) -> int:
    """Days from `day` until the yyyymmdd on a package; negative once it is over. A day that is none: long over."""
    try:
        last = date(best_before // 10_000, best_before // 100 % 100, best_before % 100)
    except ValueError:
        return -1_000_000
    return (last - day).days


def _shelter(case: _Case) -> None:
    policy = case.need.accept_policy
    case.say("closed", when=case.need.receive_mode is ReceiveMode.CLOSED or policy is AcceptPolicy.NONE)
    only = policy is AcceptPolicy.ORGANISATIONS and not case.offer.by_organisation
    case.say("organisations", when=only)
    case.say("min_lot", when=policy is AcceptPolicy.MIN_LOT and case.offer.quantity < case.need.min_lot)
