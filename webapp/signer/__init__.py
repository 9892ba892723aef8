"""The signer: a process of its own that alone holds the keys of the logs and remembers what it signed last.

Promises: what was signed is on disk before the signature leaves; a head that is smaller than the last one or does not
extend it is never signed; after a start nothing is signed before the witnesses were asked what they saw last.
"""
