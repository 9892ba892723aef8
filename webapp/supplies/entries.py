"""What this room writes into the log: kinds, and the bodies of its commands and scans. Pure.

Nothing here names a person, an address or a place in words: those lie in the vault (`open`).
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from webapp.kernel.base.ids import derived_id
from webapp.kernel.intake.format import Body, Millis, Uuid
from webapp.supplies.steps import MOST, MOST_NEEDS, MOST_PARCELS, AcceptPolicy, Audience, ReceiveMode, Step

#: Citizens who send goods are people of this one organisation; they do not see each other.
INDIVIDUALS = derived_id("supplies", "individuals")

SCAN = "supplies.scan"
DISASTER_OPENED = "supplies.disaster_opened"
DISASTER_CHANGED = "supplies.disaster_changed"
DISASTER_CLOSED = "supplies.disaster_closed"
SHELTER_SET = "supplies.shelter_set"
ITEM_SET = "supplies.item_set"
NEEDS_REGISTERED = "supplies.needs_registered"
NEED_CHANGED = "supplies.need_changed"
NEED_CONFIRMED = "supplies.need_confirmed"
NEED_STOPPED = "supplies.need_stopped"
NEED_EXPIRED = "supplies.need_expired"
NEED_RAISED = "supplies.need_raised"
NEED_MADE = "supplies.need_made"
OFFERED = "supplies.offered"
OFFER_ACTIVATED = "supplies.offer_activated"
OFFER_WITHDRAWN = "supplies.offer_withdrawn"
OFFER_EXPIRED = "supplies.offer_expired"
SENDER_VERIFIED = "supplies.sender_verified"
HELD = "supplies.held"
REQUESTED = "supplies.requested"
LABELLED = "supplies.labelled"
PACKED = "supplies.packed"
QUANTITY_CHANGED = "supplies.quantity_changed"
DECLINED = "supplies.declined"
LAPSED = "supplies.lapsed"
CANCELLED = "supplies.cancelled"
SHIPPED = "supplies.shipped"
LOST = "supplies.lost"
ASKED = "supplies.asked"
CLOSED_SHORT = "supplies.closed_short"
SURPLUS_OFFERED = "supplies.surplus_offered"
EXPORTED = "supplies.exported"

Quantity = Annotated[int, Field(ge=1, le=MOST)]
Count = Annotated[int, Field(ge=0, le=MOST)]


def _a_day(number: int) -> int:
    """Raises ValueError for what stands in no calendar: no label could say it."""
    if number:
        date(number // 10_000 if number > 20_000_000 else 0, number // 100 % 100, number % 100)
    return number


#: yyyymmdd; 0: there is none.
Day = Annotated[int, Field(ge=0, le=99_991_231), AfterValidator(_a_day)]
ItemCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9A-Z]{1,7}$")]
#: Size or kind of an item: a word of its table, or "" where it has none.
Variant = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{0,24}$")]
Token = Annotated[str, StringConstraints(pattern=r"^[0-9a-z_]{1,32}$")]
Label = Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{17}$")]
OptionalId = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")]
CommonId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{0,24}$")]
E6 = Annotated[int, Field(ge=-180_000_000, le=180_000_000)]
Percent = Annotated[int, Field(ge=0, le=100)]


class DisasterOpened(Body):
    """A disaster, or a drill of one. Its name lies in the vault.

    `unverified_percent`: how much of a need people whose mail is not verified may hold (0: nothing).
    """

    drill: bool
    unverified_percent: Percent = 0


class DisasterChanged(Body):
    """Another name or share."""

    disaster: Uuid
    unverified_percent: Percent


class DisasterClosed(Body):
    """Needs and offers of it are shown no longer; what is on the way can still arrive."""

    disaster: Uuid


class ShelterSet(Body):
    """A shelter as it is from now on; name, address, mail and telephone lie in the vault."""

    shelter: Uuid
    receive_mode: ReceiveMode = Field(strict=False)
    accept_policy: AcceptPolicy = Field(strict=False)
    min_lot: Count = 0
    storage_ml: Annotated[int, Field(ge=0, le=2**52)] = 0
    hub: OptionalId = ""
    shown: bool = True
    open: bool = True
    lat_e6: E6 | None = None
    lon_e6: E6 | None = None
    common_id: CommonId = ""
    heads: Annotated[dict[Token, Count], Field(default_factory=dict, max_length=24)]


class ItemSet(Body):
    """An item of this municipality's own, or one of the base list switched on or off. Its name lies in the vault."""

    item: ItemCode
    category: Token
    unit: Token
    variants: Annotated[list[Variant], Field(default_factory=list, max_length=40)]
    shelf_life: Literal["none", "best_before", "expiry", "expiry_optional"] = "none"
    tags: Annotated[list[Token], Field(default_factory=list, max_length=12)]
    vol_ml: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    grams: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    active: bool = True


