"""links by which senders verify their mail address

Laws for this file: each step works with the previous release; expand first, contract in a later release; no
import of the app; no long lock on a large table. It is tested from empty and from the one before.
"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('supplies_mail_links',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('person_id', sa.String(length=36), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False, comment='SHA-256, hex'),
    sa.Column('password_hash', sa.String(length=255), nullable=False, comment='argon2id; empty once used'),
    sa.Column('created_ms', sa.BigInteger(), nullable=False),
    sa.Column('expires_ms', sa.BigInteger(), nullable=False),
    sa.Column('used_ms', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_supplies_mail_links_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplies_mail_links')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_supplies_mail_links_token_hash'))
    )
    op.create_index('ix_supplies_mail_links_person_id', 'supplies_mail_links', ['person_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_supplies_mail_links_person_id', table_name='supplies_mail_links')
    op.drop_table('supplies_mail_links')
