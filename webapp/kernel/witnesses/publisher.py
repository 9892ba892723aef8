"""Publishing: committed heads go to the signer, signed checkpoints to the nodes, cosignatures into the database.

A round reads, lets go of the database, talks to signer and nodes, and only then writes. It never holds a lock while
it waits for somebody else, so recording goes on whatever signer and nodes do. Two publishers at once do no harm.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.fetch import Unreachable, fetch
from webapp.kernel.ledger import publication, signing, tree
from webapp.kernel.ledger.models import Head, Log, NodeState, SignedCheckpoint
from webapp.kernel.tlog import checkpoints, notes, proofs
from webapp.kernel.tlog.checkpoints import Checkpoint, origin_hash
from webapp.kernel.tlog.notes import Note, NoteError, VerifyKey
from webapp.kernel.tlog.policies import Policy
from webapp.kernel.witnesses import plan
from webapp.kernel.witnesses.plan import Behind, Cosigned, Disagrees, Failed, Meaning, Target
from webapp.kernel.witnesses.status import SIGNER
from webapp.signer.client import SignerClient, SignerRefused, SignerUnavailable

ASK_WITHIN_S = 5.0
MOST_BYTES = 64 * 1024
MOST_AT_ONCE = 16
_log = logging.getLogger("ashiato.publisher")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a round did for one log: the size that is signed now, who cosigned it, and what stood in the way."""

    log: str
    size: int = 0
    cosigned: tuple[str, ...] = ()
    is_enough: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Nothing is left to do until something is appended."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class _Work:
    """One log in one round, as it was read: nothing in here holds a connection."""

    log: str
    key: VerifyKey
    policy: Policy
    note: Note
    targets: tuple[Target, ...]
    cosigned: frozenset[str]

    @property
    def checkpoint(self) -> Checkpoint:
        return checkpoints.parse(self.note.text)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What came of asking one node; `theirs` is the note it shows where it disagrees."""

    meaning: Meaning
    theirs: bytes = b""


@dataclass
class _Pause:
    """How long a node is left alone."""

    failures: int = 0
    until: float = 0.0


class Publisher:
    """Remembers only whom to leave alone for a while; everything else stands in the database."""

    def __init__(self, signer: SignerClient) -> None:
        self._signer = signer
        self._pauses: dict[tuple[str, str], _Pause] = {}

    def round(self, *, patient: bool = True) -> list[Outcome]:
        """Publish every log once. Not `patient`: ask nodes that failed a moment ago, too."""
        names = [
            (log, origin) for log, origin in db.session.execute(select(Log.id, Log.origin).order_by(Log.id))
        ]
        db.session.remove()
        return [self.publish(log, origin, patient=patient) for log, origin in names]

    def is_due(self) -> bool:
        """Whether any log has something that is not signed, or a node that lags and is not left alone for now."""
        try:
            return bool(unsigned(db.session())) or self._has_laggards()
        finally:
            db.session.remove()

    def publish(self, log: str, origin: str, *, patient: bool = True) -> Outcome:
        """One round for one log. What goes wrong stands in the outcome and in `NodeState`; nothing is raised for it."""
        try:
            key = self._sign(log, origin)
            work = self._prepare(log, key)
        except (SignerUnavailable, SignerRefused) as problem:
            code = problem.code if isinstance(problem, SignerRefused) else "unavailable"
            _log.warning("signer: %s %s", log, problem)
            _note_signer(log, code)
            return Outcome(log, problems={SIGNER: code})
        except NoteError as problem:
            _log.error("%s: what was signed before is not by today's key: %s", log, problem)
            _note_signer(log, "other_key")
            return Outcome(log, problems={SIGNER: "other_key"})
        finally:
            db.session.remove()
        if work is None:
            return Outcome(log)
        asked = [target for target in self._due(work) if not (patient and self._rests(log, target.name))]
        heard = self._ask_all(work, asked)
        self._remember(log, heard)
        return _written(work, heard)

    # --- the signer ---------------------------------------------------------------------------------------------

    def _sign(self, log: str, origin: str) -> VerifyKey:
        """Let the signer sign the committed head if it is new. Raises SignerUnavailable, SignerRefused.

        Between our reading and its answer another publisher may have been faster, or the signer has just learned from
        the witnesses what it forgot: then we look again. What is still shorter than what was signed is refused, even
        if there is nothing new: a database of an earlier day fits in itself, and nobody else would notice.
        """
        for _ in range(3):
            try:
                return self._sign_once(log, origin)
            except SignerRefused as problem:
                if problem.code not in {"smaller", "moved"} or _size(log) < problem.last:
                    raise
        raise SignerRefused("moved", 0, "others were faster, three times")

    def _sign_once(self, log: str, origin: str) -> VerifyKey:
        session: Session = db.session()
        known = publication.latest(session, log)
        # a log that has published must not get a fresh key behind its readers' backs
        key = self._signer.vkey(origin) if known else self._signer.open(log, origin)
        last = self._signer.last(origin)
        db.session.remove()  # what is read now was committed after that
        session = db.session()
        head, known = publication.head(session, log), publication.latest(session, log)
        policy = publication.policy(session, log, key, signing.url_of(log))
        largest = max(last.size, known.size if known else 0)
        if head.size < largest:
            raise SignerRefused("smaller", largest, f"{head.size} entries, and {largest} were signed")
        if head.size == last.size and last.note and head.root != last.root:
            raise SignerRefused("inconsistent", last.size, f"another root was signed for {last.size} entries")
        proof = proofs.consistency_path(last.size, head.size, tree.node(session, log))
        db.session.remove()
        self._tell_policy(origin, policy, head.size)
        if known is None or head.size > known.size:
            note = self._signer.sign(head, proof, last.size)
            with transaction() as session:
                publication.keep_signed(session, log, note, now_ms())
        _note_signer(log, "")
        return key

    def _tell_policy(self, origin: str, policy: Policy, size: int) -> None:
        try:
            self._signer.keep_policy(origin, policy, size)
        except SignerRefused as problem:
            if problem.code != "policy_old":
                raise
            _log.warning("signer keeps its policy: %s", problem.text)

    # --- the nodes ----------------------------------------------------------------------------------------------

    def _prepare(self, log: str, key: VerifyKey) -> _Work | None:
        session = db.session()
        row = publication.latest(session, log)
        if row is None:
            return None
        policy = publication.policy(session, log, key, signing.url_of(log))
        seen = session.execute(select(NodeState.name, NodeState.size).where(NodeState.log == log))
        sizes = {name: size for name, size in seen}  # noqa: C416
        targets = tuple(
            Target(name, party.url, party.key, sizes.get(name, 0)) for name, party in policy.witnesses.items()
        )
        return _Work(log, key, policy, plan.by_log(row.note, key), targets, _cosigners(row.note, policy))

    def _due(self, work: _Work) -> list[Target]:
        return [target for target in work.targets if target.name not in work.cosigned]

    def _ask_all(self, work: _Work, targets: Sequence[Target]) -> dict[str, _Heard]:
        """All at once; the proofs are made before, because the database is not for other threads."""
        if not targets:
            return {}
        size = work.checkpoint.size
        bodies = [_body(work, min(target.size, size)) for target in targets]
        db.session.remove()
        with ThreadPoolExecutor(max_workers=min(len(targets), MOST_AT_ONCE)) as pool:
            answers = dict(
                zip(targets, pool.map(lambda t, b: _ask(work, t, b), targets, bodies), strict=True)
            )
            again = [
                replace(t, size=a.size)
                for t, a in answers.items()
                if isinstance(a, Behind) and a.size <= size
            ]
            bodies = [_body(work, target.size) for target in again]
            db.session.remove()
            second = dict(zip(again, pool.map(lambda t, b: _ask(work, t, b), again, bodies), strict=True))
            heard = {target.name: answer for target, answer in (*answers.items(), *second.items())}
            by_name = {target.name: target for target in targets}
            return dict(
                zip(heard, pool.map(lambda n: _with_evidence(work, by_name[n], heard[n]), heard), strict=True)
            )

    def _rests(self, log: str, name: str) -> bool:
        pause = self._pauses.get((log, name))
        return pause is not None and time.monotonic() < pause.until

    def _remember(self, log: str, heard: Mapping[str, _Heard]) -> None:
        for name, found in heard.items():
            if isinstance(found.meaning, Cosigned):
                self._pauses.pop((log, name), None)
                continue
            pause = self._pauses.setdefault((log, name), _Pause())
            pause.failures += 1
            pause.until = time.monotonic() + plan.pause_s(pause.failures)

    def _has_laggards(self) -> bool:
        session = db.session()
        for log in session.scalars(select(Log.id).order_by(Log.id)):
            row = publication.latest(session, log)
            if row is None:
                continue
            signed = {(line.name, line.key_id) for line in notes.parse(row.note).signatures}
            for node in publication.nodes(session, log):
                key = VerifyKey.parse(node.vkey)
                if (key.name, key.key_id) not in signed and not self._rests(log, node.name):
                    return True
        return False


def unsigned(session: Session) -> list[str]:
    """Logs whose committed head is larger than what is signed. Two statements."""
    sizes = select(SignedCheckpoint.log, func.max(SignedCheckpoint.size)).group_by(SignedCheckpoint.log)
    signed = {log: size for log, size in session.execute(sizes)}  # noqa: C416
    heads = session.execute(select(Head.log, Head.size).order_by(Head.log))
    return [log for log, size in heads if log not in signed or size > signed[log]]


def _size(log: str) -> int:
    """Entries that are committed by now."""
    db.session.remove()
    found = db.session.scalar(select(Head.size).where(Head.log == log)) or 0
    db.session.remove()
    return found


def _cosigners(note: bytes, policy: Policy) -> frozenset[str]:
    return frozenset(policy.judge(note).witnesses)


def _body(work: _Work, old: int) -> bytes:
    node = tree.node(db.session(), work.log)
    return plan.request(work.note, old, proofs.consistency_path(old, work.checkpoint.size, node))


def _ask(work: _Work, target: Target, body: bytes) -> Meaning:
    address = f"{target.url.rstrip('/')}/add-checkpoint"
    try:
        answer = fetch("POST", address, body, limit=MOST_BYTES, within_s=ASK_WITHIN_S)
    except Unreachable as problem:
        return Failed(str(problem)[: plan.MOST_WORDS])
    return plan.meaning(answer, work.note.text, target.key)


def _with_evidence(work: _Work, target: Target, meaning: Meaning) -> _Heard:
    """Who disagrees, or has seen more than there is, is asked what it holds."""
    if isinstance(meaning, Behind) and meaning.size <= work.checkpoint.size:
        return _Heard(Failed("it named two sizes, one after the other"))
    if isinstance(meaning, Cosigned | Failed):
        return _Heard(meaning)
    address = f"{target.url.rstrip('/')}/{origin_hash(work.key.name)}/checkpoint"
    try:
        answer = fetch("GET", address, limit=MOST_BYTES, within_s=ASK_WITHIN_S)
    except Unreachable:
        return _Heard(meaning)
    return _Heard(meaning, answer.body if answer.status == 200 else b"")


# --- the database -------------------------------------------------------------------------------------------------


def _written(work: _Work, heard: Mapping[str, _Heard]) -> Outcome:
    """Keep cosignatures and what was seen of each node, in one transaction."""
    now, size = now_ms(), work.checkpoint.size
    lines = [found.meaning.line for found in heard.values() if isinstance(found.meaning, Cosigned)]
    with transaction() as session:
        if lines:
            publication.add_cosignatures(
                session, work.log, size, lines, now, lambda note: publication.is_cosigned(work.policy, note)
            )
        problems = {name: _see(session, work, name, found, now) for name, found in heard.items()}
        row = session.get_one(SignedCheckpoint, (work.log, size))
        given = work.policy.judge(row.note).witnesses
        _catch_up(session, work.log, size, given)
        cosigned, enough = frozenset(given), row.cosigned_at is not None
    waiting = {target.name: "" for target in work.targets if target.name not in cosigned}
    failed = {name: problems.get(name) or "left alone for now" for name in waiting}
    return Outcome(work.log, size, tuple(sorted(cosigned)), enough, failed)


def _catch_up(session: Session, log: str, size: int, given: Mapping[str, int]) -> None:
    """Whose cosignature (name → seconds) stands on the note has cosigned so far, wherever it came from.

    After a restore it comes with a node's copy, and what was seen of the nodes is as old as the backup.
    """
    for name, at_s in given.items():
        known = session.get(NodeState, (log, name), populate_existing=True)
        if known is None or known.size < size:
            state = _state(session, log, name)
            state.size, state.answered_at = size, max(state.answered_at or 0, at_s * 1000)


def _see(session: Session, work: _Work, name: str, found: _Heard, now: int) -> str:
    """Write down how the node is; answers what is wrong with it, empty if nothing."""
    state = _state(session, work.log, name)
    meaning = found.meaning
    if isinstance(meaning, Cosigned):
        state.size, state.answered_at, state.failure = work.checkpoint.size, now, ""
        return ""
    if isinstance(meaning, Behind):
        recorded = session.scalar(select(Head.size).where(Head.log == work.log)) or 0
        if meaning.size <= recorded:  # another publisher was faster
            return ""
        meaning = Disagrees(f"it has seen {meaning.size} entries, and we have {recorded}")
    state.failed_at, state.failure = now, meaning.reason[: plan.MOST_WORDS]
    if isinstance(meaning, Disagrees):
        _keep_evidence(state, work, found.theirs, meaning.reason, now)
    return state.failure


def _keep_evidence(state: NodeState, work: _Work, theirs: bytes, reason: str, now: int) -> None:
    """The first disagreement stays, unless the later one proves more."""
    ours = work.note.render()
    proves = plan.contradiction(ours, theirs, work.key)
    if state.disagreed_at is None or proves:
        state.evidence = plan.evidence(ours, theirs, reason)
    state.disagreed_at = state.disagreed_at or now


def _note_signer(log: str, failure: str) -> None:
    """Tell the status page how the signer is; writes only when that changes or while it fails."""
    now = now_ms()
    known = db.session.get(NodeState, (log, SIGNER), populate_existing=True)
    if not failure and (known is None or not known.failure):
        return
    with transaction() as session:
        state = _state(session, log, SIGNER)
        state.failure = failure
        if failure:
            state.failed_at = now
        else:
            state.answered_at = now


def _state(session: Session, log: str, name: str) -> NodeState:
    state = session.get(NodeState, (log, name), with_for_update=True, populate_existing=True)
    if state is None:
        state = NodeState(log=log, name=name, size=0, failure="")
        session.add(state)
        session.flush()
    return state
