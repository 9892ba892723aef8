"""Pledges and offers at a shelter's desk: answer, search, ask for, call off, offer on what is too much.

Contexts of the templates (all under supplies/):
  desk_pledges.html  desk, pledges: [Pledge], form_ids
  desk_pledge.html   desk, pledge, shown, errors, raise_to, form_id
  desk_offers.html   desk, found: [Found], total, page, per, words, category, categories
  desk_offer.html    desk, goods, choices: [(Need, reasons)], shown, errors, may_raise, form_id
  desk_stock.html    desk, stock: [StockLine], allergens, shown, errors, form_ids
"""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from webapp.kernel.base.db import db
from webapp.kernel.base.ids import is_id, new_id
from webapp.kernel.base.outcomes import NotFound, Refusal
from webapp.kernel.identity.login import require
from webapp.kernel.identity.roles import Action
from webapp.kernel.intake.service import Answer
from webapp.kernel.intake.submit import submit
from webapp.supplies import catalogue, entries
from webapp.supplies.desk import forms as desk_forms
from webapp.supplies.desk import home as desk
from webapp.supplies.desk import offers as desk_offers
from webapp.supplies.desk.home import Desk
from webapp.supplies.desk.offers import Goods
from webapp.supplies.desk.staff import (
    Errors,
    address,
    at_match,
    desk_of,
    errors,
    page_number,
    sentence,
    told,
)
from webapp.supplies.models import Match
from webapp.supplies.quantities import parse_quantity
from webapp.supplies.steps import MatchState

bp = Blueprint("supplies_desk_offers", __name__)

RAISE = "supplies.more_than_needed"
NO_REASON = "断る理由を書いてください。送る人に伝わります。"


@bp.get("/desk/<shelter_id>/pledges")
@require(Action.NEED_MANAGE)
def pledges(shelter_id: str) -> ResponseReturnValue:
    """All pledges that wait for an answer."""
    found = desk_of(shelter_id)
    waiting = desk_offers.pledges_of(db.session(), found)[:200]
    ids = {pledge.row.id: new_id() for pledge in waiting}
    return render_template("supplies/desk_pledges.html", desk=found, pledges=waiting, form_ids=ids)


@bp.get("/desk/<shelter_id>/pledges/<match_id>")
@require(Action.NEED_MANAGE)
def pledge(shelter_id: str, match_id: str) -> ResponseReturnValue:
    """One pledge: another number, or no."""
    found, row = at_match(shelter_id, match_id)
    if row.state != MatchState.PLEDGED:
        return redirect(address("supplies_desk_arrivals.shipment", found, match_id=row.id))
    return _pledge_page(found, row, {}, None)


def _pledge_page(
    found: Desk, row: Match, shown: Mapping[str, str], refusal: Refusal | None, wrong: Errors | None = None
) -> ResponseReturnValue:
    wrong = wrong or errors(refusal)
    page = render_template(
        "supplies/desk_pledge.html",
        desk=found,
        pledge=desk_offers.pledge_of(db.session(), found, row),
        shown=shown,
        errors=wrong,
        may_raise=refusal is not None and refusal.code == RAISE,
        form_id=new_id(),
    )
    return page, 422 if wrong else 200


@bp.post("/desk/<shelter_id>/pledges/<match_id>")
@require(Action.NEED_MANAGE)
def accept(shelter_id: str, match_id: str) -> ResponseReturnValue:
    """送付依頼: all of it in one tap, or the number that was typed."""
    found, row = at_match(shelter_id, match_id)
    form = request.form
    quantity = parse_quantity(form.get("quantity", ""), _unit(found, row.item))
    if isinstance(quantity, Refusal):
        return _pledge_page(found, row, form.to_dict(), quantity)
    body = {"match": row.id, "offer": row.offer, "need": row.need, "quantity": quantity}
    answer = _ask(found, body)
    if answer.refusal and row.state == MatchState.PLEDGED:
        return _pledge_page(found, row, form.to_dict(), answer.refusal)
    told(answer, f"{quantity:,}{found.unit(row.item)}の送付を依頼しました。送る人にメールで知らせます。")
    return redirect(address("supplies_desk.home", found), 303)


def _unit(found: Desk, code: str) -> str:
    item = found.items.get(code)
    return item.unit if item else ""


def _ask(found: Desk, body: dict[str, object]) -> Answer:
    """The receiver decides; more than is needed only by saying so."""
    form = request.form
    asked = {"shelter": found.id, "raised": form.get("raised") == "1", **body}
    return submit(entries.REQUESTED, found.log, asked, act_id=form.get("id", ""))


@bp.post("/desk/<shelter_id>/pledges/<match_id>/decline")
@require(Action.NEED_MANAGE)
def decline(shelter_id: str, match_id: str) -> ResponseReturnValue:
    """辞退: no, with a reason that the sender is told."""
    found, row = at_match(shelter_id, match_id)
    form = request.form
    reason = form.get("reason", "").strip()[:200]
    if not reason:
        return _pledge_page(found, row, form.to_dict(), None, {"reason": NO_REASON})
    answer = submit(
        entries.DECLINED, found.log, {"match": row.id}, {"reason": reason}, act_id=form.get("id", "")
    )
    told(answer, "申し出を辞退しました。送る人に理由を知らせます。")
    return redirect(address("supplies_desk.home", found), 303)


# Before it is shipped


