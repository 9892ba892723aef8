"""Pages: logging in and out, people, organisations, one's own account."""

from hashlib import sha256

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.i18n import for_residents
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.web import whole_number
from webapp.kernel.identity import forms, login, queries, service
from webapp.kernel.identity.forms import Shown
from webapp.kernel.identity.login import current_person, login_required, person_or_none, require
from webapp.kernel.identity.menu import staff_home
from webapp.kernel.identity.messages import SENTENCES
from webapp.kernel.identity.models import Person
from webapp.kernel.identity.pictures import link_picture
from webapp.kernel.identity.queries import OrganisationLine, PersonLine
from webapp.kernel.identity.roles import Action

bp = Blueprint("identity", __name__, template_folder="templates")


def _login_key() -> str:
    """One counter for each login, whether it exists or not; the store never sees the name itself."""
    return sha256(request.form.get("login", "").strip().lower().encode()).hexdigest()


def _private(page: str, status: int = 200) -> Response:
    """A page that holds a secret: no cache may keep it."""
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/login", endpoint="login")
@for_residents
def show_login() -> ResponseReturnValue:
    """The login page; who is logged in already goes on."""
    person = person_or_none()
    if person is not None:
        return redirect(login.safe_next(request.args.get("next")) or staff_home(person))
    return render_template("identity/login.html", shown=Shown({"next": request.args.get("next", "")}))


@bp.post("/login")
@for_residents
@limiter.limit("60 per minute")
@limiter.limit("10 per minute", key_func=_login_key)
def log_in() -> ResponseReturnValue:
    """Start a session. Knocking is limited by address and by login."""
    form, now = request.form, now_ms()
    person = service.authenticate(form.get("login", ""), form.get("password", ""), now=now)
    if isinstance(person, Refusal):
        shown = forms.again(person)
        return render_template("identity/login.html", shown=shown), shown.status
    login.begin_session(person, remember="remember" in form, now=now)
    return redirect(login.safe_next(form.get("next")) or staff_home(person))


@bp.post("/logout")
def log_out() -> ResponseReturnValue:
    """End the session on this browser. Harmless when there is none."""
    login.end_session()
    return redirect(url_for("identity.login"))


@bp.post("/api/logout")
def log_out_of_app() -> ResponseReturnValue:
    """The same for the phone app, which has no form token. What waits to be sent stays on the phone."""
    login.end_session()
    return "", 204


@bp.get("/people")
@require(Action.PEOPLE_MANAGE)
def people() -> ResponseReturnValue:
    """Those whom the asker manages, with a search."""
    search, left = request.args.get("q", ""), "left" in request.args
    page = max(1, whole_number("page", 1))
    found = queries.people(current_person(), search=search, left=left, page=page)
    return render_template("identity/people.html", found=found, search=search, left=left, now=now_ms())


@bp.get("/people/new")
@require(Action.PEOPLE_MANAGE)
def new_person() -> ResponseReturnValue:
    """An empty form; `?organisation=` says whose person it will be, else one's own."""
    asker = current_person()
    organisation = queries.staffed_organisation(
        asker, request.args.get("organisation") or asker.organisation_id
    )
    return _person_form(organisation, forms.fresh(organisation.id))


@bp.post("/people/new")
@require(Action.PEOPLE_MANAGE)
def add_person() -> ResponseReturnValue:
    """Enter a person and show at once the link with which they set their password."""
    organisation = queries.staffed_organisation(current_person(), request.form.get("organisation", ""))
    added = service.add_person(forms.made_id(), organisation.id, forms.person_fields(), now=now_ms())
    if isinstance(added, Refusal):
        return _person_form(organisation, forms.again(added))
    return _show_link(queries.person_line(added))


@bp.get("/people/<id>")
@require(Action.PEOPLE_MANAGE)
def person(id: str) -> ResponseReturnValue:
    """One person, and what can be done about them."""
    return _person_page(queries.person_for(current_person(), id))


