"""One file with named parts, in the order in which they were put: tar, compressed, in a box.

Reading never unpacks by name: each part is handed to whoever asked for parts of that form, and nothing else is allowed
in (no links, no folders, no strange names), so that a hostile file can reach no place on the disk.
"""

import io
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from webapp.backup.box import BoxError, Reader, Writer

#: More than a chunk of rows or a photo; a part is held in memory.
MOST_BYTES = 256 * 1024 * 1024
#: Compressed bytes may grow to this many times their size: JSON of hashes does not come near it.
MOST_GROWTH = 200


class _Deflate(io.RawIOBase):
    def __init__(self, target: Writer) -> None:
        self._target, self._zip = target, zlib.compressobj(3)

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._target.write(self._zip.compress(bytes(data)))
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._target.write(self._zip.flush())
        super().close()


class _Inflate(io.RawIOBase):
    def __init__(self, source: Reader) -> None:
        self._source, self._zip = source, zlib.decompressobj()
        self._read = self._made = 0

    def readable(self) -> bool:
        return True

    def readinto(self, target: "bytearray | memoryview") -> int:  # type: ignore[override]
        plain = b""
        while not plain and not self._zip.eof:
            raw = self._zip.unconsumed_tail or self._source.read(64 * 1024) or b""
            if not raw:
                raise BoxError("the file ends too early")
            self._read += len(raw) - len(self._zip.unconsumed_tail)
            plain = self._zip.decompress(raw, len(target))
        self._made += len(plain)
        if self._made > MOST_BYTES and self._made > MOST_GROWTH * max(self._read, 1):
            raise BoxError("the file swells beyond reason")
        target[: len(plain)] = plain
        return len(plain)


class Parts:
    """An archive that is being written."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def put(self, name: str, data: bytes) -> None:
        """Add a part."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), 0o600
        self._tar.addfile(info, io.BytesIO(data))


@contextmanager
def writing(path: Path, key: bytes, purpose: str) -> Iterator[Parts]:
    """A new archive at `path`, which appears there when the block ends well, and whole. Raises FileExistsError."""
    if path.exists():
        raise FileExistsError(path)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            part.chmod(0o600)
            with (
                closing(Writer(file, key, purpose)) as box,
                closing(_Deflate(box)) as packed,
                tarfile.open(fileobj=packed, mode="w|") as tar,
            ):
                yield Parts(tar)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def reading(path: Path, key: bytes, purpose: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each part. Raises BoxError for anything that `writing` would not have written."""
    with path.open("rb") as file:
        try:
            yield from _parts(Reader(file, key, purpose))
        except (tarfile.TarError, zlib.error, EOFError) as problem:
            raise BoxError("the file is damaged") from problem


def _parts(box: Reader) -> Iterator[tuple[str, bytes]]:
    packed: IO[bytes] = io.BufferedReader(_Inflate(box))
    with tarfile.open(fileobj=packed, mode="r|") as tar:
        for member in tar:
            if not member.isreg() or member.size > MOST_BYTES:
                raise BoxError(f"no part of ours: {member.name[:80]}")
            body = tar.extractfile(member)
            yield member.name, body.read() if body else b""
    while packed.read(64 * 1024):  # to the end, so that a file that was cut after the last part is found out
        pass
