"""What an officer types about shelters, items and disasters → bodies of commands, and what is wrong by field. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from webapp.kernel.base.cells import plain
from webapp.supplies.catalogue import BASE, CATEGORIES, TAGS, UNITS, Item, ShelfLife
from webapp.supplies.form_messages import SENTENCES
from webapp.supplies.headcount import HEADS_TEXTS
from webapp.supplies.steps import MOST, AcceptPolicy, ReceiveMode
from webapp.supplies.town.repairs import full_phone, is_mail, place_of

SHELF_LIFE_TEXTS: dict[ShelfLife, str] = {
    "none": "期限なし",
    "best_before": "賞味期限あり",
    "expiry": "使用期限あり",
    "expiry_optional": "あれば期限を書く",
}
MOST_VARIANTS = 40
MOST_TAGS = 12
#: Free words of a shelter: how long each may be. They lie in the vault.
WORDS = {"kana": 120, "address": 200, "building": 120, "contact": 80, "note": 1_000}
_STORAGE_ML = 1_000_000  # in a cubic metre
_MOST_M3 = 1_000_000


@dataclass(slots=True)
class Typed:
    """What a form says: the command's body, what lies in the vault, and sentences by field."""

    body: dict[str, Any] = field(default_factory=dict)
    private: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def wrong(self, name: str, reason: str, **params: object) -> None:
        """Say what is wrong with a field."""
        self.errors[name] = SENTENCES[f"supplies.{reason}"].format(**params)


def _word(form: Mapping[str, str], name: str, limit: int) -> str:
    return plain(form.get(name, ""))[:limit]


def _narrow(form: Mapping[str, str], name: str) -> str:
    return re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", form.get(name, "")))


def _count(typed: Typed, form: Mapping[str, str], name: str, most: int = MOST) -> int:
    """A whole number from 0; nothing typed is 0."""
    said = re.sub(r"[人頭匹個枚]$", "", _narrow(form, name))
    if not re.fullmatch(r"[0-9]{0,7}", said) or int(said or 0) > most:
        typed.wrong(name, "form_count", most=f"{most:,}")
        return 0
    return int(said or 0)


# Disasters


def disaster(form: Mapping[str, str]) -> Typed:
    """A disaster: its name lies in the vault."""
    typed = Typed()
    typed.private["name"] = _word(form, "name", 80)
    if not typed.private["name"]:
        typed.wrong("name", "form_disaster_name")
    typed.body["unverified_percent"] = _count(typed, form, "unverified_percent", 100)
    return typed


# Shelters


def shelter(form: Mapping[str, str]) -> Typed:
    """A shelter as typed. `body` lacks its id and whether it is open: they are not typed."""
    typed = Typed()
    typed.private = {name: _word(form, name, limit) for name, limit in WORDS.items()}
    typed.private["name"] = _word(form, "name", 120)
    if not typed.private["name"]:
        typed.wrong("name", "form_shelter_name")
    _reachable(typed, form)
    _receiving(typed, form)
    _position(typed, form)
    heads = {name: _count(typed, form, name) for name in HEADS_TEXTS}
    typed.body["heads"] = {name: count for name, count in heads.items() if count}
    people = typed.body["heads"].get("people", 0)
    persons = (name for name in HEADS_TEXTS if name not in {"people", "dogs", "cats"})
    if any(heads[name] > people for name in persons):
        typed.wrong("people", "form_people")
    return typed


def _reachable(typed: Typed, form: Mapping[str, str]) -> None:
    phone, mail = plain(form.get("phone", "")), unicodedata.normalize("NFKC", form.get("mail", "")).strip()
    typed.private["phone"] = full_phone(phone)
    if phone and not typed.private["phone"]:
        typed.wrong("phone", "form_phone")
    typed.private["mail"] = mail
    if mail and not is_mail(mail):
        typed.wrong("mail", "form_mail")


