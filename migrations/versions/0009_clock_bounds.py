"""how far a scan's time may be off

Laws for this file: each step works with the previous release; expand first, contract in a later release; no
import of the app; no long lock on a large table. It is tested from empty and from the one before.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

CHUNK = 5_000
READ = sa.text(
    "SELECT s.idx, e.raw FROM custody_scans s JOIN ledger_entries e ON e.log = s.log AND e.idx = s.idx"
    " WHERE s.log = :log AND s.idx > :after ORDER BY s.idx LIMIT :most"
)
WRITE = sa.text("UPDATE custody_scans SET err = :err WHERE log = :log AND idx = :idx")


def upgrade() -> None:
    what = 'half the width in which `at` lies, ms; NULL: nothing tells'
    op.add_column('custody_scans', sa.Column('err', sa.BigInteger(), nullable=True, comment=what))
    for log in op.get_bind().execute(sa.text("SELECT DISTINCT log FROM custody_scans")).scalars().all():
        fill(log)


def fill(log: str) -> None:
    """What the log itself says about the clocks of older scans, as the fold reads it."""
    after = -1
    while rows := op.get_bind().execute(READ, {"log": log, "after": after, "most": CHUNK}).all():
        known = [(row.idx, half_width(json.loads(json.loads(bytes(row.raw))["p"]))) for row in rows]
        found = [{"log": log, "idx": idx, "err": err} for idx, err in known if err is not None]
        if found:
            op.get_bind().execute(WRITE, found)
        after = rows[-1].idx


def half_width(scan: dict) -> int | None:
    """The rule of this release, for scans of phones that did not say their error yet."""
    if scan.get("off") is None or scan.get("off_age") is None:
        return None
    return 5_000 + (60_000 if scan["off_age"] > scan.get("mono", 0) else 0) + scan["off_age"] * 200 // 1_000_000 + 1


def downgrade() -> None:
    op.drop_column('custody_scans', 'err')
