"""`.venv`: made once, filled when `pyproject.toml` changes, made anew if a set-up was cut in the middle."""

import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from deploy import BIN, ROOT, VENV
from deploy.progress import run

STAMPS = VENV / "ashiato-stamps"
#: Present while packages are being written; if it is still there next time, they are not to be trusted.
UNFINISHED = STAMPS / "unfinished"
CONSTRAINTS = ROOT / "deploy" / "constraints.txt"


def prepare(*, for_development: bool) -> None:
    """A `.venv` with the project in it (editable); with `for_development` also its `dev` group."""
    if UNFINISHED.exists():
        shutil.rmtree(VENV)
    _make()
    wanted = requirements_hash()
    stamp = STAMPS / ("dev" if for_development else "run")
    if read(stamp) == wanted:
        return
    group = ["--group", "dev"] if for_development else []
    install(
        "Python packages (the first time takes a minute)",
        "--editable",
        ".",
        "--constraint",
        CONSTRAINTS,
        *group,
    )
    stamp.write_text(wanted)
    if for_development:
        (STAMPS / "run").write_text(wanted)


def install(title: str, *words: str | Path) -> None:
    """Put packages into `.venv` with uv or pip. Cut in the middle, the next set-up makes a new `.venv`."""
    uv = shutil.which("uv")
    python = BIN / "python"
    pip = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
    UNFINISHED.touch()
    run(title, [*pip, *words])
    UNFINISHED.unlink()


def requirements_hash() -> str:
    """A fingerprint of what is to be installed. Settings of linters in the same file do not change it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {name: project.get(name) for name in ("project", "build-system", "dependency-groups")}
    pins = CONSTRAINTS.read_text(encoding="utf-8") if CONSTRAINTS.exists() else ""
    return hashlib.sha256(json.dumps([wanted, pins, str(ROOT)], sort_keys=True).encode()).hexdigest()


def read(stamp: Path) -> str:
    """What a stamp file says, "" if there is none."""
    return stamp.read_text(encoding="utf-8") if stamp.exists() else ""


def _make() -> None:
    """Create `.venv` unless one that starts is there (an upgrade of the system's Python can break it)."""
    if _starts():
        STAMPS.mkdir(exist_ok=True)
        return
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    python = str(Path(sys.executable).resolve())  # the system's, also if an activated .venv started us
    make = [uv, "venv", "--quiet", "--python", python] if uv else [python, "-m", "venv"]
    run("Virtual environment .venv", [*make, VENV])
    STAMPS.mkdir(parents=True, exist_ok=True)
    if not uv:
        install("pip", "--upgrade", "pip>=25.1")  # the first that knows dependency groups


def _starts() -> bool:
    """Whether a whole `.venv` is there: its Python runs and can install (one that was cut cannot)."""
    python = BIN / "python"
    if not python.exists():
        return False
    installer = "sys" if shutil.which("uv") else "pip"
    code = f"import sys, {installer}; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", code], check=False, stderr=subprocess.DEVNULL).returncode == 0
