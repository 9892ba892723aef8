"""PUT and GET /api/evidence/<sha256>: photos by their hash."""

import re
from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, current_app, request, send_file
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import Malformed, NotFound, TooLarge
from webapp.kernel.evidence import queries, service, store
from webapp.kernel.evidence.models import EvidenceFile
from webapp.kernel.identity.login import current_person, each_person, login_required, require
from webapp.kernel.identity.roles import Action

ORIGINAL = "original"
SIZES = (*store.LONG_SIDE, ORIGINAL)

_HASH = re.compile(r"[0-9a-f]{64}\Z")
_BROWSER_DAY = 86_400  # s; the bytes never change, the permission to see them may

bp = Blueprint("evidence_api", __name__)

Access = Callable[[str], bool]


@bp.put("/api/evidence/<sha256>")
@require(Action.EVIDENCE_ADD)
@limiter.limit("300 per minute", key_func=each_person)
def put_evidence(sha256: str) -> ResponseReturnValue:
    """Keep the photo in the body under its hash. Safe to repeat: 201 the first time, 200 ever after.

    413 evidence.file_too_large over 8 MiB; 422 evidence.* if the bytes are not that hash or no whole picture, or if
    person or organisation sent too much today.
    """
    _check_hash(sha256)
    if service.is_kept(_root(), sha256):
        return {"sha256": sha256, "size": _known(sha256).size}, 200
    request.max_content_length = store.MAX_BYTES
    person, now = current_person(), now_ms()
    service.check_quota(person.id, person.organisation_id, request.content_length or 0, now)
    try:
        size = service.receive(_root(), sha256, request.stream, uploader=person.id, now=now)
    except RequestEntityTooLarge as fault:
        raise TooLarge("evidence.file_too_large", limit="8 MB") from fault
    return {"sha256": sha256, "size": size}, 201


@bp.get("/api/evidence/<sha256>")
@login_required
def get_evidence(sha256: str) -> ResponseReturnValue:
    """The photo as `?size=thumb` (320 px), `view` (1280 px, the default) or `original`.

    404 both for a photo that is awaited and for one that this person may not see. A look at more than the
    thumb is
    told to `app.extensions["evidence_seen"]`.
    """
    _check_hash(sha256)
    size = request.args.get("size", "view")
    if size not in SIZES:
        raise Malformed
    if not _may_see(sha256):
        raise NotFound("evidence.not_found")
    if size != "thumb":
        current_app.extensions["evidence_seen"](sha256)
    return _sent(_known(sha256), size)


def _sent(known: EvidenceFile, size: str) -> Response:
    original = size == ORIGINAL
    path = store.place(_root(), known.sha256) if original else store.derivative(_root(), known.sha256, size)
    response = send_file(
        path.absolute(),
        mimetype=known.media_type if original else "image/jpeg",
        as_attachment=original,
        download_name=f"{known.sha256[:16]}-{size}.{_ending(known) if original else 'jpg'}",
        etag=f"{known.sha256}-{size}",
        max_age=_BROWSER_DAY,
    )
    return _defused(response)


def _ending(known: EvidenceFile) -> str:
    return known.media_type.partition("/")[2]


def _defused(response: Response) -> Response:
    """Whatever is in the bytes, a browser shows a picture or nothing."""
    response.cache_control.public = False
    response.cache_control.private = True
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _may_see(sha256: str) -> bool:
    access: Access | None = current_app.extensions.get("evidence_access")
    return access is not None and access(sha256)


def _known(sha256: str) -> EvidenceFile:
    known = queries.file(sha256)
    if known is None or not store.place(_root(), sha256).exists():
        raise NotFound("evidence.not_found")
    return known


def _check_hash(sha256: str) -> None:
    if not _HASH.match(sha256):
        raise Malformed("evidence.not_a_hash")


def _root() -> Path:
    return Path(current_app.config["EVIDENCE_DIR"])
