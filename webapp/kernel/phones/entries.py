"""What this room writes into the log. Pure."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from webapp.kernel.intake.format import Body, Millis, Pseudonym, Sha256, Uuid

ENROLLED, REVOKED, PASS = "phone.enrolled", "phone.revoked", "phone.pass"

#: 65 bytes in standard base64.
Key = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z+/]{87}=$")]
OptionalDev = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")]
Number = Annotated[int, Field(ge=1, le=2**52)]
#: A day pass is for a day's work, and a night's drive.
PASS_LIVES_MS = 24 * 3_600_000


class Reason(StrEnum):
    """Why a phone's key is no longer good."""

    LOST = "lost"
    STOLEN = "stolen"
    LEFT = "left"
    REPLACED = "replaced"

    @property
    def text(self) -> str:
        """On screen."""
        return REASON_TEXTS[self]


REASON_TEXTS = {
    Reason.LOST: "なくした",
    Reason.STOLEN: "盗まれた",
    Reason.LEFT: "使う人が替わった・離任した",
    Reason.REPLACED: "別の電話に替えた",
}


class Seam(Body):
    """Where the chain of the phone that is replaced ended, as far as its log knows."""

    seq: Number
    hash: Sha256


class EnrolledBody(Body):
    """A phone's key in this log: from `from` on each of its scans is signed and chained.

    `after` is the phone that it replaces, `seam` the end of that one's chain. `issuer` let it in by a code; it is
    empty where the phone was enrolled because its holder's is in another log of this server.
    """

    dev: Uuid
    key: Key
    holder: Pseudonym
    first: Number = Field(alias="from")
    after: OptionalDev = ""
    seam: Seam | None = None
    until: None = None  # only a day pass ends by itself
    issuer: Annotated[str, StringConstraints(pattern=r"^(p-[0-9a-f]{20})?$")] = ""


class RevokedBody(Body):
    """A phone whose key is no longer good, why, and since when it was out of its holder's hands (ms)."""

    dev: Uuid
    reason: Literal["lost", "stolen", "left", "replaced"]
    lost_at: Millis


class PassBody(Body):
    """A day pass: the key of a substitute's phone, for one job and until a moment (ms)."""

    dev: Uuid
    key: Key
    holder: Pseudonym
    role: Literal["driver", "itad_technician", "itad_receiver"]
    job: Uuid
    until: Millis
