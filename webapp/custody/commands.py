"""`ashiato consignment …`: what an officer or another program may ask on the command line."""

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click

from webapp.custody import exchange
from webapp.custody.columns import columns
from webapp.custody.entries import SCAN
from webapp.custody.exchange import ExchangeError, Signed
from webapp.custody.forms import (
    AssetList,
    Problem,
    Severity,
    check_report,
    field_label,
    is_importable,
    parse_asset_list,
)
from webapp.custody.steps import TITLES
from webapp.kernel.base.messages import SENTENCES
from webapp.kernel.base.outcomes import Unprocessable
from webapp.kernel.base.tabular import Limits, read_table
from webapp.kernel.scanning.codes import show

_SEVERITY = {Severity.ERROR: "エラー", Severity.WARNING: "注意", Severity.INFO: "お知らせ"}
_BLOCKED, _UNREADABLE = 1, 2  # exit codes


@click.group("consignment")
def consignment() -> None:
    """案件を調べる。"""


def _columns() -> str:
    """The table of columns for the help text."""
    found = []
    for column in columns():
        names = "、".join(column.names[:4]) + (" など" if len(column.names) > 4 else "")
        found.append(f"  {column.label}（{column.required}）: {column.values}\n      別の名前: {names}")
    return "\b\n列（1行目に見出し。順番は自由、知らない列は読みとばす）:\n" + "\n".join(found)


@consignment.command("check", epilog=_columns())
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="結果の書き方")
def check(file: Path, form: str) -> None:
    """資産一覧 FILE（CSV・XLSX）を読み、問題を行ごとに示す。データベースには触れない。

    終了コードは、取り込めるなら 0（注意があっても）、エラーがあって取り込めなければ 1、読めなければ 2。
    """
    try:
        assets = parse_asset_list(read_table(_read(file), file.name))
    except Unprocessable as error:
        _unreadable(error.code, SENTENCES[error.code].format(**error.params), form)
    click.echo(_json(check_report(assets)) if form == "json" else _text(file.name, assets))
    if not is_importable(assets):
        raise click.exceptions.Exit(_BLOCKED)


@consignment.command("handover")
@click.argument("texts", type=click.File("r", encoding="utf-8"))
def handover(texts: TextIO) -> None:
    """引渡と返事のQRの文字を TEXTS（一行に一枚、- は標準入力）から読み、内容と八つのことばを示す。

    署名は確かめない。データベースには触れない。終了コードは、読めたら 0、読めなければ 2。
    """
    parts: dict[str, list[str]] = {}
    for line in filter(None, (line.rstrip("\r\n") for line in texts)):
        parts.setdefault(line[: len(exchange.Kind.OFFER)], []).append(line)
    try:
        read = {kind: _acts(exchange.decode(exchange.join(lines))[1]) for kind, lines in parts.items()}
    except (ExchangeError, ValueError, KeyError):
        click.echo("引渡のQRとして読めません。", err=True)
        raise click.exceptions.Exit(_UNREADABLE) from None
    for said, _ in (act for acts in read.values() for act in acts):
        click.echo(f"{TITLES.get(said['step'], said['step'])}　{show(said['code'])}　{said['actor']}")
    offers = {said["id"]: (said["code"], signed) for said, signed in read.get(exchange.Kind.OFFER, [])}
    pairs = [
        (*offers[said["body"]["offer"]], signed)
        for said, signed in read.get(exchange.Kind.ANSWER, [])
        if said["body"].get("offer") in offers
    ]
    if pairs and len(pairs) == len(offers):
        click.echo(f"八つのことば　{'　'.join(exchange.words(pairs))}")


def _acts(signed: Sequence[Signed]) -> list[tuple[dict[str, Any], Signed]]:
    """What each says, without the day pass that may come along. Raises ValueError or KeyError if it is no act."""
    acts = [(json.loads(pair.p), pair) for pair in signed]
    return [(said, pair) for said, pair in acts if said["kind"] == SCAN]


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
