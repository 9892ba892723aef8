"""The symbol itself: version, level and mode are chosen for small labels; SVG and PNG say the same."""

from io import BytesIO

import cv2
import numpy as np
import pytest
import weasyprint
import zxingcpp
from PIL import Image

from tests.kernel.scanning import paper
from webapp.kernel.scanning import qr


@pytest.mark.parametrize(
    ("length", "side", "level"),
    [
        (35, 29, "H"),
        (36, 29, "Q"),
        (47, 29, "Q"),
        (48, 29, "M"),
        (61, 29, "M"),
        (62, 33, "M"),
        (154, 41, "M"),
    ],
)
def test_the_symbol_stays_at_29_modules_with_the_most_correction(length: int, side: int, level: str) -> None:
    text = ("HTTPS://ASHIATO.EXAMPLE/Q/" + "7" * 154)[:length]
    found = zxingcpp.read_barcode(Image.open(BytesIO(qr.png(text))))
    assert found is not None
    assert (found.text, found.ec_level, len(qr.symbol(text))) == (text, level, side)


@pytest.mark.parametrize("text", ["A" * 155, "https://lower.example", "足あと"])
def test_what_does_not_fit_a_label_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        qr.symbol(text)


def test_svg_and_png_show_the_same_modules() -> None:
    text = "HTTPS://ASHIATO.EXAMPLE/Q/HWVEN9XSYWCX7K2MP"
    page = (
        f"<style>@page{{size:37mm 37mm;margin:0}}body{{margin:0}}svg{{display:block}}</style>{qr.svg(text)}"
    )
    drawn = paper.printed(weasyprint.HTML(string=page).write_pdf(), dpi=254)  # 10 px a module
    small = cv2.resize(drawn, (37, 37), interpolation=cv2.INTER_AREA)
    exact = np.asarray(Image.open(BytesIO(qr.png(text, module_px=1))).convert("L"))
    assert ((small < 128) == (exact < 128)).all()
    assert not ((small > 52) & (small < 208)).any()  # crisp: no module is grey
