"""kill -9 at random points, again and again: what has left the signer is never contradicted."""

import os
import random
import shutil
import signal
import threading
import time
from pathlib import Path

from tests.factories.ledger import Witness, listening, start_signer, stop
from tests.signer.trees import LOG, ORIGIN, head, way
from webapp.kernel.tlog import checkpoints, notes, policies
from webapp.kernel.tlog.policies import Party
from webapp.signer.client import SignerClient, SignerRefused, SignerUnavailable

ROUNDS = int(os.environ.get("SOAK_ROUNDS", "20"))
MOST = 5_000


def test_what_has_left_is_never_contradicted(tmp_path: Path) -> None:
    """Every third time an old copy of its folder is put back as well; the witness has seen what left."""
    folder, dice = tmp_path / "signer", random.Random(6962)  # noqa: S311  (the same dice every time)
    witness, largest = Witness("node"), 0
    with listening(witness):
        for number in range(ROUNDS):
            process = start_signer(folder)
            largest = max(largest, _sign_until_killed(folder, process.pid, witness, dice.uniform(0.01, 0.15)))
            stop(process, signal.SIGKILL)
            if number % 3 == 1:
                shutil.rmtree(tmp_path / "old", ignore_errors=True)
                shutil.copytree(folder, tmp_path / "old", ignore=lambda *_: ["signer.sock"])
            if number % 3 == 2 and largest:
                shutil.rmtree(folder)
                shutil.copytree(tmp_path / "old", folder)
    assert largest > ROUNDS


def _sign_until_killed(folder: Path, pid: int, witness: Witness, after_s: float) -> int:
    """Sign larger and larger heads; answers the largest that left. The witness sees each of them."""
    client, seen = SignerClient(folder / "signer.sock"), witness.kept.get(ORIGIN)
    largest = seen[0].size if seen else 0
    try:
        key = client.open(LOG, ORIGIN)
        party = {witness.key.name: Party(key=witness.key.public, url=witness.url)}
        client.keep_policy(ORIGIN, policies.simple(Party(key), party), MOST)
        _catch_up(client, largest)
        threading.Timer(after_s, os.kill, (pid, signal.SIGKILL)).start()
        began = time.monotonic()
        while time.monotonic() - began < 5 and largest < MOST:
            note = client.sign(head(largest + 1), way(largest, largest + 1), largest)
            assert checkpoints.parse(notes.parse(note).text) == head(largest + 1)
            witness.sees(note)
            largest += 1
    except SignerUnavailable:
        pass
    return largest


def _catch_up(client: SignerClient, largest: int) -> None:
    """After a start: what the witness has seen is neither forgotten nor contradicted.

    One more may be remembered, whose signature never left.
    """
    for smaller in (head(largest - 1), head(largest, "other")) if largest else ():
        try:
            client.sign(smaller, [], largest)
        except SignerRefused as problem:
            assert problem.code in {"smaller", "inconsistent"}  # noqa: PT017
        else:
            raise AssertionError("it contradicted itself")
    last = client.last(ORIGIN).size
    assert largest <= last <= largest + 1
    if last > largest:
        client.sign(head(last), [], last)
