"""What is typed at a shelter's desk → bodies of commands. Pure: texts and the time come in as arguments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from webapp.kernel.base.clock import jst
from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.outcomes import Refusal
from webapp.supplies.allergens import ALLERGEN_WORDS, asked_on
from webapp.supplies.catalogue import Item
from webapp.supplies.headcount import COUNTERS, HEADS_TEXTS, PERSONS
from webapp.supplies.quantities import parse_best_before, parse_count, parse_need_by, parse_quantity
from webapp.supplies.steps import Audience

NOTE = 200
_AUDIENCES = frozenset(word.value for word in Audience)
_PRIORITIES = frozenset({"1", "2", "3"})
_NONE = Refusal("supplies.quantity_missing")


#: A form as it was sent.
Form = MultiDict[str, str]


@dataclass
class Read:
    """What a form says: the fields of a body, and what could not be read."""

    body: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, Refusal] = field(default_factory=dict)

    def take(self, name: str, value: Any) -> None:
        """Keep a value, or why there is none."""
        if isinstance(value, Refusal):
            self.faults[name] = value
        else:
            self.body[name] = value


def need_line(form: Form, item: Item, need_id: str, now: int) -> Read:
    """必要物資登録: one line of `supplies.needs_registered`."""
    read = Read({"id": need_id, "item": item.code, "variant": form.get("variant", "")[:24]})
    if not item.has_variant(read.body["variant"]):
        read.faults["variant"] = Refusal("supplies.unknown_variant")
    terms(form, item.unit, now, read)
    read.take("persons", parse_count(form.get("persons", ""), PERSONS))
    read.body["audience"] = [word for word in dict.fromkeys(form.getlist("audience")) if word in _AUDIENCES]
    excluded = dict.fromkeys(form.getlist("excluded"))
    read.body["excluded"] = [word for word in excluded if word in ALLERGEN_WORDS]
    return read


def terms(form: Form, unit: str, now: int, read: Read) -> None:
    """How many, until when, how urgent: what can be changed afterwards as well."""
    read.take("quantity", parse_quantity(form.get("quantity", ""), unit))
    read.take("need_by", until(form, now))
    priority = form.get("priority", "2")
    read.body["priority"] = int(priority) if priority in _PRIORITIES else 2


def until(form: Form, now: int) -> int | Refusal | None:
    """By when it is needed: another day that was typed, else the one that was tapped."""
    return parse_need_by(form.get("need_by_day", "").strip() or form.get("need_by", ""), now=now)


def note_of(form: Form) -> str:
    """What was written beside it; it goes into the vault."""
    return form.get("note", "").strip()[:NOTE]


def heads_of(form: Form) -> tuple[dict[str, int], dict[str, Refusal]]:
    """Head-counts as typed: those that are more than 0, and what could not be read."""
    heads: dict[str, int] = {}
    faults: dict[str, Refusal] = {}
    for name in HEADS_TEXTS:
        value = parse_count(form.get(name, ""), COUNTERS.get(name, PERSONS))
        if isinstance(value, Refusal):
            faults[name] = value
        elif value:
            heads[name] = value
    return heads, faults


def need_lines(
    form: Form, suggested: Iterable[Any], act_id: str, now: int
) -> tuple[list[dict[str, Any]], dict[str, Refusal]]:
    """The three-day list as it was corrected: the lines that stayed ticked; and per line what could not be read."""
    lines, faults = list[dict[str, Any]](), dict[str, Refusal]()
    day = until(form, now)
    if isinstance(day, Refusal):
        return [], {"need_by": day}
    for one in suggested:
        if not form.get(f"use.{one.key}", ""):
            continue
        quantity = parse_quantity(form.get(f"quantity.{one.key}", ""))
        if isinstance(quantity, Refusal):
            faults[one.key] = quantity
        else:
            lines.append(_line(one, quantity, day, act_id))
    return lines, faults


def _line(one: Any, quantity: int, day: int | None, act_id: str) -> dict[str, Any]:
    line = one.line
    body = {
        "id": derived_id(act_id, one.key), "item": line.item, "variant": line.variant, "quantity": quantity,
        "audience": [word.value for word in line.audience], "priority": 2,
    }  # fmt: skip
    body |= {"persons": line.persons} if line.audience else {}
    return body | ({"need_by": day} if day is not None else {})


def counted(form: Form) -> tuple[dict[str, Any], dict[str, Refusal]]:
    """受領: good, damaged, expired as typed; nothing typed is 0. What is not there is worked out."""
    body: dict[str, Any] = {}
    faults: dict[str, Refusal] = {}
    for name in ("good", "damaged", "expired"):
        value = parse_count(form.get(name, ""))
        if isinstance(value, Refusal):
            faults[name] = value
        else:
            body[name] = value or 0
    if not faults and not any(form.get(name, "").strip() for name in ("good", "damaged", "expired")):
        faults["good"] = _NONE
    return body, faults


def outside(form: Form, item: Item, now: int) -> Read:
    """Goods without our label that can be used: what is past its date is not counted."""
    read = Read({"item": item.code, "variant": form.get("variant", "")[:24]})
    if not item.has_variant(read.body["variant"]):
        read.faults["variant"] = Refusal("supplies.unknown_variant")
    read.take("quantity", parse_quantity(form.get("quantity", ""), item.unit))
    read.take("best_before", parse_best_before(form.get("best_before", ""), jst(now).date()))
    return read


def surplus(form: Form, now: int) -> Read:
    """余りを提供する: how many, until when they are good, and what they hold."""
    read = Read({"item": form.get("item", "")[:8], "variant": form.get("variant", "")[:24]})
    read.take("quantity", parse_quantity(form.get("quantity", "")))
    read.take("best_before", parse_best_before(form.get("best_before", ""), jst(now).date()))
    if form.get("declared", ""):
        ticked = dict.fromkeys(form.getlist("allergens"))
        read.body["allergens"] = [word for word in ticked if word in ALLERGEN_WORDS]
    return read


def allergens_asked(now: int) -> Sequence[tuple[str, str]]:
    """Boxes to tick, those of the law first, as (word, Japanese)."""
    return [(one.word, one.ja) for one in asked_on(jst(now).date())]
