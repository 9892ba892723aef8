"""What the contract takes, and what it refuses from everybody."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.chain import contract_file
from tests.chain.evm import LOG_A, LOG_B, Refused, Town, new_town, proposal_of
from tests.chain.trees import History, bent

EMPTY = bytes(32)
IN, OUT = True, False


def anchored(town: Town, history: History, *sizes: int) -> None:
    """The log's heads of these sizes stand on the chain."""
    old = 0
    for size in sizes:
        town.send("anchor", LOG_A, size, history.root(size), history.proof(old, size))
        old = size


def test_the_compiled_contract_is_that_of_the_source() -> None:
    assert contract_file.COMPILED.read_text("utf-8") == contract_file.text()


def test_a_log_without_an_anchor_has_size_zero(town: Town) -> None:
    assert town.ask("head", LOG_A) == [0, EMPTY]


def test_the_first_head_is_taken_as_it_is(town: Town) -> None:
    history = History.of(5)
    receipt = town.send("anchor", LOG_A, 5, history.root(), [])
    assert town.ask("head", LOG_A) == [5, history.root()]
    assert town.told("Anchored", receipt) == [
        {"origin": LOG_A, "member": town.members[0], "size": 5, "root": history.root()}
    ]


def test_a_head_that_extends_the_last_is_taken_with_its_proof(town: Town) -> None:
    history = History.of(100)
    anchored(town, history, 7, 8, 64, 100)
    assert town.ask("head", LOG_A) == [100, history.root()]
    assert town.ask("rootAt", LOG_A, 64) == history.root(64)


@pytest.mark.parametrize("size", [7, 100])
def test_sending_an_anchor_again_changes_nothing(town: Town, size: int) -> None:
    history = History.of(100)
    anchored(town, history, 7, 100)
    receipt = town.send("anchor", LOG_A, size, history.root(size), [])
    assert not receipt["logs"]
    assert town.ask("head", LOG_A) == [100, history.root()]


@pytest.mark.parametrize(
    ("size", "root", "proof", "reason"),
    [
        pytest.param(100, b"\7" * 32, [], "same size, other root", id="two histories of one size"),
        pytest.param(7, b"\7" * 32, [], "same size, other root", id="another past"),
        pytest.param(64, History.of(64).root(), [], "shrinks", id="shorter than the last"),
        pytest.param(101, b"\7" * 32, [], "not an extension", id="no proof"),
        pytest.param(101, b"\7" * 32, [b"\1" * 32] * 63, "not an extension", id="a long proof of nothing"),
        pytest.param(101, EMPTY, [], "no root", id="no root"),
        pytest.param(0, b"\7" * 32, [], "size out of range", id="nothing"),
        pytest.param(2**63, b"\7" * 32, [], "size out of range", id="beyond what a proof covers"),
    ],
)
def test_a_head_that_contradicts_the_chain_is_refused(
    town: Town, size: int, root: bytes, proof: list[bytes], reason: str
) -> None:
    anchored(town, History.of(100), 7, 100)
    with pytest.raises(Refused, match=reason):
        town.send("anchor", LOG_A, size, root, proof)
    assert town.ask("head", LOG_A) == [100, History.of(100).root()]


@pytest.mark.parametrize("cut", [0, 3, 6])
def test_a_rewritten_history_cannot_be_anchored_even_with_its_own_proof(town: Town, cut: int) -> None:
    history = History.of(100)
    anchored(town, history, 7)
    forged = history.fork(cut, 100)
    with pytest.raises(Refused, match="not an extension"):
        town.send("anchor", LOG_A, 100, forged.root(), forged.proof(7))


def test_the_first_head_comes_without_a_proof(town: Town) -> None:
    with pytest.raises(Refused, match="nothing to prove"):
        town.send("anchor", LOG_A, 5, History.of(5).root(), [EMPTY])


