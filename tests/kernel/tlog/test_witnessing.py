"""A witness cosigns what extends what it cosigned last, and nothing else."""

import pytest

from tests.kernel.tlog.test_proofs import LEAVES, over, root
from webapp.kernel.tlog import notes, policies, proof_files, proofs, witnessing
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.notes import COSIGNATURE, SIGNATURE, Note, NoteError, SigningKey
from webapp.kernel.tlog.policies import Party

ORIGIN = "log.example/063622"
LOG = SigningKey(ORIGIN, SIGNATURE, bytes(32))
WITNESSES = [SigningKey(f"witness{n}.example", COSIGNATURE, bytes([n]) * 32) for n in range(1, 5)]
LOGS = {ORIGIN: [LOG.public]}


def checkpoint(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root(size))


def signed(what: Checkpoint, key: SigningKey = LOG) -> Note:
    return Note(what.text(), (key.sign(what.text()),))


def request(old: int, new: int, note: Note | None = None) -> bytes:
    path = tuple(proofs.consistency_path(min(old, new), new, over(LEAVES)))
    return witnessing.AddCheckpoint(old, path, note or signed(checkpoint(new))).render()


def ask(raw: bytes, last: int = 0) -> witnessing.Accepted | witnessing.Refused:
    return witnessing.judge(raw, LOGS, lambda _: checkpoint(last) if last else None)


@pytest.mark.parametrize(("old", "new"), [(0, 1), (0, 300), (5, 5), (5, 6), (256, 700)])
def test_what_extends_the_last_one_is_accepted(old, new):
    answer = ask(request(old, new), last=old)
    assert isinstance(answer, witnessing.Accepted)
    assert answer.checkpoint == checkpoint(new)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"old 1\n", 400),
        (b"old 01\n\n" + signed(checkpoint(9)).render(), 400),
        (request(9, 8), 400),
        (request(0, 9, signed(checkpoint(9), SigningKey(ORIGIN, SIGNATURE, bytes([9]) * 32))), 403),
        (request(0, 9, signed(Checkpoint("other", 9, root(9)))), 404),
        (request(3, 9), 409),
        (request(5, 9).replace(b"old 5\n", b"old 5\n" + notes.encode64(bytes(32)).encode() + b"\n"), 422),
    ],
)
def test_everything_else_is_refused_with_the_status_of_the_specification(raw, status):
    answer = ask(raw, last=5)
    assert isinstance(answer, witnessing.Refused)
    assert answer.status == status
    assert answer.size == (5 if status == 409 else None)


def test_two_roots_of_one_size_are_kept_as_evidence():
    lie = signed(Checkpoint(ORIGIN, 5, bytes(32)))
    answers = [ask(request(old, 5, lie), last=5) for old in (5, 0)]
    assert [each.status for each in answers] == [422, 409]
    assert {each.evidence for each in answers} == {witnessing.CONTRADICTION}


@pytest.mark.parametrize(("count", "least"), [(1, 1), (3, 3), (4, 3), (5, 4), (7, 5)])
def test_more_than_two_thirds_must_cosign(count, least):
    assert policies.least_of(count) == least


def proven(index: int, size: int, witnesses: int) -> proof_files.ProofFile:
    note = signed(checkpoint(size))
    note = note.with_signatures(key.sign(note.text, at=1_800_000_000) for key in WITNESSES[:witnesses])
    return proof_files.ProofFile(
        index, tuple(proofs.inclusion_path(index, size, over(LEAVES))), note.render()
    )


POLICY = policies.simple(Party(LOG.public), {key.name: Party(key.public) for key in WITNESSES})


@pytest.mark.parametrize(("witnesses", "enough"), [(0, False), (2, False), (3, True), (4, True)])
def test_a_proof_file_says_whether_enough_witnesses_cosigned(witnesses, enough):
    proof = proof_files.parse(proven(41, 500, witnesses).render())
    judgement = proof_files.verify(proof, b"41", policies.parse(POLICY.render()))
    assert judgement.is_enough is enough
    assert len(judgement.witnesses) == witnesses


def test_a_proof_file_for_another_entry_fails():
    with pytest.raises(ValueError, match="another root"):
        proof_files.verify(proven(41, 500, 4), b"42", POLICY)


@pytest.mark.parametrize("witness", range(5))
def test_one_changed_bit_in_any_signature_refuses_the_whole_note(witness):
    proof = proven(41, 500, 4)
    note = notes.parse(proof.checkpoint)
    bad = list(note.signatures)
    blob = bytearray(bad[witness].blob)
    blob[-1] ^= 1
    bad[witness] = notes.Signature(bad[witness].name, bad[witness].key_id, bytes(blob))
    with pytest.raises(NoteError):
        POLICY.judge(Note(note.text, tuple(bad)).render())


def test_the_specifications_example_note_verifies():
    key = notes.VerifyKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    raw = (
        "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1E"
        "RYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    assert notes.verified(notes.parse(raw.encode()), [key]) == {key: 0}


def test_keys_survive_being_written_down():
    assert SigningKey.parse(LOG.encode()) == LOG
    assert notes.VerifyKey.parse(WITNESSES[0].public.vkey) == WITNESSES[0].public
