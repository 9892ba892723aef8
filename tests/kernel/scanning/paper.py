"""What a camera sees of a printed page: rendered by poppler, shrunk to the pixels a lens has for it."""

import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from webapp.kernel.scanning.labels import Layout

Picture = NDArray[np.uint8]

DPI = 300
FRAME = (720, 1280)
PX_PER_MM = 1280 / 350  # a 1280-px frame that is 35 cm wide

#: The papers' own measures in mm: columns, pitch, width, height, left margin, top margin.
PAPER: dict[Layout, tuple[int, float, float, float, float, float]] = {
    "65": (5, 40.6, 38.1, 21.2, 4.75, 10.7),
    "24": (3, 66, 66, 33.9, 6, 12.9),
}


def printed(pdf: bytes, page: int = 1, dpi: int = DPI) -> Picture:
    """One page in grey, as a laser printer puts it on paper."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "sheet.pdf")
        source.write_bytes(pdf)
        command = ["pdftoppm", "-r", str(dpi), "-f", str(page), "-l", str(page), "-gray", "-singlefile"]
        subprocess.run([*command, str(source), str(source.with_suffix(""))], check=True)
        return np.asarray(cv2.imread(str(source.with_suffix(".pgm")), cv2.IMREAD_GRAYSCALE), np.uint8)


def seen(
    paper: Picture, rng: np.random.Generator, *, px_per_mm: float = PX_PER_MM, blur: float = 0.6
) -> Picture:
    """The page through a lens: area-sampled, out of focus, noisy, never quite black or white."""
    rows, columns = rng.integers(0, round(DPI / 25.4), 2)  # where the pixel grid falls is chance
    moved = np.pad(paper, ((rows, 0), (columns, 0)), constant_values=255)
    scale = px_per_mm * 25.4 / DPI
    small = cv2.resize(moved, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    noisy = cv2.GaussianBlur(small, (0, 0), blur) * 0.85 + 20 + rng.normal(0, 4, small.shape)
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def frames(view: Picture, step: int = 180) -> list[Picture]:
    """1280 × 720 pictures of it, from top to bottom, on a grey desk."""
    height, width = FRAME
    tops = range(0, max(1, view.shape[0] - height + step), step)
    desk = [np.full(FRAME, 90, np.uint8) for _ in tops]
    for frame, top in zip(desk, tops, strict=True):
        part = view[top : top + height, :width]
        frame[: part.shape[0], 100 : 100 + part.shape[1]] = part[:, : width - 100]
    return desk


def sticker(page: Picture, layout: Layout, place: int) -> Picture:
    """What is on one sticker of a printed page after it is peeled off."""
    columns, pitch, width, height, left, top = PAPER[layout]
    corner = left + place % columns * pitch, top + place // columns * height
    x0, y0, x1, y1 = (round(mm * DPI / 25.4) for mm in (*corner, corner[0] + width, corner[1] + height))
    return np.ascontiguousarray(page[y0:y1, x0:x1])
