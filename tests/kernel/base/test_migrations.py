"""The schema: migrations lead from nothing to what the models say, on both databases, and the log stays as it is."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from tests.factories.custody import a_town
from webapp.cli import alembic_config
from webapp.kernel.base.db import Base, db

Url = Callable[[], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("bare_postgres_url")
    return url


def test_migrations_from_nothing_give_exactly_the_models(empty_url: str) -> None:
    command.upgrade(alembic_config(empty_url), "head")
    engine = create_engine(empty_url, poolclass=NullPool)  # closes also where the comparison fails
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []


def test_each_migration_goes_up_down_and_up_again(empty_url: str) -> None:
    config = alembic_config(empty_url)
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    for revision in revisions:
        command.upgrade(config, revision)
        command.downgrade(config, "-1")
        command.upgrade(config, revision)


def test_migrations_do_not_import_the_app() -> None:
    folder = Path(__file__).parents[3] / "migrations" / "versions"
    assert not [path.name for path in folder.glob("*.py") if "webapp" in path.read_text("utf-8")]


@pytest.mark.parametrize(
    "attack", ["UPDATE ledger_entries SET kind = 'x'", "DELETE FROM ledger_entries WHERE idx = 0"]
)
def test_the_database_itself_refuses_to_change_a_log(app: Flask, attack: str) -> None:
    a_town()
    with pytest.raises(DatabaseError, match="append only"):
        db.session.execute(text(attack))
