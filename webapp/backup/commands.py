"""`ashiato backup`, `ashiato restore`, `ashiato ledger restore`."""

import sys
from collections.abc import Callable
from pathlib import Path

import click
from alembic.config import Config
from flask import current_app
from flask.cli import with_appcontext

from webapp.backup import box, refilling, restoring, taking
from webapp.kernel.base import running
from webapp.kernel.base.db import db
from webapp.kernel.base.fetch import Unreachable
from webapp.kernel.intake.api import door
from webapp.kernel.ledger.models import Log
from webapp.kernel.ledger.signing import NoSigner
from webapp.kernel.ledger.signing import vkey as signers_vkey
from webapp.kernel.tlog.notes import NoteError, VerifyKey
from webapp.kernel.tlog.words import eight_words
from webapp.node.download import key_at, open_copy
from webapp.node.mirror import NotAsSigned

Schema = Callable[[str], Config]
_KEY = click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Key of the backups (64 hex digits); without it, backup.key of the instance, made on first use.",
)


_WHILE_RUNNING = click.option(
    "--while-running",
    is_flag=True,
    help="Do it although the site or its publisher runs here. It may spoil both.",
)


def _demand_stopped(*, while_running: bool) -> None:
    """Raises ClickException while the site or the publisher of this instance runs."""
    if not while_running and running.runs(Path(current_app.config["INSTANCE"])):
        raise click.ClickException(
            "サイトか公開プロセスが動いています。先に止めてください"
            "（make run は Ctrl-C、本番は systemctl stop ashiato ashiato-publisher ashiato-notices）。"
            "署名プロセスは動いたままでかまいません。"
        )


def _key_path(given: Path | None) -> Path:
    return given or Path(current_app.config["INSTANCE"]) / "backup.key"


def _signer_folder() -> Path:
    config = current_app.config
    return Path(config.get("SIGNER_DIR") or Path(config["INSTANCE"]) / "signer")


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
@_KEY
@click.option(
    "--keep-days", type=click.IntRange(1), default=35, show_default=True, help="For the vault files."
)
@click.option("--with-signer-key", is_flag=True, help="Put the signer's private keys into the main file too.")
@with_appcontext
def backup(target: Path, key_file: Path | None, keep_days: int, *, with_signer_key: bool) -> None:
    """Write a backup of everything to TARGET: a folder, or the name of the main file (.vault goes beside it)."""
    path = _key_path(key_file)
    fresh = not path.exists()
    signer = _signer_folder() if with_signer_key else None
    try:
        with click.progressbar(length=taking.size_of(), label="backup", file=sys.stderr) as bar:
            taken = taking.take(
                target, box.new_key(path), keep_days=keep_days, signer=signer, told=bar.update
            )
    except (OSError, box.BoxError) as problem:
        raise click.ClickException(f"no backup was made: {problem}") from problem
    click.echo(
        f"{taken.main}  {taken.main.stat().st_size:,} bytes  {taken.rows:,} rows, {taken.photos:,} photos"
    )
    click.echo(f"{taken.vault}  {taken.vault.stat().st_size:,} bytes  kept {keep_days} days")
    for each in taken.logs:
        click.echo(f"{each['log']}  {each['size']} entries  root {each['root']}")
    if taken.keys:
        click.echo(
            f"{taken.keys} signer's keys are in {taken.main.name}: whoever has the backup key can sign with them"
        )
    if taken.missing:
        click.echo(
            f"{len(taken.missing)} photos are named but not on this disk: {taken.missing[0]} …", err=True
        )
    if taken.pruned:
        click.echo(f"{len(taken.pruned)} old vault files deleted")
    if fresh:
        click.echo(
            f"控えの鍵を作りました: {path}\n別の場所に写しを置いてください。鍵がないと控えは戻せません。",
            err=True,
        )


