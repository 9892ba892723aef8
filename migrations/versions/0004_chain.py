"""the chain's outbox

Laws for this file: each step works with the previous release; expand first, contract in a later release; no
import of the app; no long lock on a large table. It is tested from empty and from the one before.
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('chain_senders',
    sa.Column('chain', sa.String(length=64), nullable=False),
    sa.Column('address', sa.String(length=42), nullable=False),
    sa.Column('block', sa.BigInteger(), nullable=False, comment='newest block seen'),
    sa.Column('round_at', sa.BigInteger(), nullable=True, comment='when the follower last got through, ms'),
    sa.Column('problem', sa.String(length=64), nullable=False, comment='code of what stops it, empty if nothing does'),
    sa.Column('detail', sa.String(length=200), nullable=False),
    sa.Column('problem_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('chain', name=op.f('pk_chain_senders'))
    )
    op.create_table('chain_logs',
    sa.Column('chain', sa.String(length=64), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('appended', sa.BigInteger(), nullable=False, comment='entries before this index are in the outbox or not wanted'),
    sa.ForeignKeyConstraint(['log'], ['logs.id'], name=op.f('fk_chain_logs_log')),
    sa.PrimaryKeyConstraint('chain', 'log', name=op.f('pk_chain_logs'))
    )
    op.create_table('chain_outbox',
    sa.Column('id', sa.String(length=36), nullable=False, comment='UUIDv7: their order is the order of sending'),
    sa.Column('chain', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False, comment='anchor or append'),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('start', sa.BigInteger(), nullable=False, comment='append: the first index; anchor: 0'),
    sa.Column('size', sa.BigInteger(), nullable=False, comment='anchor: entries in the log; append: the index after the last'),
    sa.Column('root', sa.LargeBinary(length=32), nullable=False, comment='anchor: root of the log'),
    sa.Column('state', sa.Enum('queued', 'sent', 'mined', 'final', 'failed', name='state', native_enum=False, length=64), nullable=False),
    sa.Column('nonce', sa.BigInteger(), nullable=True, comment='kept when sent again'),
    sa.Column('data', sa.LargeBinary(), nullable=False, comment='the call as it was signed; empty once final'),
    sa.Column('gas', sa.BigInteger(), nullable=False),
    sa.Column('most', sa.BigInteger(), nullable=False, comment='fee last offered, wei per gas'),
    sa.Column('tip', sa.BigInteger(), nullable=False),
    sa.Column('tx_hashes', sa.JSON(), nullable=False, comment='of every fee it was sent with: any may be mined'),
    sa.Column('block', sa.BigInteger(), nullable=True),
    sa.Column('block_hash', sa.String(length=66), nullable=False),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('next_at', sa.BigInteger(), nullable=False, comment='not to be sent (again) before, ms'),
    sa.Column('queued_at', sa.BigInteger(), nullable=False),
    sa.Column('settled_at', sa.BigInteger(), nullable=True, comment='became final or failed, ms'),
    sa.Column('reason', sa.String(length=200), nullable=False, comment='why the contract said no, in its words'),
    sa.Column('seen_at', sa.BigInteger(), nullable=True, comment='failed: when a person said that the log may go on, ms'),
    sa.ForeignKeyConstraint(['log'], ['logs.id'], name=op.f('fk_chain_outbox_log')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chain_outbox'))
    )
    with op.batch_alter_table('chain_outbox', schema=None) as batch_op:
        batch_op.create_index('ix_chain_outbox_chain_state_next_at', ['chain', 'state', 'next_at'], unique=False)
        batch_op.create_index('ix_chain_outbox_log_kind_state_size', ['log', 'kind', 'state', 'size'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('chain_outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_chain_outbox_log_kind_state_size')
        batch_op.drop_index('ix_chain_outbox_chain_state_next_at')

    op.drop_table('chain_outbox')
    op.drop_table('chain_logs')
    op.drop_table('chain_senders')
