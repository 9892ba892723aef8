"""Kinds of entries as numbers, for the chain. A number is never given to another kind. Pure."""

NUMBERS = {
    "custody.scan": 1,
    "custody.consignment_opened": 2,
    "custody.assets_listed": 3,
    "custody.cage_added": 4,
    "codes.issued": 5,
    "codes.voided": 6,
    "reconciliation.closed": 7,
    "ledger.node_admitted": 8,
    "ledger.node_retired": 9,
}
OTHER = 0


def number(kind: str) -> int:
    """The number of a kind, 0 for one that has none."""
    return NUMBERS.get(kind, OTHER)