@bp.post("/desk/<shelter_id>/shipments/<match_id>/less")
@require(Action.NEED_MANAGE)
def less(shelter_id: str, match_id: str) -> ResponseReturnValue:
    """Fewer than were asked for; the label is made anew."""
    found, row = at_match(shelter_id, match_id)
    form = request.form
    quantity = parse_quantity(form.get("quantity", ""), _unit(found, row.item))
    if isinstance(quantity, Refusal):
        flash(sentence(quantity), "error")
    else:
        body = {"match": row.id, "quantity": quantity}
        told(
            submit(entries.QUANTITY_CHANGED, found.log, body, act_id=form.get("id", "")), "数を減らしました。"
        )
    return redirect(address("supplies_desk_arrivals.shipment", found, match_id=row.id), 303)


@bp.post("/desk/<shelter_id>/shipments/<match_id>/cancel")
@require(Action.NEED_MANAGE)
def cancel(shelter_id: str, match_id: str) -> ResponseReturnValue:
    """Call off what has not left."""
    found, row = at_match(shelter_id, match_id)
    form = request.form
    body = {"match": row.id, "by": "receiver"}
    answer = submit(entries.CANCELLED, found.log, body, act_id=form.get("id", ""))
    told(answer, "送付依頼を取り消しました。送る人に知らせます。")
    return redirect(address("supplies_desk_arrivals.shipment", found, match_id=row.id), 303)


# Free offers


@bp.get("/desk/<shelter_id>/offers")
@require(Action.NEED_MANAGE)
def offers(shelter_id: str) -> ResponseReturnValue:
    """提供物資検索: what fits our needs first."""
    found, page = desk_of(shelter_id), page_number()
    words, category = request.args.get("words", "").strip()[:64], request.args.get("category", "")[:32]
    start = (page - 1) * desk.PAGE
    hits, total = desk_offers.search(db.session(), found, words, category, start)
    categories = [("", "すべて"), *((word, catalogue.category_text(word)) for word in catalogue.CATEGORIES)]
    paging = {"page": page, "per": desk.PAGE, "total": total}
    asked = {"words": words, "category": category, "categories": categories}
    return render_template("supplies/desk_offers.html", desk=found, hits=hits, **paging, **asked)


@bp.get("/desk/<shelter_id>/offers/<offer_id>")
@require(Action.NEED_MANAGE)
def offer(shelter_id: str, offer_id: str) -> ResponseReturnValue:
    """One offer, and how many of it are asked for, for which need."""
    found = desk_of(shelter_id)
    return _offer_page(found, _offer_of(found, offer_id), {}, None)


def _offer_of(found: Desk, offer_id: str) -> Goods:
    goods = desk_offers.offer_of(db.session(), found, offer_id)
    if goods is None:
        raise NotFound
    return goods


def _offer_page(
    found: Desk, goods: Goods, shown: Mapping[str, str], refusal: Refusal | None
) -> ResponseReturnValue:
    choices = desk_offers.choices(db.session(), found, goods)
    page = render_template(
        "supplies/desk_offer.html",
        desk=found,
        goods=goods,
        choices=[(desk.need_line(found, need), reasons) for need, reasons in choices],
        arrives=desk.day_text(desk_offers.arrives_on(goods, found.now), found.now),
        shown=shown,
        errors=errors(refusal),
        may_raise=refusal is not None and refusal.code == RAISE,
        form_id=new_id(),
    )
    return page, 422 if refusal else 200


@bp.post("/desk/<shelter_id>/offers/<offer_id>")
@require(Action.NEED_MANAGE)
def request_offer(shelter_id: str, offer_id: str) -> ResponseReturnValue:
    """物資要求登録: so many of a free offer, for a need or without one."""
    found, form = desk_of(shelter_id), request.form
    goods = _offer_of(found, offer_id)
    quantity = parse_quantity(form.get("quantity", ""), _unit(found, goods.row.item))
    if isinstance(quantity, Refusal):
        return _offer_page(found, goods, form.to_dict(), quantity)
    need = form.get("need", "")
    body = {"match": "", "offer": goods.row.id, "need": need if is_id(need) else "", "quantity": quantity}
    answer = _ask(found, body)
    if answer.refusal:
        return _offer_page(found, _offer_of(found, offer_id), form.to_dict(), answer.refusal)
    flash(f"{quantity:,}{goods.unit}の送付を依頼しました。送る人にメールで知らせます。", "ok")
    return redirect(address("supplies_desk.home", found), 303)


# Surplus


@bp.get("/desk/<shelter_id>/stock")
@require(Action.NEED_MANAGE)
def stock(shelter_id: str) -> ResponseReturnValue:
    """What the shelter has beyond its needs."""
    return _stock_page(desk_of(shelter_id), {}, {})


def _stock_page(found: Desk, shown: Mapping[str, str], wrong: Errors) -> ResponseReturnValue:
    lines = desk_offers.stock_of(db.session(), found)
    page = render_template(
        "supplies/desk_stock.html",
        desk=found,
        stock=lines,
        allergens=desk_forms.allergens_asked(found.now),
        shown=shown,
        errors=wrong,
        form_ids={(line.item, line.variant): new_id() for line in lines},
    )
    return page, 422 if wrong else 200


@bp.post("/desk/<shelter_id>/stock")
@require(Action.NEED_MANAGE)
def offer_surplus(shelter_id: str) -> ResponseReturnValue:
    """余りを提供する."""
    found, form = desk_of(shelter_id), request.form
    read = desk_forms.surplus(form, found.now)
    wrong = {name: sentence(fault) for name, fault in read.faults.items()}
    if not wrong:
        body = {"disaster": found.disaster_id, "shelter": found.id, **read.body}
        wrong = errors(submit(entries.SURPLUS_OFFERED, found.log, body, act_id=form.get("id", "")).refusal)
    if wrong:
        return _stock_page(found, form.to_dict(), wrong)
    flash("余りを提供物資に登録しました。ほかの避難所から依頼が来たら知らせます。", "ok")
    return redirect(address("supplies_desk_offers.stock", found), 303)
