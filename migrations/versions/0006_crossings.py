"""crossings between two logs

Laws for this file: each step works with the previous release; expand first, contract in a later release; no
import of the app; no long lock on a large table. It is tested from empty and from the one before.
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ledger_crossings',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('idx', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('is_out', sa.Boolean(), nullable=False),
    sa.Column('other', sa.String(length=16), nullable=False),
    sa.Column('commit', sa.String(length=64), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('log', 'idx', name=op.f('pk_ledger_crossings'))
    )
    with op.batch_alter_table('ledger_crossings', schema=None) as batch_op:
        batch_op.create_index('ix_ledger_crossings_commit', ['commit'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('ledger_crossings', schema=None) as batch_op:
        batch_op.drop_index('ix_ledger_crossings_commit')

    op.drop_table('ledger_crossings')
