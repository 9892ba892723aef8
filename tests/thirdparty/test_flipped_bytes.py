"""One changed byte anywhere fails: in Go's code, in ours, and where a witness can see it, in the witness's."""

import base64
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.thirdparty import ours
from tests.thirdparty.judges import Go, Verdict, with_witnesses
from tests.thirdparty.writing import KEY, WITNESSES, Book, keep, some_entries

#: Three tiles at level 0, the last of them partial, and one at level 1.
BOOK = Book(some_entries(600))
COSIGNERS = [each.public for each in WITNESSES[:3]]


@dataclass(frozen=True, slots=True)
class Files:
    """A log with proofs about it; nothing is wrong with it yet."""

    folder: Path

    @property
    def claims(self) -> Path:
        return self.folder / "proofs.json"

    @property
    def proof_file(self) -> Path:
        return self.folder / "41.tlog-proof"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Files:
    files = Files(BOOK.write(tmp_path_factory.mktemp("whole"), WITNESSES[:3]))
    keep(files.claims, BOOK.proofs_json([(41, 600)], [(300, 600)]))
    keep(files.proof_file, BOOK.proof_file(41, witnesses=WITNESSES[:3]).render())
    return files


@pytest.fixture
def files(whole: Files, tmp_path: Path) -> Files:
    return Files(shutil.copytree(whole.folder, tmp_path / "log"))


def by_go(go: Go, files: Files) -> Verdict:
    claims: list[str | Path] = ["-proofs", files.claims, "-tlog-proof", files.proof_file]
    return go.judge(files.folder, *with_witnesses(COSIGNERS), *claims)


def by_ours(files: Files) -> Verdict:
    return ours.judge(
        files.folder,
        claims=files.claims,
        proof_file=files.proof_file,
        entry=BOOK.entries[41],
        witnesses=COSIGNERS,
    )


def bit(path: str, at: int) -> Callable[[Files], None]:
    """Change one bit of the byte at this place of a file."""

    def change(files: Files) -> None:
        raw = bytearray((files.folder / path).read_bytes())
        raw[at] ^= 1
        (files.folder / path).write_bytes(raw)

    return change


def line(path: str, number: int, at: int) -> Callable[[Files], None]:
    """Change one bit of what the last word of a line says in base64."""

    def change(files: Files) -> None:
        lines = (files.folder / path).read_text().split("\n")
        *rest, word = lines[number].split(" ")
        raw = bytearray(base64.b64decode(word))
        raw[at] ^= 1
        lines[number] = " ".join([*rest, base64.b64encode(raw).decode()])
        (files.folder / path).write_text("\n".join(lines))

    return change


def word(path: str, number: int, old: str, new: str) -> Callable[[Files], None]:
    """Change a word in a line."""

    def change(files: Files) -> None:
        lines = (files.folder / path).read_text().split("\n")
        assert old in lines[number]
        lines[number] = lines[number].replace(old, new)
        (files.folder / path).write_text("\n".join(lines))

    return change


def claimed(kind: str, change: Callable[[list[str]], list[str]]) -> Callable[[Files], None]:
    """Change the hashes of a proof."""

    def rewrite(files: Files) -> None:
        said = json.loads(files.claims.read_text())
        said[kind][0]["hashes"] = change(said[kind][0]["hashes"])
        files.claims.write_text(json.dumps(said))

    return rewrite


def flip_first(hashes: list[str]) -> list[str]:
    raw = bytearray(base64.b64decode(hashes[0]))
    raw[0] ^= 1
    return [base64.b64encode(raw).decode(), *hashes[1:]]


