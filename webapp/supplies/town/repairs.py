"""Numbers and addresses as lists have them, after a spreadsheet has eaten their zeros. Pure."""

import re
import unicodedata

from webapp.kernel.identity.lg_codes import is_lg_code

#: Telephone numbers in Japan: ten digits, eleven for mobiles, 050 and some toll-free ones, always with a leading 0.
_PHONE = re.compile(r"0[1-9][0-9]{8}|0(?:[5-9]0|800)[0-9]{7,8}")
#: Deliberately narrow: no quotes, no comments, nothing that could end a header.
_MAIL = re.compile(
    r"[0-9A-Za-z.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?\.)+[A-Za-z]{2,63}"
)


def full_code(text: str) -> str:
    """A municipality's code with all of its six digits, or "".

    A lost leading zero is put back where the check digit proves it, a missing check digit is worked out:
    "92011" → "092011", "13101" → "131016", "1100" → "011002".
    """
    digits = unicodedata.normalize("NFKC", text).strip().removesuffix(".0")
    if not re.fullmatch(r"[0-9]{4,6}", digits):
        return ""
    if is_lg_code(digits.zfill(6)) and len(digits) >= 5:
        return digits.zfill(6)
    five = digits.zfill(5)
    return (
        next((five + check for check in "0123456789" if is_lg_code(five + check)), "")
        if len(five) == 5
        else ""
    )


def full_phone(text: str) -> str:
    """A telephone number with the zero that a spreadsheet took, hyphens as written, or "" if it is none.

    "233432111" → "0233432111", "０２３３（４３）２１１１" → "0233-43-2111".
    """
    said = unicodedata.normalize("NFKC", text).strip().removesuffix(".0")
    said = re.sub(r"[‐‑‒–—―−ーｰ]", "-", re.sub(r"[()]", "-", said)).replace(" ", "")
    said = re.sub(r"-{2,}", "-", said.removeprefix("+81").strip("-"))
    if not re.fullmatch(r"[0-9-]{9,16}", said):
        return ""
    whole = said if said.startswith("0") else f"0{said}"
    return whole if _PHONE.fullmatch(whole.replace("-", "")) else ""


def is_mail(text: str) -> bool:
    """Whether this can be a mail address: one line, one @, a domain."""
    return len(text) <= 254 and _MAIL.fullmatch(text) is not None


# Places

#: Corners of Japan with its islands, degrees: 沖ノ鳥島, 択捉島, 与那国島, 南鳥島.
_SOUTH, _NORTH, _WEST, _EAST = 20.0, 46.0, 122.0, 154.5


def in_japan(lat: float, lon: float) -> bool:
    """Whether a place is in Japan, its outermost islands included. Degrees."""
    return _SOUTH <= lat <= _NORTH and _WEST <= lon <= _EAST


def degrees(text: str) -> float | None:
    """Decimal degrees, or None."""
    return float(text) if re.fullmatch(r"[+-]?[0-9]{1,3}(\.[0-9]{1,15})?", text) else None


def place_of(text: str) -> tuple[int | None, int | None, str]:
    """「38.7612, 140.5123」 as maps show it → latitude, longitude in millionths of a degree, and "".

    Nothing typed is no place. The last is why it is none: form_position, form_position_swapped, form_position_outside.
    """
    parts = [part for part in re.split(r"[\s,、]+", unicodedata.normalize("NFKC", text).strip("() ")) if part]
    if not parts:
        return None, None, ""
    if len(parts) != 2 or (lat := degrees(parts[0])) is None or (lon := degrees(parts[1])) is None:
        return None, None, "form_position"
    if in_japan(lat, lon):
        return round(lat * 1e6), round(lon * 1e6), ""
    return None, None, "form_position_swapped" if in_japan(lon, lat) else "form_position_outside"
