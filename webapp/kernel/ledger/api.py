"""The log over HTTP, as C2SP tlog-tiles says, and proofs of single entries.

Checkpoint, key and policy are public. Tiles and entries are for those who may read the log: who reads all entries
could count what the public pages round (`members`).
"""

import gzip

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.ledger import publication, signing, tree
from webapp.kernel.ledger.members import demand_reader
from webapp.kernel.tlog import tiles
from webapp.kernel.tlog.tiles import ENTRIES, WIDTH, Tile

bp = Blueprint("ledger", __name__)

TEXT, BYTES = "text/plain; charset=utf-8", "application/octet-stream"
SECONDS = "public, max-age=2"
MINUTES = "public, max-age=60"
#: Full tiles never change. `private`: a shared cache must not show them to those who may not read them.
FOR_EVER = "private, max-age=31536000, immutable"
NEVER = "private, no-store"


@bp.get("/log/<log>/checkpoint")
def checkpoint(log: str) -> ResponseReturnValue:
    """The largest checkpoint that the nodes cosigned; while there is none, the largest that the log signed."""
    session = db.session()
    publication.log_of(session, log)
    row = publication.latest_cosigned(session, log) or publication.latest(session, log)
    if row is None:
        raise NotFound("ledger.not_signed")
    return _answer(row.note, TEXT, SECONDS)


@bp.get("/log/<log>/vkey")
def vkey(log: str) -> ResponseReturnValue:
    """What the log's signatures are verified with."""
    origin = publication.log_of(db.session(), log).origin
    return _answer(f"{signing.vkey(origin).vkey}\n".encode(), TEXT, MINUTES)


@bp.get("/log/<log>/policy")
def policy(log: str) -> ResponseReturnValue:
    """Whose signatures are enough, as a C2SP tlog-policy."""
    session = db.session()
    key = signing.vkey(publication.log_of(session, log).origin)
    found = publication.policy(session, log, key, signing.url_of(log))
    return _answer(found.render().encode(), TEXT, MINUTES)


@bp.get("/log/<log>/tile/<path:rest>")
def tile(log: str, rest: str) -> ResponseReturnValue:
    """A tile or entry bundle, up to the size that was signed last."""
    demand_reader(log)
    session = db.session()
    try:
        wanted = tiles.parse_path(f"tile/{rest}")
        signed = publication.latest(session, log)
        if signed is None or not tiles.is_in(wanted, signed.size):
            raise NotFound
        return _tile(wanted, tree.served(session, log, wanted))
    except (ValueError, LookupError) as problem:
        raise NotFound from problem


def _tile(wanted: Tile, raw: bytes) -> Response:
    answer = _answer(raw, BYTES, FOR_EVER if wanted.width == WIDTH else NEVER)
    if wanted.level == ENTRIES:
        answer.headers["Vary"] = "Accept-Encoding"
        if request.accept_encodings.quality("gzip") > 0:
            answer.set_data(gzip.compress(raw, compresslevel=6, mtime=0))
            answer.headers["Content-Encoding"] = "gzip"
    return answer


@bp.get("/api/ledger/<log>/proofs/<entry_id>")
def proof(log: str, entry_id: str) -> ResponseReturnValue:
    """The `.tlog-proof` of an entry, for those who may read the log. 409 until a checkpoint that holds it is signed."""
    demand_reader(log)
    found = publication.proof_of(db.session(), log, entry_id)
    answer = _answer(found.render(), TEXT, NEVER)
    answer.headers["Content-Disposition"] = f'attachment; filename="{log}-{found.index}.tlog-proof"'
    return answer


def _answer(body: bytes, kind: str, cache: str) -> Response:
    answer = Response(body, content_type=kind)
    answer.headers["Cache-Control"] = cache
    return answer
