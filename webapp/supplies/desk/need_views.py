"""必要物資 at a shelter's desk: register, change, confirm, stop.

Contexts of the templates (all under supplies/):
  desk_needs.html      desk, lines: [NeedLine], over: bool, form_id
  desk_choose.html     desk, items: [Item], words, category, categories: [(word, text)], purpose: "need" | "outside"
  desk_need_new.html   desk, item: Item, unit, audiences, allergens, priorities, standing: [NeedLine],
                       shown, ticked, errors, form_id
  desk_need.html       desk, line: NeedLine, note, shipments: [Shipment], priorities, shown, errors, form_id, stop_url
  desk_need_stop.html  desk, line, pledged, requested, boxes, form_id
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from webapp.kernel.base.db import db
from webapp.kernel.base.ids import derived_id, is_id, new_id
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.identity.login import require
from webapp.kernel.identity.roles import Action
from webapp.kernel.intake.submit import submit
from webapp.supplies import catalogue, entries
from webapp.supplies.catalogue import Item
from webapp.supplies.desk import arrivals as desk_arrivals
from webapp.supplies.desk import forms as desk_forms
from webapp.supplies.desk import home as desk
from webapp.supplies.desk.forms import Read
from webapp.supplies.desk.home import Desk, NeedLine
from webapp.supplies.desk.staff import (
    Errors,
    address,
    at_need,
    desk_of,
    errors,
    field_of,
    sentence,
    told,
    town_of,
)
from webapp.supplies.models import Match, Need
from webapp.supplies.steps import AUDIENCE_TEXTS, PRIORITY_TEXTS, MatchState

bp = Blueprint("supplies_desk_needs", __name__)

PRIORITIES = [(str(value), text) for value, text in PRIORITY_TEXTS.items()]
AUDIENCES = [(word.value, text) for word, text in AUDIENCE_TEXTS.items()]
REGISTERED_BEFORE = (
    "同じ物がもう登録されています。足りなければその数を変え、べつに登録するなら印をつけてください。"
)
NOTHING_TICKED = "「まだ必要」なものに印をつけてください。"


@bp.get("/desk/<shelter_id>/needs")
@require(Action.NEED_MANAGE)
def needs(shelter_id: str) -> ResponseReturnValue:
    """Every need of the shelter; with ?over=1 those that are stopped or expired."""
    found, over = desk_of(shelter_id), request.args.get("over") == "1"
    lines = desk.needs_of(db.session(), found, over=over)
    return render_template("supplies/desk_needs.html", desk=found, lines=lines, over=over, form_id=new_id())


@bp.post("/desk/<shelter_id>/needs/confirm")
@require(Action.NEED_MANAGE)
def confirm(shelter_id: str) -> ResponseReturnValue:
    """「まだ必要です」 for all that are ticked."""
    found, form = desk_of(shelter_id), request.form
    ticked = list(dict.fromkeys(need for need in form.getlist("need") if is_id(need)))[:100]
    if not ticked:
        flash(NOTHING_TICKED, "error")
        return redirect(address("supplies_desk_needs.needs", found), 303)
    answer = submit(entries.NEED_CONFIRMED, found.log, {"needs": ticked}, act_id=form.get("id", ""))
    told(answer, f"{len(ticked)}品目を「まだ必要です」にしました。")
    return redirect(address("supplies_desk.home", found), 303)


# Register


@bp.get("/desk/<shelter_id>/needs/new")
@require(Action.NEED_MANAGE)
def new(shelter_id: str) -> ResponseReturnValue:
    """Choose an item by category and words; then say how many."""
    found, code = desk_of(shelter_id), request.args.get("item", "")
    if code not in found.items:
        return choose_page(found, "need")
    return _form_page(found, found.items[code], {}, Read(), {})


def choose_page(found: Desk, purpose: str) -> ResponseReturnValue:
    """The item master as large targets; `purpose` says where a choice leads."""
    words, category = request.args.get("words", "").strip()[:64], request.args.get("category", "")[:32]
    items = [item for item in found.items.values() if category in ("", item.category)]
    return render_template(
        "supplies/desk_choose.html",
        desk=found,
        items=catalogue.search(items, words) if words or category else [],
        words=words,
        category=category,
        categories=[(word, catalogue.category_text(word)) for word in catalogue.CATEGORIES],
        purpose=purpose,
    )


def _form_page(
    found: Desk, item: Item, shown: Mapping[str, str], read: Read, wrong: Errors
) -> ResponseReturnValue:
    page = render_template(
        "supplies/desk_need_new.html",
        desk=found,
        item=item,
        unit=catalogue.unit_text(item.unit),
        audiences=AUDIENCES,
        priorities=PRIORITIES,
        allergens=desk_forms.allergens_asked(found.now) if item.is_eaten else [],
        shown=shown,
        ticked=read.body,
        standing=_standing(found, item.code),
        errors=wrong,
        form_id=new_id(),
    )
    return page, 422 if wrong else 200


@bp.post("/desk/<shelter_id>/needs/new")
@require(Action.NEED_MANAGE)
def register(shelter_id: str) -> ResponseReturnValue:
    """Register it; a double click registers one."""
    found, form = desk_of(shelter_id), request.form
    item = found.items.get(form.get("item", ""))
    if item is None:
        return redirect(address("supplies_desk_needs.new", found), 303)
    act = form.get("id", "") if is_id(form.get("id", "")) else new_id()
    read = desk_forms.need_line(form, item, derived_id(act, "need"), found.now)
    wrong = {name: sentence(fault) for name, fault in read.faults.items()}
    wrong = wrong or _registered_before(found, read) or _register(found, read, act)
    if wrong:
        return _form_page(found, item, form.to_dict(), read, wrong)
    flash(f"「{found.title(item.code, read.body['variant'])}」を登録しました。", "ok")
    return redirect(address("supplies_desk.home", found), 303)


def _standing(found: Desk, item: str) -> list[NeedLine]:
    """Needs for this item that stand at this shelter and are not covered yet."""
    lines = desk.needs_of(db.session(), found)
    return [line for line in lines if line.row.item == item and line.bar.arrived < line.bar.required]


def _registered_before(found: Desk, read: Read) -> Errors:
    """The same item and size once more is most often a slip: it takes a tick. A form sent twice is none."""
    body = read.body
    standing = {line.row.id for line in _standing(found, body["item"]) if line.row.variant == body["variant"]}
    if not standing or body["id"] in standing or request.form.get("again") == "1":
        return {}
    return {"again": REGISTERED_BEFORE}


def _register(found: Desk, read: Read, act: str) -> Errors:
    body = {
        "disaster": found.disaster_id, "shelter": found.id, "needs": [read.body],
        "proxy": found.proxy,
    }  # fmt: skip
    note = desk_forms.note_of(request.form)
    private = {"notes": {read.body["id"]: note}} if note else None
    return errors(submit(entries.NEEDS_REGISTERED, found.log, body, private, act_id=act).refusal)


# One need


@bp.get("/desk/<shelter_id>/needs/<need_id>")
@require(Action.NEED_MANAGE)
def need(shelter_id: str, need_id: str) -> ResponseReturnValue:
    """A need with its shipments, and the form that changes it."""
    return _need_page(*at_need(shelter_id, need_id), {}, {})


def _need_page(found: Desk, row: Need, shown: Mapping[str, str], wrong: Errors) -> ResponseReturnValue:
    session = db.session()
    matches = list(
        session.scalars(select(Match).where(Match.need == row.id).order_by(Match.id.desc()).limit(50))
    )
    page = render_template(
        "supplies/desk_need.html",
        desk=found,
        line=desk.need_line(found, row),
        note=desk.note_of(session, row),
        shipments=desk_arrivals.lines(session, town_of(found), matches),
        priorities=PRIORITIES,
        delicate=row.delicate,
        shown=shown,
        errors=wrong,
        form_id=new_id(),
    )
    return page, 422 if wrong else 200


@bp.post("/desk/<shelter_id>/needs/<need_id>")
@require(Action.NEED_MANAGE)
def change(shelter_id: str, need_id: str) -> ResponseReturnValue:
    """Another quantity, day or urgency; below what is on its way already only with `force`."""
    found, row = at_need(shelter_id, need_id)
    form, read = request.form, Read()
    item = found.items.get(row.item)
    desk_forms.terms(form, item.unit if item else "", found.now, read)
    wrong = {name: sentence(fault) for name, fault in read.faults.items()}
    if not wrong:
        body = {"need": row.id, "force": form.get("force") == "1", **read.body}
        wrong = _changed(found, body, form.get("id", ""))
    if wrong:
        return _need_page(found, row, form.to_dict() | {"refused": wrong.pop("refused", "")}, wrong)
    flash("変更しました。", "ok")
    return redirect(address("supplies_desk.home", found), 303)


def _changed(found: Desk, body: Mapping[str, Any], act: str) -> Errors:
    answer = submit(entries.NEED_CHANGED, found.log, body, act_id=act)
    if answer.refusal is None:
        return {}
    return {field_of(answer.refusal.code): sentence(answer.refusal), "refused": answer.refusal.code}


@bp.get("/desk/<shelter_id>/needs/<need_id>/stop")
@require(Action.NEED_MANAGE)
def stop_page(shelter_id: str, need_id: str) -> ResponseReturnValue:
    """What 「もう要りません」 would call off, before it is pressed."""
    found, row = at_need(shelter_id, need_id)
    if row.stopped_at is not None:
        return redirect(address("supplies_desk_needs.need", found, need_id=row.id))
    m, counts = Match, func.sum(Match.parcels)
    query = select(m.state, func.count(), counts).where(m.need == row.id).group_by(m.state)
    by_state = {state: (number, int(boxes or 0)) for state, number, boxes in db.session.execute(query)}
    told_off = {state: by_state.get(state.value, (0, 0)) for state in MatchState}
    return render_template(
        "supplies/desk_need_stop.html",
        desk=found,
        line=desk.need_line(found, row),
        pledged=told_off[MatchState.PLEDGED][0],
        requested=told_off[MatchState.REQUESTED],
        shipped=told_off[MatchState.SHIPPED],
        form_id=new_id(),
    )


@bp.post("/desk/<shelter_id>/needs/<need_id>/stop")
@require(Action.NEED_MANAGE)
def stop(shelter_id: str, need_id: str) -> ResponseReturnValue:
    """「もう要りません」."""
    found, row = at_need(shelter_id, need_id)
    title, promised = found.title(row.item, row.variant), row.pledged + row.requested
    answer = submit(entries.NEED_STOPPED, found.log, {"need": row.id}, act_id=request.form.get("id", ""))
    if answer.refusal and answer.refusal.code not in ("supplies.need_stopped",):
        told(answer, "")
    else:
        then = "送る予定だった人に知らせます。" if promised else "送る予定の人はいませんでした。"
        flash(f"「{title}」を「もう要りません」にしました。{then}", "ok")
    return redirect(address("supplies_desk.home", found), 303)


def item_or_404(found: Desk, code: str) -> Item:
    """An item of the master that is switched on. Raises NotFound."""
    item = found.items.get(code)
    if item is None:
        raise NotFound
    return item
