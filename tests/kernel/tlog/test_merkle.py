"""RFC 6962: the answers that everybody else's implementation gives."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.kernel.tlog.merkle import EMPTY_ROOT, Frontier, leaf_hash, node_hash

#: The test data of the first certificate transparency log: eight entries, and the root after each.
ENTRIES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243")]
ENTRIES += [bytes(range(0x50, 0x58)), bytes(range(0x60, 0x70))]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_an_empty_log_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == sha256(b"").digest()


def test_the_known_entries_have_the_known_roots() -> None:
    frontier = Frontier()
    for entry, root in zip(ENTRIES, ROOTS, strict=True):
        frontier.push(leaf_hash(entry))
        assert frontier.root().hex() == root


def tree_hash(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1 word for word: split at the largest power of two below the size."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(tree_hash(leaves[:split]), tree_hash(leaves[split:]))


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70))
def test_the_frontier_gives_the_root_that_the_standard_defines(entries: list[bytes]) -> None:
    leaves = [leaf_hash(entry) for entry in entries]
    frontier = Frontier()
    for leaf in leaves:
        frontier.push(leaf)
    assert frontier.root() == tree_hash(leaves)


@given(st.lists(st.binary(max_size=8), max_size=40), st.lists(st.binary(max_size=8), max_size=40))
def test_a_frontier_that_was_stored_goes_on_as_if_it_had_not_been(
    first: list[bytes], more: list[bytes]
) -> None:
    whole, stored = Frontier(), Frontier()
    for entry in first:
        whole.push(leaf_hash(entry))
        stored.push(leaf_hash(entry))
    stored = Frontier.from_bytes(stored.size, stored.to_bytes())
    for entry in more:
        whole.push(leaf_hash(entry))
        stored.push(leaf_hash(entry))
    assert (whole.size, whole.root()) == (stored.size, stored.root())


@pytest.mark.parametrize(("size", "blob"), [(1, b""), (2, bytes(64)), (3, bytes(32))])
def test_a_frontier_of_the_wrong_size_is_refused(size: int, blob: bytes) -> None:
    with pytest.raises(ValueError, match="one hash for each bit"):
        Frontier.from_bytes(size, blob)
