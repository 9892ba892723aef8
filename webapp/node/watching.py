"""One round after another: what the log says, its entries, what the other nodes were shown."""

import logging
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.fetch import Unreachable
from webapp.kernel.tlog import checkpoints, notes, policies
from webapp.kernel.tlog.notes import SIGNATURE, NoteError, VerifyKey
from webapp.kernel.tlog.policies import Party, PolicyError
from webapp.node import evidence, mirror, telling, tree, witness
from webapp.node.evidence import Told
from webapp.node.fetching import LogReader, Said, is_address, peer_checkpoint
from webapp.node.keys import Keys
from webapp.node.store import Store

_log = logging.getLogger("ashiato.node")
#: A silent log is asked less and less often; a request for admission is repeated, and the list of nodes read again.
MOST_WAIT_S = 30
ASK_AGAIN_MS, ASK_SOON_MS, READ_POLICY_MS, KEEP_PULSE_MS = 60_000, 10_000, 30_000, 60_000
#: A node that does not answer is left alone for a while: it must not slow down the comparison with the others.
PEER_RESTS_MS, PEERS_AT_ONCE = 30_000, 16
#: A log may show a smaller checkpoint for a moment (signed, and not yet cosigned); for so long, it went back.
SMALLER_FOR_MS = 60_000


@dataclass(frozen=True, slots=True)
class Who:
    """How this node presents itself to a log's officers."""

    organisation: str
    url: str


