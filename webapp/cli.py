"""Management commands: `ashiato …`, or `flask --app wsgi …`. Each says what it did; none asks questions."""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from alembic import command
from alembic.config import Config
from flask import Flask, current_app
from flask.cli import AppGroup, FlaskGroup
from sqlalchemy import select

from webapp.backup.commands import backup, ledger_restore, restore_command
from webapp.chain.commands import chain_group
from webapp.custody.commands import consignment
from webapp.custody.contract import tables
from webapp.kernel.base.db import db
from webapp.kernel.base.settings import ROOT
from webapp.kernel.crossings.commands import crossings
from webapp.kernel.erasure.commands import redact
from webapp.kernel.identity.commands import organisation_group, person_group
from webapp.kernel.intake import rebuild as rebuilding
from webapp.kernel.ledger import outside, signing
from webapp.kernel.ledger.commands import audit_log, check_proof, export, prove
from webapp.kernel.ledger.models import Log
from webapp.kernel.ledger.verification import Check, verify
from webapp.kernel.notifications.commands import notices_group
from webapp.kernel.phones.commands import phones_group
from webapp.kernel.tlog.words import all_words
from webapp.kernel.witnesses.commands import admit, publish, requests, retire
from webapp.node.commands import node
from webapp.signer.client import SignerUnavailable
from webapp.signer.commands import signer_group
from webapp.supplies.commands import supplies_group
from webapp.supplies.contract import tables as supplies_tables

CONTRACT = ROOT / "webapp" / "static" / "pwa" / "contract"

db_group = AppGroup("db", help="The database schema.")
ledger_group = AppGroup("ledger", help="The logs: check them, fold them again.")
contract_group = AppGroup("contract", help="Tables that the phone shares with the server.")
demo_group = AppGroup("demo", help="The demo story.")
ledger_group.add_command(redact)
ledger_group.add_command(crossings)
ledger_group.add_command(ledger_restore)
for of_the_log in (publish, prove, export, audit_log, check_proof):
    ledger_group.add_command(of_the_log)
for of_the_town in (requests, admit, retire):
    node.add_command(of_the_town)


def alembic_config(url: str) -> Config:
    """Alembic for this database, wherever the command is run."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = url
    return config


@db_group.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to this version. Safe to repeat."""
    command.upgrade(alembic_config(current_app.config["SQLALCHEMY_DATABASE_URI"]), "head")
    click.echo("database: up to date")


@db_group.command("revision")
@click.argument("number")
@click.argument("message")
def db_revision(number: str, message: str) -> None:
    """Draft the migration NUMBER from the models. Read it before you keep it."""
    config = alembic_config(current_app.config["SQLALCHEMY_DATABASE_URI"])
    command.revision(config, message=message, autogenerate=True, rev_id=number)


def _logs(name: str) -> list[str]:
    return [name] if name else list(db.session.scalars(select(Log.id).order_by(Log.id)))


def _with_signer(check: Check) -> Check:
    """A database that was put back to an earlier day is whole in itself: the signer knows better, if it runs."""
    if check.fault:
        return check
    try:
        return replace(check, fault=outside.fault(db.session(), check.log, signing.client()))
    except SignerUnavailable:
        click.echo(
            f"{check.log}  the signer does not answer: its signatures and its memory were not compared",
            err=True,
        )
        return check


