"""what was scanned in a row lies in a row

Laws for this file: each step works with the previous release; expand first, contract in a later release; no
import of the app; no long lock on a large table. It is tested from empty and from the one before.
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

FIRST = sa.text("first = idx")


def upgrade() -> None:
    op.add_column(
        'custody_scans',
        sa.Column(
            'first', sa.BigInteger(), nullable=True, comment='index of the first scan that was filed under this code'
        ),
    )
    op.execute(
        "UPDATE custody_scans SET first = (SELECT MIN(other.idx) FROM custody_scans AS other"
        " WHERE other.log = custody_scans.log AND other.code = custody_scans.code)"
    )
    op.drop_index('ix_custody_scans_log_code', 'custody_scans')
    op.drop_index('ix_custody_scans_log_id', 'custody_scans')
    op.create_index('ix_custody_scans_log_first', 'custody_scans', ['log', 'first'])
    op.create_index(
        'ix_custody_scans_log_code', 'custody_scans', ['log', 'code'], sqlite_where=FIRST, postgresql_where=FIRST
    )


def downgrade() -> None:
    op.drop_index('ix_custody_scans_log_code', 'custody_scans')
    op.drop_index('ix_custody_scans_log_first', 'custody_scans')
    op.create_index('ix_custody_scans_log_id', 'custody_scans', ['log', 'id'])
    op.create_index('ix_custody_scans_log_code', 'custody_scans', ['log', 'code'])
    with op.batch_alter_table('custody_scans', schema=None) as batch_op:
        batch_op.drop_column('first')
