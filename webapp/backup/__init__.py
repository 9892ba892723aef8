"""Backups, restoring them, and refilling a log from the copy that another organisation keeps.

Two files a backup, both encrypted: the *main* file holds everything that may be kept for years, the *vault* file what
may have to be forgotten (names, serial numbers, free text, salts) and is deleted after its own short time. What was
erased since stays erased after restoring: the log says so, and the log wins.
"""
