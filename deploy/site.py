"""Migrate, load the demo once, serve, and tell people where to go and who to be."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy import BIN, INSTANCE, ROOT
from deploy.progress import NeedsPerson, Step, run, say

READY_WITHIN_S = 60
#: Where `make run` serves unless told otherwise.
DESK = "http://127.0.0.1:8000"


def settings() -> dict[str, str]:
    """The environment of every command: what `.env` says, and above it what the shell says."""
    path = ROOT / ".env"
    return {**(dotenv(path.read_text(encoding="utf-8")) if path.exists() else {}), **os.environ}


def dotenv(text: str) -> dict[str, str]:
    """Read `NAME=value` lines as systemd does: # comments, optional quotes, nothing expanded."""
    found: dict[str, str] = {}
    for line in map(str.strip, text.splitlines()):
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name.strip()] = value.strip().strip("\"'")
    return found


def start() -> int:
    """What `make run` does after the set-up: a site with the demo story on http://127.0.0.1:PORT."""
    env = settings()
    host, port = env.setdefault("HOST", "127.0.0.1"), env.setdefault("PORT", "8000")
    base = f"http://{host}:{port}"
    env.setdefault("PUBLIC_BASE", base)
    env.setdefault("QR_PREFIXES", f"{env['PUBLIC_BASE']},{DESK}")  # labels printed on another port stay ours
    refuse_taken_port(host, int(port))
    fill(env)
    return serve(env, base, lambda: welcome(base, env))


def fill(env: Mapping[str, str]) -> None:
    """Bring the database to this version and, in a new one, load the demo story.

    A load that was cut in the middle is thrown away and begun again; any other database stays as it is.
    """
    folder = Path(env.get("ASHIATO_INSTANCE", INSTANCE))
    unfinished = folder / "demo-unfinished"
    if unfinished.exists():
        _forget(folder)
    if "DATABASE_URL" not in env and env.get("DEMO") != "0" and not (folder / "ashiato.db").exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.touch()
    run("Database", [BIN / "ashiato", "db", "upgrade"], env=env)
    if unfinished.exists():
        run("Demo story", [BIN / "ashiato", "demo", "load"], env=env)
        unfinished.unlink()


def _forget(folder: Path) -> None:
    for path in folder.glob("ashiato.db*"):
        path.unlink()
    shutil.rmtree(folder / "evidence", ignore_errors=True)
    (folder / "demo-unfinished").unlink()


def refuse_taken_port(host: str, port: int) -> None:
    """Raise NeedsPerson if something else listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise NeedsPerson(
                f"Port {port} on {host}: {error.strerror}. Another one: PORT={port + 1} make run"
            ) from None


def serve(env: Mapping[str, str], base: str, ready: Callable[[], None]) -> int:
    """Run the web server until Ctrl-C or a closed window; `ready` is called once `base`/healthz answers."""
    command = [str(BIN / "gunicorn"), "--config", str(ROOT / "deploy" / "gunicorn_conf.py"), "wsgi:app"]
    server = subprocess.Popen(command, cwd=ROOT, env=env)
    for ending in (
        signal.SIGTERM,
        signal.SIGHUP,
    ):  # a closed window is an end too
        signal.signal(ending, lambda *_: server.terminate())
    try:
        if _wait_until_ready(server, base):
            ready()
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait()
        say("\nStopped. The data stays; the same command starts it again.")
        return 0


def _wait_until_ready(server: subprocess.Popen[bytes], base: str) -> bool:
    """Whether the site answers before the server ends. Raises NeedsPerson if it takes too long."""
    step, deadline = Step("Web server"), time.monotonic() + READY_WITHIN_S
    with ThreadPoolExecutor(max_workers=1) as asking:
        while server.poll() is None and time.monotonic() < deadline:
            answer = asking.submit(_answers, f"{base}/healthz")
            while not answer.done():
                step.draw()
                time.sleep(0.1)
            if answer.result():
                step.end(ok=True)
                return True
            time.sleep(0.1)
    step.end(ok=False)
    if server.poll() is None:
        server.terminate()
        raise NeedsPerson(f"{base}/healthz gave no answer within {READY_WITHIN_S} s.")
    return False


def _answers(url: str) -> bool:
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE  # only asks our own server whether it is up
    try:
        with urllib.request.urlopen(url, timeout=READY_WITHIN_S, context=trusting) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def welcome(base: str, env: Mapping[str, str]) -> None:
    """Where to look, and the demo's people."""
    say(f"\nAshiato 足あと is running:  {base}/\n")
    for path, what in (
        ("/", "track a device (residents)"),
        ("/login", "sign in"),
        ("/app/", "the phone app"),
        ("/consignments", "the desk: consignments, labels, live board"),
    ):
        say(f"  {base + path:36}{what}")
    show_accounts(env)
    say("\nA real phone's camera needs HTTPS: make phone.  Ctrl-C stops the site; the data stays.\n")


def show_accounts(env: Mapping[str, str]) -> None:
    """The demo's accounts, as the demo itself lists them; nothing where there are none."""
    answer = subprocess.run(
        [BIN / "ashiato", "demo", "accounts"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    if answer.returncode == 0 and answer.stdout.strip():
        say(f"\n{answer.stdout.rstrip()}")
