"""`ashiato ledger redact`: forgetting from the command line, through the same door."""

import click
import orjson
from flask import current_app
from flask.cli import with_appcontext

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.web import sentence
from webapp.kernel.erasure.entries import GROUNDS, REDACTED, WHAT
from webapp.kernel.erasure.storage import settle
from webapp.kernel.identity.authentication import by_login
from webapp.kernel.intake.api import author_of, door
from webapp.kernel.intake.service import Answer


@click.command("redact")
@click.argument("subject")
@click.option("--log", required=True, help="全国地方公共団体コード of the log.")
@click.option("--what", type=click.Choice(list(WHAT)), default="device", show_default=True)
@click.option("--basis", type=click.Choice(list(GROUNDS)), required=True, help="The legal ground.")
@click.option("--by", "login", required=True, help="Login of the officer or administrator who decides it.")
@with_appcontext
def redact(subject: str, log: str, what: str, basis: str, login: str) -> None:
    """Erase data and salts of SUBJECT (id of a device or act, pseudonym of a leaver) and say so in the log."""
    person = by_login(login)
    if person is None or log not in (author := author_of(person)).pseudonyms:
        raise click.ClickException("このログインIDの人は、この台帳では働いていません。")
    now = now_ms()
    act = {
        "v": 1,
        "id": new_id(),
        "log": log,
        "kind": REDACTED,
        "actor": author.pseudonyms[log],
        "at": now,
        "src": "form",
        "body": {"what": what, "subject": subject, "basis": basis},
    }
    (answer,) = door().receive([{"p": orjson.dumps(act).decode(), "s": ""}], author, now)
    _say(answer)


def _say(answer: Answer) -> None:
    if answer.refusal:
        raise click.ClickException(sentence(current_app, answer.refusal.code, answer.refusal.params))
    files = (
        "no copy left in its files"
        if settle(patient=True)
        else "its files are in use; the next backup cleans them"
    )
    click.echo(f"{answer.log}  entry {answer.index}  erased; {files}")
