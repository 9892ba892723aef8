"""A camera for the browser: our own label PDF, peeled, stuck on a lid, filmed by a hand that is not still.

Chromium takes the file with `--use-file-for-fake-video-capture`. It wants y4m in 4:2:0, plays it in a loop at
the file's own speed, and shows grey values as they are (an mjpeg would be stretched in time and in contrast).
"""

import math
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from tests.kernel.scanning import paper
from tests.kernel.scanning.paper import Picture
from webapp.kernel.scanning.labels import PER_SHEET, Layout

Mode = Literal["wall", "belt"]
Matrix = NDArray[np.float64]

PX_PER_MM = 6.0  # 1280 px see 21 cm: a phone held over an open cage
EDGE = 8  # px; a sticker nearer to the edge of the picture is not counted as shown
SHUTTER = 1 / 250  # s; exposure in the light of a loading bay
PAN = 0.3  # s from one group to the next
_MARGIN = 60  # px round each group, so that the shaking hand never films the end of the world


@dataclass(frozen=True, slots=True)
class Sticker:
    """One peeled label: its ID as the QR says, and what is printed on it."""

    id: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class Scene:
    """Stickers stuck on something: one large picture, and the four corners of each in it (px)."""

    picture: Picture
    corners: list[tuple[str, Matrix]]


def make_video(  # noqa: PLR0913 the knobs of a camera, all by name
    path: Path,
    source: bytes | Sequence[Picture],
    mode: Mode = "wall",
    *,
    layout: Layout = "65",
    size: tuple[int, int] = (1280, 720),
    fps: int = 20,
    seconds: float = 8,
    labels_per_frame: int = 6,
    seed: int = 1,
) -> list[list[str]]:
    """Film a sheet of ours (its PDF, or pictures of single labels) into `path`, a .y4m file.

    "wall" shows groups of `labels_per_frame` one after another, each for its share of `seconds`; "belt" lets
    all pass from right to left, about `labels_per_frame` in view. Returns the IDs wholly in view in each
    frame. Raises ValueError if a label does not read or a group is too large for the picture.
    """
    rng = np.random.default_rng(seed)
    stickers = peel(source, layout)
    groups = [stickers[at : at + labels_per_frame] for at in range(0, len(stickers), labels_per_frame)]
    scene = _stick(groups, size, rng)
    look = (_from_group_to_group if mode == "wall" else _along)(len(groups), size[0], seconds)
    times = [number / fps for number in range(round(fps * seconds))]
    smear = round((len(groups) - 1) * size[0] / seconds * SHUTTER) if mode == "belt" else 0
    views = [_hand(look(time), time, size) for time in times]
    with _Y4m(path, size, fps) as film:
        for picture in _filmed(scene, views, size, smear, rng):
            film.write(picture.tobytes())
    return [_shown(scene, view, size) for view in views]


def peel(source: bytes | Sequence[Picture], layout: Layout = "65") -> list[Sticker]:
    """The stickers of a label PDF, page by page, or the given pictures; blank places are skipped."""
    if not isinstance(source, bytes):
        return [Sticker(_id_on(picture), picture) for picture in source]
    cut = [
        paper.sticker(page, layout, place) for page in _pages(source) for place in range(PER_SHEET[layout])
    ]
    return [Sticker(_id_on(picture), picture) for picture in cut if picture.min() < 128]


def _pages(pdf: bytes) -> Iterator[Picture]:
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf)) or 1
    return (paper.printed(pdf, number) for number in range(1, pages + 1))


def _id_on(picture: Picture) -> str:
    read = zxingcpp.read_barcode(picture)
    if read is None:
        raise ValueError("a label that does not read cannot be filmed")
    return read.text.rpartition("/")[2]


