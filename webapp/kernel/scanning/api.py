"""POST /api/decode: a phone that cannot read a photo itself sends it here."""

from typing import Any

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import Forbidden, TooLarge
from webapp.kernel.base.web import whole_number
from webapp.kernel.identity.login import current_person, each_person, login_required
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.scanning import codes, photo

MAX_BYTES = 16 * 1024 * 1024

bp = Blueprint("scanning_api", __name__)


@bp.post("/api/decode")
@login_required
@limiter.limit("60 per minute", key_func=each_person)
def decode() -> ResponseReturnValue:
    """The codes in the picture in the body. `?expected=12` labels are in it, `?serials=1` reads 1-D too.

    Answers {"codes": [{"text", "id" or null, "kind", "format"}]}; kind is code, foreign, malformed or serial.
    The picture is not kept. 413 over 16 MB; 422 if it is no picture, too large or too hard.
    """
    if not any(may(current_person().roles, action) for action in (Action.EVIDENCE_ADD, Action.SCAN_PARCEL)):
        raise Forbidden("identity.not_allowed")  # it is hard work, and anybody can be a sender of goods
    expected = whole_number("expected", 1, most=100)
    found = photo.read_photo(_body(), expected, serials=request.args.get("serials") == "1")
    prefixes = current_app.config["QR_PREFIXES"]
    return {"codes": [_described(one, prefixes) for one in found]}


def _body() -> bytes:
    request.max_content_length = MAX_BYTES
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge as fault:
        raise TooLarge("scanning.file_too_large", limit="16 MB") from fault


def _described(one: photo.Found, prefixes: list[str]) -> dict[str, Any]:
    if one.format != "QRCode":
        return {"text": one.text, "id": None, "kind": "serial", "format": one.format}
    read = codes.parse(one.text, prefixes)
    id = read.id if isinstance(read, codes.Code) and read.labelled else None
    kind = "malformed" if isinstance(read, codes.Code) and id is None else read.kind
    return {"text": one.text, "id": id, "kind": kind, "format": one.format}
