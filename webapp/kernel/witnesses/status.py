"""How far a log has come, and how the nodes of other organisations are. Pure: time comes in as an argument."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from webapp.kernel.tlog.policies import least_of

#: The row of `NodeState` that tells of the signer itself; no node can have this name.
SIGNER = ""
#: A round takes a few seconds; a node that has not cosigned after this long is late.
LATE_AFTER_MS = 30_000
#: What was written this long ago and is not signed means that the signer stands still.
STUCK_AFTER_MS = 60_000


class Health(StrEnum):
    """What people call a node."""

    AWAKE = "awake"
    LATE = "late"
    SILENT = "silent"
    DISAGREES = "disagrees"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a node last; instants in ms, None for never."""

    name: str
    organisation: str
    url: str
    size: int = 0
    answered_at: int | None = None
    failed_at: int | None = None
    failure: str = ""
    disagreed_at: int | None = None


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many entries of a log are recorded, signed, cosigned by the quorum, and anchored on the chain."""

    recorded: int
    signed: int
    cosigned: int
    anchored: int
    #: When the newest checkpoint was signed, and when the oldest entry that is not signed was recorded (ms).
    signed_at: int | None = None
    waiting_since: int | None = None
    #: Why the signer does not sign, a code of signer.rules.Why or of the publisher; empty while it does.
    refusal: str = ""


def health(node: Seen, sizes: Sizes, now: int) -> Health:
    """One word for a node. Disagreement outweighs everything: it stays until somebody has looked into it."""
    if node.disagreed_at is not None:
        return Health.DISAGREES
    if node.failed_at is not None and node.failed_at > (node.answered_at or 0):
        return Health.SILENT
    if node.answered_at is None:
        return Health.NEW
    if node.size < sizes.signed and now - (sizes.signed_at or now) > LATE_AFTER_MS:
        return Health.LATE
    return Health.AWAKE


#: Refusals that speak of the log or the key themselves: a restored backup, a rewritten entry, a lost key.
GRAVE = frozenset({"smaller", "inconsistent", "forked", "key_lost", "broken", "other_key", "unknown_origin"})


class Mood(StrEnum):
    """The whole in one word, for the sentence at the top of the page."""

    EMPTY = "empty"
    WITNESSED = "witnessed"
    ON_ITS_WAY = "on_its_way"
    ALONE = "alone"
    REFUSED = "refused"
    STUCK = "stuck"
    TOO_FEW = "too_few"
    ALARM = "alarm"


def mood(sizes: Sizes, healths: Sequence[Health], now: int) -> Mood:
    """What an officer has to know first: an alarm before a standstill, a standstill before good news."""
    if Health.DISAGREES in healths:
        return Mood.ALARM
    if sizes.refusal in GRAVE:
        return Mood.REFUSED
    if sizes.recorded == 0:
        return Mood.EMPTY
    if sizes.signed < sizes.recorded and now - (sizes.waiting_since or now) > STUCK_AFTER_MS:
        return Mood.STUCK
    if not healths:
        return Mood.ALONE
    if sizes.cosigned == sizes.recorded:
        return Mood.WITNESSED
    return Mood.ON_ITS_WAY if can_lose(healths) >= 0 else Mood.TOO_FEW


def can_lose(healths: Iterable[Health]) -> int:
    """How many more nodes may fall silent before nothing is cosigned any longer; negative: too few already."""
    every = list(healths)
    awake = sum(each in {Health.AWAKE, Health.LATE, Health.NEW} for each in every)
    return awake - least_of(len(every))
