"""`ashiato consignment …`: what an officer or another program may ask on the command line."""

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from webapp.custody.forms import AssetList, Problem, Severity, check_report, field_label, parse_asset_list
from webapp.kernel.base.messages import SENTENCES
from webapp.kernel.base.outcomes import Unprocessable
from webapp.kernel.base.tabular import Limits, read_table

_SEVERITY = {Severity.ERROR: "エラー", Severity.WARNING: "注意", Severity.INFO: "お知らせ"}
_UNREADABLE = 2  # exit code


@click.group("consignment")
def consignment() -> None:
    """案件を調べる。"""


@consignment.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="結果の書き方")
def check(file: Path, form: str) -> None:
    """資産一覧 FILE（CSV・XLSX）を読み、問題を行ごとに示す。データベースには触れない。

    終了コードは、読めたら 0（問題があっても）、読めなければ 2。
    """
    try:
        assets = parse_asset_list(read_table(_read(file), file.name))
    except Unprocessable as error:
        _unreadable(error.code, SENTENCES[error.code].format(**error.params), form)
    click.echo(_json(check_report(assets)) if form == "json" else _text(file.name, assets))


def _read(file: Path) -> bytes:
    """At most one byte more than may be read: a larger file is refused without being taken into memory."""
    try:
        with file.open("rb") as stream:
            return stream.read(Limits().file_bytes + 1)
    except OSError as error:
        raise Unprocessable("tabular.not_found", file=file.name) from error


def _unreadable(code: str, message: str, form: str) -> NoReturn:
    if form == "json":
        click.echo(_json({"error": {"code": code, "message": message}}))
    else:
        click.echo(f"{message}（{code}）", err=True)
    raise click.exceptions.Exit(_UNREADABLE)


def _json(answer: object) -> str:
    return json.dumps(answer, ensure_ascii=False, indent=2)


def _text(name: str, assets: AssetList) -> str:
    count = assets.counts()
    things = f"PC {count['pc']}・モニター {count['monitor']}・ほか {len(assets.devices) - _usual(count)}"
    found = f"エラー {count['error']}件・注意 {count['warning']}件・お知らせ {count['info']}件"
    head = [
        f"{name}　{assets.title}".strip(),
        f"{assets.rows}行、{len(assets.devices)}台（{things}）　{found}",
    ]
    return "\n".join(
        [*head, "", *_table(assets.problems)] if assets.problems else [*head, "問題はありません。"]
    )


def _usual(count: dict[str, int]) -> int:
    return count["pc"] + count["monitor"]


def _table(problems: Sequence[Problem]) -> list[str]:
    """Columns that line up in a terminal, where a kanji is two cells wide; the sentence comes last."""
    head = ("行", "管理番号", "区分", "項目", "内容")
    lines = [head, *((str(p.row), p.asset, _SEVERITY[p.severity], _where(p), p.message) for p in problems)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(head) - 1)]
    return ["  ".join([*map(_pad, line, widths), line[-1]]) for line in lines]


def _where(problem: Problem) -> str:
    return field_label(problem.field) or "－"


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)
