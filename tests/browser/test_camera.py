"""The fake camera shows what it says it shows: otherwise a browser test proves nothing."""

import random
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from tests.browser.camera import Mode, make_video, peel
from webapp.kernel.scanning import codes
from webapp.kernel.scanning.labels import Label, render_sheet

RNG = random.Random(9)  # noqa: S311
LABELS = [Label(codes.new_id(RNG), "device", "最上町 端末", f"PC-{number:04}") for number in range(12)]
SHEET = render_sheet(LABELS, "65", skip=3, base="http://127.0.0.1:8000")


def read_film(path: Path) -> list[set[str]]:
    """The IDs that a decoder finds in each frame."""
    film, found = cv2.VideoCapture(str(path)), []
    while (frame := film.read())[0]:
        grey = np.asarray(cv2.cvtColor(frame[1], cv2.COLOR_BGR2GRAY), np.uint8)
        found.append({one.text.rpartition("/")[2] for one in zxingcpp.read_barcodes(grey)})
    return found


@pytest.mark.parametrize(("mode", "labels_per_frame"), [("wall", 12), ("wall", 6), ("belt", 4)])
def test_a_decoder_sees_what_the_film_shows(tmp_path: Path, mode: Mode, labels_per_frame: int) -> None:
    shown = make_video(
        tmp_path / "cam.y4m", SHEET, mode, fps=10, seconds=4, labels_per_frame=labels_per_frame
    )
    read = read_film(tmp_path / "cam.y4m")
    assert len(shown) == len(read) == 40
    assert {id for frame in shown for id in frame} == {label.id for label in LABELS}
    seen = sum(len(there & set(said)) for there, said in zip(read, shown, strict=True))
    assert seen >= 0.9 * sum(map(len, shown))  # pans are smeared
    assert {id for frame in read for id in frame} == {label.id for label in LABELS}


def test_the_film_is_what_chromium_takes_for_a_camera(tmp_path: Path) -> None:
    make_video(tmp_path / "cam.y4m", SHEET, fps=10, seconds=0.3, size=(640, 480), labels_per_frame=4)
    head = (tmp_path / "cam.y4m").read_bytes()[:80]
    assert head.startswith(b"YUV4MPEG2 W640 H480 F10:1")
    assert b" C420" in head


def test_single_labels_can_be_filmed_too(tmp_path: Path) -> None:
    pictures = [sticker.picture for sticker in peel(SHEET)[:2]]
    shown = make_video(tmp_path / "cam.y4m", pictures, fps=10, seconds=0.3)
    assert set(shown[0]) == {label.id for label in LABELS[:2]}


def test_a_picture_too_full_to_be_read_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too many labels"):
        make_video(tmp_path / "cam.y4m", SHEET, size=(320, 240), labels_per_frame=12)
