"""Large QR symbols for paper: alphanumeric mode, the smallest version that holds the text."""

from dataclasses import dataclass

import qrcode
from qrcode import constants
from qrcode.exceptions import DataOverflowError
from qrcode.util import QRData

#: On clean paper 15 % of repair is plenty; 7 % only where nothing else fits.
LEVELS = (constants.ERROR_CORRECT_M, constants.ERROR_CORRECT_L)
#: A phone at 15 cm sees a module of 0.55 mm on four pixels (1080 px across 13 cm).
MODULE_MM = 0.55
LEAST_MM = 70
QUIET = 4


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol with its quiet zone, as one SVG path; `side_mm` is how large it is printed, quiet zone included."""

    path: str
    version: int
    modules: int
    side_mm: float

    @property
    def side(self) -> int:
        """Modules across, quiet zone included."""
        return self.modules + 2 * QUIET


def symbol(text: str) -> Symbol:
    """The symbol of a text in capitals, digits and $%*+-./: and space. Raises ValueError if none holds it."""
    for level in LEVELS:
        code = qrcode.QRCode(error_correction=level, border=0)
        code.add_data(QRData(text, mode=2))
        try:
            code.make(fit=True)
        except (DataOverflowError, ValueError):
            continue
        modules = len(code.get_matrix())
        side_mm = max(float(LEAST_MM), (modules + 2 * QUIET) * MODULE_MM)
        return Symbol(_path(code.get_matrix()), code.version, modules, round(side_mm, 1))
    raise ValueError(f"no QR symbol holds {len(text)} characters")


def _path(matrix: list[list[bool]]) -> str:
    """The dark modules, one unit each, runs joined: crisp at any size, no seams."""
    parts = []
    for y, row in enumerate(matrix, QUIET):
        x = 0
        while x < len(row):
            length = next((step for step, dark in enumerate(row[x:]) if not dark), len(row) - x)
            if length:
                parts.append(f"M{x + QUIET} {y}h{length}v1h-{length}z")
            x += max(length, 1)
    return "".join(parts)
