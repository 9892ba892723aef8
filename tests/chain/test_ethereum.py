"""Chains that are not anvil with its usual settings: gas for nothing, blocks that carry seals, keys of others."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.chain.consortium import ORIGIN, Consortium
from tests.chain.node import key_file
from tests.chain.trees import History, bent
from webapp.chain.ethereum import Ethereum
from webapp.chain.ports import Prices, Unreachable
from webapp.chain.rules import Fee, State
from webapp.chain.settings import ChainSettings, SettingError
from webapp.kernel.base.settings import ROOT


def test_where_gas_is_free_a_sender_needs_no_money(consortium: Consortium) -> None:
    consortium.node.ask("anvil_setBalance", consortium.members[0], "0x0")
    consortium.follower = consortium.a_follower(ceiling=0)
    consortium.publish(5)
    for _ in range(3):
        consortium.node.ask("anvil_setNextBlockBaseFeePerGas", "0x0")
        consortium.round()
    assert (consortium.states(), consortium.row().most) == ([State.FINAL], 0)


def test_whoever_does_not_use_the_chain_does_not_load_web3() -> None:
    """It takes a second, and may not be installed."""
    question = (
        "import sys, webapp.cli, webapp.app; print({'web3', 'eth_account', 'coincurve'} & set(sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-c", question], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert told.stdout == "set()\n"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.tuples(st.integers(1, 2_000), st.integers(1, 2_000)), lie=st.randoms(use_true_random=False))
def test_a_real_node_believes_true_proofs_and_no_others(
    consortium: Consortium, sizes: tuple[int, int], lie: Any
) -> None:
    old, new = sorted(sizes)
    history = History.of(new)
    truth = (old, history.root(old), new, history.root(), history.proof(old))
    assert consortium.chain.ask("isConsistent", *truth)
    assert not consortium.chain.ask("isConsistent", *bent(truth, lie))


def test_the_same_transaction_is_signed_the_same_way(tmp_path: Path) -> None:
    nowhere = ("http://127.0.0.1:9",)
    who = ChainSettings(nowhere, nowhere, 77, "", key_file(tmp_path))
    call = Ethereum(who).anchor_call(ORIGIN, 5, b"\7" * 32, [])
    signed = [Ethereum(who).sign(call, 3, 90_000, Fee(10, 1)) for _ in range(2)]
    assert signed[0] == signed[1]
    assert Ethereum(who).sign(call, 3, 90_000, Fee(11, 1)).hash != signed[0].hash


def test_who_only_looks_needs_no_key(consortium: Consortium) -> None:
    chain = Ethereum(consortium.a_settings(key_file=None))
    assert chain.head(ORIGIN) == 0
    with pytest.raises(SettingError):
        chain.included()


class Sealed(BaseHTTPRequestHandler):
    """A node that answers as Besu QBFT: validators' seals in `extraData`, no base fee; then it only fails."""

    answers: dict[str, Any] = {  # noqa: RUF012  (of this test alone)
        "eth_chainId": "0x539",
        "eth_maxPriorityFeePerGas": "0x0",
        "eth_getBlockByNumber": {
            "number": "0x1",
            "hash": "0x" + "ab" * 32,
            "extraData": "0x" + "11" * 300,
            "baseFeePerGas": "0x0",
            "timestamp": "0x1",
        },
    }

    def do_POST(self) -> None:
        """One JSON-RPC call."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = {"jsonrpc": "2.0", "id": asked["id"]}
        known = asked["method"] in self.answers
        answer |= (
            {"result": self.answers[asked["method"]]}
            if known
            else {"error": {"code": -32000, "message": "syncing"}}
        )
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def sealed_node() -> Iterator[str]:
    """Its address."""
    with HTTPServer(("127.0.0.1", 0), Sealed) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_blocks_that_carry_the_validators_seals_are_read(sealed_node: str) -> None:
    chain = Ethereum(ChainSettings((sealed_node,), (sealed_node,), 1337, "", None))
    assert chain.block_hash(1) == "0x" + "ab" * 32
    assert chain.prices() == Prices(0, 0)


def test_a_node_that_cannot_answer_now_is_as_good_as_away(sealed_node: str) -> None:
    chain = Ethereum(ChainSettings((sealed_node,), (sealed_node,), 1337, "", None))
    with pytest.raises(Unreachable, match="syncing"):
        chain.tip()
