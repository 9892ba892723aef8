"""Fixtures for everybody: an app on an empty database, and a client.

`ASHIATO_TEST_DB=postgresql` runs the whole suite on PostgreSQL; a test that is about PostgreSQL itself asks
for `postgres_url`.
"""

import gc
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from alembic import command
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from hypothesis import settings
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.postgres import Cluster, cluster
from webapp.app import create_app
from webapp.cli import alembic_config
from webapp.kernel.base.db import db

# how long an example takes says how busy the machine is
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

#: Browser tests that only read pages and tap, or make films: a slow machine makes them slow, not wrong.
PATIENT = {
    "test_access.py",
    "test_camera.py",
    "test_care.py",
    "test_paper_proof.py",
    "test_residents.py",
    "test_without_camera.py",
}
#: Fixtures through which a test gets a database.
DATABASES = {"database_url", "postgres_url", "bare_postgres_url"}
ON_POSTGRES = os.environ.get("ASHIATO_TEST_DB") == "postgresql"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`-m alone` reads in only what can hold such a test: a dozen files, and not two hundred in every worker."""
    if config.option.markexpr != "alone":
        return None
    files = collection_path.rglob("test_*.py") if collection_path.is_dir() else [collection_path]
    return True if not any(_may_stand_alone(path) for path in files) else None


def _may_stand_alone(path: Path) -> bool:
    in_a_browser = "browser" in path.parts and path.name not in PATIENT
    return in_a_browser or "mark.alone" in path.read_text("utf-8")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A browser that films and decodes does so in real time: `make test` gives it a core for itself.

    On PostgreSQL only what touches the database is run again: pure rules would say the same once more.
    """
    if ON_POSTGRES:
        pure = [item for item in items if not DATABASES & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=pure)
        items[:] = [item for item in items if item not in set(pure)]
    for item in items:
        folders = item.path.relative_to(item.config.rootpath).parts
        if "browser" in folders and item.path.name not in PATIENT:
            item.add_marker("alone")
        if {"browser", "engines"} & set(folders):
            # a browser hangs up when it likes; that the file it was being sent is closed late is no fault of ours
            late = "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
            item.add_marker(pytest.mark.filterwarnings(late))


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not walk over it again and again."""
    gc.collect()
    gc.freeze()


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


#: Werkzeug takes every route apart and compiles two functions for it, nine tenths of the time that an app takes to
#: make. What comes of it depends on the rule alone, and every test makes an app with the same rules.
_compile_rule = Rule.compile
_RULES: dict[tuple[object, ...], dict[str, Any]] = {}


def _compile_once(rule: Rule) -> None:
    key = (rule.rule, rule.subdomain, rule.merge_slashes)
    if rule.defaults:
        _compile_rule(rule)
    elif key not in _RULES:
        _compile_rule(rule)
        made = vars(rule)
        _RULES[key] = {name: made[name] for name in ("_parts", "_trace", "_converters", "arguments")}
        _RULES[key] |= {name: made[name].__func__ for name in ("_build", "_build_unknown")}
    else:
        made = _RULES[key]
        vars(rule).update(made, arguments=set(made["arguments"]))
        rule._build = made["_build"].__get__(rule, None)  # noqa: SLF001
        rule._build_unknown = made["_build_unknown"].__get__(rule, None)  # noqa: SLF001


Rule.compile = _compile_once  # type: ignore[assignment]


class _Compiled(BytecodeCache):
    """Templates are compiled once a process, and not once more in every test's app."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._codes[bucket.key, bucket.checksum] = bucket.code


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _Compiled()}


#: How SQLAlchemy writes a statement down depends on the statement and the dialect alone, never on the file.
_make_engine = SQLAlchemy._make_engine  # noqa: SLF001
_SQLITE: list[Dialect] = []
_STATEMENTS: LRUCache[Any, Any] = LRUCache(5_000)


def _engine_that_knows(self: SQLAlchemy, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
    engine = _make_engine(self, bind_key, options, app)
    if engine.dialect.name == "sqlite":
        if not _SQLITE:
            engine.connect().close()  # it learns the version of the program
            _SQLITE.append(engine.dialect)
        engine.dialect, engine._compiled_cache = _SQLITE[0], _STATEMENTS  # noqa: SLF001
    return engine


SQLAlchemy._make_engine = _engine_that_knows  # type: ignore[method-assign]  # noqa: SLF001


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
    return an_empty_file(request.getfixturevalue("sqlite_template"), tmp_path)


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


@contextmanager
def running(url: str, folder: Path) -> Iterator[Flask]:
    """An application on this database, inside its context; lets go of the database in the end."""
    app = create_app(settings_for(url, folder))
    app.test_client_class = Browser
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def an_empty_file(template: Path, folder: Path) -> str:
    """The address of a SQLite file with empty tables."""
    shutil.copyfile(template, folder / "test.db")
    return f"sqlite:///{folder / 'test.db'}"


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An application whose schema is complete and whose tables are empty."""
    with running(database_url, tmp_path) as app:
        yield app


@pytest.fixture
def sqlite_app(tmp_path: Path, sqlite_template: Path) -> Iterator[Flask]:
    """The same on a file of SQLite, whatever the suite runs on: `tmp_path / "test.db"`."""
    with running(an_empty_file(sqlite_template, tmp_path), tmp_path) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Nobody is logged in."""
    return app.test_client()
