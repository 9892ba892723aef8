"""forgetting: what was erased, and pseudonyms that lead nowhere

Laws for this file: each step works with the previous release; expand first, contract in a later release; no
import of the app; no long lock on a large table. It is tested from empty and from the one before.
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ledger_redactions',
    sa.Column('id', sa.String(length=36), nullable=False, comment='the command'),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('what', sa.String(length=16), nullable=False, comment='device, act, person'),
    sa.Column('subject', sa.String(length=64), nullable=False),
    sa.Column('basis', sa.String(length=16), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False, comment='commitments that cannot be opened any more'),
    sa.Column('actor', sa.String(length=22), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_redactions'))
    )
    with op.batch_alter_table('ledger_redactions', schema=None) as batch_op:
        batch_op.create_index('ix_ledger_redactions_log_at', ['log', 'at'], unique=False)
    # a few rows a person: taken out and put back, since SQLite cannot change a primary key
    rows = _rows()
    op.drop_table('pseudonyms')
    table = op.create_table('pseudonyms',
    sa.Column('pseudonym', sa.String(length=22), nullable=False, comment='p- and 20 hex digits'),
    sa.Column('log', sa.String(length=6), nullable=False),
    sa.Column('person_id', sa.String(length=36), nullable=True),
    sa.Column('organisation_id', sa.String(length=36), nullable=True, comment='where the person worked, once the link is cut'),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_pseudonyms_person_id')),
    sa.PrimaryKeyConstraint('pseudonym', name=op.f('pk_pseudonyms')),
    sa.UniqueConstraint('log', 'person_id', name=op.f('uq_pseudonyms_log_person_id'))
    )
    with op.batch_alter_table('pseudonyms', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pseudonyms_person_id'), ['person_id'], unique=False)
    if rows:
        op.bulk_insert(table, rows)


def downgrade() -> None:
    rows = [row for row in _rows() if row['person_id']]
    op.drop_table('pseudonyms')
    table = op.create_table('pseudonyms',
    sa.Column('log', sa.String(length=6), nullable=False),
    sa.Column('person_id', sa.String(length=36), nullable=False),
    sa.Column('pseudonym', sa.String(length=22), nullable=False, comment='p- and 20 hex digits'),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_pseudonyms_person_id')),
    sa.PrimaryKeyConstraint('log', 'person_id', name=op.f('pk_pseudonyms')),
    sa.UniqueConstraint('pseudonym', name=op.f('uq_pseudonyms_pseudonym'))
    )
    with op.batch_alter_table('pseudonyms', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pseudonyms_person_id'), ['person_id'], unique=False)
    if rows:
        op.bulk_insert(table, rows)
    with op.batch_alter_table('ledger_redactions', schema=None) as batch_op:
        batch_op.drop_index('ix_ledger_redactions_log_at')

    op.drop_table('ledger_redactions')


def _rows() -> list[dict[str, str]]:
    query = sa.text("SELECT log, person_id, pseudonym FROM pseudonyms")
    return [dict(row) for row in op.get_bind().execute(query).mappings()]
