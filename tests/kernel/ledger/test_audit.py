"""Somebody with nothing but the files of a log finds whatever is wrong with it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask

from tests.factories.ledger import LOG, ORIGIN, Witness, a_log, a_signer, admit, listening, write
from webapp.cli import make_cli
from webapp.kernel.base.db import db
from webapp.kernel.ledger.models import LedgerEntry
from webapp.kernel.tlog import tiles
from webapp.kernel.tlog.notes import SIGNATURE, Note, SigningKey
from webapp.kernel.witnesses.publisher import Publisher

SIZE = 600


@pytest.fixture
def run(app: Flask) -> Callable[..., Any]:
    def command(*words: object) -> Any:
        return app.test_cli_runner().invoke(make_cli(lambda: app), ["ledger", *map(str, words)])

    return command


@pytest.fixture
def copies(app: Flask, tmp_path: Path, run: Callable[..., Any]) -> Iterator[list[Path]]:
    """A log of 600 entries and the same log with 300 more, cosigned by four, as folders."""
    a_log(entries=SIZE)
    folders = [tmp_path / "first", tmp_path / "second"]
    with a_signer(tmp_path / "signer") as signer:
        nodes = [Witness(f"node{n}", signer.open(LOG, ORIGIN)) for n in range(1, 5)]
        with listening(*nodes):
            admit(LOG, *nodes)
            for folder in folders:
                assert Publisher(signer).round()[0].is_enough
                assert run("export", folder, "--log", LOG).exit_code == 0
                write(LOG, 300)
            yield folders


@pytest.fixture
def check(run: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    return lambda folder, *more: run("audit", folder, "--keep", tmp_path / "kept", *more)


def test_a_whole_log_is_said_to_be_whole(copies: list[Path], check: Callable[..., Any]) -> None:
    first, second = (check(folder) for folder in copies)
    assert (first.exit_code, "600件すべて" in first.output, "4／4" in first.output) == (0, True, True)
    assert (second.exit_code, "前回確かめた600件は" in second.output) == (0, True)


def test_a_policy_from_elsewhere_is_believed_before_the_logs_own(
    copies: list[Path], check: Callable[..., Any], tmp_path: Path
) -> None:
    policy = tmp_path / "policy.txt"
    shutil.copy(copies[0] / "policy", policy)
    assert "別の道で" not in check(copies[0], "--policy", policy).output
    policy.write_text(policy.read_text().replace("quorum-of-nodes 3 ", "quorum-of-nodes 4 "))
    assert check(copies[0], "--policy", policy).exit_code == 0
    raw = (copies[0] / "checkpoint").read_text().splitlines(keepends=True)
    (copies[0] / "checkpoint").write_text("".join(raw[:-1]))
    few = check(copies[0], "--policy", policy)
    assert (few.exit_code, "連署が足りません" in few.output) == (1, True)


def flipped(path: Path, at: int = 40) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)


def test_cosignatures_that_a_copy_lacks_are_asked_of_the_witnesses(
    copies: list[Path], check: Callable[..., Any]
) -> None:
    """The four still listen, and show what they cosigned last."""
    raw = (copies[1] / "checkpoint").read_text().splitlines(keepends=True)
    (copies[1] / "checkpoint").write_text("".join(raw[:5]))
    found = check(copies[1])
    assert (found.exit_code, "4／4" in found.output) == (0, True)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("tile/entries/001", "256番の記帳"),
        ("tile/entries/002.p/88", "512番の記帳"),
        ("tile/0/001", "257番の記帳"),
        ("tile/1/000.p/2", "タイル"),
        ("checkpoint", "署名が正しくありません"),
    ],
)
def test_one_flipped_bit_is_found(
    copies: list[Path], check: Callable[..., Any], path: str, said: str
) -> None:
    flipped(copies[0] / path)
    found = check(copies[0])
    assert (found.exit_code, said in found.output) == (1, True), found.output


def test_swapped_tiles_are_found(copies: list[Path], check: Callable[..., Any]) -> None:
    shutil.copy(copies[0] / "tile/0/000", copies[0] / "tile/0/001")
    assert "256番の記帳" in check(copies[0]).output


def test_a_log_rewritten_with_everything_that_fits_is_found_by_who_looked_before(
    copies: list[Path], check: Callable[..., Any], tmp_path: Path
) -> None:
    """The operator has the log's own key and writes entries, tiles and checkpoint anew."""
    check(copies[0])
    rewritten = copies[1]
    key = SigningKey.parse((tmp_path / "signer" / LOG / "key").read_text())
    entries = [
        entry for b in tiles.bundles_of(900) for entry in tiles.unpack((rewritten / b.path()).read_bytes())
    ]
    _write_log(rewritten, [b"another past", *entries[1:]], key)
    (rewritten / "policy").write_text(f"log {key.public.vkey}\nquorum none\n")
    found = check(rewritten)
    assert (found.exit_code, "過去の記帳が書き換えられました" in found.output) == (1, True)


