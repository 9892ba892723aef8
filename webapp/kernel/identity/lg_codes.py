"""全国地方公共団体コード: five digits and a check digit (総務省, modulo 11). It also names a town's log."""

import re


def is_lg_code(text: str) -> bool:
    """Whether these are six ASCII digits of which the last fits the others."""
    if re.fullmatch(r"[0-9]{6}", text) is None:
        return False
    weighed = sum(int(digit) * weight for digit, weight in zip(text, (6, 5, 4, 3, 2), strict=False))
    return int(text[5]) == (11 - weighed % 11) % 10
