"""Citizens' pages of relief supplies: no account, three languages, nothing that tells where a delicate need is.

Everything here is a plain form with an address of its own and works without scripts.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from babel.dates import format_date
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.kernel.base.clock import jst, now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.i18n import for_residents, gettext, language
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import NotFound, Refusal
from webapp.kernel.base.web import whole_number
from webapp.kernel.identity.models import Organisation
from webapp.kernel.ledger.models import Log
from webapp.kernel.scanning import codes
from webapp.supplies import catalogue
from webapp.supplies.allergens import BY_WORD
from webapp.supplies.known import disasters_of, item_text, items_of
from webapp.supplies.models import Match, Need, Parcel
from webapp.supplies.public import cache as public_cache
from webapp.supplies.public import queries as public_queries
from webapp.supplies.public.queries import Goods, Town, Wanted
from webapp.supplies.quantities import parse_quantity, show_day
from webapp.supplies.steps import AUDIENCE_TEXTS

bp = Blueprint("relief", __name__, template_folder="../templates")


@bp.app_template_global()
def goods_text(items: dict[str, catalogue.Item], code: str, variant: str) -> str:
    """「紙おむつ（乳児・小児） M」 in the language of this answer."""
    return item_text(items, code, variant, language())


@bp.app_template_global()
def in_words(choices: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Choices of a form with their texts in the language of this answer."""
    return [(value, gettext(text)) for value, text in choices]


