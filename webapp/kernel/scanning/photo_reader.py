"""Read the codes in one photo, apart: `python -m webapp.kernel.scanning.photo_reader 1 labels < photo`.

The order was measured on 536 real photos with 1,232 codes: zxing-cpp finds 25 times as much a millisecond as
zbar, local contrast helps shadows and hurts elsewhere, twice the size helps small codes, zbar alone reads
scratched finder patterns, OpenCV a few that are bent. So each pass is added to what the others found, and none
replaces another (docs/adr/0014).
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image
from pyzbar import pyzbar

from webapp.kernel.base import images
from webapp.kernel.scanning.photo import NOT_AN_IMAGE

Grey = NDArray[np.uint8]
Point = tuple[float, float]

MEMORY_BYTES, CPU_SECONDS = 3 << 30, 20
ENOUGH_SECONDS = 8  # after the first passes of a slow photo the others are not begun
LONG_SIDE = 2_000  # px for all passes but the first: beyond it they cost much more and find 1 % more
CLOSE_SIDE = 1_200  # px for local contrast at twice the size, which found most of what the first pass missed

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


@dataclass(frozen=True, slots=True)
class Reading:
    """One code: its format as zxing names it ("QRCode", "Code128"), what it says, its corners in px as taken."""

    format: str
    text: str
    corners: tuple[Point, ...]

    @property
    def centre(self) -> Point:
        """The middle of its corners."""
        return _mean([x for x, _ in self.corners]), _mean([y for _, y in self.corners])

    def is_again(self, other: "Reading") -> bool:
        """Whether another pass read the same code: same text, and its middle in the box round the other."""
        (x, y), (xs, ys) = self.centre, zip(*other.corners, strict=True) if other.corners else ((), ())
        return self.text == other.text and (not xs or (min(xs) <= x <= max(xs) and min(ys) <= y <= max(ys)))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(len(values), 1)


def read(grey: Grey, expected: int, *, serials: bool) -> list[Reading]:
    """Every code found, each at its place once, in the order found. Stops as soon as `expected` are there.

    Where several are expected the first pass is never the last: what it finds easily is seldom all.
    """
    found: list[Reading] = []
    began = time.monotonic()
    for number, readings in enumerate(_passes(grey, serials=serials), start=1):
        for one in readings:
            if not any(one.is_again(other) for other in found):
                found.append(one)
        enough = len(found) >= expected and (expected == 1 or number > 1)
        if (
            enough or time.monotonic() - began > ENOUGH_SECONDS
        ):  # what is found is worth more than what may follow
            break
    return found


def _passes(grey: Grey, *, serials: bool) -> Iterator[list[Reading]]:
    """The chain, lazily: a pass costs nothing until it is asked for."""
    formats = zxingcpp.BarcodeFormats(_QR + _SERIALS if serials else _QR)
    yield _by_zxing(grey, 1.0, formats)
    yield _enlarged(_local_contrast, grey, CLOSE_SIDE, formats)
    yield _enlarged(_as_it_is, grey, LONG_SIDE, formats)
    small, scale = _within(grey, LONG_SIDE)
    for gamma in (0.5, 2.0):
        yield _by_zxing(_curved(small, gamma), scale, formats)
    calm = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.uint8)
    yield _by_zxing(_local_contrast(calm), scale, formats)
    yield _by_zbar(small, scale, serials=serials)
    yield _by_opencv(small, scale)


def _enlarged(
    prepare: Callable[[Grey], Grey], grey: Grey, long_side: int, formats: zxingcpp.BarcodeFormats
) -> list[Reading]:
    """Read at twice the size, after shrinking to `long_side` what is larger."""
    small, scale = _within(grey, long_side)
    twice = np.asarray(cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    return _by_zxing(prepare(twice), 2 * scale, formats)


def _as_it_is(grey: Grey) -> Grey:
    return grey


def _within(grey: Grey, long_side: int) -> tuple[Grey, float]:
    """The picture at most so long, and its scale."""
    scale = min(1.0, long_side / max(grey.shape))
    if scale == 1.0:
        return grey, 1.0
    return np.asarray(
        cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    ), scale


def _curved(grey: Grey, gamma: float) -> Grey:
    """Every value on the curve y = xᵞ: under 1 opens shadows, over 1 brings washed out modules back."""
    table = np.round(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return table[grey]


def _local_contrast(grey: Grey) -> Grey:
    return np.asarray(cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(grey), np.uint8)


def _by_zxing(grey: Grey, scale: float, formats: zxingcpp.BarcodeFormats) -> list[Reading]:
    found = zxingcpp.read_barcodes(np.ascontiguousarray(grey), formats=formats)
    return [_reading(one.format.name, one.text, _corners(one.position), scale) for one in found]


def _by_zbar(grey: Grey, scale: float, *, serials: bool) -> list[Reading]:
    names = list(_ZBAR_NAMES) if serials else ["QRCODE"]
    found = pyzbar.decode(grey, symbols=[pyzbar.ZBarSymbol[name] for name in names])
    return [
        _reading(_ZBAR_NAMES[one.type], one.data.decode("utf-8", "replace"), one.polygon, scale)
        for one in found
    ]


def _by_opencv(grey: Grey, scale: float) -> list[Reading]:
    try:
        there, texts, corners, _ = cv2.QRCodeDetector().detectAndDecodeMulti(grey)
    except cv2.error:  # it throws on some pictures in which it believes to see a code
        return []
    pairs = zip(texts, corners, strict=True) if there else ()
    return [_reading("QRCode", text, quad.tolist(), scale) for text, quad in pairs if text]


def _reading(format: str, text: str, corners: Sequence[Sequence[float]], scale: float) -> Reading:
    return Reading(format, text, tuple((point[0] / scale, point[1] / scale) for point in corners))


def _corners(position: zxingcpp.Position) -> list[Point]:
    """zxing's corners, clockwise from the top left as printed."""
    corners = position.top_left, position.top_right, position.bottom_right, position.bottom_left
    return [(point.x, point.y) for point in corners]


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
    found = read(_grey(image), expected, serials=mode == "serials")
    json.dump([[one.format, one.text] for one in found], sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
