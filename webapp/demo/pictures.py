"""Photos for the demo: drawn, but real JPEG files with real hashes, each of its own thing."""

import io

from PIL import Image, ImageDraw, ImageFont

from webapp.kernel.base.clock import show_full

_SIZE = (640, 480)


def photo(title: str, detail: str, at: int, shade: int) -> bytes:
    """A JPEG that says what it would show."""
    image = Image.new("RGB", _SIZE, (40 + shade % 60, 48, 60))
    draw = ImageDraw.Draw(image)
    for row in range(6):
        for column in range(8):
            tone = 70 + (row * 37 + column * 53 + shade) % 90
            box = (40 + column * 70, 40 + row * 52, 100 + column * 70, 84 + row * 52)
            draw.rectangle(box, outline=(tone, tone, tone + 10), width=3)
    draw.rectangle((0, 372, 640, 480), fill=(245, 246, 250))
    large, small = ImageFont.load_default(34), ImageFont.load_default(22)
    draw.text((24, 384), title, font=large, fill=(20, 20, 24))
    draw.text((24, 432), f"{detail}   {_ascii_time(at)}", font=small, fill=(70, 70, 76))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=78)
    return data.getvalue()


def _ascii_time(at: int) -> str:
    return show_full(at).replace("年", "-").replace("月", "-").replace("日", "")
