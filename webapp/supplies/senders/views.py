"""Pages of whoever sends: offering, one's own offers, and a shipment from the request to 発送.

Citizens, supporting municipalities and organisations use the same pages. Commands go through the door; the id of each
was made in the page, so a second click is the same act. Templates: supplies/sender_*.html.
"""

from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.kernel.base.clock import DAY, now_ms, to_minute
from webapp.kernel.base.db import db
from webapp.kernel.base.i18n import for_senders, gettext, mark
from webapp.kernel.base.ids import is_id, new_id
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import Malformed, NotFound, Refusal
from webapp.kernel.base.web import sentence, whole_number
from webapp.kernel.identity.login import current_person, demand, each_person, person_or_none
from webapp.kernel.identity.models import Person
from webapp.kernel.identity.roles import Action
from webapp.kernel.intake.api import author_of
from webapp.kernel.intake.service import Answer
from webapp.kernel.intake.submit import submit, submit_as
from webapp.kernel.scanning import codes
from webapp.supplies import entries
from webapp.supplies.labels import desk as label_desk
from webapp.supplies.labels.pdf import Layout
from webapp.supplies.public.queries import MOST_WORDS
from webapp.supplies.quantities import parse_quantity, show_day
from webapp.supplies.senders import account_views, accounts
from webapp.supplies.senders import forms as sender_forms
from webapp.supplies.senders import offers as sender_offers
from webapp.supplies.senders import queries as sender_queries
from webapp.supplies.senders.forms import Typed
from webapp.supplies.senders.offers import Wish
from webapp.supplies.senders.queries import ShipmentPage
from webapp.supplies.steps import MatchState

bp = Blueprint("sender", __name__, template_folder="../templates")
bp.add_app_template_filter(show_day, "show_day")

_LAYOUTS: dict[str, Layout] = {"two": "two", "one": "one", "hand": "hand"}


# One's own page


@bp.get("/send")
@for_senders
def mine() -> ResponseReturnValue:
    """My offers and shipments, and the next thing to do; who is not logged in learns how to begin."""
    person = person_or_none()
    if person is None:
        return render_template("supplies/sender_welcome.html")
    _catch_up(person)
    found = sender_queries.mine(db.session(), person, max(1, whole_number("page", 1)))
    closable = person.organisation_id == entries.INDIVIDUALS
    return render_template(
        "supplies/sender_mine.html", found=found, page_address=_page_address, closable=closable
    )


def _catch_up(person: Person) -> None:
    """Should the machine have stopped between the verified link and its entries, they are written now."""
    if accounts.is_verified(db.session(), person.id):
        accounts.take_effect(person)


def _page_address(page: int) -> str:
    return url_for("sender.mine", page=page)


# Offering


@bp.get("/send/new")
@for_senders
def new() -> ResponseReturnValue:
    """「これを送る」 with ?need=…, else goods that are on nobody's list: town, item, form."""
    if person_or_none() is not None:
        demand(Action.OFFER_MAKE)
    wish = sender_offers.wish_of(db.session(), request.args)
    if wish is None:
        return redirect(url_for("relief.towns", offer=1))
    if wish.item is None:
        return _choose_page(wish)
    if wish.need is not None and not wish.need.open:
        return render_template("supplies/sender_met.html", wish=wish)
    typed = Typed(request.args.to_dict())
    return _offer_page(wish, typed, new_id())


def _choose_page(wish: Wish) -> str:
    """What it is: by words, with its size where they name one, or from the list. Nothing is chosen before."""
    words = request.args.get("q", "").strip()[:MOST_WORDS]
    return render_template(
        "supplies/sender_choose.html", wish=wish, words=words, choices=sender_offers.choices(wish, words),
        groups=sender_offers.groups(wish), choice_address=partial(_choice_address, wish),
    )  # fmt: skip


def _choice_address(wish: Wish, item: str, variant: str) -> str:
    disaster = wish.town.disaster.id
    return url_for("sender.new", log=wish.log, d=disaster, item=item, variant=variant or None)


