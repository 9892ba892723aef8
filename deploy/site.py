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

from deploy import BIN, ROOT, town
from deploy.crew import Crew, Program
from deploy.progress import NeedsPerson, Step, run, say

READY_WITHIN_S, LOOK_EVERY_S = 60, 0.3
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
    prepare_ports(env, host, int(port))
    fill(env)
    return serve(env, base, lambda: welcome(base, env))


#: The demo's own disaster: what brings the database back, and what begins from nothing.
LOST = """データベース {folder}/ashiato.db がありません。ノードは記録の写しを持っています。

  写しから戻す      docs/drill.md（手元のデモでは docs/node.md の「なくした台帳を写しから戻す」）
  初めからやり直す  rm -r {folder}

(The database is gone and the nodes still hold the log: restore it from one of them, or remove {folder}.)"""


#: After a restore from a node alone: names and passwords are not in the log.
NOBODY = """
ログインできる人がいません。氏名とログインは台帳にないので、登録してください（初めのパスワードを決めるリンクが出ます）。

  .venv/bin/ashiato person add shokuin --name 職員 --organisation 063622 --role officer --role admin

デモを初めからやり直すときは、止めてから rm -r instance （記録・鍵・ノードの写しがすべて消えます）
(Nobody can log in: the log holds no names. Enter a person as above, or remove the instance to begin anew.)"""


def prepare_ports(env: dict[str, str], host: str, port: int) -> None:
    """Raise NeedsPerson if a port of the site or of what runs beside it is taken. In the demo, drills are possible."""
    refuse_taken_port(host, port)
    town.prepare_mail(env, port)
    for taken in [*town.node_ports(env, port), *town.post_ports(env, port)]:
        refuse_taken_port("127.0.0.1", taken, suggest=port + 10)
    if town.has_nodes(env) and env.get("ASHIATO_ENV") != "production":
        env.setdefault("LEDGER_DRILL", "1")


def fill(env: Mapping[str, str]) -> None:
    """Bring the database to this version and, in a new one, load the demo story.

    A load that was cut in the middle is thrown away and begun again; any other database stays as it is.
    """
    folder = town.folder_of(env)
    unfinished = folder / "demo-unfinished"
    if unfinished.exists():
        _forget(folder)
        town.forget(env)
    if town.remembers_a_lost_log(env):
        raise NeedsPerson(LOST.format(folder=folder))
    if "DATABASE_URL" not in env and env.get("DEMO") != "0" and not (folder / "ashiato.db").exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.touch()
    if not town.is_current(env):  # else a whole application is loaded to find nothing to do
        run("Database", [BIN / "ashiato", "db", "upgrade"], env=env)
    if unfinished.exists():
        run("Demo story", [BIN / "ashiato", "demo", "load"], env=env)
        unfinished.unlink()


def _forget(folder: Path) -> None:
    for path in folder.glob("ashiato.db*"):
        path.unlink()
    shutil.rmtree(folder / "evidence", ignore_errors=True)
    (folder / "demo-accounts").unlink(missing_ok=True)
    (folder / "demo-unfinished").unlink()


