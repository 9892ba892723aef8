"""the log is published

Laws for this file: each step works with the previous release; expand first, contract in a later release; no
import of the app; no long lock on a large table. It is tested from empty and from the one before.
"""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ledger_checkpoints',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('size', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('note', sa.LargeBinary(), nullable=False, comment='C2SP signed note, the bytes that are served'),
    sa.Column('signed_at', sa.BigInteger(), nullable=False, comment='ms'),
    sa.Column('cosigned_at', sa.BigInteger(), nullable=True, comment='ms; when the quorum was met'),
    sa.ForeignKeyConstraint(['log'], ['logs.id'], name=op.f('fk_ledger_checkpoints_log')),
    sa.PrimaryKeyConstraint('log', 'size', name=op.f('pk_ledger_checkpoints'))
    )
    with op.batch_alter_table('ledger_checkpoints', schema=None) as batch_op:
        batch_op.create_index('ix_ledger_checkpoints_cosigned', ['log', 'cosigned_at'], unique=False)

    op.create_table('ledger_node_requests',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('vkey', sa.String(length=255), nullable=False),
    sa.Column('mirror_vkey', sa.String(length=255), nullable=False),
    sa.Column('url', sa.String(length=255), nullable=False),
    sa.Column('organisation', sa.String(length=100), nullable=False),
    sa.Column('asked_at', sa.BigInteger(), nullable=False, comment='ms'),
    sa.ForeignKeyConstraint(['log'], ['logs.id'], name=op.f('fk_ledger_node_requests_log')),
    sa.PrimaryKeyConstraint('log', 'vkey', name=op.f('pk_ledger_node_requests'))
    )
    op.create_table('ledger_node_states',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False, comment='the largest size that it cosigned'),
    sa.Column('answered_at', sa.BigInteger(), nullable=True, comment='ms; its last good answer'),
    sa.Column('failed_at', sa.BigInteger(), nullable=True, comment='ms; its last failure'),
    sa.Column('failure', sa.String(length=200), nullable=False),
    sa.Column('disagreed_at', sa.BigInteger(), nullable=True, comment='ms; it holds another history'),
    sa.Column('evidence', sa.LargeBinary(), nullable=True, comment='the two notes that contradict each other'),
    sa.ForeignKeyConstraint(['log'], ['logs.id'], name=op.f('fk_ledger_node_states_log')),
    sa.PrimaryKeyConstraint('log', 'name', name=op.f('pk_ledger_node_states'))
    )
    op.create_table('ledger_nodes',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False, comment='key name of the witness'),
    sa.Column('url', sa.String(length=255), nullable=False),
    sa.Column('vkey', sa.String(length=255), nullable=False, comment='cosigns (type 0x04)'),
    sa.Column('mirror_vkey', sa.String(length=255), nullable=False, comment='may read entries and tiles'),
    sa.Column('organisation', sa.String(length=100), nullable=False),
    sa.Column('admitted_at', sa.BigInteger(), nullable=False, comment='index of the entry that admitted it'),
    sa.Column('retired_at', sa.BigInteger(), nullable=True, comment='index of the entry that retired it'),
    sa.ForeignKeyConstraint(['log'], ['logs.id'], name=op.f('fk_ledger_nodes_log')),
    sa.PrimaryKeyConstraint('log', 'name', name=op.f('pk_ledger_nodes'))
    )
    op.create_table('ledger_tiles',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('level', sa.BigInteger(), autoincrement=False, nullable=False, comment='from 1'),
    sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False, comment='32 bytes a hash, at most 256'),
    sa.ForeignKeyConstraint(['log'], ['logs.id'], name=op.f('fk_ledger_tiles_log')),
    sa.PrimaryKeyConstraint('log', 'level', 'number', name=op.f('pk_ledger_tiles'))
    )
    fill_tiles(op.get_bind())


def downgrade() -> None:
    op.drop_table('ledger_tiles')
    op.drop_table('ledger_nodes')
    op.drop_table('ledger_node_states')
    op.drop_table('ledger_node_requests')
    with op.batch_alter_table('ledger_checkpoints', schema=None) as batch_op:
        batch_op.drop_index('ix_ledger_checkpoints_cosigned')

    op.drop_table('ledger_checkpoints')


def fill_tiles(connection: sa.Connection) -> None:
    """Hashes over every full 256 entries (C2SP tlog-tiles) for logs that were written before tiles were."""
    for (log,) in connection.execute(sa.text("SELECT log FROM ledger_heads")).all():
        rows = connection.execute(
            sa.text("SELECT leaf FROM ledger_entries WHERE log = :log ORDER BY idx"), {"log": log}
        ).scalars()
        level, hashes = 0, [bytes(leaf) for leaf in rows]
        while len(hashes) >= 256:
            level += 1
            hashes = [root(hashes[i : i + 256]) for i in range(0, len(hashes) - 255, 256)]
            for start in range(0, len(hashes), 256):
                connection.execute(
                    sa.text("INSERT INTO ledger_tiles VALUES (:log, :level, :number, :data)"),
                    {"log": log, "level": level, "number": start // 256}
                    | {"data": b"".join(hashes[start : start + 256])},
                )


def root(hashes: list[bytes]) -> bytes:
    """RFC 6962 over 256 hashes."""
    while len(hashes) > 1:
        hashes = [sha256(b"\1" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes), 2)]
    return hashes[0]
