"""Two offices that hear the same eight words hold the same history."""

from hypothesis import given
from hypothesis import strategies as st

from webapp.kernel.tlog import drills, words
from webapp.kernel.tlog.checkpoints import Checkpoint

CHECKPOINT = Checkpoint("log.example/063622", 1274, bytes(range(32)))
EIGHT = ["ひんそう", "むしあつい", "にりんしゃ", "てほん", "たもつ", "むらさき", "ずっと", "へいおん"]


def test_the_words_are_these_for_ever():
    assert words.of_checkpoint(CHECKPOINT) == EIGHT


def test_there_are_eight_words_in_hiragana():
    spoken = words.of_checkpoint(CHECKPOINT)
    assert len(spoken) == 8
    assert all("ぁ" <= letter <= "ゖ" for word in spoken for letter in word)


@given(st.integers(0, 255))
def test_any_changed_bit_changes_the_words(bit):
    root = (int.from_bytes(CHECKPOINT.root) ^ 1 << bit).to_bytes(32)
    assert words.of_checkpoint(Checkpoint(CHECKPOINT.origin, 1274, root)) != words.of_checkpoint(CHECKPOINT)


def test_the_lie_of_a_drill_is_known_as_one_and_nothing_else_is():
    told = drills.lie(CHECKPOINT)
    assert (told.size, told.root == CHECKPOINT.root) == (1274, False)
    assert drills.is_drill(told, CHECKPOINT)
    assert not drills.is_drill(Checkpoint(CHECKPOINT.origin, 1274, bytes(32)), CHECKPOINT)
    assert not drills.is_drill(told, Checkpoint(CHECKPOINT.origin, 1273, CHECKPOINT.root))
