"""Who may do what: one table. Pure, so that screens, the door and the phone's pack read the same one.

Roles are those of GLOSSARY.md. A step is signed by who does it, a hand-over by both ends; who has to be a witness as
well, and for which class, stands in `custody.steps`.
A scan is never refused for a missing permission (what happened has happened): `scan.*` decides which buttons
a person sees and whether a recorded scan raises a question.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol


class OrganisationKind(StrEnum):
    """What an organisation is in the chain of custody or of supplies."""

    MUNICIPALITY = "municipality"
    CARRIER = "carrier"
    ITAD = "itad"
    SHELTER = "shelter"
    SUPPORTER = "supporter"

    @property
    def text(self) -> str:
        """Its name on screen."""
        return KIND_TEXTS[self]


class Role(StrEnum):
    """What a person does. One person may have several."""

    OFFICER = "officer"
    DRIVER = "driver"
    ITAD_TECHNICIAN = "itad_technician"
    ITAD_RECEIVER = "itad_receiver"
    ITAD_OPERATOR = "itad_operator"
    ITAD_CHECKER = "itad_checker"
    ITAD_REFURBISHER = "itad_refurbisher"
    ITAD_MANAGER = "itad_manager"
    SHELTER = "shelter"
    SUPPORTER = "supporter"
    AUDITOR = "auditor"
    ADMIN = "admin"

    @property
    def text(self) -> str:
        """Its name on screen."""
        return ROLE_TEXTS[self]


class Action(StrEnum):
    """What the table below speaks about."""

    CONSIGNMENT_VIEW = "consignment.view"
    CONSIGNMENT_CREATE = "consignment.create"
    CONSIGNMENT_IMPORT = "consignment.import"
    CODES_ISSUE = "codes.issue"
    CODES_VOID = "codes.void"
    SCAN_REGISTERED = "scan.registered"
    SCAN_SANITIZED = "scan.sanitized"
    SCAN_SANITIZE_FAILED = "scan.sanitize_failed"
    SCAN_DESTROYED_ON_SITE = "scan.destroyed_on_site"
    SCAN_LOADED = "scan.loaded"
    SCAN_LOCKED = "scan.locked"
    SCAN_HANDED_OVER = "scan.handed_over"
    SCAN_ACCEPTED = "scan.accepted"
    SCAN_DECLINED = "scan.declined"
    SCAN_ARRIVED = "scan.arrived"
    SCAN_OPENED = "scan.opened"
    SCAN_COUNTED = "scan.counted"
    SCAN_COUNT_CLOSED = "scan.count_closed"
    SCAN_DRIVE_EXTRACTED = "scan.drive_extracted"
    SCAN_DESTROYED = "scan.destroyed"
    SCAN_VOID = "scan.void"
    EVIDENCE_ADD = "evidence.add"
    EVIDENCE_VIEW = "evidence.view"
    DISCREPANCY_CLOSE = "discrepancy.close"
    LEDGER_READ = "ledger.read"
    LEDGER_REDACT = "ledger.redact"
    NODE_ADMIT = "node.admit"
    EXPORT = "export"
    PEOPLE_MANAGE = "people.manage"
    ORGANISATION_MANAGE = "organisation.manage"
    PLACES_MANAGE = "places.manage"
    PHONES_MANAGE = "phones.manage"
    NOTICES_VIEW = "notices.view"
    PHONES_PASS = "phones.pass"  # noqa: S105 - a day pass, no password
    SUPPLIES_VIEW = "supplies.view"
    DISASTER_MANAGE = "disaster.manage"
    SHELTERS_MANAGE = "shelters.manage"
    ITEMS_MANAGE = "items.manage"
    NEED_MANAGE = "need.manage"
    SCAN_PARCEL = "scan.parcel"
    OFFER_MAKE = "offer.make"


KIND_TEXTS = {
    OrganisationKind.MUNICIPALITY: "自治体",
    OrganisationKind.CARRIER: "運送会社",
    OrganisationKind.ITAD: "ITAD事業者",
    OrganisationKind.SHELTER: "避難所",
    OrganisationKind.SUPPORTER: "支援団体",
}

ROLE_TEXTS = {
    Role.OFFICER: "自治体職員",
    Role.DRIVER: "ドライバー",
    Role.ITAD_TECHNICIAN: "ITAD担当（現地）",
    Role.ITAD_RECEIVER: "ITAD担当（受入）",
    Role.ITAD_OPERATOR: "ITAD担当（破壊）",
    Role.ITAD_CHECKER: "ITAD担当（確認）",
    Role.ITAD_REFURBISHER: "ITAD担当（再生）",
    Role.ITAD_MANAGER: "ITAD責任者",
    Role.SHELTER: "避難所担当",
    Role.SUPPORTER: "支援者",
    Role.AUDITOR: "監査人",
    Role.ADMIN: "システム管理者",
}

#: The author of what no person wrote (`intake.machine`). Pseudonyms of people are random: none is ever this one.
SYSTEM = "p-" + "0" * 20
SYSTEM_TEXT = "システム（自動）"

_OFFICER = frozenset({Role.OFFICER})
_TECHNICIAN = frozenset({Role.ITAD_TECHNICIAN})
_RECEIVER = frozenset({Role.ITAD_RECEIVER})
_COUNTERS = frozenset({Role.ITAD_RECEIVER, Role.ITAD_CHECKER})
_OPERATOR = frozenset({Role.ITAD_OPERATOR})
_MANAGERS = frozenset({Role.ADMIN, Role.ITAD_MANAGER})
_ITAD = frozenset(role for role in Role if role.value.startswith("itad_"))
_CLOSERS = frozenset({Role.OFFICER, Role.ITAD_MANAGER})
_FIELD = _OFFICER | _ITAD | {Role.DRIVER}
_RECEIVING = _OFFICER | {Role.SHELTER}

PERMISSIONS: dict[Action, frozenset[Role]] = {
    Action.CONSIGNMENT_VIEW: _FIELD | {Role.AUDITOR},
    Action.CONSIGNMENT_CREATE: _OFFICER,
    Action.CONSIGNMENT_IMPORT: _OFFICER,
    Action.CODES_ISSUE: _CLOSERS,
    Action.CODES_VOID: _CLOSERS,
    Action.SCAN_REGISTERED: _OFFICER,
    Action.SCAN_SANITIZED: _TECHNICIAN,  # the officer witnesses
    Action.SCAN_SANITIZE_FAILED: _TECHNICIAN,
    Action.SCAN_DESTROYED_ON_SITE: _TECHNICIAN,
    Action.SCAN_LOADED: _OFFICER | _TECHNICIAN,
    Action.SCAN_LOCKED: _OFFICER,
    Action.SCAN_HANDED_OVER: _OFFICER | _RECEIVER | {Role.DRIVER},  # both ends countersign
    Action.SCAN_ACCEPTED: _OFFICER | _COUNTERS | {Role.DRIVER, Role.ITAD_MANAGER},
    Action.SCAN_DECLINED: _OFFICER | _COUNTERS | {Role.DRIVER, Role.ITAD_MANAGER},
    Action.SCAN_ARRIVED: _RECEIVER,
    Action.SCAN_OPENED: _RECEIVER,  # never a driver: no opening role exists in transit
    Action.SCAN_COUNTED: _COUNTERS,
    Action.SCAN_COUNT_CLOSED: _COUNTERS,
    Action.SCAN_DRIVE_EXTRACTED: _OPERATOR,
    Action.SCAN_DESTROYED: _OPERATOR,  # the checker witnesses
    Action.SCAN_VOID: _FIELD - {Role.ITAD_REFURBISHER, Role.ITAD_MANAGER},  # who can scan can correct
    Action.EVIDENCE_ADD: _FIELD,
    Action.EVIDENCE_VIEW: _OFFICER | _ITAD | {Role.AUDITOR},
    Action.DISCREPANCY_CLOSE: _CLOSERS,
    Action.LEDGER_READ: frozenset({Role.AUDITOR, Role.ADMIN, Role.OFFICER}),  # of the log's own municipality
    Action.LEDGER_REDACT: frozenset({Role.ADMIN, Role.OFFICER}),  # of the log's own municipality
    Action.NODE_ADMIT: frozenset({Role.ADMIN, Role.OFFICER}),
    Action.EXPORT: _CLOSERS | {Role.AUDITOR},
    Action.PEOPLE_MANAGE: _MANAGERS,
    Action.ORGANISATION_MANAGE: frozenset({Role.ADMIN}),
    Action.PLACES_MANAGE: frozenset({Role.ADMIN, Role.OFFICER}),
    Action.PHONES_MANAGE: _MANAGERS | _OFFICER,  # of the own organisation, and of those in its care
    Action.NOTICES_VIEW: frozenset({Role.ADMIN, Role.OFFICER}),  # of the log's own municipality
    Action.PHONES_PASS: _OFFICER,  # of the log's own municipality, by a signature of their phone
    Action.SUPPLIES_VIEW: _RECEIVING | {Role.AUDITOR, Role.ADMIN},
    Action.DISASTER_MANAGE: _OFFICER,
    Action.SHELTERS_MANAGE: _OFFICER | {Role.ADMIN},
    Action.ITEMS_MANAGE: _OFFICER | {Role.ADMIN},
    Action.NEED_MANAGE: _RECEIVING,  # of the own shelter; the municipality for all of its shelters
    Action.SCAN_PARCEL: _RECEIVING,
    Action.OFFER_MAKE: frozenset({Role.SUPPORTER}),
}

#: Which roles a person of such an organisation can be given.
ROLES_OF_KIND: dict[OrganisationKind, frozenset[Role]] = {
    OrganisationKind.MUNICIPALITY: frozenset(
        {Role.OFFICER, Role.SHELTER, Role.SUPPORTER, Role.AUDITOR, Role.ADMIN}
    ),
    OrganisationKind.CARRIER: frozenset({Role.DRIVER}),
    OrganisationKind.ITAD: _ITAD | {Role.DRIVER},
    OrganisationKind.SHELTER: frozenset({Role.SHELTER}),
    OrganisationKind.SUPPORTER: frozenset({Role.SUPPORTER, Role.AUDITOR}),
}

#: Kinds that have somebody of their own to manage their people, once the first one is there.
_MANAGE_THEMSELVES = frozenset({OrganisationKind.MUNICIPALITY, OrganisationKind.ITAD})


class Actor(Protocol):
    """As much of a person as a permission needs."""

    @property
    def roles(self) -> list[str]:
        """Values of `Role`."""

    @property
    def organisation_id(self) -> str:
        """The one organisation a person belongs to."""


class Managed(Protocol):
    """As much of an organisation as a permission needs."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def kind(self) -> OrganisationKind:
        """What it is."""

    @property
    def invited_by(self) -> str | None:
        """The organisation that entered it here, if any."""