def _offer_page(wish: Wish, typed: Typed, form_id: str) -> ResponseReturnValue:
    page = render_template(
        "supplies/sender_offer.html",
        wish=wish,
        typed=typed,
        form_id=form_id,
        newcomer=person_or_none() is None,
        eta_days=sender_forms.ETA_DAYS,
        allergen_choices=sender_forms.ALLERGEN_CHOICES,
        asked=sender_offers.asked_allergens(now_ms()),
        mandatory=sender_offers.mandatory_words(now_ms()),
    )
    return page, 422 if typed.errors else 200


@bp.post("/send/new")
@for_senders
@limiter.limit("120 per hour", key_func=account_views.each_sender)
def offer() -> ResponseReturnValue:
    """Take the form. A newcomer's mail and password come with it."""
    form, now = request.form, now_ms()
    wish = sender_offers.wish_of(db.session(), form)
    if wish is None or wish.item is None or not is_id(form.get("id", "")):
        raise Malformed
    wanted = sender_offers.wanted(db.session(), wish, form["id"])
    typed = sender_forms.goods(form.to_dict(), form.getlist("allergens"), wish.item, now, wanted=wanted)
    return _offer_as_somebody(wish, typed) if person_or_none() else _offer_as_newcomer(wish, typed, now)


def _offer_as_somebody(wish: Wish, typed: Typed) -> ResponseReturnValue:
    person = demand(Action.OFFER_MAKE)
    if typed.errors:
        return _offer_page(wish, typed, request.form["id"])
    answer = _carry_out(person, wish, typed)
    if answer.refusal:
        return _offer_page(wish, _refused(typed, answer.refusal), new_id())
    flash(gettext(mark("申し出ました。避難所の返事をメールでお知らせします。")), "ok")
    return redirect(url_for("sender.mine"), 303)


@limiter.limit("5 per hour", key_func=account_views.each_address)
def _offer_as_newcomer(wish: Wish, typed: Typed, now: int) -> ResponseReturnValue:
    address, password, errors = account_views.typed_account()
    typed.errors |= errors
    if not typed.errors:
        fault = sender_offers.fault_for_anybody(wish, typed.body, request.form["id"], now)
        typed = _refused(typed, fault) if fault else typed
    if typed.errors:
        return _offer_page(wish, typed, request.form["id"])
    refusal, logged_in = _begin_with(address, password, wish, typed)
    if logged_in and refusal:
        return _offer_page(wish, _refused(typed, refusal), new_id())
    return redirect(url_for("sender.mine" if logged_in else "sender_account.sent"), 303)


@account_views.unhurried
def _begin_with(address: str, password: str, wish: Wish, typed: Typed) -> tuple[Refusal | None, bool]:
    """Register or log in, and offer the goods in that person's name; nobody's, where there is an account already."""
    person, logged_in = account_views.begin(address, password)
    refusal = _carry_out(person, wish, typed).refusal if person else None
    return refusal, logged_in


def _carry_out(person: Person, wish: Wish, typed: Typed) -> Answer:
    body = sender_offers.body_of(wish, typed.body)
    form_id = request.form["id"]
    return submit_as(person, entries.OFFERED, wish.log, body, typed.private or None, act_id=form_id)


def _refused(typed: Typed, refusal: Refusal) -> Typed:
    """What was typed, with the door's no at its field."""
    where = sender_forms.FIELD_OF.get(refusal.code, "")
    typed.errors[where] = _words(refusal)
    return typed


# One shipment


@bp.get("/send/<match_id>")
@account_views.own_page
def shipment(match_id: str) -> ResponseReturnValue:
    """What was asked for, where it goes, and the one thing to do next."""
    page = _page(match_id)
    return render_template("supplies/sender_shipment.html", page=page)


def _page(match_id: str) -> ShipmentPage:
    return sender_queries.page_of(db.session(), author_of(current_person()), match_id)


def _while_requested(
    view: Callable[[ShipmentPage], ResponseReturnValue],
) -> Callable[[str], ResponseReturnValue]:
    """For what is done between the request and 発送: any other time leads to the shipment, which says what is so."""

    @wraps(view)
    def checked(match_id: str) -> ResponseReturnValue:
        page = _page(match_id)
        state = page.shipment.state
        if state == MatchState.REQUESTED:
            return view(page)
        return _back(page, sentence(current_app, f"supplies.is_{state}", {"state": state.text}), "")

    return checked


