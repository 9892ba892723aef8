"""What the signer signs, and above all what not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.ledger import Witness
from tests.signer.trees import ORIGIN, head, way
from webapp.kernel.tlog import policies
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.notes import SIGNATURE, Note, SigningKey
from webapp.kernel.tlog.policies import Party, Policy
from webapp.signer import rules
from webapp.signer.rules import Heard, No, Why

SIZES = st.integers(min_value=0, max_value=700)
KEY = SigningKey(ORIGIN, SIGNATURE, b"k" * 32)
NODES = [Witness(f"node{n}") for n in range(1, 8)]


def signed(what: Checkpoint, key: SigningKey = KEY, *by: Witness) -> bytes:
    lines = [key.sign(what.text()), *(node.key.sign(what.text(), 9) for node in by)]
    return Note(what.text(), tuple(lines)).render()


def policy(count: int) -> Policy:
    parties = {node.key.name: Party(node.key.public, "http://node.example") for node in NODES[:count]}
    return policies.simple(Party(KEY.public), parties)


def why(outcome: object) -> str:
    return outcome.why.value if isinstance(outcome, No) else ""


@given(SIZES, SIZES)
def test_a_head_that_extends_the_last_one_is_signed_and_a_smaller_one_never(old: int, new: int) -> None:
    outcome = rules.decide(head(new), old, way(min(old, new), new), head(old) if old else None)
    assert why(outcome) == ("smaller" if new < old else "")


@given(st.integers(min_value=1, max_value=700), SIZES)
def test_another_history_is_never_signed(old: int, new: int) -> None:
    other = head(new, "other")
    for proof in (way(min(old, new), new, "other"), way(min(old, new), new), [], [bytes(32)] * 3):
        assert why(rules.decide(other, old, proof, head(old))) == ("smaller" if new < old else "inconsistent")


@given(SIZES, st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_the_same_head_again_is_fine_whatever_the_proof(size: int, proof: list[bytes]) -> None:
    assert rules.decide(head(size), 0, proof, head(size)) is None


def test_who_proves_from_another_size_is_told_to_ask_again() -> None:
    assert why(rules.decide(head(9), 3, way(3, 9), head(5))) == "moved"


@given(st.integers(min_value=1, max_value=7), st.data())
def test_enough_have_answered_when_every_quorum_overlaps_them(count: int, data: st.DataObject) -> None:
    """For k of n that is n − k + 1."""
    judge = policy(count)
    answered = data.draw(st.sets(st.sampled_from(sorted(judge.witnesses))))
    heard = {name: Heard() if name in answered else Heard(problem="silent") for name in judge.witnesses}
    assert rules.is_enough(judge, heard) == (len(answered) >= count - policies.least_of(count) + 1)


def test_without_witnesses_nobody_is_asked() -> None:
    assert rules.is_enough(policy(0), {})


def test_an_answer_counts_if_our_log_and_this_witness_signed_it() -> None:
    witness, other = NODES[0], NODES[1]
    party = Party(witness.key.public)
    thief = SigningKey(ORIGIN, SIGNATURE, b"t" * 32)
    good = signed(head(5), KEY, witness)
    assert rules.read_answer(good, KEY.public, party) == Heard(good)
    for raw in (
        b"nonsense",
        signed(head(5), KEY),
        signed(head(5), KEY, other),
        signed(head(5), thief, witness),
        signed(head(5, origin="elsewhere"), KEY, witness),
        good.replace(b"\n5\n", b"\n6\n"),
    ):
        assert rules.read_answer(raw, KEY.public, party).problem


def test_the_largest_note_is_taken_up() -> None:
    small, large = signed(head(3)), signed(head(700))
    assert rules.newest(small, [Heard(large), Heard()]) == large
    assert rules.newest(large, [Heard(small), Heard(problem="silent")]) == large
    assert rules.newest(None, [Heard()]) is None


def test_two_notes_of_ours_that_contradict_each_other_stop_everything() -> None:
    assert why(rules.newest(signed(head(3)), [Heard(signed(head(3, "other")))])) == "forked"


@pytest.mark.parametrize(
    ("size", "count", "code"), [(9, 1, ""), (10, 1, ""), (8, 1, "policy_old"), (8, 5, "")]
)
def test_a_shorter_log_cannot_make_us_forget_witnesses(size: int, count: int, code: str) -> None:
    assert why(rules.may_replace(policy(4), policy(count), KEY.public, size, head(9))) == code


def test_a_policy_of_another_key_is_not_kept() -> None:
    other = SigningKey(ORIGIN, SIGNATURE, b"o" * 32)
    assert why(rules.may_replace(None, policy(2), other.public, 9, None)) == Why.MALFORMED
