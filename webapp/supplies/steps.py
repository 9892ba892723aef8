"""The tables of this room: states, what a scan can say, findings and their severities. Pure."""

from enum import StrEnum
from types import MappingProxyType

#: One unit of anything is whole; more than this in one line is a slip of the hand.
MOST = 1_000_000
#: A pledge that the receiver does not answer frees what it holds (reference: 48 h).
PLEDGE_LIVES_MS = 48 * 3_600_000
#: A need that nobody confirms after its day is passed is shown no longer.
NEED_GRACE_MS = 24 * 3_600_000
#: Not scanned three days after it was due: both are asked. After ten the municipality may say that it is lost.
ASK_AFTER_MS = 3 * 24 * 3_600_000
LOST_AFTER_MS = 10 * 24 * 3_600_000
#: Needs in one registration, parcels of one shipment: one entry holds at most 65,535 bytes.
MOST_NEEDS = 100
MOST_PARCELS = 200
#: Needs of these people for fewer than `SMALL_CELL` persons are public for the whole municipality only.
SMALL_CELL = 5


class Step(StrEnum):
    """What a scan of a parcel says."""

    ARRIVED = "arrived"
    COUNTED = "counted"
    FORWARDED = "forwarded"
    OUTSIDE = "outside"
    VOID = "void"


STEP_TITLES = MappingProxyType(
    {
        Step.ARRIVED: "到着",
        Step.COUNTED: "受領",
        Step.FORWARDED: "転送",
        Step.OUTSIDE: "外部からの到着",
        Step.VOID: "訂正",
    }
)


class MatchState(StrEnum):
    """A shipment (便) of an offer to a shelter. What is still open follows from quantities, not from here."""

    PLEDGED = "pledged"
    REQUESTED = "requested"
    SHIPPED = "shipped"
    ARRIVED = "arrived"
    RECEIVED = "received"
    DECLINED = "declined"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def text(self) -> str:
        """On screen."""
        return MATCH_TEXTS[self]

    @property
    def is_over(self) -> bool:
        """Nothing is expected of anybody any more."""
        return self in _OVER


MATCH_TEXTS = MappingProxyType(
    {
        MatchState.PLEDGED: "申し出あり",
        MatchState.REQUESTED: "送付依頼",
        MatchState.SHIPPED: "発送",
        MatchState.ARRIVED: "到着",
        MatchState.RECEIVED: "受領",
        MatchState.DECLINED: "辞退",
        MatchState.LAPSED: "期限切れ",
        MatchState.CANCELLED: "取り消し",
        MatchState.LOST: "不着",
    }
)
_OVER = frozenset({MatchState.RECEIVED, MatchState.DECLINED, MatchState.LAPSED, MatchState.CANCELLED})
#: Goods have left the sender.
ON_THE_WAY = frozenset({MatchState.SHIPPED, MatchState.ARRIVED, MatchState.RECEIVED, MatchState.LOST})


class OfferState(StrEnum):
    """An offer (提供物資). Used up when nothing is available: that follows from quantities."""

    UNVERIFIED = "unverified"
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def text(self) -> str:
        """On screen."""
        return OFFER_TEXTS[self]


OFFER_TEXTS = MappingProxyType(
    {
        OfferState.UNVERIFIED: "メール確認待ち",
        OfferState.ACTIVE: "提供中",
        OfferState.WITHDRAWN: "取り下げ",
        OfferState.EXPIRED: "期限切れ",
    }
)


class ReceiveMode(StrEnum):
    """How goods reach a shelter."""

    DOOR = "door"
    DEPOT = "depot"
    HUB = "hub"
    CLOSED = "closed"

    @property
    def text(self) -> str:
        """On screen."""
        return RECEIVE_TEXTS[self]


RECEIVE_TEXTS = MappingProxyType(
    {
        ReceiveMode.DOOR: "避難所へ直接配達",
        ReceiveMode.DEPOT: "運送会社の営業所止め",
        ReceiveMode.HUB: "集積拠点へ",
        ReceiveMode.CLOSED: "受け入れ停止中",
    }
)


class AcceptPolicy(StrEnum):
    """From whom a shelter takes goods."""

    ANYONE = "anyone"
    ORGANISATIONS = "organisations"
    MIN_LOT = "min_lot"
    NONE = "none"

    @property
    def text(self) -> str:
        """On screen."""
        return ACCEPT_TEXTS[self]


ACCEPT_TEXTS = MappingProxyType(
    {
        AcceptPolicy.ANYONE: "どなたからでも",
        AcceptPolicy.ORGANISATIONS: "団体・自治体のみ",
        AcceptPolicy.MIN_LOT: "まとまった数量のみ",
        AcceptPolicy.NONE: "受け付けない",
    }
)


class Audience(StrEnum):
    """Whom a need is for."""

    INFANT = "infant"
    CHILD = "child"
    ELDERLY = "elderly"
    CARE = "care"
    DISABILITY = "disability"
    WOMEN = "women"
    ALLERGY = "allergy"
    RELIGIOUS = "religious"
    PET = "pet"

    @property
    def text(self) -> str:
        """On screen."""
        return AUDIENCE_TEXTS[self]


AUDIENCE_TEXTS = MappingProxyType(
    {
        Audience.INFANT: "乳児",
        Audience.CHILD: "こども",
        Audience.ELDERLY: "高齢者",
        Audience.CARE: "介護が必要な人",
        Audience.DISABILITY: "障害のある人",
        Audience.WOMEN: "女性",
        Audience.ALLERGY: "アレルギーのある人",
        Audience.RELIGIOUS: "宗教・菜食",
        Audience.PET: "ペット",
    }
)
#: Small-cell rule: 「1人、乳アレルギー、避難者15人の避難所」 names a child.
DELICATE = frozenset({Audience.INFANT, Audience.ALLERGY, Audience.DISABILITY, Audience.CARE})

PRIORITY_TEXTS = MappingProxyType({1: "急ぎ", 2: "通常", 3: "余裕あり"})

#: Finding → severity. `warn` is told and settles nothing; `wait` closes by itself.
FINDINGS = MappingProxyType(
    {
        "PARCEL_VOID": "warn",
        "PARCEL_UNKNOWN": "warn",
        "PARCEL_ELSEWHERE": "warn",
        "PARCEL_NOT_SHIPPED": "wait",
        "PARCEL_STOPPED": "warn",
        "PARCEL_SHORT": "warn",
        "PARCEL_OVER": "warn",
        "PARCEL_EXPIRED": "warn",
        "SHELTER_CLOSED": "warn",
        "DISASTER_UNKNOWN": "warn",
    }
)
