"""What every answer carries: security headers, errors in the user's language, one log line without personal
data.
"""

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from webapp.kernel.base import clock
from webapp.kernel.base.i18n import gettext
from webapp.kernel.base.outcomes import AppError, Malformed

#: No inline script, no other site, no plug-in. The wasm decoder needs 'wasm-unsafe-eval'.
CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HTTP_CODES = {
    400: "base.malformed",
    401: "identity.login_needed",
    403: "base.forbidden",
    404: "base.not_found",
    405: "base.method",
    413: "base.too_large",
    429: "base.too_many_requests",
}
_log = logging.getLogger("ashiato.web")


def init(app: Flask, sentences: Mapping[str, str]) -> None:
    """Attach headers, error answers and the request log."""
    app.extensions["sentences"] = sentences
    app.before_request(_start)
    app.after_request(_headers)
    app.after_request(_led_on)
    app.after_request(_log_line)
    app.register_error_handler(AppError, _app_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)
    app.jinja_env.filters.update(jst=clock.show_time, jst_full=clock.show_full, jst_date=clock.show_date)
    app.jinja_env.filters["jst_near"] = lambda at_ms: clock.show_near(at_ms, clock.now_ms())
    _configure_log(app)


def sentence(app: Flask, code: str, params: Mapping[str, Any]) -> str:
    """A code in words; the door answers for the rooms."""
    sentences: Mapping[str, str] = app.extensions["sentences"]
    if code in sentences:
        return gettext(sentences[code]).format_map({**params})
    door = app.extensions.get("door")
    return str(door.sentence(code, params)) if door else code


def _answer(status: int, code: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    from flask import current_app

    text = sentence(current_app, code, params)
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        answer = jsonify(code=code, text=text)
    else:
        answer = Response(render_template("errors/error.html", status=status, code=code, text=text))
    answer.status_code = status
    answer.headers.update(headers)
    return answer


def _app_error(error: AppError) -> ResponseReturnValue:
    g.error_code = error.code
    return _answer(error.status, error.code, error.params, {})


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    kept = {"Retry-After", "Allow"}
    headers = {name: value for name, value in error.get_headers() if name in kept}
    return _answer(status, _HTTP_CODES.get(status, "base.internal"), {}, headers)


def _crash(error: Exception) -> ResponseReturnValue:
    """A fault of ours: the log gets the traceback, the person a sentence that nothing was lost."""
    _log.exception("fault", extra={"facts": {"path": request.url_rule.rule if request.url_rule else ""}})
    return _answer(500, "base.internal", {}, {})


def _start() -> None:
    g.started = time.perf_counter()
    values = [request.path, *request.args.values()]
    if request.mimetype == "application/x-www-form-urlencoded":
        values += request.form.values()
    if any("\0" in value for value in values):
        raise Malformed  # no database of ours holds it, and nobody types it


def whole_number(name: str, default: int = 0, most: int = 1_000_000) -> int:
    """A number in the address, between 0 and `most`; whatever else stands there is the default."""
    return min(max(request.args.get(name, default, type=int), 0), most)


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response


def _led_on(response: Response) -> Response:
    """A script that sent a form (static/desk/typed.js) is told where to go on. Did it follow by itself, the page that
    the browser then opens would have lost what it was to say."""
    if (
        request.headers.get("X-Typed") == "1"
        and request.method == "POST"
        and response.status_code in (302, 303)
    ):
        response.headers["X-To"] = response.headers.pop("Location")
        response.status_code = 204
        response.set_data(b"")
    return response


def _log_line(response: Response) -> Response:
    """The rule instead of the path, so that no code, name or token stands in a log file."""
    took = (time.perf_counter() - g.get("started", time.perf_counter())) * 1000
    facts = {
        "method": request.method,
        "rule": request.url_rule.rule if request.url_rule else "-",
        "status": response.status_code,
        "ms": round(took, 1),
        "bytes_in": request.content_length or 0,
        "bytes_out": response.content_length or 0,
    }
    if code := g.get("error_code"):
        facts["code"] = code
    _log.info("request", extra={"facts": facts})
    return response


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "what": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)

    converter: Callable[[float | None], time.struct_time] = time.gmtime


def _configure_log(app: Flask) -> None:
    logger = logging.getLogger("ashiato")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_JsonLines())
        logger.addHandler(handler)
        logger.propagate = False
    logger.setLevel(logging.WARNING if app.testing else app.config.get("LOG_LEVEL", "INFO"))
