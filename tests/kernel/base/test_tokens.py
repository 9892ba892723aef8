"""The colours of the design system keep their promised contrast, light and dark (WCAG 2.2: 1.4.3, 1.4.11)."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[3] / "webapp" / "static" / "css" / "tokens.css").read_text()
TEXT = [
    *(
        (ink, ground)
        for ink in ("text", "text-sub", "link", "visited", "action")
        for ground in ("paper", "wash")
    ),
    *((ink, "action-wash") for ink in ("text", "text-sub", "action", "link")),
    *((kind, ground) for kind in ("ok", "error", "warn") for ground in ("paper", "wash", f"{kind}-wash")),
    *(("text", f"{kind}-wash") for kind in ("ok", "error", "warn")),
    *((f"on-{kind}", kind) for kind in ("action", "ok", "error", "warn")),
    ("on-action", "action-hover"),
]
EDGES = [
    ("border-strong", "paper"),
    ("border-strong", "wash"),
    ("bar-here", "paper"),
    ("bar-moving", "paper"),
]


def colours(scheme: str) -> dict[str, str]:
    """Every colour token of one scheme; the dark one falls back on the light one."""
    light, dark = CSS.split("@media (prefers-color-scheme: dark)")
    found = re.findall(r"--color-([a-z0-9-]+): (#[0-9a-f]{6});", light)
    if scheme == "dark":
        found += re.findall(r"--color-([a-z0-9-]+): (#[0-9a-f]{6});", dark.split("@media")[0])
    return dict(found)


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_stands_out_from_its_ground(scheme: str, ink: str, ground: str) -> None:
    colour = colours(scheme)
    assert contrast(colour[ink], colour[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_of_controls_can_be_seen(scheme: str, edge: str, ground: str) -> None:
    colour = colours(scheme)
    assert contrast(colour[edge], colour[ground]) >= 3


def test_no_text_is_smaller_than_14_pixels() -> None:
    folder = Path(__file__).resolve().parents[3] / "webapp" / "static" / "css"
    for path in folder.rglob("*.css"):
        for value in re.findall(r"font-size:\s*([\d.]+)(?:px|rem)", path.read_text()):
            assert float(value) >= 0.875, path.name