def _stick(groups: Sequence[Sequence[Sticker]], size: tuple[int, int], rng: np.random.Generator) -> Scene:
    """Groups side by side, one picture width each, in a grid; every sticker a little askew on a grey lid."""
    width, height = size
    board = _lid(len(groups) * width + 2 * _MARGIN, height + 2 * _MARGIN, rng)
    corners = []
    for number, group in enumerate(groups):
        columns = math.ceil(math.sqrt(len(group) * width / height / 1.6))
        cell = width / columns, height / math.ceil(len(group) / columns)
        for place, sticker in enumerate(group):
            x = _MARGIN + number * width + (place % columns + 0.5) * cell[0]
            y = _MARGIN + (place // columns + 0.5) * cell[1]
            corners.append((sticker.id, _paste(board, sticker.picture, (x, y), cell, rng)))
    return Scene(board, corners)


def _lid(width: int, height: int, rng: np.random.Generator) -> Picture:
    """A grey surface with soft light from one side and a rough grain."""
    light = np.linspace(80, 130, width)[None, :] + np.linspace(15, -15, height)[:, None]
    return np.clip(light + rng.normal(0, 5, (height, width)), 0, 255).astype(np.uint8)


def _paste(
    board: Picture,
    picture: Picture,
    centre: tuple[float, float],
    cell: tuple[float, float],
    rng: np.random.Generator,
) -> Matrix:
    """Stick it on the board; its corners there. Raises ValueError if the cell is too small to read it."""
    height, width = picture.shape
    wanted = PX_PER_MM * 25.4 / paper.DPI
    scale = min(wanted, 0.86 * cell[0] / width, 0.86 * cell[1] / height)
    if scale < paper.PX_PER_MM * 25.4 / paper.DPI:
        raise ValueError("too many labels for one picture: their modules would be under 2 px")
    turn = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-4, 4), scale), np.float64)
    turn[:, 2] += np.array((centre[0] - width / 2, centre[1] - height / 2))
    small = board.shape[1], board.shape[0]
    soft = cv2.GaussianBlur(picture, (0, 0), 0.35 / scale)  # what area sampling does: no moiré from 300 dpi
    stuck = cv2.warpAffine(soft, turn, small, flags=cv2.INTER_LINEAR)
    mask = cv2.warpAffine(np.full_like(picture, 255), turn, small)
    np.copyto(board, (stuck * 0.88 + 8).astype(np.uint8), where=mask > 127)
    outline = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]])
    return np.asarray(outline @ turn.T, np.float64)


def _from_group_to_group(groups: int, width: int, seconds: float) -> Callable[[float], float]:
    """Where the camera looks (px from the left of the scene) if it rests before each group."""
    share = seconds / groups

    def look(time: float) -> float:
        number, within = divmod(min(time, seconds - 1e-9), share)
        ahead = max(0.0, (within - share + PAN) / PAN) if number < groups - 1 else 0.0
        return (number + ahead) * width

    return look


def _along(groups: int, width: int, seconds: float) -> Callable[[float], float]:
    """Where the camera looks if everything passes at one speed, and rests a moment at either end."""
    rest = seconds / 20
    return lambda time: (groups - 1) * width * min(max((time - rest) / (seconds - 2 * rest), 0.0), 1.0)


def _hand(left: float, time: float, size: tuple[int, int]) -> Matrix:
    """From the scene to the picture: what a hand does that means to hold still."""
    x = left + _MARGIN + 6 * math.sin(7.1 * time) + 3 * math.sin(23 * time)
    y = _MARGIN + 5 * math.sin(5.3 * time + 1) + 3 * math.sin(19 * time)
    centre = x + size[0] / 2, y + size[1] / 2
    turn, nearer = 0.8 * math.sin(3.1 * time), 1 + 0.01 * math.sin(2.3 * time)
    matrix = np.asarray(cv2.getRotationMatrix2D(centre, turn, nearer), np.float64)
    matrix[:, 2] -= np.array((x, y))
    return matrix


def _filmed(
    scene: Scene, views: Sequence[Matrix], size: tuple[int, int], smear: int, rng: np.random.Generator
) -> Iterator[Picture]:
    """The pictures: moved, smeared by the exposure, a little out of focus, and noisy."""
    grain = [rng.normal(0, 3, size[::-1]) for _ in range(8)]
    for number, view in enumerate(views):
        seen = cv2.warpAffine(scene.picture, view, size, flags=cv2.INTER_LINEAR)
        seen = cv2.blur(seen, (smear, 1)) if smear > 1 else seen
        noisy = cv2.GaussianBlur(seen, (0, 0), 0.6) + grain[number % len(grain)]
        yield np.clip(noisy, 0, 255).astype(np.uint8)


def _shown(scene: Scene, view: Matrix, size: tuple[int, int]) -> list[str]:
    inside = []
    for id, corners in scene.corners:
        there = np.column_stack((corners, np.ones(4))) @ view.T
        if there.min() >= EDGE and (there <= np.array(size) - EDGE).all():
            inside.append(id)
    return inside


class _Y4m:
    """ffmpeg, fed with grey pictures."""

    def __init__(self, path: Path, size: tuple[int, int], fps: int) -> None:
        form = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{size[0]}x{size[1]}", "-r", str(fps), "-i", "-"]
        self.command = ["ffmpeg", "-v", "error", "-y", *form, "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe"]
        self.path = path

    def __enter__(self) -> IO[bytes]:
        self.process = subprocess.Popen([*self.command, str(self.path)], stdin=subprocess.PIPE)
        assert self.process.stdin is not None
        return self.process.stdin

    def __exit__(self, *_fault: object) -> None:
        self.process.communicate()
        assert self.process.returncode == 0, "ffmpeg could not write the film"
