"""Films of a place's own label sheets, small enough to be made in a second."""

from collections.abc import Sequence
from pathlib import Path

from tests.browser.camera import make_video, peel
from tests.browser.server import Place
from tests.kernel.scanning.paper import Picture

PORTRAIT = (720, 1080)  # what Chromium gives of an upright camera


def stickers(place: Place, kind: str, *wanted: int) -> list[Picture]:
    """Labels cut from the sheet that the officer printed; all of them, or the numbered ones."""
    found = [sticker.picture for sticker in peel(place.sheets[kind])]
    return [found[number] for number in wanted] if wanted else found


def film(path: Path, pictures: Sequence[Picture], per_frame: int) -> Path:
    """Groups of `per_frame` labels, each in view for two seconds, over and over."""
    groups = -(-len(pictures) // per_frame)
    make_video(path, pictures, size=PORTRAIT, fps=10, seconds=2 * groups, labels_per_frame=per_frame)
    return path
