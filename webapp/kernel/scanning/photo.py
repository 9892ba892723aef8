"""Codes in an uploaded photo, for phones that could not read it themselves.

Decoders are C++ fed with strangers' bytes, so they run in a process of their own with limits on time and
memory: a crash or a bomb costs one answer, not the server.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from webapp.kernel.base import images
from webapp.kernel.base.outcomes import Unprocessable
from webapp.kernel.base.settings import ROOT

SECONDS = 20
MAX_EXPECTED = 100
NOT_AN_IMAGE = 65  # the reader's exit status for a picture that breaks off (sysexits: EX_DATAERR)

_READER = [sys.executable, "-m", "webapp.kernel.scanning.photo_reader"]
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}


@dataclass(frozen=True, slots=True)
class Found:
    """One code in a photo. `format` as zxing names it: QRCode, Code128, Code39, EAN13, EAN8, UPCA."""

    text: str
    format: str


def read_photo(data: bytes, expected: int = 1, *, serials: bool = False) -> list[Found]:
    """The codes in a photo, each text once. `expected` is how many labels the person says are in it.

    QR only, unless `serials` asks for makers' 1-D barcodes too. Raises Unprocessable: scanning.not_an_image
    (also a cut one), scanning.image_too_large (over 40 Mpx, nothing decoded), scanning.reader_gave_up.
    """
    try:
        images.examine(data)
    except images.NotAnImage as fault:
        raise Unprocessable("scanning.not_an_image") from fault
    except images.ImageTooLarge as fault:
        raise Unprocessable("scanning.image_too_large") from fault
    return [Found(text, format) for format, text in _read_apart(data, expected, serials=serials)]


def _read_apart(data: bytes, expected: int, *, serials: bool) -> list[tuple[str, str]]:
    command = [*_READER, str(min(max(expected, 1), MAX_EXPECTED)), "serials" if serials else "labels"]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), **_ONE_THREAD}
    try:
        done = subprocess.run(  # noqa: S603 our own module; nothing in the command is from outside
            command, input=data, capture_output=True, timeout=SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise Unprocessable("scanning.reader_gave_up") from late
    if done.returncode == NOT_AN_IMAGE:
        raise Unprocessable("scanning.not_an_image")
    if done.returncode != 0:
        raise Unprocessable("scanning.reader_gave_up")
    formats: dict[str, str] = {}
    for format, text in json.loads(done.stdout):
        formats.setdefault(text, format)
    return [(format, text) for text, format in formats.items()]
