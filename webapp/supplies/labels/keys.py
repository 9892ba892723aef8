"""The key with which a municipality signs its labels and cards: made from a secret of the server, kept nowhere.

Every worker makes the same key from (secret, log, number), so nothing is stored and no backup holds it. The public half
is written into the log before the first label that it signs (`supplies.label_key`); old ones stay good for old labels.
Who wants a new key says another LABEL_KEY_NUMBER, or another LABEL_SECRET.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import current_app
from pydantic import StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.db import db
from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.workbench import workbench
from webapp.kernel.intake.format import Body
from webapp.kernel.intake.machine import Fact, append_facts
from webapp.kernel.intake.service import Door
from webapp.kernel.ledger.entries import Recorded
from webapp.kernel.phones import keys
from webapp.supplies.labels.models import LabelKeyRow
from webapp.supplies.labels.packed import key_of

LABEL_KEY = "supplies.label_key"
#: The order of P-256 (FIPS 186-5, SP 800-186).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
#: 64 bits more than the order has, so that no remainder is likelier than another (FIPS 186-5 A.2.1).
_SEED = 40
_METHOD = ec.ECDSA(SHA256(), deterministic_signing=True)  # RFC 6979: printed again, a label is the same


class LabelKeyBody(Body):
    """The public key (65 bytes in base64) by which the labels of this log are checked from here on."""

    key: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z+/]{87}=$")]
    key_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


@dataclass(frozen=True, slots=True)
class LabelKey:
    """A key with its secret half. `key` is the point in base64, as for phones."""

    key: str
    key_id: str
    secret: ec.EllipticCurvePrivateKey

    def sign(self, message: bytes) -> bytes:
        """r and s, 32 bytes each; the same message gives the same signature."""
        r, s = utils.decode_dss_signature(self.secret.sign(message, _METHOD))
        return r.to_bytes(32) + s.to_bytes(32)


def current(log: str) -> LabelKey:
    """The key that signs today's labels of this log. Needs an application (settings LABEL_SECRET, LABEL_KEY_NUMBER)."""
    return derived(secret(), log, int(current_app.config.get("LABEL_KEY_NUMBER") or 1))


def secret() -> str:
    """What keys of labels and tokens of cards are made from: LABEL_SECRET, else SECRET_KEY."""
    return str(current_app.config.get("LABEL_SECRET") or current_app.config["SECRET_KEY"])


@lru_cache(maxsize=512)
def derived(secret: str, log: str, number: int) -> LabelKey:
    """The key of (secret, log, number): HKDF-SHA256 of 40 bytes, reduced into 1 … order − 1."""
    seed = expanded(secret, f"ashiato/label-key/v1\n{log}\n{number}\n", _SEED)
    private = ec.derive_private_key(int.from_bytes(seed) % (_ORDER - 1) + 1, ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    key = key_of(point[1:])
    return LabelKey(key, name_of(key), private)


def expanded(secret: str, purpose: str, length: int) -> bytes:
    """Bytes for one purpose out of the server's secret (RFC 5869)."""
    return HKDF(SHA256(), length, None, purpose.encode()).derive(secret.encode())


def name_of(key: str) -> str:
    """What labels call a key: 16 hex digits of SHA-256 over its point. Raises keys.NoKey."""
    return keys.key_id(key)[:16]


def ensure(session: Session, log: str) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """What the log must say before a label is signed with the current key: one entry, or none where it stands."""
    key = current(log)
    known = workbench(session).get(LabelKeyRow, log, key.key_id)
    return [] if known else [(LABEL_KEY, {"key": key.key, "key_id": key.key_id})]


def make_sure(door: Door, log: str, now: int) -> LabelKey:
    """The current key, after the log has said it; for who is about to sign something. `now`: ms."""
    key = current(log)
    if ensure(db.session(), log):
        fact = Fact(derived_id(LABEL_KEY, log, key.key_id), LABEL_KEY, {"key": key.key, "key_id": key.key_id})
        append_facts(door, log, [fact], now)
    return key


def public_keys(session: Session, log: str) -> list[dict[str, str]]:
    """All keys of a log's labels, the oldest first, as phones keep them: `[{key_id, key}]`."""
    row = LabelKeyRow
    found = session.execute(select(row.key_id, row.key).where(row.log == log).order_by(row.since, row.key_id))
    return [{"key_id": key_id, "key": key} for key_id, key in found]


def project(session: Session, log: str, entries: Sequence[Recorded]) -> None:
    """Fold the keys of a log's entries; the first mention of a key counts."""
    mine = [entry for entry in entries if entry.kind == LABEL_KEY]
    if mine:
        bench = workbench(session)
        for entry in mine:
            body = LabelKeyBody.model_validate(entry.data.get("body", entry.data))
            if bench.get(LabelKeyRow, log, body.key_id) is None:
                bench.add(LabelKeyRow, log=log, key_id=body.key_id, key=body.key, since=entry.recorded_at)
        bench.flush()
