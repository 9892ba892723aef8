"""`ashiato consignment check FILE`: what is wrong with a list, before anybody imports it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from webapp.custody.columns import columns, kinds
from webapp.custody.commands import consignment
from webapp.custody.forms import check_report, parse_asset_list
from webapp.kernel.base.tabular import read_table

DOCS = Path(__file__).parents[2] / "docs"
PLANTED = Path(__file__).parents[1] / "data" / "mogami_devices.csv"


def check(*arguments: str) -> Result:
    return CliRunner().invoke(consignment, ["check", *arguments])


def test_the_command_prints_the_report_as_json() -> None:
    result = check(str(PLANTED), "--format", "json")

    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert report == check_report(parse_asset_list(read_table(PLANTED.read_bytes())))
    assert (report["rows"], report["devices"], len(report["problems"])) == (219, 219, 7)
    assert report["importable"]
    assert all(
        set(problem) == {"row", "asset", "field", "code", "message", "severity"}
        for problem in report["problems"]
    )


def test_the_command_prints_a_table_for_people() -> None:
    result = check(str(PLANTED))

    assert result.exit_code == 0
    assert "219行、219台（PC 160・モニター 59・ほか 0）" in result.stdout
    assert "83   MGM-0080  注意" in result.stdout


def test_a_list_with_errors_is_still_readable(tmp_path: Path) -> None:
    file = tmp_path / "wrong.csv"
    file.write_bytes("氏名,住所\r\n佐藤,最上町\r\n".encode())

    result = check(str(file), "--format", "json")

    report = json.loads(result.stdout)
    assert (result.exit_code, report["rows"], report["devices"], report["importable"]) == (1, 0, 0, False)
    assert report["problems"][0]["code"] == "custody.missing_columns"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x7fELF\x00\x00", "tabular.binary"),
        (b"", "tabular.empty"),
        (b"a," * 6 * 1024 * 1024, "tabular.too_large"),
        (None, "tabular.not_found"),
    ],
    ids=["binary", "empty", "large", "missing"],
)
def test_an_unreadable_file_is_an_answer_with_its_own_exit_code(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    file = tmp_path / "list.csv"
    if content is not None:
        file.write_bytes(content)

    result = check(str(file), "--format", "json")

    error = json.loads(result.stdout)["error"]
    assert (result.exit_code, error["code"]) == (2, code)
    assert error["message"] in check(str(file)).stderr


def test_all_that_is_wrong_with_a_row_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        "管理番号,種別,製造番号,機密性\nA-1,,S1,9\n,ノートPC,S2,9\nA-3,モニター,S3,\n", encoding="utf-8"
    )

    result = check(str(file), "--format", "json")

    report = json.loads(result.stdout)
    said = {(p["row"], p["code"], p["severity"]) for p in report["problems"] if p["severity"] == "error"}
    assert said == {
        (2, "custody.missing_kind", "error"),
        (2, "custody.unknown_class", "error"),
        (3, "custody.missing_asset", "error"),
        (3, "custody.unknown_class", "error"),
    }
    assert (result.exit_code, report["importable"], report["devices"]) == (1, False, 1)


def test_the_sample_list_in_the_guide_has_no_problem() -> None:
    result = check(str(DOCS / "asset-list-sample.csv"), "--format", "json")

    report = json.loads(result.stdout)
    assert (result.exit_code, report["importable"], report["problems"]) == (0, True, [])
    assert report["rows"] == report["devices"] == 5


def test_the_guide_and_the_help_show_every_column_as_the_program_reads_it() -> None:
    guide = (DOCS / "deploy.md").read_text(encoding="utf-8")
    told = check("--help").output
    for column in columns():
        assert (
            f"| {column.label} | {column.required} | {column.values} | {'、'.join(column.names)} |" in guide
        )
        assert f"{column.label}（{column.required}）: {column.values}" in told
    for words, rule in kinds():
        assert f"| {words} | {rule} |" in guide
