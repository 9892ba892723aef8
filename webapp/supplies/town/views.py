"""The municipality's desk of relief supplies: its front page, disasters and the item master.

Contexts of the templates (all under supplies/):
  town.html             lists, disasters: [DisasterCard] or None (not for this person), shelters: [ShelterCard],
                        used, own (numbers of items)
  disasters.html        lists (admin_desk), cards: [DisasterCard]
  disaster.html         card, row (None: a new one), errors, shown (what was typed), form_id
  items.html            lists, groups: [(category, [ItemLine])], own: [ItemLine], unit_text
  item.html             code ("": a new one), shown, errors, categories, units, shelf_lives, tags, form_id
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from webapp.kernel.base.ids import new_id
from webapp.kernel.identity.login import current_person, require
from webapp.kernel.identity.roles import Action, may
from webapp.supplies import catalogue
from webapp.supplies import entries as kinds
from webapp.supplies.town import forms as admin_forms
from webapp.supplies.town import office
from webapp.supplies.town.desk import back, confirmed, lists, log, said
from webapp.supplies.town.forms import SHELF_LIFE_TEXTS, Typed

bp = Blueprint("supplies_admin", __name__, template_folder="../templates")


@bp.get("/supplies")
@require(Action.SHELTERS_MANAGE)
def front() -> ResponseReturnValue:
    """Where everything begins that the town settles: disasters, shelters, items, cards."""
    town, lines = log(), office.items(log())
    runs = may(current_person().roles, Action.DISASTER_MANAGE)
    return render_template(
        "supplies/town.html",
        lists=lists(),
        disasters=office.disasters(town) if runs else None,
        shelters=list(office.shelters(town).values()),
        used=sum(line.active for line in lines),
        own=sum(line.own for line in lines),
    )


# Disasters


@bp.get("/supplies/disasters")
@require(Action.DISASTER_MANAGE)
def disasters() -> ResponseReturnValue:
    """The list."""
    return render_template("supplies/disasters.html", lists=lists(), cards=office.disasters(log()))


def _disaster_page(typed: Typed, shown: Mapping[str, Any], disaster: str = "") -> ResponseReturnValue:
    card, row = office.disaster(log(), disaster) if disaster else (None, None)
    errors = typed.errors
    page = render_template(
        "supplies/disaster.html", card=card, row=row, errors=errors, shown=shown, form_id=new_id()
    )
    return page, 422 if errors else 200


@bp.get("/supplies/disasters/new")
@require(Action.DISASTER_MANAGE)
def new_disaster() -> ResponseReturnValue:
    """An empty form."""
    return _disaster_page(Typed(), {"unverified_percent": 0})


@bp.post("/supplies/disasters/new")
@require(Action.DISASTER_MANAGE)
def open_disaster() -> ResponseReturnValue:
    """「災害を登録」: the real thing or a drill; that cannot be changed afterwards."""
    typed = admin_forms.disaster(request.form)
    drill = request.form.get("drill", "")
    if drill not in {"0", "1"}:
        typed.wrong("drill", "form_choose")
    if not typed.errors and (error := said(
        kinds.DISASTER_OPENED, {**typed.body, "drill": drill == "1"}, typed.private
    )):  # fmt: skip
        typed.errors[""] = error
    if typed.errors:
        return _disaster_page(typed, request.form)
    return back("supplies_admin.disasters", "", f"「{typed.private['name']}」を登録しました。")


@bp.get("/supplies/disasters/<disaster_id>")
@require(Action.DISASTER_MANAGE)
def disaster(disaster_id: str) -> ResponseReturnValue:
    """Its settings."""
    card, row = office.disaster(log(), disaster_id)
    shown = {"name": card.name, "unverified_percent": row.unverified_percent}
    return _disaster_page(Typed(), shown, disaster_id)


@bp.post("/supplies/disasters/<disaster_id>")
@require(Action.DISASTER_MANAGE)
def change_disaster(disaster_id: str) -> ResponseReturnValue:
    """Another name, another share."""
    office.disaster(log(), disaster_id)
    typed = admin_forms.disaster(request.form)
    body = {**typed.body, "disaster": disaster_id}
    if not typed.errors and (error := said(kinds.DISASTER_CHANGED, body, typed.private)):
        typed.errors[""] = error
    if typed.errors:
        return _disaster_page(typed, request.form, disaster_id)
    return back("supplies_admin.disaster", "", "変更しました。", disaster_id=disaster_id)


@bp.post("/supplies/disasters/<disaster_id>/close")
@require(Action.DISASTER_MANAGE)
def close_disaster(disaster_id: str) -> ResponseReturnValue:
    """「終わりにする」, after a tick."""
    card, _row = office.disaster(log(), disaster_id)
    error = confirmed() or said(kinds.DISASTER_CLOSED, {"disaster": disaster_id})
    if error:
        return back("supplies_admin.disaster", error, "", disaster_id=disaster_id)
    return back("supplies_admin.disasters", "", f"「{card.name}」の受け付けを終わりにしました。")


# The item master


@bp.get("/supplies/items")
@require(Action.ITEMS_MANAGE)
def items() -> ResponseReturnValue:
    """The base list with what is switched off, and the municipality's own items."""
    lines = office.items(log())
    groups = [
        (
            catalogue.category_text(name),
            [line for line in lines if not line.own and line.item.category == name],
        )
        for name in catalogue.CATEGORIES
    ]
    own = [line for line in lines if line.own]
    return render_template(
        "supplies/items.html", lists=lists(), groups=groups, own=own, unit_text=catalogue.unit_text
    )


