"""Transparency-log formats, byte for byte as the C2SP specifications (2026-07) and RFC 6962 say. Pure.

No database, no clock, no file: the log, its signer, the nodes of other organisations and the chain all stand on
this package, and programs that others wrote (Go's sumdb, C2SP witnesses) judge it in the tests.
"""
