"""The set-up: what it asks of a machine, what it says when it may not; it can be stopped anywhere."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import ROOT, environment, machine, node, progress, site
from deploy.machine import Need


def nothing_installed(**_: bool) -> list[Need]:
    return [Need("libzbar0", "codes in photos", lambda: False), Need("ffmpeg", "film", lambda: False)]


def test_without_rights_the_message_names_packages_and_command(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a machine that lacks two packages, and an account that may not install
    monkeypatch.setattr(machine, "needs", nothing_installed)
    monkeypatch.setattr(machine, "_rights", lambda: None)
    # when it is prepared
    with pytest.raises(progress.NeedsPerson) as refused:
        machine.prepare(for_tests=True)
    # then a person reads what to do
    assert "sudo apt-get install -y libzbar0 ffmpeg" in str(refused.value)
    assert "codes in photos" in str(refused.value)


def test_a_machine_that_has_everything_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "needs", lambda **_: [Need("git", "clone", lambda: True)])
    monkeypatch.setattr(machine, "run", lambda *_: pytest.fail("nothing is to be installed"))
    machine.prepare(for_tests=False)


def test_tests_ask_for_more_than_running_does() -> None:
    to_run = {need.package for need in machine.needs(for_tests=False)}
    to_test = {need.package for need in machine.needs(for_tests=True)}
    assert to_test - to_run == {
        *("chromium", "ffmpeg", "poppler-utils", "postgresql", "libatomic1"),
        *("golang-go", "golang-golang-x-mod-dev"),
        *("webkit2gtk-driver", "gir1.2-webkit2-4.1", "python3-gi", "xvfb", "firefox-esr"),
    }


def test_a_set_up_cut_in_the_middle_begins_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given an environment whose packages were half written
    venv = tmp_path / ".venv"
    for name, value in {"VENV": venv, "BIN": venv / "bin", "STAMPS": venv / "stamps"}.items():
        monkeypatch.setattr(environment, name, value)
    monkeypatch.setattr(environment, "UNFINISHED", venv / "stamps" / "unfinished")
    (venv / "stamps").mkdir(parents=True)
    (venv / "stamps" / "unfinished").touch()
    (venv / "half").touch()
    # when the set-up runs again
    steps: list[str] = []
    monkeypatch.setattr(environment, "run", lambda title, argv: steps.append(title))
    environment.prepare(for_development=False)
    # then nothing of it is left, and everything is made
    assert not (venv / "half").exists()
    assert steps[0] == "Virtual environment .venv"
    assert not environment.UNFINISHED.exists()


def test_settings_of_linters_do_not_start_an_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    project = '[project]\nname = "x"\ndependencies = ["flask"]\n'
    (tmp_path / "pyproject.toml").write_text(project)
    before = environment.requirements_hash()
    (tmp_path / "pyproject.toml").write_text(project + "[tool.ruff]\nline-length = 110\n")
    after_a_setting = environment.requirements_hash()
    (tmp_path / "pyproject.toml").write_text(project.replace("flask", "quart"))
    after_a_dependency = environment.requirements_hash()
    assert before == after_a_setting != after_a_dependency


def test_browser_modules_are_copied_whole_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given what npm has brought
    monkeypatch.setattr(node, "MODULES", tmp_path / "node_modules")
    monkeypatch.setattr(node, "VENDOR", tmp_path / "vendor")
    for name in node.VENDORED:
        (tmp_path / "node_modules" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "node_modules" / name).write_text(name)
    # when it is copied twice
    node.vendor()
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "vendor").rglob("*")}
    node.vendor()
    # then every file is there and none was written again
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "vendor").rglob("*")} == times
    copied = {str(path.relative_to(tmp_path / "vendor")) for path in times if path.is_file()}
    assert copied == set(node.VENDORED.values())


def test_modules_import_only_what_is_copied_with_them() -> None:
    reader = (node.VENDOR / "zxing-wasm/reader/index.js").read_text(encoding="utf-8")
    assert 'from "../share.js"' in reader
    assert reader.count("import ") == reader.count('from "../share.js"')


def test_a_dotenv_line_is_read_as_systemd_reads_it() -> None:
    text = "# a remark\nPORT=8001\n\nSECRET_KEY='a=b'\nQR_PREFIXES = \"https://a,https://b\"\nnot a line\n"
    assert site.dotenv(text) == {"PORT": "8001", "SECRET_KEY": "a=b", "QR_PREFIXES": "https://a,https://b"}


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `site.fill` would have run."""
    done: list[str] = []
    monkeypatch.setattr(site, "run", lambda title, argv, env: done.append(title))
    return done


def test_the_first_start_loads_the_demo_and_the_second_does_not(tmp_path: Path, commands: list[str]) -> None:
    env = {"ASHIATO_INSTANCE": str(tmp_path)}
    site.fill(env)
    (tmp_path / "ashiato.db").touch()
    site.fill(env)
    assert commands == ["Database", "Demo story", "Database"]


def test_a_demo_cut_in_the_middle_is_thrown_away_and_told_again(tmp_path: Path, commands: list[str]) -> None:
    (tmp_path / "demo-unfinished").touch()
    (tmp_path / "ashiato.db").write_text("half a story")
    site.fill({"ASHIATO_INSTANCE": str(tmp_path)})
    assert not (tmp_path / "ashiato.db").exists()
    assert commands == ["Database", "Demo story"]
    assert not (tmp_path / "demo-unfinished").exists()


@pytest.mark.parametrize("given", [{"DEMO": "0"}, {"DATABASE_URL": "postgresql+psycopg://x/y"}])
def test_a_database_that_is_not_for_play_gets_no_demo(
    tmp_path: Path, commands: list[str], given: dict[str, str]
) -> None:
    site.fill({"ASHIATO_INSTANCE": str(tmp_path), **given})
    assert commands == ["Database"]


def test_a_taken_port_is_said_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(progress.NeedsPerson, match=f"PORT={port + 1} make run"):
            site.refuse_taken_port("127.0.0.1", port)


def test_a_failing_step_shows_the_end_of_what_it_said(capsys: pytest.CaptureFixture[str]) -> None:
    fails = [sys.executable, "-c", "import sys; print('no such wheel'); sys.exit(3)"]
    with pytest.raises(progress.StepFailed, match="no such wheel"):
        progress.run("Python packages", fails)
    assert "✗ Python packages" in capsys.readouterr().out


def test_the_help_lists_every_command_for_people() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = {line.split()[1] for line in said.splitlines()}
    assert named >= {"run", "test", "lint", "bench", "screens", "phone"}
