"""`ashiato ledger prove|audit|check-proof`: proofs of single entries, and checks that need no database of ours."""

import sys
from pathlib import Path
from typing import NoReturn

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from webapp.kernel.base.db import db
from webapp.kernel.base.fetch import Unreachable
from webapp.kernel.base.outcomes import AppError
from webapp.kernel.ledger import publication, readers, signing, tree
from webapp.kernel.ledger.audit import AuditFailed, Found, Read, audit, begin
from webapp.kernel.ledger.messages import AUDIT, SENTENCES
from webapp.kernel.ledger.models import LedgerEntry
from webapp.kernel.tlog import policies, proof_files, tiles
from webapp.kernel.tlog.checkpoints import origin_hash
from webapp.kernel.tlog.notes import NoteError, SigningKey, VerifyKey
from webapp.kernel.tlog.policies import Judgement, Party, Policy, PolicyError

#: Exit statuses: the log is not what it says; it could not be read to the end.
BROKEN, UNREAD = 1, 2
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_FOLDER = click.Path(path_type=Path, file_okay=False)


def _kept_audits() -> Path:
    return Path(click.get_app_dir("ashiato")) / "audits"


@click.command("prove")
@click.argument("entry_id")
@click.option("--log", default="", help="The log, if the same id stands in several.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the proof there.")
@click.option(
    "--entry",
    "entry_out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the entry's bytes there.",
)
@with_appcontext
def prove(entry_id: str, log: str, out: Path | None, entry_out: Path | None) -> None:
    """The .tlog-proof of an entry: with it, the entry's bytes and a policy file anybody can check it, without us."""
    query = select(LedgerEntry.log, LedgerEntry.index, LedgerEntry.raw).where(LedgerEntry.id == entry_id)
    rows = [row for row in db.session.execute(query).all() if log in {"", row[0]}]
    if len(rows) != 1:
        raise click.ClickException(AUDIT["audit.no_entry" if not rows else "audit.several"])
    (name, index, raw), session = rows[0], db.session()
    try:
        proof = publication.proof(session, name, index).render()
    except AppError as problem:
        raise click.ClickException(SENTENCES[problem.code]) from problem
    if entry_out:
        entry_out.write_bytes(raw)
    if out is None:
        sys.stdout.buffer.write(proof)
        return
    out.write_bytes(proof)
    click.echo(f"{name}  {index}  {out}")


@click.command("export")
@click.argument("folder", type=_FOLDER)
@click.option("--log", required=True)
@with_appcontext
def export(folder: Path, log: str) -> None:
    """Write LOG below FOLDER as C2SP tlog-tiles lays it out, for auditors and for tools that others wrote."""
    session = db.session()
    row = publication.latest_cosigned(session, log) or publication.latest(session, log)
    if row is None:
        raise click.ClickException(SENTENCES["ledger.not_signed"])
    wanted = [*tiles.tiles_of(row.size), *tiles.bundles_of(row.size)]
    with click.progressbar(wanted, label="export", file=sys.stderr) as bar:
        for tile in bar:
            _keep(folder / tile.path(), tree.served(session, log, tile))
    key = signing.vkey(publication.log_of(session, log).origin)
    policy = publication.policy(session, log, key, signing.url_of(log))
    for name, text in (("vkey", f"{key.vkey}\n"), ("policy", policy.render())):
        _keep(folder / name, text.encode())
    _keep(folder / "checkpoint", row.note)
    click.echo(f"{log}  {row.size}  {folder}")


@click.command("check-proof")
@click.argument("file", type=_FILE)
@click.option("--entry", type=_FILE, required=True, help="The entry's bytes, as `prove --entry` writes them.")
@click.option("--policy", "policy_file", type=_FILE, required=True, help="Whose signatures are enough.")
def check_proof(file: Path, entry: Path, policy_file: Path) -> None:
    """Check a .tlog-proof without any network. Exit status 0 only if entry, tree, signatures and quorum are right."""
    policy = _policy(policy_file)
    try:
        judgement = proof_files.verify(proof_files.parse(file.read_bytes()), entry.read_bytes(), policy)
    except ValueError as problem:
        _stop(BROKEN, AUDIT["audit.proof"].format(why=problem))
    for line in _who(judgement, policy):
        click.echo(line)
    if not judgement.is_enough:
        _stop(BROKEN, AUDIT["audit.proof_few"])
    click.echo(AUDIT["audit.proof_ok"])


