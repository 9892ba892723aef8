"""`ashiato ledger crossings`."""

import sys

import click
from flask.cli import with_appcontext

from webapp.kernel.base.clock import show_full
from webapp.kernel.base.db import db
from webapp.kernel.crossings.entries import Fault
from webapp.kernel.crossings.messages import FAULTS
from webapp.kernel.crossings.room import open_halves


@click.command("crossings")
@with_appcontext
def crossings() -> None:
    """Halves of hand-overs between two logs that lack their partner. Exit status 1 if one is missing here."""
    found = open_halves(db.session())
    for half, fault in found:
        way = "->" if half.is_out else "<-"
        click.echo(
            f"{half.log} {way} {half.other}  entry {half.index}  {half.count}  {show_full(half.at)}"
            f"  {half.commit[:16]}  {FAULTS[fault]}"
        )
    click.echo(f"{len(found)} unmatched")
    sys.exit(1 if any(fault != Fault.ELSEWHERE for _, fault in found) else 0)
