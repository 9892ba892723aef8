"""Whatever bytes arrive: what is read is written back to the same bytes, and what is not is refused by its name."""

import re
from base64 import b64encode
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.kernel.tlog.test_proofs import LEAVES, over, root
from webapp.kernel.tlog import checkpoints, notes, policies, proof_files, proofs, tiles, witnessing
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.notes import COSIGNATURE, SIGNATURE, Note, NoteError, Signature, SigningKey, VerifyKey
from webapp.kernel.tlog.policies import PolicyError
from webapp.kernel.tlog.proof_files import ProofFile
from webapp.kernel.tlog.tiles import Tile
from webapp.kernel.tlog.witnessing import Accepted, AddCheckpoint

ORIGIN = "log.example/063622"
LOG = SigningKey(ORIGIN, SIGNATURE, bytes(32))
WITNESS = SigningKey("witness.example/w1", COSIGNATURE, bytes([1]) * 32)
TEXT = Checkpoint(ORIGIN, 500, root(500)).text()
NOTE = Note(TEXT, (LOG.sign(TEXT), WITNESS.sign(TEXT, 1_800_000_000))).render()
ASKED = AddCheckpoint(300, tuple(proofs.consistency_path(300, 500, over(LEAVES))), notes.parse(NOTE)).render()
PROOF = ProofFile(41, tuple(proofs.inclusion_path(41, 500, over(LEAVES))), NOTE, b"extra").render()
LINES = NOTE.split(b"\n\n")[1]

#: What reads bytes, what writes them again, a good example, and the one exception that may be raised.
READERS: dict[str, tuple[Callable[[bytes], object], Callable[..., bytes], bytes, type[Exception]]] = {
    "a note": (notes.parse, Note.render, NOTE, NoteError),
    "an add-checkpoint": (witnessing.parse, AddCheckpoint.render, ASKED, NoteError),
    "a proof file": (proof_files.parse, ProofFile.render, PROOF, NoteError),
    "signature lines": (
        notes.signature_lines,
        lambda lines: "".join(each.line() for each in lines).encode(),
        LINES,
        NoteError,
    ),
    "a checkpoint": (
        lambda raw: checkpoints.parse(raw.decode("latin-1")),
        lambda read: read.text().encode("latin-1"),
        TEXT.encode(),
        NoteError,
    ),
    "a verifier key": (
        lambda raw: VerifyKey.parse(raw.decode("latin-1")),
        lambda key: key.vkey.encode("latin-1"),
        WITNESS.public.vkey.encode(),
        NoteError,
    ),
    "a tile's path": (
        lambda raw: tiles.parse_path(raw.decode("latin-1")),
        lambda tile: tile.path().encode("latin-1"),
        b"tile/0/x001/x234/067.p/8",
        ValueError,
    ),
    "a bundle": (tiles.unpack, tiles.pack, tiles.pack([b"one", b"", b"three" * 60]), ValueError),
}
#: Bytes that such formats trip over.
TRIPS = [
    b"\r\n",
    b"\n\n",
    b"\n",
    b"\r",
    b"\0",
    b"\x7f",
    b" ",
    b"  ",
    b"=",
    b"+",
    b"-",
    b"_",
    b"0",
    b"\t",
    b"\xff",
]
TRIPS += [
    text.encode() for text in ("— ", "-- ", "–", "\u2028", "\x85", "\xa0", "\ufeff", "٣", "x", ".p/256")
]


@st.composite
def bent(draw: st.DrawFn, good: bytes) -> bytes:
    """Good bytes with a few places cut out, doubled, or filled with something else."""
    raw = good
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(len(raw), start + draw(st.sampled_from([0, 1, 4, 80])))))
        part = draw(st.sampled_from([b"", raw[start:end] * 2, *TRIPS]) | st.binary(max_size=6))
        raw = raw[:start] + part + raw[end:]
    return raw


