"""Signed notes, their keys, and timestamped cosignatures (C2SP signed-note v1, tlog-cosignature v1). Pure."""

import base64
import binascii
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: Key types: a log's own signature, and a timestamped cosignature of somebody else. Both are Ed25519.
SIGNATURE, COSIGNATURE = 0x01, 0x04
KINDS = (SIGNATURE, COSIGNATURE)
#: More than any policy of ours names; a note with more is not looked at.
MOST_SIGNATURES = 100
MOST_BYTES = 1_000_000
_DASH = "— "


class NoteError(ValueError):
    """The bytes are not a signed note, or a known key did not sign it."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who says to have signed, and the bytes of the signature."""

    name: str
    key_id: bytes
    blob: bytes

    def line(self) -> str:
        """As it stands under the note, newline included."""
        return f"{_DASH}{self.name} {encode64(self.key_id + self.blob)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text ending in a newline, and the signatures under it. Nothing here is verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def render(self) -> bytes:
        """The bytes of the signed note."""
        return (self.text + "\n" + "".join(each.line() for each in self.signatures)).encode()

    def with_signatures(self, more: Iterable[Signature]) -> "Note":
        """The same note with further signatures; of one key only the first stays."""
        first: dict[tuple[str, bytes], Signature] = {}
        for each in (*self.signatures, *more):
            first.setdefault((each.name, each.key_id), each)
        return Note(self.text, tuple(first.values()))


@dataclass(frozen=True)
class VerifyKey:
    """A public key with its name and type, as a vkey says it."""

    name: str
    kind: int
    public: bytes

    @cached_property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ LF ‖ type ‖ key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @cached_property
    def vkey(self) -> str:
        """name+id+key, the form that people pass around."""
        return f"{self.name}+{self.key_id.hex()}+{encode64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> "VerifyKey":
        """The key that `vkey` says. Raises NoteError if it says none, or one of a type that is not used here."""
        parts = vkey.split("+", 2)
        if len(parts) != 3 or not is_name(parts[0]):
            raise NoteError("a verifier key is name+id+key")
        raw = decode64(parts[2])
        if len(raw) != 33 or raw[0] not in KINDS:
            raise NoteError("a verifier key of a type that is not used here")
        key = cls(parts[0], raw[0], raw[1:])
        if key.key_id.hex() != parts[1]:
            raise NoteError("the verifier key's id does not belong to it")
        return key

    def made(self, signature: Signature) -> bool:
        """Whether the line claims to be by this key: name and id both."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def verify(self, text: str, blob: bytes) -> int:
        """When it was signed, in seconds since the epoch; 0 for a type without time. Raises NoteError."""
        at, message = 0, text.encode()
        if self.kind == COSIGNATURE:
            if len(blob) != 72:
                raise NoteError(f"{self.name}: a cosignature has 72 bytes")
            at, blob = int.from_bytes(blob[:8]), blob[8:]
            if not 0 < at < 1 << 63:
                raise NoteError(f"{self.name}: a cosignature without a time")
            message = _cosigned(at, text)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(blob, message)
        except (InvalidSignature, ValueError):
            raise NoteError(f"{self.name}: the signature is not of this text") from None
        return at


@dataclass(frozen=True)
class SigningKey:
    """A private key: 32 bytes of seed with a name and a type. It never leaves the process that holds it."""

    name: str
    kind: int
    seed: bytes

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r})"

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def public(self) -> VerifyKey:
        """What others need to check it."""
        return VerifyKey(self.name, self.kind, self._private.public_key().public_bytes_raw())

    def encode(self) -> str:
        """PRIVATE+KEY+name+id+key, the form in which Go's tools keep it."""
        return (
            f"PRIVATE+KEY+{self.name}+{self.public.key_id.hex()}+{encode64(bytes([self.kind]) + self.seed)}"
        )

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """The key that `encode` wrote. Raises NoteError."""
        parts = text.strip().split("+", 4)
        if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"] or not is_name(parts[2]):
            raise NoteError("this is no signing key")
        raw = decode64(parts[4])
        if len(raw) != 33 or raw[0] not in KINDS:
            raise NoteError("a signing key of a type that is not used here")
        key = cls(parts[2], raw[0], raw[1:])
        if key.public.key_id.hex() != parts[3]:
            raise NoteError("the signing key's id does not belong to it")
        return key

    def sign(self, text: str, at: int = 0) -> Signature:
        """Sign the text of a note, which ends in a newline; `at` (seconds) is for cosignatures, which need one."""
        if self.kind == SIGNATURE:
            blob = self._private.sign(text.encode())
        elif at > 0:
            blob = at.to_bytes(8) + self._private.sign(_cosigned(at, text))
        else:
            raise ValueError("a cosignature says when")
        return Signature(self.name, self.public.key_id, blob)


def parse(raw: bytes) -> Note:
    """Split a signed note into text and signature lines. Raises NoteError; nothing is verified."""
    text, tail = _halves(raw)
    lines = tail.split("\n")[:-1]
    if not 0 < len(lines) <= MOST_SIGNATURES:
        raise NoteError("a note has between 1 and 100 signatures")
    return Note(text, tuple(_signature(line) for line in lines))


def _halves(raw: bytes) -> tuple[str, str]:
    if len(raw) > MOST_BYTES:
        raise NoteError("the note is too long")
    try:
        whole = raw.decode()
    except UnicodeDecodeError:
        raise NoteError("the note is not UTF-8") from None
    if any(letter < " " and letter != "\n" for letter in whole):
        raise NoteError("the note holds a control character")
    text, gap, tail = whole.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise NoteError("no signatures under the note")
    return text + "\n", tail


def verified(note: Note, keys: Iterable[VerifyKey]) -> dict[VerifyKey, int]:
    """The known keys that signed, each with its time in seconds (0 where its type has none).

    Unknown keys are ignored. Raises NoteError if a signature that claims to be by a known key is not.
    """
    known, found = {(key.name, key.key_id): key for key in keys}, dict[VerifyKey, int]()
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None and key not in found:
            found[key] = key.verify(note.text, signature.blob)
    return found


def signature_lines(raw: bytes) -> list[Signature]:
    """Signature lines on their own, as a witness answers them. Raises NoteError."""
    note = parse(b"\n\n" + raw)
    if note.text != "\n":
        raise NoteError("signature lines come alone")
    return list(note.signatures)


def is_name(name: str) -> bool:
    """Whether a key may be called so: not empty, no space of any script, no plus, nothing unprintable."""
    return bool(name) and not any(
        letter in "+\x7f" or letter.isspace() or unicodedata.category(letter) in {"Cc", "Cs"}
        for letter in name
    )


def encode64(raw: bytes) -> str:
    """Standard base64 with padding (RFC 4648 §4)."""
    return base64.b64encode(raw).decode()


def decode64(text: str) -> bytes:
    """The bytes, if `text` is just the way in which one writes them. Raises NoteError."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("this is not base64") from None
    if encode64(raw) != text:
        raise NoteError("base64 that nobody writes so")
    return raw


def _cosigned(at: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _signature(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise NoteError("a signature line begins with an em dash")
    name, _, blob = line.removeprefix(_DASH).partition(" ")
    raw = decode64(blob)
    if not is_name(name) or len(raw) < 5:
        raise NoteError("a signature line is — name signature")
    return Signature(name, raw[:4], raw[4:])
