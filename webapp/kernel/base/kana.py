"""Japanese as it is compared when something is looked for: the same word however it is written. Pure."""

import unicodedata

#: What is written or left out as one likes: ー and the hyphens taken for it fall away; brackets and dots part words.
_BETWEEN = {ord(sign): None for sign in "ー-‐‑‒–—―−"} | {ord(sign): " " for sign in "・()[]「」、。,/+"}


def sought(text: str) -> str:
    """Text without width, case, length marks and signs between words; katakana as hiragana: ｵﾑﾂ = オムツ = おむつ."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    bare = plain.translate(_BETWEEN)
    return "".join(chr(ord(sign) - 0x60) if "ァ" <= sign <= "ヶ" else sign for sign in bare)
