"""Read the codes in one photo, apart: `python -m webapp.kernel.scanning.photo_reader 1 labels < photo`.

The order was measured on 536 real photos with 1,232 codes: zxing-cpp finds 25 times as much a millisecond as
zbar, twice the size helps small codes, blur with local contrast helps shadows and hurts elsewhere, zbar alone
reads scratched finder patterns. So each pass is added to what the others found, and none replaces another.
"""

import json
import resource
import sys
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image
from pyzbar import pyzbar

from webapp.kernel.base import images
from webapp.kernel.scanning.photo import NOT_AN_IMAGE

Grey = NDArray[np.uint8]
Reading = tuple[str, str]  # format as zxing names it ("QRCode", "Code128"), text

MEMORY_BYTES, CPU_SECONDS = 3 << 30, 20
ENLARGE_UP_TO = 2_000  # px of the long side: beyond it, twice the size costs 45 ms and finds 1 % more
ZBAR_LONG_SIDE = 2_000  # px; zbar's time grows with the area

_QR = [zxingcpp.BarcodeFormat.QRCode]
_SERIALS = [
    zxingcpp.BarcodeFormat.Code128,
    zxingcpp.BarcodeFormat.Code39,
    zxingcpp.BarcodeFormat.EAN13,
    zxingcpp.BarcodeFormat.EAN8,
    zxingcpp.BarcodeFormat.UPCA,
]
_ZBAR_NAMES = {
    "QRCODE": "QRCode",
    "CODE128": "Code128",
    "CODE39": "Code39",
    "EAN13": "EAN13",
    "EAN8": "EAN8",
    "UPCA": "UPCA",
}


def read(grey: Grey, expected: int, *, serials: bool) -> list[Reading]:
    """Every code found, each text once, in the order found. Stops as soon as `expected` are there."""
    found: dict[str, Reading] = {}
    for number, readings in enumerate(_passes(grey, serials=serials), start=1):
        for reading in readings:
            found.setdefault(reading[1], reading)
        if len(found) >= expected and (expected == 1 or number > 1):
            break
    return list(found.values())


def _passes(grey: Grey, *, serials: bool) -> Iterator[list[Reading]]:
    """The chain, lazily: a pass costs nothing until it is asked for."""
    formats = zxingcpp.BarcodeFormats(_QR + _SERIALS if serials else _QR)
    chain: list[Callable[[Grey], Grey]] = [_as_taken, _twice_the_size, _local_contrast]
    for prepare in chain:
        yield [(one.format.name, one.text) for one in zxingcpp.read_barcodes(prepare(grey), formats=formats)]
    yield _by_zbar(grey, serials=serials)


def _as_taken(grey: Grey) -> Grey:
    return grey


def _twice_the_size(grey: Grey) -> Grey:
    if max(grey.shape) > ENLARGE_UP_TO:
        return grey[:1, :1]
    return np.asarray(cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)


def _local_contrast(grey: Grey) -> Grey:
    calm = cv2.GaussianBlur(grey, (0, 0), 1.0)
    return np.asarray(cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(calm), np.uint8)


def _by_zbar(grey: Grey, *, serials: bool) -> list[Reading]:
    scale = min(1.0, ZBAR_LONG_SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    names = list(_ZBAR_NAMES) if serials else ["QRCODE"]
    found = pyzbar.decode(small, symbols=[pyzbar.ZBarSymbol[name] for name in names])
    return [(_ZBAR_NAMES[one.type], one.data.decode("utf-8", "replace")) for one in found]


def _grey(image: Image.Image) -> Grey:
    """As taken: EXIF rotation does not matter to the decoders, which turn the picture themselves."""
    if "A" in image.getbands() or "transparency" in image.info:  # a label cut out: put it on white
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image.convert("L"), np.uint8)


def main(expected: int, mode: str) -> None:
    """Read a picture from stdin, write a JSON list of [format, text]; die if it costs too much."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    cv2.setNumThreads(1)
    try:
        image = images.decode(sys.stdin.buffer.read())
    except images.NotAnImage:
        sys.exit(NOT_AN_IMAGE)
    json.dump(read(_grey(image), expected, serials=mode == "serials"), sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