@ledger_group.command("verify")
@click.option("--log", "name", default="", help="One log; without it, all.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def ledger_verify(name: str, form: str) -> None:
    """Recompute every leaf, tile and root of the logs, and ask the signer. Exit status 1 if one is not whole."""
    checks = [_with_signer(verify(db.session(), log)) for log in _logs(name)]
    for check in checks:
        whole = not check.fault
        if form == "json":
            click.echo(
                json.dumps({"log": check.log, "size": check.size, "root": check.root, "fault": check.fault})
            )
        else:
            click.echo(
                f"{check.log}  {check.size} entries  root {check.root}  {'ok' if whole else check.fault}"
            )
    sys.exit(0 if all(not check.fault for check in checks) else 1)


@ledger_group.command("rebuild")
@click.option("--log", "name", default="", help="One log; without it, all.")
@click.option("--check", "only_check", is_flag=True, help="Change nothing; say what would differ.")
def ledger_rebuild(name: str, *, only_check: bool) -> None:
    """Drop what was folded from the logs and fold it again. Exit status 1 if --check finds a difference."""
    door, different = current_app.extensions["door"], False
    for log in _logs(name):
        if only_check:
            found = rebuilding.check(door, log)
            different = different or bool(found)
            click.echo(f"{log}  {'identical' if not found else 'differs'}")
            for line in found[:20]:
                click.echo(f"  {line}")
        else:
            rebuilding.rebuild(door, log)
            click.echo(f"{log}  folded again")
    sys.exit(1 if different else 0)


@contract_group.command("export")
@click.option("--check", "only_check", is_flag=True, help="Exit status 1 if the file is stale.")
def contract_export(*, only_check: bool) -> None:
    """Write the tables that the phone reads, and the list of which two people read eight words."""
    fresh = {"custody.json": tables(), "supplies.json": supplies_tables(), "words.json": all_words()}
    for name, value in fresh.items():
        file = CONTRACT / name
        text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        if only_check and (not file.exists() or file.read_text("utf-8") != text):
            sys.exit(1)
        if not only_check:
            file.write_text(text, "utf-8")
            click.echo(f"wrote {file.relative_to(ROOT)}")


@demo_group.command("load")
def demo_load() -> None:
    """Tell the demo story into an empty database."""
    from webapp.demo import messages, story

    try:
        with click.progressbar(length=story.LENGTH, label="demo", file=sys.stderr) as bar:
            story.tell(current_app, bar.update)
    except story.AlreadyTold as problem:
        raise click.ClickException(messages.SENTENCES[problem.code]) from problem
    click.echo("demo: loaded")


@demo_group.command("accounts")
def demo_accounts() -> None:
    """Who can log in to the demo."""
    from webapp.demo import story

    for line in story.accounts():
        click.echo(line)


@demo_group.command("admit")
@click.option("--count", type=int, required=True, help="How many nodes each log is to have.")
@click.option(
    "--within", type=float, default=60, show_default=True, help="Seconds to wait for their requests."
)
@click.option("--done", type=click.Path(path_type=Path), help="A file to make when all are admitted.")
def demo_admit(count: int, within: float, done: Path | None) -> None:
    """The demo's officers admit the nodes that ask. Exit status 1 if not enough of them asked in time."""
    from webapp.demo import partners

    until = time.monotonic() + within
    while partners.admitted(db.session()) < count and time.monotonic() < until:
        for line in partners.admit(current_app):
            click.echo(line)
        db.session.rollback()
        time.sleep(0.5)
    enough = partners.admitted(db.session()) >= count
    if enough and done:
        done.touch()
    sys.exit(0 if enough else 1)


@click.command("serve")
@click.option("--port", default=lambda: int(os.environ.get("PORT", "8000")), type=int)
def serve(port: int) -> None:
    """Serve the site on this machine with gunicorn."""
    config = Path(ROOT) / "deploy" / "gunicorn_conf.py"
    gunicorn = Path(sys.executable).with_name("gunicorn")
    environment = {**os.environ, "PORT": str(port)}
    arguments = [str(gunicorn), "--config", str(config), "--chdir", str(ROOT), "wsgi:app"]
    os.execve(gunicorn, arguments, environment)  # noqa: S606  (no shell, nothing from outside)


def make_cli(create: Callable[..., Flask]) -> FlaskGroup:
    """All commands under one name."""
    group = FlaskGroup(
        create_app=create, add_default_commands=False, help="Ashiato 足あと: management commands."
    )
    groups: tuple[Any, ...] = (
        db_group,
        ledger_group,
        chain_group,
        contract_group,
        demo_group,
        consignment,
        person_group,
        organisation_group,
        phones_group,
        notices_group,
        supplies_group,
        backup,
        restore_command(alembic_config),
        node,
        signer_group,
        serve,
    )
    for entry in groups:
        group.add_command(entry)
    return group


def main() -> None:
    """The console script `ashiato`."""
    from webapp.app import create_app

    make_cli(create_app)()
