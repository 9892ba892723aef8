"""Pictures from outside. Every one is hostile until Pillow, told which formats to expect, has read it."""

import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageFile

MAX_PIXELS = 40_000_000  # a phone's largest usual photo; decoded grey 40 MB, in colour 120 MB
MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


class NotAnImage(ValueError):
    """No JPEG, PNG or WebP, or a broken one, whatever its name or media type says."""


class ImageTooLarge(ValueError):
    """More than MAX_PIXELS; found from the header, before anything was decoded."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What the header says. Sizes in pixels, before any EXIF rotation."""

    format: str
    width: int
    height: int

    @property
    def media_type(self) -> str:
        """As in a Content-Type header."""
        return MEDIA_TYPES[self.format]


def examine(data: bytes) -> Picture:
    """Read the header only: format from its magic bytes, and size. Raises NotAnImage, ImageTooLarge."""
    with _open(data) as image:
        # Pillow calls a JPEG with further pictures behind it MPO
        format = "JPEG" if image.format == "MPO" else str(image.format)
        return Picture(format, image.width, image.height)


def decode(data: bytes) -> Image.Image:
    """The whole picture (of an animation, the first frame). Raises NotAnImage if it is cut, ImageTooLarge."""
    image = _open(data)
    try:
        image.load()
    except Exception as fault:
        raise NotAnImage(str(fault)) from fault
    return image


def _open(data: bytes) -> Image.Image:
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # importing WeasyPrint switches it on for the whole process
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
            image = Image.open(BytesIO(data), formats=list(MEDIA_TYPES))
    except Image.DecompressionBombError as bomb:
        raise ImageTooLarge(str(bomb)) from bomb
    except Exception as fault:  # broken headers make Pillow raise nearly anything
        raise NotAnImage(str(fault)) from fault
    if image.width * image.height > MAX_PIXELS:
        raise ImageTooLarge(f"{image.width} × {image.height}")
    return image