@bp.get("/people/<id>/change")
@require(Action.PEOPLE_MANAGE)
def change_person_form(id: str) -> ResponseReturnValue:
    """The filled form."""
    found = queries.person_for(current_person(), id)
    return _person_form(found.organisation, forms.of_person(found), found)


@bp.post("/people/<id>/change")
@require(Action.PEOPLE_MANAGE)
def change_person(id: str) -> ResponseReturnValue:
    """Take the form."""
    asker = current_person()
    found = queries.person_for(asker, id)
    changed = service.change_person(id, forms.person_fields(), by=asker.id)
    if isinstance(changed, Refusal):
        return _person_form(found.organisation, forms.again(changed), found)
    return _done(id, "変更しました。")


@bp.post("/people/<id>/reset-link")
@require(Action.PEOPLE_MANAGE)
def reset_link(id: str) -> ResponseReturnValue:
    """Make a link to set a password and show it, this once."""
    return _show_link(queries.person_for(current_person(), id))


@bp.post("/people/<id>/lock")
@require(Action.PEOPLE_MANAGE)
def lock(id: str) -> ResponseReturnValue:
    """Stop somebody for now."""
    found = queries.person_for(current_person(), id)
    return _answer(found, service.lock(id, by=current_person().id), "利用を停止しました。")


@bp.post("/people/<id>/unlock")
@require(Action.PEOPLE_MANAGE)
def unlock(id: str) -> ResponseReturnValue:
    """End a stop or a lock-out."""
    found = queries.person_for(current_person(), id)
    return _answer(found, service.unlock(id), "ロックを解除しました。")


@bp.get("/people/<id>/leave")
@require(Action.PEOPLE_MANAGE)
def ask_leave(id: str) -> ResponseReturnValue:
    """Say what leaving means, and ask."""
    return render_template("identity/leave.html", person=queries.person_for(current_person(), id))


@bp.post("/people/<id>/leave")
@require(Action.PEOPLE_MANAGE)
def leave(id: str) -> ResponseReturnValue:
    """Somebody has gone."""
    found = queries.person_for(current_person(), id)
    left = service.leave(id, by=current_person().id, now=now_ms())
    return _answer(found, left, "退職・離任の扱いにしました。")


@bp.get("/reset/<token>")
def show_reset(token: str) -> ResponseReturnValue:
    """The page behind a reset link. No login: the link is the proof."""
    return _reset_page(service.behind_link(token, now=now_ms()), Shown({}))


@bp.post("/reset/<token>")
@limiter.limit("20 per minute")
def reset(token: str) -> ResponseReturnValue:
    """Set the password; the link is used up."""
    now = now_ms()
    password = forms.password_twice()
    refusal = password if isinstance(password, Refusal) else service.use_reset_link(token, password, now=now)
    if refusal is not None:
        return _reset_page(service.behind_link(token, now=now), forms.again(refusal))
    flash("パスワードを設定しました。ログインしてください。", "ok")
    return redirect(url_for("identity.login"))


@bp.get("/organisations")
@require(Action.ORGANISATION_MANAGE)
def organisations() -> ResponseReturnValue:
    """The asker's organisation and those it has invited."""
    asker = current_person()
    staffed = {line.id for line in queries.staffed_organisations(asker)}
    return render_template(
        "identity/organisations.html", organisations=queries.organisations_for(asker), staffed=staffed
    )


@bp.get("/organisations/new")
@require(Action.ORGANISATION_MANAGE)
def new_organisation() -> ResponseReturnValue:
    """An empty form."""
    return _organisation_form(forms.fresh())


@bp.post("/organisations/new")
@require(Action.ORGANISATION_MANAGE)
def add_organisation() -> ResponseReturnValue:
    """Invite an organisation."""
    asker = current_person()
    fields = forms.organisation_fields()
    added = service.add_organisation(forms.made_id(), fields, invited_by=asker.organisation_id)
    if isinstance(added, Refusal):
        return _organisation_form(forms.again(added))
    flash("組織を登録しました。続けて利用者を追加できます。", "ok")
    return redirect(url_for("identity.organisations"))


