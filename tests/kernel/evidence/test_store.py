"""Files under their hash: whole or not there, and pictures only."""

import io
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from tests.kernel.evidence.photos import (
    a_photo,
    a_progressive_photo_with_a_thumbnail,
    a_zip,
    chunk,
    jpeg_with_comment,
    png_claiming,
    sha,
)
from webapp.kernel.base.outcomes import TooLarge, Unprocessable
from webapp.kernel.evidence import store

PHOTO = a_photo()
PNG = a_photo("PNG", (40, 30))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_what_its_bytes_say(format: str) -> None:
    picture = store.examine(a_photo(format, (640, 480)))
    assert (picture.media_type, picture.width, picture.height) == (f"image/{format.lower()}", 640, 480)


def test_a_camera_jpeg_with_a_thumbnail_inside_is_one_picture() -> None:
    assert store.examine(a_progressive_photo_with_a_thumbnail()).format == "JPEG"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "evidence.not_an_image"),
        ("これは写真ではありません".encode(), "evidence.not_an_image"),
        (b"<html><script>alert(1)</script>", "evidence.not_an_image"),
        (b"%PDF-1.7\n", "evidence.not_an_image"),
        (a_zip(), "evidence.not_an_image"),
        (a_photo("GIF", (20, 20)), "evidence.not_an_image"),
        (a_photo("TIFF", (20, 20)), "evidence.not_an_image"),
        (png_claiming(20_000, 20_000), "evidence.image_too_large"),
        (png_claiming(60_000, 60_000), "evidence.image_too_large"),
        (png_claiming(5_000, 5_000), "evidence.broken_image"),
        (PHOTO[:-400], "evidence.broken_image"),
        (PHOTO[:-2], "evidence.broken_image"),
        (a_photo("PNG")[:-500], "evidence.broken_image"),
        (a_photo("WEBP")[:-50], "evidence.not_an_image"),
        (PHOTO + b"<script>alert(1)</script>", "evidence.more_than_image"),
        (PHOTO + PHOTO, "evidence.more_than_image"),
        (PHOTO + a_zip(), "evidence.more_than_image"),
        (PNG + a_zip(), "evidence.more_than_image"),
        (a_photo("WEBP") + b"x", "evidence.more_than_image"),
        (jpeg_with_comment(b"%PDF-1.7 "), "evidence.more_than_image"),
        (PNG[:-12] + chunk(b"zipp", a_zip()[:-2] + b"\x10\x00") + PNG[-12:], "evidence.more_than_image"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_what_is_no_whole_picture_or_more_than_one_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        store.examine(data)
    assert refused.value.code == code


@given(st.integers(0, len(PNG) - 1), st.binary(min_size=1, max_size=40))
def test_a_damaged_picture_never_breaks_the_check(place: int, damage: bytes) -> None:
    damaged = PNG[:place] + damage + PNG[place + len(damage) :]
    with suppress(Unprocessable):
        assert store.examine(damaged).format == "PNG"


def test_a_long_run_of_filler_bytes_costs_no_time() -> None:
    with pytest.raises(Unprocessable):
        store.examine(PHOTO[:-2] + b"\xff" * 8_000_000 + b"\0")


def test_a_cut_picture_is_refused_even_beside_a_library_that_allows_them() -> None:
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # as importing WeasyPrint does
    with pytest.raises(Unprocessable, match=r"evidence\.broken_image"):
        store.examine(png_claiming(5_000, 5_000))


def test_bytes_are_kept_exactly(tmp_path: Path) -> None:
    store.keep(tmp_path, sha(PHOTO), PHOTO)
    name = sha(PHOTO)
    assert (tmp_path / name[:2] / name[2:4] / name).read_bytes() == PHOTO


def test_nothing_is_left_behind_when_the_disk_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        store.keep(tmp_path, sha(PHOTO), PHOTO)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_same_photo_from_eight_phones_at_once_is_one_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.keep(tmp_path, sha(PHOTO), PHOTO), range(8)))
    assert [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()] == [PHOTO]


def test_a_stream_that_is_not_its_hash_is_refused() -> None:
    with pytest.raises(Unprocessable, match=r"evidence\.hash_mismatch"):
        store.read_checked(io.BytesIO(PHOTO[:-1]), sha(PHOTO))


def test_a_stream_is_not_read_far_beyond_the_limit() -> None:
    stream = io.BytesIO(b"\xff" * (store.MAX_BYTES + 1_000_000))
    with pytest.raises(TooLarge, match=r"evidence\.file_too_large"):
        store.read_checked(stream, sha(PHOTO))
    assert stream.tell() <= store.MAX_BYTES + 64 * 1024


@pytest.mark.parametrize(("size", "long_side"), [("thumb", 320), ("view", 1280)])
def test_smaller_versions_are_upright_jpegs_without_metadata(
    tmp_path: Path, size: str, long_side: int
) -> None:
    # given a photo whose EXIF says: turn me
    photo = a_progressive_photo_with_a_thumbnail()
    store.keep(tmp_path, sha(photo), photo)
    # when a smaller version is asked for
    with Image.open(store.derivative(tmp_path, sha(photo), size)) as image:
        # then it stands upright, within its size, and says nothing about place or time
        assert (image.format, max(image.size)) == ("JPEG", long_side)
        assert image.height > image.width
        assert not image.getexif()


def test_a_smaller_version_is_made_once_and_again_when_lost(tmp_path: Path) -> None:
    store.keep(tmp_path, sha(PHOTO), PHOTO)
    first = store.derivative(tmp_path, sha(PHOTO), "thumb")
    made = first.stat().st_mtime_ns
    assert store.derivative(tmp_path, sha(PHOTO), "thumb").stat().st_mtime_ns == made
    first.unlink()
    assert store.derivative(tmp_path, sha(PHOTO), "thumb").exists()


def test_a_transparent_picture_is_shown_on_white(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (400, 300), (0, 0, 0, 0)).save(out, "PNG")
    store.keep(tmp_path, sha(out.getvalue()), out.getvalue())
    with Image.open(store.derivative(tmp_path, sha(out.getvalue()), "thumb")) as image:
        assert image.getpixel((100, 100)) == (255, 255, 255)
