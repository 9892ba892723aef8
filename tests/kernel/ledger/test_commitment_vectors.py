"""What the phone seals, the server opens: the vectors of tests/js/canonical.test.js."""

import json
from pathlib import Path
from typing import Any

import pytest

from webapp.kernel.ledger.entries import canonical
from webapp.kernel.ledger.vault import Opening

VECTORS = Path(__file__).parents[2] / "vectors" / "commitments.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))["commitments"]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_canonical_text_and_commitment_are_those_of_the_phone(case: dict[str, Any]) -> None:
    assert canonical(case["data"]).decode() == case["canonical"]
    assert Opening(case["salt"], case["data"]).commit == case["commit"]
