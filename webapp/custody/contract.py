"""The room's tables as the phone reads them: `static/pwa/contract/custody.json`. A stale file is a failing
test.
"""

from typing import Any

from webapp.custody import steps
from webapp.custody.messages import DISCREPANCIES, REFUSALS
from webapp.custody.rules import required
from webapp.custody.steps import Step
from webapp.kernel.identity.roles import PERMISSIONS, Action


def tables() -> dict[str, Any]:
    """Everything that phone and server must agree on. Pure: the same source, the same bytes."""
    return {
        "policy": steps.POLICY,
        "steps": {step: {"title": steps.TITLES[step], "of": _of(step)} for step in Step},
        "order": list(steps.DEVICE_STEPS),
        "cage_order": list(steps.CAGE_ORDER),
        "answers": list(steps.ANSWERS),
        "next": {str(at or ""): sorted(after) for at, after in steps.NEXT.items()},
        "next_cage": {str(at or ""): sorted(after) for at, after in steps.NEXT_CAGE.items()},
        "required": {cls: list(needed) for cls, needed in steps.REQUIRED.items()},
        "spared": [s for s in required("3") if s not in required("3", frozenset({Step.DESTROYED_ON_SITE}))],
        "witnessed": sorted(steps.WITNESSED),
        "witnessed_classes": sorted(steps.WITNESSED_CLASSES),
        "photographed": sorted(steps.PHOTOGRAPHED),
        "statuses": {status: steps.TITLES[status] for status in steps.Status},
        "classes": steps.CLASS_TITLES,
        "kinds": steps.KIND_TITLES,
        "void_reasons": steps.VOID_REASONS,
        "decline_reasons": steps.DECLINE_REASONS,
        "roles": {step: sorted(PERMISSIONS[Action(f"scan.{step}")]) for step in Step},
        "discrepancies": {
            code: {"title": title, "text": text, "severity": steps.SEVERITY[code]}
            for code, (title, text) in DISCREPANCIES.items()
        },
        "sentences": REFUSALS,
    }


def _of(step: Step) -> str:
    if step == Step.VOID:
        return "correction"
    return "cage" if step in steps.CAGE_STEPS else "device"
