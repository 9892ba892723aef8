"""Signatures of phones: ECDSA on P-256 with SHA-256, as WebCrypto writes them (r and s side by side). Pure."""

import base64
import binascii
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

#: An uncompressed point: 4, x, y.
POINT = 65
SIGNATURE = 64
_METHOD = ec.ECDSA(SHA256())


class NoKey(ValueError):
    """These are not the 65 bytes of a point on P-256 in standard base64."""


def verify(key: str, signed: bytes, signature: str) -> bool:
    """Whether `signature` (base64 of r and s, 32 bytes each) is by `key` over these bytes. Total: no input raises."""
    try:
        public, raw = _public(key), _decoded(signature, SIGNATURE)
    except NoKey:
        return False
    numbers = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    try:
        public.verify(utils.encode_dss_signature(*numbers), signed, _METHOD)
    except InvalidSignature:
        return False
    return True


def key_id(key: str) -> str:
    """What people and programs call a key: 32 hex digits of SHA-256 over its point. Raises NoKey."""
    _public(key)
    return sha256(base64.b64decode(key)).hexdigest()[:32]


def hash_of(signed: bytes) -> str:
    """What the next scan of a phone names as the one before: hex SHA-256 of the signed bytes."""
    return sha256(signed).hexdigest()


def enrolment_text(token: str, dev: str, key: str) -> bytes:
    """What a phone signs to show that it holds the key it wants to enrol."""
    return f"ashiato/enrol/v1\n{token}\n{dev}\n{key}\n".encode()


@lru_cache(maxsize=4_096)  # to find the point costs as much as to check a signature
def _public(key: str) -> ec.EllipticCurvePublicKey:
    raw = _decoded(key, POINT)
    if raw[0] != 4:
        raise NoKey(key)
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError as problem:
        raise NoKey(key) from problem


def _decoded(text: str, size: int) -> bytes:
    """Bytes that have this one writing in base64 and no other."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise NoKey(text) from problem
    if len(raw) != size or base64.b64encode(raw).decode() != text:
        raise NoKey(text)
    return raw