@click.command("audit")
@click.argument("where", metavar="URL|FOLDER")
@click.option("--vkey", default="", help="The log's key, if you were given it.")
@click.option(
    "--policy", "policy_file", type=_FILE, help="Whose signatures are enough, if you were given it."
)
@click.option("--key", "key_file", type=_FILE, help="Mirror key of a member node: opens entries and tiles.")
@click.option(
    "--header", "headers", multiple=True, help='A header to send, e.g. "Authorization: Bearer …" to a mirror.'
)
@click.option("--keep", type=_FOLDER, default=_kept_audits, help="Where the last audit's checkpoint is kept.")
def audit_log(
    where: str,
    vkey: str,
    policy_file: Path | None,
    key_file: Path | None,
    headers: tuple[str, ...],
    keep: Path,
) -> None:
    """Fetch a whole log and check every signature, entry, tile and root, and that it extends what was seen last time.

    Exit status 0: whole. 1: something is wrong, and it is said what. 2: it could not be read to the end.
    """
    try:
        read = _reader(where, headers, key_file)
        policy = _known_policy(read, vkey, policy_file)
        kept = keep / f"{origin_hash(policy.logs[0].key.name)}.checkpoint"
        _demand_same_key(kept.with_suffix(".vkey"), policy)
        found = _audited(readers.cosigned(read, policy), policy, kept.read_bytes() if kept.exists() else None)
        _keep(kept, found.note)
        _keep(kept.with_suffix(".vkey"), f"{policy.logs[0].key.vkey}\n".encode())
    except (AuditFailed, NoteError, PolicyError) as problem:
        known = isinstance(problem, AuditFailed)
        _stop(BROKEN, AUDIT[problem.code].format(**problem.params) if known else str(problem))  # type: ignore[union-attr]
    except (Unreachable, OSError) as problem:
        _stop(UNREAD, AUDIT["audit.unread"].format(why=problem) + _hint(problem))
    _tell(found, policy)


def _hint(problem: Exception) -> str:
    """What is needed where entries are shown to members only."""
    is_closed = isinstance(problem, readers.Said) and problem.status in {401, 403}
    return AUDIT["audit.needs_key"] if is_closed else ""


def _audited(read: Read, policy: Policy, before: bytes | None) -> Found:
    size = begin(read, policy)[1].checkpoint.size
    with click.progressbar(length=size, label="audit", file=sys.stderr) as bar:
        return audit(read, policy, before, bar.update)


def _reader(where: str, headers: tuple[str, ...], key_file: Path | None) -> Read:
    if not where.startswith(("http://", "https://")):
        return readers.folder(Path(where))
    named = {name.strip(): value.strip() for name, _, value in (header.partition(":") for header in headers)}
    return readers.address(where, named, SigningKey.parse(key_file.read_text()) if key_file else None)


def _known_policy(read: Read, vkey: str, policy_file: Path | None) -> Policy:
    """What you were given; else what the log says of itself, and it is said that this proves less."""
    if policy_file:
        policy = _policy(policy_file)
    else:
        policy = _own_policy(read)
        click.echo(AUDIT["audit.own_policy"])
    if vkey:
        key = VerifyKey.parse(vkey.strip())
        policy = Policy((Party(key),), policy.witnesses, policy.groups, policy.quorum)
    if not policy.logs:
        raise AuditFailed("audit.no_key")
    return policy


def _own_policy(read: Read) -> Policy:
    try:
        return policies.parse(read("policy").decode())
    except (Unreachable, UnicodeDecodeError):
        pass
    try:
        return Policy((Party(VerifyKey.parse(read("vkey").decode("ascii", "replace").strip())),))
    except Unreachable as problem:  # a mirror has none
        raise AuditFailed("audit.no_key") from problem


def _policy(file: Path) -> Policy:
    try:
        return policies.parse(file.read_text("utf-8"))
    except (PolicyError, UnicodeDecodeError) as problem:
        _stop(UNREAD, AUDIT["audit.policy"].format(why=problem))


def _demand_same_key(kept: Path, policy: Policy) -> None:
    if kept.exists() and kept.read_text().strip() not in {log.key.vkey for log in policy.logs}:
        raise AuditFailed("audit.other_key")


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.write_bytes(content)
    draft.replace(path)


def _tell(found: Found, policy: Policy) -> None:
    for line in _who(found.judgement, policy):
        click.echo(line)
    if found.extends is not None:
        click.echo(AUDIT["audit.extends"].format(before=found.extends))
    if policy.witnesses and not found.judgement.is_enough:
        _stop(BROKEN, AUDIT["audit.few"])
    click.echo(AUDIT["audit.ok"].format(size=found.judgement.checkpoint.size))


def _who(judgement: Judgement, policy: Policy) -> list[str]:
    head = judgement.checkpoint
    names = sorted(judgement.witnesses)
    return [
        f"{head.origin}  {head.size}  {head.root.hex()}",
        AUDIT["audit.cosigned"].format(
            count=len(names), of=len(policy.witnesses), who="、".join(names) or "－"
        ),
    ]


def _stop(status: int, sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    raise click.exceptions.Exit(status)
