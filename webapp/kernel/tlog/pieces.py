"""Bytes of our formats on paper, one piece after the other: what proofs, labels and cards have in common. Pure."""

from collections.abc import Callable


def varint(number: int) -> bytes:
    """LEB128, unsigned, in its shortest form. Raises ValueError below 0."""
    if number < 0:
        raise ValueError(f"a figure below 0: {number}")
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


class Pieces:
    """A payload, taken apart from its beginning. What is wrong with it is raised as the format's own `fault`."""

    def __init__(self, raw: bytes, fault: Callable[[str], ValueError], bits: int) -> None:
        """`bits`: figures are below 2^bits."""
        self._raw, self._at, self._fault, self._bits = raw, 0, fault, bits

    def take(self, count: int) -> bytes:
        """The next bytes."""
        part = self._raw[self._at : self._at + count]
        if len(part) != count:
            raise self._fault("it ends too early")
        self._at += count
        return part

    def rest(self) -> bytes:
        """All that has not been taken; it stays."""
        return self._raw[self._at :]

    def varint(self) -> int:
        """A figure, written in the one way in which `varint` writes it."""
        found, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift >= self._bits:
                raise self._fault("a figure is too large")
        if found >> self._bits or (byte == 0 and shift):
            raise self._fault("a figure that nobody writes so")
        return found
