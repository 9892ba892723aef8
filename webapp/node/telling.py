"""What a node says on its terminal while it runs: to people who have just started it, and rarely after that."""

import re
from contextlib import suppress

import click

from webapp.node.keys import Keys
from webapp.node.messages import SENTENCES


def started(pair: Keys, *, fresh: bool, address: str) -> None:
    """The node runs; `fresh`: its keys were made just now. The words are what the officer sees as well."""
    if fresh:
        _say("鍵を二つ作りました（連署の鍵と写しの鍵。このフォルダから出さないでください）。")
    _say(f"ノードを動かしています: {address}")
    _say(f"鍵の八つの言葉: {' '.join(pair.words())}")


def asked(log: str, pair: Keys) -> None:
    """The application has arrived at the town's site."""
    _say(f"{log} に参加を申し込みました。")
    _say(f"  {SENTENCES['node.not_admitted']}")
    _say(f"  担当者の画面: {_desk(log)}")
    _say(f"  鍵の八つの言葉: {' '.join(pair.words())}")


def admitted(log: str) -> None:
    """The log names this node now."""
    _say(f"{log}: 承認されました。連署と写しを始めます。")


def cosigned(log: str, size: int) -> None:
    """The first cosignature for a log."""
    _say(f"{log}: はじめて連署しました（{size} 件まで）。")


def failed(log: str, code: str) -> None:
    """Something is wrong that was not wrong before."""
    _say(f"{log}: {SENTENCES[code]}")


def _desk(log: str) -> str:
    return f"{re.sub(r'/log/[^/]+$', '', log)}/ledger"


def _say(line: str) -> None:
    with suppress(OSError):  # nobody listens any longer: the node goes on
        click.echo(line)
