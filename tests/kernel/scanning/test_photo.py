"""Uploaded photos: what the chain of decoders finds, and what it refuses to touch."""

import io
import random
import struct
import sys
import time
import zlib

import cv2
import numpy as np
import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from tests.factories.identity import a_person, log_in
from tests.kernel.scanning.paper import Picture
from webapp.kernel.base.outcomes import Unprocessable
from webapp.kernel.scanning import codes, photo, qr
from webapp.kernel.scanning.photo import Found, read_photo

BASE = "http://127.0.0.1:8000"
RNG = random.Random(11)  # noqa: S311
IDS = [codes.new_id(RNG) for _ in range(12)]
TEXTS = [codes.qr_text(BASE, id) for id in IDS]


def a_label(text: str = TEXTS[0], module_px: int = 6) -> Picture:
    return np.asarray(Image.open(io.BytesIO(qr.png(text, module_px))).convert("L"), np.uint8)


def a_photo(*labels: Picture, size: tuple[int, int] = (1280, 960)) -> Picture:
    """Labels in rows of four on a grey desk."""
    desk = np.full(size[::-1], 110, np.uint8)
    for place, label in enumerate(labels):
        top, left = 20 + place // 4 * 300, 20 + place % 4 * 300
        desk[top : top + label.shape[0], left : left + label.shape[1]] = label
    return desk


def bars_of(text: str, format: zxingcpp.BarcodeFormat) -> Picture:
    """A maker's 1-D barcode."""
    barcode = zxingcpp.create_barcode(text, format)
    return np.asarray(zxingcpp.write_barcode_to_image(barcode, scale=2, add_quiet_zones=True), np.uint8)


BLANK = np.full((1, 1), 110, np.uint8)


def jpeg(picture: Picture, quality: int = 85) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality)
    return out.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A valid PNG header of any size and hardly any pixels: a bomb before it goes off."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_plain_photo_gives_the_text_of_its_label() -> None:
    assert read_photo(jpeg(a_photo(a_label()))) == [Found(TEXTS[0], "QRCode")]


def test_all_labels_of_a_photo_are_read_when_several_are_expected() -> None:
    found = read_photo(jpeg(a_photo(*map(a_label, TEXTS))), expected=12)
    assert sorted(one.text for one in found) == sorted(TEXTS)


@pytest.mark.parametrize("turn", [cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180])
def test_a_photo_held_sideways_is_read(turn: int) -> None:
    turned = np.asarray(cv2.rotate(a_photo(a_label()), turn), np.uint8)
    assert [one.text for one in read_photo(jpeg(turned))] == [TEXTS[0]]


def test_a_label_too_small_for_the_first_pass_is_read_at_twice_the_size() -> None:
    # given a blurred label of 1.35 px a module, which zxing alone does not read
    small = cv2.resize(a_label(module_px=8), None, fx=1.35 / 8, fy=1.35 / 8, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 0.5)
    picture = a_photo(np.asarray(small, np.uint8), size=(640, 480))
    assert zxingcpp.read_barcodes(picture) == []
    assert [one.text for one in read_photo(jpeg(picture, 95))] == [TEXTS[0]]


def test_a_label_with_a_scratched_corner_is_read_by_the_last_pass() -> None:
    scratched = a_label(module_px=8).copy()
    cv2.line(scratched, (128, 122), (58, 20), 255, 10)  # through the rings of one finder pattern
    assert zxingcpp.read_barcodes(a_photo(scratched)) == []
    assert [one.text for one in read_photo(jpeg(a_photo(scratched)))] == [TEXTS[0]]


def test_a_transparent_picture_is_read_as_if_on_white() -> None:
    black = Image.fromarray(255 - a_label())
    cut_out = Image.new("RGBA", black.size, (0, 0, 0, 0))
    cut_out.putalpha(black)
    out = io.BytesIO()
    cut_out.save(out, "PNG")
    assert [one.text for one in read_photo(out.getvalue())] == [TEXTS[0]]