def _act(
    page: ShipmentPage, kind: str, body: Mapping[str, Any], private: Mapping[str, Any] | None = None
) -> str:
    """Carry out a command about this shipment; why it was refused, or ""."""
    return _words(_carried_out(page, kind, body, private))


def _carried_out(
    page: ShipmentPage, kind: str, body: Mapping[str, Any], private: Mapping[str, Any] | None = None
) -> Refusal | None:
    match = page.shipment.match
    act_id = request.form.get("id", "")
    return submit(kind, match.log, {"match": match.id, **body}, private or None, act_id=act_id).refusal


def _words(refusal: Refusal | None) -> str:
    if refusal is None:
        return ""
    changed = refusal.code == "intake.id_conflict"  # "back", changed, sent again: nobody's fault
    return sentence(current_app, "supplies.sent_before" if changed else refusal.code, refusal.params)


def _back(page: ShipmentPage, error: str, done: str) -> ResponseReturnValue:
    flash(error or done, "error" if error else "ok")
    return redirect(url_for("sender.shipment", match_id=page.shipment.match.id), 303)


def _form(template: str, page: ShipmentPage, typed: Typed, **more: Any) -> ResponseReturnValue:
    made = render_template(template, page=page, typed=typed, form_id=new_id(), **more)
    return made, 422 if typed.errors else 200


@bp.get("/send/<match_id>/pack")
@account_views.own_page
@_while_requested
def pack_form(page: ShipmentPage) -> ResponseReturnValue:
    """In how many boxes it goes."""
    guess = sender_forms.boxes_for(page.item, page.shipment.match.quantity)
    now_there = len(page.parcels) if len(page.parcels) > 1 else guess
    return _form("supplies/sender_pack.html", page, Typed({"count": str(now_there)}))


@bp.post("/send/<match_id>/pack")
@account_views.own_page
@limiter.limit("60 per hour", key_func=each_person)
@_while_requested
def pack(page: ShipmentPage) -> ResponseReturnValue:
    """New labels, one for each box."""
    asked = page.shipment.match.quantity
    typed = sender_forms.packing(request.form.to_dict(), page.offer.best_before, asked, page.item, now_ms())
    if typed.errors:
        return _form("supplies/sender_pack.html", page, typed)
    refusal = _carried_out(page, entries.PACKED, typed.body)
    if refusal and refusal.code in ("supplies.not_so_many", "supplies.expired"):
        typed.errors["each" if typed.text("each").strip() else "count"] = _words(refusal)
        return _form("supplies/sender_pack.html", page, typed)
    done = gettext(mark("%(count)s箱にしました。ラベルを印刷してください。"))
    return _back(page, _words(refusal), done % {"count": len(typed.body["parcels"])})


@bp.get("/send/<match_id>/labels.pdf")
@account_views.own_page
@limiter.limit("20 per minute", key_func=each_person)
@_while_requested
def labels(page: ShipmentPage) -> ResponseReturnValue:
    """Labels to print, Japanese for every sender: two on a sheet, one for a shop's printer, or the numbers by hand."""
    layout = _LAYOUTS.get(request.args.get("layout", ""), "two")
    made = label_desk.pdf(page.shipment.match, layout, now_ms())
    if isinstance(made, Refusal):
        raise NotFound
    name = f'inline; filename="labels-{page.shipment.match.id[:8]}.pdf"'
    return made, 200, {
        "Content-Type": "application/pdf", "Cache-Control": "private, no-store", "Content-Disposition": name,
        "Content-Language": "ja",
    }  # fmt: skip


@bp.get("/send/<match_id>/hand")
@account_views.own_page
@_while_requested
def by_hand(page: ShipmentPage) -> ResponseReturnValue:
    """No printer: what to write on each box with a pen."""
    shown = [(parcel, codes.show(parcel.code).split("-")) for parcel in page.parcels]
    return render_template("supplies/sender_hand.html", page=page, shown=shown)


@bp.get("/send/<match_id>/ship")
@account_views.own_page
@_while_requested
def ship_form(page: ShipmentPage) -> ResponseReturnValue:
    """「発送しました」: how many, and when they will be there."""
    eta = to_minute(now_ms() + page.offer.eta_days * DAY)[:10]
    return _form("supplies/sender_ship.html", page, Typed({"quantity": str(page.listed), "eta": eta}))


