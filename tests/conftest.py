"""Fixtures for everybody: an app on an empty database, and a client.

`ASHIATO_TEST_DB=postgresql` runs the whole suite on PostgreSQL; a test that is about PostgreSQL itself asks
for `postgres_url`.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from tests.postgres import Cluster, cluster
from webapp.app import create_app
from webapp.cli import alembic_config
from webapp.kernel.base.db import db

#: Browser tests that only read pages and tap: a slow machine makes them slow, not wrong.
PATIENT = {"test_access.py", "test_care.py", "test_residents.py", "test_without_camera.py"}
#: Fixtures through which a test gets a database.
DATABASES = {"database_url", "postgres_url", "bare_postgres_url"}
ON_POSTGRES = os.environ.get("ASHIATO_TEST_DB") == "postgresql"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A browser that films and decodes does so in real time: `make test` gives it the machine for itself.

    On PostgreSQL only what touches the database is run again: pure rules would say the same once more.
    """
    if ON_POSTGRES:
        pure = [item for item in items if not DATABASES & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=pure)
        items[:] = [item for item in items if item not in set(pure)]
    for item in items:
        if "browser" in item.path.relative_to(item.config.rootpath).parts:
            if item.path.name not in PATIENT:
                item.add_marker("alone")
            # a browser hangs up when it likes; that the file it was being sent is closed late is no fault of ours
            late = "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
            item.add_marker(pytest.mark.filterwarnings(late))


def settings_for(url: str, folder: Path) -> dict[str, object]:
    """The configuration of an app under test."""
    return {
        "TESTING": True,
        "SECRET_KEY": "test",
        "SQLALCHEMY_DATABASE_URI": url,
        "EVIDENCE_DIR": str(folder / "evidence"),
        "INSTANCE": str(folder),
        "RATELIMIT_ENABLED": False,
        "WTF_CSRF_ENABLED": False,  # tests/kernel/identity/test_csrf.py switches it on
    }


def build_schema(url: str, folder: Path) -> None:
    """Bring an empty database to today's schema and let go of it."""
    app = create_app(settings_for(url, folder))
    with app.app_context():
        command.upgrade(alembic_config(url), "head")
        db.session.remove()
        db.engine.dispose()


@event.listens_for(Engine, "connect")
def _hurry(connection: Any, _record: object) -> None:
    """Nobody pulls the plug in a test: SQLite need not wait for the disk. Runs after `base.db` has said FULL."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the schema in it: copying it is a hundred times faster than building it."""
    folder = tmp_path_factory.mktemp("template")
    build_schema(f"sqlite:///{folder / 'empty.db'}", folder)
    return folder / "empty.db"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL server of our own, with a template that holds the schema."""
    folder = tmp_path_factory.mktemp("postgres")
    with cluster() as server:
        server.make_template(lambda url: build_schema(url, folder))
        yield server


@pytest.fixture
def postgres_url(postgres: Cluster) -> Iterator[str]:
    """A database on PostgreSQL with empty tables, for this test alone."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def bare_postgres_url(postgres: Cluster) -> Iterator[str]:
    """A database on PostgreSQL without any table."""
    with postgres.database(template="template1") as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with empty tables: a SQLite file, or PostgreSQL where the whole suite runs on it."""
    if ON_POSTGRES:
        return str(request.getfixturevalue("postgres_url"))
    path = tmp_path / "test.db"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


class Browser(FlaskClient):
    """A client whose requests stand on their own, as in production: they do not see the test's app
    context.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request; afterwards the test reads what the database says, not what it remembers."""
        response = Context().run(super().open, *args, **kwargs)
        if has_app_context():  # a redirect that is followed is opened inside of the first request's context
            db.session.expire_all()
        return response


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An application whose schema is complete and whose tables are empty."""
    app = create_app(settings_for(database_url, tmp_path))
    app.test_client_class = Browser
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Nobody is logged in."""
    return app.test_client()
