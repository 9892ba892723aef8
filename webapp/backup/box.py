"""Files that only the holder of a key can read, change or cut short: AES-256-GCM in chunks (STREAM, Hoang et al. 2015).

Layout: a header line with the purpose, 32 bytes of salt, then chunks of 64 KiB (and 16 bytes of tag each). A chunk's
nonce is its number and whether it is the last, so that none can be moved, dropped or added.
"""

import io
import os
import secrets
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK, TAG, SALT = 64 * 1024, 16, 32
_MAGIC = b"ashiato-box/v1 "


class BoxError(ValueError):
    """Not a file of ours, of another purpose, for another key, or changed since it was written."""


def new_key(path: Path) -> bytes:
    """The key in this file (64 hex digits), made on first use and readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    return read_key(path)


def read_key(path: Path) -> bytes:
    """The key in this file. Raises BoxError if there is none in it."""
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as problem:
        raise BoxError(f"no key in {path.name}") from problem
    if len(key) != 32:
        raise BoxError(f"no key in {path.name}")
    return key


def _cipher(key: bytes, salt: bytes, purpose: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"ashiato backup " + purpose.encode()).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])


class Writer(io.RawIOBase):
    """Encrypts what is written; nothing is valid before `close`."""

    def __init__(self, file: IO[bytes], key: bytes, purpose: str) -> None:
        self._file, self._buffer, self._number = file, bytearray(), 0
        salt = secrets.token_bytes(SALT)
        self._head = _MAGIC + purpose.encode() + b"\n" + salt
        self._cipher = _cipher(key, salt, purpose)
        file.write(self._head)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        """Take bytes; whole chunks go out at once, of which the last is held back."""
        self._buffer += data
        while len(self._buffer) > CHUNK:
            self._put(bytes(self._buffer[:CHUNK]), last=False)
            del self._buffer[:CHUNK]
        return len(data)

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, self._head))
        self._number += 1

    def close(self) -> None:
        """Write the last chunk."""
        if not self.closed:
            self._put(bytes(self._buffer), last=True)
        super().close()


class Reader(io.RawIOBase):
    """Decrypts what `Writer` wrote. Reading raises BoxError at the first chunk that is not as it was written."""

    def __init__(self, file: IO[bytes], key: bytes, purpose: str) -> None:
        head = file.readline(100)
        if head != _MAGIC + purpose.encode() + b"\n":
            raise BoxError(f"this is no {purpose} file of Ashiato")
        salt = file.read(SALT)
        self._file, self._head, self._number = file, head + salt, 0
        self._cipher = _cipher(key, salt, purpose)
        self._next, self._plain = file.read(CHUNK + TAG), b""
        if len(self._next) < TAG:  # even an empty box has its last chunk
            raise BoxError("the file was cut")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, target: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Fill the target with as much as one chunk has left."""
        if not self._plain and self._next:
            self._plain = self._take()
        part = self._plain[: len(target)]
        target[: len(part)] = part
        self._plain = self._plain[len(part) :]
        return len(part)

    def _take(self) -> bytes:
        chunk, self._next = self._next, self._file.read(CHUNK + TAG)
        last = not self._next
        try:
            plain = self._cipher.decrypt(_nonce(self._number, last=last), chunk, self._head)
        except (InvalidTag, ValueError) as problem:
            raise BoxError("the file was changed or cut, or the key is another") from problem
        self._number += 1
        return plain
