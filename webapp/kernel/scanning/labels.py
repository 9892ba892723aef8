"""Sheets of stickers: A4 PDFs for the two label papers that Japanese offices have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webapp.kernel.scanning import codes, qr
from webapp.kernel.scanning.label_kinds import PLAIN, WORDS_AND_ICONS

Layout = Literal["65", "24"]
PER_SHEET: dict[Layout, int] = {"65": 65, "24": 24}  # 38.1 × 21.2 mm in 5 × 13; 66 × 33.9 mm in 3 × 8
MAX_LABELS = 650  # ten sheets, about 12 s of one core; more is asked for in parts

_TEMPLATES = Path(__file__).parent / "templates"
_PAGES = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class Label:
    """One sticker. `kind` is a key of `label_kinds`; `caption` says whose it is, `sub` may name the thing."""

    id: str
    kind: str
    caption: str
    sub: str = ""


def render_sheet(labels: Sequence[Label], layout: Layout, skip: int = 0, *, base: str) -> bytes:
    """An A4 PDF with these labels, `skip` places of the first sheet left empty. Fonts are embedded.

    `base` is the public address that the QR codes lead to (setting QR_BASE). Raises ValueError if an ID
    is not valid, the base does not fit a label, there is no label or more than MAX_LABELS, or `skip` fills
    a sheet.
    """
    import weasyprint  # slow to load, and only who prints needs it

    if not 0 < len(labels) <= MAX_LABELS or not 0 <= skip < PER_SHEET[layout]:
        raise ValueError("nothing to print, too much of it, or no place left on the sheet")
    stickers: list[dict[str, Any] | None] = [None] * skip
    stickers += [_sticker(label, base) for label in labels]
    page = _PAGES.get_template("labels.html").render(
        title="ラベル", layout=layout, sheets=_sheets(stickers, PER_SHEET[layout])
    )
    style = weasyprint.CSS(string=(_TEMPLATES / "labels.css").read_text(), url_fetcher=_nothing_from_outside)
    pdf: bytes = weasyprint.HTML(string=page, url_fetcher=_nothing_from_outside).write_pdf(
        stylesheets=[style]
    )
    return pdf


def _sheets(stickers: list[dict[str, Any] | None], size: int) -> Iterator[list[dict[str, Any] | None]]:
    return (stickers[start : start + size] for start in range(0, len(stickers), size))


def _sticker(label: Label, base: str) -> dict[str, Any]:
    if not codes.is_valid(label.id):
        raise ValueError(f"not an ID: {label.id}")
    matrix = qr.symbol(codes.qr_text(base, label.id))
    word, icon = WORDS_AND_ICONS.get(label.kind, PLAIN)
    shown = codes.show(label.id)
    return {
        "path": qr.svg_path(matrix),
        "modules": len(matrix),
        "word": word,
        "icon": icon,
        "caption": label.caption,
        "sub": label.sub,
        "id_lines": (shown[:9], shown[10:]),
    }


def _nothing_from_outside(url: str, *_args: object, **_options: object) -> NoReturn:
    raise ValueError(f"a label sheet fetches nothing: {url}")
