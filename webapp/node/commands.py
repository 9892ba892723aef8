"""`ashiato node …`: run a node, look at it, show its token. Needs no database and no settings of a town."""

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import click

from webapp.kernel.tlog.notes import NoteError
from webapp.node import keys, mirror, status
from webapp.node.access import TOKEN
from webapp.node.store import Store, StoreTaken

TAKEN = "{folder}: 別のノードがこのフォルダを使っています。"
_folder = click.option(
    "--store",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The node's folder.",
)


@click.group("node")
def node() -> None:
    """A node of another organisation: it witnesses logs and keeps a full copy of them."""


@node.command("run")
@_folder
@click.option(
    "--log", "logs", multiple=True, help="Address of a log, https://…/log/063622. Repeat it for several."
)
@click.option("--port", type=int, default=8001, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--name", default="", help="What its keys are called, e.g. shinjo.example. Fixed at the first start."
)
@click.option("--organisation", default="", help="Who runs it, as people call them.")
@click.option("--url", default="", help="Address at which others reach it.")
@click.option("--vkey", default="", help="The (first) log's key, if it was handed over in person.")
@click.option(
    "--every",
    "every_s",
    type=float,
    default=3.0,
    show_default=True,
    help="Seconds between two looks at a log.",
)
def run(**told: Any) -> None:
    """Start the node. The first start makes its keys and asks the log's officers to be admitted."""
    if "webapp.cli" in sys.modules:
        _start_anew(told)
    from webapp.node import server  # the web server is not needed to look at a store

    options = server.Options(**told)
    _refuse_taken_port(options.host, options.port)
    try:
        server.serve(options)
    except StoreTaken:
        raise click.ClickException(TAKEN.format(folder=options.folder)) from None
    except (server.Unusable, NoteError) as problem:
        raise click.ClickException(str(problem)) from None


@node.command("status")
@_folder
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def show_status(folder: Path, form: str) -> None:
    """How the node is, and the eight words for its copy. Exit status 1 where it holds evidence of two histories."""
    store = _look(folder)
    sql = store.reading()
    logs = status.kept(sql)
    if form == "json":
        click.echo(json.dumps(logs, ensure_ascii=False))
    else:
        click.echo("\n".join(status.lines(sql, keys.load(folder, store.fact("name")))))
    sys.exit(1 if any(log["evidence"] for log in logs) else 0)


@node.command("words")
@_folder
@click.option("--log", "origin", required=True, help="The log's origin, as `status` shows it.")
@click.option("--size", type=int, required=True, help="How many entries, as the other side says it.")
def show_words(folder: Path, origin: str, size: int) -> None:
    """The eight words for our copy at a size that somebody reads out on the telephone."""
    try:
        click.echo(" ".join(status.words_at(_look(folder).reading(), origin, size)))
    except LookupError as problem:
        raise click.ClickException(str(problem)) from None


@node.command("token")
@_folder
def show_token(folder: Path) -> None:
    """The secret that opens this node's copy: for a town that must restore its log, or for an auditor."""
    click.echo(_look(folder).fact(TOKEN))


@node.command("recopy")
@_folder
@click.option("--log", "origin", required=True, help="The log's origin, as `status` shows it.")
def recopy(folder: Path, origin: str) -> None:
    """Copy the log anew, if the disk was damaged. Stop the node first; cosignatures and evidence stay."""
    store = _look(folder)
    try:
        store.claim()
    except StoreTaken:
        raise click.ClickException(TAKEN.format(folder=folder)) from None
    mirror.forget(store, origin)
    click.echo(f"{origin}: 次にノードを動かすと、写しを初めから作ります。")


def _look(folder: Path) -> Store:
    if not (folder / "node.db").exists():
        raise click.ClickException(f"{folder}: ここにノードはありません。")
    return Store(folder)


def _start_anew(told: dict[str, Any]) -> None:
    """The town's commands fill 150 MB; a node needs 50. So it starts as a program of its own."""
    flags = {"folder": "store", "logs": "log", "every_s": "every"}
    words: list[str] = []
    for name, value in told.items():
        for each in value if isinstance(value, tuple) else (value,):
            words += [f"--{flags.get(name, name)}", str(each)] if str(each) else []
    os.execv(sys.executable, [sys.executable, "-m", "webapp.node", "run", *words])  # noqa: S606  (no shell)


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(f"{host}:{port}: {error.strerror}") from None
