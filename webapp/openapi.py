"""GET /api/openapi.json: OpenAPI 3.1, made by openapi-pydantic from the models that validate."""

from functools import cache

from flask import Blueprint, Response
from openapi_pydantic import Info, MediaType, OpenAPI, Operation, PathItem, Reference, RequestBody
from openapi_pydantic import Parameter as Param
from openapi_pydantic import Response as Answer
from openapi_pydantic.util import PydanticSchema, construct_open_api_with_schema_class
from pydantic import BaseModel

from webapp.custody.format import JobsOut, MeOut, PackOut
from webapp.kernel.documents.api import LedgerStateOut, PoliciesOut
from webapp.kernel.intake.format import Act, Batch, BatchOut, Item, Problem, VerdictsOut
from webapp.kernel.phones.api import EnrolIn, EnrolOut, SelfOut
from webapp.kernel.witnesses.api import NodeRequestIn, NodeRequestOut

bp = Blueprint("openapi", __name__)

HEADER = Param.model_validate(
    {
        "name": "X-Ashiato",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "const": "1"},
        "description": "stands in the place of a CSRF token: no other site can send it",
    }
)


class EvidenceOut(BaseModel):
    """A photo that is on disk."""

    sha256: str
    size: int


class DecodedOut(BaseModel):
    """A code in a photo: `id` is set when it is one of ours."""

    text: str
    id: str | None
    kind: str
    format: str


class DecodeOut(BaseModel):
    """POST /api/decode."""

    codes: list[DecodedOut]


class HealthOut(BaseModel):
    """GET /healthz."""

    status: str
    at: int


def _json(model: type[BaseModel]) -> dict[str, MediaType]:
    return {"application/json": MediaType(schema=PydanticSchema(schema_class=model))}


def _answers(model: type[BaseModel], *failures: int, ok: str = "200") -> dict[str, Answer | Reference]:
    answers: dict[str, Answer | Reference] = {ok: Answer(description="done", content=_json(model))}
    for status in failures:
        answers[str(status)] = Answer(description=_WHY[status], content=_json(Problem))
    return answers


_WHY = {
    400: "malformed; nothing was kept",
    401: "no login; keep everything and send it again later",
    403: "not allowed, or the header X-Ashiato is missing",
    404: "no such thing, or not for this person",
    409: "not yet; try again in a few seconds",
    413: "too large; nothing was kept, send less",
    422: "not acceptable; the text says why",
    429: "too often; see Retry-After",
}
_PICTURE = {kind: MediaType() for kind in ("image/jpeg", "image/png", "image/webp")}


def _query(name: str, kind: str, description: str) -> Param:
    where = {"name": name, "in": "query", "description": description}
    return Param.model_validate({**where, "schema": {"type": kind}})


def _path(name: str, description: str) -> Param:
    where = {"name": name, "in": "path", "description": description}
    return Param.model_validate({**where, "required": True, "schema": {"type": "string"}})