@pytest.mark.parametrize("what", READERS)
@given(data=st.data())
def test_bytes_are_read_and_written_back_the_same_or_refused_by_name(what: str, data: st.DataObject) -> None:
    read, write, good, refusal = READERS[what]
    raw = data.draw(bent(good) | st.binary(max_size=200))
    try:
        found = read(raw)
    except refusal:
        return
    assert write(found) == raw


@pytest.mark.parametrize("what", READERS)
def test_the_good_example_is_read(what: str) -> None:
    read, write, good, _ = READERS[what]
    assert write(read(good)) == good


WORDS = st.text("abc/.-é町", min_size=1, max_size=12)
HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple)
SIGNATURES = st.builds(
    Signature, WORDS, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80)
)
SIZES = st.integers(0, 2**63 - 1)
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], min_codepoint=0x20) | st.just("\n"), max_size=60
).map(lambda text: text + "\n")
NOTES = st.builds(Note, TEXTS, st.lists(SIGNATURES, min_size=1, max_size=16).map(tuple))


@given(NOTES)
@example(Note("a\n\nb\n\n", (LOG.sign(TEXT),)))
def test_every_note_survives_being_written(note: Note) -> None:
    assert notes.parse(note.render()) == note


@given(WORDS, SIZES, st.binary(min_size=32, max_size=32))
def test_every_checkpoint_survives_being_written(origin: str, size: int, tree: bytes) -> None:
    checkpoint = Checkpoint(origin, size, tree)
    assert checkpoints.parse(checkpoint.text()) == checkpoint


@given(SIZES, HASHES, NOTES)
def test_every_request_survives_being_written(old: int, path: tuple[bytes, ...], note: Note) -> None:
    asked = AddCheckpoint(old, path, note)
    assert witnessing.parse(asked.render()) == asked


@given(SIZES, HASHES, NOTES, st.none() | st.binary(min_size=1, max_size=40))
def test_every_proof_file_survives_being_written(
    index: int, path: tuple[bytes, ...], note: Note, extra: bytes | None
) -> None:
    proof = ProofFile(index, path, note.render(), extra)
    assert proof_files.parse(proof.render()) == proof


@given(st.integers(-1, 63), st.integers(0, 2**55), st.integers(1, 256))
def test_every_tile_survives_its_path(level: int, number: int, width: int) -> None:
    tile = Tile(level, number, width)
    assert tiles.parse_path(tile.path()) == tile
    assert re.fullmatch(r"tile/(entries|\d+)/(x\d{3}/)*\d{3}(\.p/\d+)?", tile.path())


@given(data=st.data())
def test_a_witness_answers_whatever_it_is_sent(data: st.DataObject) -> None:
    # given a witness at 300 entries
    raw = data.draw(bent(ASKED) | st.binary(max_size=300))
    # when it is sent something that is not quite a request
    answer = witnessing.judge(raw, {ORIGIN: [LOG.public]}, lambda _: Checkpoint(ORIGIN, 300, root(300)))
    # then it says no with a status of the specification, or what it accepts is the truth
    if isinstance(answer, Accepted):
        assert answer.checkpoint == Checkpoint(ORIGIN, 500, root(500))
    else:
        assert answer.status in {400, 403, 404, 409, 422}
        assert answer.reason


POLICY = policies.simple(
    policies.Party(LOG.public, "https://log.example/log/063622"), {"w1": policies.Party(WITNESS.public)}
)


@given(data=st.data())
def test_a_policy_is_read_to_one_that_means_the_same_or_refused_by_name(data: st.DataObject) -> None:
    raw = data.draw(bent(POLICY.render().encode())).decode(errors="replace")
    check_policy(raw)


@pytest.mark.parametrize("url", ["\u2028", "\xa0", "https://log.example/\u3000"])
def test_a_policy_with_a_strange_address_is_written_as_it_was_read(url: str) -> None:
    check_policy(POLICY.render().replace("https://log.example/log/063622", url))


