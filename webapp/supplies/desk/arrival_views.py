"""到着物資 at a shelter's desk and for the whole town: what comes, what has come, and boxes without a camera.

Contexts of the templates (all under supplies/):
  desk_arrivals.html  desk | None (then: shelters, choice, about, asked), town, view, views: [(view, text, count)],
                      hits: [Shipment] | [ScanLine], total, page, per, coming
  desk_shipment.html  desk, line: Shipment, parcels: [ParcelCard], scans: [ScanLine], tracking, can, form_id
  desk_receive.html   desk, shown, errors, form_id
  desk_parcel.html    desk, card | None, code, match, line, scans, shelters, shown, errors, form_id
  desk_outside.html   desk, item, unit, shown, errors, form_id
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from webapp.kernel.base.db import db
from webapp.kernel.base.ids import is_id, new_id
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.identity.login import require
from webapp.kernel.identity.roles import Action
from webapp.kernel.intake.submit import submit
from webapp.kernel.scanning import codes
from webapp.supplies import catalogue, choosing, entries
from webapp.supplies.catalogue import Item
from webapp.supplies.desk import arrivals as desk_arrivals
from webapp.supplies.desk import forms as desk_forms
from webapp.supplies.desk import home as desk
from webapp.supplies.desk.arrivals import VIEWS, Town
from webapp.supplies.desk.home import Desk
from webapp.supplies.desk.need_views import choose_page, item_or_404
from webapp.supplies.desk.staff import (
    Errors,
    address,
    asked,
    at_match,
    desk_of,
    errors,
    is_officer,
    own_town,
    page_number,
    scan,
    sentence,
    told,
    town_of,
)
from webapp.supplies.known import shelters_of
from webapp.supplies.labels import desk as label_desk
from webapp.supplies.models import Match, Parcel, ScanRow
from webapp.supplies.steps import MatchState, Step

bp = Blueprint("supplies_desk_arrivals", __name__)

UNREADABLE = "IDを読めません。ラベルの4文字・4文字・4文字・5文字を確かめてください。"


@bp.get("/desk/arrivals")
@require(Action.NEED_MANAGE)
def town_arrivals() -> ResponseReturnValue:
    """到着物資確認 for the office: all shelters, or one of them."""
    town, disasters, about = own_town()
    names = [(row.id, row.name) for row in shelters_of(db.session(), town.log).values()]
    which = choosing.choice(db.session(), disasters, about.id if about else "")
    told = {"choice": which, "about": about, "asked": asked(disasters, about), "shelters": names}
    return _arrivals_page(None, town, told)


@bp.get("/desk/<shelter_id>/arrivals")
@require(Action.NEED_MANAGE)
def arrivals(shelter_id: str) -> ResponseReturnValue:
    """到着物資確認 of one shelter."""
    found = desk_of(shelter_id)
    return _arrivals_page(found, town_of(found), {})


def _arrivals_page(found: Desk | None, town: Town, told: Mapping[str, Any]) -> ResponseReturnValue:
    session, page = db.session(), page_number()
    view = request.args.get("view", "")
    view = view if view in VIEWS else "due"
    start, known = (page - 1) * desk.PAGE, desk_arrivals.counts(session, town)
    read = desk_arrivals.outside_scans if view == "outside" else None
    hits, total = read(session, town, start) if read else desk_arrivals.shipments(session, town, view, start)
    return render_template(
        "supplies/desk_arrivals.html",
        desk=found,
        town=town,
        **told,
        view=view,
        views=[(key, text, known.get(key)) for key, text in VIEWS.items()],
        hits=hits,
        coming=[desk_arrivals.coming_on(session, town, days) for days in (0, 1)],
        page=page,
        per=desk.PAGE,
        total=total,
        form_id=new_id(),
    )


@bp.get("/desk/<shelter_id>/shipments/<match_id>")
@require(Action.NEED_MANAGE)
def shipment(shelter_id: str, match_id: str) -> ResponseReturnValue:
    """One shipment with its parcels, and who scanned them when."""
    found, row = at_match(shelter_id, match_id)
    session, town = db.session(), town_of(found)
    parcels = desk_arrivals.parcels_of(session, row)
    (line,) = desk_arrivals.lines(session, town, [row])
    return render_template(
        "supplies/desk_shipment.html",
        desk=found,
        line=line,
        parcels=parcels,
        scans=desk_arrivals.scans_of(session, town, [card.row.code for card in parcels]),
        tracking=desk_arrivals.tracking_of(session, row),
        can=_can(found, row),
        form_id=new_id(),
        second_id=new_id(),
    )


@bp.get("/desk/<shelter_id>/shipments/<match_id>/labels.pdf")
@require(Action.NEED_MANAGE)
def labels(shelter_id: str, match_id: str) -> ResponseReturnValue:
    """The labels of what was asked for: to look at, or to print for a sender who cannot."""
    found, row = at_match(shelter_id, match_id)
    made = label_desk.pdf(row, "two", found.now) if row.state == MatchState.REQUESTED else None
    if not isinstance(made, bytes):
        raise NotFound
    return made, 200, {
        "Content-Type": "application/pdf", "Cache-Control": "private, no-store",
        "Content-Disposition": f'inline; filename="labels-{row.id[:8]}.pdf"',
    }  # fmt: skip


def _can(found: Desk, row: Match) -> dict[str, bool]:
    return {
        "label": row.state == MatchState.REQUESTED,
        "less": row.state == MatchState.REQUESTED and row.quantity > 1,
        "cancel": row.state == MatchState.REQUESTED,
        "short": desk_arrivals.may_be_closed(row),
        "lost": is_officer(found) and desk_arrivals.may_be_lost(row, found.now),
    }


@bp.post("/desk/<shelter_id>/shipments/<match_id>/short")
@require(Action.NEED_MANAGE)
def close_short(shelter_id: str, match_id: str) -> ResponseReturnValue:
    """The rest will not come: what has not been counted is missing."""
    return _ended(
        shelter_id,
        match_id,
        entries.CLOSED_SHORT,
        "この便を締め切りました。届かなかった分は、また「残り」に戻ります。",
    )


@bp.post("/desk/<shelter_id>/shipments/<match_id>/lost")
@require(Action.NEED_MANAGE)
def lost(shelter_id: str, match_id: str) -> ResponseReturnValue:
    """不着: the municipality says so; if it comes all the same, it has arrived."""
    return _ended(shelter_id, match_id, entries.LOST, "不着として記録しました。数は「残り」に戻ります。")


def _ended(shelter_id: str, match_id: str, kind: str, done: str) -> ResponseReturnValue:
    found, row = at_match(shelter_id, match_id)
    told(submit(kind, found.log, {"match": row.id}, act_id=request.form.get("id", "")), done)
    return redirect(address("supplies_desk_arrivals.shipment", found, match_id=row.id), 303)


# Boxes, without a camera


@bp.get("/desk/<shelter_id>/receive")
@require(Action.NEED_MANAGE)
def receive(shelter_id: str) -> ResponseReturnValue:
    """荷物を受け取る: the camera's app, the number typed, or goods without our label."""
    return _receive_page(desk_of(shelter_id), {}, {})


