"""A second reading of the log: what its raw lines say of a drill, added up without any code of ours."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def fold(entries: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """What was needed, asked for, sent and found, in units; `open` is what no goods stand against yet.

    For a drill without corrections and cancellations: a count says how many of what its label says are good.
    """
    told = [(str(each["act"]["kind"]), each["act"]) for each in entries]
    needs = {
        line["id"]: line for _, act in _of(told, "supplies.needs_registered") for line in act["body"]["needs"]
    }
    asked = {act["body"]["match"] or act["id"]: act["body"] for _, act in _of(told, "supplies.requested")}
    boxes = {
        box["code"]: (act["body"]["match"], box["quantity"])
        for _, act in _of(told, "supplies.labelled")
        for box in act["body"]["parcels"]
    }
    found, covered = Counter({"shipped": 0}), Counter({_need_of(told, match): 0 for match in asked})
    for match, body in asked.items():
        covered[_need_of(told, match)] += body["quantity"]
    for _, act in _of(told, "supplies.scan"):
        found.update(scan := _found(act, boxes))
        if act["step"] == "counted":
            covered[_need_of(told, boxes[act["code"]][0])] -= boxes[act["code"]][1] - scan["good"]
        elif act["step"] == "outside":
            covered[next(id for id, line in needs.items() if line["item"] == act["body"]["item"])] += scan[
                "outside"
            ]
    found["shipped"] += sum(act["body"]["quantity"] for _, act in _of(told, "supplies.shipped"))
    return {
        **found,
        "needs": len(needs),
        "required": sum(line["quantity"] for line in needs.values()),
        "requested": sum(body["quantity"] for body in asked.values()),
        "open": sum(max(0, line["quantity"] - covered[id]) for id, line in needs.items()),
    }


def _of(told: Sequence[tuple[str, Any]], kind: str) -> list[tuple[str, Any]]:
    return [each for each in told if each[0] == kind]


def _need_of(told: Sequence[tuple[str, Any]], match: str) -> str:
    """For which need a shipment was asked for, or held before that."""
    for kind in ("supplies.requested", "supplies.held"):
        for _, act in _of(told, kind):
            if match in (act["body"]["match"], act["id"]) and act["body"].get("need"):
                return str(act["body"]["need"])
    raise AssertionError(f"no need for {match}")


def _found(act: Mapping[str, Any], boxes: Mapping[str, tuple[str, int]]) -> Counter[str]:
    body = act["body"]
    if act["step"] == "outside":
        return Counter(outside=body["quantity"])
    if act["step"] != "counted":
        return Counter()
    listed = boxes[act["code"]][1]
    good, damaged = (listed, 0) if body.get("as_listed") else (body.get("good", 0), body.get("damaged", 0))
    return Counter(good=good, damaged=damaged, missing=max(0, listed - good - damaged))


def mails_told(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """The notices of which the log says that a server took them, in its order."""
    return [each["body"]["notice"] for each in entries if each["kind"] == "notice.sent"]
