"""`ashiato chain …`: put the contract on a chain, follow the logs, look at it, compare."""

import json
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click
from flask.cli import AppGroup

from webapp.chain import outbox, rules, state, verification
from webapp.chain.follower import Follower
from webapp.chain.messages import SENTENCES
from webapp.chain.ports import Refused, Signed, Stopped, Unreachable
from webapp.chain.settings import ChainSettings, SettingError, from_environment
from webapp.chain.source import OurLogs
from webapp.kernel.base.clock import now_ms, show_full
from webapp.kernel.base.db import db
from webapp.kernel.tlog.checkpoints import origin_hash

if TYPE_CHECKING:
    from webapp.chain.ethereum import Ethereum

chain_group = AppGroup("chain", help="The consortium's chain (off unless CHAIN_RPC is set; docs/chain.md).")

#: How long a command waits for its transaction to be in a block, s.
PATIENCE_S = 120


@chain_group.command("new-key")
@click.argument("path", type=click.Path(path_type=Path))
def new_key(path: Path) -> None:
    """Make a key for our sender in a new file and print its address."""
    ethereum = _ethereum_module()
    try:
        click.echo(ethereum.new_key(path))
    except FileExistsError as problem:
        raise click.ClickException(f"{path}") from problem


@chain_group.command("deploy")
@click.option(
    "--member", "members", multiple=True, required=True, help="Address of a member; three at least."
)
def deploy(members: tuple[str, ...]) -> None:
    """Put the contract on the chain, with these members, and print its address."""
    chain = _chain(replace(_settings(), contract=""))
    tx_hash = _sent(chain, lambda nonce, fee: chain.sign_deployment(members, nonce, fee))
    click.echo(f"CHAIN_CONTRACT={_until(lambda: chain.deployed_at(tx_hash))}")


@chain_group.command("propose-member")
@click.argument("address")
@click.option("--out", is_flag=True, help="Let the member out instead of in.")
def propose_member(address: str, *, out: bool) -> None:
    """Ask the members to let an address in or out; counts as our approval."""
    _act("proposeMember", _address(address), not out)


@chain_group.command("propose-log")
@click.argument("log")
@click.argument("address")
def propose_log(log: str, address: str) -> None:
    """Ask the members that ADDRESS alone may write about LOG (its code, or an origin line of somebody else's)."""
    _act("proposeLog", bytes.fromhex(origin_hash(_origin(log))), _address(address))


@chain_group.command("approve")
@click.argument("proposal")
def approve(proposal: str) -> None:
    """Agree to an open proposal; the approval that completes the quorum carries it out."""
    _act("approve", bytes.fromhex(proposal.removeprefix("0x")))


@chain_group.command("proposals")
def proposals() -> None:
    """List what the members were asked and have not settled."""
    chain = _identified()
    quorum, seen = chain.ask("quorum"), set[bytes]()
    for asked in chain.proposals():
        approvals = chain.ask("approvalsOf", asked["proposal"])
        if approvals and asked["proposal"] not in seen:
            seen.add(asked["proposal"])
            about = f"log {asked['origin'].hex()} to" if any(asked["origin"]) else _direction(asked)
            said = f"{len(approvals)} of {quorum}"
            click.echo(f"0x{asked['proposal'].hex()}  {about} {asked['member']}  {said}")


def _direction(asked: dict[str, Any]) -> str:
    return "in" if asked["permitted"] else "out"


@chain_group.command("run")
@click.option("--every", default=2.0, help="Seconds between two rounds.")
@click.option("--once", is_flag=True, help="One round, then stop. Exit status 1 if something stopped it.")
def run(every: float, *, once: bool) -> None:
    """Follow the logs and bring their checkpoints to the chain, until stopped."""
    follower = _follower(_settings())
    if once:
        done = follower.round(now_ms())
        click.echo(f"queued {done.queued}, sent {done.sent}, settled {done.settled} {done.problem}".rstrip())
        sys.exit(1 if done.problem else 0)
    stop, before = Event(), ""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    while not stop.is_set():
        problem = follower.round(now_ms()).problem
        if problem != before:
            click.echo(SENTENCES.get(problem, "chain: ok"), err=True)
            before = problem
        stop.wait(every)


def _follower(settings: ChainSettings) -> Follower:
    policy, chain = rules.Policy(confirmations=settings.confirmations), _chain(settings)
    try:
        chain.address  # noqa: B018  (without a key there is nothing to follow with)
    except SettingError as problem:
        raise _said(problem) from problem
    return Follower(
        chain,
        OurLogs(db.session()),
        policy,
        random.random,  # only spreads retries
        ceiling=settings.ceiling,
        append_kinds=settings.append_kinds,
    )


@chain_group.command("status")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def status(form: str) -> None:
    """How far the logs are anchored and what is wrong. Asks the database only. Exit status 1 on an alarm."""
    found = state.status(_settings(), now_ms())
    logs = OurLogs(db.session()).logs()
    anchored = {log: state.anchored_size(db.session(), log) for log in logs}
    if form == "json":
        click.echo(json.dumps({**asdict(found), "anchored": anchored}))
    else:
        _print(found, anchored)
    sys.exit(1 if found.alarms else 0)


