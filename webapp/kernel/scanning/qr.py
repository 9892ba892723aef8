"""QR symbols (ISO/IEC 18004) of our labels: version 3 if it fits, with the most error correction.

Level L is never used: scratched stickers were read at 58 % with L, 67–71 % with M, Q and H.
"""

from io import BytesIO

import qrcode
from PIL import Image
from qrcode import constants
from qrcode.exceptions import DataOverflowError
from qrcode.util import QRData

from webapp.kernel.scanning import codes

Matrix = list[list[bool]]

QUIET = 4  # modules of white round a symbol, as the standard asks
PREFERRED_VERSION = 3  # 29 × 29 modules: read from 35 cm on a 38 × 21 mm label
LARGEST_VERSION = 6
LEVELS = (constants.ERROR_CORRECT_H, constants.ERROR_CORRECT_Q, constants.ERROR_CORRECT_M)


def symbol(text: str) -> Matrix:
    """The modules of the symbol, row by row, without quiet zone; True is dark.

    Version 3 with level H (35 characters), Q (47) or M (61); a longer text gets the next versions with M.
    Raises ValueError if the text is not alphanumeric or longer than version 6-M holds (154).
    """
    if not codes.is_alphanumeric(text):
        raise ValueError("QR alphanumeric mode has capitals, digits and $%*+-./: only")
    data = QRData(text, mode=2)  # alphanumeric: 5.5 bits a character
    choices = [(PREFERRED_VERSION, level) for level in LEVELS]
    choices += [(version, LEVELS[-1]) for version in range(PREFERRED_VERSION + 1, LARGEST_VERSION + 1)]
    for version, level in choices:
        matrix = _made(data, version, level)
        if matrix is not None:
            return matrix
    raise ValueError(f"too long for a label: {len(text)} characters")


def _made(data: QRData, version: int, level: int) -> Matrix | None:
    code = qrcode.QRCode(version=version, error_correction=level, border=0)
    code.add_data(data)
    try:
        code.make(fit=False)
    except DataOverflowError:
        return None
    return [[bool(module) for module in row] for row in code.get_matrix()]


def svg_path(matrix: Matrix) -> str:
    """The dark modules as one SVG path, one unit a module: crisp at any size, no seams."""
    return "".join(
        f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(matrix) for x, length in _dark_runs(row)
    )


def svg(text: str) -> str:
    """A whole SVG document with its quiet zone, for screens. Raises ValueError as `symbol` does."""
    matrix = symbol(text)
    size = len(matrix) + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-QUIET} {-QUIET} {size} {size}">'
        f'<rect x="{-QUIET}" y="{-QUIET}" width="{size}" height="{size}" fill="#fff"/>'
        f'<path d="{svg_path(matrix)}" fill="#000"/></svg>'
    )


def png(text: str, module_px: int = 8) -> bytes:
    """A black-and-white PNG with its quiet zone, `module_px` a module. Raises ValueError as `symbol`."""
    matrix = symbol(text)
    size = len(matrix)
    image = Image.new("1", (size, size))
    image.putdata([0 if module else 1 for row in matrix for module in row])
    framed = Image.new("1", (size + 2 * QUIET,) * 2, 1)
    framed.paste(image, (QUIET, QUIET))
    out = BytesIO()
    framed.resize((framed.width * module_px,) * 2, Image.Resampling.NEAREST).save(out, "PNG", optimize=True)
    return out.getvalue()


def _dark_runs(row: list[bool]) -> list[tuple[int, int]]:
    """Where each run of dark modules begins, and its length."""
    starts = [x for x, dark in enumerate(row) if dark and not (x and row[x - 1])]
    ends = [x + 1 for x, dark in enumerate(row) if dark and not (x + 1 < len(row) and row[x + 1])]
    return [(start, end - start) for start, end in zip(starts, ends, strict=True)]
