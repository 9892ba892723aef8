"""What a part found, and how it is written down."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.machine import Machine

HERE = Path(__file__).resolve().parent
RESULTS, OUT = HERE / "RESULTS.md", HERE / "out"
TITLE = (
    "# What was measured\n\n`make bench` adds a run on top. Compare ratios, not absolutes: machines drift.\n"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its unit. `target` says in words what was aimed at; `met` is None where nothing was."""

    name: str
    value: float
    unit: str = ""
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of one part, and what one must know to read them."""

    key: str
    title: str
    figures: Sequence[Figure]
    notes: Sequence[str] = field(default=())


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; `share` is 0.95 for p95."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    """The middle value, of an even number the lower one: a value that was seen."""
    return percentile(values, 0.5)


def write(parts: Sequence[Part], machine: Machine, results: Path = RESULTS, out: Path = OUT) -> None:
    """Put this run on top of `results`, and the same as JSON into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    stamp = machine.at.replace(":", "").replace("-", "")
    body = {"machine": asdict(machine), "parts": [asdict(part) for part in parts]}
    (out / f"{stamp}.json").write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", "utf-8")
    held = results.read_text("utf-8").removeprefix(TITLE) if results.exists() else ""
    results.write_text(TITLE + "\n" + as_markdown(parts, machine) + held, "utf-8")


def as_markdown(parts: Sequence[Part], machine: Machine) -> str:
    """One run as a section."""
    lines = [f"## {machine.at}", "", machine.words(), ""]
    for part in parts:
        lines += [f"### {part.title}", "", "| | | target |", "|---|---:|---|"]
        lines += [f"| {f.name} | {show(f)} | {_target(f)} |" for f in part.figures]
        lines += ["", *(f"- {note}" for note in part.notes), ""]
    return "\n".join(lines) + "\n"


def show(figure: Figure) -> str:
    """The number as people read it: thousands apart, three digits that say something."""
    value = figure.value
    text = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return f"{text} {figure.unit}".strip()


def _target(figure: Figure) -> str:
    if figure.met is None:
        return figure.target
    return f"{figure.target} {'✓' if figure.met else '✗'}"
