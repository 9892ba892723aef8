"""Programs side by side: who ends is started again, who must not end ends all, Ctrl-C ends everybody quickly."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import ROOT, crew, progress, site, town
from deploy.crew import Crew, Program
from webapp.kernel.base import settings

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def team(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    """A crew that does not wait long, and leaves nobody behind."""
    monkeypatch.setattr(crew, "FIRST_WAIT_S", 0.05)
    team = Crew()
    yield team
    team.stop()


def program(folder: Path, *words: str, vital: bool = False, once: bool = False) -> Program:
    command = [sys.executable, "-c", *words] if words else SLEEPS
    return Program("ノード", command, dict(os.environ), folder / "log", vital, once, wait_s=0.05)


def look_until(team: Crew, holds) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert team.look() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_program_that_ends_is_started_again_and_people_read_where_its_log_is(tmp_path, team, capsys):
    one = program(tmp_path)
    team.start(one)
    first = one.process.pid
    os.kill(first, signal.SIGKILL)
    look_until(team, lambda: one.process.pid != first)
    assert one.ended() is None
    assert f"記録 {tmp_path}/log" in capsys.readouterr().out


def test_one_that_ends_again_and_again_is_started_less_and_less_often(tmp_path, team):
    one = program(tmp_path, "print('fell over')")
    team.start(one)
    look_until(team, lambda: one.wait_s > 0.3)
    assert one.tail().count("fell over") >= 3


def test_a_task_that_is_done_is_not_started_again(tmp_path, team):
    task = program(tmp_path, "print('done')", once=True)
    team.start(task)
    look_until(team, lambda: task.ended() == 0)
    team.look()
    assert task.tail() == "done"


def test_the_end_of_the_web_server_is_the_end_of_all(tmp_path, team):
    team.start(program(tmp_path), program(tmp_path, "raise SystemExit(3)", vital=True))
    deadline = time.monotonic() + 20
    while (status := team.look()) is None:
        assert time.monotonic() < deadline
    assert status == 3


def test_all_are_stopped_together_also_one_that_does_not_listen(tmp_path, team, monkeypatch):
    monkeypatch.setattr(crew, "STOP_WITHIN_S", 0.5)
    deaf = "from signal import *; import time; signal(SIGTERM, SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    team.start(program(tmp_path), program(tmp_path, deaf))
    look_until(team, lambda: "deaf" in team.programs[1].tail())
    started = time.monotonic()
    team.stop()
    assert time.monotonic() - started < 5
    assert all(one.ended() is not None for one in team.programs)


@pytest.mark.skipif(not shutil.which("setpriv"), reason="the tool that ties programs to us is not here")
def test_programs_end_with_us_even_if_we_are_killed(tmp_path):
    code = (
        "import os, sys, time; from pathlib import Path; from deploy.crew import Crew, Program;"
        f"p = Program('x', {SLEEPS!r}, dict(os.environ), Path({str(tmp_path / 'log')!r}));"
        "Crew().start(p); print(p.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as us:
        child = int(us.stdout.readline())
        deadline = time.monotonic() + 20
        # not tied to us yet; and while one program becomes another, its command line is empty
        while not (line := Path(f"/proc/{child}/cmdline").read_bytes()) or b"setpriv" in line:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        us.kill()
    while Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def a_demo(folder: Path) -> dict[str, str]:
    connection = sqlite3.connect(folder / "ashiato.db")
    connection.execute("CREATE TABLE logs (id TEXT)")
    connection.executemany("INSERT INTO logs VALUES (?)", [("063622",), ("063614",)])
    connection.commit()
    connection.close()
    return {"ASHIATO_INSTANCE": str(folder), "PORT": "8000"}


def test_the_demo_has_four_nodes_for_every_log_and_their_admission_once(tmp_path):
    env = a_demo(tmp_path)
    programs = town.nodes(env, "http://127.0.0.1:8000", 8000)
    assert len([one for one in programs if not one.once]) == len(town.NODES)
    assert programs[-1].once
    assert {"http://127.0.0.1:8000/log/063614", "http://127.0.0.1:8000/log/063622", "8004"} <= set(
        programs[3].command
    )
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes" / "admitted").touch()
    assert not any(one.once for one in town.nodes(env, "http://127.0.0.1:8000", 8000))


@pytest.mark.parametrize("given", [{"DEMO": "0"}, {"DATABASE_URL": "postgresql+psycopg://x/y"}])
def test_a_site_that_is_not_for_play_does_not_play_its_partners(tmp_path, given):
    env = a_demo(tmp_path) | given
    assert town.nodes(env, "http://127.0.0.1:8000", 8000) == []
    assert town.node_ports(env, 8000) == []


def test_a_demo_whose_database_is_gone_is_not_told_anew_over_what_its_nodes_saw(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "run", lambda *_, **__: pytest.fail("nothing may be written"))
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes" / "admitted").touch()
    with pytest.raises(progress.NeedsPerson, match=r"写しから戻す"):
        site.fill({"ASHIATO_INSTANCE": str(tmp_path)})


def test_a_port_that_a_node_needs_is_said_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(progress.NeedsPerson, match=f"PORT={port - 2 + 10} make run"):
            site.prepare_ports({"ASHIATO_INSTANCE": str(tmp_path)}, "127.0.0.1", port - 2)


def test_where_nobody_can_log_in_the_way_out_is_said(tmp_path, capsys):
    env = a_demo(tmp_path)
    with sqlite3.connect(tmp_path / "ashiato.db") as connection:
        connection.execute("CREATE TABLE people (login TEXT, password_hash TEXT)")
        connection.execute("CREATE TABLE ledger_nodes (log TEXT, retired_at INTEGER)")
        connection.executemany("INSERT INTO ledger_nodes VALUES ('063622', ?)", [(None,)] * 5 + [(7,)])
    connection.close()
    site.welcome("http://127.0.0.1:8000", env)
    said = capsys.readouterr().out
    assert "ログインできる人がいません" in said
    assert "ashiato person add" in said
    # and the rule is the one that holds now
    assert "5つのうち4つ以上の連署で成立" in said


def test_while_the_nodes_are_being_admitted_the_rule_is_the_one_that_will_hold(tmp_path, capsys):
    env = a_demo(tmp_path)
    with sqlite3.connect(tmp_path / "ashiato.db") as connection:
        connection.execute("CREATE TABLE people (login TEXT, password_hash TEXT)")
        connection.execute("INSERT INTO people VALUES ('officer', 'x')")
        connection.execute("CREATE TABLE ledger_nodes (log TEXT, retired_at INTEGER)")
        connection.executemany("INSERT INTO ledger_nodes VALUES ('063622', ?)", [(None,)] * 3)
    connection.close()
    (tmp_path / "demo-accounts").write_text("Demo accounts", encoding="utf-8")
    site.welcome("http://127.0.0.1:8000", env)
    said = capsys.readouterr().out
    assert "4つのうち3つ以上の連署で成立" in said
    assert "Demo accounts" in said


def test_the_site_writes_down_where_it_is_served_and_commands_read_it(tmp_path, monkeypatch):
    monkeypatch.delenv("PUBLIC_BASE", raising=False)
    site.remember_address({"ASHIATO_INSTANCE": str(tmp_path), "PUBLIC_BASE": "http://127.0.0.1:8010"})
    assert settings.load({"INSTANCE": str(tmp_path)})["PUBLIC_BASE"] == "http://127.0.0.1:8010"
    # what the environment says wins
    monkeypatch.setenv("PUBLIC_BASE", "https://ashiato.example.lg.jp")
    assert settings.load({"INSTANCE": str(tmp_path)})["PUBLIC_BASE"] == "https://ashiato.example.lg.jp"


def test_a_database_that_stands_at_the_newest_migration_is_not_asked_again(tmp_path, monkeypatch):
    env, done = {"ASHIATO_INSTANCE": str(tmp_path)}, []
    monkeypatch.setattr(site, "run", lambda title, argv, env: done.append(title))
    newest = max(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("0*.py"))
    with sqlite3.connect(tmp_path / "ashiato.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")
        connection.commit()
        site.fill(env)
        connection.execute("UPDATE alembic_version SET version_num = ?", (newest,))
        connection.commit()
        site.fill(env)
    connection.close()
    assert done == ["Database"]
