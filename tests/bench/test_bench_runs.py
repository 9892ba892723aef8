"""Benches that nobody runs rot: each part runs here with small numbers. No times are judged."""

from pathlib import Path

import pytest

from bench import machine, report
from bench.__main__ import PARTS
from bench.progress import Progress

QUIET = Progress(silent=True)
#: What these start, tests/soak and tests/chain start too, and look at it harder.
ELSEWHERE = {"published", "chain"}


@pytest.mark.parametrize("part", sorted(PARTS.keys() - ELSEWHERE))
def test_every_part_runs_and_says_what_it_saw(part: str, tmp_path: Path) -> None:
    found = PARTS[part](tmp_path, QUIET, quick=True)
    assert all(figure.value >= 0 for one in found for figure in one.figures)
    assert all(one.figures and one.notes for one in found)


def test_a_run_stands_above_the_ones_before_it_and_names_no_path(tmp_path: Path) -> None:
    # given two runs
    results, here = tmp_path / "RESULTS.md", machine.facts(tmp_path)
    for value in (1.0, 2.0):
        part = report.Part(
            "x", "A part", [report.Figure("rate", value, "/s", "≥ 2", met=value >= 2)], ["a note"]
        )
        report.write([part], here, results, tmp_path / "out")
    # when they are read
    text = results.read_text("utf-8")
    # then the newer one comes first, with its target
    assert text.startswith(report.TITLE)
    assert text.index("| rate | 2 /s | ≥ 2 ✓ |") < text.index("| rate | 1 /s | ≥ 2 ✗ |")
    assert str(tmp_path) not in text
    assert list((tmp_path / "out").glob("*.json"))


@pytest.mark.parametrize(
    ("value", "shown"), [(12_345.6, "12,346 ms"), (0.1234, "0.123 ms"), (16.0, "16 ms"), (4.512, "4.51 ms")]
)
def test_a_figure_is_shown_with_the_digits_that_say_something(value: float, shown: str) -> None:
    assert report.show(report.Figure("x", value, "ms")) == shown


def test_a_percentile_is_a_value_that_was_seen() -> None:
    assert report.percentile([5, 1, 4, 2, 3], 0.95) == 5
    assert report.median([4, 1, 3, 2]) == 2
