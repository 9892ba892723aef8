"""Which nodes of other organisations watch a log: decided by its officers, written in the log itself."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import StringConstraints
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.door import Accepted, Author, Verdict, command
from webapp.kernel.intake.format import Act, Body
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.ledger.models import LedgerNode, Log, NodeRequest
from webapp.kernel.tlog.notes import COSIGNATURE, NoteError, VerifyKey
from webapp.kernel.witnesses.messages import SENTENCES

ADMITTED, RETIRED = "ledger.node_admitted", "ledger.node_retired"

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class AdmitBody(Body):
    """A node: the name of its witness key, where it answers, its two keys, whose it is."""

    node: Name
    url: Long
    vkey: Long
    mirror_vkey: Long
    organisation: Name


class RetireBody(Body):
    """The name under which it was admitted."""

    node: Name


def admission(asked: NodeRequest) -> dict[str, str]:
    """The body of the command that admits the node which asked. Raises NoteError if its key is none."""
    return {
        "node": VerifyKey.parse(asked.vkey).name,
        "url": asked.url,
        "vkey": asked.vkey,
        "mirror_vkey": asked.mirror_vkey,
        "organisation": asked.organisation,
    }


class WitnessRoom:
    """Admission and retirement of nodes behind the door."""

    observations: frozenset[str] = frozenset()
    tables = (LedgerNode,)

    def __init__(self) -> None:
        self.commands = {ADMITTED: command(AdmitBody, _admit), RETIRED: command(RetireBody, _retire)}

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """Watching a log is no work in it."""
        return set()

    def check(self, session: Session, act: Act, author: Author) -> Refusal | None:
        """There are no observations here."""
        return None

    def project(self, session: Session, log: str, entries: Sequence[Recorded]) -> Mapping[str, Verdict]:
        """Fold admissions and retirements."""
        for entry in entries:
            if entry.kind == ADMITTED:
                _project_admission(session, entry)
            elif entry.kind == RETIRED:
                _project_retirement(session, entry)
        return {}

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """This package's refusals in words."""
        return SENTENCES.get(code, "").format_map({**params})


def _admit(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Refused: who may not decide it, malformed nodes, keys that were used, an organisation that has a node."""
    body = AdmitBody.model_validate(act.body)
    refusal = _not_theirs(session, act, author) or fault_of(body)
    return refusal or _taken(session, act.log, body) or Accepted()


def _retire(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
    """Refused: who may not decide it, a node that is not among the admitted."""
    node = session.get(LedgerNode, (act.log, act.body["node"]), populate_existing=True)
    refusal = _not_theirs(session, act, author)
    if refusal is None and (node is None or node.retired_at is not None):
        refusal = Refusal("witnesses.unknown_node", {})
    return refusal or Accepted()


def _not_theirs(session: Session, act: Act, author: Author) -> Refusal | None:
    log = session.get(Log, act.log)
    own = log is not None and log.organisation_id == author.org
    return None if own and may(author.roles, Action.NODE_ADMIT) else Refusal("witnesses.not_allowed", {})


def fault_of(body: AdmitBody) -> Refusal | None:
    """What is wrong with a node as it describes itself."""
    try:
        key = VerifyKey.parse(body.vkey)
    except NoteError:
        return Refusal("witnesses.malformed_key", {"where": "vkey"})
    try:
        mirror = VerifyKey.parse(body.mirror_vkey)
    except NoteError:
        return Refusal("witnesses.malformed_key", {"where": "mirror_vkey"})
    if key.kind != COSIGNATURE:
        return Refusal("witnesses.malformed_key", {"where": "vkey"})
    if key.name != body.node:
        return Refusal("witnesses.name_differs", {"key": key.name})
    if key.public == mirror.public or key.name == mirror.name:
        return Refusal("witnesses.one_key", {})
    return None if is_address(body.url) else Refusal("witnesses.malformed_url", {})


def is_address(url: str) -> bool:
    """Whether a node can be asked there: http or https and a host, nothing secret, nothing after the path."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    bare = not (parts.query or parts.fragment or parts.username or parts.password)
    return plain and bare and parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0


def _taken(session: Session, log: str, body: AdmitBody) -> Refusal | None:
    """A key counts once, for ever; an organisation counts once, and the one that writes the log does not count."""
    if _same(body.organisation, session.get_one(Log, log).name):
        return Refusal("witnesses.own_node", {"organisation": body.organisation})
    ours = {VerifyKey.parse(vkey).public for vkey in (body.vkey, body.mirror_vkey)}
    for node in session.scalars(select(LedgerNode).where(LedgerNode.log == log)):
        theirs = {VerifyKey.parse(vkey).public for vkey in (node.vkey, node.mirror_vkey)}
        if node.name == body.node or ours & theirs:
            return Refusal("witnesses.key_known", {})
        if node.retired_at is None and _same(node.organisation, body.organisation):
            return Refusal("witnesses.second_of_organisation", {"organisation": node.organisation})
    return None


def _same(one: str, other: str) -> bool:
    """Whether two names are one organisation's, however they are typed."""
    first, second = ("".join(unicodedata.normalize("NFKC", text).casefold().split()) for text in (one, other))
    return first == second


def _project_admission(session: Session, entry: Recorded) -> None:
    body = entry.data["body"]
    session.execute(
        insert(LedgerNode).values(
            log=entry.log,
            name=body["node"],
            url=body["url"],
            vkey=body["vkey"],
            mirror_vkey=body["mirror_vkey"],
            organisation=body["organisation"],
            admitted_at=entry.index,
        )
    )


def _project_retirement(session: Session, entry: Recorded) -> None:
    session.execute(
        update(LedgerNode)
        .where(LedgerNode.log == entry.log, LedgerNode.name == entry.data["body"]["node"])
        .values(retired_at=entry.index)
        .execution_options(synchronize_session="fetch")
    )