class Trouble(Exception):
    """This round cannot go on; `code` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(slots=True)
class Pulse:
    """How the last rounds went: what /status shows. Instants in ms."""

    origin: str = ""
    log_size: int = 0
    last_ok_at: int | None = None
    failure: str = "node.starting"
    admitted: bool = False


class Watch:
    """One log that this node watches. `run` never ends; `round` is one look at everything."""

    def __init__(self, store: Store, keys: Keys, who: Who, url: str) -> None:
        self.store, self.keys, self.who = store, keys, who
        self.log = LogReader(url, keys.mirror)
        self.pulse = Pulse()
        self._key: VerifyKey | None = None
        self._peers: dict[VerifyKey, str] = {}
        self._seen: dict[str, str] = {}
        self._rests_until: dict[str, int] = {}
        self._asked_at = self._policy_at = self._kept_at = -(10**15)
        self._smaller_since: int | None = None
        self._kept_failure = ""
        self._has_asked = False
        self._has_cosigned: bool | None = None

    def run(self, every_s: float, stopped: threading.Event) -> None:
        """A round every `every_s` seconds, fewer while the log is silent, until `stopped`."""
        wait = 0.0
        while not stopped.wait(wait):
            self.guarded_round(now_ms())
            is_silent = self.pulse.failure == "node.log_unreachable"
            wait = min(max(wait, every_s) * 1.5, MOST_WAIT_S) if is_silent else every_s

    def guarded_round(self, now: int) -> None:
        """One round; whatever happens is written into the pulse, and the next one starts anew."""
        before = self.pulse.failure
        try:
            self.round(now)
            self.pulse.last_ok_at, self.pulse.failure = now, ""
        except Exception as problem:
            self.pulse.failure = _code(problem)
            if self.pulse.failure != before:
                self._say_what_is_wrong(problem)
        self._say_what_is_new()
        self._keep_pulse(now)

    def _say_what_is_wrong(self, problem: Exception) -> None:
        code = self.pulse.failure
        if code != "node.not_admitted":  # that is said when the application has arrived
            _log.warning("%s: %s (%s)", self.log.url, code, problem, exc_info=code == "node.fault")
            telling.failed(self.log.url, code)

    def _say_what_is_new(self) -> None:
        """That we were admitted, and that we cosigned for the first time; later starts say neither again."""
        if self._has_asked and self.pulse.admitted:
            self._has_asked = False
            telling.admitted(self.log.url)
        try:
            last = witness.latest(self.store.reading(), self.pulse.origin)
        except sqlite3.Error:
            return
        if last is not None and self._has_cosigned is False:
            telling.cosigned(self.log.url, last.size)
        self._has_cosigned = last is not None

    def round(self, now: int) -> None:
        """Look at the log and at the other nodes once. Raises Trouble and what its parts raise."""
        key = self._pinned()
        trouble: Exception | None = None
        try:
            self._copy(key, now)
        except Exception as problem:
            trouble = problem  # the other nodes are asked all the same
        self._hold_against_our_copy(key, now)
        self._ask_the_others(key, now)
        if trouble is not None:
            raise trouble

    def _pinned(self) -> VerifyKey:
        """The log's key: asked for once, at the first contact, and believed for ever after."""
        if self._key is None:
            key = known_key(self.store, self.log.url)
            self._key = key or pin(self.store, self.log.url, self.log.text("vkey").decode(errors="replace"))
        self.pulse.origin = self._key.name
        return self._key

    def _copy(self, key: VerifyKey, now: int) -> None:
        try:
            raw = self.log.text("checkpoint")
        except Said as no:
            if no.status != 404:
                raise
            self._be_admitted(now)
            raise Trouble("node.no_checkpoint") from None
        what = evidence.told(raw, [key], self.log.url)
        self.pulse.log_size = what.checkpoint.size
        self._recall(raw, key)
        self._be_admitted(now)
        witnesses = [peer.key for peer in self._all_peers(key.name)]
        what = evidence.with_cosignatures(what, raw, [self.keys.witness.public, *witnesses])
        try:
            mirror.follow(self.store, what, self.log.tile, now)
            self._smaller_since = None
        except mirror.Smaller:
            self._weigh_smaller(what, now)
        except Said as no:
            if no.status in {401, 403} and self.log.admits:
                self.pulse.admitted = False
                raise Trouble("node.not_admitted") from None
            raise

    def _weigh_smaller(self, what: Told, now: int) -> None:
        """Raises Smaller, and keeps both notes, once the log has been smaller for a while."""
        self._smaller_since = now if self._smaller_since is None else self._smaller_since
        if now - self._smaller_since < SMALLER_FOR_MS:
            return
        with self.store.writing() as sql:
            note = tree.copy_of(sql, what.checkpoint.origin).note
            evidence.keep(sql, what, evidence.ROLLBACK, what.checkpoint.root, now, ours=note)
        raise mirror.Smaller

    def _recall(self, raw: bytes, key: VerifyKey) -> None:
        """Our own cosignature under a larger size than we remember: our store is an old one. Remember it again."""
        mine = self.keys.witness.public
        note = notes.parse(raw)
        try:
            at_s = notes.verified(note, [mine]).get(mine)
        except NoteError:
            return
        new = checkpoints.parse(note.text)
        with self.store.writing() as sql:
            last = witness.latest(sql, new.origin)
            if at_s is not None and new.size > (last.size if last else 0):
                kept = evidence.told(raw, [key, mine], "").note
                row = (new.origin, new.size, new.root, kept, at_s)
                sql.execute("INSERT OR REPLACE INTO cosigned VALUES (?, ?, ?, ?, ?)", row)

    def _be_admitted(self, now: int) -> None:
        """Read who the log's nodes are; ask for admission until it names us. Raises Trouble while it does not."""
        if not self.log.admits:
            self.pulse.admitted = True
            return
        if not self.pulse.admitted or now - self._policy_at >= READ_POLICY_MS:
            self._read_policy(now)
        if self.pulse.admitted:
            return
        if self._is_retired():
            raise Trouble("node.retired")
        if now - self._asked_at >= ASK_AGAIN_MS:
            self._ask_to_be_admitted(now)
        raise Trouble("node.not_admitted")

    def _ask_to_be_admitted(self, now: int) -> None:
        self._asked_at = now - ASK_AGAIN_MS + ASK_SOON_MS  # until it has arrived
        said = {"vkey": self.keys.witness.public.vkey, "mirror_vkey": self.keys.mirror.public.vkey}
        try:
            self.log.ask_to_be_admitted({**said, "url": self.who.url, "organisation": self.who.organisation})
        except Said as no:
            raise Trouble("node.request_refused" if no.status == 422 else "node.log_troubled") from None
        self._asked_at = now
        if not self._has_asked:
            self._has_asked = True
            telling.asked(self.log.url, self.keys)

    def _is_retired(self) -> bool:
        row = self.store.reading().execute(
            "SELECT 1 FROM members WHERE origin = ? AND vkey = ? AND retired",
            (self.pulse.origin, self.keys.witness.public.vkey),
        )
        return row.fetchone() is not None

    def _read_policy(self, now: int) -> None:
        try:
            policy = policies.parse(self.log.text("policy").decode(errors="replace"))
        except (PolicyError, Said):
            return
        self._policy_at = now
        named = {party.key: party.url for party in policy.witnesses.values()}
        self.pulse.admitted = self.keys.witness.public in named
        self._peers = {key: url for key, url in named.items() if is_address(url)}

    def _hold_against_our_copy(self, key: VerifyKey, now: int) -> None:
        """What we cosigned ourselves must be in the log that we copied: else one of the two is a lie."""
        note = witness.latest_note(self.store.reading(), key.name)
        if note is not None:
            self._examine_once("", evidence.told(note, [key], witness.SUBMITTED), now)

    def _ask_the_others(self, key: VerifyKey, now: int) -> None:
        """What the log showed to the other nodes: a fork that one of them was shown is seen by all."""
        peers = [one for one in self._all_peers(key.name) if now >= self._rests_until.get(one.key.vkey, now)]
        if not peers:
            return
        with ThreadPoolExecutor(max_workers=min(len(peers), PEERS_AT_ONCE)) as asking:
            answers = list(asking.map(lambda peer: _answer_of(peer, key), peers))
        for peer, what in zip(peers, answers, strict=True):
            if isinstance(what, Unreachable):
                self._rests_until[peer.key.vkey] = now + PEER_RESTS_MS
            elif what is not None:
                self._examine_once(what.shown_by, what, now)

    def _examine_once(self, shown_by: str, what: Told, now: int) -> None:
        if self._seen.get(shown_by) != what.checkpoint.text():
            with self.store.writing() as sql:
                evidence.examine(sql, what, now)
            self._seen[shown_by] = what.checkpoint.text()

    def _all_peers(self, origin: str) -> list[Party]:
        """The nodes that the log names now, and those that its entries say were admitted: none is left out."""
        rows = self.store.reading().execute(
            "SELECT vkey, url FROM members WHERE origin = ? AND NOT retired", (origin,)
        )
        named = {vkey: url for vkey, url in rows if is_address(url)}
        named |= {key.vkey: url for key, url in self._peers.items()}
        named.pop(self.keys.witness.public.vkey, None)
        return [Party(VerifyKey.parse(vkey), url) for vkey, url in named.items()]

    def _keep_pulse(self, now: int) -> None:
        """For `ashiato node status`; every minute, and when something changed."""
        pulse = self.pulse
        if not pulse.origin or (pulse.failure == self._kept_failure and now - self._kept_at < KEEP_PULSE_MS):
            return
        try:
            with self.store.writing() as sql:
                row = (pulse.origin, pulse.log_size, pulse.last_ok_at, pulse.failure)
                sql.execute("INSERT OR REPLACE INTO pulses VALUES (?, ?, ?, ?)", row)
            self._kept_at, self._kept_failure = now, pulse.failure
        except sqlite3.Error:
            return  # /status still says it


