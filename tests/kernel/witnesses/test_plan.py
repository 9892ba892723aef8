"""What a node's answer means, whatever it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.ledger import Witness
from tests.signer.trees import head
from webapp.kernel.base.fetch import Answer
from webapp.kernel.tlog.notes import SIGNATURE, Note, NoteError, SigningKey
from webapp.kernel.witnesses import plan
from webapp.kernel.witnesses.plan import Behind, Cosigned, Disagrees, Failed

NODE, OTHER = Witness("node"), Witness("other")
LOG = SigningKey("log.example/063622", SIGNATURE, b"k" * 32)
THIEF = SigningKey(LOG.name, SIGNATURE, b"t" * 32)
TEXT = head(9).text()
LINE = NODE.key.sign(TEXT, 5)


def meaning(status: int, body: bytes = b"") -> plan.Meaning:
    return plan.meaning(Answer(status, {}, body), TEXT, NODE.key.public)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, LINE.line().encode(), Cosigned(LINE)),
        (200, (OTHER.key.sign(TEXT, 5).line() + LINE.line()).encode(), Cosigned(LINE)),
        (200, OTHER.key.sign(TEXT, 5).line().encode(), Failed("its answer holds no cosignature of its own")),
        (409, b"700\n", Behind(700)),
        (409, b"0\n", Behind(0)),
        (409, b"007\n", Failed("409 without a size")),
        (409, b"", Failed("409 without a size")),
        (422, b"another\x00 root", Disagrees("another root")),
        (404, b"", Failed("it does not know this log")),
        (403, b"", Failed("it knows another key of this log")),
        (503, b"asleep", Failed("status 503 asleep")),
    ],
)
def test_an_answer_means_one_thing(status: int, body: bytes, expected: plan.Meaning) -> None:
    assert meaning(status, body) == expected


@given(st.sampled_from([200, 302, 409, 422, 500]), st.binary(max_size=400))
def test_nonsense_never_becomes_a_cosignature_and_never_breaks_us(status: int, body: bytes) -> None:
    found = meaning(status, body)
    assert not isinstance(found, Cosigned)
    if isinstance(found, Failed | Disagrees):
        assert found.reason.isprintable()
        assert len(found.reason) <= plan.MOST_WORDS


def test_a_cosignature_of_another_text_is_bad() -> None:
    found = meaning(200, NODE.key.sign(head(10).text(), 5).line().encode())
    assert isinstance(found, Failed)


def test_only_the_logs_own_signature_goes_to_the_witness() -> None:
    note = Note(TEXT, (OTHER.key.sign(TEXT, 5), LOG.sign(TEXT), LINE))
    assert plan.by_log(note.render(), LOG.public).signatures == (LOG.sign(TEXT),)
    with pytest.raises(NoteError):
        plan.by_log(Note(TEXT, (LINE,)).render(), LOG.public)


@given(st.sampled_from([3, 9]), st.sampled_from(["true", "other"]), st.sampled_from([LOG, THIEF]))
def test_two_notes_contradict_each_other_if_the_log_signed_two_roots_of_one_size(
    size: int, book: str, key: SigningKey
) -> None:
    theirs = head(size, book)
    raw = Note(theirs.text(), (key.sign(theirs.text()),)).render()
    ours = Note(TEXT, (LOG.sign(TEXT),)).render()
    assert plan.contradiction(ours, raw, LOG.public) == (key == LOG and size == 9 and book == "other")
    assert not plan.contradiction(ours, b"nonsense", LOG.public)
