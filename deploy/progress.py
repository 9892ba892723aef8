"""What a person sees while a machine works: one line a step that moves, a sign of life in a log."""

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy import ROOT

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
WIDTH = 100
LOG_EVERY_S = 15


class StepFailed(Exception):
    """A command of the set-up ended with an error; the message holds the end of what it printed."""


class NeedsPerson(Exception):
    """The set-up cannot go on without somebody; the message says what to do."""


def say(text: str = "") -> None:
    """One line for the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(
    title: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None, *, may_stop: bool = True
) -> None:
    """Run one command under one line of progress.

    Raises StepFailed with the last lines of output if it ends with an error. Ctrl-C ends the command too, or,
    with `may_stop=False`, waits for its end first: half an apt run leaves a system that needs repair.
    """
    step = Step(title)
    words = [str(word) for word in argv]
    with _open(words, env, may_stop=may_stop) as child:
        reader = threading.Thread(target=step.read, args=(child,), daemon=True)
        reader.start()
        stopped = _watch(child, step, may_stop=may_stop)
        reader.join()
    step.end(ok=child.returncode == 0)
    if stopped:
        raise KeyboardInterrupt
    if child.returncode:
        raise StepFailed("\n".join([f"command: {' '.join(words)}", *step.tail]))


def _open(words: list[str], env: Mapping[str, str] | None, *, may_stop: bool) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=None if may_stop else 0,  # a group of its own does not hear the terminal's Ctrl-C
    )


def _watch(child: subprocess.Popen[str], step: "Step", *, may_stop: bool) -> bool:
    """Wait for the command's end; whether Ctrl-C was pressed meanwhile."""
    stopped = False
    while child.poll() is None:
        try:
            step.draw()
            time.sleep(0.1)
        except KeyboardInterrupt:
            stopped = True
            if may_stop:
                child.terminate()
            else:
                say("\nThis step must not be cut; the set-up stops as soon as it is done.")
    return stopped


class Step:
    """The line on the screen and the last lines of output behind it."""

    def __init__(self, title: str) -> None:
        self.title, self.started, self.tail = title, time.monotonic(), deque[str](maxlen=40)
        self.moving = sys.stdout.isatty()
        self.frame, self.told_at = 0, 0.0
        if not self.moving:
            say(f"• {title} …")

    def read(self, child: subprocess.Popen[str]) -> None:
        """Keep the newest lines (runs in its own thread, so that a full pipe never blocks the command)."""
        if child.stdout is None:
            return
        for line in child.stdout:
            text = line.rstrip().rsplit("\r", maxsplit=1)[-1]
            if text:
                self.tail.append(text)

    def draw(self) -> None:
        """Show that something moves: at once on a terminal, now and then in a log."""
        seconds = time.monotonic() - self.started
        last = self.tail[-1].strip() if self.tail else ""
        if self.moving:
            self.frame = (self.frame + 1) % len(SPINNER)
            line = f"{SPINNER[self.frame]} {self.title} {seconds:3.0f} s  {last}"
            sys.stdout.write("\r\x1b[K" + line[:WIDTH])
            sys.stdout.flush()
        elif seconds - self.told_at >= LOG_EVERY_S:
            self.told_at = seconds
            say(f"  {seconds:3.0f} s  {last[:WIDTH]}")

    def end(self, *, ok: bool) -> None:
        """The line that stays."""
        seconds = time.monotonic() - self.started
        start = "\r\x1b[K" if self.moving else ""
        say(f"{start}{'✓' if ok else '✗'} {self.title} ({seconds:.0f} s)")
