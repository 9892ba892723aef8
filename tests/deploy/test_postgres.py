"""The tests' own PostgreSQL starts anywhere, keeps tests apart and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.postgres import Cluster

ROOT = Path(__file__).resolve().parents[2]
STARTS_AND_WAITS = """
import time
from tests.postgres import cluster
with cluster() as server:
    print(server.folder, flush=True)
    time.sleep(60)
"""


def test_the_app_works_on_postgresql(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_setting('server_encoding')")) == "UTF8"
    engine.dispose()


def test_two_tests_never_see_each_other_s_tables(postgres: Cluster) -> None:
    # given two databases from one template
    with postgres.database() as mine, postgres.database() as yours:
        engine = create_engine(mine)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE only_mine (n INTEGER)"))
        engine.dispose()
        # when the other one is asked
        other = create_engine(yours)
        with other.connect() as connection:
            found = connection.scalar(text("SELECT to_regclass('only_mine')"))
        other.dispose()
    # then it knows nothing
    assert found is None


def test_a_database_with_open_connections_is_taken_away_all_the_same(postgres: Cluster) -> None:
    with postgres.database() as url:
        engine = create_engine(url)
        connection = engine.connect()
        connection.execute(text("SELECT 1"))
    connection.invalidate()
    connection.close()
    engine.dispose()


def test_what_one_test_leaves_is_gone_for_the_next(postgres: Cluster) -> None:
    # given a test that fills every kind of table, and one that changes a table itself
    columns = "organisations (id, name, kind, phone, active)"
    wrote = f"INSERT INTO {columns} VALUES ('o1', '最上町', 'municipality', '', true)"
    for left in (wrote, "ALTER TABLE organisations ADD COLUMN only_mine INTEGER"):
        with postgres.database() as url:
            _run(url, left)
        # then the next one finds neither
        with postgres.database() as url:
            assert _run(url, "SELECT * FROM organisations") == []
            assert _run(url, "SELECT 1 FROM pg_attribute WHERE attname = 'only_mine'") == []


def _run(url: str, statement: str) -> list[object]:
    engine = create_engine(url)
    with engine.begin() as connection:
        answer = connection.execute(text(statement))
        rows: list[object] = list(answer.all()) if answer.returns_rows else []
    engine.dispose()
    return rows


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_test_run_leaves_no_server_and_no_folder(ending: signal.Signals) -> None:
    # given a test run with a server
    run = [sys.executable, "-c", STARTS_AND_WAITS]
    with subprocess.Popen(run, cwd=ROOT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        folder = Path(tests.stdout.readline().strip())
        server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        # when it is killed
        tests.send_signal(ending)
    # then server and folder are gone a moment later
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (folder.exists() or _is_alive(server)):
        time.sleep(0.1)
    assert not folder.exists()
    assert not _is_alive(server)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
