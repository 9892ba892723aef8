"""Pages: phones in one's care, a code for a new one, one phone and its loss, what was set aside, a code's landing.

Templates (templates/phones/) and what they are given:
  phones.html   phones: [PhoneLine], people: [(id, text)], error
  code.html     person (text), shown, picture, minutes
  phone.html    phone: PhoneLine, questions: {title: count}, reasons, form, errors, form_id, now
  aside.html    lines: [AsideLine], reasons: {code: text}
  door.html     code, shown ("" if it is none)
"""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.kernel.base.clock import MINUTE, from_minute, now_ms, to_minute
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import derived_id, new_id
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.web import sentence
from webapp.kernel.identity.login import current_person, each_person, require
from webapp.kernel.identity.pictures import link_picture
from webapp.kernel.identity.roles import Action
from webapp.kernel.intake.api import author_of
from webapp.kernel.intake.submit import submit
from webapp.kernel.phones import desk, enrolment
from webapp.kernel.phones.desk import PhoneLine
from webapp.kernel.phones.entries import REVOKED, Reason
from webapp.kernel.phones.messages import ASIDE
from webapp.kernel.scanning import codes

bp = Blueprint("phones", __name__, template_folder="templates")

#: A phone is replaced by enrolling the next one, not here.
REASONS = [(reason.value, reason.text) for reason in Reason if reason is not Reason.REPLACED]
FIELD_OF = {
    "phones.reason_needed": "reason",
    "phones.lost_at_needed": "lost_at",
    "phones.lost_later": "lost_at",
}


@bp.get("/phones")
@require(Action.PHONES_MANAGE)
def phones() -> ResponseReturnValue:
    """The list, and for whom a code is wanted."""
    return _list("")


def _list(error: str) -> ResponseReturnValue:
    org = current_person().organisation_id
    found = desk.phones(db.session(), org)
    people = [("", "選んでください"), *desk.candidates(db.session(), org)]
    aside = desk.set_aside(db.session(), org)
    page = render_template("phones/phones.html", phones=found, people=people, error=error, aside=aside)
    return page, 422 if error else 200


@bp.post("/phones/codes")
@require(Action.PHONES_MANAGE)
@limiter.limit("60 per hour", key_func=each_person)
def issue() -> ResponseReturnValue:
    """A code for one person's phone: shown once, on this page alone."""
    person = request.form.get("person", "")
    people = dict(desk.candidates(db.session(), current_person().organisation_id))
    if person not in people:
        return _list(_said(Refusal("phones.person_needed", {})))
    token = enrolment.issue(person, current_person().id, now_ms())
    if isinstance(token, Refusal):
        return _list(_said(token))
    link = f"{current_app.config['QR_BASE'].rstrip('/')}/E/{token}".upper()
    shown = {"person": people[person], "shown": codes.show(token), "picture": link_picture(link)}
    page = render_template("phones/code.html", minutes=enrolment.CODE_LIVES // MINUTE, **shown)
    return page, 200, {"Cache-Control": "no-store"}


@bp.get("/phones/aside")
@require(Action.PHONES_MANAGE)
def aside() -> ResponseReturnValue:
    """What bears a signature that is not its phone's."""
    lines = desk.aside(db.session(), current_person().organisation_id)
    return render_template("phones/aside.html", lines=lines, reasons=ASIDE)


@bp.get("/phones/<dev>")
@require(Action.PHONES_MANAGE)
def phone(dev: str) -> ResponseReturnValue:
    """One phone: where it is known, what is asked about its scans, and the report of its loss."""
    return _page(_mine(dev), None)


def _mine(dev: str) -> PhoneLine:
    return desk.phone(db.session(), current_person().organisation_id, dev)


def _page(line: PhoneLine, refusal: Refusal | None) -> ResponseReturnValue:
    errors = {FIELD_OF.get(refusal.code, ""): _said(refusal)} if refusal else {}
    form = {"reason": "", "lost_at": to_minute(now_ms())} | request.form.to_dict()
    page = render_template(
        "phones/phone.html",
        phone=line,
        questions=desk.questions(db.session(), line),
        reasons=REASONS,
        form=form,
        errors=errors,
        form_id=new_id(),
    )
    return page, 422 if errors else 200


@bp.post("/phones/<dev>")
@require(Action.PHONES_MANAGE)
def revoke(dev: str) -> ResponseReturnValue:
    """Close a phone's key in every log that one works in."""
    line = _mine(dev)
    reason, refusal = request.form.get("reason", ""), None
    if reason not in dict(REASONS):
        refusal = Refusal("phones.reason_needed", {})
    try:
        lost_at = from_minute(request.form.get("lost_at", ""))
    except ValueError:
        refusal = refusal or Refusal("phones.lost_at_needed", {})
    if refusal is None:
        refusal = _everywhere(line, {"dev": dev, "reason": reason, "lost_at": lost_at})
    if refusal is not None:
        return _page(line, refusal)
    flash("この電話を停止しました。なくした時刻より後の記録は、確認が必要な記録として表示されます。", "ok")
    return redirect(url_for("phones.phone", dev=dev), 303)


def _everywhere(line: PhoneLine, body: dict[str, object]) -> Refusal | None:
    """Say it in each log; None as soon as it stands in one of them."""
    mine, form = author_of(current_person()).pseudonyms, request.form.get("id", "")
    wanted = [place.log for place in line.places if place.revoked_at is None and place.log in mine]
    answers = [submit(REVOKED, log, body, act_id=derived_id(form, log)) for log in wanted]
    refusals = [answer.refusal for answer in answers if answer.refusal]
    if not answers:
        return Refusal("phones.already_revoked", {})
    return refusals[0] if len(refusals) == len(answers) else None


@bp.get("/E/<code>")
@bp.get("/e/<code>")
@limiter.limit("60 per minute")
def door(code: str) -> ResponseReturnValue:
    """Where the QR leads that a phone's camera reads: what to do, and the way into the app. Uses nothing up."""
    token = codes.normalise(code) or ""
    page = render_template("phones/door.html", code=token, shown=codes.show(token) if token else "")
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return page, 200 if token else 404, headers


def _said(refusal: Refusal) -> str:
    return sentence(current_app, refusal.code, refusal.params)
