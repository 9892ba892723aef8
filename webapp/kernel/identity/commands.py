"""Commands for who stands at the server: the first organisation, the first administrator, a lost password."""

from typing import TypeVar

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity import authentication, service
from webapp.kernel.identity.messages import SENTENCES
from webapp.kernel.identity.models import Organisation
from webapp.kernel.identity.roles import OrganisationKind, Role
from webapp.kernel.identity.service import OrganisationFields, PersonFields

T = TypeVar("T")

person_group = AppGroup("person", help="People and their passwords.")
organisation_group = AppGroup("organisation", help="Organisations.")


@organisation_group.command("add")
@click.argument("name")
@click.option("--kind", type=click.Choice([kind.value for kind in OrganisationKind]), required=True)
@click.option("--lg-code", default=None, help="全国地方公共団体コード (municipalities only, 6 digits).")
@click.option("--phone", default="", help="Whom to call; shown to the public.")
def add_organisation(name: str, kind: str, lg_code: str | None, phone: str) -> None:
    """Enter an organisation and print its id."""
    fields = OrganisationFields(name, OrganisationKind(kind), phone, lg_code)
    added = _or_stop(service.add_organisation(new_id(), fields, invited_by=None))
    click.echo(added.id)


@person_group.command("add")
@click.argument("login")
@click.option("--name", required=True, help="氏名")
@click.option("--organisation", "organisation_id", required=True, help="Its id or 全国地方公共団体コード.")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role])
)
@click.option("--email", default="")
def add_person(login: str, name: str, organisation_id: str, roles: tuple[str, ...], email: str) -> None:
    """Enter a person and print the link with which they set their password (once, 24 hours)."""
    organisation = _organisation(organisation_id)
    fields = PersonFields(name, login, email, roles)
    added = _or_stop(service.add_person(new_id(), organisation.id, fields, now=now_ms()))
    _print_link(added.id)


@person_group.command("reset-link")
@click.argument("login")
def reset_link(login: str) -> None:
    """Print a new link for a person who cannot log in; older links die, a lock ends with its use."""
    person = authentication.by_login(login)
    if person is None:
        raise click.ClickException("このログインIDの人はいません。")
    _print_link(person.id)


def _organisation(wanted: str) -> Organisation:
    by_code = select(Organisation).where(Organisation.lg_code == wanted)
    found = db.session.scalar(by_code) or db.session.get(Organisation, wanted)
    if found is None:
        raise click.ClickException("この組織はありません。ID か全国地方公共団体コードを確かめてください。")
    return found


def _print_link(person_id: str) -> None:
    token = _or_stop(service.make_reset_link(person_id, now=now_ms()))
    click.echo(f"{current_app.config['PUBLIC_BASE']}/reset/{token}")


def _or_stop(outcome: T | Refusal) -> T:
    if isinstance(outcome, Refusal):
        raise click.ClickException(SENTENCES[outcome.code].format(**outcome.params))
    return outcome
