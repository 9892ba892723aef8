"""Base45 (RFC 9285): bytes in the letters of a QR code's alphanumeric mode, two bytes in three. Pure."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


def encode(raw: bytes) -> str:
    """Three letters for two bytes, two for a last single one."""
    out = []
    for at in range(0, len(raw), 2):
        pair = raw[at : at + 2]
        number, letters = int.from_bytes(pair), len(pair) + 1
        for _ in range(letters):
            number, digit = divmod(number, 45)
            out.append(ALPHABET[digit])
    return "".join(out)


def decode(text: str) -> bytes:
    """The bytes in this text. Raises ValueError for other letters, a letter too many, or a group beyond its bytes."""
    if len(text) % 3 == 1:
        raise ValueError("base45 has no single last letter")
    out = bytearray()
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        number = 0
        for letter in reversed(group):
            if letter not in _VALUES:
                raise ValueError("this letter is not in base45")
            number = number * 45 + _VALUES[letter]
        length = len(group) - 1
        if number >= 1 << 8 * length:
            raise ValueError("a base45 group is too large")
        out += number.to_bytes(length)
    return bytes(out)
