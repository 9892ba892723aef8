"""`python3 -m deploy setup run|lint|test`, `run` or `phone`; the Makefile is the usual way in."""

import argparse
import subprocess
import sys
from io import TextIOWrapper

from deploy import BIN, ROOT, environment, machine, node, site
from deploy.progress import NeedsPerson, StepFailed, say


def main() -> int:
    """Do what was asked; 1 with a plain message where a person has to act, 130 after Ctrl-C."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8 shows ? and goes on
    asked = _arguments()
    try:
        return _do(asked.what, asked.purpose)
    except (NeedsPerson, StepFailed) as problem:
        say(f"\n{problem}\n")
        return 1
    except KeyboardInterrupt:
        say("\nStopped. The same command goes on from here.")
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m deploy", description=__doc__)
    parser.add_argument("what", choices=["setup", "run", "phone"])
    parser.add_argument("purpose", nargs="?", choices=["run", "lint", "test"], default="run")
    return parser.parse_args()


def _do(what: str, purpose: str) -> int:
    machine.prepare(for_tests=purpose == "test")
    environment.prepare(for_development=purpose != "run")
    node.prepare(for_development=purpose != "run")
    if what == "setup":
        return 0
    if what == "run":
        return site.start()
    return subprocess.call([BIN / "python", "-m", "deploy.phone"], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
