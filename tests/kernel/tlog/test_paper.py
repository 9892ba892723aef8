"""Proof on paper: everything in one QR, whatever the log; and what the phone reads is what we wrote."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernel.tlog import shared_vectors
from tests.kernel.tlog.shared_vectors import AT, LOG, NODES, POLICY, papers, proof
from webapp.kernel.tlog import base45, paper, proof_files
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import leaf_hash
from webapp.kernel.tlog.notes import Note, NoteError, SigningKey
from webapp.kernel.tlog.proof_files import ProofFile
from webapp.kernel.tlog.proofs import ProofError, inclusion_root

ENTRY = shared_vectors.entries(1)[0]
places = st.integers(1, 2**63 - 1).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size)))


def a_proof(index: int, size: int, entry: bytes, *towns: str) -> ProofFile:
    """A proof of any place in a log of any size: the path is invented, the root follows from it."""
    path = tuple(sha256(bytes([number])).digest() for number in range(paper.path_length(index, size)))
    text = Checkpoint(LOG.name, size, inclusion_root(index, size, leaf_hash(entry), path)).text()
    note = Note(text, (LOG.sign(text), *(NODES[town].sign(text, AT) for town in towns)))
    return ProofFile(index, path, note.render())


@given(
    place=places, entry=st.binary(max_size=1_500), towns=st.lists(st.sampled_from(list(NODES)), unique=True)
)
def test_what_is_printed_is_what_is_read(place: tuple[int, int], entry: bytes, towns: list[str]) -> None:
    given_proof = a_proof(*place, entry, *towns)
    try:
        text = paper.encode(given_proof, entry, POLICY)
    except paper.TooLong:
        return
    read, judgement = paper.verify(text, POLICY)
    assert (read.index, read.size, read.entry) == (*place, entry)
    assert read.proof(POLICY) == given_proof
    assert set(judgement.witnesses) == set(towns)
    assert judgement.is_enough == (len(towns) >= 3)


@given(raw=st.binary(max_size=300))
def test_base45_is_one_way_to_write_bytes(raw: bytes) -> None:
    text = base45.encode(raw)
    assert base45.decode(text) == raw
    assert text == text.rstrip()  # a QR text may be pasted: nothing at its end can fall off


@given(
    rubbish=st.one_of(st.binary(max_size=400), st.binary(max_size=40).map(lambda raw: b"\x01a\x07\x03" + raw))
)
def test_rubbish_is_refused_and_nothing_else_happens(rubbish: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 NoteError or ProofError, and any message
        paper.verify(paper.PREFIX + base45.encode(rubbish), POLICY)


@pytest.mark.parametrize("what", [what for what in papers() if "changed" in what])
def test_one_changed_byte_is_noticed(what: str) -> None:
    try:
        read, judgement = paper.verify(papers()[what], POLICY)
    except (NoteError, ProofError):
        return
    # the id of one witness's key: this signature says nothing to us any more, the others say the same
    good = paper.decode(papers()["good"])
    assert (read.entry, read.index, read.size, read.path) == (good.entry, good.index, good.size, good.path)
    assert len(judgement.witnesses) == 3


def test_the_paper_of_a_log_of_a_million_entries_is_one_qr_of_version_30() -> None:
    text = paper.encode(a_proof(654_321, 1_000_000, ENTRY, *NODES), ENTRY, POLICY)
    assert len(text) <= 2_113  # what version 30 holds at level M, alphanumeric (ISO/IEC 18004 table 7)
    assert set(text) <= set(base45.ALPHABET)


def test_names_are_spelled_out_for_readers_who_have_no_policy() -> None:
    given_proof = proof(3, 7, *NODES)
    entry = shared_vectors.entries(7)[3]
    short, long = paper.encode(given_proof, entry, POLICY), paper.encode(given_proof, entry)
    assert [each.name for each in paper.decode(short).signatures[1:]] == [""] * 4
    assert [each.name for each in paper.decode(long).signatures[1:]] == [key.name for key in NODES.values()]
    assert paper.verify(long, POLICY)[1].is_enough


def test_signatures_that_the_policy_does_not_know_are_not_printed() -> None:
    stranger = SigningKey("witness.elsewhere.example/w1", 4, bytes([99]) * 32)
    held, entry = proof(3, 7, *NODES), shared_vectors.entries(7)[3]
    text = held.checkpoint.decode().split("\n\n")[0] + "\n"
    more = ProofFile(3, held.path, held.checkpoint + stranger.sign(text, AT).line().encode())
    assert paper.encode(more, entry, POLICY) == paper.encode(held, entry, POLICY)
    assert "witness.elsewhere" in paper.decode(paper.encode(more, entry)).signatures[-1].name


def test_what_cannot_be_verified_is_not_printed() -> None:
    with pytest.raises(ProofError):
        paper.encode(proof(3, 7, *NODES), b"another entry", POLICY)


def test_an_entry_that_no_qr_holds_says_so() -> None:
    entry = b"".join(sha256(bytes([number])).digest() for number in range(100))
    with pytest.raises(paper.TooLong):
        paper.encode(a_proof(0, 1, entry), entry, POLICY)


def test_a_paper_becomes_the_proof_file_of_the_public_format() -> None:
    given_proof = proof(3, 7, *NODES)
    read = paper.decode(paper.encode(given_proof, shared_vectors.entries(7)[3], POLICY))
    assert proof_files.parse(read.proof(POLICY).render()) == given_proof


def test_a_bomb_does_not_go_off() -> None:
    packed = paper.deflated(bytes(10_000_000))
    head = base45.decode(papers()["log alone"].removeprefix(paper.PREFIX))
    bomb = head[: -len(paper.deflated(ENTRY))] + packed
    with pytest.raises(NoteError, match=r"not just one entry|no proof on paper"):
        paper.decode(paper.PREFIX + base45.encode(bomb))


def test_the_vectors_that_the_phone_reads_are_fresh() -> None:
    assert shared_vectors.FILE.read_text() == shared_vectors.rendered(), (
        "python -m tests.kernel.tlog.shared_vectors"
    )


def test_the_dictionary_in_the_documentation_is_the_one_that_is_used() -> None:
    text = (Path(__file__).parents[3] / "docs" / "paper-proof.md").read_text()
    assert text.split("```")[1].replace("\n", "").encode() == paper.DICTIONARY
    assert sha256(paper.DICTIONARY).hexdigest() in text