def check_policy(raw: str) -> None:
    try:
        policy = policies.parse(raw)
    except PolicyError:
        return
    assert policies.parse(policy.render()) == policy


@given(data=st.data())
def test_no_bent_note_is_taken_for_a_signed_one(data: st.DataObject) -> None:
    raw = data.draw(bent(NOTE))
    try:
        judgement = POLICY.judge(raw)
    except NoteError:
        return
    # what passes says what was signed: signatures may be gone, or strangers' have come
    assert judgement.checkpoint == Checkpoint(ORIGIN, 500, root(500))


def signed_by(*lines: str) -> bytes:
    """The text with these lines under it."""
    return (TEXT + "\n" + "".join(f"{line}\n" for line in lines)).encode()


def own(change: Callable[[str], str] = str) -> str:
    """The log's signature line, changed."""
    return change(LOG.sign(TEXT).line().removesuffix("\n"))


STRANGE = {
    "CRLF": NOTE.replace(b"\n", b"\r\n"),
    "a carriage return": NOTE.replace(b"500\n", b"500\r\n"),
    "a NUL": NOTE.replace(b"500", b"5\x0000"),
    "a tab before the signature": signed_by(own(lambda line: line.replace(" ", "\t"))),
    "a hyphen for the dash": signed_by(own(lambda line: line.replace("—", "-"))),
    "an en dash": signed_by(own(lambda line: line.replace("—", "–"))),
    "two spaces after the dash": signed_by(own(lambda line: line.replace("— ", "—  "))),
    "a space at the end": signed_by(own(lambda line: line + " ")),
    "no padding": signed_by(own(lambda line: line.rstrip("="))),
    "base64 for addresses": signed_by(own(lambda line: line.replace("+", "-").replace("/", "_"))),
    "a bit too many in base64": signed_by(own(lambda line: line[:-2] + chr(ord(line[-2]) + 1) + "=")),
    "a signature without bytes": signed_by(f"— {ORIGIN} {b64encode(LOG.public.key_id).decode()}"),
    "no last newline": NOTE[:-1],
    "an empty line after the signatures": NOTE + b"\n",
    "text after the signatures": NOTE + b"500\n",
    "no signature": TEXT.encode() + b"\n",
    "no empty line": NOTE.replace(b"\n\n", b"\n"),
    "not UTF-8": NOTE.replace(b"500", b"\xff\xfe"),
    "a surrogate": NOTE.replace(b"500", b"\xed\xa0\x80"),
    "101 signatures": signed_by(*[own()] * 101),
    "a megabyte": signed_by(*[own()] * 3) + b"x" * 1_000_000,
    "nothing": b"",
    "an empty line": b"\n\n",
}


@pytest.mark.parametrize("raw", STRANGE.values(), ids=STRANGE)
def test_no_note_has(raw: bytes) -> None:
    with pytest.raises(NoteError):
        notes.parse(raw)


def test_a_note_is_split_at_its_last_empty_line() -> None:
    text = f"one\n\n{own()}\n\ntwo\n"
    note = notes.parse(Note(text, (LOG.sign(text),)).render())
    assert note.text == text
    assert notes.verified(note, [LOG.public]) == {LOG.public: 0}


@pytest.mark.parametrize("before", [b"\n", b"\n\n", b"hello\n\n", LINES + b"\n"])
def test_a_witness_answers_with_signature_lines_and_nothing_before_them(before: bytes) -> None:
    assert len(notes.signature_lines(LINES)) == 2
    with pytest.raises(NoteError):
        notes.signature_lines(before + LINES)


def test_a_known_key_that_signed_twice_counts_once() -> None:
    assert notes.verified(notes.parse(signed_by(own(), own())), [LOG.public]) == {LOG.public: 0}


def test_a_bad_signature_of_a_known_key_refuses_a_note_that_others_signed_well() -> None:
    bad = Signature(ORIGIN, LOG.public.key_id, bytes(64)).line().strip()
    with pytest.raises(NoteError):
        notes.verified(notes.parse(signed_by(bad, WITNESS.sign(TEXT, 1).line().strip())), [LOG.public])


