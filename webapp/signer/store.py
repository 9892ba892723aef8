"""The signer's folder. What is written here is on disk when the call returns, or the call raises OSError.

DIR/lock                one signer at a time
DIR/signer.sock         where it answers
DIR/policy-<log>.txt    whom it asks at the start
DIR/<log>/key           private key, 0600
DIR/<log>/last          the note that it signed last
"""

import fcntl
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from webapp.kernel.tlog import policies
from webapp.kernel.tlog.notes import SIGNATURE, NoteError, SigningKey, VerifyKey, is_name, parse, verified
from webapp.kernel.tlog.policies import Policy, PolicyError
from webapp.signer import rules

_LOG = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,31}")


class SignerRuns(Exception):
    """Another signer uses this folder."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the folder holds of a log. `fault` is why nothing of it may be signed, empty if all is well."""

    log: str
    origin: str
    key: SigningKey | None
    last: bytes | None
    policy: Policy | None
    fault: rules.No | None = None


class Folder:
    """The files of one signer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def lock(self) -> int:
        """Keep every other signer out until the process ends. Raises SignerRuns."""
        held = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(held)
            raise SignerRuns(f"another signer uses {self.path}") from None
        return held

    def logs(self) -> list[Kept]:
        """Every log that this folder knows anything of."""
        names = {path.name for path in self.path.iterdir() if path.is_dir()}
        names |= {path.stem.removeprefix("policy-") for path in self.path.glob("policy-*.txt")}
        return [self.read(name) for name in sorted(names) if is_log(name)]

    def read(self, log: str) -> Kept:
        """What is kept of a log. A file that cannot be understood is a fault, never taken for a missing one."""
        key, last, policy = (_bytes(path) for path in (self._key(log), self._last(log), self._policy(log)))
        try:
            signing = SigningKey.parse(key.decode()) if key is not None else None
            known = policies.parse(policy.decode()) if policy is not None else None
            origin = signing.name if signing else _origin(last, known)
            if last is not None and signing is not None:
                _check_last(last, signing.public)
        except (NoteError, PolicyError, UnicodeDecodeError) as problem:
            return Kept(log, "", None, last, None, rules.No(rules.Why.BROKEN, f"{log}: {problem}"))
        return Kept(log, origin, signing, last, known, _fault(log, signing, last, known))

    def make_key(self, log: str, origin: str) -> None:
        """A fresh key for a log of which nothing is known yet. Raises ValueError, OSError."""
        if not is_log(log) or not is_name(origin) or len(origin) > 255:
            raise ValueError("a log has a short name and an origin without spaces")
        folder = self.path / log
        folder.mkdir(mode=0o700, exist_ok=True)
        keep(self.path, None)  # the folder itself
        secret = SigningKey(origin, SIGNATURE, secrets.token_bytes(32))
        keep(self._key(log), f"{secret.encode()}\n".encode())

    def keep_last(self, log: str, note: bytes) -> None:
        """From now on nothing smaller is signed. Raises OSError."""
        keep(self._last(log), note)

    def keep_policy(self, log: str, policy: Policy) -> None:
        """Whom to ask after the next start. Raises OSError."""
        keep(self._policy(log), policy.render().encode())

    def _key(self, log: str) -> Path:
        return self.path / log / "key"

    def _last(self, log: str) -> Path:
        return self.path / log / "last"

    def _policy(self, log: str) -> Path:
        return self.path / f"policy-{log}.txt"


def is_log(name: str) -> bool:
    """Whether a log may be called so here: it becomes the name of a folder."""
    return _LOG.fullmatch(name) is not None


def keep(path: Path, content: bytes | None) -> None:
    """Write a file so that after a power cut there is the old one or the new one. Raises OSError.

    Without content: make what was created in this folder durable.
    """
    if content is not None:
        draft = path.with_name(path.name + ".new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    folder = os.open(
        path.parent if content is not None else path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    )
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _origin(last: bytes | None, policy: Policy | None) -> str:
    if last is not None:
        return rules.read(last).origin
    return policy.logs[0].key.name if policy and policy.logs else ""


def _check_last(last: bytes, key: VerifyKey) -> None:
    if key not in verified(parse(last), [key]) or rules.read(last).origin != key.name:
        raise NoteError("the note signed last is not by this key")


def _fault(log: str, key: SigningKey | None, last: bytes | None, policy: Policy | None) -> rules.No | None:
    if key is None and (last is not None or policy is not None):
        return rules.No(rules.Why.KEY_LOST, f"the key of {log} is gone; it has signed before")
    if key and policy and key.public not in {party.key for party in policy.logs}:
        return rules.No(rules.Why.KEY_LOST, f"the key of {log} is not the one that its policy names")
    return None
