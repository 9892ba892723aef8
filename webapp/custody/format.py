"""What phones fetch ahead, as models that describe the API (OpenAPI 3.1)."""

from pydantic import BaseModel

from webapp.kernel.intake.format import Millis


class OrganisationOut(BaseModel):
    """Where a person works."""

    id: str
    name: str
    kind: str


class PersonOut(BaseModel):
    """Who is logged in."""

    id: str
    name: str
    login: str
    roles: list[str]
    organisation: OrganisationOut


class LogOut(BaseModel):
    """A log the person works in, and the pseudonym by which it knows them."""

    id: str
    name: str
    actor: str


class MeOut(BaseModel):
    """GET /api/me."""

    person: PersonOut
    logs: list[LogOut]
    server_at: Millis
    build: str


class JobOut(BaseModel):
    """A consignment in the list of today's jobs. `rev` changes when anything in its log does."""

    id: str
    log: str
    title: str
    municipality: str
    carrier: str
    itad: str
    rev: str
    due: Millis | None
    counts: dict[str, int]
    open: int


class JobsOut(BaseModel):
    """GET /api/jobs."""

    server_at: Millis
    jobs: list[JobOut]


class WitnessOut(BaseModel):
    """Somebody who can stand beside or take over."""

    p: str
    name: str
    role: str
    roles: list[str]
    org: str


class DeviceOut(BaseModel):
    """A listed device; `code` is "" until a sticker is bound, `cls` 3 is the highest, 0 holds no data."""

    id: str
    code: str
    asset: str
    kind: str
    kind_text: str
    model: str
    serial: str
    drive_serial: str
    cls: int
    place: str
    step: str
    cage: str
    done: list[str]


class CageOut(BaseModel):
    """A cage with its frozen manifest, if it is locked; `stopped`: an open question holds it up."""

    code: str
    name: str
    state: str
    seal: str
    lock: str
    manifest: list[str]
    manifest_hash: str
    loaded: list[str]
    counted: list[str]
    handed_to: str
    departed: Millis | None
    arrived: Millis | None
    stopped: bool


class CodesOut(BaseModel):
    """How our QR codes begin."""

    prefixes: list[str]


class PolicyOut(BaseModel):
    """The policy table that scans are judged by."""

    id: str
    required: dict[str, list[str]]


class PhoneKeyOut(BaseModel):
    """A phone whose signatures count here: public key (65 bytes, base64), whose, and until when (a day pass)."""

    dev: str
    key: str
    p: str
    until: Millis | None


class PackOut(BaseModel):
    """GET /api/jobs/{id}/pack: all that a phone needs for this job. Drivers get no devices."""

    rev: str
    server_at: Millis
    job: JobOut
    actor: str
    people: list[WitnessOut]
    phones: list[PhoneKeyOut]
    devices: list[DeviceOut]
    cages: list[CageOut]
    codes: CodesOut
    policy: PolicyOut
