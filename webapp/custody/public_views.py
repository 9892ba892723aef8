"""Residents' pages: no account, three languages, nothing that names a person or a serial."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.custody.public import PublicThing, PublicTrail, look_up
from webapp.kernel.base.i18n import for_residents
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.pwa import release
from webapp.kernel.scanning import codes

bp = Blueprint("residents", __name__, template_folder="templates")

_REASONS = {
    "scanning.code_check": "check",
    "scanning.code_length": "length",
    "scanning.code_letter": "letters",
}
#: Letters to Unicode, hyphens on a Japanese keyboard.
_DASHES = "ー"


def _tools() -> dict[str, str]:
    """Addresses that the scan-by-camera part of the page needs."""
    return {
        "scan_script": release(current_app).url("public-scan.js"),
        "prefixes": " ".join(current_app.config["QR_PREFIXES"]),
    }


@bp.get("/")
@for_residents
def home() -> ResponseReturnValue:
    """Enter or scan a tracking ID."""
    return _home()


def _home(*, asked: bool = False) -> ResponseReturnValue:
    """`asked`: somebody pressed the button and had entered nothing."""
    return render_template(
        "custody/public_home.html",
        login=url_for("identity.login"),
        why=url_for("witnesses.why"),
        asked=asked,
        **_tools(),
    )


@bp.get("/t")
@for_residents
def find() -> ResponseReturnValue:
    """What was typed or read: on to its page, or a hint at what is wrong with it."""
    typed = request.args.get("id", "")[: codes.MAX_TEXT]
    if not any(character.isalnum() and character not in _DASHES for character in typed):
        return _home(asked=True)
    match codes.parse(typed, current_app.config["QR_PREFIXES"]):
        case codes.Code(id=code):
            return redirect(url_for("residents.result", code=code, lang=request.args.get("lang")))
        case codes.Malformed(reason=reason):
            return _unknown(typed, _REASONS.get(reason, "none"))
        case _:
            return _unknown(typed, "foreign")


@bp.get("/q/<code>")
@bp.get("/Q/<code>")
@for_residents
def scanned(code: str) -> ResponseReturnValue:
    """Where the QR on a label leads, read by any phone's camera."""
    return redirect(url_for("residents.result", code=code.upper()[:64]))


@bp.get("/t/<code>")
@limiter.limit("120 per minute")
@for_residents
def result(code: str) -> ResponseReturnValue:
    """The result: where it is now and the way so far."""
    return _page(code, "custody/public_result.html")


@bp.get("/t/<code>/detail")
@limiter.limit("120 per minute")
@for_residents
def detail(code: str) -> ResponseReturnValue:
    """「詳しいページ」: required beside done."""
    return _page(code, "custody/public_detail.html")


def _page(code: str, template: str) -> ResponseReturnValue:
    if not codes.is_valid(code):
        return redirect(url_for("residents.find", id=code[: codes.MAX_TEXT]))
    match look_up(code):
        case PublicThing(kind=kind) if kind in current_app.extensions["public_pages"]:
            page: ResponseReturnValue = current_app.extensions["public_pages"][kind](code)
            return page
        case PublicTrail() as trail:
            return render_template(template, trail=trail)
        case PublicThing() as thing if thing.void:
            return render_template("custody/public_void.html", **_facts(thing), replaced=thing.replaced), 410
        case PublicThing() as thing if thing.bound:
            return render_template("custody/public_thing.html", **_facts(thing), kind=thing.kind)
    return _unknown(codes.show(code), "none")


def _facts(thing: PublicThing) -> dict[str, str]:
    return {"shown_id": thing.shown_id, "municipality": thing.municipality, "contact": thing.contact}


def _unknown(typed: str, reason: str) -> ResponseReturnValue:
    page = render_template(
        "custody/public_unknown.html", typed=typed[:64], reason=reason, count=len(typed), **_tools()
    )
    return page, 404