@pytest.mark.parametrize(
    ("who", "reason"),
    [(-1, "not a member"), (1, "not this log's writer")],
    ids=["a stranger", "another member"],
)
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("anchor", (5, b"\7" * 32, [])),
        ("append", (b"\7" * 32, 1, 0)),
        ("appendMany", (0, [b"\7" * 32], [1])),
    ],
    ids=["anchor", "append", "appendMany"],
)
def test_only_the_logs_own_member_writes(
    town: Town, who: int, reason: str, name: str, arguments: tuple[Any, ...]
) -> None:
    by = town.stranger if who < 0 else town.members[who]
    with pytest.raises(Refused, match=reason):
        town.send(name, LOG_A, *arguments, by=by)


def test_nobody_writes_about_a_log_that_was_given_to_nobody(town: Town) -> None:
    with pytest.raises(Refused, match="not this log's writer"):
        town.send("anchor", LOG_B, 5, b"\7" * 32, [])


def test_the_hash_of_an_entry_is_recorded_once(town: Town) -> None:
    first = town.send("append", LOG_A, b"\7" * 32, 1, 41)
    again = town.send("append", LOG_A, b"\7" * 32, 1, 41)
    assert town.ask("seenAt", LOG_A, 41) == b"\7" * 32
    assert town.told("Appended", first) == [
        {"origin": LOG_A, "logIndex": 41, "eventHash": b"\7" * 32, "kind": 1, "member": town.members[0]}
    ]
    assert not again["logs"]


def test_another_hash_at_the_same_index_is_refused(town: Town) -> None:
    town.send("append", LOG_A, b"\7" * 32, 1, 41)
    with pytest.raises(Refused, match="another hash at this index"):
        town.send("append", LOG_A, b"\x08" * 32, 1, 41)


def test_entries_that_follow_each_other_are_recorded_together(town: Town) -> None:
    hashes = History.of(256).leaves
    town.send("appendMany", LOG_A, 10, hashes, [1] * 256)
    assert town.ask("seenAt", LOG_A, 10) == hashes[0]
    assert town.ask("seenAt", LOG_A, 265) == hashes[255]


def test_of_many_entries_all_are_recorded_or_none(town: Town) -> None:
    hashes = History.of(3).leaves
    town.send("append", LOG_A, b"\7" * 32, 1, 12)
    with pytest.raises(Refused, match="another hash at this index"):
        town.send("appendMany", LOG_A, 10, hashes, [1, 1, 1])
    assert town.ask("seenAt", LOG_A, 10) == EMPTY