def known_key(store: Store, url: str) -> VerifyKey | None:
    """The key that was pinned for the log at this address."""
    row = store.reading().execute("SELECT vkey FROM logs WHERE url = ?", (url,)).fetchone()
    return VerifyKey.parse(row[0]) if row else None


def pin(store: Store, url: str, vkey: str) -> VerifyKey:
    """Believe that this is the log's key, for ever. Raises NoteError, also for a log that has another key here."""
    key = VerifyKey.parse(vkey.strip())
    if key.kind != SIGNATURE:
        raise NoteError("a log signs with a key of type 1")
    with store.writing() as sql:
        row = sql.execute("SELECT vkey FROM logs WHERE url = ? OR origin = ?", (url, key.name)).fetchone()
        if row is not None and row[0] != key.vkey:
            raise NoteError(f"another key is pinned for {key.name}")
        hashed = checkpoints.origin_hash(key.name)
        sql.execute("DELETE FROM logs WHERE origin = ?", (key.name,))
        sql.execute(
            "INSERT INTO logs (url, origin, hash, vkey) VALUES (?, ?, ?, ?)",
            (url, key.name, hashed, key.vkey),
        )
    return key


def start(watches: list[Watch], every_s: float) -> Callable[[], None]:
    """A thread for each log. Answers how to stop them."""
    stopped = threading.Event()
    for watch in watches:
        threading.Thread(target=watch.run, args=(every_s, stopped), daemon=True).start()
    return stopped.set


def _answer_of(peer: Party, log: VerifyKey) -> Told | Unreachable | None:
    """What this node cosigned last; None if that is nothing, or not signed by log and node both."""
    try:
        return evidence.told(peer_checkpoint(peer.url, log.name), [log, peer.key], peer.key.name)
    except (Said, NoteError):
        return None
    except Unreachable as silence:
        return silence


def _code(problem: Exception) -> str:
    kinds: dict[type[Exception], str] = {
        Said: "node.log_troubled",
        Unreachable: "node.log_unreachable",
        mirror.AnotherHistory: "node.another_history",
        mirror.Smaller: "node.smaller",
        mirror.NotAsSigned: "node.not_as_signed",
        tree.Damaged: "node.copy_damaged",
        NoteError: "node.bad_signature",
        sqlite3.Error: "node.cannot_write",
        OSError: "node.cannot_write",
    }
    if isinstance(problem, Trouble):
        return problem.code
    return next((code for kind, code in kinds.items() if isinstance(problem, kind)), "node.fault")
