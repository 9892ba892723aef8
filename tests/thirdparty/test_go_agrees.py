"""Go's own checksum-database code reads our logs and agrees with every hash, root, signature and proof."""

from pathlib import Path

import pytest

from tests.thirdparty.judges import Go, with_witnesses
from tests.thirdparty.public import TESSERA, TESSERA_VKEY, needs_vectors
from tests.thirdparty.writing import KEY, WITNESSES, Book, keep, some_entries


@needs_vectors
def test_go_reads_a_log_that_others_wrote(go: Go) -> None:
    older: list[str | Path] = [
        word for size in range(16) for word in ("-older", TESSERA / f"checkpoint.{size}")
    ]
    verdict = go.judge(TESSERA, *older, vkey=TESSERA_VKEY)
    assert verdict.status == 0, verdict.said
    assert "size 15" in verdict.said
    assert "16 older checkpoints" in verdict.said


def places(size: int) -> list[int]:
    """Entries at the edges of tiles and in the middle."""
    wanted = {0, 1, 254, 255, 256, 257, size // 2, 65_535, 65_536, size - 2, size - 1}
    return sorted(at for at in wanted if 0 <= at < size)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 70_000])
def test_go_agrees_with_a_log_of(go: Go, tmp_path: Path, size: int) -> None:
    # given a log, cosigned by four, and proofs from every edge of it, for its size and for older ones
    book = Book(some_entries(size))
    folder = book.write(tmp_path / "log", WITNESSES)
    at = places(size)
    consistency = [(old, new) for old in at for new in (*at, size) if 0 < old <= new]
    inclusion = [(index, size_then) for index in at for size_then in (*at, size) if index < size_then]
    claims = keep(tmp_path / "proofs.json", book.proofs_json(inclusion, consistency))
    proof_files = [
        keep(tmp_path / f"{n}.tlog-proof", book.proof_file(n, witnesses=WITNESSES).render()) for n in at
    ]
    # when Go judges all of it
    words: list[str | Path] = [*with_witnesses([each.public for each in WITNESSES]), "-proofs", claims]
    verdict = go.judge(folder, *words, *(word for path in proof_files for word in ("-tlog-proof", path)))
    # then it has found the same, and has looked at all of it
    assert verdict.status == 0, verdict.said
    assert f"size {size} root" in verdict.said
    assert f"{size} entries" in verdict.said
    assert f"{len(inclusion) + len(consistency)} proofs" in verdict.said


def test_go_checks_a_proof_file_with_no_log_at_hand(go: Go, tmp_path: Path) -> None:
    book = Book(some_entries(300))
    proof = keep(tmp_path / "proof", book.proof_file(41, witnesses=WITNESSES[:3]).render())
    entry = keep(tmp_path / "entry", book.entries[41])
    words: list[str | Path] = ["-vkey", KEY.public.vkey, *with_witnesses([each.public for each in WITNESSES])]
    ask: list[str | Path] = [*words, "-tlog-proof", proof, "-entry", entry]
    assert go.run(*ask, "-quorum", "3").status == 0
    refused = go.run(*ask, "-quorum", "4")
    assert (refused.status, "3 of 4 witnesses have cosigned, 4 are needed" in refused.said) == (1, True)
    keep(entry, book.entries[41] + b"!")
    assert go.run(*ask, "-quorum", "3").status == 1