def _paths() -> dict[str, PathItem]:
    return {
        "/api/scans": PathItem(
            post=Operation(
                operationId="postScans",
                summary="The one door: up to 100 acts of one phone. Safe to repeat.",
                parameters=[HEADER],
                requestBody=RequestBody(required=True, content=_json(Batch)),
                responses=_answers(BatchOut, 400, 401, 403, 413),
            )
        ),
        "/api/verdicts": PathItem(
            get=Operation(
                operationId="getVerdicts",
                summary="Verdicts that changed since the last question",
                parameters=[
                    _query("since", "integer", "rev of the last answer"),
                    _query("dev", "string", "the phone"),
                ],
                responses=_answers(VerdictsOut, 401),
            )
        ),
        "/api/me": PathItem(
            get=Operation(operationId="getMe", summary="Who am I", responses=_answers(MeOut, 401))
        ),
        "/api/jobs": PathItem(
            get=Operation(operationId="getJobs", summary="Today's jobs", responses=_answers(JobsOut, 401))
        ),
        "/api/jobs/{id}/pack": PathItem(
            get=Operation(
                operationId="getPack",
                summary="All that a phone needs for a job; ETag and 304",
                parameters=[_path("id", "consignment")],
                responses=_answers(PackOut, 401, 404),
            )
        ),
        "/api/evidence/{sha256}": PathItem(
            put=Operation(
                operationId="putEvidence",
                summary="Keep a photo under its hash; resumable by repeating",
                parameters=[_path("sha256", "64 hex digits of the body's SHA-256"), HEADER],
                requestBody=RequestBody(required=True, content=_PICTURE),
                responses=_answers(EvidenceOut, 401, 403, 413, 422, ok="201"),
            ),
            get=Operation(
                operationId="getEvidence",
                summary="A photo, for who may see it",
                parameters=[
                    _path("sha256", "64 hex digits"),
                    _query("size", "string", "thumb, view or original"),
                ],
                responses={"200": Answer(description="the picture", content=_PICTURE)},
            ),
        ),
        "/api/decode": PathItem(
            post=Operation(
                operationId="decode",
                summary="Read the codes in a photo that the phone could not read itself",
                parameters=[
                    HEADER,
                    _query("expected", "integer", "labels in the picture"),
                    _query("serials", "integer", "1: makers' barcodes too"),
                ],
                requestBody=RequestBody(required=True, content=_PICTURE),
                responses=_answers(DecodeOut, 401, 413, 422),
            )
        ),
        "/api/ledger/{log}/proofs/{entry_id}": PathItem(
            get=Operation(
                operationId="getProof",
                summary="That an entry is in the log: a C2SP tlog-proof file, to be checked without us",
                parameters=[
                    _path("log", "the log"),
                    _path("entry_id", "id of the entry (of a scan: the scan's)"),
                ],
                responses=_answers(Problem, 401, 403, 404, 409)
                | {"200": Answer(description="c2sp.org/tlog-proof@v1", content={"text/plain": MediaType()})},
            )
        ),
        **_ledger_states(),
        **_phones(),
        "/api/nodes/requests": PathItem(
            post=Operation(
                operationId="askToWatch",
                summary="A node of another organisation asks to be admitted. Safe to repeat.",
                parameters=[HEADER],
                requestBody=RequestBody(required=True, content=_json(NodeRequestIn)),
                responses=_answers(NodeRequestOut, 400, 403, 404, 413, 422, 429)
                | _answers(NodeRequestOut, ok="202"),
            )
        ),
        "/healthz": PathItem(get=Operation(operationId="health", responses=_answers(HealthOut))),
    }


@cache
def document() -> str:
    """The API as JSON text. `Item` and `Act` describe the strings inside a batch."""
    api = OpenAPI(
        openapi="3.1.1",
        info=Info(
            title="Ashiato 足あと",
            version="1",
            description="Acts in, receipts out. Times are ms since 1970, UTC.",
        ),
        paths=_paths(),
    )
    whole = construct_open_api_with_schema_class(api, schema_classes=[Item, Act])
    return whole.model_dump_json(by_alias=True, exclude_none=True, indent=1)


@bp.get("/api/openapi.json")
def openapi() -> Response:
    """For whoever builds against us; public."""
    answer = Response(document(), mimetype="application/json")
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


def _ledger_states() -> dict[str, PathItem]:
    """What phones ask about logs."""
    return {
        "/api/ledger/{log}/state": PathItem(
            get=Operation(
                operationId="getLedgerState",
                summary="How many entries are recorded, signed, cosigned and anchored",
                parameters=[_path("log", "the log")],
                responses=_answers(LedgerStateOut, 401, 404),
            )
        ),
        "/api/ledger/policies": PathItem(
            get=Operation(
                operationId="getPolicies",
                summary="Whose signatures count, for each log that is served here. Public.",
                responses=_answers(PoliciesOut, 429),
            )
        ),
    }


def _phones() -> dict[str, PathItem]:
    """What phones ask about themselves."""
    return {
        "/api/phones/enrol": PathItem(
            post=Operation(
                operationId="enrolPhone",
                summary="Bind this phone's key to the person who is logged in, by a code. Safe to repeat.",
                parameters=[HEADER],
                requestBody=RequestBody(required=True, content=_json(EnrolIn)),
                responses=_answers(EnrolOut, 400, 401, 403, 409, 422, 429, ok="201"),
            )
        ),
        "/api/phones/self": PathItem(
            get=Operation(
                operationId="getPhone",
                summary="What is known of this phone, and which others it could replace",
                parameters=[_query("dev", "string", "the phone")],
                responses=_answers(SelfOut, 401),
            )
        ),
    }
