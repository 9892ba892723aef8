"""The signer itself: one log at a time, rules first, disk second, signature last."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from webapp.kernel.tlog import drills, policies
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.notes import Note, NoteError, SigningKey, VerifyKey, decode64, encode64
from webapp.kernel.tlog.policies import Policy, PolicyError
from webapp.kernel.tlog.proofs import MOST_HASHES
from webapp.signer import rules, store
from webapp.signer.rules import Heard, No, Why

Ask = Callable[[Policy, VerifyKey], Mapping[str, Heard]]
Request = Mapping[str, Any]
Reply = dict[str, Any]


@dataclass
class _Log:
    """What the signer knows of a log while it runs."""

    name: str
    key: SigningKey | None
    last: bytes | None
    policy: Policy | None
    fault: No | None
    is_checked: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def head(self) -> Checkpoint | None:
        """What was signed last."""
        return rules.read(self.last) if self.last is not None else None


class Signer:
    """Answers requests, from any number of threads. `ask` puts the question of the start to the witnesses."""

    def __init__(self, folder: store.Folder, ask: Ask, *, drills_allowed: bool = False) -> None:
        self._folder, self._ask, self._drills_allowed = folder, ask, drills_allowed
        self._opening = threading.Lock()
        self._logs: dict[str, _Log] = {}
        for kept in folder.logs():
            self._add(kept)

    def faults(self) -> list[str]:
        """What a person has to put right, in words for an engineer."""
        return [log.fault.text for log in self._logs.values() if log.fault]

    def origins(self) -> list[str]:
        """The logs that can be signed."""
        return sorted(origin for origin, log in self._logs.items() if log.key and not log.fault)

    def answer(self, request: Request) -> Reply:
        """The reply to one request. Total: whatever is wrong with it becomes a refusal."""
        operations = {
            "vkey": self._vkey,
            "last": self._last,
            "sign": self._sign,
            "open": self._open,
            "policy": self._keep_policy,
            "drill": self._drill,
        }
        operation = operations.get(str(request.get("op")))
        try:
            return operation(request) if operation else _refused(No(Why.MALFORMED, "no such operation"))
        except (NoteError, PolicyError, ValueError, KeyError, TypeError) as problem:
            return _refused(No(Why.MALFORMED, f"{type(problem).__name__}: {problem}"))
        except OSError as problem:
            return _refused(No(Why.NOT_KEPT, f"not signed, for it cannot be kept: {problem}"))

    def _add(self, kept: store.Kept) -> None:
        fault = kept.fault
        if kept.origin in self._logs:
            fault = No(Why.BROKEN, f"{kept.origin} has two folders")
        # a folder that cannot be read has no origin; its own name finds it then
        self._logs[kept.origin or kept.log] = _Log(kept.log, kept.key, kept.last, kept.policy, fault)

    def _found(self, request: Request) -> _Log | No:
        log = self._logs.get(request["origin"])
        if log is None:
            return No(Why.UNKNOWN_ORIGIN, "no key for this origin")
        return log.fault or log

    def _vkey(self, request: Request) -> Reply:
        log = self._found(request)
        if isinstance(log, No):
            return _refused(log)
        return {"vkey": _key(log).public.vkey}

    def _last(self, request: Request) -> Reply:
        log = self._found(request)
        if isinstance(log, No):
            return _refused(log)
        note, head = log.last, log.head
        if note is None or head is None:
            return {"size": 0, "root": "", "note": ""}
        return {"size": head.size, "root": encode64(head.root), "note": note.decode()}

    def _open(self, request: Request) -> Reply:
        """The key of a log; the first time, one is made, unless there is a trace of an earlier one."""
        name, origin = str(request["log"]), str(request["origin"])
        with self._opening:
            if origin not in self._logs:
                if any(name in (key, log.name) for key, log in self._logs.items()):
                    return _refused(
                        No(Why.KEY_LOST, f"{name} was known here under another origin, or its key is gone")
                    )
                self._folder.make_key(name, origin)
                self._add(self._folder.read(name))
        return self._vkey(request)

    def _keep_policy(self, request: Request) -> Reply:
        log = self._found(request)
        if isinstance(log, No):
            return _refused(log)
        fresh = policies.parse(str(request["text"]))
        with log.turn:
            no = rules.may_replace(log.policy, fresh, _key(log).public, int(request["size"]), log.head)
            if no:
                return _refused(no)
            if log.policy is None or log.policy.render() != fresh.render():
                self._folder.keep_policy(log.name, fresh)
                log.policy = fresh
        return {"kept": True}

    def _sign(self, request: Request) -> Reply:
        log = self._found(request)
        if isinstance(log, No):
            return _refused(log)
        asked = Checkpoint(str(request["origin"]), _whole(request["size"]), decode64(str(request["root"])))
        proof = [decode64(str(each)) for each in request["proof"]]
        if len(asked.root) != 32 or len(proof) > MOST_HASHES:
            return _refused(No(Why.MALFORMED, "a root has 32 bytes, a proof at most 63 hashes"))
        with log.turn:
            start = _whole(request.get("from", log.head.size if log.head else 0))
            no = self._check(log) or rules.decide(asked, start, proof, log.head)
            if no:
                return _refused(no, log)
            return {"note": self._signed(log, asked).decode()}

    def _signed(self, log: _Log, head: Checkpoint) -> bytes:
        """Keep, then answer. If it cannot be kept, OSError, and what was signed last stays what it was."""
        text = head.text()
        note = Note(text, (_key(log).sign(text),)).render()
        if log.head != head:
            self._folder.keep_last(log.name, note)
            log.last = note
        return note

    def _check(self, log: _Log) -> No | None:
        """Once after each start: a signer or a database that was restored from a backup learns here what it forgot."""
        if log.is_checked:
            return None
        if log.policy is None and log.last is not None:
            return No(Why.NOT_CHECKED, "it is not known yet whom to ask")
        heard = self._ask(log.policy, _key(log).public) if log.policy else {}
        if log.policy and not rules.is_enough(log.policy, heard):
            silent = "; ".join(f"{name}: {each.problem}" for name, each in heard.items() if each.problem)
            return No(Why.NOT_CHECKED, f"too few witnesses answer. {silent}")
        found = rules.newest(log.last, heard.values())
        if isinstance(found, No):
            return found
        if found is not None and found != log.last and rules.read(found) != log.head:
            self._folder.keep_last(log.name, found)
            log.last = found
        log.is_checked = True
        return None

    def _drill(self, request: Request) -> Reply:
        """A recognisable lie about the last head, for the fire drill; only where a signer was started for tests."""
        log = self._found(request)
        if isinstance(log, No):
            return _refused(log)
        if not self._drills_allowed or log.head is None:
            return _refused(No(Why.NO_DRILL, "this signer does not take part in drills"))
        text = drills.lie(log.head).text()
        return {"note": Note(text, (_key(log).sign(text),)).render().decode()}


def _key(log: _Log) -> SigningKey:
    if log.key is None:
        raise ValueError("a log without a key is a fault")
    return log.key


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
        raise ValueError("a size is a whole number")
    return value


def _refused(no: No, log: _Log | None = None) -> Reply:
    head = log.head if log else None
    return {"refused": no.why.value, "text": no.text, "last": head.size if head else 0}