def _receiving(typed: Typed, form: Mapping[str, str]) -> None:
    modes, policies = set(map(str, ReceiveMode)), set(map(str, AcceptPolicy))
    typed.body["receive_mode"] = form.get("receive_mode", "")
    typed.body["accept_policy"] = form.get("accept_policy", "")
    if typed.body["receive_mode"] not in modes:
        typed.wrong("receive_mode", "form_choose")
    if typed.body["accept_policy"] not in policies:
        typed.wrong("accept_policy", "form_choose")
    typed.body["min_lot"] = _count(typed, form, "min_lot")
    if typed.body["accept_policy"] == AcceptPolicy.MIN_LOT and typed.body["min_lot"] < 2:
        typed.wrong("min_lot", "form_min_lot")
    typed.body["hub"] = form.get("hub", "")
    if typed.body["receive_mode"] == ReceiveMode.HUB and not typed.body["hub"]:
        typed.wrong("hub", "form_hub")
    typed.body["storage_ml"] = _cubic_metres(typed, form)
    typed.body["shown"] = "shown" in form
    typed.body["common_id"] = _narrow(form, "common_id")
    if not re.fullmatch(r"[0-9A-Za-z-]{0,24}", typed.body["common_id"]):
        typed.wrong("common_id", "form_common_id")


def _cubic_metres(typed: Typed, form: Mapping[str, str]) -> int:
    """Millilitres of 「12.5」 m³."""
    said = _narrow(form, "storage").lower().removesuffix("m3").removesuffix("立方メートル")
    if not re.fullmatch(r"([0-9]{1,7}(\.[0-9]{1,3})?)?", said) or float(said or 0) > _MOST_M3:
        typed.wrong("storage", "form_storage")
        return 0
    return round(float(said or 0) * _STORAGE_ML)


def _position(typed: Typed, form: Mapping[str, str]) -> None:
    lat, lon, fault = place_of(form.get("position", ""))
    typed.body |= {"lat_e6": lat, "lon_e6": lon}
    if fault:
        typed.wrong("position", fault)


# Items


def item(form: Mapping[str, str], tags: Sequence[str], known: Mapping[str, str]) -> Typed:
    """An item of the municipality's own. `known`: words and texts of its variants until now; they keep their words."""
    typed = Typed()
    typed.private["name"] = _word(form, "name", 80)
    if not typed.private["name"]:
        typed.wrong("name", "form_item_name")
    elif typed.private["name"] in {each.name_ja for each in BASE.values()}:
        typed.wrong("name", "form_item_there")
    for name, words in (("category", CATEGORIES), ("unit", UNITS), ("shelf_life", tuple(SHELF_LIFE_TEXTS))):
        typed.body[name] = form.get(name, "")
        if typed.body[name] not in words:
            typed.wrong(name, "form_choose")
    typed.body["tags"] = [tag for tag in TAGS if tag in tags][:MOST_TAGS]
    typed.body["vol_ml"] = _thousandths(typed, form, "volume")
    typed.body["grams"] = _thousandths(typed, form, "weight")
    _variants(typed, form.get("variants", ""), known)
    return typed


def _thousandths(typed: Typed, form: Mapping[str, str], name: str) -> int:
    """mL of litres, g of kilograms."""
    said = _narrow(form, name)
    if not re.fullmatch(r"([0-9]{1,4}(\.[0-9]{1,3})?)?", said):
        typed.wrong(name, "form_size")
        return 0
    return round(float(said or 0) * 1_000)


def _variants(typed: Typed, said: str, known: Mapping[str, str]) -> None:
    """One variant a line. A line that is a word itself ("M") is its own word, another gets a number ("v3")."""
    texts = list(dict.fromkeys(line for line in map(plain, said.splitlines()) if line))
    if len(texts) > MOST_VARIANTS or any(len(text) > 40 for text in texts):
        typed.wrong("variants", "form_variants", most=MOST_VARIANTS)
        return
    words = {text: word for word, text in known.items()}
    for text in texts:
        words.setdefault(text, _new_word(text, {*known, *words.values()}))
    typed.body["variants"] = [words[text] for text in texts]
    typed.private["variants"] = {words[text]: text for text in texts}


def _new_word(text: str, taken: set[str]) -> str:
    if re.fullmatch(r"[0-9A-Za-z._]{1,24}", text) and text not in taken:
        return text
    return next(word for n in range(1, 10_000) if (word := f"v{n}") not in taken)


def base_body(item: Item, *, active: bool) -> dict[str, Any]:
    """An item of the base list as it is, switched on or off. The empty variant says that none is needed."""
    variants = [word for word, _ in item.variants]
    return {
        "item": item.code,
        "category": item.category,
        "unit": item.unit,
        "variants": variants if item.variant_needed or not variants else ["", *variants[: MOST_VARIANTS - 1]],
        "shelf_life": item.shelf_life,
        "tags": sorted(item.tags),
        "vol_ml": item.vol_ml,
        "grams": item.grams,
        "active": active,
    }
