"""What senders type: goods, boxes, the day of arrival. Nothing typed is lost, and each no stands beside its field."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from webapp.kernel.base.clock import jst
from webapp.kernel.base.i18n import gettext, language, mark
from webapp.kernel.base.outcomes import Refusal
from webapp.supplies import catalogue
from webapp.supplies.allergens import BY_WORD
from webapp.supplies.form_messages import SENTENCES
from webapp.supplies.labels.words import DATE_WORDS
from webapp.supplies.quantities import parse_best_before, parse_need_by, parse_quantity
from webapp.supplies.steps import MOST_PARCELS

MOST_NOTE, MOST_TRACKING = 500, 40
#: A box that one person lifts and every carrier takes (120 size): so much goes into it.
BOX_ML, BOX_GRAMS = 50_000, 15_000
#: From the request until it is there, in days.
ETA_DAYS = (
    ("2", mark("1〜2日")),
    ("3", mark("3日くらい")),
    ("5", mark("5日くらい")),
    ("7", mark("1週間くらい")),
    ("14", mark("2週間くらい")),
)
ALLERGEN_CHOICES = (
    ("none", mark("どれも入っていない")),
    ("some", mark("入っている（下で選ぶ）")),
    ("unknown", mark("わからない・申告しない")),
)
#: Refusal of the door → the field beside which it stands; the others stand above the form.
FIELD_OF = {
    "supplies.too_few": "quantity",
    "supplies.not_so_many": "quantity",
    "supplies.only_less": "quantity",
    "supplies.expired": "best_before",
    "supplies.allergens": "declared",
    "supplies.until_past": "until",
    "supplies.unknown_variant": "variant",
}


@dataclass
class Typed:
    """A form as it was typed, what it says, and what is wrong with it by field."""

    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    private: dict[str, Any] = field(default_factory=dict)
    chosen: tuple[str, ...] = ()
    over: int = 0  # so much more than is needed: others are offered it, or nobody

    def text(self, name: str) -> str:
        """What stands in a field."""
        return self.values.get(name, "")

    def take(self, name: str, found: Any, where: str = "") -> Any:
        """The value, or None after writing beside its field what is wrong with it."""
        if isinstance(found, Refusal):
            self.errors[where or name] = sentence(found)
            return None
        return found

    def say(self, name: str, code: str, **params: str) -> None:
        """Write a sentence beside a field."""
        self.errors[name] = sentence(Refusal(f"supplies.{code}", params))


def sentence(refusal: Refusal) -> str:
    """What is said about something typed, in the language of this answer; so is the unit that it may name."""
    told = {name: _unit(text) if name == "unit" else text for name, text in refusal.params.items()}
    return gettext(SENTENCES[refusal.code]).format_map(told)


def _unit(text: str) -> str:
    """「枚」 of the list as this reader calls it."""
    return next(
        (catalogue.unit_text(u, language()) for u in catalogue.UNITS if catalogue.unit_text(u) == text), text
    )


def goods(
    values: Mapping[str, str], chosen: list[str], item: catalogue.Item, now: int, *, wanted: int | None
) -> Typed:
    """An offer as typed. `wanted`: so many are needed; who has more says what becomes of the rest before it is offered.
    None: not for a need, so size, lot and how long it stands are asked as well.
    """
    typed = Typed(values, chosen=tuple(word for word in chosen if word in BY_WORD))
    quantity = typed.take("quantity", parse_quantity(typed.text("quantity"), item.unit))
    typed.body = {
        "quantity": quantity,
        "best_before": _best_before(typed, item, now),
        "allergens": _allergens(typed) if item.is_eaten else None,
        "eta_days": _eta_days(typed.text("eta_days")),
    }
    if wanted is None:
        _free(typed, item, now)
    elif wanted and quantity and quantity > wanted:
        _rest(typed, quantity, wanted)
    _private(typed)
    return typed


def _rest(typed: Typed, quantity: int, wanted: int) -> None:
    typed.over = quantity - wanted
    if typed.text("rest") == "only":
        typed.body["quantity"] = wanted
    elif typed.text("rest") != "others":
        typed.say("rest", "form_rest")


def _best_before(typed: Typed, item: catalogue.Item, now: int) -> int:
    if item.shelf_life == "none":
        return 0
    found = typed.take("best_before", parse_best_before(typed.text("best_before"), jst(now).date()))
    if found == 0 and item.is_dated:
        typed.say("best_before", "form_date_needed", word=gettext(DATE_WORDS[item.shelf_life]))
    return int(found or 0)


def _allergens(typed: Typed) -> list[str] | None:
    """None: not declared; empty: declared to be free of all."""
    declared = typed.text("declared")
    if declared == "unknown":
        return None
    if declared == "some" or typed.chosen:
        if not typed.chosen:
            typed.say("declared", "form_allergens_which")
        elif declared == "none":
            typed.say("declared", "form_allergens_both")
        return sorted(typed.chosen)
    if declared != "none":
        typed.say("declared", "form_allergens")
    return []


def _eta_days(text: str) -> int:
    return int(text) if text in dict(ETA_DAYS) else 3


def _free(typed: Typed, item: catalogue.Item, now: int) -> None:
    variant, lot = typed.text("variant"), typed.text("lot")
    if not item.has_variant(variant):
        typed.say("variant", "form_variant")
    typed.body["variant"] = variant
    typed.body["lot"] = (typed.take("lot", parse_quantity(lot, item.unit)) or 1) if lot.strip() else 1
    typed.body["available_until"] = typed.take("until", parse_need_by(typed.text("until"), now=now))


def _private(typed: Typed) -> None:
    note, boxes = typed.text("note").strip(), typed.text("boxes")
    if len(note) > MOST_NOTE:
        typed.say("note", "form_note_long", most=str(MOST_NOTE))
    count = typed.take("boxes", parse_quantity(boxes)) if boxes.strip() else None
    typed.private = {name: value for name, value in (("note", note), ("boxes", count)) if value}


def boxes_for(item: catalogue.Item | None, quantity: int) -> int:
    """In how many boxes so many go, by volume and weight of the list; a guess to begin with."""
    if item is None:
        return 1
    by_volume, by_weight = -(-item.vol_ml * quantity // BOX_ML), -(-item.grams * quantity // BOX_GRAMS)
    return min(MOST_PARCELS, max(1, by_volume, by_weight))


def packing(
    values: Mapping[str, str], best_before: int, asked: int, item: catalogue.Item | None, now: int
) -> Typed:
    """Boxes as typed: so many alike, or one line for each (「20」, 「20 2027年3月1日」)."""
    typed = Typed(values)
    lines = [line for line in typed.text("each").splitlines() if line.strip()]
    parcels = _each(typed, lines, best_before, item, now) if lines else _alike(typed, best_before, asked)
    if lines:
        _as_many_boxes(typed, len(lines))
    total = sum(box["quantity"] for box in parcels)
    if not typed.errors and total > asked:
        typed.say("each" if lines else "count", "form_boxes_more", total=str(total), most=str(asked))
    typed.body = {"parcels": parcels}
    return typed


def _as_many_boxes(typed: Typed, lines: int) -> None:
    """A number of boxes beside lines of another number: one of the two is a slip."""
    told = typed.text("count").strip()
    count = typed.take("count", parse_quantity(told)) if told else lines
    if count is not None and count != lines:
        typed.say("count", "form_boxes_lines", count=str(count), lines=str(lines))


def _alike(typed: Typed, best_before: int, asked: int) -> list[dict[str, int]]:
    count = typed.take("count", parse_quantity(typed.text("count"))) or 0
    if count > min(asked, MOST_PARCELS):
        typed.say("count", "form_boxes_many", most=str(min(asked, MOST_PARCELS)))
        return []
    return [{"quantity": share, "best_before": best_before} for share in shares(asked, count)]


def shares(quantity: int, count: int) -> list[int]:
    """So many in so many boxes, as evenly as whole units go; the first boxes hold one more."""
    whole, more = divmod(quantity, count) if count else (0, 0)
    return [whole + (place < more) for place in range(count)]


def _each(
    typed: Typed, lines: list[str], best_before: int, item: catalogue.Item | None, now: int
) -> list[dict[str, int]]:
    if len(lines) > MOST_PARCELS:
        typed.say("each", "form_boxes_many", most=str(MOST_PARCELS))
        return []
    parcels = []
    for line in lines:
        number, _, day = re.sub(r"\s+", " ", line.strip()).partition(" ")
        quantity = typed.take("each", parse_quantity(number, item.unit if item else ""))
        until = typed.take("each", parse_best_before(day, jst(now).date())) if day else best_before
        parcels.append({"quantity": quantity or 0, "best_before": until or 0})
    return parcels


def shipping(values: Mapping[str, str], unit: str, now: int) -> Typed:
    """「発送」 as typed: so many have left, to arrive on a day, under a carrier's number."""
    typed = Typed(values)
    quantity = typed.take("quantity", parse_quantity(typed.text("quantity"), unit))
    found = parse_need_by(typed.text("eta"), now=now)
    if isinstance(found, Refusal) and found.code == "supplies.need_by_past":
        typed.say("eta", "form_eta_past")
    elif found is None:
        typed.say("eta", "form_eta")
    eta = typed.take("eta", found) if "eta" not in typed.errors else None
    typed.body = {"quantity": quantity, "eta": eta}
    tracking = unicodedata.normalize("NFKC", typed.text("tracking")).strip()
    if not re.fullmatch(rf"[0-9A-Za-z -]{{0,{MOST_TRACKING}}}", tracking):
        typed.say("tracking", "form_tracking")
    typed.private = {"tracking": tracking} if tracking else {}
    return typed


def today(now: int) -> date:
    """The day in Japan."""
    return jst(now).date()
