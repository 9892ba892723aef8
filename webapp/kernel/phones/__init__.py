"""Phones with a key of their own: enrolment, signatures, the chain of each phone's scans, loss and day passes.

A phone's key proves which phone made a scan, and in which order; its holder is the author, whoever carries the scan
to the server. What the chain says is a fold of the log: any order of arrival gives the same findings.
"""