def may(roles: Iterable[str], action: Action) -> bool:
    """Whether somebody with these roles may do this at all. Unknown roles count for nothing."""
    return not PERMISSIONS[action].isdisjoint(roles)


def may_manage_organisation(actor: Actor, organisation: Managed) -> bool:
    """An administrator changes the own organisation and those it has invited."""
    ours = actor.organisation_id in {organisation.id, organisation.invited_by}
    return ours and may(actor.roles, Action.ORGANISATION_MANAGE)


def may_manage_people(actor: Actor, organisation: Managed) -> bool:
    """Own people: administrator or ITAD manager. Those of a carrier, shelter or supporter: who invited it.

    An ITAD company serves several towns: a town that could reset its manager's password could read the
    others, so it manages its people itself (`may_begin` is how it gets the first one).
    """
    if actor.organisation_id == organisation.id:
        return may(actor.roles, Action.PEOPLE_MANAGE)
    return organisation.kind not in _MANAGE_THEMSELVES and may_manage_organisation(actor, organisation)


def may_begin(actor: Actor, organisation: Managed, settled: int) -> bool:
    """Who invited an ITAD company cares for its people until the first has set a password (`settled` > 0)."""
    return settled == 0 and may_manage_organisation(actor, organisation)


def in_order(roles: Iterable[str]) -> list[Role]:
    """Known roles, each once, in the order of this file: how they are stored and shown."""
    wanted = set(roles)
    return [role for role in Role if role in wanted]