def test_a_log_that_has_become_shorter_is_found(copies: list[Path], check: Callable[..., Any]) -> None:
    check(copies[1])
    found = check(copies[0])
    assert (found.exit_code, "今は600件しかありません" in found.output) == (1, True)


def test_another_key_than_last_time_is_found(copies: list[Path], check: Callable[..., Any]) -> None:
    check(copies[0])
    other = SigningKey(ORIGIN, SIGNATURE, b"o" * 32)
    _write_log(copies[0], [b"x"], other)
    (copies[0] / "policy").write_text(f"log {other.public.vkey}\nquorum none\n")
    assert "前回と違う鍵" in check(copies[0]).output


def _write_log(folder: Path, entries: list[bytes], key: SigningKey) -> None:
    from webapp.kernel.tlog.checkpoints import Checkpoint
    from webapp.kernel.tlog.merkle import Frontier, leaf_hash

    frontier, rows = Frontier(), dict[int, list[bytes]]()
    for entry in entries:
        rows.setdefault(0, []).append(leaf_hash(entry))
        for level, _index, hashed in frontier.push(leaf_hash(entry)):
            rows.setdefault(level, []).append(hashed)
    for tile in tiles.tiles_of(len(entries)):
        (folder / tile.path()).parent.mkdir(parents=True, exist_ok=True)
        (folder / tile.path()).write_bytes(b"".join(rows[tile.level][tile.start : tile.start + tile.width]))
    for tile in tiles.bundles_of(len(entries)):
        (folder / tile.path()).parent.mkdir(parents=True, exist_ok=True)
        (folder / tile.path()).write_bytes(tiles.pack(entries[tile.start : tile.start + tile.width]))
    text = Checkpoint(ORIGIN, len(entries), frontier.root()).text()
    (folder / "checkpoint").write_bytes(Note(text, (key.sign(text),)).render())


def test_what_is_missing_is_unread_and_not_wrong(copies: list[Path], check: Callable[..., Any]) -> None:
    (copies[0] / "tile/entries/001").unlink()
    found = check(copies[0])
    assert (found.exit_code, "最後まで読めません" in found.output) == (2, True)
    assert check(copies[0] / "nowhere").exit_code != 0


@contextmanager
def served(folder: Path, closed: str = "//") -> Iterator[str]:
    """The files over HTTP, at the address that is told; what has `closed` in its path asks for a key first."""

    class Files(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(folder))

        def do_GET(self) -> None:
            self.send_error(401) if closed in self.path else super().do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def test_a_log_is_audited_over_http_too(copies: list[Path], check: Callable[..., Any]) -> None:
    with served(copies[0]) as address:
        found = check(address)
    assert (found.exit_code, "600件すべて" in found.output) == (0, True), found.output


def test_entries_that_are_shown_to_members_only_are_asked_for_with_what_opens_them(
    copies: list[Path], check: Callable[..., Any]
) -> None:
    with served(copies[0], closed="/tile/") as address:
        found = check(address)
    wanted = "写しを読む鍵（--key）か合い言葉（--header）が要ります"
    assert (found.exit_code, wanted in found.output) == (2, True)


# --- single proofs ------------------------------------------------------------------------------------------------