@bp.get("/organisations/<id>")
@require(Action.ORGANISATION_MANAGE)
def organisation(id: str) -> ResponseReturnValue:
    """The filled form."""
    found = queries.organisation_for(current_person(), id)
    return _organisation_form(forms.of_organisation(found), found)


@bp.post("/organisations/<id>")
@require(Action.ORGANISATION_MANAGE)
def change_organisation(id: str) -> ResponseReturnValue:
    """Take the form."""
    found = queries.organisation_for(current_person(), id)
    changed = service.change_organisation(id, forms.organisation_fields(found.kind))
    if isinstance(changed, Refusal):
        return _organisation_form(forms.again(changed), found)
    flash("変更しました。", "ok")
    return redirect(url_for("identity.organisations"))


@bp.get("/account")
@login_required
def account() -> ResponseReturnValue:
    """Who I am here, my password, and the way out."""
    return _account_page(Shown({}))


@bp.post("/account")
@login_required
@limiter.limit("10 per minute")
def change_password() -> ResponseReturnValue:
    """Set one's own password: every other session ends, this one goes on."""
    new = forms.password_twice()
    old = request.form.get("old", "")
    changed = new if isinstance(new, Refusal) else service.change_password(current_person().id, old, new)
    if isinstance(changed, Refusal):
        return _account_page(forms.again(changed))
    login.go_on(changed, now=now_ms())
    flash("パスワードを変えました。ほかの端末ではログインし直してください。", "ok")
    return redirect(url_for("identity.account"))


def _person_page(found: PersonLine, *, error: str = "") -> ResponseReturnValue:
    status = 422 if error else 200
    myself = found.id == current_person().id
    page = render_template("identity/person.html", person=found, error=error, myself=myself, now=now_ms())
    return page, status


def _person_form(
    organisation: OrganisationLine, shown: Shown, found: PersonLine | None = None
) -> ResponseReturnValue:
    roles = [(role.value, role.text) for role in queries.roles_to_give(organisation)]
    page = render_template(
        "identity/person_form.html", workplace=organisation, shown=shown, roles=roles, person=found
    )
    return page, shown.status


def _organisation_form(shown: Shown, found: OrganisationLine | None = None) -> ResponseReturnValue:
    kinds = [("", "選んでください"), *((kind.value, kind.text) for kind in service.INVITABLE)]
    page = render_template("identity/organisation_form.html", shown=shown, line=found, kinds=kinds)
    return page, shown.status


def _reset_page(owner: Person | None, shown: Shown) -> ResponseReturnValue:
    if owner is None:
        return _private(render_template("identity/link_dead.html", text=SENTENCES["identity.link_dead"]), 404)
    return _private(render_template("identity/reset.html", owner=owner, shown=shown), shown.status)


def _account_page(shown: Shown) -> ResponseReturnValue:
    person = queries.person_line(current_person())
    return render_template("identity/account.html", person=person, shown=shown), shown.status


def _show_link(found: PersonLine) -> ResponseReturnValue:
    token = service.make_reset_link(found.id, now=now_ms())
    if isinstance(token, Refusal):
        return _person_page(found, error=SENTENCES[token.code])
    link = url_for("identity.show_reset", token=token, _external=True)
    return _private(
        render_template("identity/link.html", person=found, link=link, picture=link_picture(link))
    )


def _answer(found: PersonLine, outcome: Person | Refusal, sentence: str) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return _person_page(found, error=SENTENCES[outcome.code])
    return _done(found.id, sentence)


def _done(person_id: str, sentence: str) -> ResponseReturnValue:
    flash(sentence, "ok")
    return redirect(url_for("identity.person", id=person_id))
