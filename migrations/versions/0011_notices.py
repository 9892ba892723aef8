"""notices

Laws for this file: each step works with the previous release; expand first, contract in a later release; no
import of the app; no long lock on a large table. It is tested from empty and from the one before.
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notice_deliveries',
    sa.Column('notice', sa.String(length=36), nullable=False),
    sa.Column('round', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('recipient', sa.String(length=64), nullable=False),
    sa.Column('daily', sa.Boolean(), nullable=False, comment='goes with others of the same recipient'),
    sa.Column('digest', sa.String(length=36), nullable=False, comment='with which ones it went out, if it was tried'),
    sa.Column('next_at', sa.BigInteger(), nullable=True, comment='not before, ms; NULL: it is settled'),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('first_at', sa.BigInteger(), nullable=True, comment='of the attempts, ms'),
    sa.Column('claim', sa.String(length=36), nullable=False, comment='the sender that has it in hand'),
    sa.Column('claimed_at', sa.BigInteger(), nullable=False, comment='ms'),
    sa.Column('handed_at', sa.BigInteger(), nullable=True, comment='about to be handed over, outcome not known, ms'),
    sa.Column('unknowns', sa.BigInteger(), nullable=False, comment='how often the outcome was never heard'),
    sa.Column('code', sa.BigInteger(), nullable=False, comment='what the server said last, 0: nothing'),
    sa.Column('words', sa.Text(), nullable=False, comment='in its words, without the address'),
    sa.PrimaryKeyConstraint('notice', 'round', name=op.f('pk_notice_deliveries'))
    )
    with op.batch_alter_table('notice_deliveries', schema=None) as batch_op:
        batch_op.create_index('ix_notice_deliveries_claim', ['claim'], unique=False)
        batch_op.create_index('ix_notice_deliveries_next_at', ['next_at'], unique=False)

    op.create_table('notice_pushes',
    sa.Column('notice', sa.String(length=36), nullable=False),
    sa.Column('subscription', sa.String(length=64), nullable=False),
    sa.Column('made_at', sa.BigInteger(), nullable=False, comment='ms'),
    sa.Column('next_at', sa.BigInteger(), nullable=False, comment='not before, ms; set ahead by who takes it in hand'),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('notice', 'subscription', name=op.f('pk_notice_pushes'))
    )
    with op.batch_alter_table('notice_pushes', schema=None) as batch_op:
        batch_op.create_index('ix_notice_pushes_next_at', ['next_at'], unique=False)

    op.create_table('notice_preferences',
    sa.Column('person_id', sa.String(length=36), nullable=False),
    sa.Column('mode', sa.String(length=16), nullable=False, comment='each, daily or none'),
    sa.Column('changed_at', sa.BigInteger(), nullable=False, comment='ms'),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_notice_preferences')),
    info={'private': True}
    )
    op.create_table('notices',
    sa.Column('id', sa.String(length=36), nullable=False, comment='derived from what it is about'),
    sa.Column('log', sa.String(length=16), nullable=False, comment='"": of an account, in no log'),
    sa.Column('kind', sa.String(length=64), nullable=False, comment='whose renderer writes it, e.g. supplies.shipped'),
    sa.Column('about', sa.String(length=64), nullable=False, comment='the thing'),
    sa.Column('recipient', sa.String(length=64), nullable=False, comment='p-…, shelter:<organisation> or log:<code>'),
    sa.Column('caused_by', sa.BigInteger(), nullable=False, comment='index of the entry'),
    sa.Column('caused_at', sa.BigInteger(), nullable=False, comment='its recorded_at, ms'),
    sa.Column('facts', sa.JSON(), nullable=False, comment='what held at that moment: ASCII, nothing personal'),
    sa.Column('state', sa.Enum('pending', 'sent', 'merged', 'refused', 'given_up', 'cancelled', name='noticestate', native_enum=False, length=64), nullable=False),
    sa.Column('round', sa.BigInteger(), nullable=False, comment='how often a person wanted it tried again'),
    sa.Column('settled_at', sa.BigInteger(), nullable=True, comment='recorded_at of the entry that says so, ms'),
    sa.Column('code', sa.BigInteger(), nullable=False, comment="the mail server's, 0: none"),
    sa.Column('reason', sa.String(length=16), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notices'))
    )
    with op.batch_alter_table('notices', schema=None) as batch_op:
        batch_op.create_index('ix_notices_log_caused_at', ['log', 'caused_at'], unique=False)
        batch_op.create_index('ix_notices_state_caused_at', ['state', 'caused_at'], unique=False)

    op.create_table('push_subscriptions',
    sa.Column('id', sa.String(length=64), nullable=False, comment='SHA-256 of the endpoint, hex'),
    sa.Column('person_id', sa.String(length=36), nullable=False),
    sa.Column('endpoint', sa.Text(), nullable=False),
    sa.Column('p256dh', sa.String(length=100), nullable=False, comment="the app's public key, base64url"),
    sa.Column('auth', sa.String(length=32), nullable=False, comment='16 bytes, base64url'),
    sa.Column('made_at', sa.BigInteger(), nullable=False, comment='ms'),
    sa.Column('failures', sa.BigInteger(), nullable=False, comment='in a row'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_push_subscriptions')),
    info={'private': True}
    )
    with op.batch_alter_table('push_subscriptions', schema=None) as batch_op:
        batch_op.create_index('ix_push_subscriptions_person_id', ['person_id'], unique=False)


def downgrade() -> None:
    for table, indexes in (
        ('push_subscriptions', ['ix_push_subscriptions_person_id']),
        ('notice_preferences', []),
        ('notice_pushes', ['ix_notice_pushes_next_at']),
        ('notice_deliveries', ['ix_notice_deliveries_next_at', 'ix_notice_deliveries_claim']),
        ('notices', ['ix_notices_state_caused_at', 'ix_notices_log_caused_at']),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for index in indexes:
                batch_op.drop_index(index)
        op.drop_table(table)