@bp.post("/supplies/items")
@require(Action.ITEMS_MANAGE)
def switch_items() -> ResponseReturnValue:
    """Which items of the base list are used: a command for each that changes."""
    wanted = set(request.form.getlist("active"))
    changed = [
        line for line in office.items(log()) if not line.own and (line.item.code in wanted) != line.active
    ]
    for line in changed:
        body = admin_forms.base_body(line.item, active=not line.active)
        if error := said(kinds.ITEM_SET, body, act=new_id()):
            return back("supplies_admin.items", error, "")
    return back(
        "supplies_admin.items",
        "",
        f"{len(changed)}品目を変更しました。" if changed else "変わったところはありません。",
    )


def _item_page(shown: Mapping[str, Any], errors: Mapping[str, str], code: str = "") -> ResponseReturnValue:
    page = render_template(
        "supplies/item.html",
        code=code,
        shown=shown,
        errors=errors,
        categories=[(word, catalogue.category_text(word)) for word in catalogue.CATEGORIES],
        units=[(word, catalogue.unit_text(word)) for word in catalogue.UNITS],
        shelf_lives=list(SHELF_LIFE_TEXTS.items()),
        tags=[(word, catalogue.tag_text(word)) for word in catalogue.TAGS],
        form_id=new_id(),
    )
    return page, 422 if errors else 200


@bp.get("/supplies/items/new")
@require(Action.ITEMS_MANAGE)
def new_item() -> ResponseReturnValue:
    """An empty form."""
    return _item_page({"shelf_life": "none", "chosen": [], "active": "1"}, {})


@bp.post("/supplies/items/new")
@require(Action.ITEMS_MANAGE)
def add_item() -> ResponseReturnValue:
    """Enter an item of the municipality's own."""
    return _take_item("", {})


@bp.get("/supplies/items/<code>")
@require(Action.ITEMS_MANAGE)
def item(code: str) -> ResponseReturnValue:
    """The filled form of an own item."""
    line = office.own_item(log(), code)
    shown = {
        "name": line.item.name_ja,
        "category": line.item.category,
        "unit": line.item.unit,
        "shelf_life": line.item.shelf_life,
        "chosen": sorted(line.item.tags),
        "variants": "\n".join(line.texts.values()),
        "volume": f"{line.item.vol_ml / 1000:g}",
        "weight": f"{line.item.grams / 1000:g}",
        "active": "1" if line.active else "",
    }
    return _item_page(shown, {}, code)


@bp.post("/supplies/items/<code>")
@require(Action.ITEMS_MANAGE)
def change_item(code: str) -> ResponseReturnValue:
    """Take the form. Variants keep their words, so that needs and offers of before still mean the same."""
    return _take_item(code, office.own_item(log(), code).texts)


def _take_item(code: str, known: Mapping[str, str]) -> ResponseReturnValue:
    tags = request.form.getlist("tags")
    typed = admin_forms.item(request.form, tags, known)
    body = {
        **typed.body,
        "item": code or office.free_code(log()),
        "active": not code or "active" in request.form,
    }
    if not typed.errors and (error := said(kinds.ITEM_SET, body, typed.private)):
        typed.errors[""] = error
    if typed.errors:
        return _item_page({**request.form, "chosen": tags}, typed.errors, code)
    return back(
        "supplies_admin.items", "", f"「{typed.private['name']}」を{'変更' if code else '登録'}しました。"
    )
