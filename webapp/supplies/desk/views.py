"""The desk of a shelter (避難所): whose it is, how it stands now, the head-count list, the paper form.

See also desk_need_views, desk_offer_views and desk_arrival_views. Contexts of the templates (all under supplies/):
  desk_shelters.html    lines: [ShelterLine], total, page, per, words, log, choice, about, asked, may_manage
  desk_home.html        desk: Desk, board (see `_board`), live_url, choice, form_ids
  desk_live.html        the same (the part that updates itself)
  desk_heads.html       desk, fields: [(name, text, count)], errors, shown, may_keep
  desk_heads_list.html  desk, lines: [Suggested], standing: {key: need id}, heads: {name: count}, shown, errors, form_id
`errors`: field → sentence, "" for the whole form; `shown`: what was typed.
"""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import is_id, new_id
from webapp.kernel.identity.login import current_person, require
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.submit import submit
from webapp.supplies import choosing, entries
from webapp.supplies.desk import arrivals as desk_arrivals
from webapp.supplies.desk import forms as desk_forms
from webapp.supplies.desk import home as desk
from webapp.supplies.desk import offers as desk_offers
from webapp.supplies.desk import paper as desk_paper
from webapp.supplies.desk.home import Desk, Suggested
from webapp.supplies.desk.staff import (
    Errors,
    address,
    asked,
    choice_of,
    chosen,
    desk_of,
    errors,
    is_officer,
    org,
    page_number,
    sentence,
    shelter_of,
    town_of,
)
from webapp.supplies.known import disasters_of, shelters_of, shelters_where_staff

bp = Blueprint("supplies_desk", __name__, template_folder="../templates")

NOTHING_CHOSEN = "登録する品目がひとつも選ばれていません。"
NO_PEOPLE = "避難している人数を入力してください。"


bp.add_app_template_global(address, "desk_url")


@bp.get("/desk")
@require(Action.NEED_MANAGE)
def shelters() -> ResponseReturnValue:
    """My shelters. Who works at one goes straight there; an officer chooses among all of the town's."""
    session, page = db.session(), page_number()
    ours = shelters_where_staff(session, org())
    log = desk.log_of_town(session, org())
    if len(ours) == 1 and ours[0].id == org():
        return redirect(address("supplies_desk.home", desk_of(ours[0].id)))
    words = request.args.get("words", "").strip()[:64]
    start = (page - 1) * desk.PAGE
    disasters = disasters_of(session, log, closed=True) if log else []
    about = chosen(disasters)
    lines, total = desk.shelter_lines(session, log or "", about.id if about else "", words, start)
    told: dict[str, Any] = {"log": log, "about": about, "asked": asked(disasters, about)}
    told |= {"choice": choosing.choice(session, disasters, about.id if about else "")}
    told |= {"may_manage": may(current_person().roles, Action.SHELTERS_MANAGE)}
    paging = {"page": page, "per": desk.PAGE, "total": total, "words": words}
    return render_template("supplies/desk_shelters.html", lines=lines, **told, **paging)


@bp.get("/desk/<shelter_id>")
@require(Action.NEED_MANAGE)
def home(shelter_id: str) -> ResponseReturnValue:
    """How the shelter stands now."""
    found = desk_of(shelter_id)
    about = found.disaster.id if found.disaster else None
    live_url = url_for("supplies_desk.live", shelter_id=found.id, disaster_id=about)
    told = {"live_url": live_url, "choice": choice_of(found)}
    return render_template("supplies/desk_home.html", **told, **_board(found))


@bp.get("/desk/<shelter_id>/live")
@bp.get("/desk/<shelter_id>/live/<disaster_id>")
@require(Action.NEED_MANAGE)
def live(shelter_id: str, disaster_id: str = "") -> ResponseReturnValue:
    """The part of it that changes; 204 where nothing of this shelter's has changed since `rev`."""
    about = disaster_id[:36]
    rev = desk.fingerprint(db.session(), shelter_of(shelter_id), about, now_ms())
    fresh = {"Cache-Control": "no-store", "X-Rev": rev}
    if request.args.get("rev", "") == rev:
        return "", 204, fresh
    board = _board(desk_of(shelter_id, about))
    return render_template("supplies/desk_live.html", **board), 200, fresh


def _board(found: Desk) -> dict[str, Any]:
    """All that the shelter's home shows. A fixed number of queries, however much there is."""
    session, town = db.session(), town_of(found)
    rev = desk.fingerprint(
        session, found.shelter.row, town.disaster, found.now
    )  # before all else: never too new
    pledges = desk_offers.pledges_of(session, found)
    needs = desk.needs_of(session, found)
    return {
        "desk": found,
        "rev": rev,
        "needs": needs[: desk.MOST_ON_BOARD],
        "need_total": len(needs),
        "pledges": pledges[: desk.MOST_PLEDGES],
        "pledge_total": len(pledges),
        "today": desk_arrivals.due_today(session, town),
        "coming": [desk_arrivals.coming_on(session, town, days) for days in (0, 1)],
        "stock": desk_offers.stock_of(session, found),
        "form_ids": {pledge.row.id: new_id() for pledge in pledges[: desk.MOST_PLEDGES]},
    }


