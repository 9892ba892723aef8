"""Things that leave one town's log and arrive in another's: both halves hold the same commitment.

A one-sided edit, or a half that nobody wrote, shows as a half without its partner. Where both logs are on this server
the two halves are written in one transaction; where they are not, each town sees its own half and compares later.
"""
