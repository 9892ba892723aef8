"""Proofs lead from an entry, or from an older tree, to the root, and from nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.kernel.tlog import proofs, tiles
from webapp.kernel.tlog.merkle import Frontier, leaf_hash, node_hash, perfect_root
from webapp.kernel.tlog.proofs import Node, ProofError

SIZES = st.integers(1, 700)
LEAVES = [leaf_hash(str(number).encode()) for number in range(701)]


def over(leaves: list[bytes]) -> Node:
    """Perfect subtrees, hashed anew."""
    return lambda level, index: perfect_root(leaves[index << level : (index + 1) << level])


def root(size: int) -> bytes:
    """What the frontier says."""
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.push(leaf)
    return frontier.root()


@given(SIZES)
def test_perfect_subtrees_give_the_root_that_the_frontier_gives(size):
    assert proofs.root_of(size, over(LEAVES)) == root(size)


@given(SIZES, st.data())
def test_every_entry_has_a_proof_that_holds(size, data):
    index = data.draw(st.integers(0, size - 1))
    path = proofs.inclusion_path(index, size, over(LEAVES))
    proofs.verify_inclusion(index, size, LEAVES[index], path, root(size))


@given(SIZES, st.data())
def test_a_proof_holds_for_no_other_entry_place_size_or_root(size, data):
    index = data.draw(st.integers(0, size - 1))
    path = proofs.inclusion_path(index, size, over(LEAVES))
    other = data.draw(st.integers(0, size + 5).filter(lambda at: at != index))
    for wrong in (
        (other, size, LEAVES[index], path, root(size)),
        (index, size, node_hash(LEAVES[index], LEAVES[index]), path, root(size)),
        (index, size, LEAVES[index], path, root(size + 1)),
        (index, size, LEAVES[index], [*path, LEAVES[0]], root(size)),
        (index, size, LEAVES[index], path[1:] if path else [LEAVES[0]], root(size)),
    ):
        with pytest.raises(ProofError):
            proofs.verify_inclusion(*wrong)


@given(SIZES, st.data())
def test_every_older_tree_has_a_proof_that_the_newer_begins_with_it(new, data):
    old = data.draw(st.integers(0, new))
    path = proofs.consistency_path(old, new, over(LEAVES))
    proofs.verify_consistency(old, new, root(old), root(new), path)


@given(st.integers(1, 600), st.integers(1, 100), st.data())
def test_a_tree_with_one_entry_changed_extends_nothing(old, more, data):
    changed = data.draw(st.integers(0, old - 1))
    forged = [*LEAVES[:changed], leaf_hash(b"forged"), *LEAVES[changed + 1 :]]
    path = proofs.consistency_path(old, old + more, over(forged))
    with pytest.raises(ProofError):
        proofs.verify_consistency(old, old + more, root(old), proofs.root_of(old + more, over(forged)), path)


@given(st.integers(1, 70_000), st.integers(0, 70_000))
def test_tiles_of_a_tree_are_those_that_the_specification_names(size, start):
    wanted = {
        (level, number): min(256, (size >> 8 * level) - 256 * number)
        for level in range(3)
        for number in range(-(-(size >> 8 * level) // 256))
    }
    assert {(tile.level, tile.number): tile.width for tile in tiles.tiles_of(size)} == wanted
    fresh = list(tiles.tiles_of(size, min(start, size)))
    assert all(tiles.is_in(tile, size) and not tiles.is_in(tile, min(start, size)) for tile in fresh)
    assert all(tiles.parse_path(tile.path()) == tile for tile in fresh[:50])


def test_the_specifications_examples_of_tiles():
    assert tiles.Tile(0, 1234067).path() == "tile/0/x001/x234/067"
    of_70_000 = [(tile.level, tile.number, tile.width) for tile in tiles.tiles_of(70_000)]
    assert of_70_000[-4:] == [(0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)]
    assert [(t.level, t.width) for t in tiles.tiles_of(256)] == [(0, 256), (1, 1)]


@given(SIZES, st.data())
def test_hashes_read_out_of_tiles_are_those_of_the_tree(size, data):
    levels: dict[int, dict[int, bytes]] = {0: dict(enumerate(LEAVES[:size]))}
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        for level, index, hashed in frontier.push(leaf):
            levels.setdefault(level, {})[index] = hashed
    read = lambda level, number: b"".join(  # noqa: E731
        levels.get(level, {}).get(at, b"") for at in range(number * 256, number * 256 + 256)
    )
    index = data.draw(st.integers(0, size - 1))
    node = tiles.node_from(read)
    assert proofs.inclusion_path(index, size, node) == proofs.inclusion_path(index, size, over(LEAVES))
