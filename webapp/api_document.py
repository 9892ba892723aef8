"""The API as an OpenAPI 3.1 document, made by openapi-pydantic from the models that validate."""

from collections.abc import Sequence
from functools import cache

from openapi_pydantic import Info, MediaType, OpenAPI, Operation, PathItem, Reference, RequestBody
from openapi_pydantic import Parameter as Param
from openapi_pydantic import Response as Answer
from openapi_pydantic.util import PydanticSchema, construct_open_api_with_schema_class
from pydantic import BaseModel

from webapp.custody.format import JobsOut, MeOut, PackOut
from webapp.kernel.documents.api import LedgerStateOut, PoliciesOut
from webapp.kernel.intake.format import Act, Batch, BatchOut, Item, Problem, VerdictsOut
from webapp.kernel.notifications.api import EndpointIn, NothingOut, PushOut, SubscriptionIn
from webapp.kernel.phones.api import EnrolIn, EnrolOut, SelfOut
from webapp.kernel.witnesses.api import NodeRequestIn, NodeRequestOut
from webapp.supplies.api import ShelterPackOut, SheltersOut
from webapp.supplies.labels.cards_views import ActivateIn, ActivateOut

Answers = dict[str, Answer | Reference]

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


def _answers(model: type[BaseModel], *failures: int, ok: str = "200") -> Answers:
    answers: Answers = {ok: Answer(description="done", content=_json(model))}
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


def _get(name: str, summary: str, answers: Answers, *asked: Param) -> PathItem:
    """An address that is read; `name` is the operation's id for whoever generates a client."""
    return PathItem(get=_operation(name, summary, answers, asked))


def _post(name: str, summary: str, body: dict[str, MediaType], answers: Answers, *asked: Param) -> PathItem:
    """An address that takes something; always with our header."""
    return PathItem(post=_operation(name, summary, answers, (HEADER, *asked), body))


def _operation(
    name: str,
    summary: str,
    answers: Answers,
    asked: Sequence[Param],
    body: dict[str, MediaType] | None = None,
) -> Operation:
    return Operation(
        operationId=name,
        summary=summary,
        parameters=list(asked) or None,
        requestBody=RequestBody(required=True, content=body) if body else None,
        responses=answers,
    )


def _paths() -> dict[str, PathItem]:
    return {
        "/api/scans": _post(
            "postScans",
            "The one door: up to 100 acts of one phone. Safe to repeat.",
            _json(Batch),
            _answers(BatchOut, 400, 401, 403, 413),
        ),
        "/api/verdicts": _get(
            "getVerdicts",
            "Verdicts that changed since the last question",
            _answers(VerdictsOut, 401),
            _query("since", "integer", "rev of the last answer"),
            _query("dev", "string", "the phone"),
        ),
        "/api/me": _get("getMe", "Who am I", _answers(MeOut, 401)),
        "/api/jobs": _get("getJobs", "Today's jobs", _answers(JobsOut, 401)),
        "/api/jobs/{id}/pack": _get(
            "getPack",
            "All that a phone needs for a job; ETag and 304",
            _answers(PackOut, 401, 404),
            _path("id", "consignment"),
        ),
        "/api/evidence/{sha256}": _evidence(),
        "/api/decode": _post(
            "decode",
            "Read the codes in a photo that the phone could not read itself",
            _PICTURE,
            _answers(DecodeOut, 401, 413, 422),
            _query("expected", "integer", "labels in the picture"),
            _query("serials", "integer", "1: makers' barcodes too"),
        ),
        **_ledger(),
        **_phones(),
        **_push(),
        "/api/relief/shelters": _get(
            "getShelters", "Shelters at which I may receive goods", _answers(SheltersOut, 401)
        ),
        "/api/relief/shelters/{shelter_id}/pack": _get(
            "getShelterPack",
            "All that a phone needs to receive goods at a shelter; ETag and 304",
            _answers(ShelterPackOut, 401, 403, 404),
            _path("shelter_id", "shelter"),
        ),
        "/api/supplies/cards/activate": _post(
            "activateCard",
            "Log a phone in by a shelter's card and enrol its key. Safe to repeat. Needs no login.",
            _json(ActivateIn),
            _answers(ActivateOut, 400, 403, 422, 429, ok="201"),
        ),
        "/api/nodes/requests": _post(
            "askToWatch",
            "A node of another organisation asks to be admitted. Safe to repeat.",
            _json(NodeRequestIn),
            _answers(NodeRequestOut, 400, 403, 404, 413, 422, 429) | _answers(NodeRequestOut, ok="202"),
        ),
        "/healthz": PathItem(get=Operation(operationId="health", responses=_answers(HealthOut))),
    }


def _evidence() -> PathItem:
    """Photos go in and out under their hash."""
    photo = _path("sha256", "64 hex digits of the SHA-256 of the photo")
    size = _query("size", "string", "thumb, view or original")
    kept = _answers(EvidenceOut, 401, 403, 413, 422, ok="201")
    shown: Answers = {"200": Answer(description="the picture", content=_PICTURE)}
    put = "Keep a photo under its hash; resumable by repeating"
    return PathItem(
        put=_operation("putEvidence", put, kept, [photo, HEADER], _PICTURE),
        get=_operation("getEvidence", "A photo, for who may see it", shown, [photo, size]),
    )


def _push() -> dict[str, PathItem]:
    """Messages to installed apps."""
    taken, off = (
        _answers(NothingOut, 400, 401, 403, 404, 422, 429, ok="201"),
        _answers(NothingOut, 400, 401, 403),
    )
    return {
        "/api/push": _get(
            "getPushKey", "The key to subscribe with; 404: not here", _answers(PushOut, 401, 404)
        ),
        "/api/push/subscription": PathItem(
            post=_operation(
                "subscribe", "Tell this app. Safe to repeat.", taken, [HEADER], _json(SubscriptionIn)
            ),
            delete=_operation("unsubscribe", "Tell it no longer", off, [HEADER], _json(EndpointIn)),
        ),
    }


def _ledger() -> dict[str, PathItem]:
    """What phones ask about logs."""
    log = _path("log", "the log")
    proof = Answer(description="c2sp.org/tlog-proof@v1", content={"text/plain": MediaType()})
    return {
        "/api/ledger/{log}/proofs/{entry_id}": _get(
            "getProof",
            "That an entry is in the log: a C2SP tlog-proof file, to be checked without us",
            _answers(Problem, 401, 403, 404, 409) | {"200": proof},
            log,
            _path("entry_id", "id of the entry (of a scan: the scan's)"),
        ),
        "/api/ledger/{log}/state": _get(
            "getLedgerState",
            "How many entries are recorded, signed, cosigned and anchored",
            _answers(LedgerStateOut, 401, 404),
            log,
        ),
        "/api/ledger/policies": _get(
            "getPolicies",
            "Whose signatures count, for each log that is served here. Public.",
            _answers(PoliciesOut, 429),
        ),
    }


def _phones() -> dict[str, PathItem]:
    """What phones ask about themselves."""
    return {
        "/api/phones/enrol": _post(
            "enrolPhone",
            "Bind this phone's key to the person who is logged in, by a code. Safe to repeat.",
            _json(EnrolIn),
            _answers(EnrolOut, 400, 401, 403, 409, 422, 429, ok="201"),
        ),
        "/api/phones/self": _get(
            "getPhone",
            "What is known of this phone, and which others it could replace",
            _answers(SelfOut, 401),
            _query("dev", "string", "the phone"),
        ),
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
