"""What runs beside the web server: signer, publisher, sender of notices, and in the demo four nodes and a mailbox."""

import re
import shutil
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from deploy import BIN, INSTANCE, ROOT
from deploy.crew import Program

#: The demo's partners: what their keys are called, and their organisations. The last two are invented.
NODES = (
    ("shinjo.example", "新庄市役所"),
    ("yamagata-pref.example", "山形県庁"),
    ("toshokan.example", "もがみ大学図書館"),
    ("shimbun.example", "みやま新聞社"),
)
SECONDS_BETWEEN_LOOKS = "3"
#: The port of our own mail server, above the site's.
MAIL_PORT_ABOVE = 5
_REVISION = re.compile(r"^revision = [\"']([^\"']+)", re.M)
_BEFORE = re.compile(r"^down_revision = [\"']([^\"']+)", re.M)


def folder_of(env: Mapping[str, str]) -> Path:
    """Where everything of this site lies."""
    return Path(env.get("ASHIATO_INSTANCE", INSTANCE)).absolute()


def web(env: Mapping[str, str]) -> Program:
    """The web server: if it ends, the site ends. Its request lines go to a file, not over the welcome."""
    command = [str(BIN / "gunicorn"), "--config", str(ROOT / "deploy" / "gunicorn_conf.py"), "wsgi:app"]
    return Program("Webサーバー", command, env, folder_of(env) / "log" / "web.log", vital=True)


def signer(env: Mapping[str, str]) -> Program:
    """The process with the keys of our logs."""
    drills = ["--drills"] if env.get("LEDGER_DRILL") == "1" else []
    command = [_python(), "-m", "webapp.signer", "run", "--dir", str(_signer_folder(env)), *drills]
    return Program("署名プロセス", command, env, folder_of(env) / "log" / "signer.log")


def publisher(env: Mapping[str, str]) -> Program:
    """Takes new checkpoints to the signer and to the nodes."""
    command = [str(BIN / "ashiato"), "ledger", "publish"]
    return Program("公開プロセス", command, env, folder_of(env) / "log" / "publisher.log")


def ticker(env: Mapping[str, str]) -> Program:
    """Writes down what becomes due in relief as time passes."""
    command = [str(BIN / "ashiato"), "supplies", "tick", "--loop"]
    return Program("支援物資の期限", command, env, folder_of(env) / "log" / "supplies.log")


def prepare_mail(env: dict[str, str], port: int) -> None:
    """Where no mail server is named, mails go to one of ours that delivers nothing; /mails shows them."""
    if "SMTP_URL" in env or env.get("ASHIATO_ENV") == "production":
        return
    env["SMTP_URL"], env["MAIL_SINK"] = _own_post(port), str(folder_of(env) / "mails")
    env.setdefault("MAIL_FROM", "足あと <ashiato@ashiato.example>")


def post_ports(env: Mapping[str, str], port: int) -> list[int]:
    """Where our own mail server answers, if it runs: above the nodes."""
    return [port + MAIL_PORT_ABOVE] if env.get("SMTP_URL") == _own_post(port) else []


def post(env: Mapping[str, str], port: int) -> list[Program]:
    """The sender of notices, and before it our own mail server where there is no other."""
    command = [_python(), "-m", "webapp.kernel.notifications.sink", "--dir", env.get("MAIL_SINK", "")]
    own = [
        Program(
            "試しのメールサーバー", [*command, "--port", str(at)], env, folder_of(env) / "log" / "mail.log"
        )
        for at in post_ports(env, port)
    ]
    if not env.get("SMTP_URL"):
        return own
    sender = [str(BIN / "ashiato"), "notices", "send", "--loop"]
    return [*own, Program("お知らせの送信", sender, env, folder_of(env) / "log" / "notices.log")]


def _own_post(port: int) -> str:
    return f"smtp://127.0.0.1:{port + MAIL_PORT_ABOVE}"


def has_nodes(env: Mapping[str, str]) -> bool:
    """Whether this site plays its partners too: only the demo does, in a database of its own."""
    return "DATABASE_URL" not in env and env.get("DEMO") != "0"


def node_ports(env: Mapping[str, str], port: int) -> list[int]:
    """Where the demo's nodes answer: right above the site."""
    return [port + 1 + number for number in range(len(NODES))] if has_nodes(env) else []