# From heads to needs


@bp.get("/desk/<shelter_id>/heads")
@require(Action.NEED_MANAGE)
def heads(shelter_id: str) -> ResponseReturnValue:
    """How many people are there: prefilled with what the shelter is known to have."""
    found = desk_of(shelter_id)
    shown = request.args.to_dict() if "people" in request.args else {}
    counts, faults = desk_forms.heads_of(request.args)
    wrong = {name: sentence(fault) for name, fault in faults.items()}
    if shown and not wrong and counts.get("people"):
        return _list_page(found, counts, {}, {})
    if shown and not wrong:
        wrong = {"people": NO_PEOPLE}
    fields = desk.heads_lines(found.shelter.row.heads)
    page = render_template("supplies/desk_heads.html", desk=found, fields=fields, shown=shown, errors=wrong)
    return page, 422 if wrong else 200


def _list_page(
    found: Desk, counts: dict[str, int], shown: dict[str, str], wrong: Errors
) -> ResponseReturnValue:
    lines = desk.suggested(db.session(), found, desk.heads_in(counts))
    page = render_template(
        "supplies/desk_heads_list.html",
        desk=found,
        lines=lines,
        standing=_standing(found, lines),
        heads=counts,
        shown=shown,
        errors=wrong,
        form_id=new_id(),
        may_keep=is_officer(found) and counts != _heads_kept(found),
    )
    return page, 422 if wrong else 200


def _standing(found: Desk, lines: list[Suggested]) -> dict[str, str]:
    """Key of a line → the need that asks for the same already: whoever wants more changes that one."""
    rows = [each.row for each in reversed(desk.needs_of(db.session(), found))]
    return {
        one.key: row.id for one in lines for row in rows
        if row.item == one.line.item and found.items[row.item].accepts(one.line.variant, row.variant)
    }  # fmt: skip


def _heads_kept(found: Desk) -> dict[str, int]:
    return {name: int(value) for name, value in found.shelter.row.heads.items() if value}


@bp.post("/desk/<shelter_id>/heads")
@require(Action.NEED_MANAGE)
def register_list(shelter_id: str) -> ResponseReturnValue:
    """One button registers all lines that stayed ticked."""
    found, form = desk_of(shelter_id), request.form
    counts, _ = desk_forms.heads_of(form)
    act = form.get("id", "") if is_id(form.get("id", "")) else new_id()
    offered = desk.suggested(db.session(), found, desk.heads_in(counts))
    lines, faults = desk_forms.need_lines(form, offered, act, found.now)
    wrong = {name: sentence(fault) for name, fault in faults.items()}
    wrong = wrong or ({} if lines else {"": NOTHING_CHOSEN}) or _registered(found, lines, act)
    if wrong:
        return _list_page(found, counts, form.to_dict(), wrong)
    flash(f"{len(lines)}品目を登録しました。", "ok")
    return redirect(address("supplies_desk.home", found), 303)


def _registered(found: Desk, lines: list[dict[str, Any]], act: str) -> Errors:
    body = {"disaster": found.disaster_id, "shelter": found.id, "needs": lines}
    answer = submit(entries.NEEDS_REGISTERED, found.log, body | {"proxy": found.proxy}, act_id=act)
    return errors(answer.refusal)


@bp.post("/desk/<shelter_id>/heads/keep")
@require(Action.SHELTERS_MANAGE)
def keep_heads(shelter_id: str) -> ResponseReturnValue:
    """Enter the head-count of the shelter, all else as it is: the next list begins with it."""
    found, form = desk_of(shelter_id), request.form
    counts, _ = desk_forms.heads_of(form)
    card = shelters_of(db.session(), found.log)[found.id]
    row = card.row
    names = (
        "receive_mode",
        "accept_policy",
        "min_lot",
        "storage_ml",
        "hub",
        "shown",
        "open",
        "lat_e6",
        "lon_e6",
    )
    body = {"shelter": row.id, "common_id": row.common_id, "heads": counts}
    body |= {name: getattr(row, name) for name in names}
    answer = submit(entries.SHELTER_SET, found.log, body, card.private or None, act_id=form.get("id", ""))
    flash(sentence(answer.refusal), "error") if answer.refusal else flash("避難者数を保存しました。", "ok")
    return redirect(address("supplies_desk.heads", found, **counts), 303)


@bp.get("/desk/<shelter_id>/paper.pdf")
@require(Action.NEED_MANAGE)
def paper(shelter_id: str) -> ResponseReturnValue:
    """The form for an outage, on A4: what is needed, and a table for what comes."""
    found = desk_of(shelter_id)
    needs = desk.needs_of(db.session(), found)
    due, _ = desk_arrivals.shipments(db.session(), town_of(found), "due", 0)
    pdf = desk_paper.render(desk_paper.sheet(found, needs, due), address("supplies_desk.home", found))
    headers = {
        "Content-Disposition": 'inline; filename="shelter-form.pdf"',
        "Cache-Control": "private, no-store",
    }
    return Response(pdf, mimetype="application/pdf", headers=headers)
