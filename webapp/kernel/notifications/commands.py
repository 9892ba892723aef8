"""`ashiato notices send | list`."""

import logging
import signal
import sys
import threading
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from webapp.kernel.base import running
from webapp.kernel.base.clock import show_full
from webapp.kernel.base.db import db
from webapp.kernel.notifications.entries import NoticeState
from webapp.kernel.notifications.messages import REASONS, STATES
from webapp.kernel.notifications.models import Notice
from webapp.kernel.notifications.sender import Sender, Tally, of_settings

#: How often it is looked whether anything is due.
LOOK_EVERY_S = 1.0
_log = logging.getLogger("ashiato.notices")

notices_group = AppGroup("notices", help="Mails to people: send what is due, see what became of them.")


@notices_group.command("send")
@click.option("--once/--loop", default=False, help="One round, or until stopped.")
def send(*, once: bool) -> None:
    """Send what is due. With --once exit status 1 if something is left that could not be sent now."""
    try:
        sender = of_settings()
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem
    if once:
        tally = sender.round()
        click.echo(_line(tally))
        sys.exit(1 if tally.left or tally.problem else 0)
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stop.set())
    sender.stopping = stop.is_set
    with running.announced(Path(current_app.config["INSTANCE"])):
        send_until(sender, stop)


def send_until(sender: Sender, stop: threading.Event) -> None:
    """Round after round; a fault of ours or of the database ends a round, never the loop."""
    while not stop.is_set():
        try:
            if sender.is_due() and not stop.is_set():
                click.echo(_line(sender.round()))
        except Exception:
            _log.exception("a round failed; the next one follows")
            db.session.remove()
        stop.wait(LOOK_EVERY_S)


def _line(tally: Tally) -> str:
    problem = f"  mail server: {tally.problem}" if tally.problem else ""
    return f"sent {tally.sent}  pushed {tally.pushed}  failed {tally.failed}  left {tally.left}{problem}"


@notices_group.command("list")
@click.option("--log", "log", default="", help="One log; without it, all.")
@click.option("--state", type=click.Choice([state.value for state in NoticeState]), help="Only these.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 10_000))
def list_notices(log: str, state: str | None, most: int) -> None:
    """The latest notices and what became of them."""
    n = Notice
    wanted = select(n).order_by(n.caused_at.desc(), n.id).limit(most)
    wanted = wanted.where(n.log == log) if log else wanted
    wanted = wanted.where(n.state == NoticeState(state)) if state else wanted
    for row in db.session.scalars(wanted):
        code = f" {row.code}" if row.code else ""
        reason = {each.value: text for each, text in REASONS.items()}.get(row.reason, "")
        click.echo(
            f"{row.log}  {show_full(row.caused_at)}  {row.kind}  {STATES[row.state]}{code}  {reason}  {row.id}"
        )
