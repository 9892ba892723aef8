"""Photos as files named by their SHA-256: `ab/cd/abcd…`. What is under that name is whole, or not there.

Bytes are written beside their place, synced, and renamed into it, so that neither a crash nor a second upload
of the same photo ever shows half a file. Smaller versions are made when first asked for and may be deleted.
"""

import hashlib
import os
import tempfile
from io import BytesIO
from pathlib import Path
from typing import IO

from PIL import Image, ImageOps

from webapp.kernel.base import images
from webapp.kernel.base.images import Picture
from webapp.kernel.base.outcomes import TooLarge, Unprocessable
from webapp.kernel.evidence import containers

MAX_BYTES = 8 * 1024 * 1024
LONG_SIDE = {"thumb": 320, "view": 1280}  # px
QUALITY = {"thumb": 70, "view": 82}  # JPEG

_CHUNK = 64 * 1024


def read_checked(stream: IO[bytes], sha256: str) -> bytes:
    """All bytes of the stream, if they are what was announced. Stops reading one chunk after the limit.

    Raises TooLarge evidence.file_too_large, Unprocessable evidence.hash_mismatch.
    """
    digest, data = hashlib.sha256(), bytearray()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        data += chunk
        if len(data) > MAX_BYTES:
            raise TooLarge("evidence.file_too_large", limit="8 MB")
    if digest.hexdigest() != sha256:
        raise Unprocessable("evidence.hash_mismatch")
    return bytes(data)


def examine(data: bytes) -> Picture:
    """What picture this is, after decoding all of it. Raises Unprocessable, its code says why not."""
    try:
        picture = images.examine(data)
        if containers.is_cut(data, picture.format):
            raise Unprocessable("evidence.broken_image")
        if containers.is_more_than_a_picture(data, picture.format):
            raise Unprocessable("evidence.more_than_image")
        _decode(data).close()
    except images.NotAnImage as fault:
        raise Unprocessable("evidence.not_an_image") from fault
    except images.ImageTooLarge as fault:
        raise Unprocessable("evidence.image_too_large") from fault
    return picture


def _decode(data: bytes) -> Image.Image:
    try:
        return images.decode(data)
    except images.NotAnImage as fault:  # its header was right
        raise Unprocessable("evidence.broken_image") from fault


def place(root: Path, sha256: str) -> Path:
    """Where this photo is, or will be."""
    return root / sha256[:2] / sha256[2:4] / sha256


def keep(root: Path, sha256: str, data: bytes) -> None:
    """Put the bytes in their place, on disk when this returns. Keeping the same again changes nothing."""
    target = place(root, sha256)
    if not target.exists():
        _write(target, data)


def derivative(root: Path, sha256: str, size: str) -> Path:
    """The JPEG of this size ("thumb" or "view"), upright, no metadata; made when first asked for.

    Raises FileNotFoundError if the photo is not here.
    """
    target = root / "derived" / sha256[:2] / f"{sha256}-{size}.jpg"
    if not target.exists():
        _write(target, _shrunk(place(root, sha256).read_bytes(), size))
    return target


def _shrunk(data: bytes, size: str) -> bytes:
    image = images.decode(data)
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((LONG_SIDE[size],) * 2)
    out = BytesIO()
    _on_white(upright).save(out, "JPEG", quality=QUALITY[size], optimize=True)
    return out.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part", delete=False) as part:
        try:
            part.write(data)
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).replace(target)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """A rename is on disk when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
