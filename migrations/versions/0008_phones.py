"""phones with keys of their own

Laws for this file: each step works with the previous release; expand first, contract in a later release; no
import of the app; no long lock on a large table. It is tested from empty and from the one before.
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('phones',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('dev', sa.String(length=36), nullable=False),
    sa.Column('key', sa.String(length=88), nullable=False, comment='65 bytes, base64'),
    sa.Column('holder', sa.String(length=22), nullable=False, comment='pseudonym'),
    sa.Column('first', sa.BigInteger(), nullable=False, comment='number of the first scan that must be signed'),
    sa.Column('after', sa.String(length=36), nullable=False, comment='the phone that it replaces'),
    sa.Column('seam_seq', sa.BigInteger(), nullable=False, comment="where that one's chain ended; 0: nowhere"),
    sa.Column('seam_hash', sa.String(length=64), nullable=False),
    sa.Column('until', sa.BigInteger(), nullable=True, comment="ms; a substitute's phone"),
    sa.Column('issuer', sa.String(length=22), nullable=False, comment='who let it in, if that is known'),
    sa.Column('enrolled_index', sa.BigInteger(), nullable=False),
    sa.Column('enrolled_at', sa.BigInteger(), nullable=False, comment='ms'),
    sa.Column('revoked_index', sa.BigInteger(), nullable=True),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True, comment='ms'),
    sa.Column('reason', sa.String(length=16), nullable=False),
    sa.Column('lost_at', sa.BigInteger(), nullable=True, comment="ms; from then on it was out of its holder's hands"),
    sa.Column('runs', sa.JSON(), nullable=False, comment='numbers that are there, [first, last] a run'),
    sa.Column('last_at', sa.BigInteger(), nullable=True, comment='when a signed scan came last, our clock, ms'),
    sa.PrimaryKeyConstraint('log', 'dev', name=op.f('pk_phones'))
    )
    with op.batch_alter_table('phones', schema=None) as batch_op:
        batch_op.create_index('ix_phones_dev', ['dev'], unique=False)
        batch_op.create_index('ix_phones_key', ['key'], unique=False)

    op.create_table('phone_passes',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('holder', sa.String(length=22), nullable=False, comment='a pseudonym made for it'),
    sa.Column('dev', sa.String(length=36), nullable=False),
    sa.Column('job', sa.String(length=36), nullable=False),
    sa.Column('role', sa.String(length=32), nullable=False),
    sa.Column('until', sa.BigInteger(), nullable=False, comment='ms'),
    sa.Column('issuer', sa.String(length=22), nullable=False),
    sa.Column('idx', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('log', 'holder', name=op.f('pk_phone_passes'))
    )
    with op.batch_alter_table('phone_passes', schema=None) as batch_op:
        batch_op.create_index('ix_phone_passes_log_job', ['log', 'job'], unique=False)

    op.create_table('phone_scans',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('idx', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('dev', sa.String(length=36), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('actor', sa.String(length=22), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False, comment='SHA-256 of what was signed'),
    sa.Column('prev', sa.String(length=64), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False, comment='effective time, ms'),
    sa.Column('recorded_at', sa.BigInteger(), nullable=False),
    sa.Column('job', sa.String(length=36), nullable=False),
    sa.PrimaryKeyConstraint('log', 'idx', name=op.f('pk_phone_scans'))
    )
    with op.batch_alter_table('phone_scans', schema=None) as batch_op:
        batch_op.create_index('ix_phone_scans_dev_seq', ['dev', 'seq'], unique=False)

    op.create_table('phone_enrolment_codes',
    sa.Column('token_hash', sa.String(length=64), nullable=False, comment='SHA-256, hex'),
    sa.Column('person_id', sa.String(length=36), nullable=False, comment='whose phone'),
    sa.Column('issuer_id', sa.String(length=36), nullable=False, comment='who issued it'),
    sa.Column('expires_ms', sa.BigInteger(), nullable=False),
    sa.Column('used_ms', sa.BigInteger(), nullable=True),
    sa.Column('dev', sa.String(length=36), nullable=False, comment='the phone that used it'),
    sa.Column('key', sa.String(length=88), nullable=False),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_phone_enrolment_codes'))
    )
    with op.batch_alter_table('phone_enrolment_codes', schema=None) as batch_op:
        batch_op.create_index('ix_phone_enrolment_codes_person_dev', ['person_id', 'dev'], unique=False)

    op.create_table('intake_set_aside',
    sa.Column('key', sa.String(length=64), nullable=False, comment='SHA-256 of the signed string'),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('dev', sa.String(length=36), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=False, comment='of the refusal'),
    sa.Column('p', sa.Text(), nullable=False),
    sa.Column('s', sa.String(length=512), nullable=False),
    sa.Column('uploader', sa.String(length=36), nullable=False, comment='person id'),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_intake_set_aside'))
    )
    with op.batch_alter_table('intake_set_aside', schema=None) as batch_op:
        batch_op.create_index('ix_intake_set_aside_log_received_at', ['log', 'received_at'], unique=False)


def downgrade() -> None:
    for table, indexes in (
        ('intake_set_aside', ['ix_intake_set_aside_log_received_at']),
        ('phone_enrolment_codes', ['ix_phone_enrolment_codes_person_dev']),
        ('phone_scans', ['ix_phone_scans_dev_seq']),
        ('phone_passes', ['ix_phone_passes_log_job']),
        ('phones', ['ix_phones_key', 'ix_phones_dev']),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for index in indexes:
                batch_op.drop_index(index)
        op.drop_table(table)
