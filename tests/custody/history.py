"""Makers for histories of one thing: say only what a test is about."""

from collections.abc import Iterable
from typing import Any

from webapp.custody.entries import Event
from webapp.custody.rules import Found
from webapp.custody.steps import Step

CODE, CAGE, OTHER_CAGE = "D1", "C1", "C2"
#: Who usually takes a step, by role; and what the record needs to be complete.
ROLE = {
    "registered": "officer", "sanitized": "itad_technician", "sanitize_failed": "itad_technician",
    "destroyed_on_site": "itad_technician", "loaded": "officer", "counted": "itad_receiver",
    "drive_extracted": "itad_operator", "destroyed": "itad_operator", "locked": "officer", "handed_over": "officer",
    "arrived": "itad_receiver", "opened": "itad_receiver", "count_closed": "itad_receiver", "void": "officer",
    "accepted": "driver", "declined": "driver",
}  # fmt: skip


def a_scan(step: str, at: int, code: str = CODE, **fields: Any) -> Event:
    """One complete scan of a device or cage: the right role, a witness, a photo. Its id follows from step and time."""
    actor = fields.pop("actor", f"p-{ROLE[step]}")
    known = {"parent": CAGE if step in ("loaded", "counted") else "", "roles": (ROLE[step],), "photos": 1}
    known |= {"witnesses": ("p-witness",), "device": "pc-1" if step == "registered" else ""}
    twin = fields.pop("number", 0)  # tells two of one step and time apart
    return Event(
        f"{step}-{code}-{at}{f'-{twin}' if twin else ''}",
        Step(step),
        code=code,
        at=at,
        actor=actor,
        **{**known, **fields},
    )


def scans(*steps: str, code: str = CODE, start: int = 1) -> list[Event]:
    """These steps, a second apart."""
    return [a_scan(step, start + place, code) for place, step in enumerate(steps)]


def codes_of(found: Iterable[Found]) -> list[str]:
    """What was found, by name."""
    return sorted(str(finding.code) for finding in found)
