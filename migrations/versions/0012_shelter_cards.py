"""keys of labels, shelter cards

Laws for this file: each step works with the previous release; expand first, contract in a later release; no
import of the app; no long lock on a large table. It is tested from empty and from the one before.
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('supplies_label_keys',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('key_id', sa.String(length=16), nullable=False, comment='first 64 bits of SHA-256'),
    sa.Column('key', sa.String(length=88), nullable=False, comment='65 bytes, base64'),
    sa.Column('since', sa.BigInteger(), nullable=False, comment='ms'),
    sa.PrimaryKeyConstraint('log', 'key_id', name=op.f('pk_supplies_label_keys'))
    )
    op.create_table('supplies_cards',
    sa.Column('id', sa.String(length=36), nullable=False, comment='the act that issued it'),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('shelter', sa.String(length=36), nullable=False, comment='organisation'),
    sa.Column('number', sa.BigInteger(), nullable=False, comment="of this shelter's cards"),
    sa.Column('holder', sa.String(length=22), nullable=False, comment='pseudonym of the person that it stands for'),
    sa.Column('token_hash', sa.String(length=64), nullable=False, comment='SHA-256, hex'),
    sa.Column('issuer', sa.String(length=22), nullable=False, comment='pseudonym'),
    sa.Column('issued_at', sa.BigInteger(), nullable=False, comment='ms'),
    sa.Column('until', sa.BigInteger(), nullable=False, comment='ms; good until then'),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True, comment='ms'),
    sa.Column('reason', sa.String(length=16), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplies_cards')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_supplies_cards_token_hash'))
    )
    with op.batch_alter_table('supplies_cards', schema=None) as batch_op:
        batch_op.create_index('ix_supplies_cards_log_shelter', ['log', 'shelter'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('supplies_cards', schema=None) as batch_op:
        batch_op.drop_index('ix_supplies_cards_log_shelter')
    op.drop_table('supplies_cards')
    op.drop_table('supplies_label_keys')
