"""Histories of one box and what becomes of it: tests/vectors/parcel_stories.json, which the phone's fold passes too.

`python -m tests.supplies.parcel_stories` writes the file.
"""

import json
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

from webapp.supplies.rules import Box, Scan, story

FILE = Path(__file__).parents[1] / "vectors" / "parcel_stories.json"
#: 2026-11-22 00:00 in Japan.
DAY = 1_795_273_200_000
HERE, THERE = "gym", "school"
STEPS = ("arrived", "arrived", "counted", "counted", "forwarded", "void")


def fresh() -> str:
    """The file as it should be: the same every time."""
    chance = random.Random(5)  # noqa: S311 examples, no secrets
    return json.dumps([_case(chance) for _ in range(150)], ensure_ascii=False, indent=1) + "\n"


def _case(chance: random.Random) -> dict[str, Any]:
    box = {"quantity": chance.choice((1, 24, 40)), "best_before": chance.choice((0, 0, 20261122, 20270131))}
    scans = [_scan(chance, number) for number in range(chance.randint(0, 5))]
    told = [
        Scan(s["id"], s["step"], "c", s["place"], s["at"], s["body"], str(s["body"].get("target", "")))
        for s in scans
    ]
    return {"box": box, "shelter": HERE, "scans": scans, "story": asdict(story(Box("c", **box), HERE, told))}


def _scan(chance: random.Random, number: int) -> dict[str, Any]:
    step, place = chance.choice(STEPS), chance.choice((HERE, HERE, THERE))
    at = DAY + chance.randint(-3, 3) * 43_200_000 + chance.choice((-1, 0, 1))
    return {"id": f"s{number}", "step": step, "place": place, "at": at, "body": _body(chance, step)}


def _body(chance: random.Random, step: str) -> dict[str, Any]:
    if step == "arrived":
        return {"accept": chance.random() < 0.4}
    if step == "forwarded":
        return {"to": chance.choice((HERE, THERE))}
    if step == "void":
        return {"target": f"s{chance.randint(0, 4)}"}
    if chance.random() < 0.4:
        return {"as_listed": True}
    return {
        "good": chance.randint(0, 45),
        "damaged": chance.randint(0, 3),
        "expired": chance.randint(0, 3),
        "missing": 0,
    }


if __name__ == "__main__":
    FILE.write_text(fresh(), "utf-8")
