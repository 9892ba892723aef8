"""How the publisher and the web workers speak with the signer. A KMS would stand behind the same calls."""

import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.notes import VerifyKey, decode64, encode64
from webapp.kernel.tlog.policies import Policy

#: Long enough for the question to the witnesses after a start.
SIGN_WITHIN_S = 30.0
WITHIN_S = 3.0
MOST_BYTES = 1 << 20


class SignerUnavailable(Exception):
    """Nobody answers at the socket."""


class SignerRefused(Exception):
    """The signer says no: `code` is stable, `last` the size that it signed last."""

    def __init__(self, code: str, last: int, text: str = "") -> None:
        self.code, self.last, self.text = code, last, text
        super().__init__(f"{code}: {text}")


@dataclass(frozen=True, slots=True)
class Last:
    """What the signer signed last; size 0 and no note if nothing yet."""

    size: int
    root: bytes
    note: bytes


class SignerClient:
    """One short connection a call. Every call raises SignerUnavailable or SignerRefused."""

    def __init__(self, socket_path: Path | str) -> None:
        self._path = str(socket_path)

    def vkey(self, origin: str) -> VerifyKey:
        """The public key of a log."""
        return VerifyKey.parse(self._call({"op": "vkey", "origin": origin})["vkey"])

    def open(self, log: str, origin: str) -> VerifyKey:
        """The public key of a log, which gets a fresh key if the signer has no trace of it."""
        return VerifyKey.parse(self._call({"op": "open", "log": log, "origin": origin})["vkey"])

    def last(self, origin: str) -> Last:
        """What was signed last."""
        found = self._call({"op": "last", "origin": origin})
        return Last(found["size"], decode64(found["root"]), found["note"].encode())

    def sign(self, head: Checkpoint, proof: Sequence[bytes], start: int | None = None) -> bytes:
        """The signed note of this head; `proof` leads to it from size `start`, what was signed last."""
        request = {"op": "sign", "origin": head.origin, "size": head.size, "root": encode64(head.root)}
        request["proof"] = [encode64(each) for each in proof]
        if start is not None:
            request["from"] = start
        return bytes(self._call(request, SIGN_WITHIN_S)["note"].encode())

    def keep_policy(self, origin: str, policy: Policy, size: int) -> None:
        """Tell the signer whom to ask after its next start; made from a log of `size` entries."""
        self._call({"op": "policy", "origin": origin, "text": policy.render(), "size": size}, SIGN_WITHIN_S)

    def drill(self, origin: str) -> bytes:
        """A recognisable lie (`tlog.drills`), from a signer that was started for drills."""
        return bytes(self._call({"op": "drill", "origin": origin})["note"].encode())

    def _call(self, request: dict[str, Any], within_s: float = WITHIN_S) -> dict[str, Any]:
        try:
            answer = json.loads(self._exchange(json.dumps(request).encode() + b"\n", within_s))
        except (OSError, ValueError) as problem:
            raise SignerUnavailable(f"{self._path}: {problem}") from problem
        if not isinstance(answer, dict):
            raise SignerUnavailable(f"{self._path}: no answer of a signer")
        if "refused" in answer:
            raise SignerRefused(answer["refused"], answer.get("last", 0), answer.get("text", ""))
        return answer

    def _exchange(self, line: bytes, within_s: float) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line_to:
            line_to.settimeout(within_s)
            line_to.connect(self._path)
            line_to.sendall(line)
            with line_to.makefile("rb") as answer:
                return answer.readline(MOST_BYTES)