def restore_command(schema: Schema) -> click.Command:
    """`ashiato restore`; `schema` makes Alembic's configuration for a database."""

    @click.command("restore")
    @click.argument("main", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @click.option(
        "--vault", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The vault file."
    )
    @click.option("--without-vault", is_flag=True, help="Restore without names, logins and serial numbers.")
    @click.option("--force", is_flag=True, help="Replace what is here. It cannot be undone.")
    @_KEY
    @_WHILE_RUNNING
    @with_appcontext
    def restore(
        main: Path,
        vault: Path | None,
        key_file: Path | None,
        *,
        without_vault: bool,
        force: bool,
        while_running: bool,
    ) -> None:
        """Put back the backup in MAIN and the vault file beside it. Stop the site first."""
        _demand_stopped(while_running=while_running)
        beside = main.with_suffix(".vault")
        chosen = None if without_vault else vault or (beside if beside.exists() else None)
        if chosen is None and not without_vault:
            raise click.ClickException(f"{beside} がありません。氏名などなしで戻すときは --without-vault。")
        if not force and not restoring.is_empty():
            raise click.ClickException("ここには記録があります。置き換えるときは --force（元に戻せません）。")
        try:
            key = box.read_key(_key_path(key_file))
            rows = sum(restoring.examine(main, key, taking.MAIN).counts.values())
            config = schema(current_app.config["SQLALCHEMY_DATABASE_URI"])
            with click.progressbar(length=rows, label="restore", file=sys.stderr) as bar:
                found = restoring.restore(main, chosen, key, config, bar.update)
        except (box.BoxError, restoring.CannotRestore) as problem:
            raise click.ClickException(f"restore: {problem}") from problem
        whole = [_say(each) for each in found]
        sys.exit(0 if all(whole) else 1)

    return restore


def _say(found: restoring.Restored) -> bool:
    """What came back, and whether witnesses saw more of it; true if the root is right."""
    click.echo(f"{found.log}  {found.size} entries  root {found.root}  {found.fault or 'ok'}")
    ahead, silent = refilling.behind(db.session(), found.log, None)
    if ahead:
        most = max(ahead.values())
        click.echo(
            f"  証人は {most} 件まで見ています。この控えは {most - found.size} 件遅れています。"
            "このままでは署名されません。\n"
            f"  ashiato ledger restore --from （ノードのURL） --log {found.log} で残りを戻してください。"
        )
    elif silent:
        click.echo(f"  答えない証人があります（{'、'.join(silent)}）。この控えが最新かどうかは分かりません。")
    return not found.fault


@click.command("restore")
@click.option("--from", "node", required=True, help="Address of a node that keeps a copy.")
@click.option("--log", required=True, help="全国地方公共団体コード of the log.")
@click.option("--origin", default="", help="The log's origin line; needed on an empty database.")
@click.option(
    "--token", default="", envvar="NODE_TOKEN", help="What `ashiato node token` shows at that node."
)
@click.option(
    "--vkey", default="", help="The log's public key; else the signer's, else the one the node pinned."
)
@click.option("--unwitnessed", is_flag=True, help="Accept a copy that too few nodes cosigned.")
@_WHILE_RUNNING
@with_appcontext
def ledger_restore(
    node: str, log: str, origin: str, token: str, vkey: str, *, unwitnessed: bool, while_running: bool
) -> None:
    """Refill the log from a node's copy: all is verified, folded again, and the root compared. Stop the site first."""
    _demand_stopped(while_running=while_running)
    known = db.session.get(Log, log)
    name = known.origin if known else origin
    if not name:
        raise click.ClickException(
            "この台帳はここにありません。--origin で台帳の名前（checkpoint の1行目）を言ってください。"
        )
    try:
        key = _log_key(vkey, name, node)
        copy = open_copy(node, key, token)
        with click.progressbar(length=copy.checkpoint.size, label="ledger", file=sys.stderr) as bar:
            done = refilling.refill(door(), copy, key, log=log, unwitnessed=unwitnessed, told=bar.update)
    except (Unreachable, NoteError, NotAsSigned, refilling.CannotRefill, ValueError) as problem:
        raise click.ClickException(f"ledger restore: {problem}") from problem
    _report(done)


def _log_key(given: str, origin: str, node: str) -> VerifyKey:
    """The log's key: as told, as our signer holds it, or as the node pinned it, with words to compare by voice."""
    if given:
        return VerifyKey.parse(given)
    try:
        return signers_vkey(origin)
    except NoSigner:
        key = key_at(node, origin)
        click.echo(f"署名係がいないので、ノードが覚えている鍵を使います。\n  {key.vkey}", err=True)
        click.echo(
            f"  別のノードの担当者と読み合わせてください: {' '.join(eight_words(key.public))}", err=True
        )
        return key


def _report(done: refilling.Refilled) -> None:
    root = done.checkpoint.root.hex()
    click.echo(f"{done.log}  {done.before} -> {done.checkpoint.size} entries  root {root}  identical")
    click.echo(f"  cosigned by {len(done.cosigned)} ({done.least} needed): {', '.join(done.cosigned) or '-'}")
    if done.silent:
        told = "連署は写しで確かめました。" if set(done.silent) <= set(done.cosigned) else ""
        click.echo(f"  {told}いま返事がないノード：{'、'.join(done.silent)}")
    for name, size in done.ahead.items():
        click.echo(
            f"  {name} は {size} 件まで見ています。もっと長い写しを持つノードから、もう一度実行してください。"
        )
    if done.before == done.checkpoint.size:
        click.echo("  nothing was missing")
