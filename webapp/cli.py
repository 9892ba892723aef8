"""Management commands: `ashiato …`, or `flask --app wsgi …`. Each says what it did; none asks questions."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from alembic import command
from alembic.config import Config
from flask import Flask, current_app
from flask.cli import AppGroup, FlaskGroup
from sqlalchemy import select

from webapp.chain.commands import chain_group
from webapp.custody.commands import consignment
from webapp.custody.contract import tables
from webapp.kernel.base.db import db
from webapp.kernel.base.settings import ROOT
from webapp.kernel.identity.commands import organisation_group, person_group
from webapp.kernel.intake import rebuild as rebuilding
from webapp.kernel.ledger.models import Log
from webapp.kernel.ledger.verification import verify

CONTRACT = ROOT / "webapp" / "static" / "pwa" / "contract" / "custody.json"

db_group = AppGroup("db", help="The database schema.")
ledger_group = AppGroup("ledger", help="The logs: check them, fold them again.")
contract_group = AppGroup("contract", help="Tables that the phone shares with the server.")
demo_group = AppGroup("demo", help="The demo story.")


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


@ledger_group.command("verify")
@click.option("--log", "name", default="", help="One log; without it, all.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def ledger_verify(name: str, form: str) -> None:
    """Recompute every leaf and the root of the logs. Exit status 1 if one is not whole."""
    checks = [verify(db.session(), log) for log in _logs(name)]
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
    """Write the tables that the phone reads."""
    fresh = json.dumps(tables(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if only_check:
        sys.exit(0 if CONTRACT.exists() and CONTRACT.read_text("utf-8") == fresh else 1)
    CONTRACT.parent.mkdir(parents=True, exist_ok=True)
    CONTRACT.write_text(fresh, "utf-8")
    click.echo(f"wrote {CONTRACT.relative_to(ROOT)}")


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
        serve,
    )
    for entry in groups:
        group.add_command(entry)
    return group


def main() -> None:
    """The console script `ashiato`."""
    from webapp.app import create_app

    make_cli(create_app)()
