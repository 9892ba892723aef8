"""A folder of photos, and what is known about the codes in them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Point = tuple[float, float]

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
CAMERA = 1920, 1080  # px; what a phone's camera gives us, lying or upright


@dataclass(frozen=True, slots=True)
class Marked:
    """One code that is in a photo: where (four corners, px), what it says, or both."""

    quad: tuple[Point, ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """One code that a decoder found: what it says, and the middle of it, px of the picture as given."""

    text: str
    at: Point


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo. `marked` is None where nothing is known: then only counts can be told."""

    path: Path
    marked: tuple[Marked, ...] | None

    def grey(self) -> Grey:
        """As the sensor saw it: a mark belongs to the pixels, whatever EXIF says about turning them."""
        flags = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
        picture = cv2.imread(str(self.path), flags)
        if picture is None:
            raise ValueError(f"{self.path.name} is no picture")
        return np.asarray(picture, np.uint8)


def photos(folder: Path) -> list[Photo]:
    """All pictures under `folder`. Beside a picture may lie its contents, under the same name:

    `.json`: {"codes": [{"text": …, "quad": [[x, y] × 4]}]}, either of both; `.txt`: corners as BoofCV writes
    them (numbers), or one text a line. Raises ValueError if there are no pictures.
    """
    found = [
        Photo(path, _marked(path)) for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES
    ]
    if not found:
        raise ValueError("no pictures there")
    return found


def _marked(picture: Path) -> tuple[Marked, ...] | None:
    beside = picture.with_suffix(".json")
    if beside.exists():
        codes = json.loads(beside.read_text("utf-8"))["codes"]
        return tuple(
            Marked(tuple((x, y) for x, y in code.get("quad", ())), code.get("text")) for code in codes
        )
    beside = picture.with_suffix(".txt")
    if not beside.exists():
        return None
    lines = [
        line for line in beside.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")
    ]
    numbers = _numbers(line for line in lines if line != "SETS")
    return tuple(Marked(text=line) for line in lines) if numbers is None else tuple(_quads(numbers))


def _numbers(lines: Iterator[str]) -> list[float] | None:
    try:
        return [float(word) for line in lines for word in line.split()]
    except ValueError:
        return None


def _quads(numbers: Sequence[float]) -> Iterator[Marked]:
    for start in range(0, len(numbers) - 7, 8):
        eight = numbers[start : start + 8]
        yield Marked(tuple(zip(eight[::2], eight[1::2], strict=True)))


@lru_cache(maxsize=4)
def sized(photo: Photo, size: str) -> tuple[Grey, float]:
    """The grey picture at a size ("camera": 1920×1080 at most, "1280": the long side, "native"), and its scale."""
    grey = photo.grey()
    long, short = max(grey.shape), min(grey.shape)
    if size == "camera":
        scale = min(1.0, CAMERA[0] / long, CAMERA[1] / short)
    else:
        scale = 1.0 if size == "native" else min(1.0, int(size) / long)
    if scale == 1.0:
        return grey, 1.0
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), scale


@dataclass(slots=True)
class Tally:
    """What one decoder did with the whole set. `wrong`: texts that no code of the photo has, where texts are known."""

    name: str
    size: str
    hits: int = 0
    marked: int = 0
    wrong: int = 0
    ms: list[float] = field(default_factory=list)

    def add(self, photo: Photo, reads: Sequence[Read], scale: float) -> None:
        """Count a photo. A hit is the same text, and its middle inside the marked corners, as far as they are known."""
        marked = photo.marked or ()
        self.marked += len(marked)
        self.hits += sum(any(_is(one, read, scale) for read in reads) for one in marked)
        texts = {one.text for one in marked}
        if marked and None not in texts:
            self.wrong += len({read.text for read in reads} - texts)

    @property
    def recall(self) -> float:
        """Share of the marked codes that were found, in percent."""
        return 100 * self.hits / self.marked if self.marked else 0.0


def _is(marked: Marked, read: Read, scale: float) -> bool:
    if marked.text is not None and marked.text != read.text:
        return False
    if not marked.quad:
        return True
    corners = np.array(marked.quad, np.float32) * scale
    return bool(cv2.pointPolygonTest(corners, read.at, measureDist=False) >= 0)
