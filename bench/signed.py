"""The door with signed, chained scans, beside the same scans without signatures."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from bench import site, town
from bench.progress import Progress
from bench.report import Figure, Part, median
from bench.town import Town
from webapp.demo.signed_phone import SignedPhone
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import transaction
from webapp.kernel.phones.entries import ENROLLED
from webapp.kernel.phones.keys import verify
from webapp.kernel.phones.models import EnrolmentCode

ROLE = "officer"
FULL, QUICK = (6, 12), (1, 1)
"""Rounds, and cages a round and kind."""


def run(folder: Path, progress: Progress, *, quick: bool = False) -> list[Part]:
    """Register and load the devices of so many cages, in batches; with and without signatures in turn."""
    rounds, cages = QUICK if quick else FULL
    with site.application(folder) as app:
        made = town.settle(app, 2)
        town.open_consignment(made, "bench")
        progress.begin("signed: a town with its list and labels", 4 * rounds * cages * town.IN_A_CAGE)
        town.stocked(made, 2 * rounds * cages, progress.step)
        progress.end()
        _enrol(made, 1)
        told = [
            (
                _round(made, 0, range(2 * n * cages, (2 * n + 1) * cages)),
                _round(made, 1, range((2 * n + 1) * cages, (2 * n + 2) * cages)),
            )
            for n in range(rounds)
        ]
        return [_part(told, _check_us(made), rounds)]


def _enrol(made: Town, crew: int) -> None:
    """As if the officer's phone had used a code up."""
    author = made.crews[crew].authors[ROLE]
    phone = SignedPhone(made.crews[crew].p(ROLE), town.LOG, made.job)
    code = EnrolmentCode(
        token_hash="0" * 64, person_id=author.person_id, issuer_id=author.person_id, dev=phone.dev
    )
    code.expires_ms, code.used_ms, code.key = now_ms(), now_ms(), phone.key.base64
    with transaction() as session:
        session.add(code)
    body = {
        "dev": phone.dev,
        "key": phone.key.base64,
        "holder": phone.actor,
        "from": 1,
        "issuer": phone.actor,
    }
    made.receive([phone.command(ENROLLED, now_ms(), body)], ROLE, crew)
    made.crews[crew].phones[ROLE] = phone


def _round(made: Town, crew: int, cages: Sequence[int]) -> tuple[float, float, int]:
    """Seconds, seconds of CPU, scans. Making and signing the scans is the phone's work and not counted."""
    things = [n for cage in cages for n in range(cage * town.IN_A_CAGE, (cage + 1) * town.IN_A_CAGE)]
    items = town.registered(made, made.crews[crew], things)
    batches = list(town.batches(items, town.BATCH))
    wall, cpu = _timed(lambda: [made.receive(batch, ROLE, crew) for batch in batches])
    return wall, cpu, len(items)


def _timed(work: Callable[[], Any]) -> tuple[float, float]:
    wall, cpu = perf_counter(), process_time()
    work()
    return perf_counter() - wall, process_time() - cpu


def _check_us(made: Town) -> float:
    """One signature of a scan, µs of CPU."""
    phone = made.crews[1].phones[ROLE]
    if not isinstance(phone, SignedPhone):
        raise TypeError("the second crew's officer has a key")
    text = "x" * 700
    signature, count = phone.key.sign(text), 500
    _, cpu = _timed(lambda: [verify(phone.key.base64, text.encode(), signature) for _ in range(count)])
    return cpu / count * 1e6


def _part(told: Sequence[tuple[Any, Any]], check_us: float, rounds: int) -> Part:
    plain, signed = ([count / wall for wall, _, count in each] for each in zip(*told, strict=True))
    cpu = [median([seconds / count for _, seconds, count in each]) for each in zip(*told, strict=True)]
    figures = [
        Figure("signed scans a second", median(signed), "/s"),
        Figure("the same without signatures", median(plain), "/s"),
        Figure("CPU a signed scan", cpu[1] * 1e6, "µs"),
        Figure("CPU a scan without signature", cpu[0] * 1e6, "µs"),
        Figure("CPU of checking a signature", check_us, "µs"),
    ]
    how = (
        f"{rounds} rounds of {told[0][0][2]:,} registrations each, in turn, through the door without a server, batches "
        f"of {town.BATCH}, one process; the middle round counts. Signatures are checked ahead of the database's lock."
    )
    return Part("signed", "Signed, chained scans", figures, [how])
