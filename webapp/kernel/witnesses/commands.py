"""`ashiato ledger publish`, and `ashiato node requests|admit|retire` for the officers of a log."""

import logging
import signal
import sys
import threading
import time
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp.kernel.base import running
from webapp.kernel.base.db import db
from webapp.kernel.identity import authentication
from webapp.kernel.identity.models import Person
from webapp.kernel.intake.api import door
from webapp.kernel.intake.service import Answer
from webapp.kernel.intake.submit import submit_as
from webapp.kernel.ledger import signing
from webapp.kernel.ledger.models import NodeRequest
from webapp.kernel.tlog import words
from webapp.kernel.tlog.notes import NoteError
from webapp.kernel.witnesses import room
from webapp.kernel.witnesses.api import waiting
from webapp.kernel.witnesses.publisher import Outcome, Publisher
from webapp.kernel.witnesses.status import SIGNER

#: How often it is looked whether there is anything to do: an entry that comes alone need not wait a whole round.
LOOK_EVERY_S = 1.0
#: A round takes place at least so often: a database that was put back is noticed though nothing was appended.
CHECK_EVERY_S = 60.0
_log = logging.getLogger("ashiato.publisher")


@click.command("publish")
@click.option("--once", is_flag=True, help="One round; exit status 1 if something is left to do.")
@click.option(
    "--every", type=click.FloatRange(0.2, 60), default=3.0, show_default=True, help="Seconds between rounds."
)
@with_appcontext
def publish(*, once: bool, every: float) -> None:
    """Have new heads signed and cosigned, and late nodes caught up, until stopped."""
    publisher = Publisher(signing.client())
    if once:
        outcomes = publisher.round(patient=False)
        for outcome in outcomes:
            click.echo(_line(outcome))
        sys.exit(0 if all(outcome.is_done for outcome in outcomes) else 1)
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stop.set())
    with running.announced(Path(current_app.config["INSTANCE"])):
        publish_until(publisher, every, stop)


def publish_until(publisher: Publisher, every: float, stop: threading.Event) -> None:
    """At most one round in `every` seconds; a fault of ours or of the database ends a round, never the loop."""
    said: dict[str, str] = {}
    look_at = 0.0
    while not stop.is_set():
        started, worked = time.monotonic(), False
        try:
            worked = publisher.is_due() or started >= look_at
            look_at = started + CHECK_EVERY_S if worked else look_at
            for outcome in publisher.round() if worked else ():
                _tell(outcome, said)
        except Exception:
            _log.exception("a round failed; the next one follows")
            db.session.remove()
        stop.wait(max(LOOK_EVERY_S, started + every - time.monotonic() if worked else 0))


def _tell(outcome: Outcome, said: dict[str, str]) -> None:
    """One line where something changed."""
    line = _line(outcome)
    if said.get(outcome.log) != line:
        click.echo(line)
    said[outcome.log] = line


def _line(outcome: Outcome) -> str:
    enough = "quorum" if outcome.is_enough else "no quorum"
    text = f"{outcome.log}  signed {outcome.size}  cosigned by {len(outcome.cosigned)} ({enough})"
    problems = [f"{name or 'signer'}: {reason}" for name, reason in outcome.problems.items()]
    if SIGNER in outcome.problems:
        text = outcome.log
    return "  ".join([text, *problems])


_AS = click.option(
    "--as", "login", required=True, help="Login of the officer or administrator who decides it."
)


@click.command("requests")
@click.argument("log")
@with_appcontext
def requests(log: str) -> None:
    """Nodes that ask to watch LOG and wait for an officer."""
    for asked in waiting(db.session(), log):
        click.echo(f"{asked.organisation}  {asked.url}  {asked.vkey}")
        click.echo(f"  鍵の八つの言葉  {' '.join(words.of_node(asked.vkey, asked.mirror_vkey))}")


@click.command("admit")
@click.argument("log")
@click.argument("vkey")
@_AS
@with_appcontext
def admit(log: str, vkey: str, login: str) -> None:
    """Let the node with this key, which has asked, watch LOG: its cosignature counts, and it may read the entries."""
    asked = db.session.get(NodeRequest, (log, vkey))
    if asked is None:
        raise click.ClickException("このノードからの申し込みはありません。ノードを先に動かしてください。")
    try:
        body = room.admission(asked)
    except NoteError as problem:
        raise click.ClickException(str(problem)) from problem
    answer = _decided(submit_as(_person(login), room.ADMITTED, log, body))
    click.echo(f"{log}  {answer.index}  {body['node']} admitted")


@click.command("retire")
@click.argument("log")
@click.argument("name")
@_AS
@with_appcontext
def retire(log: str, name: str, login: str) -> None:
    """Let the node NAME no longer watch LOG: its cosignature does not count, and it may not read the entries."""
    answer = _decided(submit_as(_person(login), room.RETIRED, log, {"node": name}))
    click.echo(f"{log}  {answer.index}  {name} retired")


def _person(login: str) -> Person:
    person = authentication.by_login(login)
    if person is None:
        raise click.ClickException("このログインIDの人はいません。")
    return person


def _decided(answer: Answer) -> Answer:
    if answer.refusal:
        raise click.ClickException(door().sentence(answer.refusal.code, answer.refusal.params))
    return answer
