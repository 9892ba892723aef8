"""A phone with a real key: it signs and chains every scan, as the app does. Demo stories, tests and benches."""

import base64
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from webapp.demo.phone import Phone
from webapp.kernel.phones.entries import PASS
from webapp.kernel.phones.keys import enrolment_text, hash_of


class Key:
    """A P-256 key as WebCrypto makes one."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.base64 = base64.b64encode(point).decode()

    def sign(self, text: str) -> str:
        """r and s side by side, in base64."""
        der = self._private.sign(text.encode(), ec.ECDSA(SHA256()))
        r, s = utils.decode_dss_signature(der)
        return base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()


class SignedPhone(Phone):
    """A phone that has a key. `tip` is the hash of its last scan."""

    def __init__(self, actor: str, log: str, job: str = "", *, off: int | None = 0) -> None:
        super().__init__(actor, log, job, off=off)
        self.key, self.tip = Key(), ""

    def pass_for(self, other: "SignedPhone", at: int, until: int, **body: Any) -> dict[str, Any]:
        """A day pass for somebody's phone, signed by this one."""
        told: dict[str, Any] = {"dev": other.dev, "key": other.key.base64, "holder": other.actor}
        told |= {"role": "driver", "job": self.job, "until": until}
        self.seq += 1
        fields = {"dev": self.dev, "seq": self.seq, "prev": "", "src": "form", "off": 0, "off_age": 0}
        return self._item(PASS, at, told | body, None, fields)

    def clone(self) -> "SignedPhone":
        """Another phone with this one's memory."""
        other = SignedPhone(self.actor, self.log, self.job, off=self.off)
        other.dev, other.key, other.tip, other.seq = self.dev, self.key, self.tip, self.seq
        return other

    def proof(self, token: str) -> str:
        """That it holds its key."""
        return self.key.sign(enrolment_text(token, self.dev, self.key.base64).decode())

    def _item(
        self,
        kind: str,
        at: int,
        body: dict[str, Any],
        private: Mapping[str, Any] | None,
        fields: dict[str, Any],
    ) -> dict[str, Any]:
        if not fields.get("dev"):
            return super()._item(kind, at, body, private, fields)
        item = super()._item(kind, at, body, private, {**fields, "prev": self.tip})
        self.tip = hash_of(item["p"].encode())
        return item | {"s": self.key.sign(item["p"])}
