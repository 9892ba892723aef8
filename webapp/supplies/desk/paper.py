"""The form for an outage on A4: what a shelter needs, with boxes to tick, and a table for what comes.

It is typed in afterwards. WeasyPrint, fonts embedded, nothing fetched. Black only: it is copied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import qrcode
from flask import current_app, render_template
from qrcode import constants

from webapp.kernel.scanning import qr
from webapp.supplies.desk.arrivals import Shipment
from webapp.supplies.desk.home import Desk, NeedLine

#: Lines of the table of needs, the last ones for what nobody has thought of yet; lines for boxes.
LINES, BLANK, ROWS = 27, 5, 18
MOST_NEEDS, MOST_DUE = LINES - BLANK, 8

_STYLE = Path(__file__).parents[1] / "templates" / "supplies" / "desk_paper.css"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on the form."""

    desk: Desk
    needs: Sequence[NeedLine]
    due: Sequence[Shipment]
    left_out: int

    @property
    def blanks(self) -> int:
        """Lines for what is not on the list."""
        return LINES - len(self.needs)


def sheet(desk: Desk, needs: Sequence[NeedLine], due: Sequence[Shipment]) -> Sheet:
    """The form of a shelter: needs that are not met, as many as one page holds."""
    wanted = [line for line in needs if line.bar.arrived < line.bar.required]
    return Sheet(desk, wanted[:MOST_NEEDS], due[:MOST_DUE], max(0, len(wanted) - MOST_NEEDS))


def render(form: Sheet, path: str) -> bytes:
    """The PDF; `path` of the shelter's page, where it is typed in afterwards."""
    import weasyprint  # slow to load, and only who prints needs it
    from weasyprint.text.fonts import FontConfiguration

    address = f"{current_app.config['PUBLIC_BASE']}{path.partition('?')[0]}"
    matrix = _symbol(address)
    page = render_template(
        "supplies/desk_paper.html", form=form, address=address, rows=ROWS,
        door={"path": qr.svg_path(matrix), "side": len(matrix)},
    )  # fmt: skip
    style = weasyprint.CSS(
        string=_STYLE.read_text(encoding="utf-8"),
        font_config=FontConfiguration(),
        url_fetcher=_nothing_from_outside,
    )
    pdf: bytes = weasyprint.HTML(string=page, url_fetcher=_nothing_from_outside).write_pdf(
        stylesheets=[style]
    )
    return pdf


def _symbol(address: str) -> qr.Matrix:
    """An ordinary address as it is: its letters are not all capitals."""
    code = qrcode.QRCode(error_correction=constants.ERROR_CORRECT_M, border=0)
    code.add_data(address)
    code.make(fit=True)
    return [[bool(module) for module in row] for row in code.get_matrix()]


def _nothing_from_outside(url: str, *_args: object, **_options: object) -> NoReturn:
    raise ValueError(f"a form fetches nothing: {url}")
