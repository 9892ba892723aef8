"""What other people's programs wrote, ours reads; what they signed, ours signs to the same bytes."""

import json
from pathlib import Path

import pytest

from tests.thirdparty.public import TESSERA, TESSERA_KEY, TESSERA_VKEY, VECTORS, needs_vectors
from webapp.kernel.tlog import checkpoints, notes, proofs, tiles
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import Frontier, leaf_hash
from webapp.kernel.tlog.notes import SIGNATURE, Note, NoteError, SigningKey, VerifyKey
from webapp.kernel.tlog.proofs import ProofError


def claims(kind: str) -> list[Path]:
    """The proofs of transparency-dev/merkle (testdata, Apache-2.0), good and bad."""
    return sorted((VECTORS / "rfc6962" / kind).rglob("*.json"))


def is_held(check: str, path: Path) -> bool:
    """Whether our verifier believes the proof in this file."""
    said = json.loads(path.read_text())
    raw = {name: notes.decode64(said[name] or "") for name in said if name.startswith(("root", "leafHash"))}
    hashes = [notes.decode64(text) for text in said["proof"] or ()]
    try:
        if check == "inclusion":
            proofs.verify_inclusion(said["leafIdx"], said["treeSize"], raw["leafHash"], hashes, raw["root"])
        else:
            proofs.verify_consistency(said["size1"], said["size2"], raw["root1"], raw["root2"], hashes)
    except ProofError:
        return False
    return True


#: Their test calls a "root" of 12 bytes equal to itself. Nothing that SHA-256 made has 12 bytes: we refuse it.
NO_HASH = {"consistency/additional/sizes-are-equal-one-and-proof-is-empty.json"}


@needs_vectors
@pytest.mark.parametrize(("kind", "count"), [("inclusion", 98), ("consistency", 98)])
def test_public_proofs_hold_or_fail_as_they_should(kind: str, count: int) -> None:
    files = claims(kind)
    wanted = {path: not json.loads(path.read_text())["wantErr"] for path in files}
    found = {path: is_held(kind, path) for path in files}
    other = {str(path.relative_to(VECTORS / "rfc6962")) for path in files if found[path] != wanted[path]}
    assert len(files) == count
    assert other == (NO_HASH if kind == "consistency" else set())


def tessera_entries() -> list[bytes]:
    """What the small log holds."""
    return tiles.unpack((TESSERA / "tile/entries/000.p/15").read_bytes())


def root(entries: list[bytes]) -> bytes:
    """The root over these entries."""
    frontier = Frontier()
    for entry in entries:
        frontier.push(leaf_hash(entry))
    return frontier.root()


@needs_vectors
@pytest.mark.parametrize("size", range(16))
def test_our_signature_under_a_public_checkpoint_is_the_same_to_the_byte(size: int) -> None:
    key = SigningKey.parse(TESSERA_KEY)
    text = Checkpoint(key.name, size, root(tessera_entries()[:size])).text()
    ours = Note(text, (key.sign(text),)).render()
    assert ours == (TESSERA / f"checkpoint.{size}").read_bytes()


@needs_vectors
@pytest.mark.parametrize("size", range(16))
def test_a_public_checkpoint_opens_with_its_public_key(size: int) -> None:
    key = VerifyKey.parse(TESSERA_VKEY)
    raw = (TESSERA / f"checkpoint.{size}").read_bytes()
    note = notes.parse(raw)
    assert notes.verified(note, [key]) == {key: 0}
    assert checkpoints.parse(note.text).size == size
    assert note.render() == raw


@needs_vectors
@pytest.mark.parametrize("size", range(1, 16))
def test_our_tiles_and_bundles_of_a_public_log_are_the_same_to_the_byte(size: int) -> None:
    entries = tessera_entries()[:size]
    (tile,), (bundle,) = tiles.tiles_of(size), tiles.bundles_of(size)
    assert (TESSERA / tile.path()).read_bytes() == b"".join(map(leaf_hash, entries))
    assert (TESSERA / bundle.path()).read_bytes() == tiles.pack(entries)


@needs_vectors
def test_a_public_checkpoint_signed_by_somebody_else_does_not_open() -> None:
    raw = (TESSERA / "checkpoint.7").read_bytes()
    stranger = SigningKey("example.com/log/testdata", SIGNATURE, bytes(32)).public
    assert notes.verified(notes.parse(raw), [stranger]) == {}
    with pytest.raises(NoteError, match="not of this text"):
        notes.verified(notes.parse(raw.replace(b"\n7\n", b"\n8\n")), [VerifyKey.parse(TESSERA_VKEY)])


#: RFC 8032 §7.1, tests 1 and 2: seed, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "r",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
]


@pytest.mark.parametrize(("seed", "text", "signature"), RFC_8032)
def test_signatures_are_those_of_rfc_8032(seed: str, text: str, signature: str) -> None:
    key = SigningKey("rfc8032", SIGNATURE, bytes.fromhex(seed))
    assert key.sign(text).blob.hex() == signature
    assert key.public.verify(text, bytes.fromhex(signature)) == 0


def test_a_signature_has_no_second_spelling() -> None:
    # RFC 8032 §5.1.7: S is below the order of the group; S + order would be another signature of the same text
    key, text = SigningKey.parse(TESSERA_KEY), "one\n"
    order = 2**252 + 27742317777372353535851937790883648493
    blob = key.sign(text).blob
    second = blob[:32] + (int.from_bytes(blob[32:], "little") + order).to_bytes(32, "little")
    with pytest.raises(NoteError):
        key.public.verify(text, second)