def _receive_page(found: Desk, shown: Mapping[str, str], wrong: Errors) -> ResponseReturnValue:
    today = desk_arrivals.due_today(db.session(), town_of(found))
    page = render_template(
        "supplies/desk_receive.html", desk=found, shown=shown, errors=wrong, today=today, form_id=new_id()
    )
    return page, 422 if wrong else 200


@bp.post("/desk/<shelter_id>/receive")
@require(Action.NEED_MANAGE)
def arrive(shelter_id: str) -> ResponseReturnValue:
    """A number that was typed: the box has arrived, whatever its label is worth."""
    found, form = desk_of(shelter_id), request.form
    code = codes.normalise(form.get("code", ""))
    if code is None:
        return _receive_page(found, form.to_dict(), {"code": UNREADABLE})
    parcel = _parcel_of(found, code)
    if parcel is None or parcel.arrived_shelter != found.id or parcel.forwarded_to:
        answer = scan(
            found, Step.ARRIVED, code, {}, act_id=form.get("id", ""), disaster=_disaster(parcel), typed=True
        )
        if wrong := errors(answer.refusal):
            return _receive_page(found, form.to_dict(), wrong)
    return redirect(address("supplies_desk_arrivals.parcel", found, code=code), 303)


def _parcel_of(found: Desk, code: str) -> Parcel | None:
    """The parcel of this town with this label, or with the one that replaced it."""
    row = db.session.get(Parcel, code)
    return row if row is not None and row.log == found.log else None


def _at_parcel(shelter_id: str, code: str) -> Desk:
    """The desk in the disaster of a box; of a label that this town does not know, the desk as it is."""
    found = desk_of(shelter_id)
    parcel = _parcel_of(found, code)
    return desk_of(shelter_id, _disaster(parcel)) if parcel else found


def _disaster(parcel: Parcel | None) -> str:
    return db.session.get_one(Match, parcel.match).disaster if parcel else ""


@bp.get("/desk/<shelter_id>/parcels/<code>")
@require(Action.NEED_MANAGE)
def parcel(shelter_id: str, code: str) -> ResponseReturnValue:
    """One box: what its label says, what was recorded, and the count."""
    return _parcel_page(_at_parcel(shelter_id, code), code, {}, {})


def _parcel_page(found: Desk, code: str, shown: Mapping[str, str], wrong: Errors) -> ResponseReturnValue:
    session, row, town = db.session(), _parcel_of(found, code), town_of(found)
    scans = desk_arrivals.scans_of(session, town, [code])
    if row is None and not scans:
        raise NotFound
    about: dict[str, Any] = {"card": None}
    if row is not None:
        match = session.get_one(Match, row.match)
        (line,) = desk_arrivals.lines(session, town, [match])
        (card,) = desk_arrivals.cards(session, [row])
        about = {"card": card, "line": line, "others": _others(found, match)}
    page = render_template(
        "supplies/desk_parcel.html", desk=found, code=codes.show(code), scans=scans, shown=shown, errors=wrong,
        form_id=new_id(), second_id=new_id(), **about,
    )  # fmt: skip
    return page, 422 if wrong else 200