@pytest.mark.parametrize(
    ("hashes", "kinds", "reason"),
    [([b"\7" * 32], [], "a kind for each hash"), ([EMPTY], [1], "no hash")],
    ids=["fewer kinds than hashes", "an empty hash"],
)
def test_entries_that_are_not_whole_are_refused(
    town: Town, hashes: list[bytes], kinds: list[int], reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        town.send("appendMany", LOG_A, 0, hashes, kinds)


# --- who may do what is for more than two thirds of the members to say


@pytest.mark.parametrize(("members", "needed"), [(3, 3), (4, 3), (5, 4), (7, 5)])
def test_more_than_two_thirds_must_agree(members: int, needed: int) -> None:
    assert new_town(members).ask("quorum") == needed


def test_a_consortium_has_three_members_at_least() -> None:
    with pytest.raises(Refused, match="three members"):
        new_town(2)


def agreed(town: Town, members: list[str]) -> None:
    """These members approve the newest proposal."""
    proposal = proposal_of(town)
    for member in members:
        town.send("approve", proposal, by=member)


def test_one_member_alone_changes_nothing(town: Town) -> None:
    one, two, *_ = town.members
    town.send("proposeMember", town.stranger, IN, by=one)
    town.send("proposeMember", town.stranger, IN, by=one)
    town.send("proposeLog", LOG_B, one, by=one)
    agreed(town, [one])
    town.send("proposeMember", two, OUT, by=one)
    assert not town.ask("isMember", town.stranger)
    assert town.ask("isMember", two)
    assert int(town.ask("writerOf", LOG_B), 16) == 0


def test_a_quorum_lets_a_member_in(town: Town) -> None:
    one, two, three, _ = town.members
    town.send("proposeMember", town.stranger, IN, by=one)
    agreed(town, [two])
    assert not town.ask("isMember", town.stranger)
    agreed(town, [three])
    assert town.ask("isMember", town.stranger)
    assert town.ask("memberCount") == 5


def test_members_who_ask_the_same_are_counted_together(town: Town) -> None:
    for member in town.members[:3]:
        town.send("proposeMember", town.stranger, IN, by=member)
    assert town.ask("isMember", town.stranger)


def test_a_member_who_was_let_out_writes_no_more(town: Town) -> None:
    town.send("proposeMember", town.members[0], OUT, by=town.members[1])
    agreed(town, town.members[2:])
    with pytest.raises(Refused, match="not a member"):
        town.send("anchor", LOG_A, 5, b"\7" * 32, [])


def test_a_log_can_be_given_to_another_member_and_goes_on_where_it_was(town: Town) -> None:
    history = History.of(9)
    anchored(town, history, 5)
    town.send("proposeLog", LOG_A, town.members[3], by=town.members[3])
    agreed(town, town.members[1:3])
    forged = history.fork(2, 9)
    with pytest.raises(Refused, match="not an extension"):
        town.send("anchor", LOG_A, 9, forged.root(), forged.proof(5), by=town.members[3])
    town.send("anchor", LOG_A, 9, history.root(), history.proof(5), by=town.members[3])
    assert town.ask("head", LOG_A) == [9, history.root()]


def test_approvals_from_before_a_change_of_members_count_no_more(town: Town) -> None:
    one, two, three, four = town.members
    town.send("proposeLog", LOG_B, four, by=four)
    older = proposal_of(town)
    town.send("approve", older, by=three)
    town.send("proposeMember", town.stranger, IN, by=one)
    agreed(town, [two, three])
    with pytest.raises(Refused, match="no longer open"):
        town.send("approve", older, by=one)


def test_approvals_from_before_a_log_changed_hands_count_no_more(town: Town) -> None:
    one, two, three, four = town.members
    town.send("proposeLog", LOG_A, four, by=four)
    older = proposal_of(town)
    town.send("approve", older, by=three)
    town.send("proposeLog", LOG_A, two, by=one)
    agreed(town, [two, three])
    with pytest.raises(Refused, match="no longer open"):
        town.send("approve", older, by=one)
    assert town.ask("writerOf", LOG_A) == two


def test_a_stranger_neither_proposes_nor_approves(town: Town) -> None:
    with pytest.raises(Refused, match="not a member"):
        town.send("proposeMember", town.stranger, IN, by=town.stranger)
    town.send("proposeMember", town.stranger, IN)
    with pytest.raises(Refused, match="not a member"):
        town.send("approve", proposal_of(town), by=town.stranger)


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("proposeMember", (0, IN), "is so already"),
        ("proposeMember", (-1, OUT), "is so already"),
        ("proposeLog", (LOG_A, 0), "is so already"),
        ("proposeLog", (LOG_B, -1), "not a member"),
        ("proposeLog", (EMPTY, 0), "no such log"),
        ("approve", (sha256(b"").digest(),), "no such proposal"),
    ],
)
def test_what_cannot_be_carried_out_cannot_be_proposed(
    town: Town, name: str, arguments: tuple[Any, ...], reason: str
) -> None:
    people = [*town.members, town.stranger]
    named = [people[value] if type(value) is int else value for value in arguments]
    with pytest.raises(Refused, match=reason):
        town.send(name, *named)


def test_three_members_stay_three() -> None:
    small = new_town(3)
    small.send("proposeMember", small.members[2], OUT)
    small.send("approve", proposal_of(small), by=small.members[1])
    with pytest.raises(Refused, match="three members"):
        small.send("approve", proposal_of(small), by=small.members[2])


# --- the check of the proof, against trees and lies made at random


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.tuples(st.integers(1, 300), st.integers(1, 300)), lie=st.randoms(use_true_random=False))
def test_the_contract_believes_true_proofs_and_no_others(
    town: Town, sizes: tuple[int, int], lie: Any
) -> None:
    old, new = sorted(sizes)
    history = History.of(new)
    truth = (old, history.root(old), new, history.root(), history.proof(old))
    assert town.ask("isConsistent", *truth)
    assert not town.ask("isConsistent", *bent(truth, lie))
