"""Several programs side by side: started together, one that ends is started again, all are stopped together."""

import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy import ROOT
from deploy.progress import say

#: A program that ends is started again after 1 s, 2 s, 4 s …; one that ran this long begins at 1 s once more.
FIRST_WAIT_S, MOST_WAIT_S, WELL_AFTER_S = 1.0, 30.0, 60.0
#: Who has not ended this long after being asked is killed: everything that counts is on disk already.
STOP_WITHIN_S = 5.0
MOST_LOG_BYTES = 20_000_000


@dataclass
class Program:
    """A command whose output goes to a file. If a `vital` one ends, all do; one that runs `once` may end well."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    vital: bool = False
    once: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    wait_s: float = FIRST_WAIT_S
    due_at: float = 0.0

    def start(self) -> None:
        """Run it in a group of its own: Ctrl-C reaches the crew, which stops everybody in order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > MOST_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old"))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*_tied(), *self.command],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self.started_at, self.due_at = time.monotonic(), 0.0

    def tail(self, lines: int = 15) -> str:
        """The end of what it said."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def ended(self) -> int | None:
        """Its exit status, None while it runs."""
        return self.process.poll() if self.process else None


@dataclass
class Crew:
    """The programs of one site."""

    programs: list[Program] = field(default_factory=list)

    def start(self, *programs: Program) -> None:
        """Add these and start them."""
        for program in programs:
            self.programs.append(program)
            program.start()

    def look(self) -> int | None:
        """Start again what ended; the exit status of a vital program that ended, else None. Call it often."""
        for program in self.programs:
            status = program.ended()
            if status is None or (program.once and status == 0):
                continue
            if program.vital:
                return status
            self._again(program, status)
        return None

    def _again(self, program: Program, status: int) -> None:
        now = time.monotonic()
        if not program.due_at:
            if now - program.started_at > WELL_AFTER_S:
                program.wait_s = FIRST_WAIT_S
            program.due_at = now + program.wait_s
            if not program.once:
                again = f"{program.wait_s:.0f} 秒後に動かし直します"
                say(f"{program.name}が止まりました（{status}）。{again}。記録 {program.log}")
            program.wait_s = min(program.wait_s * 2, MOST_WAIT_S)
        elif now >= program.due_at:
            program.start()

    def stop(self) -> None:
        """End all of them, together; who does not listen is killed."""
        running = [one.process for one in self.programs if one.process and one.ended() is None]
        for process in running:
            process.terminate()
        until = time.monotonic() + STOP_WITHIN_S
        for process in running:
            try:
                process.wait(max(until - time.monotonic(), 0.1))
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                process.kill()
                process.wait()


def _tied() -> list[str]:
    """The kernel ends them too if we are killed without a chance to; where that tool is missing they are not tied."""
    tool = shutil.which("setpriv")
    return [tool, "--pdeathsig", "TERM", "--"] if tool else []
