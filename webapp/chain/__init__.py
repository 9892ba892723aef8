"""The consortium chain: published heads of our logs, anchored in a contract that every member's validator runs.

Promises: off until it is configured; never in the way of an event (it reads what is published and waits for nobody);
what it sends can be sent twice; only hashes, sizes, kind numbers and members' addresses leave this machine.
`web3` is known to `ethereum.py` alone.
"""
