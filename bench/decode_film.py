"""A film for a fake camera: labels enter one by one, and a white corner says when."""

import io
import math
import random
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from webapp.kernel.scanning import codes, qr

SIZE = 1280, 720
FPS = 20
SHOWN, AWAY = 1.0, 1.5  # s; away for longer than the 1.2 s after which a label counts again
CORNER = 16  # px
LABEL = 220  # px


def write(path: Path, count: int, base: str, seed: int = 5) -> list[str]:
    """`count` labels, each in view for a second in a hand that trembles. y4m 4:2:0, as Chromium takes it; the IDs."""
    rng = random.Random(seed)  # noqa: S311 a film has no secrets
    grain = np.random.default_rng(seed)
    ids = [codes.new_id(rng) for _ in range(count)]
    colours = np.full(SIZE[0] * SIZE[1] // 2, 128, np.uint8).tobytes()
    noise = [grain.normal(0, 3, SIZE[::-1]) for _ in range(4)]
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(round(count * (SHOWN + AWAY) * FPS)):
            turn, within = divmod(number / FPS, SHOWN + AWAY)
            desk = np.full(SIZE[::-1], 120, np.float64)
            if within >= AWAY:
                _stick(desk, _label(codes.qr_text(base, ids[int(turn)])), number)
            picture = np.clip(desk + noise[number % len(noise)], 0, 255).astype(np.uint8)
            picture[:CORNER, :CORNER] = 255 if within >= AWAY else 0
            film.write(b"FRAME\n" + picture.tobytes() + colours)
    return ids


def _label(text: str) -> NDArray[np.uint8]:
    picture = np.asarray(Image.open(io.BytesIO(qr.png(text))).convert("L"), np.uint8)
    return np.asarray(cv2.resize(picture, (LABEL, LABEL), interpolation=cv2.INTER_AREA), np.uint8)


def _stick(desk: NDArray[np.float64], label: NDArray[np.uint8], number: int) -> None:
    """Where a hand holds it in this frame."""
    time = number / FPS
    x = SIZE[0] // 2 + round(6 * math.sin(7.1 * time) + 3 * math.sin(23 * time)) - LABEL // 2
    y = SIZE[1] // 2 + round(5 * math.sin(5.3 * time)) - LABEL // 2
    desk[y : y + LABEL, x : x + LABEL] = cv2.GaussianBlur(label, (0, 0), 0.6)
