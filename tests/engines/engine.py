"""What a test asks of a browser engine, whoever makes it; and how its processes are started and ended."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

PATIENCE_S = 20.0
#: How large the window is, CSS px.
WIDTH, HEIGHT = 390, 844
#: One string in, one string out: no engine gets to have its own idea of what a list is.
CALL = "async (words) => JSON.stringify(await ({function})(...JSON.parse(words)) ?? null)"


class Redrawn(Exception):
    """The page took the element away before it could be used, or was itself exchanged for the next one."""


class Engine(Protocol):
    """A browser with a profile on disk. `function` is always the text of a JavaScript function; it and whatever it
    promises are awaited, words and answer are JSON. All that looks or acts may raise Redrawn.
    """

    complaints: list[str]

    def start(self) -> None:
        """Start it on its profile, with one empty tab."""

    def open(self, url: str) -> None:
        """Type an address into the present tab; returns when the page is loaded."""

    def tab(self, number: int) -> None:
        """Turn to the first (0) or second (1) tab; one that is not there yet is opened."""

    def run(self, function: str, *words: Any) -> Any:
        """The answer of a function in the page. Raises AssertionError with what it threw."""

    def find(self, function: str, *words: Any) -> Any:
        """The element that a function in the page answers with, None for null."""

    def click(self, element: Any) -> None:
        """Press on the middle of an element, as a finger does."""

    def write(self, element: Any, text: str) -> None:
        """Type into an empty field, key by key."""

    def upload(self, element: Any, path: Path) -> None:
        """Choose a file."""

    def stop(self) -> None:
        """Close it as people do."""

    def kill(self) -> None:
        """SIGKILL all of it: nobody has a moment to put anything in order. Harmless when it is down."""

    def close(self) -> None:
        """Take away whatever of it is left."""


class Program:
    """A program in a process group of its own, that dies with the test if the test dies first."""

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                env=os.environ | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._log = log

    def until(self, answer: Callable[[], T | None]) -> T:
        """What `answer` says as soon as it says anything. Raises AssertionError with the log if the program ends."""
        deadline = time.monotonic() + PATIENCE_S
        while (said := answer()) is None:
            alive = self._process.poll() is None and time.monotonic() < deadline
            assert alive, self._log.read_text(errors="replace")[-2000:]
            time.sleep(0.02)
        return said

    def wait(self) -> None:
        """Until it has ended by itself. Raises subprocess.TimeoutExpired after 20 s."""
        self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        """The whole group, and wait until nothing of it runs."""
        group = self._process.pid
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        self._process.wait()
        deadline = time.monotonic() + PATIENCE_S
        while runs(group) and time.monotonic() < deadline:
            time.sleep(0.02)


class Driven:
    """What an engine has that we start ourselves: the program, and a line on which it takes orders."""

    _program: Program | None = None

    def kill(self) -> None:
        """See `Engine`."""
        if self._program is None:
            return
        self._program.kill()
        self._program = None
        self._hang_up()

    def _hang_up(self) -> None:
        """Give the line back, and keep what it complained of."""
        raise NotImplementedError


def runs(group: int) -> bool:
    """Whether a process of this group still works (one that is dead and not yet buried holds no file)."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, of = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(of) == group and state not in "ZX":
            return True
    return False


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool | None:
    """True when somebody listens on the port, None if not yet."""
    with socket.socket() as probe:
        return True if probe.connect_ex(("127.0.0.1", port)) == 0 else None
