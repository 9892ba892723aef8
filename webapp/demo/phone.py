"""A phone made of Python: builds acts exactly as the app does. Demo stories, tests and benches speak
through it.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson

from webapp.kernel.base.ids import new_id
from webapp.kernel.ledger import vault


def manifest_hash(codes: Sequence[str]) -> str:
    """SHA-256 over the sorted codes, one a line: what both sides of a hand-over compare."""
    return sha256("\n".join(sorted(codes)).encode()).hexdigest()


class Phone:
    """One phone in the hands of one person; `seq` is gapless per log, times are given."""

    def __init__(self, actor: str, log: str, job: str = "", *, off: int | None = 0) -> None:
        self.actor, self.log, self.job, self.off = actor, log, job, off
        self.dev, self.boot = new_id(), new_id()
        self.seq = 0

    def scan(
        self,
        step: str,
        code: str,
        at: int,
        *,
        parent: str = "",
        wit: Sequence[str] = (),
        ev: Sequence[str] = (),
        body: Mapping[str, Any] | None = None,
        private: Mapping[str, Any] | None = None,
        **other: Any,
    ) -> dict[str, Any]:
        """An item for POST /api/scans: this step, seen on this code at `at` (ms)."""
        self.seq += 1
        fields = {
            "step": step, "code": code, "parent": parent, "job": self.job, "src": "camera", "dev": self.dev,
            "seq": self.seq, "prev": "", "wit": list(wit), "mono": 1_000 * self.seq, "boot": self.boot,
            "off": self.off, "off_age": 0 if self.off is not None else None, "place": "", "ev": list(ev),
            "base": "", "said": "ok", "app": "demo",
        }  # fmt: skip
        return self._item("custody.scan", at, dict(body or {}), private, {**fields, **other})

    def answer(
        self,
        step: str,
        offer: Mapping[str, Any],
        at: int,
        *,
        body: Mapping[str, Any] | None = None,
        **other: Any,
    ) -> dict[str, Any]:
        """An item that answers a hand-over (`accepted`, `declined`): it names the offer, and the hash of its words."""
        said = orjson.loads(offer["p"])
        names = {"offer": said["id"], "offer_hash": sha256(offer["p"].encode()).hexdigest()}
        return self.scan(step, said["code"], at, body={**names, **(body or {})}, **other)

    def command(
        self,
        kind: str,
        at: int,
        body: Mapping[str, Any],
        private: Mapping[str, Any] | None = None,
        **other: Any,
    ) -> dict[str, Any]:
        """An item that asks for something."""
        return self._item(kind, at, dict(body), private, {"src": "form", **other})

    def _item(
        self,
        kind: str,
        at: int,
        body: dict[str, Any],
        private: Mapping[str, Any] | None,
        fields: dict[str, Any],
    ) -> dict[str, Any]:
        opening = vault.seal(private) if private else None
        act = {
            "v": 1, "id": new_id(), "log": self.log, "kind": kind, "actor": self.actor, "at": at,
            "body": body, "commit": opening.commit if opening else "",
        } | fields  # fmt: skip
        opened = {"salt": opening.salt, "data": dict(opening.data)} if opening else None
        return {"p": orjson.dumps(act).decode(), "s": "", "open": opened}
