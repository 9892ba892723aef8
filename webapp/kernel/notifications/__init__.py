"""Notices: who is to be told what, told by mail and on installed phones, and on record what became of each.

A notice is due because of an entry, is written in that entry's transaction, and is a fold of the log like every
other table; whether it was sent is an entry too. So a database that was put back or folded again tells nobody twice.
"""
