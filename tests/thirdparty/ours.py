"""What our own commands say of a log in a folder: `ashiato ledger audit` and `check-proof`."""

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from click import Command
from click.testing import CliRunner

from tests.thirdparty.judges import Verdict
from tests.thirdparty.writing import KEY
from webapp.kernel.ledger.commands import audit_log, check_proof
from webapp.kernel.tlog import notes, policies, proofs, tiles
from webapp.kernel.tlog.notes import VerifyKey
from webapp.kernel.tlog.policies import Party


def judge(
    folder: Path,
    *,
    claims: Path | None = None,
    proof_file: Path | None = None,
    entry: bytes = b"",
    witnesses: Sequence[VerifyKey] = (),
) -> Verdict:
    """Check everything in the folder, then the proofs; what fails first speaks."""
    policy = policies.simple(
        Party(KEY.public), {key.name: Party(key) for key in witnesses}, len(witnesses)
    ).render()
    with tempfile.TemporaryDirectory() as kept:
        known = Path(kept, "policy")
        known.write_text(policy)
        verdict = run(audit_log, folder, "--policy", known, "--keep", Path(kept, "audits"))
        if verdict.status == 0 and claims:
            verdict = _claims(folder, json.loads(claims.read_text())) or verdict
        if verdict.status == 0 and proof_file:
            Path(kept, "entry").write_bytes(entry)
            verdict = run(check_proof, proof_file, "--entry", Path(kept, "entry"), "--policy", known)
    return verdict


def run(command: Command, *words: str | Path) -> Verdict:
    """One of our commands, its exit status and what it said."""
    ended = CliRunner().invoke(command, list(map(str, words)))
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Verdict(ended.exit_code, ended.output.strip())


def _claims(folder: Path, said: dict[str, list[dict[str, Any]]]) -> Verdict | None:
    node = tiles.node_from(lambda level, number: _tile(folder, level, number))
    root: Callable[[int], bytes] = lambda size: proofs.root_of(size, node)  # noqa: E731
    try:
        for each in said["inclusion"]:
            path, index, size = list(map(notes.decode64, each["hashes"])), each["index"], each["size"]
            proofs.verify_inclusion(index, size, node(0, index), path, root(size))
        for each in said["consistency"]:
            path, old, new = list(map(notes.decode64, each["hashes"])), each["old"], each["new"]
            proofs.verify_consistency(old, new, root(old), root(new), path)
    except ValueError as problem:
        return Verdict(1, str(problem))
    return None


def _tile(folder: Path, level: int, number: int) -> bytes:
    full = folder / tiles.Tile(level, number).path()
    partial = sorted(full.parent.glob(f"{full.name}.p/*"))
    return (full if full.exists() else partial[-1]).read_bytes()
