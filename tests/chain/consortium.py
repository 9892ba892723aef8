"""A consortium on a real node, one log of ours, and the follower between them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.chain.node import CHAIN_ID, Node, key_file
from tests.chain.trees import History
from webapp.chain import outbox, state
from webapp.chain.ethereum import Ethereum
from webapp.chain.follower import Follower, Round
from webapp.chain.models import ChainOutbox
from webapp.chain.ports import Leaf
from webapp.chain.rules import Fee, Policy, State
from webapp.chain.settings import ChainSettings
from webapp.kernel.base.db import transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.ledger.log import open_log
from webapp.kernel.tlog.checkpoints import Checkpoint, origin_hash

LOG, ORIGIN = "063622", "ashiato.example/log/063622"
START = 1_790_000_000_000
MINUTE = 60_000


@dataclass
class Books:
    """What our log has published, in memory: `ports.Checkpoints`."""

    history: History = field(default_factory=History)
    kinds: dict[int, str] = field(default_factory=dict)

    def logs(self) -> list[str]:
        return [LOG]

    def origin(self, log: str) -> str:
        return ORIGIN

    def newest(self, log: str) -> Checkpoint | None:
        size = len(self.history.leaves)
        return Checkpoint(ORIGIN, size, self.history.root()) if size else None

    def consistency(self, log: str, old: int, new: int) -> list[bytes]:
        return self.history.proof(old, new)

    def leaves(self, log: str, start: int, stop: int) -> Iterator[Leaf]:
        for index, leaf in enumerate(self.history.leaves[start:stop], start):
            yield Leaf(index, leaf, self.kinds.get(index, "custody.scan"))


@dataclass
class Consortium:
    """Four members on `node`; we are the first and write about our log. `now` is what clocks show."""

    node: Node
    settings: ChainSettings
    members: list[str]
    books: Books = field(default_factory=Books)
    now: int = START
    follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self.follower = self.a_follower()

    def a_follower(self, append: frozenset[str] = frozenset(), **changes: object) -> Follower:
        """The follower as a fresh process has it; `changes` to the settings."""
        settings = self.a_settings(**changes)
        policy = Policy(confirmations=settings.confirmations)
        chain = Ethereum(settings)
        return Follower(chain, self.books, policy, lambda: 0.5, ceiling=settings.ceiling, append_kinds=append)

    def a_settings(self, **changes: object) -> ChainSettings:
        """The settings, some of them otherwise."""
        return replace(self.settings, **changes)  # type: ignore[arg-type]

    @property
    def chain(self) -> Ethereum:
        """The contract as anybody sees it."""
        return Ethereum(self.settings)

    def publish(self, size: int) -> None:
        """The log grows to `size` entries and says so."""
        self.books.history = History.of(size)

    def round(self, after: int = 2_000) -> Round:
        """Time passes, then the follower takes its turn."""
        self.now += after
        self.node.settle()
        return self.follower.round(self.now)

    def rounds(self, count: int = 3) -> None:
        """Some turns, as often as it takes to send, see and settle."""
        for _ in range(count):
            self.round()

    def rows(self) -> list[ChainOutbox]:
        """The outbox, in order."""
        with outbox.reading() as session:
            rows = list(session.query(ChainOutbox).order_by(ChainOutbox.id).populate_existing())
            for row in rows:
                session.expunge(row)
        return rows

    def row(self) -> ChainOutbox:
        """The newest row."""
        return self.rows()[-1]

    def states(self) -> list[State]:
        """The states of the rows, in order."""
        return [row.state for row in self.rows()]

    def anchored(self) -> int:
        """Entries of our log that are 鎖固定."""
        with outbox.reading() as session:
            return state.anchored_size(session, LOG)

    def alarms(self) -> list[str]:
        """What a person must look at."""
        return state.status(self.settings, self.now).alarms


def found(node: Node, folder: Path) -> Consortium:
    """The contract deployed by us, our log given to us by three of four members, the log open in the database."""
    members = [str(account) for account in node.ask("eth_accounts")[:4]]
    settings = ChainSettings((node.url,), (node.url,), CHAIN_ID, "", key_file(folder))
    chain = Ethereum(settings)
    signed = chain.sign_deployment(members, 0, Fee(10**10, 10**9))
    chain.send(signed.raw)
    node.settle()
    settings = replace(settings, contract=str(chain.deployed_at(signed.hash)))
    chain = Ethereum(settings)
    for member in members[:3]:
        as_member(node, settings, member, "proposeLog", bytes.fromhex(origin_hash(ORIGIN)), members[0])
    with transaction() as session:
        open_log(session, LOG, ORIGIN, "最上町", new_id(), START)
    return Consortium(node, settings, members)


def as_member(
    node: Node, settings: ChainSettings, member: str, name: str, *arguments: object, fee: int = 2 * 10**9
) -> str:
    """A member's transaction, signed by the node, which knows the play keys."""
    data = "0x" + Ethereum(settings).call(name, *arguments).hex()
    asked = {"from": member, "to": settings.contract, "data": data, "gas": hex(1_000_000)}
    offered = {"maxFeePerGas": hex(2 * fee), "maxPriorityFeePerGas": hex(fee)}
    tx_hash = str(node.ask("eth_sendTransaction", asked | offered))
    node.settle()
    return tx_hash
