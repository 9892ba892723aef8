"""`python -m bench [PART …] [--quick]`."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import (
    chain,
    imports,
    intake,
    machine,
    outbox,
    pages,
    phone_app,
    published,
    report,
    signed,
    supplies,
    verify,
)
from bench.progress import Progress
from bench.report import Part

PARTS: dict[str, Callable[..., list[Part]]] = {
    "intake": intake.run,
    "signed": signed.run,
    "imports": imports.run,
    "pages": pages.run,
    "phone": phone_app.run,
    "outbox": outbox.run,
    "verify": verify.run,
    "published": published.run,
    "chain": chain.run,
    "supplies": supplies.run,
}


def main(words: Sequence[str] | None = None) -> int:
    """Run the parts that were named, or all; say what was seen and write it down. Always 0: a bench judges nothing."""
    asked = _arguments(words)
    progress, found = Progress(), list[Part]()
    with tempfile.TemporaryDirectory(prefix="ashiato-bench-") as folder:
        here = machine.facts(Path(folder))
        for name in asked.parts or PARTS:
            place = Path(folder) / name
            place.mkdir()
            found += PARTS[name](place, progress, quick=asked.quick)
    sys.stdout.write(report.as_markdown(found, here))
    if not asked.quick:
        report.write(found, here)
    return 0


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure; figures go to bench/RESULTS.md."
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--quick", action="store_true", help="small numbers, nothing is written: a smoke test"
    )
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
