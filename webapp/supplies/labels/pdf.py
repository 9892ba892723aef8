"""Labels of parcels on paper: two on an A4 sheet, one on a sheet for a shop's printer, or words to write by hand.

WeasyPrint, Japanese fonts embedded, nothing fetched. Black only: it is printed wherever a sender finds a printer.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any, Literal, NoReturn

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webapp.kernel.documents import symbols
from webapp.kernel.scanning import codes, qr
from webapp.supplies.labels.words import MARKS

#: two: two A5 labels on A4, with a line to cut · one: one on A4, with what to do · hand: the number, for pen and box
Layout = Literal["two", "one", "hand"]
MOST_LABELS = 200
PER_PAGE: dict[Layout, int] = {"two": 2, "one": 1, "hand": 3}
#: Mark → SVG path in a 24 × 24 box, for print: black only, nothing thinner than 2 units.
MARK_ICONS = {
    "cold": (
        "M11 1h2v4l2.5-2 1.2 1.6L13 7.5v2.8l2.4-1.4.6-4.7 2 .3-.4 3.1 3.5-2 1 1.7-3.5 2 2.9 1.2-.8 1.9-4.3-1.8"
        "L14 12l2.4 1.4 4.3-1.8.8 1.9-2.9 1.2 3.5 2-1 1.7-3.5-2 .4 3.1-2 .3-.6-4.7L13 13.7v2.8l3.7 2.9-1.2 1.6-2.5-2"
        "v4h-2v-4l-2.5 2-1.2-1.6 3.7-2.9v-2.8l-2.4 1.4-.6 4.7-2-.3.4-3.1-3.5 2-1-1.7 3.5-2-2.9-1.2.8-1.9 4.3 1.8L10 12"
        "l-2.4-1.4-4.3 1.8-.8-1.9 2.9-1.2-3.5-2 1-1.7 3.5 2-.4-3.1 2-.3.6 4.7 2.4 1.4V7.5L7.3 4.6 8.5 3 11 5z"
    ),
    "heavy": (
        "M12 1a4 4 0 0 1 3.5 6H19l3.5 16h-21L5 7h3.5A4 4 0 0 1 12 1z"
        "M12 3.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z"
    ),
    "dangerous": "M12 1l11.5 21H.5zM10.8 8.5l.4 7h1.6l.4-7zM10.8 17h2.4v2.4h-2.4z",
    "fragile": "M5 1h14l-1 8a6 6 0 0 1-5 5.4V20h4v3H7v-3h4v-5.6A6 6 0 0 1 6 9zM11 3l-2 3 3 2-2 3 5-3.6-3-1.6 1.5-2.8z",
}

_TEMPLATES = Path(__file__).parents[1] / "templates" / "papers"
_PAGES = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
#: How much else stands on a label → the name's largest height in pt, and how much of the label's it may take.
_SIZES = {"roomy": (52, 118), "usual": (40, 88), "dense": (28, 58)}
_SMALLEST = 14
#: Of the name's place, in pt; and a line of it, in heights of its letters.
_LINE, _LEADING = 344, 1.18
#: Letters of allergens that fit beside everything else.
_LONG = 44


@dataclass(frozen=True, slots=True)
class LabelFace:
    """One label as people see it; all texts are shown as they are.

    `code` the parcel's code, `text` that of the signed QR (`label.encode`). `quantity` with its unit ("40個"),
    `dated` with its word ("賞味期限 2027年1月31日", "" = none), `allergens` from `label_words.allergens`, None where
    it is nothing to eat. `marks` are keys of `label_words.MARKS`. `is_held`: at the carrier's office for collection,
    at `depot` if that is known. `onward`: the shelter it is for, where it goes to a hub first. Address and telephone
    are for a sender whose goods were requested.
    """

    code: str
    text: str
    item: str
    quantity: str
    k: int
    n: int
    shelter: str
    address: str
    phone: str
    town: str
    dated: str = ""
    allergens: str | None = None
    marks: tuple[str, ...] = ()
    is_held: bool = False
    depot: str = ""
    onward: str = ""
    disaster: str = ""
    drill: bool = False


def render(labels: Sequence[LabelFace], layout: Layout, *, base: str) -> bytes:
    """A PDF with these labels in their order; `base` is the public address of the small QR (setting QR_BASE).

    Raises ValueError if there is none or more than MOST_LABELS, a code is not valid, or no QR holds a text.
    """
    if not 0 < len(labels) <= MOST_LABELS:
        raise ValueError("no label to print, or more than one shipment has")
    shown = [_shown(face, base, with_qr=layout != "hand") for face in labels]
    size = PER_PAGE[layout]
    sheets = [shown[start : start + size] for start in range(0, len(shown), size)]
    return to_pdf("labels.html", sheets=sheets, layout=layout, base=base)


def to_pdf(template: str, **values: Any) -> bytes:
    """A page of `templates/papers` with its own style sheet (`papers.css`)."""
    import weasyprint  # slow to load, and only who prints needs it

    page = _PAGES.get_template(template).render(**values)
    style = weasyprint.CSS(
        string=(_TEMPLATES / "papers.css").read_text("utf-8"),
        font_config=_fonts(),
        url_fetcher=_nothing_from_outside,
    )
    pdf: bytes = weasyprint.HTML(string=page, url_fetcher=_nothing_from_outside).write_pdf(
        stylesheets=[style], font_config=_fonts()
    )
    return pdf


@cache
def _fonts() -> Any:
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()


def room_of(face: LabelFace) -> str:
    """How much else stands on a label: "roomy", "usual" or "dense"."""
    crowded = len(face.allergens or "") > _LONG or len(face.marks) > 3
    if crowded or (face.allergens and face.marks and _width(face.item) > 20):
        return "dense"
    return "usual" if face.dated or face.allergens or len(face.marks) > 1 else "roomy"


def parts_of(name: str) -> list[str]:
    """Where a line of a name may end: at a space, and before a bracket."""
    return [part for part in re.split(r" |(?=（)", name) if part]


def size_of(name: str, room: str) -> int:
    """Letters of what height (pt, even) fit for a name into its place."""
    largest, height = _SIZES[room]
    sizes = range(largest, _SMALLEST, -2)
    fitting = (size for size in sizes if _lines(parts_of(name), _LINE / size) * size * _LEADING <= height)
    return next(fitting, _SMALLEST)


def _lines(parts: Sequence[str], width: float) -> int:
    """Lines of so many full-width letters; a part that is longer than a line is cut somewhere, so it counts more."""
    lines, left = 0, 0.0
    for part in parts:
        long = _width(part)
        if long > left or not lines:
            lines += max(1, ceil(long / width)) + (long > width and long < 2 * width)
            left = -(-long // width) * width - long
        else:
            left -= long
        left -= 0.6
    return lines


def _width(text: str) -> float:
    """In letters of full width."""
    return sum(1 if ord(letter) > 0xFF else 0.6 for letter in text)


def _shown(face: LabelFace, base: str, *, with_qr: bool) -> dict[str, Any]:
    if not codes.is_valid(face.code):
        raise ValueError(f"not an ID: {face.code}")
    matrix = qr.symbol(codes.qr_text(base, face.code)) if with_qr else []
    return {
        "face": face,
        "groups": codes.show(face.code).split("-"),
        "room": room_of(face),
        "size": size_of(face.item, room_of(face)),
        "parts": parts_of(face.item),
        "marks": [(MARKS[mark], MARK_ICONS[mark]) for mark in MARKS if mark in face.marks],
        "small": {"path": qr.svg_path(matrix), "side": len(matrix)} if with_qr else None,
        "large": symbols.symbol(face.text) if with_qr else None,
        "where": list(_where(face)),
    }


def _where(face: LabelFace) -> Iterator[str]:
    """What carriers ask for, line by line."""
    onward = f"この先の届け先：{face.onward}" if face.onward else ""
    yield from filter(None, (face.depot if face.is_held else "", face.address, onward))


def _nothing_from_outside(url: str, *_args: object, **_options: object) -> NoReturn:
    raise ValueError(f"a label fetches nothing: {url}")
