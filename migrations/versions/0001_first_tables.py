"""first tables

Laws for this file: each step works with the previous release; expand first, contract in a later release; no
import of the app; no long lock on a large table. It is tested from empty and from the one before.
"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('codes',
    sa.Column('id', sa.String(length=32), nullable=False, comment='16 random characters and a check one'),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False, comment='device, drive, cage, lock, seal, person, place …'),
    sa.Column('batch', sa.String(length=36), nullable=False, comment='the entry that issued it'),
    sa.Column('number', sa.BigInteger(), nullable=False, comment='place on its sheet, from 0'),
    sa.Column('issued_at', sa.BigInteger(), nullable=False),
    sa.Column('void_at', sa.BigInteger(), nullable=True),
    sa.Column('replaced_by', sa.String(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_codes'))
    )
    with op.batch_alter_table('codes', schema=None) as batch_op:
        batch_op.create_index('ix_codes_batch_number', ['batch', 'number'], unique=False)
        batch_op.create_index('ix_codes_log_replaced_by', ['log', 'replaced_by'], unique=False)

    op.create_table('custody_cages',
    sa.Column('code', sa.String(length=128), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('consignment', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=32), nullable=False, comment='what is painted on it, e.g. C-01'),
    sa.Column('added_at', sa.BigInteger(), nullable=False),
    sa.Column('step', sa.String(length=32), nullable=False),
    sa.Column('seal', sa.String(length=64), nullable=False),
    sa.Column('manifest', sa.JSON(), nullable=False),
    sa.Column('manifest_hash', sa.String(length=64), nullable=False),
    sa.Column('loaded', sa.JSON(), nullable=False),
    sa.Column('counted', sa.JSON(), nullable=False),
    sa.Column('holder', sa.String(length=22), nullable=False),
    sa.Column('locked_at', sa.BigInteger(), nullable=True),
    sa.Column('departed_at', sa.BigInteger(), nullable=True),
    sa.Column('arrived_at', sa.BigInteger(), nullable=True),
    sa.Column('opened_at', sa.BigInteger(), nullable=True),
    sa.Column('closed_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_custody_cages'))
    )
    with op.batch_alter_table('custody_cages', schema=None) as batch_op:
        batch_op.create_index('ix_custody_cages_consignment_name', ['consignment', 'name'], unique=False)

    op.create_table('custody_consignments',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('municipality', sa.String(length=36), nullable=False),
    sa.Column('carrier', sa.String(length=36), nullable=False),
    sa.Column('itad', sa.String(length=36), nullable=False),
    sa.Column('due_at', sa.BigInteger(), nullable=True, comment='certificate deadline, ms'),
    sa.Column('policy', sa.String(length=32), nullable=False),
    sa.Column('opened_at', sa.BigInteger(), nullable=False),
    sa.Column('listed', sa.BigInteger(), nullable=False, comment='everything on the asset list'),
    sa.Column('data_bearing', sa.BigInteger(), nullable=False, comment='listed things that hold data (class 1 to 3)'),
    sa.Column('registered', sa.BigInteger(), nullable=False),
    sa.Column('sanitized', sa.BigInteger(), nullable=False),
    sa.Column('departed', sa.BigInteger(), nullable=False, comment='on manifests of cages handed over'),
    sa.Column('received', sa.BigInteger(), nullable=False, comment='on manifests of cages that arrived'),
    sa.Column('destroyed', sa.BigInteger(), nullable=False),
    sa.Column('ended', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_custody_consignments'))
    )
    with op.batch_alter_table('custody_consignments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_custody_consignments_log'), ['log'], unique=False)

    op.create_table('custody_devices',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('consignment', sa.String(length=36), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False, comment='place on the list, from 1'),
    sa.Column('cls', sa.String(length=1), nullable=False, comment='"3" is the highest; "0" holds no data'),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('listed', sa.Boolean(), nullable=False),
    sa.Column('code', sa.String(length=128), nullable=True),
    sa.Column('step', sa.String(length=32), nullable=False),
    sa.Column('done', sa.JSON(), nullable=False, comment='step → ms'),
    sa.Column('cage', sa.String(length=128), nullable=False),
    sa.Column('sanitized', sa.Boolean(), nullable=False),
    sa.Column('destroyed', sa.Boolean(), nullable=False),
    sa.Column('ended', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_custody_devices'))
    )
    with op.batch_alter_table('custody_devices', schema=None) as batch_op:
        batch_op.create_index('ix_custody_devices_consignment_number', ['consignment', 'number'], unique=False)
        batch_op.create_index('ix_custody_devices_log_code', ['log', 'code'], unique=False)

    op.create_table('custody_import_drafts',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('consignment', sa.String(length=36), nullable=False),
    sa.Column('filename', sa.String(length=200), nullable=False),
    sa.Column('file_sha256', sa.String(length=64), nullable=False),
    sa.Column('uploaded_by', sa.String(length=36), nullable=False),
    sa.Column('uploaded_at', sa.BigInteger(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('devices', sa.JSON(), nullable=False),
    sa.Column('problems', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_custody_import_drafts'))
    )
    with op.batch_alter_table('custody_import_drafts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_custody_import_drafts_consignment'), ['consignment'], unique=False)

    op.create_table('custody_imports',
    sa.Column('consignment', sa.String(length=36), nullable=False),
    sa.Column('file_sha256', sa.String(length=64), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('entry', sa.String(length=36), nullable=False),
    sa.Column('devices', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('consignment', 'file_sha256', name=op.f('pk_custody_imports'))
    )
    with op.batch_alter_table('custody_imports', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_custody_imports_log'), ['log'], unique=False)

    op.create_table('custody_manifest_lines',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('idx', sa.BigInteger(), autoincrement=False, nullable=False, comment='of the locking scan'),
    sa.Column('place', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('cage', sa.String(length=128), nullable=False),
    sa.Column('code', sa.String(length=128), nullable=False, comment='current code, as in the scans'),
    sa.PrimaryKeyConstraint('log', 'idx', 'place', name=op.f('pk_custody_manifest_lines'))
    )
    with op.batch_alter_table('custody_manifest_lines', schema=None) as batch_op:
        batch_op.create_index('ix_custody_manifest_lines_log_cage', ['log', 'cage'], unique=False)
        batch_op.create_index('ix_custody_manifest_lines_log_code', ['log', 'code'], unique=False)

    op.create_table('custody_parties',
    sa.Column('consignment', sa.String(length=36), nullable=False),
    sa.Column('org', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.PrimaryKeyConstraint('consignment', 'org', name=op.f('pk_custody_parties'))
    )
    with op.batch_alter_table('custody_parties', schema=None) as batch_op:
        batch_op.create_index('ix_custody_parties_org_log', ['org', 'log'], unique=False)

    op.create_table('custody_photos',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('scan', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('job', sa.String(length=36), nullable=False),
    sa.Column('org', sa.String(length=36), nullable=False, comment='of the person who scanned'),
    sa.PrimaryKeyConstraint('sha256', 'scan', name=op.f('pk_custody_photos'))
    )
    with op.batch_alter_table('custody_photos', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_custody_photos_log'), ['log'], unique=False)

    op.create_table('custody_scans',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('idx', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('code', sa.String(length=128), nullable=False, comment='current code: a replaced one is filed under the new'),
    sa.Column('parent', sa.String(length=128), nullable=False),
    sa.Column('step', sa.String(length=32), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False, comment='effective time, ms'),
    sa.Column('recorded_at', sa.BigInteger(), nullable=False),
    sa.Column('actor', sa.String(length=22), nullable=False),
    sa.Column('org', sa.String(length=36), nullable=False),
    sa.Column('roles', sa.JSON(), nullable=False),
    sa.Column('witnesses', sa.JSON(), nullable=False),
    sa.Column('photos', sa.JSON(), nullable=False),
    sa.Column('job', sa.String(length=36), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('device', sa.String(length=36), nullable=False, comment='the device that a registration binds'),
    sa.Column('target', sa.String(length=36), nullable=False, comment='the scan that a 訂正 undoes'),
    sa.Column('dev', sa.String(length=36), nullable=False, comment='the phone'),
    sa.Column('boot', sa.String(length=36), nullable=False),
    sa.Column('skewed', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('log', 'idx', name=op.f('pk_custody_scans'))
    )
    with op.batch_alter_table('custody_scans', schema=None) as batch_op:
        batch_op.create_index('ix_custody_scans_log_boot', ['log', 'boot'], unique=False, sqlite_where=sa.text("skewed"), postgresql_where=sa.text("skewed"))
        batch_op.create_index('ix_custody_scans_log_code', ['log', 'code'], unique=False)
        batch_op.create_index('ix_custody_scans_log_device', ['log', 'device'], unique=False, sqlite_where=sa.text("device <> ''"), postgresql_where=sa.text("device <> ''"))
        batch_op.create_index('ix_custody_scans_log_id', ['log', 'id'], unique=False)
        batch_op.create_index('ix_custody_scans_log_parent', ['log', 'parent'], unique=False, sqlite_where=sa.text("parent <> ''"), postgresql_where=sa.text("parent <> ''"))

    op.create_table('discrepancies',
    sa.Column('id', sa.String(length=36), nullable=False, comment='derived: the same one, the same id'),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('job', sa.String(length=36), nullable=False, comment="consignment, or later another room's case"),
    sa.Column('scope', sa.String(length=140), nullable=False, comment='the device, cage or phone it was worked out for'),
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('severity', sa.String(length=8), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('causes', sa.JSON(), nullable=False, comment='ids of the scans it concerns'),
    sa.Column('at', sa.BigInteger(), nullable=False, comment='effective time of the first cause, ms'),
    sa.Column('closed', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discrepancies'))
    )
    with op.batch_alter_table('discrepancies', schema=None) as batch_op:
        batch_op.create_index('ix_discrepancies_job_closed_severity_at', ['job', 'closed', 'severity', 'at'], unique=False)
        batch_op.create_index('ix_discrepancies_log_closed_at', ['log', 'closed', 'at'], unique=False)
        batch_op.create_index('ix_discrepancies_log_scope', ['log', 'scope'], unique=False)

    op.create_table('discrepancy_causes',
    sa.Column('discrepancy', sa.String(length=36), nullable=False),
    sa.Column('scan', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.PrimaryKeyConstraint('discrepancy', 'scan', name=op.f('pk_discrepancy_causes'))
    )
    with op.batch_alter_table('discrepancy_causes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_discrepancy_causes_log'), ['log'], unique=False)
        batch_op.create_index('ix_discrepancy_causes_scan', ['scan'], unique=False)

    op.create_table('discrepancy_closings',
    sa.Column('discrepancy', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('entry', sa.String(length=36), nullable=False, comment='the closing entry; its note lies in the vault'),
    sa.Column('reason', sa.String(length=32), nullable=False),
    sa.Column('actor', sa.String(length=22), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('discrepancy', name=op.f('pk_discrepancy_closings'))
    )
    with op.batch_alter_table('discrepancy_closings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_discrepancy_closings_log'), ['log'], unique=False)

    op.create_table('evidence_files',
    sa.Column('sha256', sa.String(length=64), nullable=False, comment="hex; the ledger's name for it"),
    sa.Column('media_type', sa.String(length=32), nullable=False, comment='image/jpeg, image/png or image/webp'),
    sa.Column('size', sa.BigInteger(), nullable=False, comment='bytes'),
    sa.Column('width', sa.BigInteger(), nullable=False, comment='px'),
    sa.Column('height', sa.BigInteger(), nullable=False, comment='px'),
    sa.Column('uploaded_at', sa.BigInteger(), nullable=False, comment='ms since the epoch, server clock'),
    sa.Column('uploader', sa.String(length=36), nullable=False, comment='person id; not in the ledger'),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_evidence_files'))
    )
    with op.batch_alter_table('evidence_files', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evidence_files_uploader'), ['uploader'], unique=False)

    op.create_table('intake_contradictions',
    sa.Column('key', sa.String(length=64), nullable=False, comment='SHA-256 of the signed string'),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('p', sa.Text(), nullable=False),
    sa.Column('s', sa.String(length=512), nullable=False),
    sa.Column('uploader', sa.String(length=36), nullable=False, comment='person id'),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_intake_contradictions'))
    )
    with op.batch_alter_table('intake_contradictions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_intake_contradictions_id'), ['id'], unique=False)

    op.create_table('intake_receipts',
    sa.Column('id', sa.String(length=36), nullable=False, comment='the id made on the phone'),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('idx', sa.BigInteger(), nullable=False),
    sa.Column('dev', sa.String(length=36), nullable=False),
    sa.Column('content', sa.String(length=64), nullable=False, comment='SHA-256 of the signed string'),
    sa.Column('verdict', sa.String(length=16), nullable=False),
    sa.Column('findings', sa.JSON(), nullable=False),
    sa.Column('rev', sa.BigInteger(), nullable=False, comment='when the verdict last changed, ms'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_intake_receipts'))
    )
    with op.batch_alter_table('intake_receipts', schema=None) as batch_op:
        batch_op.create_index('ix_intake_receipts_dev_rev', ['dev', 'rev'], unique=False)

    op.create_table('logs',
    sa.Column('id', sa.String(length=16), nullable=False, comment='全国地方公共団体コード'),
    sa.Column('origin', sa.String(length=255), nullable=False, comment='C2SP tlog origin line'),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('organisation_id', sa.String(length=36), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_logs')),
    sa.UniqueConstraint('origin', name=op.f('uq_logs_origin'))
    )
    with op.batch_alter_table('logs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_logs_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('organisations',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.Enum('municipality', 'carrier', 'itad', 'shelter', 'supporter', name='organisationkind', native_enum=False, length=64), nullable=False),
    sa.Column('lg_code', sa.String(length=6), nullable=True, comment='全国地方公共団体コード'),
    sa.Column('phone', sa.String(length=20), nullable=False, comment='whom to call; shown to the public'),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('invited_by', sa.String(length=36), nullable=True, comment='the municipality that entered it'),
    sa.ForeignKeyConstraint(['invited_by'], ['organisations.id'], name=op.f('fk_organisations_invited_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisations')),
    sa.UniqueConstraint('lg_code', name=op.f('uq_organisations_lg_code'))
    )
    with op.batch_alter_table('organisations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_organisations_invited_by'), ['invited_by'], unique=False)

    op.create_table('vault_records',
    sa.Column('commit', sa.String(length=64), nullable=False, comment='HMAC-SHA256(salt, canonical data)'),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('subject', sa.String(length=64), nullable=False, comment='the device, consignment or scan it is about'),
    sa.Column('salt', sa.String(length=64), nullable=True),
    sa.Column('data', sa.JSON(), nullable=True),
    sa.Column('erased_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('commit', name=op.f('pk_vault_records'))
    )
    with op.batch_alter_table('vault_records', schema=None) as batch_op:
        batch_op.create_index('ix_vault_records_log_subject', ['log', 'subject'], unique=False)

    op.create_table('ledger_entries',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('idx', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False, comment='made where it happened: sending twice is safe'),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('recorded_at', sa.BigInteger(), nullable=False, comment='our clock, ms'),
    sa.Column('leaf', sa.LargeBinary(length=32), nullable=False, comment='RFC 6962 leaf hash'),
    sa.Column('raw', sa.LargeBinary(), nullable=False, comment='the exact bytes that were hashed'),
    sa.ForeignKeyConstraint(['log'], ['logs.id'], name=op.f('fk_ledger_entries_log')),
    sa.PrimaryKeyConstraint('log', 'idx', name=op.f('pk_ledger_entries'))
    )
    with op.batch_alter_table('ledger_entries', schema=None) as batch_op:
        batch_op.create_index('uq_ledger_entries_log_id', ['log', 'id'], unique=True)

    op.create_table('ledger_heads',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('frontier', sa.LargeBinary(), nullable=False, comment='32 bytes a perfect subtree'),
    sa.ForeignKeyConstraint(['log'], ['logs.id'], name=op.f('fk_ledger_heads_log')),
    sa.PrimaryKeyConstraint('log', name=op.f('pk_ledger_heads'))
    )
    op.create_table('people',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('login', sa.String(length=64), nullable=True, comment='lower case; null once erased'),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=True),
    sa.Column('password_hash', sa.String(length=255), nullable=True, comment='argon2id; null: none set yet'),
    sa.Column('organisation_id', sa.String(length=36), nullable=False),
    sa.Column('roles', sa.JSON(), nullable=False),
    sa.Column('state', sa.Enum('active', 'locked', 'left', name='personstate', native_enum=False, length=64), nullable=False),
    sa.Column('failed_logins', sa.BigInteger(), nullable=False, comment='in a row'),
    sa.Column('locked_until_ms', sa.BigInteger(), nullable=True, comment='no new login before this; sessions go on'),
    sa.Column('session_epoch', sa.BigInteger(), nullable=False, comment='one more, and every session is dead'),
    sa.Column('created_ms', sa.BigInteger(), nullable=False),
    sa.Column('left_ms', sa.BigInteger(), nullable=True),
    sa.Column('erased_ms', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_people_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_people')),
    sa.UniqueConstraint('login', name=op.f('uq_people_login'))
    )
    with op.batch_alter_table('people', schema=None) as batch_op:
        batch_op.create_index('ix_people_organisation_state', ['organisation_id', 'state'], unique=False)

    op.create_table('places',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('organisation_id', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.Enum('town_hall', 'depot', 'plant', 'shelter', 'other', name='placekind', native_enum=False, length=64), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('lat_e6', sa.BigInteger(), nullable=True, comment='latitude, millionths of a degree, north positive'),
    sa.Column('lon_e6', sa.BigInteger(), nullable=True, comment='longitude, millionths of a degree, east positive'),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_places_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_places'))
    )
    with op.batch_alter_table('places', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_places_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('pseudonyms',
    sa.Column('log', sa.String(length=6), nullable=False),
    sa.Column('person_id', sa.String(length=36), nullable=False),
    sa.Column('pseudonym', sa.String(length=22), nullable=False, comment='p- and 20 hex digits'),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_pseudonyms_person_id')),
    sa.PrimaryKeyConstraint('log', 'person_id', name=op.f('pk_pseudonyms')),
    sa.UniqueConstraint('pseudonym', name=op.f('uq_pseudonyms_pseudonym'))
    )
    with op.batch_alter_table('pseudonyms', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pseudonyms_person_id'), ['person_id'], unique=False)

    op.create_table('reset_links',
    sa.Column('token_hash', sa.String(length=64), nullable=False, comment='SHA-256, hex'),
    sa.Column('person_id', sa.String(length=36), nullable=False),
    sa.Column('expires_ms', sa.BigInteger(), nullable=False),
    sa.Column('used_ms', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_reset_links_person_id')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_reset_links'))
    )
    with op.batch_alter_table('reset_links', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reset_links_person_id'), ['person_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('reset_links', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reset_links_person_id'))

    op.drop_table('reset_links')
    with op.batch_alter_table('pseudonyms', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_pseudonyms_person_id'))

    op.drop_table('pseudonyms')
    with op.batch_alter_table('places', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_places_organisation_id'))

    op.drop_table('places')
    with op.batch_alter_table('people', schema=None) as batch_op:
        batch_op.drop_index('ix_people_organisation_state')

    op.drop_table('people')
    op.drop_table('ledger_heads')
    with op.batch_alter_table('ledger_entries', schema=None) as batch_op:
        batch_op.drop_index('uq_ledger_entries_log_id')

    op.drop_table('ledger_entries')
    with op.batch_alter_table('vault_records', schema=None) as batch_op:
        batch_op.drop_index('ix_vault_records_log_subject')

    op.drop_table('vault_records')
    with op.batch_alter_table('organisations', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_organisations_invited_by'))

    op.drop_table('organisations')
    with op.batch_alter_table('logs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_logs_organisation_id'))

    op.drop_table('logs')
    with op.batch_alter_table('intake_receipts', schema=None) as batch_op:
        batch_op.drop_index('ix_intake_receipts_dev_rev')

    op.drop_table('intake_receipts')
    with op.batch_alter_table('intake_contradictions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_intake_contradictions_id'))

    op.drop_table('intake_contradictions')
    with op.batch_alter_table('evidence_files', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_evidence_files_uploader'))

    op.drop_table('evidence_files')
    with op.batch_alter_table('discrepancy_closings', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_discrepancy_closings_log'))

    op.drop_table('discrepancy_closings')
    with op.batch_alter_table('discrepancy_causes', schema=None) as batch_op:
        batch_op.drop_index('ix_discrepancy_causes_scan')
        batch_op.drop_index(batch_op.f('ix_discrepancy_causes_log'))

    op.drop_table('discrepancy_causes')
    with op.batch_alter_table('discrepancies', schema=None) as batch_op:
        batch_op.drop_index('ix_discrepancies_log_scope')
        batch_op.drop_index('ix_discrepancies_log_closed_at')
        batch_op.drop_index('ix_discrepancies_job_closed_severity_at')

    op.drop_table('discrepancies')
    with op.batch_alter_table('custody_scans', schema=None) as batch_op:
        batch_op.drop_index('ix_custody_scans_log_parent')
        batch_op.drop_index('ix_custody_scans_log_id')
        batch_op.drop_index('ix_custody_scans_log_device')
        batch_op.drop_index('ix_custody_scans_log_code')
        batch_op.drop_index('ix_custody_scans_log_boot')

    op.drop_table('custody_scans')
    with op.batch_alter_table('custody_photos', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_custody_photos_log'))

    op.drop_table('custody_photos')
    with op.batch_alter_table('custody_parties', schema=None) as batch_op:
        batch_op.drop_index('ix_custody_parties_org_log')

    op.drop_table('custody_parties')
    with op.batch_alter_table('custody_manifest_lines', schema=None) as batch_op:
        batch_op.drop_index('ix_custody_manifest_lines_log_code')
        batch_op.drop_index('ix_custody_manifest_lines_log_cage')

    op.drop_table('custody_manifest_lines')
    with op.batch_alter_table('custody_imports', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_custody_imports_log'))

    op.drop_table('custody_imports')
    with op.batch_alter_table('custody_import_drafts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_custody_import_drafts_consignment'))

    op.drop_table('custody_import_drafts')
    with op.batch_alter_table('custody_devices', schema=None) as batch_op:
        batch_op.drop_index('ix_custody_devices_log_code')
        batch_op.drop_index('ix_custody_devices_consignment_number')

    op.drop_table('custody_devices')
    with op.batch_alter_table('custody_consignments', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_custody_consignments_log'))

    op.drop_table('custody_consignments')
    with op.batch_alter_table('custody_cages', schema=None) as batch_op:
        batch_op.drop_index('ix_custody_cages_consignment_name')

    op.drop_table('custody_cages')
    with op.batch_alter_table('codes', schema=None) as batch_op:
        batch_op.drop_index('ix_codes_log_replaced_by')
        batch_op.drop_index('ix_codes_batch_number')

    op.drop_table('codes')
