"""The decoding bench counts what it says it counts, and its browser half runs."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench import decode, decode_browser
from bench.decode_set import Marked, Photo, Read, Tally, photos, sized
from bench.progress import Progress
from tests.kernel.scanning.test_photo import TEXTS, a_label, a_photo

QUIET = Progress(silent=True)
CORNERS = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))


def shelf(folder: Path, **beside: str) -> Path:
    """A folder with one photo of two labels, and what lies beside it."""
    cv2.imwrite(str(folder / "one.png"), a_photo(*map(a_label, TEXTS[:2])))
    for suffix, text in beside.items():
        (folder / f"one.{suffix}").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("beside", "marked"),
    [
        ({}, None),
        ({"txt": "# by hand\nA\nB C\n"}, (Marked(text="A"), Marked(text="B C"))),
        ({"txt": "# by hand\nSETS\n0 0 10 0 10 10 0 10\n"}, (Marked(CORNERS),)),
        ({"txt": "# by hand\n0 0\n10 0\n10 10\n0 10\n"}, (Marked(CORNERS),)),
        ({"json": json.dumps({"codes": [{"text": "A", "quad": CORNERS}]})}, (Marked(CORNERS, "A"),)),
    ],
    ids=["nothing", "texts", "BoofCV sets", "BoofCV points", "json"],
)
def test_what_lies_beside_a_photo_says_what_is_in_it(
    tmp_path: Path, beside: dict[str, str], marked: tuple[Marked, ...] | None
) -> None:
    assert [photo.marked for photo in photos(shelf(tmp_path, **beside))] == [marked]


def test_a_hit_has_the_right_text_and_its_middle_inside_the_mark() -> None:
    photo, row = Photo(Path("x"), (Marked(CORNERS, "A"), Marked(CORNERS, "B"))), Tally("x", "native")
    row.add(photo, [Read("A", (2.0, 2.0)), Read("B", (20.0, 2.0)), Read("C", (2.0, 2.0))], scale=0.5)
    assert (row.hits, row.marked, row.wrong, row.recall) == (1, 2, 1, 50.0)


def test_a_cameras_picture_lies_or_stands_and_is_never_enlarged(tmp_path: Path) -> None:
    for name, (width, height) in {
        "lying": (4000, 3000),
        "standing": (3000, 4000),
        "small": (300, 200),
    }.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.zeros((height, width), np.uint8))
    sizes = {photo.path.stem: sized(photo, "camera")[0].shape[::-1] for photo in photos(tmp_path)}
    assert sizes == {"lying": (1440, 1080), "standing": (1080, 1440), "small": (300, 200)}


def test_phone_server_and_libraries_read_the_same_photo(tmp_path: Path) -> None:
    # given a photo of two labels whose texts are known
    folder = shelf(tmp_path, txt="\n".join(TEXTS[:2]))
    # when everything reads it, the phone's pipeline in a browser
    rows = [*decode.in_browser(photos(folder), 2, QUIET), *decode.on_server(photos(folder), QUIET)]
    # then the plain picture is no trouble for anybody but OpenCV, and nobody reads what is not there
    assert {row.name for row in rows if row.recall < 100} <= {"cv2.QRCodeDetector alone"}
    assert [row.wrong for row in rows] == [0] * len(rows)
    assert all(row.ms for row in rows if row.name != decode.SURE)


def test_the_scanners_first_load_counts_worker_and_wasm() -> None:
    load = decode_browser.first_load()
    names = {path.name for path in decode_browser.closure([decode_browser.PWA / "scanning" / "scanner.js"])}
    assert {"decode-worker.js", "looks.js", "zxing.js", "fusion.js"} <= names
    assert load["raw"] > load["gzip"] > load["brotli"] > 300_000
