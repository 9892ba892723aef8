"""Labels of a shipment: which boxes there are, and the entries that issue their codes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from webapp.kernel.intake.format import Act
from webapp.kernel.scanning import codes
from webapp.kernel.scanning.service import PRINTED
from webapp.supplies import entries as kinds
from webapp.supplies.labels import keys as label_keys

Extra = tuple[str, Mapping[str, Any]]
#: (quantity, best before)
Boxes = Sequence[tuple[int, int]]


def fresh_labels(
    session: Session, act: Act, match: str, boxes: Boxes, void: Sequence[str] = ()
) -> list[Extra]:
    """Entries that issue a code for each box and say what its label says; codes in `void` are good no more.

    The key that will sign the labels stands in the log ahead of them.
    """
    issued = [codes.new_id() for _ in boxes]
    parcels = [
        {"code": code, "k": k, "n": len(boxes), "quantity": quantity, "best_before": best_before}
        for k, (code, (quantity, best_before)) in enumerate(zip(issued, boxes, strict=True), start=1)
    ]
    printed = {"batch": act.id, "kind": "parcel", "first": 0, "codes": issued}
    labelled = {"match": match, "parcels": parcels, "void": list(void)}
    return [*label_keys.ensure(session, act.log), (PRINTED, printed), (kinds.LABELLED, labelled)]
