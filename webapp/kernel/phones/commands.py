"""`ashiato phones list|revoke|check`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from webapp.kernel.base.clock import from_minute, now_ms, show_full
from webapp.kernel.base.db import db
from webapp.kernel.base.fetch import Unreachable
from webapp.kernel.base.web import sentence
from webapp.kernel.identity.authentication import by_login
from webapp.kernel.intake.api import author_of
from webapp.kernel.intake.submit import submit_as
from webapp.kernel.ledger import readers
from webapp.kernel.ledger.models import LedgerEntry, Log
from webapp.kernel.phones.entries import REVOKED, Reason
from webapp.kernel.phones.keys import key_id
from webapp.kernel.phones.models import PhoneKey
from webapp.kernel.phones.rules import SEVERITY, Finding
from webapp.kernel.phones.verification import Audit
from webapp.kernel.tlog import checkpoints, notes, tiles

phones_group = AppGroup("phones", help="Phones with keys: list, revoke, and check what they signed.")
_CHUNK = 2_000


@phones_group.command("list")
@click.option("--log", default="", help="One log; without it, all.")
def list_phones(log: str) -> None:
    """Every phone that a log knows: its key, whose it is (pseudonym), since when, and whether it is still good."""
    k = PhoneKey
    rows = db.session.scalars(
        select(k).where(k.log == log if log else k.log != "").order_by(k.log, k.enrolled_index)
    )
    for row in rows:
        state = "good" if row.revoked_at is None else f"revoked {show_full(row.revoked_at)} {row.reason}"
        until = f"  pass until {show_full(row.until)}" if row.until else ""
        click.echo(
            f"{row.log}  {row.dev}  {key_id(row.key)}  {row.holder}  since {show_full(row.enrolled_at)}"
            f"  last {show_full(row.last_at)}  {state}{until}"
        )


@phones_group.command("revoke")
@click.argument("dev")
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), required=True)
@click.option(
    "--lost-at", default="", help="When it left its holder's hands, JST: 2026-10-05T09:12. Default: now."
)
@click.option(
    "--by", "login", required=True, help="Login of the officer, administrator or manager who decides it."
)
@with_appcontext
def revoke(dev: str, reason: str, lost_at: str, login: str) -> None:
    """Close the key of phone DEV in every log that knows it and in which that person may."""
    person, now = by_login(login), now_ms()
    if person is None:
        raise click.ClickException("このログインIDの人はいません。")
    try:
        since = from_minute(lost_at) if lost_at else now
    except ValueError as problem:
        raise click.BadParameter("2026-10-05T09:12") from problem
    k, refused = PhoneKey, 0
    known = set(db.session.scalars(select(k.log).where(k.dev == dev, k.revoked_index.is_(None))))
    for log in sorted(known & author_of(person).pseudonyms.keys()):
        answer = submit_as(person, REVOKED, log, {"dev": dev, "reason": reason, "lost_at": since})
        said = (
            sentence(current_app, answer.refusal.code, answer.refusal.params) if answer.refusal else "revoked"
        )
        refused += answer.refusal is not None
        click.echo(f"{log}  {said}")
        known.discard(log) if answer.refusal is None else None
    for log in sorted(known):
        click.echo(f"{log}  still good there: its own municipality decides", err=True)
    sys.exit(1 if known or refused else 0)


@phones_group.command("check")
@click.argument("where", metavar="LOG|FOLDER")
@with_appcontext
def check(where: str) -> None:
    """Check all signatures and chains of a log from its entries alone: of LOG, or of a FOLDER that `export` wrote.

    Exit status 1 if an entry is forged, lacks its signature, stands under another name than it was signed by, or if a
    chain is broken or forked. What waits, and what came from a phone after its loss, is counted and is no fault.
    """
    audit = Audit()
    try:
        for part in _folder(Path(where)) if Path(where).is_dir() else _stored(where):
            audit.take(part)
    except (Unreachable, ValueError, KeyError) as problem:
        raise click.ClickException(str(problem)) from problem
    _tell(audit)


def _stored(log: str) -> Iterator[list[bytes]]:
    if db.session.get(Log, log) is None:
        raise click.ClickException(f"no log {log}")
    start, e = 0, LedgerEntry
    while True:
        wanted = select(e.raw).where(e.log == log, e.index >= start).order_by(e.index).limit(_CHUNK)
        rows = list(db.session.scalars(wanted))
        yield rows
        start += len(rows)
        if len(rows) < _CHUNK:
            return


def _folder(path: Path) -> Iterator[list[bytes]]:
    read = readers.folder(path)
    size = checkpoints.parse(notes.parse(read("checkpoint")).text).size
    return (tiles.unpack(read(bundle.path())) for bundle in tiles.bundles_of(size))


def _tell(audit: Audit) -> None:
    found = audit.findings()
    click.echo(
        f"{audit.entries} entries, {audit.phones} phones, {audit.acts} acts of phones: {audit.good} signed and good, "
        f"{audit.unsigned} without signature, {audit.unknown} by keys that no phone was enrolled with"
    )
    for fault in audit.faults[:20]:
        click.echo(f"entry {fault.entry}: {fault.code}", err=True)
    for code, count in found.items():
        if count:
            click.echo(f"{code} {count} ({SEVERITY[code]})")
    broken = found[Finding.CHAIN_BROKEN] or found[Finding.CHAIN_FORK]
    sys.exit(1 if audit.faults or broken else 0)
