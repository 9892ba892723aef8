"""Chain and log compared: the first place where they differ, however they differ."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.chain.trees import History
from webapp.chain.verification import Difference, first_difference

sizes = st.sets(st.integers(1, 60), max_size=8)
places = st.sets(st.integers(0, 59), max_size=8)


def on_chain(
    history: History, heads: set[int], entries: set[int]
) -> tuple[dict[int, bytes], dict[int, bytes]]:
    return {size: history.root(size) for size in heads}, {index: history.leaves[index] for index in entries}


@given(heads=sizes, entries=places)
def test_an_honest_log_agrees_with_its_chain(heads: set[int], entries: set[int]) -> None:
    history = History.of(60)
    assert first_difference(*on_chain(history, heads, entries), history.leaves) is None


@given(heads=sizes, entries=places, cut=st.integers(0, 59))
def test_a_changed_entry_is_found_at_the_first_place_that_covers_it(
    heads: set[int], entries: set[int], cut: int
) -> None:
    history = History.of(60)
    forged = history.fork(cut, 60)
    found = first_difference(*on_chain(history, heads, entries), forged.leaves)
    covering = [*(index for index in entries if index >= cut), *(size - 1 for size in heads if size > cut)]
    agreed = max((size for size in heads if size <= cut), default=0)
    if not covering:
        assert found is None
        return
    assert found is not None
    assert found.at - (found.what == "root") == min(covering)
    assert found.agreed == agreed


@given(size=st.integers(0, 59))
def test_a_log_that_lost_its_end_is_told_what_the_chain_still_has(size: int) -> None:
    history = History.of(60)
    found = first_difference({60: history.root()}, {}, history.leaves[:size])
    assert found == Difference("root", 60, history.root().hex(), "", 0)


def test_a_difference_names_both_hashes() -> None:
    history = History.of(9)
    forged = history.fork(4, 9)
    roots, entries = on_chain(history, {2, 9}, {5})
    found = first_difference(roots, entries, forged.leaves)
    entry = Difference("entry", 5, history.leaves[5].hex(), forged.leaves[5].hex(), 2)
    assert found == entry
    assert first_difference(roots, {}, forged.leaves) == replace(
        entry, what="root", at=9, chain=history.root().hex(), ours=forged.root().hex()
    )
