"""Consortia: one in this process, put back after each test; one on a node of its own, fresh for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.chain.consortium import Consortium, found
from tests.chain.evm import Town, new_town
from tests.chain.node import Node


@pytest.fixture(scope="session")
def built_town() -> Town:
    """The contract on its chain, with four members; building it takes a second."""
    return new_town()


@pytest.fixture
def town(built_town: Town) -> Iterator[Town]:
    """The same, put back afterwards to how it was built."""
    tester = built_town.web3.provider.ethereum_tester  # type: ignore[attr-defined]
    snapshot = tester.take_snapshot()
    yield built_town
    tester.revert_to_snapshot(snapshot)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A node with an empty chain."""
    node = Node(tmp_path).start()
    yield node
    node.kill()


@pytest.fixture
def consortium(app: Flask, node: Node, tmp_path: Path) -> Consortium:
    """The contract on a real node, our log on it, the follower at its beginning."""
    return found(node, tmp_path)
