"""What a phone sends and what it gets back. These models validate requests and describe the API (OpenAPI
3.1).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
OptionalUuid = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
OptionalSha256 = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
Pseudonym = Annotated[str, StringConstraints(pattern=r"^p-[0-9a-f]{20}$")]
Millis = Annotated[int, Field(ge=-(2**52), le=2**52, description="ms since the Unix epoch, UTC")]
Word = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z _.:/+()-]{0,64}$")]
Text = Annotated[str, StringConstraints(max_length=128)]
#: One of our labels, or the random name that a phone gave to a thing without one (`x-` and 20 hex digits): what stands
#: on that thing, a maker's serial number perhaps, lies in the vault.
CodeText = Annotated[str, StringConstraints(pattern=r"^([0-9A-HJKMNP-TV-Z]{17}|x-[0-9a-f]{20})?$")]
StepText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]{0,32}$")]
Revision = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{0,40}$")]

MAX_ITEMS = 100
MAX_BYTES = 512 * 1024


class Act(BaseModel):
    """The JSON inside `p`: an observation (`custody.scan`) or a command. Unknown fields are refused.

    Holds nothing personal, no serial number and no free text: those go into `open`, and `commit` binds them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    v: Annotated[int, Field(ge=1, le=1, description="version of this form")]
    id: Uuid
    log: Annotated[str, StringConstraints(min_length=1, max_length=16)]
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=64)]
    actor: Pseudonym
    at: Millis
    step: StepText = ""
    code: CodeText = ""
    parent: CodeText = ""
    job: OptionalUuid = ""
    src: Literal["camera", "photo", "typed", "wedge", "form", ""] = ""
    dev: OptionalUuid = ""
    seq: Annotated[int, Field(ge=0, le=2**52)] = 0
    prev: OptionalSha256 = ""
    wit: Annotated[tuple[Pseudonym, ...], Field(max_length=8, strict=False)] = ()
    mono: Annotated[int, Field(ge=0, le=2**52)] = 0
    boot: OptionalUuid = ""
    off: Annotated[int, Field(ge=-(2**52), le=2**52)] | None = None
    off_age: Annotated[int, Field(ge=0, le=2**52)] | None = None
    off_err: Annotated[int, Field(ge=0, le=2**52)] | None = None
    place: OptionalUuid = ""
    ev: Annotated[tuple[Sha256, ...], Field(max_length=12, strict=False)] = ()
    body: dict[str, Any] = {}
    commit: OptionalSha256 = ""
    base: Revision = ""
    said: Literal["ok", "attention", "unknown", ""] = ""
    app: Revision = ""


class Body(BaseModel):
    """The body of a command: these fields and no others. Free text goes into `open`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Opened(BaseModel):
    """Salt and data that open the commitment of an act. Goes to the vault, never into the log."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    salt: Sha256
    data: dict[str, Any]


class Item(BaseModel):
    """One act: the string as it was signed, its signature, and what only the vault may keep."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    p: Annotated[str, StringConstraints(max_length=40_000)]
    # 64 bytes in base64 (Ed25519, P-256), or nothing: there is no room for words
    s: Annotated[str, StringConstraints(pattern=r"^([0-9A-Za-z+/]{86}==)?$")] = ""
    open: Opened | None = None


class Batch(BaseModel):
    """Up to 100 acts of one phone."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    dev: OptionalUuid = ""
    sent_at: Millis = 0
    items: list[Any] = Field(
        description=f"at most {MAX_ITEMS} objects of the form Item; each is judged alone"
    )


class FindingOut(BaseModel):
    """A typed discrepancy that concerns an act, in words."""

    code: str
    severity: Literal["block", "warn", "wait"]
    text: str


class ReceiptOut(BaseModel):
    """`recorded` or `duplicate`: it stands at (log, index). `refused`: it does not, and `text` says why."""

    id: str
    status: Literal["recorded", "duplicate", "refused"]
    log: str = ""
    index: int = -1
    verdict: Literal["ok", "attention", "waiting", ""] = ""
    findings: list[FindingOut] = []
    code: str = ""
    text: str = ""


class BatchOut(BaseModel):
    """Receipts in the order of the items."""

    server_at: Millis
    receipts: list[ReceiptOut]


class VerdictOut(BaseModel):
    """The present verdict of an act that this phone sent."""

    id: str
    verdict: Literal["ok", "attention", "waiting"]
    findings: list[FindingOut]


class VerdictsOut(BaseModel):
    """Verdicts that changed after `since`; ask again with `rev`."""

    rev: int
    verdicts: list[VerdictOut]


class Problem(BaseModel):
    """Every error in JSON: a code that never changes and a Japanese sentence."""

    code: str
    text: str
