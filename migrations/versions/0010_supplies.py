"""relief supplies

Laws for this file: each step works with the previous release; expand first, contract in a later release; no
import of the app; no long lock on a large table. It is tested from empty and from the one before.
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('supplies_disasters',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('drill', sa.Boolean(), nullable=False),
    sa.Column('unverified_percent', sa.BigInteger(), nullable=False),
    sa.Column('opened_at', sa.BigInteger(), nullable=False),
    sa.Column('closed_at', sa.BigInteger(), nullable=True),
    sa.Column('details', sa.String(length=36), nullable=False, comment='the act whose opening has its name'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplies_disasters'))
    )
    op.create_index(op.f('ix_supplies_disasters_log'), 'supplies_disasters', ['log'], unique=False)
    op.create_table('supplies_items',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('code', sa.String(length=8), nullable=False),
    sa.Column('category', sa.String(length=32), nullable=False),
    sa.Column('unit', sa.String(length=32), nullable=False),
    sa.Column('variants', sa.JSON(), nullable=False),
    sa.Column('shelf_life', sa.String(length=16), nullable=False),
    sa.Column('tags', sa.JSON(), nullable=False),
    sa.Column('vol_ml', sa.BigInteger(), nullable=False),
    sa.Column('grams', sa.BigInteger(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('details', sa.String(length=36), nullable=False),
    sa.PrimaryKeyConstraint('log', 'code', name=op.f('pk_supplies_items'))
    )
    op.create_table('supplies_matches',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('disaster', sa.String(length=36), nullable=False),
    sa.Column('need', sa.String(length=36), nullable=False),
    sa.Column('offer', sa.String(length=36), nullable=False),
    sa.Column('shelter', sa.String(length=36), nullable=False),
    sa.Column('item', sa.String(length=8), nullable=False),
    sa.Column('variant', sa.String(length=24), nullable=False),
    sa.Column('decided', sa.String(length=16), nullable=False, comment='what people decided last'),
    sa.Column('state', sa.String(length=16), nullable=False, comment='what follows from that and from the scans'),
    sa.Column('quantity', sa.BigInteger(), nullable=False, comment='pledged, then asked for, then sent'),
    sa.Column('closed_short', sa.Boolean(), nullable=False),
    sa.Column('pledged', sa.BigInteger(), nullable=False),
    sa.Column('requested', sa.BigInteger(), nullable=False),
    sa.Column('transit', sa.BigInteger(), nullable=False),
    sa.Column('good', sa.BigInteger(), nullable=False),
    sa.Column('offer_transit', sa.BigInteger(), nullable=False),
    sa.Column('delivered', sa.BigInteger(), nullable=False),
    sa.Column('lost', sa.BigInteger(), nullable=False),
    sa.Column('pooled', sa.BigInteger(), nullable=False, comment='came beside the promise'),
    sa.Column('damaged', sa.BigInteger(), nullable=False),
    sa.Column('expired', sa.BigInteger(), nullable=False),
    sa.Column('missing', sa.BigInteger(), nullable=False),
    sa.Column('parcels', sa.BigInteger(), nullable=False),
    sa.Column('pledged_at', sa.BigInteger(), nullable=True),
    sa.Column('requested_at', sa.BigInteger(), nullable=True),
    sa.Column('shipped_at', sa.BigInteger(), nullable=True),
    sa.Column('eta', sa.BigInteger(), nullable=True),
    sa.Column('arrived_at', sa.BigInteger(), nullable=True),
    sa.Column('received_at', sa.BigInteger(), nullable=True),
    sa.Column('ended_at', sa.BigInteger(), nullable=True, comment='declined, lapsed, cancelled, lost'),
    sa.Column('ended_by', sa.String(length=16), nullable=False, comment='sender, receiver, stop, time'),
    sa.Column('shipping', sa.String(length=36), nullable=False, comment='the act whose opening has the tracking number, or why not'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplies_matches'))
    )
    op.create_index('ix_supplies_matches_disaster_state', 'supplies_matches', ['disaster', 'state'], unique=False)
    op.create_index('ix_supplies_matches_log_shelter_state', 'supplies_matches', ['log', 'shelter', 'state'], unique=False)
    op.create_index('ix_supplies_matches_need', 'supplies_matches', ['need'], unique=False)
    op.create_index(op.f('ix_supplies_matches_offer'), 'supplies_matches', ['offer'], unique=False)
    op.create_table('supplies_needs',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('idx', sa.BigInteger(), nullable=False, comment='of the entry that registered it'),
    sa.Column('disaster', sa.String(length=36), nullable=False),
    sa.Column('shelter', sa.String(length=36), nullable=False),
    sa.Column('item', sa.String(length=8), nullable=False),
    sa.Column('variant', sa.String(length=24), nullable=False),
    sa.Column('required', sa.BigInteger(), nullable=False),
    sa.Column('pledged', sa.BigInteger(), nullable=False),
    sa.Column('requested', sa.BigInteger(), nullable=False),
    sa.Column('transit', sa.BigInteger(), nullable=False),
    sa.Column('good', sa.BigInteger(), nullable=False, comment='received good from its own shipments'),
    sa.Column('filled', sa.BigInteger(), nullable=False, comment='from the pool: outside, over, accepted here'),
    sa.Column('open', sa.BigInteger(), nullable=False),
    sa.Column('need_by', sa.BigInteger(), nullable=True),
    sa.Column('priority', sa.BigInteger(), nullable=False),
    sa.Column('audience', sa.JSON(), nullable=False),
    sa.Column('delicate', sa.Boolean(), nullable=False, comment='public for the whole municipality only (small cells)'),
    sa.Column('persons', sa.BigInteger(), nullable=True),
    sa.Column('excluded', sa.JSON(), nullable=False, comment='allergens that it must not hold'),
    sa.Column('proxy', sa.Boolean(), nullable=False),
    sa.Column('registered_at', sa.BigInteger(), nullable=False),
    sa.Column('confirmed_at', sa.BigInteger(), nullable=False),
    sa.Column('stopped_at', sa.BigInteger(), nullable=True),
    sa.Column('expired_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplies_needs'))
    )
    op.create_index('ix_supplies_needs_disaster_item_variant', 'supplies_needs', ['disaster', 'item', 'variant'], unique=False)
    op.create_index('ix_supplies_needs_disaster_open', 'supplies_needs', ['disaster', 'open'], unique=False)
    op.create_index('ix_supplies_needs_log_disaster_shelter', 'supplies_needs', ['log', 'disaster', 'shelter'], unique=False)
    op.create_table('supplies_offers',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('disaster', sa.String(length=36), nullable=False),
    sa.Column('sender', sa.String(length=22), nullable=False, comment='pseudonym'),
    sa.Column('org', sa.String(length=36), nullable=False),
    sa.Column('individual', sa.Boolean(), nullable=False),
    sa.Column('shelter', sa.String(length=36), nullable=False, comment='the shelter whose surplus this is; ""'),
    sa.Column('item', sa.String(length=8), nullable=False),
    sa.Column('variant', sa.String(length=24), nullable=False),
    sa.Column('offered', sa.BigInteger(), nullable=False),
    sa.Column('held', sa.BigInteger(), nullable=False),
    sa.Column('requested', sa.BigInteger(), nullable=False),
    sa.Column('transit', sa.BigInteger(), nullable=False),
    sa.Column('delivered', sa.BigInteger(), nullable=False),
    sa.Column('withdrawn', sa.BigInteger(), nullable=False, comment='taken back by the sender'),
    sa.Column('lost', sa.BigInteger(), nullable=False, comment='on the way'),
    sa.Column('avail', sa.BigInteger(), nullable=False),
    sa.Column('best_before', sa.BigInteger(), nullable=False),
    sa.Column('allergens', sa.JSON(), nullable=True, comment='null: not declared'),
    sa.Column('lot', sa.BigInteger(), nullable=False),
    sa.Column('eta_days', sa.BigInteger(), nullable=False),
    sa.Column('available_until', sa.BigInteger(), nullable=True),
    sa.Column('need', sa.String(length=36), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('offered_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplies_offers'))
    )
    op.create_index('ix_supplies_offers_disaster_state_item', 'supplies_offers', ['disaster', 'state', 'item'], unique=False)
    op.create_index('ix_supplies_offers_log_org', 'supplies_offers', ['log', 'org'], unique=False)
    op.create_index('ix_supplies_offers_log_sender', 'supplies_offers', ['log', 'sender'], unique=False)
    op.create_table('supplies_parcels',
    sa.Column('code', sa.String(length=17), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('match', sa.String(length=36), nullable=False),
    sa.Column('k', sa.BigInteger(), nullable=False),
    sa.Column('n', sa.BigInteger(), nullable=False),
    sa.Column('listed', sa.BigInteger(), nullable=False, comment='on the label'),
    sa.Column('quantity', sa.BigInteger(), nullable=False, comment='that has left: less than listed if the sender said so'),
    sa.Column('best_before', sa.BigInteger(), nullable=False),
    sa.Column('labelled_at', sa.BigInteger(), nullable=False),
    sa.Column('void_at', sa.BigInteger(), nullable=True),
    sa.Column('replaced_by', sa.String(length=17), nullable=False),
    sa.Column('arrived_at', sa.BigInteger(), nullable=True),
    sa.Column('arrived_shelter', sa.String(length=36), nullable=False),
    sa.Column('arrived_by', sa.String(length=36), nullable=False, comment='the scan'),
    sa.Column('forwarded_to', sa.String(length=36), nullable=False),
    sa.Column('counted_at', sa.String(length=36), nullable=False, comment='the shelter'),
    sa.Column('counted_when', sa.BigInteger(), nullable=True),
    sa.Column('good', sa.BigInteger(), nullable=False),
    sa.Column('damaged', sa.BigInteger(), nullable=False),
    sa.Column('expired', sa.BigInteger(), nullable=False),
    sa.Column('missing', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_supplies_parcels'))
    )
    op.create_index(op.f('ix_supplies_parcels_match'), 'supplies_parcels', ['match'], unique=False)
    op.create_table('supplies_pool',
    sa.Column('source', sa.String(length=80), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('disaster', sa.String(length=36), nullable=False),
    sa.Column('shelter', sa.String(length=36), nullable=False),
    sa.Column('item', sa.String(length=8), nullable=False),
    sa.Column('variant', sa.String(length=24), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('source', name=op.f('pk_supplies_pool'))
    )
    op.create_index('ix_supplies_pool_disaster_shelter_item_variant', 'supplies_pool', ['disaster', 'shelter', 'item', 'variant'], unique=False)
    op.create_table('supplies_scans',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('idx', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.String(length=22), nullable=False),
    sa.Column('step', sa.String(length=16), nullable=False),
    sa.Column('shelter', sa.String(length=36), nullable=False),
    sa.Column('disaster', sa.String(length=36), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('err', sa.BigInteger(), nullable=True),
    sa.Column('recorded_at', sa.BigInteger(), nullable=False),
    sa.Column('actor', sa.String(length=22), nullable=False),
    sa.Column('org', sa.String(length=36), nullable=False),
    sa.Column('dev', sa.String(length=36), nullable=False),
    sa.Column('target', sa.String(length=36), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplies_scans'))
    )
    op.create_index('ix_supplies_scans_log_code', 'supplies_scans', ['log', 'code'], unique=False)
    op.create_index('ix_supplies_scans_log_shelter_at', 'supplies_scans', ['log', 'shelter', 'at'], unique=False)
    op.create_index('ix_supplies_scans_log_target', 'supplies_scans', ['log', 'target'], unique=False)
    op.create_table('supplies_senders',
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('sender', sa.String(length=22), nullable=False),
    sa.Column('verified_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('log', 'sender', name=op.f('pk_supplies_senders'))
    )
    op.create_table('supplies_shelters',
    sa.Column('id', sa.String(length=36), nullable=False, comment='of its organisation'),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('receive_mode', sa.String(length=16), nullable=False),
    sa.Column('accept_policy', sa.String(length=16), nullable=False),
    sa.Column('min_lot', sa.BigInteger(), nullable=False),
    sa.Column('storage_ml', sa.BigInteger(), nullable=False),
    sa.Column('hub', sa.String(length=36), nullable=False, comment='the shelter or depot that takes its goods; ""'),
    sa.Column('shown', sa.Boolean(), nullable=False, comment='its name is public'),
    sa.Column('open', sa.Boolean(), nullable=False),
    sa.Column('lat_e6', sa.BigInteger(), nullable=True),
    sa.Column('lon_e6', sa.BigInteger(), nullable=True),
    sa.Column('common_id', sa.String(length=24), nullable=False),
    sa.Column('heads', sa.JSON(), nullable=False),
    sa.Column('details', sa.String(length=36), nullable=False, comment='the act whose opening has name, address, mail, phone'),
    sa.Column('changed_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplies_shelters'))
    )
    op.create_index(op.f('ix_supplies_shelters_log'), 'supplies_shelters', ['log'], unique=False)
    op.create_table('supplies_stock',
    sa.Column('disaster', sa.String(length=36), nullable=False),
    sa.Column('shelter', sa.String(length=36), nullable=False),
    sa.Column('item', sa.String(length=8), nullable=False),
    sa.Column('variant', sa.String(length=24), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('disaster', 'shelter', 'item', 'variant', name=op.f('pk_supplies_stock'))
    )
    op.create_table('supplies_accounts',
    sa.Column('person_id', sa.String(length=36), nullable=False),
    sa.Column('created_ms', sa.BigInteger(), nullable=False),
    sa.Column('verified_ms', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_supplies_accounts_person_id')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_supplies_accounts'))
    )
    op.create_table('supplies_site_drafts',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('log', sa.String(length=16), nullable=False),
    sa.Column('filename', sa.String(length=200), nullable=False),
    sa.Column('layout', sa.String(length=16), nullable=False),
    sa.Column('uploaded_by', sa.String(length=36), nullable=False),
    sa.Column('uploaded_at', sa.BigInteger(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('sites', sa.JSON(), nullable=False),
    sa.Column('problems', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplies_site_drafts'))
    )


def downgrade() -> None:
    op.drop_table('supplies_site_drafts')
    op.drop_table('supplies_accounts')
    op.drop_table('supplies_stock')
    op.drop_table('supplies_shelters')
    op.drop_table('supplies_senders')
    op.drop_table('supplies_scans')
    op.drop_table('supplies_pool')
    op.drop_table('supplies_parcels')
    op.drop_table('supplies_offers')
    op.drop_table('supplies_needs')
    op.drop_table('supplies_matches')
    op.drop_table('supplies_items')
    op.drop_table('supplies_disasters')
