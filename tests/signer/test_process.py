"""The signer as it runs: a process of its own, with everything that can happen to one."""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories.ledger import Witness, a_signer, listening, start_signer, stop
from tests.signer.trees import LOG, ORIGIN, head, way
from webapp.kernel.tlog import checkpoints, notes, policies
from webapp.kernel.tlog.notes import SIGNATURE, Note, SigningKey, VerifyKey
from webapp.kernel.tlog.policies import Party
from webapp.signer.client import SignerClient, SignerRefused, SignerUnavailable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "signer"


@pytest.fixture
def signer(folder: Path) -> Iterator[SignerClient]:
    with a_signer(folder) as client:
        client.open(LOG, ORIGIN)
        yield client


def grow(client: SignerClient, size: int, book: str = "true") -> bytes:
    """Have this head signed."""
    last = client.last(ORIGIN).size
    return client.sign(head(size, book), way(last, size, book) if last <= size else [], last)


def refusal(client: SignerClient, size: int, book: str = "true") -> str:
    with pytest.raises(SignerRefused) as refused:
        grow(client, size, book)
    return refused.value.code


def tell_policy(client: SignerClient, *nodes: Witness, size: int = 0) -> VerifyKey:
    key = client.vkey(ORIGIN)
    parties = {node.key.name: Party(node.key.public, node.url) for node in nodes}
    client.keep_policy(ORIGIN, policies.simple(Party(key), parties), size)
    return key


def on_disk(folder: Path) -> int:
    return checkpoints.parse(notes.parse((folder / LOG / "last").read_bytes()).text).size


def say(folder: Path, *lines: bytes) -> list[dict[str, Any]]:
    """Talk to the socket by hand."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        line.connect(str(folder / "signer.sock"))
        with line.makefile("rwb") as file:
            for each in lines:
                file.write(each + b"\n")
            file.flush()
            return [json.loads(file.readline()) for _ in lines]


def test_it_signs_what_grows_and_others_can_verify_it(signer: SignerClient) -> None:
    key = signer.vkey(ORIGIN)
    for size in (0, 1, 256, 700):
        note = notes.parse(grow(signer, size))
        assert (note.text, list(notes.verified(note, [key]))) == (head(size).text(), [key])
    assert refusal(signer, 699) == "smaller"
    assert refusal(signer, 700, "other") == "inconsistent"
    assert refusal(signer, 701, "other") == "inconsistent"
    assert signer.last(ORIGIN).size == 700


def test_its_files_are_for_its_own_eyes(signer: SignerClient, folder: Path) -> None:
    grow(signer, 3)
    secret = (folder / LOG / "key", folder / LOG / "last", folder / "signer.sock", folder / "lock")
    assert [oct(path.stat().st_mode & 0o777) for path in secret] == ["0o600"] * 4
    assert SigningKey.parse((folder / LOG / "key").read_text()).public == signer.vkey(ORIGIN)


def test_two_at_once_the_second_goes_home(signer: SignerClient, folder: Path) -> None:
    command = [sys.executable, "-m", "webapp.signer", "run", "--dir", str(folder)]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "another signer" in second.stderr
    assert grow(signer, 3)


def test_what_it_signed_is_remembered_through_a_kill(folder: Path) -> None:
    first = start_signer(folder)
    client = SignerClient(folder / "signer.sock")
    client.open(LOG, ORIGIN)
    tell_policy(client)
    grow(client, 700)
    stop(first, signal.SIGKILL)
    with a_signer(folder) as again:
        assert refusal(again, 5) == "smaller"
        assert refusal(again, 701, "other") == "inconsistent"
        assert grow(again, 701)


DYING = """
import os, signal, sys
from pathlib import Path
from webapp.signer import server, store
honest = store.Folder.keep_last
def keep_last(folder, log, note):
    if sys.argv[2] == "after":
        honest(folder, log, note)
    os.kill(os.getpid(), signal.SIGKILL)
store.Folder.keep_last = keep_last
server.run(Path(sys.argv[1]))
"""


@pytest.mark.parametrize(("moment", "kept"), [("before", 5), ("after", 9)])
def test_killed_beside_the_disk_it_never_forgets_a_signature_that_left(
    folder: Path, moment: str, kept: int
) -> None:
    with a_signer(folder) as client:
        client.open(LOG, ORIGIN)
        tell_policy(client)
        grow(client, 5)
    dying = subprocess.Popen([sys.executable, "-c", DYING, str(folder), moment])
    _wait(folder)
    with pytest.raises(SignerUnavailable):
        grow(SignerClient(folder / "signer.sock"), 9)
    assert dying.wait(20) == -signal.SIGKILL
    assert on_disk(folder) == kept
    with a_signer(folder) as again:
        assert again.last(ORIGIN).size == kept
        if kept == 9:
            assert refusal(again, 8) == "smaller"
        assert grow(again, 9)  # the same head again: nobody has heard the answer


def _wait(folder: Path) -> None:
    for _ in range(400):
        try:
            say(folder, b"{}")
        except OSError:
            threading.Event().wait(0.02)
        else:
            return


def test_a_full_disk_means_no_signature_and_no_harm(folder: Path) -> None:
    def cramped() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (120, 120))  # a key fits, a note does not

    # Python would cut off what it compiles in the middle as well, and leave that to everybody who comes later
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with a_signer(folder, preexec_fn=cramped, env=env) as client:
        client.open(LOG, ORIGIN)
        assert refusal(client, 5) == "not_kept"
        assert client.last(ORIGIN).size == 0
        assert not (folder / LOG / "last").exists()
    with a_signer(folder) as client:
        tell_policy(client)
        assert grow(client, 5)


def test_a_folder_that_cannot_be_written_means_no_signature(signer: SignerClient, folder: Path) -> None:
    grow(signer, 5)
    (folder / LOG / "last.new").mkdir()
    assert refusal(signer, 6) == "not_kept"
    assert (signer.last(ORIGIN).size, on_disk(folder)) == (5, 5)
    (folder / LOG / "last.new").rmdir()
    assert grow(signer, 6)


# --- after a start ------------------------------------------------------------------------------------------------


@pytest.fixture
def four() -> Iterator[list[Witness]]:
    nodes = [Witness(f"node{n}") for n in range(1, 5)]
    with listening(*nodes):
        yield nodes


def test_an_old_backup_of_its_folder_learns_from_the_witnesses(folder: Path, four: list[Witness]) -> None:
    with a_signer(folder) as client:
        client.open(LOG, ORIGIN)
        tell_policy(client, *four)
        grow(client, 5)
        shutil.copytree(folder, folder.with_name("backup"), ignore=lambda *_: ["signer.sock"])
        four[2].sees(grow(client, 700))
    shutil.rmtree(folder)
    folder.with_name("backup").rename(folder)
    with a_signer(folder) as client:
        assert refusal(client, 6) == "smaller"
        assert refusal(client, 701, "other") == "inconsistent"
        assert (client.last(ORIGIN).size, on_disk(folder)) == (700, 700)
        assert grow(client, 701)


def test_until_enough_witnesses_answer_nothing_is_signed(folder: Path, four: list[Witness]) -> None:
    with a_signer(folder) as client:
        client.open(LOG, ORIGIN)
        tell_policy(client, *four)
        grow(client, 5)
    for node in four[:3]:
        node.instead = lambda _path, _body: (503, {}, b"asleep")
    with a_signer(folder) as client:
        assert refusal(client, 6) == "not_checked"
        four[0].instead = lambda _path, _body: None
        assert grow(client, 6)  # two of four overlap every three of four
        four[0].instead = four[3].instead = lambda _path, _body: (503, {}, b"asleep")
        assert grow(client, 7)  # once after a start is enough


def test_a_witness_that_shows_what_we_did_not_sign_does_not_count(folder: Path, four: list[Witness]) -> None:
    thief = SigningKey(ORIGIN, SIGNATURE, b"t" * 32)
    forged = Note(head(900).text(), (thief.sign(head(900).text()),)).render()
    for node in four[:3]:
        node.sees(forged)
    with a_signer(folder) as client:
        client.open(LOG, ORIGIN)
        tell_policy(client, *four)
        assert refusal(client, 5) == "not_checked"


def test_a_fork_of_our_own_stops_the_signer(folder: Path, four: list[Witness]) -> None:
    with a_signer(folder) as client:
        client.open(LOG, ORIGIN)
        tell_policy(client, *four)
        grow(client, 5)
    key = SigningKey.parse((folder / LOG / "key").read_text())
    other = head(5, "other")
    four[1].sees(Note(other.text(), (key.sign(other.text()),)).render())
    with a_signer(folder) as client:
        assert refusal(client, 6) == "forked"


def test_whom_to_ask_is_not_forgotten_because_an_old_database_says_so(
    folder: Path, four: list[Witness]
) -> None:
    with a_signer(folder) as client:
        client.open(LOG, ORIGIN)
        tell_policy(client, *four, size=700)
        grow(client, 700)
        with pytest.raises(SignerRefused, match="policy_old"):
            tell_policy(client, four[0], size=300)
        tell_policy(client, *four[:3], size=701)
    assert len(policies.parse((folder / f"policy-{LOG}.txt").read_text()).witnesses) == 3


def test_a_signer_that_does_not_know_whom_to_ask_waits_to_be_told(folder: Path) -> None:
    with a_signer(folder) as client:
        client.open(LOG, ORIGIN)
        grow(client, 5)
    with a_signer(folder) as client:
        assert refusal(client, 6) == "not_checked"
        tell_policy(client, size=5)
        assert grow(client, 6)


# --- keys ---------------------------------------------------------------------------------------------------------


def test_a_lost_key_is_never_replaced_in_silence(folder: Path) -> None:
    with a_signer(folder) as client:
        client.open(LOG, ORIGIN)
        tell_policy(client)
        grow(client, 5)
    (folder / LOG / "key").unlink()
    process = start_signer(folder)
    client = SignerClient(folder / "signer.sock")
    for call in (
        lambda: client.open(LOG, ORIGIN),
        lambda: client.vkey(ORIGIN),
        lambda: client.sign(head(6), []),
    ):
        with pytest.raises(SignerRefused, match="key_lost"):
            call()
    assert "is gone; it has signed before" in stop(process)
    shutil.rmtree(folder / LOG)  # the policy still names the old key
    with a_signer(folder) as client, pytest.raises(SignerRefused, match="key_lost"):
        client.open(LOG, ORIGIN)


@pytest.mark.parametrize("name", ["key", "last"])
def test_a_file_that_cannot_be_read_is_a_fault_and_not_a_new_beginning(folder: Path, name: str) -> None:
    with a_signer(folder) as client:
        client.open(LOG, ORIGIN)
        tell_policy(client)
        grow(client, 5)
    (folder / LOG / name).write_text("rubbish")
    with a_signer(folder) as client:
        for origin in (ORIGIN, LOG):
            with pytest.raises(SignerRefused):
                client.open(LOG, origin)
        with pytest.raises(SignerRefused):
            client.sign(head(6), [])


def test_keys_are_made_before_the_first_start_or_by_the_running_signer(folder: Path) -> None:
    def init(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "webapp.signer", *words, "--dir", str(folder)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    made = init("init", f"{LOG}={ORIGIN}").stdout
    assert VerifyKey.parse(made.strip()).name == ORIGIN
    assert init("vkey", LOG).stdout == made
    with a_signer(folder) as client:
        assert client.vkey(ORIGIN).vkey == made.strip()
        assert init("init", LOG).stdout == made
        assert init("init", "other=log.example/other").returncode == 0
        assert client.vkey("log.example/other").name == "log.example/other"
    assert init("init", "unknown").returncode == 1
    assert init("init", "../up=log.example/up").returncode == 1


# --- strange visitors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        b"", b"nonsense", b"[]", b"{}", b'{"op": "sign"}', b'{"op": ["sign"]}', b"\xff\xfe", b"[" * 3_000,
        b'{"op": "sign", "origin": "log.example/063622", "size": -1, "root": "", "proof": []}',
        b'{"op": "sign", "origin": "log.example/063622", "size": true, "root": "AA==", "proof": []}',
        b'{"op": "sign", "origin": "log.example/063622", "size": 1, "root": "AA==", "proof": {"a": 1}}',
        b'{"op": "sign", "origin": {}, "size": 1}',
        b'{"op": "open", "log": "..", "origin": "log.example/x"}',
        b'{"op": "open", "log": "a/b", "origin": "log.example/x"}',
        b'{"op": "open", "log": "063622", "origin": "log.example/x"}',
        b'{"op": "open", "log": "x", "origin": "two words"}',
        b'{"op": "policy", "origin": "log.example/063622", "text": "quorum none", "size": "x"}',
        b'{"op": "drill", "origin": "log.example/063622"}',
    ],
)  # fmt: skip
def test_strange_requests_are_refused_and_the_signer_lives_on(
    signer: SignerClient, folder: Path, line: bytes
) -> None:
    answers = say(folder, line, b'{"op": "vkey", "origin": "log.example/063622"}')
    assert ["refused" in answers[0], "vkey" in answers[1]] == [True, True]


def test_an_endless_line_is_cut_off(signer: SignerClient, folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        line.connect(str(folder / "signer.sock"))
        line.sendall(b"x" * 300_000)
        assert b"refused" in line.recv(1000)
    assert grow(signer, 2)


def test_many_at_once_get_heads_that_extend_each_other(signer: SignerClient, folder: Path) -> None:
    signed: list[bytes] = []

    def keep_growing() -> None:
        client = SignerClient(folder / "signer.sock")
        for size in range(1, 60, 7):
            try:
                signed.append(grow(client, size))
            except SignerRefused as problem:
                assert problem.code in {"smaller", "moved"}  # noqa: PT017  (another was faster)

    threads = [threading.Thread(target=keep_growing) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [checkpoints.parse(notes.parse(raw).text) for raw in signed]
    assert all(each == head(each.size) for each in found)
    assert signer.last(ORIGIN).size == max(each.size for each in found)


def test_the_lie_of_the_drill_is_signed_only_where_drills_are_allowed(folder: Path) -> None:
    with a_signer(folder, "--drills") as client:
        client.open(LOG, ORIGIN)
        grow(client, 5)
        lie = checkpoints.parse(notes.parse(client.drill(ORIGIN)).text)
        assert (lie.size, lie.root != head(5).root) == (5, True)
        assert client.last(ORIGIN).root == head(5).root


def test_the_process_knows_nothing_of_the_house() -> None:
    """Its memory and what could be attacked stay small."""
    script = "import webapp.signer.commands, sys; print([m for m in sys.modules if m.startswith('webapp.kernel.')])"
    command = [sys.executable, "-c", script]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ}).stdout
    assert not {word for word in ("ledger", "intake", "identity", "db") if f"kernel.{word}" in loaded}
    assert "base.db" not in loaded