@pytest.mark.parametrize(
    "text",
    [
        *("", "0", "\n\n\n", ORIGIN, TEXT[:-1], TEXT + "extension\n", TEXT + "\n", TEXT.replace(ORIGIN, "")),
        *(
            TEXT.replace("500", size)
            for size in ("", "-1", "+5", "0500", "5e2", "٥", "５００", "1_0", str(2**63))
        ),
        *(TEXT.replace("500", size) for size in (" 500", "500 ", "9" * 5_000, "0x10", "500.0")),
        f"{ORIGIN}\n500\n{notes.encode64(bytes(31))}\n",
        f"{ORIGIN}\n500\n{notes.encode64(bytes(33))}\n",
        f"{ORIGIN}\n500\n{notes.encode64(bytes(32))[:-2]}B=\n",
    ],
)
def test_no_checkpoint_reads(text: str) -> None:
    with pytest.raises(NoteError):
        checkpoints.parse(text)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "/tile/0/000",
            "tile/0/000/",
            "tile//000",
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/x000",
        ),
        *(
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001/x002",
            "tile/00/000",
            "tile/-1/000",
            "tile/64/000",
        ),
        *(
            "tile/8/0/000",
            "tile/data/000",
            "tile/Entries/000",
            "tile/0/000.p",
            "tile/0/000.p/",
            "tile/0/000.p/0",
        ),
        *("tile/0/000.p/256", "tile/0/000.p/257", "tile/0/000.p/01", "tile/0/000.p/+1", "tile/0/00٣"),
        *(
            "tile/0/000.p/１",
            "tile/0/000\n",
            "tile/0/../000",
            "tile/0/%30%30%30",
            "tile/0/x1/000",
            "tile/0/000 ",
        ),
    ],
)
def test_no_tile_lies_at(path: str) -> None:
    with pytest.raises(ValueError, match="no such tile"):
        tiles.parse_path(path)


@pytest.mark.parametrize(
    "vkey",
    [
        *(
            "",
            "+",
            "++",
            "a+b",
            LOG.public.vkey[:-1],
            LOG.public.vkey + "=",
            LOG.public.vkey.replace("+", " ", 1),
        ),
        LOG.public.vkey.replace(ORIGIN, "log example"),
        LOG.public.vkey.replace(ORIGIN, ""),
        VerifyKey(ORIGIN, 0x02, bytes(32)).vkey,
        VerifyKey(ORIGIN, SIGNATURE, bytes(31)).vkey,
        LOG.public.vkey.replace(LOG.public.key_id.hex(), LOG.public.key_id.hex().upper()),
        LOG.public.vkey.replace(LOG.public.key_id.hex(), "00000000"),
    ],
)
def test_no_verifier_key_is(vkey: str) -> None:
    with pytest.raises(NoteError):
        VerifyKey.parse(vkey)


def test_a_proof_of_64_hashes_is_one_too_many() -> None:
    too_many = (bytes(32),) * 64
    with pytest.raises(NoteError):
        proof_files.parse(ProofFile(0, too_many, NOTE).render())
    with pytest.raises(NoteError):
        witnessing.parse(AddCheckpoint(0, too_many, notes.parse(NOTE)).render())


def test_a_proof_of_hashes_that_are_none_proves_nothing() -> None:
    for length in (0, 31, 33):
        with pytest.raises(ValueError, match=r"32 bytes|checkpoint"):
            proof_files.verify(proof_files.parse(ProofFile(0, (bytes(length),), NOTE).render()), b"0", POLICY)


def test_an_entry_has_at_most_65535_bytes() -> None:
    assert tiles.unpack(tiles.pack([b"x" * 65_535])) == [b"x" * 65_535]
    with pytest.raises(ValueError, match="65,535"):
        tiles.pack([b"x" * 65_536])