def nodes(env: Mapping[str, str], base: str, port: int) -> list[Program]:
    """Four nodes for every log here, each with its own folder; and, until it is done, their admission."""
    logs = logs_of(folder_of(env) / "ashiato.db")
    if not has_nodes(env) or not logs:
        return []
    if "ASHIATO_CERTFILE" in env:  # the LAN's own authority, which only the nodes' own programs have to trust
        env = {**env, "SSL_CERT_FILE": str(Path(env["ASHIATO_CERTFILE"]).with_name("ca.pem"))}
    ports = node_ports(env, port)
    found = [_node(env, base, logs, number, at) for number, at in enumerate(ports)]
    return found if _admitted(env).exists() else [*found, _admission(env)]


def logs_of(database: Path) -> list[str]:
    """The ids of the logs in this database; none where there is no such file."""
    if not database.exists():
        return []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM logs ORDER BY id")]


def watching(env: Mapping[str, str]) -> int:
    """How many nodes watch the log that most watch; while the demo's own are being admitted, as many as will be."""
    rows = _asked(env, "SELECT count(*) FROM ledger_nodes WHERE retired_at IS NULL GROUP BY log")
    least = 0 if _admitted(env).exists() else len(NODES)
    return max([least, *(row[0] for row in rows)]) or len(NODES)


def has_people(env: Mapping[str, str]) -> bool:
    """Whether anybody can log in here; of a database elsewhere nothing is said."""
    query = "SELECT 1 FROM people WHERE password_hash IS NOT NULL AND login IS NOT NULL LIMIT 1"
    return "DATABASE_URL" in env or bool(_asked(env, query))


def is_current(env: Mapping[str, str]) -> bool:
    """Whether the database here stands at the newest migration already; of one elsewhere that is not known."""
    if "DATABASE_URL" in env:
        return False
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "migrations" / "versions").glob("*.py")]
    numbers, before = (
        {found[1] for text in texts if (found := p.search(text))} for p in (_REVISION, _BEFORE)
    )
    return {row[0] for row in _asked(env, "SELECT version_num FROM alembic_version")} == numbers - before


def _asked(env: Mapping[str, str], query: str) -> list[tuple[Any]]:
    database = folder_of(env) / "ashiato.db"
    if not database.exists():
        return []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute(query).fetchall()
        except sqlite3.DatabaseError:  # a database of another version has no such table yet
            return []


def remembers_a_lost_log(env: Mapping[str, str]) -> bool:
    """Whether signer and nodes know a log whose database is gone: a new demo would contradict what they saw."""
    return has_nodes(env) and not (folder_of(env) / "ashiato.db").exists() and _admitted(env).exists()


def forget(env: Mapping[str, str]) -> None:
    """Throw away the keys and copies of a demo that was never finished."""
    shutil.rmtree(folder_of(env) / "nodes", ignore_errors=True)
    shutil.rmtree(_signer_folder(env), ignore_errors=True)


def _node(env: Mapping[str, str], base: str, logs: list[str], number: int, port: int) -> Program:
    name, organisation = NODES[number]
    store = folder_of(env) / "nodes" / str(number + 1)
    command = [_python(), "-m", "webapp.node", "run", "--store", str(store), "--port", str(port)]
    command += ["--name", name, "--organisation", organisation, "--url", f"http://127.0.0.1:{port}"]
    command += [word for log in logs for word in ("--log", f"{base}/log/{log}")]
    command += ["--every", SECONDS_BETWEEN_LOOKS]
    return Program(f"ノード {organisation}", command, env, store / "log")


def _admission(env: Mapping[str, str]) -> Program:
    """The demo's officers admit the four nodes, as an officer does it on the page; tried until it is done."""
    command = [
        str(BIN / "ashiato"),
        "demo",
        "admit",
        "--count",
        str(len(NODES)),
        "--done",
        str(_admitted(env)),
    ]
    return Program("ノードの承認", command, env, folder_of(env) / "log" / "admission.log", once=True)


def _admitted(env: Mapping[str, str]) -> Path:
    return folder_of(env) / "nodes" / "admitted"


def _signer_folder(env: Mapping[str, str]) -> Path:
    return Path(env.get("SIGNER_DIR") or folder_of(env) / "signer")


def _python() -> str:
    python = BIN / "python"
    return str(python) if python.exists() else sys.executable