def _print(found: state.Status, anchored: dict[str, int]) -> None:
    figures = found.figures
    click.echo(f"{found.chain}  as {found.address or '-'}  last round {show_full(figures.round_at)}")
    click.echo(f"waiting {figures.waiting}  refused {figures.failed}  oldest {show_full(figures.oldest_at)}")
    for log, size in anchored.items():
        click.echo(f"{log}  anchored up to {size}")
    for one in found.refused:
        click.echo(f"{one.log}  {one.kind} {one.size} refused {show_full(one.at)}: {one.reason}")
    for code in found.alarms:
        click.echo(f"{code}  {SENTENCES[code]}")


@chain_group.command("resume")
@click.argument("log")
def resume(log: str) -> None:
    """Say that a person has looked at what was refused of LOG; the follower goes on with it."""
    if not outbox.resume(_settings().name, log, now_ms()):
        raise click.ClickException(SENTENCES["chain.nothing_failed"].format(log=log))
    click.echo(f"{log}  goes on")


@chain_group.command("verify")
@click.option("--log", "name", default="", help="One log; without it, all.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def verify(name: str, form: str) -> None:
    """Compare the chain with our entries, hashed anew. Exit status 1 at the first difference."""
    chain, logs = _identified(), OurLogs(db.session())
    found = [_compared(chain, logs, log) for log in ([name] if name else logs.logs())]
    for one in found:
        click.echo(json.dumps(one) if form == "json" else _line(one))
    sys.exit(1 if any(one["difference"] for one in found) else 0)


def _compared(chain: "Ethereum", logs: OurLogs, log: str) -> dict[str, Any]:
    origin = _origin(log)
    roots, entries = dict(chain.anchored(origin)), dict(chain.appended(origin))
    most = max([*roots, *(index + 1 for index in entries)], default=0)
    leaves = (leaf.hash for leaf in logs.leaves(log, 0, most))
    difference = verification.first_difference(roots, entries, leaves)
    found = {"log": log, "anchors": len(roots), "entries": len(entries), "size": max(roots, default=0)}
    return found | {"difference": difference and asdict(difference)}


def _line(found: dict[str, Any]) -> str:
    counted = f"{found['anchors']} anchors up to {found['size']}, {found['entries']} entries"
    different = found["difference"]
    if different is None:
        return f"{found['log']}  {counted}  ok"
    place = f"{different['what']} at {'size' if different['what'] == 'root' else 'index'} {different['at']}"
    ours = different["ours"] or "nothing"
    return (
        f"{found['log']}  {counted}  DIFFERS: {place}: chain {different['chain']}, ours {ours}; "
        f"both agree up to {different['agreed']}"
    )


def _act(name: str, *arguments: Any) -> None:
    """A call that a person asked for: signed, sent, waited for."""
    chain = _identified()

    def sign(nonce: int, fee: rules.Fee) -> Signed:
        data = chain.call(name, *arguments)
        return chain.sign(data, nonce, chain.estimate(data), fee)

    tx_hash = _sent(chain, sign)
    receipt = _until(lambda: chain.receipt(tx_hash))
    if not receipt.taken:
        raise click.ClickException(f"{name}: refused in block {receipt.block}")
    click.echo(f"{name}: done in block {receipt.block}")
    for asked in list(chain.proposals())[-1:] if name.startswith("propose") else []:
        click.echo(f"proposal 0x{asked['proposal'].hex()}")


def _sent(chain: "Ethereum", sign: Callable[[int, rules.Fee], Signed]) -> str:
    try:
        prices = chain.prices()
        signed = sign(chain.included(), rules.fee(prices.base, prices.tip, None, _settings().ceiling))
        chain.send(signed.raw)
    except (Refused, Stopped, Unreachable, SettingError) as problem:
        raise _said(problem) from problem
    return signed.hash


def _until(ask: Callable[[], Any]) -> Any:
    """What `ask` answers as soon as it answers something."""
    for _ in range(PATIENCE_S * 5):
        if (found := ask()) is not None:
            return found
        Event().wait(0.2)
    raise click.ClickException(SENTENCES["chain.late"])


def _settings() -> ChainSettings:
    try:
        found = from_environment()
    except SettingError as problem:
        raise _said(problem) from problem
    if found is None:
        raise click.ClickException(SENTENCES["chain.off"])
    return found


def _chain(settings: ChainSettings) -> "Ethereum":
    module = _ethereum_module()
    chain: Ethereum = module.Ethereum(settings)
    return chain


def _identified() -> "Ethereum":
    chain = _chain(_settings())
    try:
        chain.identify()
    except (Stopped, Unreachable) as problem:
        raise _said(problem) from problem
    return chain


def _ethereum_module() -> Any:
    """web3 takes a second to load and may be absent: nothing else waits for it."""
    try:
        from webapp.chain import ethereum
    except ImportError as problem:
        raise click.ClickException(SENTENCES["chain.not_installed"]) from problem
    return ethereum


def _said(problem: Exception) -> click.ClickException:
    if isinstance(problem, SettingError):
        return click.ClickException(SENTENCES[problem.code].format(**problem.params))
    code = problem.code if isinstance(problem, Stopped) else "chain.unreachable"
    said = str(problem) if isinstance(problem, Refused) else f"{SENTENCES[code]} ({problem})"
    return click.ClickException(said)


def _address(text: str) -> str:
    digits = text.removeprefix("0x")
    if len(digits) != 40 or set(digits.lower()) - set("0123456789abcdef"):
        raise click.BadParameter(text)
    return text


def _origin(log: str) -> str:
    try:
        return OurLogs(db.session()).origin(log)
    except LookupError:
        if "/" in log:  # an origin line of somebody else's log
            return log
        raise click.ClickException(SENTENCES["chain.no_such_log"].format(log=log)) from None
