"""GET /api/openapi.json: what whoever builds against us reads."""

from flask import Blueprint, Response

bp = Blueprint("openapi", __name__)


@bp.get("/api/openapi.json")
def openapi() -> Response:
    """For whoever builds against us; public."""
    from webapp.api_document import document  # slow to load, and no page or phone asks for it

    answer = Response(document(), mimetype="application/json")
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer
