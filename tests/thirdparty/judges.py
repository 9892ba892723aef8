"""How the judges are asked, and what they answered."""

import http.client
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.thirdparty.writing import KEY, ORIGIN
from webapp.kernel.tlog import notes, policies
from webapp.kernel.tlog.notes import VerifyKey
from webapp.kernel.tlog.policies import Party

POLICY = policies.simple(Party(KEY.public), {})


@dataclass(frozen=True, slots=True)
class Verdict:
    """An exit status (0: it agrees), and the sentence that came with it."""

    status: int
    said: str


@dataclass(frozen=True, slots=True)
class Go:
    """The compiled verifier."""

    binary: Path

    def judge(self, log: Path | str, *words: str | Path, vkey: str = KEY.public.vkey) -> Verdict:
        """Check a whole log: a folder or an address."""
        return self.run("-vkey", vkey, "-log", log, *words)

    def run(self, *words: str | Path) -> Verdict:
        """Start it with these words."""
        ended = subprocess.run([self.binary, *words], capture_output=True, text=True, timeout=60, check=False)
        return Verdict(ended.returncode, (ended.stdout + ended.stderr).strip())


def with_witnesses(keys: Sequence[VerifyKey]) -> list[str]:
    """The words by which the Go verifier is told of witnesses."""
    return [word for key in keys for word in ("-witness", key.vkey)]


@dataclass(frozen=True, slots=True)
class Witness:
    """A running witness: its key and its port."""

    key: VerifyKey
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def add_checkpoint(self, body: bytes) -> tuple[int, str, bytes]:
        """POST /add-checkpoint: status, content type, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/add-checkpoint", body)
            answer = connection.getresponse()
            return answer.status, answer.headers.get_content_type(), answer.read()
        finally:
            connection.close()


@contextmanager
def rust_witness(folder: Path, origin: str = ORIGIN, vkey: str = KEY.public.vkey) -> Iterator[Witness]:
    """`witness-log`: the witness is Rust; it brings no server, so that a few lines of ours carry bytes to it."""
    pytest.importorskip("witness_log", reason="witness-log is not installed")
    folder.mkdir(exist_ok=True)
    server: list[str | Path] = [
        sys.executable,
        Path(__file__).with_name("rust_witness_server.py"),
        folder / "state.json",
    ]
    with process([*server, origin, vkey], folder) as lines:
        yield Witness(VerifyKey.parse(next(lines).split()[-1]), int(next(lines).split(":")[-1]))


@contextmanager
def aics_witness(folder: Path) -> Iterator[Witness]:
    """`aics-witness`: Python, with a server, a store and commands of its own. It asks for Python 3.12."""
    program = shutil.which(
        "aics-witness", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if program is None:
        pytest.skip("aics-witness is not installed (it needs Python 3.12 or newer)")
    folder.mkdir(exist_ok=True)
    config = ["--config", str(folder / "witness.json")]

    def run(*words: str) -> str:
        return subprocess.run([program, *words, *config], capture_output=True, text=True, check=True).stdout

    key = VerifyKey.parse(run("init", "--name", "witness.third.example/w1").strip())
    run("add-log", "--origin", ORIGIN, "--vkey", KEY.public.vkey)
    with process([program, "serve", "--listen", "127.0.0.1:0", *config], folder) as lines:
        port = next(found[1] for line in lines if (found := re.search(r"http://127\.0\.0\.1:(\d+)", line)))
        yield Witness(key, int(port))


@contextmanager
def process(words: Sequence[str | Path], folder: Path, log: Path | None = None) -> Iterator[Iterator[str]]:
    """A program that runs as long as the block, and what it says, line by line; or all of that into a file."""
    with log.open("w") if log else nullcontext(subprocess.PIPE) as out:
        running = subprocess.Popen(words, cwd=folder, stdout=out, stderr=subprocess.STDOUT, text=True)
    try:
        yield iter(running.stdout.readline, "") if running.stdout else iter(())
    finally:
        running.terminate()
        running.communicate(timeout=30)


def cosigned(witness: Witness, note: notes.Note, answer: bytes) -> notes.Note:
    """The note with what the witness answered under it; our own code has checked the cosignature."""
    whole = note.with_signatures(notes.signature_lines(answer))
    assert witness.key in notes.verified(whole, [witness.key])
    return whole
