"""Forgetting: personal data leaves the vault, the log says that it did, and every older proof stays valid.

A command `ledger.redacted` is decided under the lock like any other. That data and salt are gone is a *fold* of the
log: folding it again, or into a database that was restored from an old backup, erases again what was erased.
"""
