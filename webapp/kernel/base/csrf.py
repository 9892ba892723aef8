"""No other site may make a browser act for its user.

Forms carry a token (`{{ csrf_token() }}`). Under /api/ the header `X-Ashiato: 1` stands in its place: a
foreign page cannot send it without asking first (CORS), and it does not expire while a phone is offline.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask_wtf.csrf import CSRFError, CSRFProtect  # type: ignore[import-untyped]

from webapp.kernel.base.outcomes import AppError, Forbidden

HEADER, VALUE = "X-Ashiato", "1"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_protect = CSRFProtect()
View = TypeVar("View", bound=Callable[..., Any])


class FormTooOld(AppError):
    """The form does not come from a page of ours that this browser has open."""

    status = 400
    code = "base.form_too_old"


def init(app: Flask) -> None:
    """Check every request that could change something, before its view runs."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # we decide below which of the two guards a path has
    _protect.init_app(app)
    app.before_request(_guard)


def _guard() -> None:
    """Raises FormTooOld (400) or Forbidden("base.missing_header") (403)."""
    if request.method in _SAFE or request.endpoint is None:
        return
    if request.path.startswith("/api/"):
        _demand_header()
    elif current_app.config["WTF_CSRF_ENABLED"] and not _address_is_enough():
        _demand_token()


def address_is_enough(view: View) -> View:
    """Mark a view that asks nobody's session: who knows its address may do it. Put it below the route."""
    view.__dict__["address_is_enough"] = True
    return view


def _address_is_enough() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "address_is_enough", False))


def _demand_header() -> None:
    if request.headers.get(HEADER) != VALUE:
        raise Forbidden("base.missing_header")


def _demand_token() -> None:
    try:
        _protect.protect()
    except CSRFError as error:
        raise FormTooOld from error
