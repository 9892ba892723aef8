"""Labels on paper, judged by what reads them: decoders, poppler, and people at a counter."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp

from tests.kernel.scanning import paper
from tests.supplies.shared_labels import PARCELS, RICE, a_code, a_parcel, text_of
from webapp.kernel.scanning import codes
from webapp.supplies.labels import label
from webapp.supplies.labels import pdf as label_pdf
from webapp.supplies.labels import words as label_words
from webapp.supplies.labels.label import Label
from webapp.supplies.labels.pdf import LabelFace, Layout, render

BASE = "https://ashiato.example"
QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
PX_PER_MM = 1280 / 380  # a 1280-px frame that is 38 cm wide


def a_face(**other: Any) -> LabelFace:
    contents = a_parcel()
    values: dict[str, Any] = {
        "code": contents.parcel, "text": text_of(contents), "item": "紙おむつ（乳児・小児） M", "quantity": "40個",
        "k": 2, "n": 3, "shelter": "向町小学校 体育館", "address": "山形県最上郡最上町大字向町64",
        "phone": "0233-43-2111", "town": "最上町", "disaster": "11月豪雨",
    }  # fmt: skip
    return LabelFace(**values | other)


def of_parcel(**contents: Any) -> dict[str, Any]:
    parcel = a_parcel(**contents)
    return {"code": parcel.parcel, "text": text_of(parcel)}


FACES = [
    a_face(),
    a_face(
        **of_parcel(**RICE, parcel=a_code("rice")), item="アルファ化米 味つき", quantity="50食", drill=True, k=1, n=1,
        dated="賞味期限 2031年1月31日", allergens=label_words.allergens(["卵", "乳"]), marks=("heavy", "cold"),
        is_held=True, depot="最上営業所",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def sheets() -> dict[Layout, bytes]:
    layouts: tuple[Layout, ...] = ("two", "one", "hand")
    return {layout: render(FACES, layout, base=BASE) for layout in layouts}


def words_of(pdf: bytes, folder: Path, tool: str = "pdftotext") -> str:
    source = folder / "labels.pdf"
    source.write_bytes(pdf)
    extra = ["-layout", str(source), "-"] if tool == "pdftotext" else [str(source)]
    return subprocess.run([tool, *extra], check=True, capture_output=True, text=True).stdout


def test_both_codes_of_both_labels_read_in_a_frame_that_is_38_cm_wide(sheets: dict[Layout, bytes]) -> None:
    view = paper.seen(paper.printed(sheets["two"]), np.random.default_rng(5), px_per_mm=PX_PER_MM)
    read = {
        found.text for frame in paper.frames(view) for found in zxingcpp.read_barcodes(frame, formats=QR_ONLY)
    }
    wanted = {face.text for face in FACES} | {codes.qr_text(BASE, face.code) for face in FACES}
    assert read == wanted
    said = label.read(next(text for text in read if text == FACES[1].text))
    assert isinstance(said, Label)
    assert said.contents.quantity == 50


def test_the_longest_contents_still_read_from_there() -> None:
    longest = text_of(PARCELS[-1])
    pdf = render([a_face(text=longest)], "one", base=BASE)
    view = paper.seen(paper.printed(pdf), np.random.default_rng(6), px_per_mm=PX_PER_MM)
    read = {
        found.text for frame in paper.frames(view) for found in zxingcpp.read_barcodes(frame, formats=QR_ONLY)
    }
    assert longest in read


def test_people_read_the_same_as_the_code(sheets: dict[Layout, bytes], tmp_path: Path) -> None:
    words = words_of(sheets["two"], tmp_path)
    wanted = [
        "紙おむつ",
        "40個",
        "3 個口",
        "向町小学校 体育館",
        "大字向町64",
        "0233-43-2111",
        "アルファ化米",
        "50食",
    ]
    wanted += [
        "賞味期限 2031年1月31日",
        "含む: 卵・乳",
        "要冷蔵",
        "重量物",
        "営業所止め",
        "最上営業所",
        "訓練",
    ]
    assert [word for word in wanted if word not in words] == []
    for group in codes.show(FACES[0].code).split("-"):
        assert group in words


def test_only_a_drill_says_so(tmp_path: Path) -> None:
    assert "訓練" not in words_of(render(FACES[:1], "one", base=BASE), tmp_path)


def test_a_box_without_paper_can_bear_the_number_by_hand(sheets: dict[Layout, bytes], tmp_path: Path) -> None:
    words = words_of(sheets["hand"], tmp_path).replace(" ", "")
    for face in FACES:
        assert face.code in words
    assert "太いペンで" in words


def test_every_font_is_japanese_and_embedded(sheets: dict[Layout, bytes], tmp_path: Path) -> None:
    for pdf in sheets.values():
        for font in words_of(pdf, tmp_path, "pdffonts").splitlines()[2:]:
            assert "CJK-JP" in font
            assert font.split()[-5:-2] == ["yes", "yes", "yes"]


@pytest.mark.parametrize(("layout", "pages"), [("two", 3), ("one", 5), ("hand", 2)])
def test_each_parcel_has_its_own_place(layout: Layout, pages: int, tmp_path: Path) -> None:
    faces = [a_face(k=number, n=5) for number in range(1, 6)]
    assert f"Pages:           {pages}" in words_of(render(faces, layout, base=BASE), tmp_path, "pdfinfo")


def test_whatever_a_name_is_like_it_leaves_the_codes_alone(tmp_path: Path) -> None:
    name = "<img src=file:///etc/passwd>" + "とても長い名前の物資" * 12
    everything = label_words.allergens(["カシューナッツ"] * 30)
    crowded = a_face(
        item=name,
        shelter="長い名前の避難所" * 12,
        address="長い住所" * 40,
        allergens=everything,
        marks=tuple(label_words.MARKS),
    )
    pdf = render([crowded], "two", base=BASE)
    read = {found.text for found in zxingcpp.read_barcodes(paper.printed(pdf), formats=QR_ONLY)}
    assert read == {crowded.text, codes.qr_text(BASE, crowded.code)}
    assert "<img" in words_of(pdf, tmp_path)


@pytest.mark.parametrize(
    "faces", [[], [a_face()] * 201, [a_face(code="HWVEN9XSYWCX7K2M0")], [a_face(text="小文字")]],
    ids=["none", "too many", "wrong ID", "no QR"],
)  # fmt: skip
def test_what_cannot_be_right_is_not_printed(faces: list[LabelFace]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        render(faces, "two", base=BASE)


@pytest.mark.parametrize("room", ["roomy", "usual", "dense"])
def test_a_longer_name_is_never_larger(room: str) -> None:
    sizes = [label_pdf.size_of("長" * length, room) for length in range(1, 60)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] >= 14