def _others(found: Desk, match: Match) -> list[tuple[str, str]]:
    """Where a box could be sent on to, the shelter on its label first."""
    cards = shelters_of(db.session(), found.log).values()
    there = [(card.id, card.name) for card in cards if card.id != found.id and card.row.open]
    return sorted(there, key=lambda pair: pair[0] != match.shelter)


@bp.post("/desk/<shelter_id>/parcels/<code>")
@require(Action.NEED_MANAGE)
def record(shelter_id: str, code: str) -> ResponseReturnValue:
    """What the form says about a box: counted, stays here, goes on. Recorded first and judged second."""
    found, form = _at_parcel(shelter_id, code), request.form
    parcel = _parcel_of(found, code)
    step, body, wrong = _said(form)
    if parcel is None or not step:
        raise NotFound
    if not wrong:
        answer = scan(found, step, code, body, act_id=form.get("id", ""), disaster=_disaster(parcel))
        wrong = errors(answer.refusal)
    if wrong:
        return _parcel_page(found, code, form.to_dict(), wrong)
    return redirect(address("supplies_desk_arrivals.parcel", found, code=code), 303)


def _said(form: Any) -> tuple[Step | None, dict[str, Any], Errors]:
    """Step, body, and what could not be read."""
    act = form.get("act", "")
    if act == "as_listed":
        return Step.COUNTED, {"as_listed": True}, {}
    if act == "accept":
        return Step.ARRIVED, {"accept": True}, {}
    if act == "arrived":
        return Step.ARRIVED, {}, {}
    if act == "forward" and is_id(form.get("to", "")):
        return Step.FORWARDED, {"to": form["to"]}, {}
    if act == "count":
        body, faults = desk_forms.counted(form)
        return Step.COUNTED, body, {name: sentence(fault) for name, fault in faults.items()}
    return None, {}, {}


@bp.post("/desk/<shelter_id>/scans/<scan_id>/void")
@require(Action.NEED_MANAGE)
def undo(shelter_id: str, scan_id: str) -> ResponseReturnValue:
    """訂正: take back a scan of this shelter's; nothing is deleted."""
    found = desk_of(shelter_id)
    row = db.session.get(ScanRow, scan_id)
    if row is None or row.log != found.log or row.shelter != found.id or row.step == Step.VOID:
        raise NotFound
    form = request.form
    answer = scan(
        found, Step.VOID, row.code, {"target": row.id}, act_id=form.get("id", ""), disaster=row.disaster
    )
    told(answer, "訂正しました。")
    if row.code:
        return redirect(address("supplies_desk_arrivals.parcel", found, code=row.code), 303)
    return redirect(address("supplies_desk_arrivals.arrivals", found, view="outside"), 303)


# Goods without our label


@bp.get("/desk/<shelter_id>/outside")
@require(Action.NEED_MANAGE)
def outside(shelter_id: str) -> ResponseReturnValue:
    """Choose what has come, then say how many."""
    found, code = desk_of(shelter_id), request.args.get("item", "")
    if code not in found.items:
        return choose_page(found, "outside")
    return _outside_page(found, found.items[code], {}, {})


def _outside_page(found: Desk, item: Item, shown: Mapping[str, str], wrong: Errors) -> ResponseReturnValue:
    unit = catalogue.unit_text(item.unit)
    page = render_template(
        "supplies/desk_outside.html",
        desk=found,
        item=item,
        unit=unit,
        shown=shown,
        errors=wrong,
        form_id=new_id(),
    )
    return page, 422 if wrong else 200


@bp.post("/desk/<shelter_id>/outside")
@require(Action.NEED_MANAGE)
def came_from_outside(shelter_id: str) -> ResponseReturnValue:
    """外部からの到着: it fills the need, and what is too much is stock."""
    found, form = desk_of(shelter_id), request.form
    item = item_or_404(found, form.get("item", ""))
    read = desk_forms.outside(form, item, found.now)
    wrong = {name: sentence(fault) for name, fault in read.faults.items()}
    if not wrong:
        wrong = errors(scan(found, Step.OUTSIDE, "", read.body, act_id=form.get("id", "")).refusal)
    if wrong:
        return _outside_page(found, item, form.to_dict(), wrong)
    quantity = f"{read.body['quantity']:,}{catalogue.unit_text(item.unit)}"
    flash(f"「{found.title(item.code, read.body['variant'])}」{quantity}の到着を記録しました。", "ok")
    return redirect(address("supplies_desk_arrivals.arrivals", found, view="outside"), 303)
