"""`ashiato supplies tick`."""

import logging
import signal
import threading
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from webapp.kernel.base import running
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.intake.api import door
from webapp.supplies import timers

#: How often it is looked whether anything has become due.
LOOK_EVERY_S = 20.0
_log = logging.getLogger("ashiato.supplies")

supplies_group = AppGroup("supplies", help="Relief supplies: what becomes due as time passes.")


@supplies_group.command("tick")
@click.option("--once/--loop", default=True, help="Look once, or until stopped.")
def tick(*, once: bool) -> None:
    """Write down what is due now: unanswered pledges, needs and offers whose day is over, boxes that are late."""
    if once:
        click.echo(f"due {look()}")
        return
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stop.set())
    with running.announced(Path(current_app.config["INSTANCE"])):
        look_until(stop)


def look() -> int:
    """All logs once; answers how many entries that made."""
    return sum(timers.tick(door(), db.session(), log, now_ms()) for log in timers.logs(db.session()))


def look_until(stop: threading.Event) -> None:
    """Again and again; a fault of ours or of the database ends a round, never the loop."""
    while not stop.is_set():
        try:
            if written := look():
                click.echo(f"due {written}")
        except Exception:
            _log.exception("a round failed; the next one follows")
        finally:
            db.session.remove()
        stop.wait(LOOK_EVERY_S)
