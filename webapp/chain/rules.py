"""What becomes of a transaction: states, waiting, fees, alarms. Pure: time and chance come in as arguments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

SECOND, MINUTE = 1_000, 60_000
LAG = 15 * MINUTE
"""Older than this and not final: somebody must look."""
CROWD = 1_000
"""So many rows waiting: somebody must look."""
IN_FLIGHT = 16
"""Transactions of one sender that nodes hold for us at a time (geth and Besu queue 64)."""


class State(StrEnum):
    """Where a row of the outbox stands."""

    QUEUED = "queued"  # not signed yet
    SENT = "sent"  # signed under a nonce and handed to a node; in no block that we know
    MINED = "mined"  # in a block that may still be replaced
    FINAL = "final"  # in a block deep enough; never looked at again
    FAILED = "failed"  # the contract said no; a person must look


OPEN = (State.QUEUED, State.SENT, State.MINED)


@dataclass(frozen=True, slots=True)
class Policy:
    """How deep is final (blocks, that of the transaction included) and how long to wait before sending again."""

    confirmations: int = 1
    first_wait: int = 10 * SECOND
    longest_wait: int = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction stands in a block; whether the contract took it."""

    block: int
    block_hash: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Item:
    """What the rules need to know of a row."""

    state: State
    nonce: int | None = None
    attempts: int = 0
    next_at: int = 0
    block: int | None = None
    block_hash: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a node says now: its newest block, how many transactions of ours are in blocks, this one's receipt (if
    any) and the hash of the block that now stands at the receipt's height.
    """

    head: int
    included: int
    receipt: Receipt | None = None
    canonical: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What the row becomes, and whether its transaction must be handed to a node again."""

    item: Item
    again: bool = False


def wait(attempts: int, policy: Policy, spread: float) -> int:
    """Milliseconds before the next try: doubles with each, up to a limit, less up to half of it by chance (0 ≤
    `spread` < 1), so that members do not all come back at once.
    """
    whole = min(policy.longest_wait, policy.first_wait << min(attempts, 16))
    return whole - int(whole * spread / 2)


def judge(item: Item, seen: Seen, policy: Policy, now: int, spread: float) -> Change:
    """What becomes of a transaction that was handed to a node.

    A receipt counts only if its block is the one that the chain has at that height; otherwise the transaction is as
    if it had never been mined, and keeps its nonce. FINAL and FAILED stay what they are.
    """
    if item.state not in (State.SENT, State.MINED):
        return Change(item)
    receipt = seen.receipt
    if receipt is None or receipt.block_hash != seen.canonical:
        return _missing(item, seen, policy, now, spread)
    found = replace(item, block=receipt.block, block_hash=receipt.block_hash)
    if not receipt.taken:
        return Change(replace(found, state=State.FAILED))
    deep = seen.head - receipt.block + 1 >= policy.confirmations
    return Change(replace(found, state=State.FINAL if deep else State.MINED))


def _missing(item: Item, seen: Seen, policy: Policy, now: int, spread: float) -> Change:
    """In no block. If something else took the nonce, begin anew: the contract does not mind being told twice."""
    if item.nonce is not None and seen.included > item.nonce:
        return Change(Item(State.QUEUED, attempts=item.attempts + 1, next_at=now))
    lost = item.state == State.MINED  # by a re-organisation: nodes may have dropped it for good
    item = replace(item, state=State.SENT, block=None, block_hash="")
    if not lost and now < item.next_at:
        return Change(item)
    attempts = item.attempts + 1
    return Change(replace(item, attempts=attempts, next_at=now + wait(attempts, policy, spread)), again=True)


def postponed(item: Item, policy: Policy, now: int, spread: float) -> Item:
    """A row that could not be sent yet: tried again later."""
    attempts = item.attempts + 1
    return replace(item, attempts=attempts, next_at=now + wait(attempts, policy, spread))


def next_nonce(included: int, flying: Iterable[int]) -> int:
    """The nonce of a new transaction: after all that are in blocks and all that we still hold. Leaves no gap."""
    return max([included, *(nonce + 1 for nonce in flying)])


@dataclass(frozen=True, slots=True)
class Fee:
    """Wei per gas (EIP-1559). Both 0 on a chain whose gas is free."""

    most: int
    tip: int


def fee(base: int, tip: int, before: Fee | None, ceiling: int) -> Fee:
    """What to offer: room for the base fee to double; an eighth more than before when sending again, since nodes ask a
    tenth more to replace a transaction; never above the ceiling.
    """
    most = 2 * base + tip
    if before is not None:
        most, tip = max(most, _eighth_more(before.most)), max(tip, _eighth_more(before.tip))
    return Fee(min(most, ceiling), min(tip, ceiling))


def _eighth_more(price: int) -> int:
    return price + price // 8 + 1


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued row as the order of sending sees it."""

    id: str
    log: str
    anchor: bool
    next_at: int


def sendable(queued: Sequence[Waiting], unmined: Iterable[str], flying: int, now: int) -> list[str]:
    """Ids of the queued rows to send now, in their order.

    A log's next anchor waits until its last one is mined (`unmined` names logs whose is not), because its proof begins
    at the head that stands on the chain.
    """
    busy, chosen = set(unmined), list[str]()
    for row in queued:
        if flying + len(chosen) >= IN_FLIGHT:
            break
        if row.next_at > now or (row.anchor and row.log in busy):
            continue
        chosen.append(row.id)
        if row.anchor:
            busy.add(row.log)
    return chosen


class Standing(StrEnum):
    """How the chain's head of a log stands to what we know was anchored."""

    GOOD = "good"
    BEHIND = "behind"  # this node has not seen our last block yet
    REWOUND = "rewound"  # something final is gone


def standing(head: int, mined: int, final: int) -> Standing:
    """`head` on the chain, the largest size in our mined rows, the largest in our final rows."""
    if head < final:
        return Standing.REWOUND
    return Standing.BEHIND if head < mined else Standing.GOOD


@dataclass(frozen=True, slots=True)
class Figures:
    """The outbox in numbers. `round_at` is when the follower last got through, `problem` why it does not."""

    waiting: int
    failed: int
    oldest_at: int | None
    round_at: int | None
    problem: str = ""


def alarms(figures: Figures, now: int) -> list[str]:
    """Codes of what a person must look at; none when all is well."""
    found = [figures.problem] if figures.problem else []
    if figures.failed:
        found.append("chain.refused")
    oldest = now if figures.oldest_at is None else figures.oldest_at
    if min(oldest, figures.round_at or 0) < now - LAG:
        found.append("chain.late")
    if figures.waiting > CROWD:
        found.append("chain.crowded")
    return found
