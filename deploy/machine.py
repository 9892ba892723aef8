"""What the operating system must bring, and how to get it: Debian and Ubuntu by apt, others by a list."""

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.progress import NeedsPerson, StepFailed, run

FONTS = ("/usr/share/fonts", "/usr/local/share/fonts")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Need:
    """One system package: its Debian name, what it is for, and how to see that it is there."""

    package: str
    purpose: str
    is_met: Callable[[], bool]


def has_library(name: str) -> bool:
    """Whether the dynamic linker finds this shared library."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def has_command(*names: str) -> bool:
    """Whether one of these commands is on PATH."""
    return any(shutil.which(name) for name in names)


def has_japanese_font() -> bool:
    """Whether a Noto CJK or Noto Sans JP font file is installed (labels and certificates embed it)."""
    patterns = ("NotoSansCJK*", "NotoSansJP*")
    return any(next(Path(top).rglob(pattern), None) for top in FONTS for pattern in patterns)


def has_postgresql() -> bool:
    """Whether PostgreSQL's server programs are there (Debian keeps them off PATH)."""
    return has_command("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def has_go_package(path: str) -> bool:
    """Whether Debian's copy of this Go package is there (its sources; nothing is downloaded to build with it)."""
    return Path("/usr/share/gocode/src", path).is_dir()


def has_typelib(name: str) -> bool:
    """Whether the description of a GObject library is there, by which scripts call it."""
    return any(Path("/usr/lib").glob(f"*/girepository-1.0/{name}.typelib"))


def has_gi() -> bool:
    """Whether the system's own Python can call GObject libraries."""
    return Path("/usr/lib/python3/dist-packages/gi/__init__.py").exists()


def can_make_venv() -> bool:
    """Whether this Python can fill a virtual environment (Debian splits that off), or uv does it instead."""
    return has_command("uv") or importlib.util.find_spec("ensurepip") is not None


def needs(*, for_tests: bool) -> list[Need]:
    """Everything that `make run` asks of the system, and with `for_tests` what `make test` adds."""
    venv = f"python3.{sys.version_info.minor}-venv"
    to_run = [
        Need(venv, "to make .venv", can_make_venv),
        Need("libpango-1.0-0", "text of the label sheets", lambda: has_library("libpango-1.0.so.0")),
        Need("libpangoft2-1.0-0", "text of the label sheets", lambda: has_library("libpangoft2-1.0.so.0")),
        Need("libharfbuzz-subset0", "fonts inside the PDF", lambda: has_library("libharfbuzz-subset.so.0")),
        Need("libzbar0", "codes in photos", lambda: has_library("libzbar.so.0")),
        Need("fonts-noto-cjk", "Japanese on paper", has_japanese_font),
    ]
    to_test = [
        Need("libatomic1", "the driver of the browser tests", lambda: has_library("libatomic.so.1")),
        Need("chromium", "browser tests", lambda: has_command(*CHROMIUM)),
        Need("webkit2gtk-driver", "the same in Safari's engine", lambda: has_command("WebKitWebDriver")),
        Need("gir1.2-webkit2-4.1", "its window", lambda: has_typelib("WebKit2-4.1")),
        Need("python3-gi", "its window", has_gi),
        Need("xvfb", "a screen for it", lambda: has_command("Xvfb")),
        Need("firefox-esr", "the same in Firefox's", lambda: has_command("firefox-esr", "firefox")),
        Need("ffmpeg", "the fake camera's film", lambda: has_command("ffmpeg")),
        Need("poppler-utils", "PDF pages as pictures", lambda: has_command("pdftoppm")),
        Need("postgresql", "tests on PostgreSQL", has_postgresql),
        Need("golang-go", "a verifier of the log that we did not write", lambda: has_command("go")),
        Need("golang-golang-x-mod-dev", "the same", lambda: has_go_package("golang.org/x/mod/sumdb")),
    ]
    return to_run + (to_test if for_tests else [])


def prepare(*, for_tests: bool) -> None:
    """Install what is missing. Raises NeedsPerson, naming packages and command, where it may not."""
    missing = [need for need in needs(for_tests=for_tests) if not need.is_met()]
    if not missing:
        return
    rights = _rights()
    if rights is None or not has_command("apt-get"):
        raise NeedsPerson(explain(missing))
    _install([need.package for need in missing], rights)
    still = [need for need in missing if not need.is_met()]
    if still:
        raise NeedsPerson(explain(still))


def _install(packages: Sequence[str], rights: Sequence[str]) -> None:
    apt = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    title = f"System packages: {', '.join(packages)}"
    run("List of system packages", [*apt, "update"])
    try:
        run(title, install, may_stop=False)
    except StepFailed:
        # somebody cut an earlier run of apt; what the first command leaves broken, the second mends
        subprocess.run([*rights, "dpkg", "--configure", "-a"], capture_output=True, check=False)
        run("Repair of unfinished packages", [*apt, "install", "-y", "--fix-broken"], may_stop=False)
        run(title, install, may_stop=False)


def explain(missing: Sequence[Need]) -> str:
    """The message for a person who may not install, or whose system is not Debian's."""
    lines = [f"  {need.package:22}{need.purpose}" for need in missing]
    command = f"  sudo apt-get install -y {' '.join(need.package for need in missing)}"
    return "\n".join(
        [
            "These system packages are missing, and this account may not install them:",
            *lines,
            "Ask an administrator to run this, then start the same command again:",
            command,
            "(The names are Debian's and Ubuntu's; other systems have the same under their own names.)",
        ]
    )


def _rights() -> list[str] | None:
    """The words before an administrator's command: none for root, sudo for others, None without either."""
    if os.geteuid() == 0:
        return []
    if not has_command("sudo"):
        return None
    ask = ["sudo", "-v"] if sys.stdin.isatty() else ["sudo", "-n", "true"]
    return ["sudo"] if subprocess.run(ask, check=False).returncode == 0 else None