def refuse_taken_port(host: str, port: int, suggest: int = 0) -> None:
    """Raise NeedsPerson if something else listens there; it names a way out."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise NeedsPerson(
                f"ポート {port} は使われています（{host}: {error.strerror}）。\n"
                f"別の番号で: PORT={suggest or port + 1} make run"
            ) from None


def serve(env: Mapping[str, str], base: str, ready: Callable[[], None]) -> int:
    """Run the site until Ctrl-C or a closed window; `ready` is called once `base`/healthz answers.

    Beside the web server run the signer, the publisher, the sender of notices and, in the demo, four nodes and a mail
    server that delivers nothing; one that ends is started again.
    """
    for ending in (signal.SIGTERM, signal.SIGHUP):  # a closed window is an end too
        signal.signal(ending, signal.default_int_handler)
    remember_address(env)
    web, crew = town.web(env), Crew()
    try:
        crew.start(town.signer(env), web)
        if not _wait_until_ready(web, base):
            say(f"\n{web.tail()}\n")
            return web.ended() or 1
        port = int(env["PORT"])
        crew.start(town.publisher(env), town.ticker(env), *town.post(env, port))
        crew.start(*town.nodes(env, base, port))
        ready()
        while (status := crew.look()) is None:
            time.sleep(LOOK_EVERY_S)
        say(f"\n{web.tail()}\n")
        return status
    except KeyboardInterrupt:
        say("\n止めました。データは残っています。同じ命令でまた始まります。 (Stopped; the data stays.)")
        return 0
    finally:
        crew.stop()


def remember_address(env: Mapping[str, str]) -> None:
    """Write down where this instance is served, for commands that print links (`webapp.kernel.base.settings`)."""
    folder = town.folder_of(env)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "public_base").write_text(f"{env['PUBLIC_BASE']}\n")


def _wait_until_ready(web: Program, base: str) -> bool:
    """Whether the site answers before the server ends. Raises NeedsPerson if it takes too long."""
    step, deadline = Step("Web server"), time.monotonic() + READY_WITHIN_S
    with ThreadPoolExecutor(max_workers=1) as asking:
        while web.ended() is None and time.monotonic() < deadline:
            answer = asking.submit(_answers, f"{base}/healthz")
            while not answer.done():
                step.draw()
                time.sleep(0.1)
            if answer.result():
                step.end(ok=True)
                return True
            time.sleep(0.1)
    step.end(ok=False)
    if web.ended() is None:
        raise NeedsPerson(f"{base}/healthz gave no answer within {READY_WITHIN_S} s. {web.log}")
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
    """Where to look, and the demo's people. Japanese first, and all at once: asking for the people may take seconds."""
    people = accounts_of(env) if town.has_people(env) else NOBODY
    say(f"\n足あと Ashiato が動いています（is running）:  {base}/\n")
    for path, what in (
        ("/", "住民: 機器の足あとを見る (track a device)"),
        ("/login", "ログイン (sign in)"),
        ("/app/", "スマートフォン用アプリ (the phone app)"),
        ("/consignments", "机: 案件・ラベル・進み具合 (the desk)"),
        *([("/mails", "試しのメール: 送ったメールはここに届く (mail)")] if env.get("MAIL_SINK") else []),
    ):
        say(f"  {base + path:36}{what}")
    if people:
        say(people)
    say(_beside(env))
    say("\n本物のスマートフォンのカメラには HTTPS が要ります: make phone")
    say("Ctrl-C で止まります。データは残ります。 (Ctrl-C stops the site; the data stays.)\n")


def _beside(env: Mapping[str, str]) -> str:
    """What else runs, and where the log files are: the terminal stays as it is."""
    folder, ports = town.folder_of(env), town.node_ports(env, int(env["PORT"]))
    lines = [f"\n通信の記録: {folder}/log/web.log (request log)"]
    if ports:
        names = "、".join(organisation for _name, organisation in town.NODES)
        every = town.watching(env)
        rule = f"{every}つのうち{2 * every // 3 + 1}つ以上の連署で成立"
        lines.append(f"ほかの団体のノード（連署と写し、{rule}）: {names}{'ほか' * (every > len(ports))}")
        lines.append(f"  http://127.0.0.1:{ports[0]}/status … {ports[-1]}    記録 {folder}/nodes/1/log …")
    return "\n".join(lines)


def show_accounts(env: Mapping[str, str]) -> None:
    """Say which accounts the demo has; nothing where there are none."""
    if people := accounts_of(env):
        say(people)


def accounts_of(env: Mapping[str, str]) -> str:
    """The demo's accounts, as the demo itself lists them; "" where there are none.

    They are asked for once and kept beside the database: asking loads a whole application.
    """
    kept = town.folder_of(env) / "demo-accounts"
    if not kept.exists():
        command = [str(BIN / "ashiato"), "demo", "accounts"]
        answer = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            kept.write_text(answer.stdout, encoding="utf-8")
    text = kept.read_text(encoding="utf-8").rstrip() if kept.exists() else ""
    return f"\n{text}" if text else ""