def test_a_proof_is_made_here_and_checked_elsewhere(
    copies: list[Path], run: Callable[..., Any], tmp_path: Path
) -> None:
    entry = db.session.query(LedgerEntry).filter_by(log=LOG, index=77).one()
    proof, raw, policy = tmp_path / "a.tlog-proof", tmp_path / "entry", copies[1] / "policy"
    made = run("prove", entry.id, "--out", proof, "--entry", raw)
    assert (made.exit_code, raw.read_bytes()) == (0, entry.raw)
    good = run("check-proof", proof, "--entry", raw, "--policy", policy)
    assert (good.exit_code, "真正です" in good.output) == (0, True)
    raw.write_bytes(entry.raw.replace(b"077", b"078") + b" ")
    bad = run("check-proof", proof, "--entry", raw, "--policy", policy)
    assert (bad.exit_code, "正しくありません" in bad.output) == (1, True)


def test_a_proof_without_its_quorum_is_not_enough(
    copies: list[Path], run: Callable[..., Any], tmp_path: Path
) -> None:
    entry = db.session.query(LedgerEntry).filter_by(log=LOG, index=1).one()
    proof, raw = tmp_path / "a.tlog-proof", tmp_path / "entry"
    run("prove", entry.id, "--out", proof, "--entry", raw)
    proof.write_text("".join(proof.read_text().splitlines(keepends=True)[:-2]))
    found = run("check-proof", proof, "--entry", raw, "--policy", copies[1] / "policy")
    assert (found.exit_code, "連署が足りません" in found.output) == (1, True)


def test_what_is_not_signed_yet_or_does_not_exist_has_no_proof(app: Flask, run: Callable[..., Any]) -> None:
    a_log(entries=1)
    entry = db.session.query(LedgerEntry).one()
    assert (run("prove", entry.id).exit_code, run("prove", "nothing").exit_code) == (1, 1)
    assert run("export", "/nowhere", "--log", LOG).exit_code == 1


# --- our own database ---------------------------------------------------------------------------------------------


def test_a_database_of_an_earlier_day_is_found_by_asking_the_signer(
    app: Flask, tmp_path: Path, run: Callable[..., Any]
) -> None:
    """Rolled back as a whole it fits in itself: head, tiles and checkpoints are all of yesterday."""
    a_log(entries=300)
    with a_signer(tmp_path / "signer") as signer:
        Publisher(signer).round()
        assert run("verify").exit_code == 0
        key = signer.vkey(ORIGIN)
        longer = _later_head(300)
        signer.sign(longer[0], longer[1], 300)
        found = run("verify")
        assert (found.exit_code, "301 entries were signed, and there are 300" in found.output) == (1, True)
    assert "the signer does not answer" in run("verify").output
    assert key.name == ORIGIN


def _later_head(size: int) -> tuple[Any, list[bytes]]:
    """The head with one more entry, which this database has lost."""
    from webapp.kernel.ledger import publication, tree
    from webapp.kernel.ledger.models import Head
    from webapp.kernel.tlog.checkpoints import Checkpoint
    from webapp.kernel.tlog.merkle import Frontier, leaf_hash
    from webapp.kernel.tlog.proofs import consistency_path

    session = db.session()
    frontier = Frontier.from_bytes(size, session.get_one(Head, LOG).frontier)
    lost = leaf_hash(b"lost")
    frontier.push(lost)
    known = tree.node(session, LOG)
    assert publication.head(session, LOG).size == size
    path = consistency_path(
        size, size + 1, lambda level, at: lost if (level, at) == (0, size) else known(level, at)
    )
    return Checkpoint(ORIGIN, size + 1, frontier.root()), path


def test_a_checkpoint_that_fits_and_is_not_signed_by_the_log_is_found(
    app: Flask, tmp_path: Path, run: Callable[..., Any]
) -> None:
    from webapp.kernel.base.db import transaction
    from webapp.kernel.ledger import publication

    a_log(entries=300)
    forger = SigningKey(ORIGIN, SIGNATURE, b"f" * 32)
    with a_signer(tmp_path / "signer") as signer:
        Publisher(signer).round()
        write(LOG, 1)
        text = publication.head(db.session(), LOG).text()
        with transaction() as session:
            publication.keep_signed(session, LOG, Note(text, (forger.sign(text),)).render(), 1)
        found = run("verify")
    assert (found.exit_code, "not signed by this log" in found.output) == (1, True)
