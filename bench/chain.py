"""The chain: gas of each call of the contract, and how many heads a second come to a real node.

The contract and its consortium come from `tests/chain`, the node from npm.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import site
from bench.progress import Progress
from bench.report import Figure, Part
from tests.chain.consortium import LOG, ORIGIN, Consortium, found
from tests.chain.node import Node
from tests.chain.trees import History
from webapp.chain.ethereum import Ethereum
from webapp.chain.rules import Fee

AT, RUNS = 65_536, (1, 50, 256)
#: More than anvil asks for, so that nothing is ever sent twice.
FEE = Fee(20 * 10**9, 10**9)


def run(folder: Path, progress: Progress, *, quick: bool = False) -> list[Part]:
    """Gas at a log of 65,536 entries; heads one after the other through the outbox; bare calls for comparison."""
    size, heads = (600, 3) if quick else (AT, 60)
    with site.application(folder), _node(folder) as node:
        consortium = found(node, folder)
        progress.begin("chain", heads + 2)
        speed = [_through_the_outbox(consortium, heads, progress), _bare(consortium, heads)]
        progress.step(1)
        gas = _gas(consortium, size)
        progress.step(1)
        progress.end()
    where = "anvil 1.7.1, one process that mines each transaction at once; Besu was not tried"
    return [
        Part("chain_gas", f"Chain: gas, a log of {size:,} entries", gas, [where]),
        Part(
            "chain_speed",
            "Chain: anchors",
            speed,
            ["the follower looks until the head is final: three rounds"],
        ),
    ]


@contextmanager
def _node(folder: Path) -> Iterator[Node]:
    node = Node(folder).start()
    try:
        yield node
    finally:
        node.kill()


def _gas(consortium: Consortium, size: int) -> list[Figure]:
    chain, history = consortium.chain, History.of(size + 1)
    deployed = chain.sign_deployment(consortium.members, chain.included(), FEE)
    chain.send(deployed.raw)
    consortium.node.settle()
    figures = [Figure("deploy, four members", _used(consortium, deployed.hash), "gas")]
    for before, after in ((chain.head(ORIGIN), size - 1), (size - 1, size), (size, size + 1)):
        proof = history.proof(before, after)
        call = chain.anchor_call(ORIGIN, after, history.root(after), proof)
        name = f"anchor {after:,} after {before:,} ({len(proof)} hashes)"
        figures.append(Figure(name, _spent(consortium, chain, call), "gas"))
    again = chain.anchor_call(ORIGIN, size, history.root(size), [])
    figures.append(Figure("anchor, sent again", _spent(consortium, chain, again), "gas"))
    return figures + _gas_of_entries(consortium, chain, history.leaves)


def _gas_of_entries(consortium: Consortium, chain: Ethereum, leaves: Sequence[bytes]) -> list[Figure]:
    figures, first = [], 0
    for count in RUNS:
        call = chain.append_call(ORIGIN, first, leaves[first : first + count], [1] * count)
        first += count
        spent = _spent(consortium, chain, call) / count
        name = "append" if count == 1 else f"appendMany of {count}, an entry"
        figures.append(Figure(name, round(spent), "gas"))
    return figures


def _spent(consortium: Consortium, chain: Ethereum, call: bytes) -> int:
    signed = chain.sign(call, chain.included(), chain.estimate(call), FEE)
    chain.send(signed.raw)
    consortium.node.settle()
    return _used(consortium, signed.hash)


def _used(consortium: Consortium, tx_hash: str) -> int:
    return int(consortium.node.ask("eth_getTransactionReceipt", tx_hash)["gasUsed"], 16)


def _through_the_outbox(consortium: Consortium, heads: int, progress: Progress) -> Figure:
    start = time.perf_counter()
    for size in range(1, heads + 1):
        consortium.publish(size)
        consortium.rounds(3)
        progress.step(1)
    spent = time.perf_counter() - start
    if consortium.anchored() != heads:
        raise RuntimeError(f"{LOG} is anchored up to {consortium.anchored()} only")
    return Figure("through the outbox until final", heads / spent, "anchors/s", "one checkpoint in 5 s: 0.2")


def _bare(consortium: Consortium, calls: int) -> Figure:
    """Signed calls in a row, waited for at the end."""
    chain, size = consortium.chain, consortium.chain.head(ORIGIN)
    history = History.of(size + calls)
    nonce, start = chain.included(), time.perf_counter()
    for place, grown in enumerate(range(size + 1, size + 1 + calls)):
        proof = history.proof(grown - 1, grown)
        call = chain.anchor_call(ORIGIN, grown, history.root(grown), proof)
        chain.send(chain.sign(call, nonce + place, 200_000, FEE).raw)
    consortium.node.settle()
    return Figure("bare calls, one after the other", calls / (time.perf_counter() - start), "anchors/s")
