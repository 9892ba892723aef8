"""What the follower needs of a chain and of the logs. Implemented by `ethereum.py` and `source.py`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from webapp.chain.rules import Fee, Receipt
from webapp.kernel.tlog.checkpoints import Checkpoint


class Unreachable(Exception):
    """No node answers. Nothing is lost; it is tried again."""


class Refused(Exception):
    """The contract says no to this call, and would again; the text is its reason."""


class Stopped(Exception):
    """Something that a person must put right before anything more is sent. `code` has a sentence."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code} {detail}".strip())


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction ready to be handed to a node."""

    hash: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Prices:
    """What gas costs at the moment, wei."""

    base: int
    tip: int


class Chain(Protocol):
    """One contract on one chain, seen by one sender. Every call may raise Unreachable."""

    @property
    def name(self) -> str:
        """ "<chain id>:<contract address>"."""

    @property
    def address(self) -> str:
        """Our sender."""

    def identify(self) -> None:
        """Raises Stopped unless this is the chain and the contract that were configured."""

    def tip(self) -> int:
        """Number of the newest block."""

    def included(self) -> int:
        """How many transactions of our sender stand in blocks."""

    def receipt(self, tx_hash: str) -> Receipt | None:
        """Where a transaction was included, None if nowhere."""

    def block_hash(self, number: int) -> str | None:
        """The block that stands at this height now."""

    def head(self, origin: str) -> int:
        """The newest size that is anchored for a log, 0 if none."""

    def prices(self) -> Prices:
        """What gas costs."""

    def anchor_call(self, origin: str, size: int, root: bytes, proof: Sequence[bytes]) -> bytes:
        """The call that anchors a head."""

    def append_call(self, origin: str, first: int, hashes: Sequence[bytes], kinds: Sequence[int]) -> bytes:
        """The call that records entries that follow each other."""

    def estimate(self, data: bytes) -> int:
        """Gas that a call needs. Raises Refused if the contract would say no, Stopped if we may not write at all."""

    def sign(self, data: bytes, nonce: int, gas: int, fee: Fee) -> Signed:
        """The same arguments give the same bytes."""

    def send(self, raw: bytes, *, everywhere: bool = False) -> None:
        """Hand a transaction to one node, or to all; one that it has already is no error.

        Raises Stopped if it takes it not.
        """


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry as the chain may see it."""

    index: int
    hash: bytes
    kind: str


class Checkpoints(Protocol):
    """What the logs have published."""

    def logs(self) -> list[str]:
        """Ids of the logs, in order."""

    def origin(self, log: str) -> str:
        """The log's origin line."""

    def newest(self, log: str) -> Checkpoint | None:
        """The newest checkpoint that may be anchored (cosigned by a quorum), None if there is none yet."""

    def consistency(self, log: str, old: int, new: int) -> list[bytes]:
        """RFC 6962 consistency proof. Raises ValueError unless 0 ≤ old ≤ new, LookupError beyond the log."""

    def leaves(self, log: str, start: int, stop: int) -> Iterator[Leaf]:
        """Entries [start, stop), in order; ends early where one is missing."""
