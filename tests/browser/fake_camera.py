"""A fake camera for Chromium: our own label sheet, printed, seen through a lens and written as a film.

Chromium plays a raw .y4m (4:2:0) in place of a camera, at the film's own rate and in a loop; every other format is
either refused or shown with changed contrast.
"""

import math
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import zxingcpp

from tests.kernel.scanning import paper
from webapp.kernel.scanning.labels import Label, Layout, render_sheet

SIZE = (1280, 720)


def film(path: Path, pictures: Iterable[paper.Picture], fps: int = 20) -> Path:
    """Write grey pictures of one size as a .y4m film."""
    with path.open("wb") as out:
        grey = np.full(SIZE[0] * SIZE[1] // 2, 128, np.uint8).tobytes()
        out.write(f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in pictures:
            if picture.shape != (SIZE[1], SIZE[0]):
                raise ValueError(f"a frame is {SIZE[1]} x {SIZE[0]}, not {picture.shape}")
            out.write(b"FRAME\n" + picture.tobytes() + grey)
    return path


def wall_of(labels: list[Label], base: str, layout: Layout = "24", seed: int = 3) -> list[paper.Picture]:
    """Two seconds before a wall of stickers, as a trembling hand holds the phone 60 cm away."""
    view = paper.seen(paper.printed(render_sheet(labels, layout, base=base)), np.random.default_rng(seed), px_per_mm=4)
    return [_held(view, frame / 20) for frame in range(40)]


def passing(labels: list[Label], base: str, seconds: int = 4) -> list[paper.Picture]:
    """The phone moves along the sheet from top to bottom."""
    view = paper.seen(paper.printed(render_sheet(labels, "24", base=base)), np.random.default_rng(4), px_per_mm=5)
    frames = seconds * 20
    room = view.shape[0] - SIZE[1]
    return [_cut(view, round(room * frame / frames), 40) for frame in range(frames)]


def serial(text: str, kind: str = "Code128") -> list[paper.Picture]:
    """A maker's bar code, held still."""
    barcode = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    image = np.asarray(barcode.to_image(scale=4), np.uint8)
    desk = np.full((SIZE[1], SIZE[0]), 200, np.uint8)
    height, width = min(image.shape[0], 300), min(image.shape[1], 1200)
    top, left = (SIZE[1] - height) // 2, (SIZE[0] - width) // 2
    desk[top : top + height, left : left + width] = image[:height, :width]
    return [cv2.GaussianBlur(desk, (0, 0), 0.6).astype(np.uint8)] * 20


def _held(view: paper.Picture, seconds: float) -> paper.Picture:
    dx = 6 * math.sin(7.1 * seconds) + 3 * math.sin(23 * seconds)
    dy = 5 * math.sin(5.3 * seconds + 1) + 3 * math.sin(19 * seconds)
    return _cut(view, round(20 + dy), round(60 + dx))


def _cut(view: paper.Picture, top: int, left: int) -> paper.Picture:
    desk = np.full((SIZE[1], SIZE[0]), 90, np.uint8)
    part = view[max(0, top) : max(0, top) + SIZE[1], :]
    width = min(part.shape[1], SIZE[0] - left)
    desk[: part.shape[0], left : left + width] = part[:, :width]
    return desk
