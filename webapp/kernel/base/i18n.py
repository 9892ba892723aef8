"""Three languages: the Japanese text in templates is the source, catalogs are .po files read at start.

Staff work in Japanese. Residents' views are marked `@for_residents`, those of citizens who send `@for_senders`; only
those (and error pages of unknown addresses) answer in the language asked for: `?lang=` → cookie → Accept-Language →
Japanese.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from flask import Flask, Response, current_app, has_request_context, request

from webapp.kernel.base import clock

LANGUAGES = {"ja": "日本語", "ja_easy": "やさしい日本語", "en": "English"}
SOURCE = "ja"
COOKIE = "lang"
FOLDER = Path(__file__).resolve().parents[2] / "translations"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
YEAR_SECONDS = 365 * 24 * 3600
_KEPT = "ashiato.language"

View = TypeVar("View", bound=Callable[..., Any])


def mark(text: str) -> str:
    """The text itself; tells the extraction that `text` is shown through gettext somewhere else."""
    return text


def for_residents(view: View) -> View:
    """Mark a view as a residents' page: it speaks all three languages. Put it below the route."""
    view.__dict__["for_residents"] = True
    return view


def for_senders(view: View) -> View:
    """Mark a page of people with an account that speaks all three languages as well; they keep their menu."""
    view.__dict__["keeps_menu"] = True
    return for_residents(view)


@functools.cache
def catalog(language: str) -> Catalog:
    """The translations of one language. Raises FileNotFoundError if its .po file is missing."""
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale="en" if language == "en" else "ja")


def language() -> str:
    """The language of this answer, a key of LANGUAGES."""
    if not has_request_context():
        return SOURCE
    kept = request.environ  # not `g`: a page rendered inside another request would share that
    if _KEPT not in kept:
        kept[_KEPT] = _asked() if _speaks_to_residents() else SOURCE
    return str(kept[_KEPT])


def html_language() -> str:
    """What <html lang> says: やさしい日本語 is Japanese."""
    return "en" if language() == "en" else "ja"


def gettext(text: str) -> str:
    """`text` in the language of this answer, or itself where there is no translation."""
    return translate(text, language())


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form for `count`. Japanese has one form; it stands in `singular`."""
    if language() == SOURCE:
        return singular
    found = catalog(language()).get(singular)
    forms = found.string if found and isinstance(found.string, (tuple, list)) else ()
    index = 0 if count == 1 or len(forms) < 2 else 1  # English: one, other
    return (forms[index] if forms else "") or singular


def translate(text: str, to: str) -> str:
    """`text` in the language `to`, or itself where there is no translation."""
    found = catalog(to).get(text) if to != SOURCE and text else None
    return str(found.string) if found and found.string else text


def when(at_ms: int | None) -> str:
    """An instant as a resident reads it, JST: 「2026年10月5日 9:12」, 「… 9時12分」, "5 Oct 2026, 9:12"."""
    if at_ms is None:
        return ""
    at, to = clock.jst(at_ms), language()
    if to == "en":
        return f"{when_day(at_ms)}, {at.hour}:{at.minute:02}"
    if to == "ja_easy":
        return f"{at.year}年{at.month}月{at.day}日 {at.hour}時{at.minute:02}分"
    return clock.show_full(at_ms)


def when_day(at_ms: int) -> str:
    """The day of an instant as its reader writes it, JST: 「2026年10月5日」, "5 Oct 2026"."""
    at = clock.jst(at_ms)
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}" if language() == "en" else clock.show_date(at_ms)


def address_in(to: str) -> str:
    """This page's address in another language; its other query parameters stay."""
    return f"{request.path}?{urlencode(request.args.to_dict(flat=False) | {COOKIE: [to]}, doseq=True)}"


def init(app: Flask) -> None:
    """Give templates `_`, `ngettext`, `|when`, `|when_day`, the language switch; remember what `?lang=` asked for."""
    for name in LANGUAGES.keys() - {SOURCE}:
        catalog(name)  # a broken catalog stops the start, not a page
    environment: Any = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)
    environment.filters.update(when=when, when_day=when_day)
    environment.globals.update(
        language=language,
        html_language=html_language,
        address_in=address_in,
        languages_of_residents=LANGUAGES,
    )
    app.after_request(_remember)


def _speaks_to_residents() -> bool:
    if request.endpoint is None:
        return True  # nobody knows this address: anyone may have typed it
    return bool(getattr(current_app.view_functions.get(request.endpoint), "for_residents", False))


def _asked() -> str:
    for name in (request.args.get(COOKIE), request.cookies.get(COOKIE)):
        if name in LANGUAGES:
            return str(name)
    return request.accept_languages.best_match(["ja", "en"], default=SOURCE) or SOURCE


def _remember(response: Response) -> Response:
    if not _speaks_to_residents():
        return response
    response.vary.update(("Accept-Language", "Cookie"))
    response.headers.setdefault("Content-Language", html_language())
    asked = request.args.get(COOKIE)
    if asked in LANGUAGES:
        secure = bool(current_app.config.get("SESSION_COOKIE_SECURE"))
        response.set_cookie(COOKIE, asked, max_age=YEAR_SECONDS, samesite="Lax", httponly=True, secure=secure)
    return response