SIGNATURE = "invalid signature for key "
#: What is changed: how, what Go says then, what we say.
FLIPS = {
    "an entry": (bit("tile/entries/000", 4), "checkpoint: root of 600 entries is", "1番の記帳が、署名された"),
    "the last entry": (bit("tile/entries/002.p/88", -1), "root of 600 entries", "599番の記帳が、署名された"),
    "the length of an entry": (
        bit("tile/entries/000", 1),
        "tile/entries/000: ",
        "記帳の束が壊れて|記帳が、署名された",
    ),
    "a hash in a full tile": (bit("tile/0/001", 77), "tile/0/001: is not what", "258番の記帳が"),
    "a hash in a partial tile": (bit("tile/0/002.p/88", -1), "0/002.p/88: is not", "599番の記帳が"),
    "a hash at level 1": (bit("tile/1/000.p/2", 40), "1/000.p/2: is not", "タイルが、.*1/000.p/2"),
    "the root": (line("checkpoint", 2, 9), SIGNATURE, "not of this text"),
    "the size": (word("checkpoint", 1, "600", "599"), SIGNATURE, "not of this text"),
    "the origin": (word("checkpoint", 0, "063622", "063623"), SIGNATURE, "not of this text"),
    "the log's signature": (
        line("checkpoint", 4, 20),
        f"{SIGNATURE}{KEY.name}",
        f"{KEY.name}: the signature",
    ),
    "a witness's signature": (
        line("checkpoint", 5, 30),
        f"{SIGNATURE}witness.town1",
        "town1.* the signature",
    ),
    "when a witness signed": (
        line("checkpoint", 6, 11),
        f"{SIGNATURE}witness.town2",
        "town2.* the signature",
    ),
    "a key id": (line("checkpoint", 7, 0), "2 of 3 witnesses have cosigned", "2／3.*\n.*連署が足りません"),
    "a hash of an inclusion proof": (
        claimed("inclusion", flip_first),
        "inclusion of entry 41 in 600: invalid",
        "inclusion proof leads",
    ),
    "the end of an inclusion proof": (
        claimed("inclusion", lambda hashes: hashes[:-1]),
        "inclusion of entry 41 in 600: invalid",
        "inclusion proof is too short",
    ),
    "a hash of a consistency proof": (
        claimed("consistency", flip_first),
        "consistency from 300 to 600: invalid",
        "consistency proof leads",
    ),
    "a consistency proof that goes on": (
        claimed("consistency", lambda hashes: [*hashes, hashes[0]]),
        "consistency from 300 to 600: invalid",
        "consistency proof is too long",
    ),
    "a hash in a proof file": (line("41.tlog-proof", 2, 31), "41.tlog-proof: invalid", "proof leads"),
    "the place in a proof file": (word("41.tlog-proof", 1, "41", "40"), "41.tlog-proof: invalid", "leads to"),
    "a signature in a proof file": (line("41.tlog-proof", -5, 40), SIGNATURE, "the signature is not"),
}


@pytest.mark.parametrize(("change", "go_says", "we_say"), FLIPS.values(), ids=FLIPS)
def test_one_flipped_byte_fails_in_go_and_in_ours(
    go: Go, files: Files, change: Callable[[Files], None], go_says: str, we_say: str
) -> None:
    # given a log with which both agree
    assert (by_go(go, files).status, by_ours(files).status) == (0, 0)
    # when one byte is changed
    change(files)
    # then both refuse, and say why
    theirs, own = by_go(go, files), by_ours(files)
    assert (theirs.status, own.status) == (1, 1)
    assert re.match(r"FAIL: ", theirs.said)
    assert re.search(go_says, theirs.said)
    assert re.search(we_say, own.said)


def test_there_is_no_byte_in_a_small_log_that_nobody_misses(go: Go, tmp_path: Path) -> None:
    # given three entries, and every file of their log
    folder = Book([b"one", b"", b"three"]).write(tmp_path)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        # when each byte of it is changed in turn
        missed: dict[str, set[int]] = {"go": set(), "ours": set()}
        for at in range(len(raw)):
            path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
            missed["go"] |= set() if go.judge(folder).status == 1 else {at}
            missed["ours"] |= set() if ours.judge(folder).status == 1 else {at}
        path.write_bytes(raw)
        # then all are found; Go's base64 alone lets two bits pass at the end of a signature that carry nothing
        assert missed == {"go": {len(raw) - 3} if path.name == "checkpoint" else set(), "ours": set()}
    assert go.judge(folder).status == 0


def test_a_history_that_was_rewritten_and_signed_again_is_found_by_an_older_checkpoint(
    go: Go, tmp_path: Path
) -> None:
    # given a checkpoint that somebody kept, and an operator who changes an entry and signs everything anew
    older = keep(tmp_path / "kept", BOOK.note(300).render())
    forged = Book([*BOOK.entries[:5], b"another", *BOOK.entries[6:]]).write(tmp_path / "log")
    # when Go sees the new log alone, it cannot know
    assert go.judge(forged).status == 0
    # then it knows by the old checkpoint
    verdict = go.judge(forged, "-older", older)
    assert verdict.status == 1
    assert "root of 300 entries is" in verdict.said


def test_a_tile_that_is_not_there_fails(go: Go, files: Files) -> None:
    (files.folder / "tile/0/001").unlink()
    theirs, own = by_go(go, files), by_ours(files)
    assert (theirs.status, own.status) == (1, 2)
    assert "tile/0/001: no such file" in theirs.said
    assert "最後まで読めませんでした（tile/0/001" in own.said


def test_two_tiles_that_were_swapped_fail(go: Go, files: Files) -> None:
    first, second = files.folder / "tile/entries/000", files.folder / "tile/entries/001"
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    assert (by_go(go, files).status, by_ours(files).status) == (1, 1)
