"""The rendered sheet, judged by what reads it: decoders, poppler, and people with half-used sheets."""

import random
import subprocess
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from pyzbar import pyzbar

from tests.kernel.scanning import paper
from webapp.kernel.scanning import codes, labels
from webapp.kernel.scanning.label_kinds import WORDS_AND_ICONS
from webapp.kernel.scanning.labels import PER_SHEET, Label, Layout, render_sheet

BASE = "https://ashiato.example"
QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
KINDS = list(WORDS_AND_ICONS)


def some_labels(count: int, seed: int = 1) -> list[Label]:
    rng = random.Random(seed)  # noqa: S311
    made = [codes.new_id(rng) for _ in range(count)]
    return [Label(id, KINDS[i % len(KINDS)], "最上町 端末", f"PC-{i:04}") for i, id in enumerate(made)]


def texts(stickers: list[Label]) -> set[str]:
    return {codes.qr_text(BASE, label.id) for label in stickers}


def read_by_phone(pictures: list[paper.Picture]) -> set[str]:
    return {found.text for picture in pictures for found in zxingcpp.read_barcodes(picture, formats=QR_ONLY)}


def poppler(tool: str, pdf: bytes, folder: Path) -> str:
    source = folder / "sheet.pdf"
    source.write_bytes(pdf)
    extra = ["-"] if tool == "pdftotext" else []
    return subprocess.run([tool, str(source), *extra], check=True, capture_output=True, text=True).stdout


FULL = {layout: some_labels(size) for layout, size in PER_SHEET.items()}


@pytest.fixture(scope="module")
def sheets() -> dict[Layout, bytes]:
    return {layout: render_sheet(stickers, layout, base=BASE) for layout, stickers in FULL.items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("layout", ["65", "24"])
def test_every_code_reads_in_a_1280_px_frame_that_is_35_cm_wide(
    sheets: dict[Layout, bytes], layout: Layout, seed: int
) -> None:
    view = paper.seen(paper.printed(sheets[layout]), np.random.default_rng(seed))
    assert read_by_phone(paper.frames(view)) == texts(FULL[layout])


def test_every_code_still_reads_from_42_cm_with_a_long_public_address() -> None:
    # given the longest address that version 3 holds with level Q, and room to spare in distance
    base = "https://ashiato.town-mogami.lg.jp"[: 47 - len("/Q/") - codes.LENGTH]
    stickers = some_labels(65)
    view = paper.seen(
        paper.printed(render_sheet(stickers, "65", base=base)), np.random.default_rng(4), px_per_mm=1280 / 420
    )
    assert read_by_phone(paper.frames(view)) == {codes.qr_text(base, label.id) for label in stickers}


@pytest.mark.parametrize("layout", ["65", "24"])
def test_a_second_decoder_reads_each_sticker_by_itself(sheets: dict[Layout, bytes], layout: Layout) -> None:
    page = paper.printed(sheets[layout])
    read = [pyzbar.decode(paper.sticker(page, layout, place)) for place in range(PER_SHEET[layout])]
    assert [one.data.decode() for found in read for one in found] == [
        codes.qr_text(BASE, label.id) for label in FULL[layout]
    ]


def test_the_id_stands_beside_its_code_as_selectable_text(
    sheets: dict[Layout, bytes], tmp_path: Path
) -> None:
    words = poppler("pdftotext", sheets["65"], tmp_path).replace("-\n", "-").split()
    shown = [codes.show(label.id) for label in FULL["65"]]
    assert {id[:9] for id in shown} | {id[10:] for id in shown} <= set(words)
    assert {"最上町", "端末", "ドライブ", "ケージ", "錠", "封印", "PC-0064"} <= set(words)


def test_all_fonts_are_japanese_and_embedded(sheets: dict[Layout, bytes], tmp_path: Path) -> None:
    fonts = poppler("pdffonts", sheets["65"], tmp_path).splitlines()[2:]
    assert fonts
    for font in fonts:
        assert "CJK-JP" in font
        assert font.split()[-5:-2] == ["yes", "yes", "yes"]  # embedded, subset, with Unicode map


@pytest.mark.parametrize(("layout", "skip"), [("65", 0), ("65", 7), ("65", 64), ("24", 23)])
def test_a_half_used_sheet_starts_at_the_next_free_place(layout: Layout, skip: int) -> None:
    page = paper.printed(render_sheet(some_labels(1), layout, skip, base=BASE))
    printed_on = [
        place for place in range(PER_SHEET[layout]) if paper.sticker(page, layout, place).min() < 128
    ]
    assert printed_on == [skip]
    assert read_by_phone([paper.sticker(page, layout, skip)]) == texts(some_labels(1))


def test_more_labels_than_places_go_on_a_second_sheet() -> None:
    stickers = some_labels(26)
    pdf = render_sheet(stickers, "24", skip=1, base=BASE)
    pages = [read_by_phone([paper.printed(pdf, page)]) for page in (1, 2)]
    assert [len(page) for page in pages] == [23, 3]
    assert pages[0] | pages[1] == texts(stickers)


def test_markup_in_a_caption_is_only_text(tmp_path: Path) -> None:
    id = some_labels(1)[0].id
    nasty = Label(id, "device", "<img src=file:///etc/passwd>", "<b>&amp;")
    words = poppler("pdftotext", render_sheet([nasty], "24", base=BASE), tmp_path)
    assert "<img" in words
    assert "<b>&amp;" in words


def test_a_very_long_caption_leaves_code_and_id_alone(tmp_path: Path) -> None:
    stickers = [Label(label.id, label.kind, "長い名前" * 30, "品番" * 40) for label in some_labels(5)]
    pdf = render_sheet(stickers, "65", base=BASE)
    assert read_by_phone([paper.printed(pdf)]) == texts(stickers)
    assert codes.show(stickers[4].id)[10:] in poppler("pdftotext", pdf, tmp_path)


@pytest.mark.parametrize(
    ("stickers", "skip", "base"),
    [
        ([], 0, BASE),
        (some_labels(labels.MAX_LABELS + 1), 0, BASE),
        (some_labels(1), 65, BASE),
        (some_labels(1), -1, BASE),
        ([Label("HWVEN9XSYWCX7K2M0", "device", "", "")], 0, BASE),
        (some_labels(1), 0, "https://日本.example"),
        (some_labels(1), 0, "https://" + "a" * 150),
    ],
    ids=[
        "none",
        "too many",
        "skip a sheet",
        "skip less than none",
        "wrong ID",
        "not alphanumeric",
        "too long",
    ],
)
def test_a_sheet_that_cannot_be_right_is_not_printed(stickers: list[Label], skip: int, base: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        render_sheet(stickers, "65", skip, base=base)
