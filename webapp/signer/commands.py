"""`python -m webapp.signer …`, which is what `ashiato signer …` becomes: nothing of the house is loaded."""

import logging
import os
import sys
from pathlib import Path

import click

from webapp.kernel.base.settings import ROOT
from webapp.signer import server
from webapp.signer.client import SignerClient, SignerRefused, SignerUnavailable
from webapp.signer.signer import Signer
from webapp.signer.store import Folder, SignerRuns


def default_folder() -> Path:
    """Where a signer keeps its keys unless told otherwise."""
    instance = Path(os.environ.get("ASHIATO_INSTANCE", ROOT / "instance"))
    return Path(os.environ.get("SIGNER_DIR") or instance / "signer")


_DIR = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=default_folder,
    help="Its own folder; only it reads there.",
)


@click.group("signer")
def signer_group() -> None:
    """The process that holds the keys of the logs."""


@signer_group.command("run")
@_DIR
@click.option(
    "--drills",
    is_flag=True,
    envvar="LEDGER_DRILL",
    help="For tests: also sign the recognisable lie of the fire drill.",
)
def run(folder: Path, *, drills: bool) -> None:
    """Answer at DIR/signer.sock until stopped."""
    if "webapp.cli" in sys.modules:  # the house's code has no business beside the keys
        more = ["--drills"] if drills else []
        command = [sys.executable, "-m", "webapp.signer", "run", "--dir", str(folder), *more]
        os.execv(sys.executable, command)  # noqa: S606  (no shell)
    logging.basicConfig(level=logging.INFO, format="signer: %(message)s", stream=sys.stderr)
    try:
        server.run(folder, drills=drills)
    except SignerRuns as problem:
        raise click.ClickException(
            f"{problem}. There is one signer, or there are two histories."
        ) from problem
    except (OSError, ValueError) as problem:
        raise click.ClickException(str(problem)) from problem


@signer_group.command("init")
@click.argument("logs", nargs=-1, required=True, metavar="LOG=ORIGIN…")
@_DIR
def init(logs: tuple[str, ...], folder: Path) -> None:
    """Make the keys of new logs and print what others verify with. One that is there stays as it is."""
    for named in logs:
        log, _, origin = named.partition("=")
        click.echo(_open(folder, log, origin or _known_origin(folder, log)))


@signer_group.command("vkey")
@click.argument("log")
@_DIR
def vkey(log: str, folder: Path) -> None:
    """Print what others verify the signatures of LOG with."""
    key = Folder(folder).read(log).key
    if key is None:
        raise click.ClickException(f"{log}: no key in {folder}")
    click.echo(key.public.vkey)


def _known_origin(folder: Path, log: str) -> str:
    origin = Folder(folder).read(log).origin
    if not origin:
        raise click.ClickException(f"{log}: say LOG=ORIGIN, the log's first line in a checkpoint")
    return origin


def _open(folder: Path, log: str, origin: str) -> str:
    """Through the signer if it runs, else in its place."""
    try:
        return SignerClient(folder / "signer.sock").open(log, origin).vkey
    except SignerRefused as problem:
        raise click.ClickException(problem.text) from problem
    except SignerUnavailable:
        pass
    try:
        files = Folder(folder)
        held = files.lock()
        answer = Signer(files, lambda _policy, _log: {}).answer({"op": "open", "log": log, "origin": origin})
        os.close(held)
    except (SignerRuns, OSError) as problem:
        raise click.ClickException(str(problem)) from problem
    if "refused" in answer:
        raise click.ClickException(str(answer["text"]))
    return str(answer["vkey"])