@pytest.mark.parametrize(
    ("format", "text"),
    [(zxingcpp.BarcodeFormat.Code128, "5CG1234XYZ"), (zxingcpp.BarcodeFormat.Code39, "PF2ABC34")],
)
def test_a_makers_serial_is_read_only_where_it_is_asked_for(
    format: zxingcpp.BarcodeFormat, text: str
) -> None:
    picture = jpeg(a_photo(a_label(), *[BLANK] * 3, bars_of(text, format)))
    assert [one.format for one in read_photo(picture, expected=2)] == ["QRCode"]
    assert Found(text, format.name) in read_photo(picture, expected=2, serials=True)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "scanning.not_an_image"),
        ("写真ではなく文章です。".encode(), "scanning.not_an_image"),
        (random.Random(3).randbytes(2900), "scanning.not_an_image"),  # noqa: S311
        (jpeg(a_photo(a_label()))[:-2000], "scanning.not_an_image"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "scanning.not_an_image"),
        (b"GIF89a" + b"\0" * 50, "scanning.not_an_image"),
        (png_claiming(20_000, 20_000), "scanning.image_too_large"),
        (png_claiming(6_400, 6_300), "scanning.image_too_large"),
        (png_claiming(6_000, 6_000), "scanning.not_an_image"),  # small enough to look, and then cut
    ],
    ids=["empty", "text", "noise", "cut", "magic only", "gif", "bomb", "just too large", "cut png"],
)
def test_what_is_no_photo_is_refused_with_its_reason(data: bytes, code: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        read_photo(data)
    assert refused.value.code == code


def test_a_photo_that_takes_too_long_costs_only_its_own_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo, "SECONDS", 0.01)
    with pytest.raises(Unprocessable, match=r"scanning\.reader_gave_up"):
        read_photo(jpeg(a_photo(a_label())))


def test_a_reader_that_crashes_costs_only_its_own_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo, "_READER", [sys.executable, "-c", "import os; os.abort()"])
    with pytest.raises(Unprocessable, match=r"scanning\.reader_gave_up"):
        read_photo(jpeg(a_photo(a_label())))


def test_forty_megapixels_without_any_code_are_done_in_seconds() -> None:
    picture = jpeg(np.full((5_500, 7_200), 120, np.uint8))
    began = time.perf_counter()
    assert read_photo(picture, expected=20, serials=True) == []
    assert time.perf_counter() - began < 10


@pytest.fixture
def phone(app: Flask) -> FlaskClient:
    """A driver is logged in, and the app's header goes along."""
    app.config.update(QR_PREFIXES=[BASE], WTF_CSRF_ENABLED=False)
    client = app.test_client()
    log_in(client, a_person("driver"))
    client.environ_base["HTTP_X_ASHIATO"] = "1"
    return client


def test_the_server_reads_a_photo_for_a_phone(phone: FlaskClient) -> None:
    serial = bars_of("5CG1234XYZ", zxingcpp.BarcodeFormat.Code128)
    labels = [a_label(), a_label("HTTPS://EVIL.EXAMPLE/Q/1", 8), a_label(f"{BASE.upper()}/Q/1234", 8)]
    answer = phone.post("/api/decode?expected=4&serials=1", data=jpeg(a_photo(*labels, BLANK, serial)))
    assert answer.status_code == 200
    assert {(one["kind"], one["id"]) for one in answer.get_json()["codes"]} == {
        ("code", IDS[0]),
        ("foreign", None),
        ("malformed", None),
        ("serial", None),
    }


def test_a_bare_id_in_a_strange_qr_is_not_ours(phone: FlaskClient) -> None:
    answer = phone.post("/api/decode", data=jpeg(a_photo(a_label(IDS[0], 8))))
    assert answer.get_json()["codes"] == [
        {"text": IDS[0], "id": None, "kind": "malformed", "format": "QRCode"}
    ]


def test_a_text_file_named_jpg_is_answered_in_japanese(phone: FlaskClient) -> None:
    answer = phone.post("/api/decode", data=b"hello", headers={"Content-Type": "image/jpeg"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "scanning.not_an_image")
    assert "写真" in answer.get_json()["text"]


def test_more_than_16_megabytes_are_not_even_read(phone: FlaskClient) -> None:
    answer = phone.post("/api/decode", data=b"\xff\xd8" + b"\0" * (16 * 1024 * 1024))
    assert (answer.status_code, answer.get_json()["code"]) == (413, "scanning.file_too_large")


def test_nobody_and_no_other_site_may_ask(app: Flask, phone: FlaskClient) -> None:
    stranger = app.test_client().post("/api/decode", data=b"", headers={"X-Ashiato": "1"})
    forged = phone.post("/api/decode", data=b"", headers={"X-Ashiato": ""})
    assert (stranger.status_code, forged.status_code) == (401, 403)
