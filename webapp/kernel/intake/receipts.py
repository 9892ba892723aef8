"""Receipts: what each act is worth, where it stands, and when that was last told."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from webapp.kernel.base.rows import Lookup, update_rows
from webapp.kernel.intake.door import Verdict
from webapp.kernel.intake.models import Receipt

RECEIPTS = Lookup(
    Receipt.id, Receipt.content, Receipt.log, Receipt.index, Receipt.verdict, Receipt.findings, by=Receipt.id
)


def stored(verdict: Verdict) -> dict[str, Any]:
    """A verdict as receipts hold it."""
    if not verdict.findings:
        return {"verdict": verdict.verdict, "findings": []}
    findings = [{"code": c, "severity": s, "params": dict(p)} for c, s, p in verdict.findings]
    return {"verdict": verdict.verdict, "findings": findings}


def held(verdict: str, findings: Sequence[Mapping[str, Any]]) -> Verdict:
    """The verdict that a receipt holds."""
    return Verdict(verdict, tuple((f["code"], f["severity"], f["params"]) for f in findings))


def revise(session: Session, verdicts: Mapping[str, Verdict], rev: int) -> None:
    """Change the verdicts of earlier acts where they differ; `rev` (ms) is what phones ask from."""
    wanted = {act: stored(verdict) for act, verdict in verdicts.items()}
    now = {
        row.id: {"verdict": row.verdict, "findings": row.findings} for row in RECEIPTS.rows(session, wanted)
    }
    changed = [{"id": act, "rev": rev, **wanted[act]} for act in now if now[act] != wanted[act]]
    update_rows(session, Receipt, "id", changed)
