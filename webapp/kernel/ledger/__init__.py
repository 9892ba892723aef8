"""The append-only, tamper-evident log of each municipality, and the vault of what may be erased.

Promises: an entry is stored as the exact bytes that were hashed; leaf, frontier and head move in the transaction
of the fact itself; nothing personal, no serial number and no free text stands in an entry (those are commitments
whose opening lies in the vault). Formats: RFC 6962 for the tree, RFC 8785 for the bytes.
"""