class NeedLine(Body):
    """One need: what, how many, until when, for whom."""

    id: Uuid
    item: ItemCode
    variant: Variant = ""
    quantity: Quantity
    need_by: Millis | None = None
    audience: Annotated[
        list[Annotated[Audience, Field(strict=False)]], Field(default_factory=list, max_length=9)
    ]
    persons: Count | None = None
    excluded: Annotated[list[Token], Field(default_factory=list, max_length=40)]
    priority: Annotated[int, Field(ge=1, le=3)] = 2


class NeedsRegistered(Body):
    """Needs of one shelter. `proxy`: the municipality enters them for a shelter that cannot."""

    disaster: Uuid
    shelter: Uuid
    needs: Annotated[list[NeedLine], Field(min_length=1, max_length=MOST_NEEDS)]
    proxy: bool = False


class NeedChanged(Body):
    """Another quantity, day or urgency. Below what is on its way already only with `force`."""

    need: Uuid
    quantity: Quantity
    need_by: Millis | None = None
    priority: Annotated[int, Field(ge=1, le=3)] = 2
    force: bool = False


class NeedConfirmed(Body):
    """Still needed, somebody has just looked."""

    needs: Annotated[list[Uuid], Field(min_length=1, max_length=MOST_NEEDS)]


class NeedStopped(Body):
    """「もう要りません」."""

    need: Uuid


class Offered(Body):
    """Goods that somebody can send; with `need` a pledge for it (③), else free (④).

    `allergens` None: not declared. `lot`: only whole multiples of it can be requested.
    """

    disaster: Uuid
    item: ItemCode
    variant: Variant = ""
    quantity: Quantity
    best_before: Day = 0
    allergens: Annotated[list[Token], Field(max_length=40)] | None = None
    available_until: Millis | None = None
    lot: Annotated[int, Field(ge=1, le=MOST)] = 1
    need: OptionalId = ""
    eta_days: Annotated[int, Field(ge=0, le=60)] = 3


class SenderVerified(Body):
    """The mail address of this sender works: what waited for that takes effect."""


class OfferWithdrawn(Body):
    """So many of an offer are not there any more."""

    offer: Uuid
    quantity: Quantity


class Requested(Body):
    """送付依頼: `match` a pledge, or "" for a free offer (the act's id is the shipment's then).

    `need` "": the shelter has none for it, one is made. `raise`: more than needed is asked for knowingly.
    """

    match: OptionalId = ""
    offer: Uuid
    shelter: Uuid
    need: OptionalId = ""
    quantity: Quantity
    raised: bool = False


class Box(Body):
    """One parcel of a shipment."""

    quantity: Quantity
    best_before: Day = 0


class Packed(Body):
    """How many boxes there are, and what is in each: the labels are made anew."""

    match: Uuid
    parcels: Annotated[list[Box], Field(min_length=1, max_length=MOST_PARCELS)]


class QuantityChanged(Body):
    """Less than was asked for; before shipping, by either side."""

    match: Uuid
    quantity: Quantity


class OfMatch(Body):
    """A shipment."""

    match: Uuid


class Cancelled(Body):
    """Before shipping, by either side. `withdraw`: the sender does not have the goods any more."""

    match: Uuid
    by: Literal["sender", "receiver"]
    withdraw: bool = False


class Shipped(Body):
    """「発送」: so many have left, to be expected at `eta` (ms)."""

    match: Uuid
    quantity: Quantity
    eta: Millis | None = None


class SurplusOffered(Body):
    """What a shelter has too much of, to be offered to others."""

    disaster: Uuid
    shelter: Uuid
    item: ItemCode
    variant: Variant = ""
    quantity: Quantity
    best_before: Day = 0
    allergens: Annotated[list[Token], Field(max_length=40)] | None = None


class Exported(Body):
    """Who took out which list; `disaster` "" where it is of none."""

    disaster: OptionalId = ""
    label: Literal["statistics.csv", "shelters.csv", "needs.csv", "parcels.csv"]


class _Arrived(Body):
    """`accept`: it stays here although it was meant for another shelter."""

    accept: bool = False


class _Counted(Body):
    """As listed, or counted: what is not there is worked out."""

    as_listed: bool = False
    good: Count = 0
    damaged: Count = 0
    expired: Count = 0
    missing: Count = 0


class _Forwarded(Body):
    """On to where it belongs; the label stays."""

    to: Uuid


class _Outside(Body):
    """Goods without a label of ours."""

    item: ItemCode
    variant: Variant = ""
    quantity: Quantity
    best_before: Day = 0


class _Void(Body):
    """What it undoes."""

    target: Uuid


_SCANS: dict[str, type[Body]] = {
    Step.ARRIVED: _Arrived,
    Step.COUNTED: _Counted,
    Step.FORWARDED: _Forwarded,
    Step.OUTSIDE: _Outside,
    Step.VOID: _Void,
}


def scan_fault(step: str, body: dict[str, Any]) -> str:
    """The field of a scan's body that is not of its form, or ""; an unknown step is "step"."""
    shape = _SCANS.get(step)
    if shape is None:
        return "step"
    try:
        shape.model_validate(body)
    except ValidationError as problem:
        return ".".join(map(str, problem.errors()[0]["loc"]))[:60] or "body"
    return ""