@bp.app_template_filter()
def day_word(best_before: int) -> str:
    """20300331 → 「2030年3月31日」, in English "31 Mar 2030"; what is no day of the calendar as `show_day` has it."""
    try:
        day = date(best_before // 10_000, best_before // 100 % 100, best_before % 100)
    except ValueError:
        return show_day(best_before)
    return format_date(day, "d MMM y", locale="en") if language() == "en" else show_day(best_before)


@bp.app_template_global()
def unit_word(unit: str) -> str:
    """「枚」; in English with a space before it."""
    text = catalogue.unit_text(unit, language())
    return f" {text}" if language() == "en" else text


@bp.app_template_global()
def category_word(category: str) -> str:
    """「乳児・小児」."""
    return catalogue.category_text(category, language())


@bp.app_template_filter()
def allergen_word(word: str) -> str:
    """ "egg" → 「卵」, in the language of this answer."""
    allergen = BY_WORD.get(word)
    if allergen is None:
        return word
    return {"en": allergen.en, "ja_easy": allergen.easy}.get(language(), allergen.ja)


@bp.app_template_global()
def ago(at_ms: int, to_the_day: bool = False) -> tuple[str, int]:  # noqa: FBT001, FBT002 - called by templates
    """How long ago: ("minutes" | "hours" | "days", so many); of what is known to the day, days of the calendar."""
    now = now_ms()
    if to_the_day:
        return "calendar", max(0, (jst(now).date() - jst(at_ms).date()).days)
    minutes = max(0, now - at_ms) // 60_000
    if minutes < 60:
        return "minutes", minutes
    return ("hours", minutes // 60) if minutes < 48 * 60 else ("days", minutes // (24 * 60))


@bp.app_template_global()
def due(at_ms: int | None) -> tuple[str, int]:
    """Until when: ("past" | "today" | "tomorrow" | "days" | "later" | "", days from today in Japan)."""
    if at_ms is None:
        return "", 0
    now = now_ms()
    days = (jst(at_ms).date() - jst(now).date()).days
    if at_ms < now:
        return "past", days
    return {0: "today", 1: "tomorrow"}.get(days, "days" if days <= 3 else "later"), days


def _town(log: str, disaster: str = "") -> Town:
    town = public_queries.town_of(db.session(), log, disaster or request.args.get("d", ""))
    if town is None:
        raise NotFound
    return town


@bp.get("/relief")
@for_residents
def towns() -> ResponseReturnValue:
    """Towns that need help; drills apart. With ?offer: to which of them goods are offered that nobody asked for."""
    session = db.session()
    found, counts = disasters_of(session), public_queries.open_needs(session)
    offering = "offer" in request.args
    return render_template("supplies/public_towns.html", disasters=found, counts=counts, offering=offering)


@bp.get("/relief/<log>")
@for_residents
def needs(log: str) -> ResponseReturnValue:
    """What a town needs, with search and filters."""
    return public_cache.shared(log, (request.full_path, language()), lambda: _needs(log))


def _needs(log: str) -> str:
    town, wanted = _town(log), _wanted()
    found = public_queries.needs(db.session(), town, wanted, now_ms())
    return render_template(
        "supplies/public_needs.html",
        town=town,
        found=found,
        wanted=wanted,
        categories=catalogue.CATEGORIES,
        audiences=list(AUDIENCE_TEXTS.items()),
        page_address=_page_address,
        chip_address=_chip_address,
    )


def _wanted() -> Wanted:
    args = request.args
    return Wanted(
        words=args.get("q", "")[: public_queries.MOST_WORDS],
        shelter=args.get("shelter", ""),
        category=args.get("category", ""),
        audience=args.get("for", ""),
        urgent="urgent" in args,
        covered="covered" in args,
        page=max(1, whole_number("page", 1)),
    )


def _page_address(page: int) -> str:
    return _address({"page": str(page)})


def _chip_address(**changes: str) -> str:
    """This list with one filter set, or taken off where it is set already."""
    now = {name: request.args.get(name, "") for name in changes}
    return _address(
        {name: "" if now[name] == value else value for name, value in changes.items()} | {"page": ""}
    )


#: What an address of these lists may say. Whatever else stands there (`_scheme`, `_external`) would steer `url_for`.
_SAID = ("d", "q", "shelter", "category", "for", "urgent", "covered", "page", "lang")


def _address(changes: dict[str, str]) -> str:
    kept = {**request.args.to_dict(), **changes}
    values: dict[str, Any] = {name: value for name in _SAID if (value := kept.get(name))}
    return url_for(request.endpoint or "", **{**values, **(request.view_args or {})})


@bp.get("/relief/<log>/needs/<need_id>")
@for_residents
def need(log: str, need_id: str) -> ResponseReturnValue:
    """One need: what, how many, until when, and the way to send it."""
    session = db.session()
    town = _town(log, public_queries.disaster_of(session, need_id))
    found = public_queries.need_of(session, town, need_id)
    if found is None:
        raise NotFound
    return render_template("supplies/public_need.html", town=town, need=found)


@bp.get("/relief/<log>/have")
@limiter.limit("120 per minute")
@for_residents
def have(log: str) -> ResponseReturnValue:
    """逆引き: who needs what I have; named by words, or chosen from the list."""
    town, args = _town(log), request.args
    words, typed = args.get("q", "").strip()[: public_queries.MOST_WORDS], args.get("quantity", "")
    choices = catalogue.choices(town.items.values(), words) if words else []
    item, variant = _chosen(town, choices, words)
    quantity = parse_quantity(typed, item.unit if item else "") if typed.strip() else 0
    count = 0 if isinstance(quantity, Refusal) else quantity
    goods = Goods(item.code if item else "", variant, count, args.get("near", ""))
    found = public_queries.who_needs(db.session(), town, goods) if item else []
    page = render_template(
        "supplies/public_have.html", town=town, goods=goods, item=item, found=found, typed=typed,
        words="" if item else words, choices=choices, choice_address=_choice_address,
        wrong=isinstance(quantity, Refusal), groups=_groups(town),
    )  # fmt: skip
    return page, 422 if isinstance(quantity, Refusal) else 200


def _chosen(
    town: Town, choices: list[tuple[catalogue.Item, str]], words: str
) -> tuple[catalogue.Item | None, str]:
    """Item and variant: what is typed goes before what is chosen in the list, if it means one thing alone."""
    if words:
        item, named = choices[0] if len(choices) == 1 else (None, "")
    else:
        item, named = town.items.get(request.args.get("item", "")), ""
    variant = named or request.args.get("variant", "")
    known = item is not None and any(variant == word for word, _ in item.variants)
    return item, variant if known else ""


def _choice_address(item: str, variant: str) -> str:
    """This search for one of the things that the words may mean."""
    kept = {name: request.args.get(name) for name in ("quantity", "near", "d")}
    asked = {"item": item, "variant": variant} | kept
    values: dict[str, Any] = {name: value for name, value in asked.items() if value}
    return url_for("relief.have", **values, **(request.view_args or {}))


def _groups(town: Town) -> list[tuple[str, list[catalogue.Item]]]:
    """Items by category, in the order of the list."""
    return [
        (category_word(category), found)
        for category in catalogue.CATEGORIES
        if (found := [item for item in town.items.values() if item.category == category])
    ]


@bp.get("/relief/<log>/offers")
@for_residents
def offers(log: str) -> ResponseReturnValue:
    """What is offered and not asked for yet."""
    town, page = _town(log), max(1, whole_number("page", 1))
    found, pages = public_queries.offers(db.session(), town, page)
    return render_template(
        "supplies/public_offers.html", town=town, found=found, page=page, pages=pages,
        page_address=_page_address,
    )  # fmt: skip


def parcel(code: str) -> ResponseReturnValue:
    """`/t/<code>` of a parcel (`app.extensions["public_pages"]`): where it is; no name, no address."""
    session = db.session()
    row = session.get(Parcel, code)
    if row is None:
        raise NotFound
    match = session.get_one(Match, row.match)
    need = session.get(Need, match.need)
    places = public_queries.places_of(session, row.log)
    place, passage = places.get(match.shelter), public_queries.passage(session, row, match, places)
    hidden = place is None or not place.shown or (need is not None and need.delicate)
    items = items_of(session, row.log)
    item = items.get(match.item) or catalogue.BASE.get(match.item)
    page = render_template(
        "supplies/public_parcel.html",
        parcel=row,
        match=match,
        shown_id=codes.show(code),
        items=items,
        unit=item.unit if item else "",
        place=None if hidden or place is None else place.name,
        passage=passage,
        steps=public_queries.parcel_steps(match, row, passage.where),
        drill=public_queries.drill_of(session, match.disaster),
        owner=_owner(row.log),
        replaced=bool(row.replaced_by),
    )
    return page, 410 if row.void_at is not None and row.arrived_at is None else 200


def _owner(log: str) -> Organisation | None:
    held = db.session.get(Log, log)
    return db.session.get(Organisation, held.organisation_id) if held else None


@bp.get("/relief/needs/<need_id>")
@for_residents
def short(need_id: str) -> ResponseReturnValue:
    """A need without its town: what mails and labels may link to."""
    row = db.session.get(Need, need_id)
    if row is None:
        raise NotFound
    return redirect(url_for("relief.need", log=row.log, need_id=need_id))
