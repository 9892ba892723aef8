"""Witnesses that others wrote cosign our checkpoints and refuse what a witness must refuse; ours does the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.thirdparty.judges import Go, Witness, cosigned, rust_witness, with_witnesses
from tests.thirdparty.writing import KEY, ORIGIN, Book, keep, some_entries
from webapp.kernel.tlog import notes, witnessing
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.notes import SIGNATURE, Note, SigningKey
from webapp.kernel.tlog.witnessing import Accepted, AddCheckpoint

BOOK = Book(some_entries(600))
#: The operator changed entry 5 afterwards; everything above it is as it must be then, and signed with the real key.
FORGED = Book([*BOOK.entries[:5], b"another", *BOOK.entries[6:]])
STRANGER = SigningKey(ORIGIN, SIGNATURE, bytes([9]) * 32)


def request(old: int, new: int, book: Book = BOOK) -> bytes:
    """What a log sends."""
    return AddCheckpoint(old, tuple(book.consistency(min(old, new), new)), book.note(new)).render()


def test_a_witness_follows_a_growing_log(witness: Witness, go: Go, tmp_path: Path) -> None:
    # given a log that grows by one entry, by none, across the edge of a tile, and by hundreds
    old = 0
    for size in (1, 2, 2, 255, 256, 257, 600):
        # when the witness is asked
        status, _, body = witness.add_checkpoint(request(old, size))
        # then it cosigns, and our code finds the cosignature good
        assert (status, body[-1:]) == (200, b"\n"), body
        note, old = cosigned(witness, BOOK.note(size), body), size
    # and Go, which knows neither our code nor the witness's, finds both signatures good
    folder = BOOK.write(tmp_path / "log")
    keep(folder / "checkpoint", note.render())
    verdict = go.judge(folder, *with_witnesses([witness.key]))
    assert verdict.status == 0, verdict.said


def flipped(raw: bytes, part: bytes) -> bytes:
    """The bytes with one bit changed in the last byte of this part."""
    at = raw.index(part) + len(part) - 1
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


def hash_flipped(old: int, new: int, place: int) -> bytes:
    """A request with one bit of one hash of the proof changed."""
    path = BOOK.consistency(old, new)
    path[place] = flipped(path[place], path[place])
    return AddCheckpoint(old, tuple(path), BOOK.note(new)).render()


def signature_flipped(old: int, new: int) -> bytes:
    """A request with one bit of the log's signature changed."""
    note = BOOK.note(new)
    (own,) = note.signatures
    bad = notes.Signature(own.name, own.key_id, flipped(own.blob, own.blob))
    return AddCheckpoint(old, tuple(BOOK.consistency(old, new)), Note(note.text, (bad,))).render()


def resigned(size: int, key: SigningKey) -> bytes:
    """A request for the true checkpoint, signed by somebody else."""
    text = Checkpoint(key.name, size, BOOK.checkpoint(size).root).text()
    return AddCheckpoint(300, tuple(BOOK.consistency(300, size)), Note(text, (key.sign(text),))).render()


REFUSED: list[tuple[bytes, int, str]] = [
    (request(300, 600, FORGED), 422, "a branch on which an entry was rewritten"),
    (request(300, 300, FORGED), 422, "another root for the size it knows"),
    (hash_flipped(300, 600, 0), 422, "the first hash of the proof flipped"),
    (hash_flipped(300, 600, -1), 422, "the last hash of the proof flipped"),
    (request(200, 600), 409, "an old size that is too small"),
    (request(301, 600), 409, "an old size that is too large"),
    (request(0, 600), 409, "as if it had never cosigned"),
    (request(200, 250), 409, "a checkpoint from the past, replayed"),
    (request(300, 299), 400, "an old size beyond the checkpoint"),
    (signature_flipped(300, 600), 403, "one bit of the signature flipped"),
    (flipped(request(300, 600), b"\n600"), 403, "one bit of the size flipped"),
    (resigned(600, STRANGER), 403, "signed by another key of the same name"),
    (resigned(600, SigningKey("elsewhere.example/1", SIGNATURE, KEY.seed)), 404, "another origin"),
    (request(300, 600).replace(b"old 300", b"old 0300"), 400, "a size with a leading zero"),
    (b"old 300\n", 400, "no checkpoint"),
    (b"", 400, "nothing"),
]


@pytest.fixture(scope="module")
def rust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    """The Rust witness, at size 300. It must refuse, so that it stays there."""
    with rust_witness(tmp_path_factory.mktemp("rust")) as running:
        assert running.add_checkpoint(request(0, 300))[0] == 200
        yield running


@pytest.mark.parametrize(("body", "status", "what"), REFUSED, ids=[what for *_, what in REFUSED])
def test_the_rust_witness_and_ours_refuse(rust: Witness, body: bytes, status: int, what: str) -> None:
    theirs, kind, said = rust.add_checkpoint(body)
    ours = witnessing.judge(body, {ORIGIN: [KEY.public]}, lambda _: BOOK.checkpoint(300))
    assert not isinstance(ours, Accepted)
    assert (theirs, ours.status) == (status, status), f"{what}: {said!r}"
    assert ours.reason
    if status == 409:
        assert (kind, said, ours.size) == (witnessing.SIZE_TYPE, b"300\n", 300)


def test_every_witness_refuses_the_same_forgeries_and_goes_on(witness: Witness) -> None:
    # given a witness that has cosigned 300 entries
    assert witness.add_checkpoint(request(0, 300))[0] == 200
    # when it is shown forgeries
    answers = {what: witness.add_checkpoint(body)[0] for body, _, what in REFUSED}
    # then it refuses each as the specification says, and cosigns what is true
    assert answers == {what: status for _, status, what in REFUSED}
    assert witness.add_checkpoint(request(300, 600))[0] == 200


def test_a_third_party_witness_that_was_restarted_has_not_forgotten(tmp_path: Path) -> None:
    with rust_witness(tmp_path) as before:
        assert before.add_checkpoint(request(0, 300))[0] == 200
    with rust_witness(tmp_path) as after:
        assert after.add_checkpoint(request(0, 300, FORGED))[0] in {409, 422}
        assert after.add_checkpoint(request(300, 600, FORGED))[0] == 422
        assert after.add_checkpoint(request(300, 600))[0] == 200
