"""Whether a file is a picture and nothing else. Pure; reads the containers' own framing, decodes nothing.

A file that is two things at once (a picture with a ZIP, a PDF or a page behind it) is how something harmful
travels as a photo. Photos taken in the app are re-encoded on the phone and end where the picture ends.
Sources: PNG (ISO/IEC 15948 §5), JPEG (ITU-T T.81 Annex B), WebP (RFC 9649 §2).
"""

import re

_PNG_MAGIC = 8
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # not stuffing, not a restart
_NO_LENGTH = {0x01, *range(0xD0, 0xD9)}
_END = 0xD9
_ZIP_END, _PDF = b"PK\x05\x06", b"%PDF-"


def is_cut(data: bytes, format: str) -> bool:
    """Whether the file stops before the picture does. `format` is what Pillow says: PNG, JPEG or WEBP."""
    return not 0 <= _ENDS[format](data) <= len(data)


def is_more_than_a_picture(data: bytes, format: str) -> bool:
    """Whether something follows the picture, or a ZIP or PDF reader would take the file for its own."""
    return _ENDS[format](data) < len(data) or _PDF in data[:1024] or _ends_as_zip(data)


def _png_end(data: bytes) -> int:
    """Just behind the IEND chunk, or -1."""
    at = _PNG_MAGIC
    while at + 12 <= len(data):
        kind = data[at + 4 : at + 8]
        at += 12 + int.from_bytes(data[at : at + 4])
        if kind == b"IEND":
            return at
    return -1


def _jpeg_end(data: bytes) -> int:
    """Just behind the EOI marker that belongs to the picture itself (not to a thumbnail inside it), or -1."""
    at = 2
    while found := _NEXT_MARKER.search(data, at):
        at, marker = found.end(), data[found.end() - 1]
        if marker == _END:
            return at
        if marker not in _NO_LENGTH:
            at += int.from_bytes(data[at : at + 2])  # segment; behind a scan header the search skips the data
    return -1


def _webp_end(data: bytes) -> int:
    size = int.from_bytes(data[4:8], "little")
    return 8 + size + size % 2


def _ends_as_zip(data: bytes) -> bool:
    """A ZIP is found from its end: a record of 22 bytes and a comment that reaches the end of the file."""
    at = data.rfind(_ZIP_END, -(22 + 0xFFFF))
    return at >= 0 and int.from_bytes(data[at + 20 : at + 22], "little") == len(data) - at - 22


_ENDS = {"PNG": _png_end, "JPEG": _jpeg_end, "WEBP": _webp_end}
