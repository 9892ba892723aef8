"""The municipality's desk of relief supplies: its shelters, and the list of evacuation sites in and out.

Contexts of the templates (all under supplies/):
  shelters.html         lists (admin_desk), cards: [ShelterCard], may_export
  shelter.html          card (None: a new one), shown, errors, hubs, heads, form_id, shelter_id
  sites_upload.html     error
  sites_preview.html    draft, changes, counts, problems by severity
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.ids import derived_id, is_id, new_id
from webapp.kernel.base.outcomes import AppError, Malformed, NotFound, Refusal
from webapp.kernel.base.tabular import read_table
from webapp.kernel.base.web import sentence
from webapp.kernel.identity.login import current_person, require
from webapp.kernel.identity.roles import Action, OrganisationKind, may
from webapp.kernel.identity.service import OrganisationFields, add_organisation, change_organisation
from webapp.supplies import entries as kinds
from webapp.supplies.headcount import HEADS_TEXTS
from webapp.supplies.known import ShelterCard
from webapp.supplies.steps import ACCEPT_TEXTS, RECEIVE_TEXTS
from webapp.supplies.town import forms as admin_forms
from webapp.supplies.town import office
from webapp.supplies.town.desk import back, confirmed, lists, log, said
from webapp.supplies.town.sites import Encoding, Layout, write_sites
from webapp.supplies.town.sites_csv import Severity, read_sites

bp = Blueprint("supplies_shelters", __name__, template_folder="../templates")


@bp.get("/supplies/shelters")
@require(Action.SHELTERS_MANAGE)
def shelters() -> ResponseReturnValue:
    """The list: open ones first."""
    cards = list(office.shelters(log()).values())
    export = may(current_person().roles, Action.EXPORT)
    return render_template("supplies/shelters.html", lists=lists(), cards=cards, may_export=export)


def _shelter_page(
    shown: Mapping[str, Any], errors: Mapping[str, str], shelter_id: str, card: ShelterCard | None = None
) -> ResponseReturnValue:
    others = [each for each in office.shelters(log()).values() if each.id != shelter_id]
    page = render_template(
        "supplies/shelter.html",
        card=card,
        shown=shown,
        errors=errors,
        hubs=[("", "–"), *((each.id, each.name) for each in others)],
        heads=HEADS_TEXTS,
        receive_modes=[(str(mode), text) for mode, text in RECEIVE_TEXTS.items()],
        accept_policies=[(str(policy), text) for policy, text in ACCEPT_TEXTS.items()],
        form_id=new_id(),
        shelter_id=shelter_id,
        may_staff=card is not None and may(current_person().roles, Action.PEOPLE_MANAGE),
    )
    return page, 422 if errors else 200


@bp.get("/supplies/shelters/new")
@require(Action.SHELTERS_MANAGE)
def new_shelter() -> ResponseReturnValue:
    """An empty form with the id that the shelter will have."""
    return _shelter_page({"receive_mode": "door", "accept_policy": "anyone", "shown": "1"}, {}, new_id())


@bp.post("/supplies/shelters/new")
@require(Action.SHELTERS_MANAGE)
def add_shelter() -> ResponseReturnValue:
    """Enter a shelter; it is open from now on."""
    shelter_id = request.form.get("shelter", "")
    if not is_id(shelter_id):
        raise Malformed
    return _take_shelter(shelter_id, None)


@bp.get("/supplies/shelters/<shelter_id>")
@require(Action.SHELTERS_MANAGE)
def shelter(shelter_id: str) -> ResponseReturnValue:
    """The filled form."""
    card = office.shelter(log(), shelter_id)
    return _shelter_page(_shown(card), {}, shelter_id, card)


@bp.post("/supplies/shelters/<shelter_id>")
@require(Action.SHELTERS_MANAGE)
def change_shelter(shelter_id: str) -> ResponseReturnValue:
    """Take the form."""
    return _take_shelter(shelter_id, office.shelter(log(), shelter_id))


def _shown(card: ShelterCard) -> dict[str, Any]:
    """The form of a shelter that is here."""
    row = card.row
    placed = row.lat_e6 is not None and row.lon_e6 is not None
    position = f"{(row.lat_e6 or 0) / 1e6:.6f}, {(row.lon_e6 or 0) / 1e6:.6f}" if placed else ""
    return (
        {**card.private, **office.body_of(row), **row.heads}
        | {"name": card.name, "phone": card.phone, "position": position, "shown": "1" if row.shown else ""}
        | {"storage": f"{row.storage_ml / 1e6:g}" if row.storage_ml else ""}
    )


def _take_shelter(shelter_id: str, card: ShelterCard | None) -> ResponseReturnValue:
    typed = admin_forms.shelter(request.form)
    body = {**typed.body, "shelter": shelter_id, "open": card.row.open if card else True}
    private = {**(card.private if card else {}), **typed.private}
    if not typed.errors and (error := _set_shelter(body, private, known=card is not None)):
        typed.errors[""] = error
    if typed.errors:
        return _shelter_page(
            {**request.form, "shown": request.form.get("shown", "")}, typed.errors, shelter_id, card
        )
    return back(
        "supplies_shelters.shelters", "", f"「{private['name']}」を{'変更' if card else '登録'}しました。"
    )


def _set_shelter(body: Mapping[str, Any], private: Mapping[str, Any], *, known: bool, act: str = "") -> str:
    """A shelter is an organisation of the municipality's: its name and its public telephone are that one's."""
    fields = OrganisationFields(private["name"], OrganisationKind.SHELTER, private.get("phone", ""))
    if not known:
        made = add_organisation(body["shelter"], fields, invited_by=current_person().organisation_id)
        if isinstance(made, Refusal):
            return sentence(current_app, made.code, made.params)
    if error := said(kinds.SHELTER_SET, body, private, act):
        return error
    changed = change_organisation(body["shelter"], fields)
    return sentence(current_app, changed.code, changed.params) if isinstance(changed, Refusal) else ""


@bp.post("/supplies/shelters/<shelter_id>/open")
@require(Action.SHELTERS_MANAGE)
def open_shelter(shelter_id: str) -> ResponseReturnValue:
    """「開設する」: it can say again what it needs."""
    card = office.shelter(log(), shelter_id)
    error = said(kinds.SHELTER_SET, office.body_of(card.row) | {"open": True}, _private_of(card))
    return back("supplies_shelters.shelter", error, f"「{card.name}」を開設しました。", shelter_id=shelter_id)


@bp.post("/supplies/shelters/<shelter_id>/close")
@require(Action.SHELTERS_MANAGE)
def close_shelter(shelter_id: str) -> ResponseReturnValue:
    """「閉じる」, after a tick: its needs are stopped, and what was promised to it is called off."""
    card = office.shelter(log(), shelter_id)
    body = office.body_of(card.row) | {"open": False}
    error = confirmed() or said(kinds.SHELTER_SET, body, _private_of(card))
    return back("supplies_shelters.shelter", error, f"「{card.name}」を閉じました。", shelter_id=shelter_id)


def _private_of(card: ShelterCard) -> dict[str, Any]:
    return {**card.private, "name": card.name}


# The municipal list of evacuation sites

IMPORT_OVER = "この一覧の取り込みは終わっています。"
IMPORTED = "imported_sites"  # in the session: the list that this browser has imported last


@bp.get("/supplies/shelters/import")
@require(Action.SHELTERS_MANAGE)
def import_form() -> ResponseReturnValue:
    """Choose the list."""
    return _upload_page("")


def _upload_page(error: str) -> ResponseReturnValue:
    return render_template("supplies/sites_upload.html", error=error), 422 if error else 200


@bp.post("/supplies/shelters/import")
@require(Action.SHELTERS_MANAGE)
def upload_sites() -> ResponseReturnValue:
    """Read the file, keep it as a draft, show the preview. Nothing is imported yet."""
    town, file = log(), request.files.get("file")
    data, name = (file.read(), file.filename or "") if file else (b"", "")
    try:
        found = read_sites(read_table(data, name), town)
    except AppError as problem:
        return _upload_page(sentence(current_app, problem.code, problem.params))
    draft = office.keep_draft(town, found, name, current_person().id, now_ms())
    return redirect(url_for("supplies_shelters.preview", draft_id=draft), 303)


@bp.get("/supplies/shelters/import/<draft_id>")
@require(Action.SHELTERS_MANAGE)
def preview(draft_id: str) -> ResponseReturnValue:
    """Every problem by row, and what would change, before anything is imported."""
    town = log()
    if (draft := office.draft_or_none(town, draft_id)) is None:
        if session.get(IMPORTED) != draft_id:
            raise NotFound
        return back("supplies_shelters.shelters", "", IMPORT_OVER)  # "back" after the import leads here
    found = office.changes(town, draft)
    counts = {act: sum(change.act == act for change in found) for act in ("new", "changed", "same")}
    problems = {str(severity): office.problems_of(draft, severity) for severity in Severity}
    return render_template(
        "supplies/sites_preview.html", draft=draft, changes=found, counts=counts, problems=problems
    )


@bp.post("/supplies/shelters/import/<draft_id>")
@require(Action.SHELTERS_MANAGE)
def import_sites(draft_id: str) -> ResponseReturnValue:
    """「取り込む」. Each site is one command with an id that follows from the draft: a second click adds nothing."""
    town = log()
    if (draft := office.draft_or_none(town, draft_id)) is None:
        return back("supplies_shelters.shelters", "", IMPORT_OVER)
    wanted = [
        change
        for change in office.changes(town, draft, opened="open" in request.form)
        if change.act != "same"
    ]
    for change in wanted:
        act, new = (
            derived_id(draft.id, str(change.site.row)),
            derived_id(draft.id, f"shelter{change.site.row}"),
        )
        body = {**change.body, "shelter": change.shelter or new}
        if error := _set_shelter(body, change.private, known=bool(change.shelter), act=act):
            return back(
                "supplies_shelters.shelters",
                f"{change.site.row}行目「{change.site.name}」で止まりました。{error}",
                "",
            )
    office.drop_draft(draft.id)
    session[IMPORTED] = draft_id
    return back("supplies_shelters.shelters", "", f"{len(wanted)}か所を取り込みました。")


@bp.get("/supplies/shelters.csv")
@require(Action.SHELTERS_MANAGE)
def export_sites() -> ResponseReturnValue:
    """The list of sites, in `layout` standard or recommended, `encoding` cp932 or utf-8-sig; that is an entry too."""
    town = log()
    if error := said(kinds.EXPORTED, {"disaster": "", "label": "shelters.csv"}):
        return back("supplies_shelters.shelters", error, "")
    layout: Layout = "recommended" if request.args.get("layout") == "recommended" else "standard"
    encoding: Encoding = "cp932" if request.args.get("encoding") == "cp932" else "utf-8-sig"
    sites = map(office.site_of, office.shelters(town).values())
    data = write_sites(sites, layout, encoding, code=town, municipality=current_person().organisation.name)
    charset = "Shift_JIS" if encoding == "cp932" else "utf-8"
    headers = {"Content-Type": f"text/csv; charset={charset}", "Cache-Control": "private, no-store"}
    return data, 200, headers | {"Content-Disposition": f'attachment; filename="{town}_evacuation_space.csv"'}
