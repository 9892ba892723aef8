"""Custody of retired devices: from the town hall's asset list to the shredder, with nothing left unsaid.

Promises: each scan is a line of the municipality's log; where a device stands, what its cage says and which
discrepancies are open are a fold of those lines alone, the same in whatever order they arrive.
Entry kinds: custody.scan (observation); custody.consignment_opened, custody.import_committed, custody.cage_added
(commands); custody.assets_listed (follows an import). Who may do what: `kernel/identity/roles.py`.
"""
