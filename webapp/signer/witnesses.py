"""The question before the first signature: what did the witnesses see of our log last?"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from webapp.kernel.base.fetch import Unreachable, fetch
from webapp.kernel.tlog.checkpoints import origin_hash
from webapp.kernel.tlog.notes import VerifyKey
from webapp.kernel.tlog.policies import Party, Policy
from webapp.signer.rules import Heard, read_answer

WITHIN_S = 5.0
MOST_BYTES = 64 * 1024


def ask_all(policy: Policy, log: VerifyKey) -> dict[str, Heard]:
    """Ask every witness of the policy at once; takes at most about `WITHIN_S` seconds."""
    witnesses: Mapping[str, Party] = policy.witnesses
    if not witnesses:
        return {}
    with ThreadPoolExecutor(max_workers=min(len(witnesses), 16)) as asking:
        answers = asking.map(lambda witness: _ask(witness, log), witnesses.values())
        return dict(zip(witnesses, answers, strict=True))


def _ask(witness: Party, log: VerifyKey) -> Heard:
    """404 is an answer: this witness has never seen our log."""
    address = f"{witness.url.rstrip('/')}/{origin_hash(log.name)}/checkpoint"
    try:
        answer = fetch("GET", address, limit=MOST_BYTES, within_s=WITHIN_S)
    except Unreachable as problem:
        return Heard(problem=str(problem))
    if answer.status == 404:
        return Heard()
    if answer.status != 200:
        return Heard(problem=f"status {answer.status}")
    return read_answer(answer.body, log, witness)
