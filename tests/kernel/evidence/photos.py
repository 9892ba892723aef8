"""Photos and things that only say they are photos."""

import hashlib
import io
import struct
import zipfile
import zlib

from PIL import Image, ImageDraw


def a_photo(format: str = "JPEG", size: tuple[int, int] = (1600, 1200), **options: object) -> bytes:
    """A picture with something in it; its left half is red."""
    image = Image.new("RGB", size, (200, 30, 30))
    ImageDraw.Draw(image).rectangle((size[0] // 2, 0, *size), fill=(30, 60, 200))
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def a_progressive_photo_with_a_thumbnail() -> bytes:
    """As cameras write them: a whole JPEG inside the EXIF segment, several scans behind it."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    thumbnail = b"Exif\0\0" + exif.tobytes()[6:] + a_photo(size=(64, 48))
    return a_photo(progressive=True, exif=thumbnail)


def sha(data: bytes) -> str:
    """Its name."""
    return hashlib.sha256(data).hexdigest()


def a_zip() -> bytes:
    """An archive with one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("run.txt", "hello")
    return out.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG header of any size and hardly any pixels: a bomb before it goes off."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def jpeg_with_comment(comment: bytes) -> bytes:
    """A whole picture that carries something in a comment segment."""
    photo = a_photo()
    return photo[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + photo[2:]