@bp.post("/send/<match_id>/ship")
@account_views.own_page
def ship(match_id: str) -> ResponseReturnValue:
    """発送. Pressed twice, or after cancelling, it says what is so already."""
    page = _page(match_id)
    typed = sender_forms.shipping(request.form.to_dict(), page.item.unit if page.item else "", now_ms())
    if typed.errors:
        return _form("supplies/sender_ship.html", page, typed)
    refusal = _carried_out(page, entries.SHIPPED, typed.body, typed.private)
    if refusal and refusal.code == "supplies.not_so_many":
        typed.errors["quantity"] = _words(refusal)
        return _form("supplies/sender_ship.html", page, typed)
    return _back(page, _words(refusal), gettext(mark("発送を記録しました。避難所にメールでお知らせします。")))


@bp.get("/send/<match_id>/less")
@account_views.own_page
def less_form(match_id: str) -> ResponseReturnValue:
    """Fewer than was asked for."""
    page = _page(match_id)
    return _form("supplies/sender_less.html", page, Typed({"quantity": str(page.shipment.match.quantity)}))


@bp.post("/send/<match_id>/less")
@account_views.own_page
def less(match_id: str) -> ResponseReturnValue:
    """減らす: the difference can be sent by somebody else."""
    page, typed = _page(match_id), Typed(request.form.to_dict())
    unit = page.item.unit if page.item else ""
    quantity = typed.take("quantity", parse_quantity(typed.text("quantity"), unit))
    if not typed.errors and (error := _act(page, entries.QUANTITY_CHANGED, {"quantity": quantity})):
        typed.errors["quantity"] = error
    if typed.errors:
        return _form("supplies/sender_less.html", page, typed)
    return _back(page, "", gettext(mark("数を減らしました。")))


@bp.get("/send/<match_id>/cancel")
@account_views.own_page
def cancel_form(match_id: str) -> ResponseReturnValue:
    """Ask before anything is undone."""
    return _form("supplies/sender_cancel.html", _page(match_id), Typed({}))


@bp.post("/send/<match_id>/cancel")
@account_views.own_page
def cancel(match_id: str) -> ResponseReturnValue:
    """取り消し: the labels are void, the shelter is told."""
    page = _page(match_id)
    gone = request.form.get("goods") == "gone"
    error = _act(page, entries.CANCELLED, {"by": "sender", "withdraw": gone})
    done = gettext(mark("取り消しました。避難所にお知らせします。発送しないでください。"))
    return _back(page, error, done)


@bp.get("/send/offers/<offer_id>")
@account_views.own_page
def withdraw_form(offer_id: str) -> ResponseReturnValue:
    """An offer of mine, to take back what nobody has asked for."""
    return _withdraw_page(offer_id, Typed({}))


def _withdraw_page(offer_id: str, typed: Typed) -> ResponseReturnValue:
    card = sender_queries.offer_of(db.session(), author_of(current_person()), offer_id)
    page = render_template("supplies/sender_withdraw.html", card=card, typed=typed, form_id=new_id())
    return page, 422 if typed.errors else 200


@bp.post("/send/offers/<offer_id>")
@account_views.own_page
def withdraw(offer_id: str) -> ResponseReturnValue:
    """取り下げ."""
    card = sender_queries.offer_of(db.session(), author_of(current_person()), offer_id)
    typed, item = Typed(request.form.to_dict()), card.offer.item
    unit = sender_offers.unit_of(db.session(), card.offer.log, item)
    quantity = typed.take("quantity", parse_quantity(typed.text("quantity"), unit))
    if not typed.errors:
        body = {"offer": card.offer.id, "quantity": quantity}
        answer = submit(entries.OFFER_WITHDRAWN, card.offer.log, body, act_id=request.form.get("id", ""))
        if answer.refusal is None:
            flash(gettext(mark("取り下げました。")), "ok")
            return redirect(url_for("sender.mine"), 303)
        typed.errors["quantity"] = _words(answer.refusal)
    return _withdraw_page(offer_id, typed)
