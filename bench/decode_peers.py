"""Decoders that run here, one picture after another in one process: our server's chain, and single libraries."""

import time
from collections.abc import Callable

import cv2
import numpy as np
import zxingcpp
from pyzbar import pyzbar

from bench.decode_set import Grey, Read
from webapp.kernel.scanning import photo_reader

MANY = 100  # codes expected: the chain does not stop early

Decode = Callable[[Grey], list[Read]]


def server_chain(grey: Grey) -> list[Read]:
    """What POST /api/decode runs, all passes."""
    found = photo_reader.read(grey, MANY, serials=False)
    return [Read(one.text, one.centre) for one in found]


def zxing_cpp(grey: Grey) -> list[Read]:
    """zxing-cpp alone, its defaults, QR only."""
    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    return [Read(one.text, _middle(_four(one.position))) for one in found]


def zbar(grey: Grey) -> list[Read]:
    """pyzbar alone."""
    found = pyzbar.decode(grey, symbols=[pyzbar.ZBarSymbol.QRCODE])
    return [
        Read(one.data.decode("utf-8", "replace"), _middle([(p.x, p.y) for p in one.polygon])) for one in found
    ]


def opencv(grey: Grey) -> list[Read]:
    """cv2.QRCodeDetector alone."""
    return _by_opencv(cv2.QRCodeDetector(), grey)


def opencv_aruco(grey: Grey) -> list[Read]:
    """cv2.QRCodeDetectorAruco alone."""
    return _by_opencv(cv2.QRCodeDetectorAruco(), grey)


def _by_opencv(detector: "cv2.QRCodeDetector | cv2.QRCodeDetectorAruco", grey: Grey) -> list[Read]:
    try:
        _, texts, corners, _ = detector.detectAndDecodeMulti(grey)
    except cv2.error:  # it throws on some pictures
        return []
    if corners is None:
        return []
    return [Read(text, _middle(quad)) for text, quad in zip(texts, corners, strict=True) if text]


def _four(position: "zxingcpp.Position") -> list[tuple[int, int]]:
    corners = position.top_left, position.top_right, position.bottom_right, position.bottom_left
    return [(one.x, one.y) for one in corners]


def _middle(points: object) -> tuple[float, float]:
    x, y = np.asarray(points, np.float64).reshape(-1, 2).mean(axis=0)
    return float(x), float(y)


def timed(decode: Decode, grey: Grey) -> tuple[list[Read], float]:
    """What it read, and the milliseconds it took."""
    began = time.perf_counter()
    reads = decode(grey)
    return reads, (time.perf_counter() - began) * 1000


#: Name, size of the pictures ("camera" as a phone's camera gives them), decoder.
PEERS: tuple[tuple[str, str, Decode], ...] = (
    ("our server's chain", "native", server_chain),
    ("our server's chain", "camera", server_chain),
    ("zxing-cpp alone", "native", zxing_cpp),
    ("zxing-cpp alone", "camera", zxing_cpp),
    ("pyzbar alone", "camera", zbar),
    ("cv2.QRCodeDetectorAruco alone", "camera", opencv_aruco),
    ("cv2.QRCodeDetector alone", "camera", opencv),
)
